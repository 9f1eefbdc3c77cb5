"""Reasoning in tags at the beginning of an answer, told apart from the answer while both arrive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.output.reasoning import OPENING, closing_of, is_thought

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ReasoningSplitter"]

_MAY_OPEN = re.compile(r"(?:<[\w:|\uff5c\u2581]{0,40}|\[[A-Z]{0,6}|◁\w{0,6}|&(?:l(?:t(?:;\w{0,10})?)?)?)\Z")
"""What may be the beginning of an opening tag."""
_MAY_CLOSE = re.compile(
    r"(?:<[/\w:|\uff5c\u2581]{0,40}\s{0,5}|\[/?[A-Z]{0,6}|◁/?\w{0,6}|&(?:l(?:t(?:;/?\w{0,10})?)?)?)\Z"
)
_LONGEST_TAG = 50
_MOST_SPACE = 1_000
"""So much white space begins an answer; reasoning behind more of it is not looked for."""


class ReasoningSplitter:
    """Takes an answer piece by piece. Only what stands before the answer is reasoning; what may be a tag is kept back.

    Pieces come out as they are, but for the tags, and for white space around reasoning.
    """

    def __init__(self) -> None:
        self._kept = ""
        self._closing: re.Pattern[str] | None = None
        self._begun = self._thought = False

    def feed(self, text: str) -> Iterator[tuple[str, bool]]:
        """Take the next piece; the pieces that are settled now, each with whether it is reasoning."""
        if self._begun:
            yield text, False
            return
        self._kept += text
        while self._kept and not self._begun:
            before = len(self._kept), self._closing
            yield from self._reasoning() if self._closing is not None else self._before()
            if before == (len(self._kept), self._closing):
                return

    def close(self) -> Iterator[tuple[str, bool]]:
        """What is kept back, where nothing follows."""
        kept, self._kept = self._kept, ""
        if kept:
            yield kept, self._closing is not None

    def _before(self) -> Iterator[tuple[str, bool]]:
        stripped = self._kept.lstrip()
        opening = OPENING.match(stripped)
        if opening is not None and is_thought(opening[0]):
            self._closing, self._thought = closing_of(opening), True
            self._kept = stripped[opening.end() :]
        elif (stripped and not _MAY_OPEN.match(stripped)) or len(self._kept) > _MOST_SPACE:
            self._begun = True
            yield (stripped if self._thought else self._kept), False
            self._kept = ""

    def _reasoning(self) -> Iterator[tuple[str, bool]]:
        closing = self._closing.search(self._kept) if self._closing is not None else None
        if closing is not None:
            thought, self._kept, self._closing = self._kept[: closing.start()], self._kept[closing.end() :], None
        else:
            may_close = _MAY_CLOSE.search(self._kept, max(0, len(self._kept) - _LONGEST_TAG))
            end = may_close.start() if may_close else len(self._kept)
            thought, self._kept = self._kept[:end], self._kept[end:]
        if thought:
            yield thought, True
