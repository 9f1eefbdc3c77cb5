"""An answer as it arrives: events to iterate over, then the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeGuard, TypeVar

from promptkit.errors import StreamInterrupted
from promptkit.events import AttemptAbandoned, FieldComplete

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator

    from promptkit.call import Call
    from promptkit.drive import Drive
    from promptkit.events import Event, Location
    from promptkit.result import Result

T_co = TypeVar("T_co", covariant=True)


class Stream(Generic[T_co]):
    """Events of one answer. Leaving the `with` block, or `close`, ends the connection."""

    def __init__(self, call: Call) -> None:
        self._drive: Drive[T_co] = call.drive()
        self._events: Generator[Event, None, None] = call.events(self._drive)

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def items(self, *location: str | int) -> Iterator[Any]:
        """Each item of the list at a place of the answer, as soon as it has ended and before it is validated.

        `items("results")` is about the list under that key, `items()` about an answer that is a list itself. Raises
        `StreamInterrupted` when the model is asked again after items were given out: those are void.
        """
        given = 0
        for event in self._events:
            if _is_item(event, location):
                given += 1
                yield event.value
            _refuse_void(event, given)

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

    async def items(self, *location: str | int) -> AsyncIterator[Any]:
        """See `Stream.items`."""
        given = 0
        async for event in self._events:
            if _is_item(event, location):
                given += 1
                yield event.value
            _refuse_void(event, given)

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


def _is_item(event: Event, location: Location) -> TypeGuard[FieldComplete]:
    """Whether an item of the list at a place has ended."""
    inside = isinstance(event, FieldComplete) and event.location[:-1] == location
    return inside and isinstance(event.location[-1], int)  # type: ignore[union-attr]


def _refuse_void(event: Event, given: int) -> None:
    if given and isinstance(event, AttemptAbandoned):
        raise StreamInterrupted(
            f"the answer is given anew, and {given} of its items were given out already: {event.reason}",
            help="iterate over the events to begin again at `AttemptAbandoned`, or set `output: {attempts: 1}`",
        )


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
