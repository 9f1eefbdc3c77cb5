"""A turn's answer as it arrives: events to iterate over, then the turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar

from promptkit.errors import ContextExceeded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator

    from promptkit.conversation import Saying, Turn
    from promptkit.events import Event

T_co = TypeVar("T_co", covariant=True)


class ChatStream(Generic[T_co]):
    """Events of one turn's answer, then the turn. Leaving the `with` block, or `close`, ends the connection."""

    def __init__(self, saying: Saying[T_co]) -> None:
        self._saying = saying
        self._stream = saying.prompt.stream(saying.inputs)
        self._events = self._read()

    def _read(self) -> Generator[Event, None, None]:
        try:
            yield from self._stream
        except ContextExceeded as error:
            self._saying = self._saying.shorter(error)
            self._stream = self._saying.prompt.stream(self._saying.inputs)
            yield from self._stream

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def turn(self) -> Turn[T_co]:
        """The turn, with the validated answer; what has not been iterated over is read first."""
        for _ in self._events:
            pass
        return self._saying.answered(self._stream.result())

    def close(self) -> None:
        """Stop, and close the connection; the conversation stays as it was."""
        self._events.close()
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncChatStream(Generic[T_co]):
    """The same under asyncio."""

    def __init__(self, saying: Saying[T_co]) -> None:
        self._saying = saying
        self._stream = saying.prompt.astream(saying.inputs)
        self._events = self._read()

    async def _read(self) -> AsyncGenerator[Event, None]:
        try:
            async for event in self._stream:
                yield event
        except ContextExceeded as error:
            self._saying = self._saying.shorter(error)
            self._stream = self._saying.prompt.astream(self._saying.inputs)
            async for event in self._stream:
                yield event

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def turn(self) -> Turn[T_co]:
        """See `ChatStream.turn`."""
        async for _ in self._events:
            pass
        return self._saying.answered(await self._stream.result())

    async def aclose(self) -> None:
        """Stop, and close the connection; the conversation stays as it was."""
        await self._events.aclose()
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
