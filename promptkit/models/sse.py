"""Server-sent events out of bytes that arrive in any pieces (WHATWG HTML, section Server-sent events)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE_END = LatePattern(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its data, still bytes, and its kind (empty for the usual one)."""

    data: bytes
    kind: str = ""


class EventReader:
    """Cuts a stream of bytes into events; linear in the bytes, whatever the pieces.

    Lines are cut before anything is decoded, so that a character split over two pieces is no trouble.
    """

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._data: list[bytes] = []
        self._kind = ""
        self._begun = False
        self._after_cr = False

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Take the next bytes; the events that they complete."""
        if self._after_cr and piece:
            piece = piece.removeprefix(b"\n")
            self._after_cr = False
        start = 0
        for end in _LINE_END.finditer(piece):
            line = b"".join((*self._pending, piece[start : end.start()]))
            self._pending.clear()
            start = end.end()
            yield from self._line(line)
        if start < len(piece):
            self._pending.append(piece[start:])
        self._after_cr = piece.endswith(b"\r")

    def rest(self) -> Iterator[Event]:
        """What the end of the stream leaves unfinished: an event without the blank line behind it."""
        line = b"".join(self._pending)
        self._pending.clear()
        yield from self._line(line)
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[Event]:
        if not self._begun:
            line = line.removeprefix(_BOM)
            self._begun = True
        if not line:
            if self._data:
                yield Event(b"\n".join(self._data), self._kind)
            self._data, self._kind = [], ""
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._kind = value.decode(errors="replace")
