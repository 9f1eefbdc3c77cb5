"""An answer as it arrives: events to iterate over, then the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from promptkit.call import Call
    from promptkit.events import Event
    from promptkit.result import Result

T_co = TypeVar("T_co", covariant=True)


class Stream(Generic[T_co]):
    """Events of one answer. Leaving the `with` block, or `close`, ends the connection."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._drive = call.drive()
        self._events = call.events(self._drive)
        self._result: Result[T_co] | None = None

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def result(self) -> Result[T_co]:
        """The validated answer; what has not been iterated over is read first.

        Raises what `Prompt.run` raises.
        """
        if self._result is None:
            for _ in self._events:
                pass
            self._result = self._call.finished(self._drive)
        return self._result

    def close(self) -> None:
        """Stop, and close the connection."""
        close: Any = getattr(self._events, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStream(Generic[T_co]):
    """The same under asyncio."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._drive = call.drive()
        self._events = call.aevents(self._drive)
        self._result: Result[T_co] | None = None

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def result(self) -> Result[T_co]:
        """See `Stream.result`."""
        if self._result is None:
            async for _ in self._events:
                pass
            self._result = self._call.finished(self._drive)
        return self._result

    async def aclose(self) -> None:
        """Stop, and close the connection."""
        close: Any = getattr(self._events, "aclose", None)
        if close is not None:
            await close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
