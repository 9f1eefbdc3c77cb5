"""Running tools: time limits, agreement, failures in words. Without asyncio one after another, under it at once.

A function that is not asynchronous runs in a thread of its own, which ends with the process: nothing waits for one that
takes too long. One without a time limit runs where it is called.
"""

from __future__ import annotations

import copy
import inspect
import threading
import time
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError
from promptkit.limits import current_limits, variable
from promptkit.template.markup import neutralise
from promptkit.toolbox import as_text

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Sequence

    from promptkit.redact import Redactor
    from promptkit.result import ToolRun, ToolStatus
    from promptkit.toolbox import Prepared, Toolbox

_MOST_WORDS = 4_000
"""Characters of an exception's text that the model is told."""
_NO_TIME = "not run: the time of the whole call is over"
_NOT_AGREED = "not run: whoever decides about it did not agree"


@dataclass(frozen=True, slots=True)
class ToolRunner:
    """Runs the calls of one prompt's tools. What goes back to the model passes the redactor.

    Raises `ConfigError` when whoever is to agree fails to say so; all that a tool raises is told to the model, but for
    an interrupt.
    """

    toolbox: Toolbox
    redactor: Redactor

    def run(self, calls: Sequence[Prepared], left: float, runs: list[ToolRun] | None = None) -> tuple[ToolRun, ...]:
        """Run calls in their order; `left` is how many seconds all of them may take. Each is added to `runs`."""
        runs = [] if runs is None else runs
        end = time.monotonic() + left
        agreed = [bool(_now(self._agreement(call))) for call in calls]  # all of them before anything runs
        for call, yes in zip(calls, agreed, strict=True):
            runs.append(self._refused(call, agreed=yes) or self._run(call, end - time.monotonic()))
        return tuple(runs)

    async def arun(
        self, calls: Sequence[Prepared], left: float, runs: list[ToolRun] | None = None
    ) -> tuple[ToolRun, ...]:
        """Run calls at once. When the task is cancelled, those that can be are cancelled too, and waited for."""
        import asyncio

        end = time.monotonic() + left
        agreed = [await self._aagreed(call) for call in calls]  # one question after another
        running = [
            asyncio.ensure_future(self._arun(call, end - time.monotonic(), agreed=yes))
            for call, yes in zip(calls, agreed, strict=True)
        ]
        try:
            await asyncio.wait(running)
            return tuple([each.result() for each in running])
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            if runs is not None:
                runs += [each.result() for each in running if not each.cancelled() and each.exception() is None]

    def _run(self, call: Prepared, left: float) -> ToolRun:
        started, limit = time.monotonic(), self._limit(call, left)
        if limit <= 0:
            return self._told(call, "late", _NO_TIME, 0.0)
        outcome: _Outcome | None
        if _has_no_limit(call):
            outcome = _outcome(lambda: as_text(_now(self._call(call))))
        else:
            thread = _Thread(lambda: as_text(_now(self._call(call), limit)))
            outcome = thread.wait(limit)
            if outcome is not None and isinstance(outcome.error, _LateError):  # it noticed before we did
                outcome = None
        return self._ended(call, outcome, limit, time.monotonic() - started)

    async def _arun(self, call: Prepared, left: float, *, agreed: bool) -> ToolRun:
        started, limit = time.monotonic(), self._limit(call, left)
        refused = self._refused(call, agreed=agreed)
        if refused is not None:
            return refused
        if limit <= 0:
            return self._told(call, "late", _NO_TIME, 0.0)
        outcome = await (self._in_loop(call, limit) if _is_asynchronous(call) else self._beside_loop(call, limit))
        return self._ended(call, outcome, limit, time.monotonic() - started)

    async def _in_loop(self, call: Prepared, limit: float) -> _Outcome | None:
        """What an asynchronous function comes to; None when it takes too long."""
        import asyncio

        deadline = asyncio.timeout(limit)
        try:
            async with deadline:
                outcome = _Outcome(as_text(await self._call(call)))
            return None if deadline.expired() else outcome  # also of one that will not be cancelled
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return _Outcome(error=error)  # the function's own, and not ours
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 (whatever a tool raises is told to the model)
            return None if isinstance(error, TimeoutError) and deadline.expired() else _Outcome(error=error)

    async def _beside_loop(self, call: Prepared, limit: float) -> _Outcome | None:
        """The same of any other function, which runs in a thread while the loop goes on."""
        if _has_no_limit(call):
            return _outcome(lambda: as_text(self._call(call)))
        import asyncio

        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        thread = _Thread(lambda: as_text(_now(self._call(call))), lambda: _wake(loop, ended))
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), limit)
        return thread.outcome

    def _call(self, call: Prepared) -> Any:
        assert call.tool is not None
        return call.tool.function(**call.tool.arguments(call.arguments), **self.toolbox.given(call.tool))

    def _agreement(self, call: Prepared) -> Any:
        """Whether somebody agrees to a call, or what awaits it; no question where none is needed."""
        if call.refusal or call.tool is None or not call.tool.confirm:
            return True
        if self.toolbox.confirm is None:
            return False
        try:
            return self.toolbox.confirm(call.tool.name, copy.deepcopy(call.arguments))
        except Exception as error:  # the caller's own code decides, and may raise anything
            raise _undecided(call, error) from error

    async def _aagreed(self, call: Prepared) -> bool:
        agreed = self._agreement(call)
        try:
            return bool(await agreed if inspect.isawaitable(agreed) else agreed)
        except Exception as error:  # so may what it awaits
            raise _undecided(call, error) from error

    def _refused(self, call: Prepared, *, agreed: bool) -> ToolRun | None:
        if call.refusal is not None:
            return self._told(call, *call.refusal, 0.0)
        return None if agreed else self._told(call, "refused", _NOT_AGREED, 0.0)

    def _limit(self, call: Prepared, left: float) -> float:
        own = call.tool.timeout if call.tool is not None else None
        return max(0.0, left if own is None else min(own, left))

    def _ended(self, call: Prepared, outcome: _Outcome | None, limit: float, seconds: float) -> ToolRun:
        if outcome is None:
            return self._told(call, "late", f"no result within {limit:g} s", seconds)
        if isinstance(outcome.error, KeyboardInterrupt):
            raise outcome.error
        if outcome.error is not None:
            words = self.redactor.text(worded(outcome.error))  # before it is cut: half a secret is one, too
            shown = words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]}..."
            return self._told(call, "failed", f"the tool failed: {shown}", seconds)
        size, most = len(outcome.text), current_limits().tool_characters
        if size > most:
            allowed = f"at most {most:,} are passed on ({variable('tool_characters')}); ask for less"
            return self._told(call, "failed", f"the tool's result has {size:,} characters, and {allowed}", seconds)
        return self._told(call, "ok", outcome.text, seconds)

    def _told(self, call: Prepared, status: ToolStatus, text: str, seconds: float) -> ToolRun:
        """A run of which the model is told this: without secrets, and without markup that could open a message."""
        return call.run(status, neutralise(self.redactor.text(text))[0], seconds)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a function came to."""

    text: str = ""
    error: BaseException | None = None


class _Thread:
    """A function in a thread of its own, which nothing waits for at the end; `ended` is called from there."""

    def __init__(self, function: Callable[[], str], ended: Callable[[], object] = lambda: None) -> None:
        self.outcome: _Outcome | None = None
        self._function = function
        self._ended = ended
        context = copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name="promptkit tool", daemon=True)
        self._thread.start()

    def wait(self, seconds: float | None) -> _Outcome | None:
        """What it came to; None when that takes longer."""
        self._thread.join(seconds)
        return self.outcome

    def _run(self) -> None:
        self.outcome = _outcome(self._function)
        self._ended()


def _outcome(function: Callable[[], str]) -> _Outcome:
    try:
        return _Outcome(function())
    except BaseException as error:  # noqa: BLE001 (whatever a tool raises is told to the model)
        return _Outcome(error=error)


def _has_no_limit(call: Prepared) -> bool:
    return call.tool is not None and call.tool.timeout is None


def _is_asynchronous(call: Prepared) -> bool:
    function = inspect.unwrap(call.tool.function) if call.tool is not None else None
    return any(map(inspect.iscoroutinefunction, (function, vars(type(function)).get("__call__"))))


def _wake(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    with suppress(RuntimeError):  # the loop may be gone by now
        loop.call_soon_threadsafe(ended.set)


def worded(error: BaseException) -> str:
    """An exception in words, also one that has none."""
    kind = type(error).__name__
    try:
        words = str(error)
    except Exception:  # noqa: BLE001 (its own `__str__` may raise)
        return kind
    return f"{kind}: {words}" if words else kind


def _undecided(call: Prepared, error: Exception) -> ConfigError:
    return ConfigError(f"`confirm` failed for the tool `{call.call.name}`: {worded(error)}", where="tools")


def _now(value: Any, limit: float | None = None) -> Any:
    """A value, awaited in a loop of its own if it has to be; beside a running loop, in a thread of its own."""
    if not inspect.isawaitable(value):
        return value
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_awaited(value, limit))
    held: list[Any] = []

    def hold() -> str:
        held.append(asyncio.run(_awaited(value, limit)))
        return ""

    outcome = _Thread(hold).wait(None)
    if outcome is not None and outcome.error is not None:
        raise outcome.error
    return held[0]


async def _awaited(value: Awaitable[Any], limit: float | None) -> Any:
    """The value; when it takes longer than the limit, what makes it is cancelled. Raises `_LateError`."""
    import asyncio

    deadline = asyncio.timeout(limit)
    try:
        async with deadline:
            found = await value
    except TimeoutError:
        if not deadline.expired():
            raise
    if deadline.expired():  # also where what makes it will not be cancelled
        raise _LateError
    return found


class _LateError(Exception):
    """An awaited value took too long."""
