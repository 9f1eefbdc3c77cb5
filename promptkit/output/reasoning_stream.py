"""Reasoning in tags at the beginning of an answer, told apart from the answer while both arrive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.output.reasoning import MARKUP, OPENING, TAGS, closing_of, is_thought

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["ReasoningSplitter"]


def _literal(pattern: str) -> str:
    """A tag as it is written, of a pattern that is little more than that."""
    return re.sub(r"\\(.)", r"\1", re.sub(r"\(\?:[^)]*\)\??", "", pattern)).lower()


def _beginnings(tags: Iterable[str]) -> frozenset[str]:
    return frozenset(tag[:size] for tag in tags for size in range(1, len(tag)))


_NAMES = tuple(name for name in TAGS if re.fullmatch(r"[a-z:_]+", name))
_OPENED = _beginnings((*(f"<{name}>" for name in _NAMES), *(_literal(opening) for opening, _ in MARKUP[1:])))
_CLOSED = _beginnings((*(f"</{name}>" for name in _NAMES), *(_literal(closing) for _, closing in MARKUP[1:])))
"""What may be the beginning of a tag, in lower case."""
_WITH_MORE = LatePattern(rf"<(?:{'|'.join(_NAMES)})\s[^<>]{{0,200}}\Z", re.IGNORECASE)
_ALMOST_CLOSED = LatePattern(r"</[\w:|]{1,40}\s{0,5}\Z")
_LONGEST_TAG = max(map(len, _CLOSED)) + 1
_FOLLOWED, _THOUGHT = ("<|channel>", "<unused94>"), "thought\n"
"""Opening tags that more may follow, which is part of them (Gemma, MedGemma)."""
_MOST_SPACE = 1_000
"""So much white space begins an answer; reasoning behind more of it is not looked for."""


def _may_open(text: str) -> bool:
    """Whether all of a text may be the beginning of an opening tag."""
    return text.lower() in _OPENED or _WITH_MORE.match(text) is not None


def _may_close(text: str) -> int:
    """How many characters at the end of a text may be the beginning of a closing tag."""
    almost = _ALMOST_CLOSED.search(text, max(0, len(text) - _LONGEST_TAG))
    if almost is not None:
        return len(text) - almost.start()
    tail = text[-_LONGEST_TAG:].lower()
    return next((size for size in range(len(tail), 0, -1) if tail[-size:] in _CLOSED), 0)


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
        rest = stripped[opening.end() :].lower() if opening is not None else ""
        followed = opening is not None and opening[0].lower() in _FOLLOWED
        if followed and len(rest) < len(_THOUGHT) and _THOUGHT.startswith(rest):
            return
        if opening is not None and is_thought(opening[0]):
            self._closing, self._thought = closing_of(opening), True
            self._kept = stripped[opening.end() :]
        elif (stripped and not _may_open(stripped)) or len(self._kept) > _MOST_SPACE:
            self._begun = True
            yield (stripped if self._thought else self._kept), False
            self._kept = ""

    def _reasoning(self) -> Iterator[tuple[str, bool]]:
        closing = self._closing.search(self._kept) if self._closing is not None else None
        if closing is not None:
            thought, self._kept, self._closing = self._kept[: closing.start()], self._kept[closing.end() :], None
        else:
            end = len(self._kept) - _may_close(self._kept)
            thought, self._kept = self._kept[:end], self._kept[end:]
        if thought:
            yield thought, True
