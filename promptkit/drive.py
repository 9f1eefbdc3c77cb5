"""The two drivers of a flow: they send what it asks to be sent, wait as it asks to, and nothing else.

Each gives the events of the answer while it arrives; when they have ended, `result` has what came of them, or
`error` what ended them.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from promptkit.cancellation import Abandoned, aleave, leave
from promptkit.effects import RunTools, Send, Sleep
from promptkit.errors import PromptkitError
from promptkit.events import ToolCalled, ToolReturned
from promptkit.flow import Asking
from promptkit.result import Attempt

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator

    from promptkit.completion import Delta, Model
    from promptkit.effects import Effect, Reply
    from promptkit.events import Event
    from promptkit.flow import Ask
    from promptkit.result import Result, ToolRun
    from promptkit.tool_runs import ToolRunner

T = TypeVar("T")

_WORTH_A_WORD = 5.0  # seconds: who waits longer is told why

_log = logging.getLogger("promptkit")


class Clock:
    """Time as a call sees it; tests give a client one that does not really wait."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """The same under asyncio."""
        import asyncio

        await asyncio.sleep(seconds)


class Drive(Generic[T]):
    """One run of a flow with a model."""

    def __init__(self, ask: Ask, model: Model, clock: Clock | None = None) -> None:
        self.result: Result[T] | None = None
        self.error: BaseException | None = None
        self._asking = Asking(ask)
        self._flow = self._asking.flow()
        self._model = model
        self._clock = clock or Clock()
        self._sent: Send | None = None
        self._started: float | None = None

    @property
    def seconds(self) -> float:
        """How long the run has taken so far, since its first step."""
        return 0.0 if self._started is None else self._clock.now() - self._started

    @property
    def text(self) -> str:
        """The text of the answer that is under way."""
        return self._sent.reading.text if self._sent is not None else ""

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What was asked so far, with the request that is under way."""
        if self._sent is None:
            return tuple(self._asking.attempts)
        error = f"stopped after {len(self.text):,} characters"
        under_way = Attempt(self._sent.request, error=error, seconds=self._sent.reading.seconds)
        return (*self._asking.attempts, under_way)

    def events(self) -> Generator[Event, None, None]:
        """Drive without asyncio. Closing the iterator closes the connection."""
        self._started = self._clock.now()
        effect = self._go_on()
        while effect is not None:
            if isinstance(effect, Sleep):
                _tell(effect)
                self._clock.sleep(effect.seconds)
                effect = self._go_on()
                continue
            if isinstance(effect, RunTools):
                yield from (ToolCalled(prepared.call) for prepared in effect.calls)
                runs = self._run(effect)
                yield from map(ToolReturned, runs)
                effect = self._go_on(runs)
                continue
            if effect.abandons:
                yield effect.abandons
            failure = None
            try:
                deltas = iter(self._model.send(effect.request))
                try:
                    while not effect.reading.dead and (delta := self._next(deltas, effect)) is not None:
                        yield from effect.reading.feed(delta)
                    if effect.reading.dead:
                        leave(deltas, Abandoned(effect.reading.dead_at))
                finally:
                    _close(deltas)
            except PromptkitError as error:
                failure = error
            effect = self._answered(effect, failure)

    async def aevents(self) -> AsyncGenerator[Event, None]:
        """Drive under asyncio."""
        self._started = self._clock.now()
        effect = self._go_on()
        while effect is not None:
            if isinstance(effect, Sleep):
                _tell(effect)
                await self._clock.asleep(effect.seconds)
                effect = self._go_on()
                continue
            if isinstance(effect, RunTools):
                for prepared in effect.calls:
                    yield ToolCalled(prepared.call)
                runs = await self._arun(effect)
                for run in runs:
                    yield ToolReturned(run)
                effect = self._go_on(runs)
                continue
            if effect.abandons:
                yield effect.abandons
            failure = None
            try:
                deltas = aiter(self._model.asend(effect.request))
                try:
                    while not effect.reading.dead and (delta := await self._anext(deltas, effect)) is not None:
                        for event in effect.reading.feed(delta):
                            yield event
                    if effect.reading.dead:
                        await aleave(deltas, Abandoned(effect.reading.dead_at))
                finally:
                    await _aclose(deltas)
            except PromptkitError as error:
                failure = error
            effect = self._answered(effect, failure)

    def _next(self, deltas: Iterator[Delta], effect: Send) -> Delta | None:
        started = self._clock.now()
        try:
            return next(deltas, None)
        finally:
            effect.reading.seconds += self._clock.now() - started

    async def _anext(self, deltas: AsyncIterator[Delta], effect: Send) -> Delta | None:
        started = self._clock.now()
        try:
            return await anext(deltas, None)
        finally:
            effect.reading.seconds += self._clock.now() - started

    def _run(self, effect: RunTools) -> tuple[ToolRun, ...]:
        started = self._clock.now()
        try:
            return self._tools.run(effect.calls, effect.left, effect.runs)
        except BaseException:
            self._flow.close()  # it keeps what ran until then
            raise
        finally:
            effect.took = self._clock.now() - started

    async def _arun(self, effect: RunTools) -> tuple[ToolRun, ...]:
        started = self._clock.now()
        try:
            return await self._tools.arun(effect.calls, effect.left, effect.runs)
        except BaseException:
            self._flow.close()  # it keeps what ran until then
            raise
        finally:
            effect.took = self._clock.now() - started

    @property
    def _tools(self) -> ToolRunner:
        assert self._asking.ask.tools is not None
        return self._asking.ask.tools

    def _answered(self, effect: Send, failure: PromptkitError | None) -> Effect | None:
        """Go on with the answer that was read, or with why there is none."""
        completion = None
        if failure is None:
            try:
                completion = effect.reading.completion()
            except PromptkitError as error:
                failure = error
        return self._go_on(completion, failure)

    def _go_on(self, reply: Reply = None, failure: PromptkitError | None = None) -> Effect | None:
        """Send a reply, or throw an error, into the flow: its next effect, or None when it has a result."""
        self._sent = None
        try:
            effect = self._flow.throw(failure) if failure is not None else self._flow.send(reply)
        except StopIteration as stop:
            self.result = stop.value
            return None
        self._sent = effect if isinstance(effect, Send) else None
        return effect


def _tell(sleep: Sleep) -> None:
    level = logging.WARNING if sleep.seconds >= _WORTH_A_WORD else logging.INFO
    _log.log(level, "%s; asking again in %.1f s", sleep.error.message, sleep.seconds)


def _close(deltas: Any) -> None:
    close = getattr(deltas, "close", None)
    if close is not None:
        close()


async def _aclose(deltas: Any) -> None:
    close = getattr(deltas, "aclose", None)
    if close is not None:
        await close()
