"""Models that wrap a model: the flow is written once, and both ways to send come with it.

A flow is a generator. It yields what it wants done and is sent back what came of it:

    Open(request)    ask the wrapped model; an answer that was open is closed first
    NEXT             the next piece of that answer; sent back: a `Delta`, or None at the end
    Sleep(seconds)   wait
    a `Delta`        hand this piece to the caller

Errors of the wrapped model, ours and any other, are thrown into the flow where it asked; what it does not catch goes
on to the caller. When the caller stops early, the flow is closed: its `finally` clauses run, and so the connection is
closed too. An answer that is given up, since it cannot become valid, is closed with `Abandoned`.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from promptkit.cancellation import Abandoned, aleave, leave
from promptkit.completion import Delta

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from promptkit.completion import Completion, Model, Request


@dataclass(frozen=True, slots=True)
class Open:
    """Ask the wrapped model."""

    request: Request


@dataclass(frozen=True, slots=True)
class Next:
    """Ask for the next piece of the answer."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait for so many seconds."""

    seconds: float


NEXT: Final = Next()

Effect = Open | Next | Sleep | Delta
Flow = Generator[Effect, Delta | None, None]
"""What `Wrapped.flow` gives."""


def forwarded(request: Request, see: Callable[[Delta], None] | None = None) -> Flow:
    """The flow that passes a request and its answer through, showing each piece to `see` first."""
    yield Open(request)
    while (delta := (yield NEXT)) is not None:
        if see:
            see(delta)
        yield delta


class Wrapped:
    """A model that wraps the model `inner`; a wrapper writes its `flow` and nothing else."""

    def __init__(self, inner: Model) -> None:
        self.inner = inner

    def flow(self, request: Request) -> Flow:
        """What happens to a request; here it just passes through."""
        return forwarded(request)

    def send(self, request: Request) -> Iterator[Delta]:
        """See `Model.send`."""
        flow = self.flow(request)
        answer: Iterator[Delta] = iter(())
        try:
            effect = _resume(flow, None)
            while effect is not None:
                came: Delta | Exception | None = None
                if isinstance(effect, Delta):
                    yield effect
                elif isinstance(effect, Sleep):
                    time.sleep(effect.seconds)
                else:
                    try:
                        if isinstance(effect, Open):
                            _close(answer)
                            answer = iter(self.inner.send(effect.request))
                        else:
                            came = next(answer, None)
                    except Exception as error:  # noqa: BLE001 (the flow raises it again)
                        came = error
                effect = _resume(flow, came)
        except Abandoned as left:
            leave(flow, left)
            leave(answer, left)
            raise
        finally:
            flow.close()
            _close(answer)

    async def asend(self, request: Request) -> AsyncIterator[Delta]:
        """See `Model.asend`."""
        flow = self.flow(request)
        answer: AsyncIterator[Delta] = _nothing()
        try:
            effect = _resume(flow, None)
            while effect is not None:
                came: Delta | Exception | None = None
                if isinstance(effect, Delta):
                    yield effect
                elif isinstance(effect, Sleep):
                    await _asleep(effect.seconds)
                else:
                    try:
                        if isinstance(effect, Open):
                            await _aclose(answer)
                            answer = aiter(self.inner.asend(effect.request))
                        else:
                            came = await anext(answer, None)
                    except Exception as error:  # noqa: BLE001 (the flow raises it again)
                        came = error
                effect = _resume(flow, came)
        except Abandoned as left:
            leave(flow, left)
            await aleave(answer, left)
            raise
        finally:
            flow.close()
            await _aclose(answer)

    def confirm(self, request: Request, completion: Completion) -> None:
        """An answer was found to be good; here the wrapped model is told, if it wants to know."""
        confirm = getattr(self.inner, "confirm", None)
        if confirm:
            confirm(request, completion)

    @property
    def innermost(self) -> Model:
        """The model that wraps no other."""
        return self.inner.innermost if isinstance(self.inner, Wrapped) else self.inner

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.inner!r})"

    def close(self) -> None:
        """Close the wrapped model's connections, if it has any."""
        _close(self.inner)

    async def aclose(self) -> None:
        """The same without blocking."""
        if hasattr(self.inner, "aclose"):
            await _aclose(self.inner)
        else:
            _close(self.inner)


def _resume(flow: Flow, came: Delta | Exception | None) -> Effect | None:
    """The flow's next wish, None when it has ended."""
    try:
        return flow.throw(came) if isinstance(came, Exception) else flow.send(came)
    except StopIteration:
        return None


async def _nothing() -> AsyncIterator[Delta]:
    """An answer without a piece."""
    none: tuple[Delta, ...] = ()
    for delta in none:
        yield delta


async def _asleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


def _close(what: object) -> None:
    close = getattr(what, "close", None)
    if close:
        close()


async def _aclose(what: object) -> None:
    close = getattr(what, "aclose", None)
    if close:
        await close()
