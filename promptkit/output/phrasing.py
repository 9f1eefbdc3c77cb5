"""Phrases written one a line, as one pattern; and words without contractions, so that a phrase needs one form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = "['’]"
_VERBS = "is|was|are|were|do|does|did|has|have|had|must|need|should|would|could"
_PERSONS = "i|you|he|she|it|we|they"
_CONTRACTIONS = tuple(
    (LatePattern(rf"\b{short}\b", re.IGNORECASE), full)
    for short, full in (
        (rf"(ca)n(?:{_MARK}?t| not)", r"\1nnot"),
        (rf"(w)on{_MARK}?t", r"\1ill not"),
        (rf"({_VERBS})n{_MARK}?t", r"\1 not"),
        (rf"(that|there|here|what){_MARK}?s", r"\1 is"),
        (rf"(this|who|he|she|it){_MARK}s", r"\1 is"),
        (rf"({_PERSONS}){_MARK}ll", r"\1 will"),
        (rf"({_PERSONS}){_MARK}d", r"\1 would"),
        (rf"(i|you|we|they){_MARK}ve", r"\1 have"),
        (rf"(i){_MARK}m", r"\1 am"),
    )
)


def without_contractions(words: str) -> str:
    """English words with none of them drawn together: `that's` is `that is`, and `don't` is `do not`."""
    for contraction, full in _CONTRACTIONS:
        words = contraction.sub(full, words)
    return words


def any_of(phrases: str, parts: Mapping[str, str] | None = None) -> str:
    """The pattern of any of some phrases.

    Each stands on a line of its own, as a regular expression in which a space is any white space, ` ?` any or none,
    and an apostrophe may be left out. `parts` are names in capitals for what stands in several of them.
    """
    for name, part in (parts or {}).items():
        phrases = phrases.replace(name, part)
    lines = (line.strip() for line in phrases.splitlines())
    return "|".join(line.replace(" ?", r"\s*").replace(" ", r"\s+").replace("'", "['’]?") for line in lines if line)
