"""The two drivers of a flow: they send what it asks to be sent, and nothing else.

Each gives the events of the answer while it arrives; the result stands in `result` when they have ended.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from promptkit.errors import PromptkitError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from promptkit.completion import Model
    from promptkit.events import Event
    from promptkit.flow import Flow
    from promptkit.result import Result

T = TypeVar("T")


class Drive(Generic[T]):
    """One run of a flow with a model."""

    def __init__(self, flow: Flow, model: Model) -> None:
        self._flow = flow
        self._model = model
        self.result: Result[T] | None = None
        self.started = time.monotonic()

    def events(self) -> Iterator[Event]:
        """Drive without asyncio. Closing the iterator closes the connection."""
        effect = next(self._flow)
        while True:
            if effect.abandons:
                yield effect.abandons
            try:
                deltas = self._model.send(effect.request)
                try:
                    for delta in deltas:
                        yield from effect.reading.feed(delta)
                finally:
                    _close(deltas)
                completion = effect.reading.completion()
            except PromptkitError as error:
                step = self._step(error=error)
            else:
                step = self._step(completion)
            if step is None:
                return
            effect = step

    async def aevents(self) -> AsyncIterator[Event]:
        """Drive under asyncio."""
        effect = next(self._flow)
        while True:
            if effect.abandons:
                yield effect.abandons
            try:
                deltas = self._model.asend(effect.request)
                try:
                    async for delta in deltas:
                        for event in effect.reading.feed(delta):
                            yield event
                finally:
                    await _aclose(deltas)
                completion = effect.reading.completion()
            except PromptkitError as error:
                step = self._step(error=error)
            else:
                step = self._step(completion)
            if step is None:
                return
            effect = step

    def _step(self, completion: Any = None, error: PromptkitError | None = None) -> Any:
        """Send a reply, or throw an error, into the flow: its next effect, or None when it has a result."""
        try:
            return self._flow.throw(error) if error is not None else self._flow.send(completion)
        except StopIteration as stop:
            self.result = stop.value
            return None


def _close(deltas: Iterator[Any]) -> None:
    close = getattr(deltas, "close", None)
    if close is not None:
        close()


async def _aclose(deltas: AsyncIterator[Any]) -> None:
    close = getattr(deltas, "aclose", None)
    if close is not None:
        await close()
