"""A turn's answer as it arrives: events to iterate over, then the turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar

from promptkit.errors import ContextExceeded, StreamInterrupted
from promptkit.pending_turn import aready, ready

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator

    from promptkit.conversation import Conversation, Turn
    from promptkit.events import Event
    from promptkit.pending_turn import PendingTurn
    from promptkit.streams import AsyncStream, Stream

T_co = TypeVar("T_co", covariant=True)


_CLOSED = "the stream ended before anything was sent, so there is no turn"
_AGAIN = "say it again: the conversation is as it was"


class ChatStream(Generic[T_co]):
    """Events of one turn's answer, then the turn. Leaving the `with` block, or `close`, ends the connection."""

    def __init__(self, conversation: Conversation[T_co], saying: PendingTurn[T_co]) -> None:
        self._conversation = conversation
        self._saying = saying
        self._stream: Stream[T_co] | None = None
        self._events = self._read()

    def _begin(self, saying: PendingTurn[T_co]) -> Stream[T_co]:
        self._saying = ready(saying)
        self._stream = self._saying.prompt.stream(self._saying.inputs)
        return self._stream

    def _read(self) -> Generator[Event, None, None]:
        stream = self._begin(self._saying)
        try:
            yield from stream
        except ContextExceeded as error:
            yield from self._begin(self._saying.shorter(error))

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def turn(self) -> Turn[T_co]:
        """The turn, with the validated answer; what has not been iterated over is read first."""
        for _ in self._events:
            pass
        if self._stream is None:
            raise StreamInterrupted(_CLOSED, help=_AGAIN)
        return self._conversation.answered(self._saying, self._stream.result())

    def close(self) -> None:
        """Stop, and close the connection; the conversation stays as it was."""
        self._events.close()
        if self._stream is not None:
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncChatStream(Generic[T_co]):
    """The same under asyncio."""

    def __init__(self, conversation: Conversation[T_co], saying: PendingTurn[T_co]) -> None:
        self._conversation = conversation
        self._saying = saying
        self._stream: AsyncStream[T_co] | None = None
        self._events = self._read()

    async def _begin(self, saying: PendingTurn[T_co]) -> AsyncStream[T_co]:
        self._saying = await aready(saying)
        self._stream = self._saying.prompt.astream(self._saying.inputs)
        return self._stream

    async def _read(self) -> AsyncGenerator[Event, None]:
        stream = await self._begin(self._saying)
        try:
            async for event in stream:
                yield event
        except ContextExceeded as error:
            async for event in await self._begin(self._saying.shorter(error)):
                yield event

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def turn(self) -> Turn[T_co]:
        """See `ChatStream.turn`."""
        async for _ in self._events:
            pass
        if self._stream is None:
            raise StreamInterrupted(_CLOSED, help=_AGAIN)
        return self._conversation.answered(self._saying, await self._stream.result())

    async def aclose(self) -> None:
        """Stop, and close the connection; the conversation stays as it was."""
        await self._events.aclose()
        if self._stream is not None:
            await self._stream.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
