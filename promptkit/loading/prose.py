"""The prose of a template: its own words in their sentences, without tags and what they print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.template.tree import Tree

GAP = "\0"
"""Stands for each character of a tag, so that what is around it keeps its offset."""

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBER = rf"(\d{{1,6}}|{'|'.join(_NUMBERS)})"
"""A number as a pattern, in digits or in words."""

_END = LatePattern(r"(?<=[.!?])(?:[\"')\]]+)?\s+(?=\S)|(?<=\0)[ \t]*\n|\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)]|#+)\s)")


@dataclass(slots=True)
class Sentence:
    """A sentence, and the offset at which it begins in the template."""

    text: str
    start: int


def prose_of(tree: Tree, text: str) -> str:
    """The text with all but its own words blanked out."""
    kept, at = [], 0
    for token in tree.tokens:
        if token.kind.endswith("_begin"):
            kept.append(text[at : token.start])
            at = token.start
        elif token.kind.endswith("_end"):
            kept.append(GAP * (token.end - at))
            at = token.end
    return "".join((*kept, text[at:]))


def without_tags(text: str) -> str:
    """About the same, of a text whose tags cannot be read."""
    return _TAGS.sub(lambda found: GAP * len(found[0]), text)


_TAGS = LatePattern(r"\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\}|\{#(?:(?!\{#).)*?#\}", re.DOTALL)
"""No tag holds the beginning of another one of its kind: a text of thousands of braces is gone through once."""


def sentences(prose: str) -> Iterator[Sentence]:
    """The sentences of a prose; a blank line, and the next item of a list, end one too."""
    start = 0
    for end in [*(match.span() for match in _END.finditer(prose)), (len(prose), len(prose))]:
        piece = prose[start : end[0]]
        stripped = piece.lstrip()
        if stripped.strip(GAP):
            yield Sentence(stripped.rstrip(), start + len(piece) - len(stripped))
        start = end[1]


def number_of(text: str) -> int:
    """What `NUMBER` has matched, with a sign or without."""
    digits = text.removeprefix("-")
    number = int(digits) if digits.isdigit() else _NUMBERS.index(digits.lower())
    return -number if text.startswith("-") else number
