"""Names of fields in a sentence of the prose that the output does not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.late_pattern import LatePattern
from promptkit.loading.drift.rows import QUOTED_ROW, ROW, is_in_json, words_of
from promptkit.loading.drift.surroundings import is_denied
from promptkit.loading.drift.telling import drift_in, no_field
from promptkit.loading.prose import NUMBER, number_of
from promptkit.loading.typed_values import schemas_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.drift.answer import Answer
    from promptkit.loading.prose import Sentence
    from promptkit.template.tree import TemplateFault

_ANSWER = LatePattern(r"\b(?:answers?|respond|responses?|reply|replies|return|output|result)\b", re.IGNORECASE)
_KEYS = LatePattern(
    rf"\b(?:keys|fields|properties|attributes|key|field)\b(?:\s+(?:are|is|named|called))?\s*:?\s*({ROW})",
    re.IGNORECASE,
)
_FILLED = LatePattern(
    r"(?:please\s+|always\s+)?(?:fill|set|include|provide|return|give|write|answer|output|explain|put|list|store|summari[sz]e)\b",
    re.IGNORECASE,
)
"""What begins a sentence about the fields of the answer."""
_INTO = LatePattern(
    r"\b(?:in|into|under)\s+(?:the\s+|an?\s+)?[`\"'](\w{1,60})[`\"']\s+(?:field|key|property)\b", re.IGNORECASE
)
_ADDED = LatePattern(
    r"\b(?:include|add|return|give|provide|output)\s+(?:an?|the)\s+[`\"']?(\w{1,60})[`\"']?\s+(?:field|key|property)\b",
    re.IGNORECASE,
)
_INTO_QUOTES = LatePattern(r"\b(?:into|under)\s+(?:the\s+)?[`\"'](\w{1,60})[`\"']", re.IGNORECASE)
_OF_THE_INPUT = LatePattern(
    r"\b(?:inputs?|sources?|given|from|of\s+the|tools?|calls?|in\s+your\s+\w+|logs?|mails?|letters?)\b",
    re.IGNORECASE,
)

_HOW_MANY = LatePattern(
    rf"\b(?:with|has|have|contains?|containing)\s+(?:only\s+|exactly\s+|just\s+)?(?:these\s+|the\s+following\s+)?{NUMBER}"
    r"\s+(?:keys|fields|properties)\b",
    re.IGNORECASE,
)
_OF_PARTS = LatePattern(r"\b(?:each|every|items?|entries|entry|elements?|rows?|at\s+least|or\s+more)\b", re.IGNORECASE)


def of_keys(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """Where a sentence gives the answer a field that it does not have."""
    if not answer.keys:
        return
    if _FILLED.match(sentence.text):
        yield from _misspelt(sentence, answer)
        yield from _places(sentence, answer) if answer.closed else ()
    if _ANSWER.search(sentence.text):
        yield from _listed(sentence, answer)
        yield from _counted(sentence, answer)


def _counted(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """`A JSON object with exactly two keys`, where the answer has four, and no object in it has two."""
    whole = answer.schema.get("properties") if isinstance(answer.schema, dict) else None
    if not answer.closed or not isinstance(whole, dict) or _OF_PARTS.search(sentence.text):
        return
    for found in _HOW_MANY.finditer(sentence.text):
        if number_of(found[1]) not in _sizes(answer) and not is_denied(sentence.text[: found.start()]):
            message, label = f"the output has not {found[1]} fields", f"it has {len(whole)}"
            yield drift_in("PK217", sentence, found.span(1), message, label)


def _sizes(answer: Answer) -> set[int]:
    """How many fields the objects of an answer may have."""
    found: set[int] = set()
    for each in schemas_inside(answer.schema):
        names, needed = each.get("properties"), each.get("required")
        if isinstance(names, dict):
            found.update(range(len(needed) if isinstance(needed, list) else 0, len(names) + 1))
    return found


def _misspelt(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """Words in quotes beside fields of the answer, which are near to another of its fields."""
    for found in QUOTED_ROW.finditer(sentence.text):
        words = [] if is_in_json(found) else list(words_of(found))
        there = {word.text for word in words if word.text in answer.keys}
        for word in words if there else ():
            if word.text not in there and (hint := did_you_mean(word.text, sorted(answer.keys - there))):
                message = f"the output has no field `{word.text}`"
                yield drift_in("PK217", sentence, word.span, message, hint)


def _places(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """Into which fields something goes, as the sentence says; by quotes alone, where one of them is a field."""
    quoted = list(_INTO_QUOTES.finditer(sentence.text))
    known = any(found[1] in answer.keys for found in quoted)
    for found in (*_INTO.finditer(sentence.text), *_ADDED.finditer(sentence.text), *(quoted if known else ())):
        if found[1] not in answer.keys and not _OF_THE_INPUT.search(sentence.text):
            yield no_field(found[1], sentence.start + found.start(1), sorted(answer.keys))


def _listed(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """Names behind `keys` and `fields`, of which one is a field, or all are near to one."""
    for found in _KEYS.finditer(sentence.text):
        words = [word for word in words_of(found) if not word.runs_on or did_you_mean(word.text, answer.keys)]
        if any(word.quoted for word in words):  # words between them say how they are meant
            left = answer.keys - {word.text for word in words}
            words = [word for word in words if word.quoted or did_you_mean(word.text, left)]
        known = {word.text for word in words if word.text in answer.keys}
        strange = [word for word in words if word.text not in answer.keys]
        if not known and not all(did_you_mean(word.text, answer.keys) for word in strange):
            continue
        for word in strange:
            if (word.quoted or len(words) > 1) and word.text.replace("-", "_").isidentifier():
                yield no_field(word.text, sentence.start + word.span[0], sorted(answer.keys), known)
