"""What is told of a drift: a warning at the words that drifted, and how to switch it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.template.tree import TemplateFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from promptkit.loading.prose import Sentence

_CURE = "let both say the same; where the prose is right, write {{# promptkit: ignore {code} #}} beside it"
_MOST_SHOWN = 8


def drift_at(code: str, span: tuple[int, int], message: str, label: str) -> TemplateFault:
    """A warning at a part of a prose that says other things than the schema."""
    return TemplateFault(code, message, *span, "warning", label=label, help=_CURE.format(code=code))


def drift_in(code: str, sentence: Sentence, span: tuple[int, int], message: str, label: str) -> TemplateFault:
    """The same at a part of a sentence."""
    return drift_at(code, (sentence.start + span[0], sentence.start + span[1]), message, label)


def no_field(name: str, start: int, fields: Iterable[str], taken: Iterable[str] = ()) -> TemplateFault:
    """A warning at the name of a field that an answer does not have; no field that is `taken` was meant."""
    known = list(fields)
    without = set(taken)
    label = did_you_mean(name, [each for each in known if each not in without]) or f"its fields are {listed(known)}"
    return drift_at("PK217", (start, start + len(name)), f"the output has no field `{name}`", label)


def never_said(word: str, start: int, words: Sequence[str], who: str = "the output never says") -> TemplateFault:
    """A warning at a word that is none of an enum's."""
    hint = did_you_mean(word, words)
    label = f"not one of {listed(words)}{f'; {hint}' if hint else ''}"
    return drift_at("PK218", (start, start + len(word)), f"{who} `{word}`", label)


def listed(words: Sequence[str]) -> str:
    """Some words for a label: no more of them than a reader takes in."""
    return ", ".join(words[:_MOST_SHOWN])
