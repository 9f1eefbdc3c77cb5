"""Streams of chat completions: bytes in, deltas out, up to `[DONE]`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.completion import Delta
from promptkit.errors import BadResponse
from promptkit.models.answers import ChunkReader, read_answer
from promptkit.models.sse import EventReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.models.sse import Event


class StreamReader:
    """Bytes of a stream to deltas; what follows `[DONE]` is not read."""

    def __init__(self) -> None:
        self._events = EventReader()
        self._chunks = ChunkReader()
        self.done = False

    def feed(self, piece: bytes) -> Iterator[Delta]:
        """Take the next bytes. Raises `BadResponse` for a chunk that is none, and for the server's error."""
        for event in self._events.feed(piece):
            yield from self._read(event)
            if self.done:
                return

    def rest(self) -> Iterator[Delta]:
        """What the end of the stream leaves. Raises `BadResponse` when there was no answer in it."""
        if self.done:
            return
        for event in self._events.rest():
            try:
                yield from self._read(event)
            except BadResponse:
                return  # cut in the middle of a chunk: whether the answer is whole, its finish reason says
        if not self.done:
            self._chunks.finish()

    def _read(self, event: Event) -> Iterator[Delta]:
        data = event.data.strip()
        if data == b"[DONE]":
            self.done = True
            self._chunks.finish()
            yield Delta(done=True)
        elif data:
            delta = self._chunks.read(data, event.kind)
            if delta is not None:
                yield delta


def read_whole(body: bytes) -> Iterator[Delta]:
    """The deltas of a body that does not say that it is a stream; some are one all the same.

    Raises `BadResponse` for what is no answer.
    """
    if not body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"data:", b"event:")):
        yield read_answer(body)
        return
    reader = StreamReader()
    yield from reader.feed(body)
    yield from reader.rest()
