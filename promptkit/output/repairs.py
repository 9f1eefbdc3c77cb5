"""Repairs of a text, each with its place, and the errors of a text that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

QUOTED_KEY = "quotes put around a key"
QUOTED_TEXT = "quotes put around a text"
QUOTED_WORD = "quotes put around a word"
BARE = frozenset((QUOTED_KEY, QUOTED_TEXT, QUOTED_WORD))
"""What is done to what stands without quotes."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was done: what, at which offset of the text, and how many characters it changed."""

    what: str
    offset: int
    changed: int = 1


class Unreadable(Exception):
    """There is more than one reading, or none: why, and the offset where that shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Cut(Unreadable):
    """The text ends before the value does."""
