"""Where the prose of a prompt has drifted from its output's schema: keys, words of enums, numbers and formats.

What is told is told only where a sentence plainly speaks of the answer; words of everyday language, quoted orders of
others and data of other kinds are none of it. All of it are warnings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.loading.drift.answer import Answer
from promptkit.loading.drift.formats import of_formats
from promptkit.loading.drift.keys import of_keys
from promptkit.loading.drift.lists import of_listed_keys, of_listed_words
from promptkit.loading.drift.numbers import of_numbers
from promptkit.loading.drift.objects import of_object, shown_objects, without
from promptkit.loading.drift.values import of_values
from promptkit.loading.drift.words import of_words
from promptkit.loading.prose import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.template.tree import TemplateFault

__all__ = ("Answer", "described", "drift")

_LONGEST_SENTENCE = 2_000
"""What is longer is no sentence, but a table or a text of data."""
_SAID = frozenset(("enum", "minimum", "maximum", "minItems", "maxItems", "maxLength"))
"""Keywords that a description may contradict."""


def drift(prose: str, answer: Answer) -> Iterator[TemplateFault]:
    """Where a template's prose says other things of the answer than its schema."""
    shown = list(shown_objects(prose))
    for each in shown:
        yield from of_object(prose, each, answer)
    yield from of_listed_keys(prose, answer)
    yield from of_listed_words(prose, answer)
    for sentence in sentences(without(prose, shown)):
        if len(sentence.text) > _LONGEST_SENTENCE:
            continue
        yield from of_keys(sentence, answer)
        yield from of_words(sentence, answer)
        yield from of_numbers(sentence, answer)
        yield from of_formats(sentence, answer)
        yield from of_values(sentence, answer)


def described(name: str, schema: dict[str, Any]) -> Iterator[TemplateFault]:
    """Where the description of a field says other things of its value than the keywords beside it."""
    text = schema.get("description")
    if not isinstance(text, str) or _SAID.isdisjoint(schema):
        return
    answer = Answer.of_field(name, schema)
    for sentence in sentences(text):
        if len(sentence.text) <= _LONGEST_SENTENCE:
            yield from of_words(sentence, answer)
            yield from of_numbers(sentence, answer)
