"""An answer as it arrives: events to iterate over, then the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar

from promptkit.errors import StreamInterrupted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator

    from promptkit.call import Call
    from promptkit.drive import Drive
    from promptkit.events import Event
    from promptkit.result import Result

T_co = TypeVar("T_co", covariant=True)


class Stream(Generic[T_co]):
    """Events of one answer. Leaving the `with` block, or `close`, ends the connection."""

    def __init__(self, call: Call) -> None:
        self._drive: Drive[T_co] = call.drive()
        self._events: Generator[Event, None, None] = call.events(self._drive)

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def result(self) -> Result[T_co]:
        """The validated answer; what has not been iterated over is read first.

        Raises what `Prompt.run` raises, and `StreamInterrupted` for a stream that was closed before its end.
        """
        for _ in self._events:
            pass
        return _result(self._drive)

    def close(self) -> None:
        """Stop, and close the connection."""
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStream(Generic[T_co]):
    """The same under asyncio."""

    def __init__(self, call: Call) -> None:
        self._drive: Drive[T_co] = call.drive()
        self._events: AsyncGenerator[Event, None] = call.aevents(self._drive)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def result(self) -> Result[T_co]:
        """See `Stream.result`."""
        async for _ in self._events:
            pass
        return _result(self._drive)

    async def aclose(self) -> None:
        """Stop, and close the connection."""
        await self._events.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _result(drive: Drive[T_co]) -> Result[T_co]:
    """What the drive came to: its result, or else its error once more."""
    if drive.result is not None:
        return drive.result
    if isinstance(drive.error, Exception):
        raise drive.error
    raise StreamInterrupted(
        "the stream was closed before its end",
        text=drive.text,
        help="iterate to the end, or ask for the result before closing; what had arrived is in the error's `text`",
    )
