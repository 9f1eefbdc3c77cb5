"""Running tools: time limits, agreement, failures in words. Without asyncio one after another, under it at once."""

from __future__ import annotations

import inspect
import threading
import time
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.limits import current_limits, variable
from promptkit.template.markup import neutralise
from promptkit.toolbox import as_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from promptkit.redact import Redactor
    from promptkit.result import ToolRun, ToolStatus
    from promptkit.toolbox import Prepared, Toolbox

_RAISED = (Exception, SystemExit, GeneratorExit)
"""Whatever a tool raises is told to the model; only who interrupts the whole run is not stopped."""
_NOT_AGREED = "not run: whoever decides about it did not agree"


@dataclass(frozen=True, slots=True)
class ToolRunner:
    """Runs the calls of one prompt's tools. What goes back to the model passes the redactor."""

    toolbox: Toolbox
    redactor: Redactor

    def run(self, calls: Sequence[Prepared], left: float) -> tuple[ToolRun, ...]:
        """Run calls in their order; `left` is how many seconds all of them may take."""
        end = time.monotonic() + left
        return tuple(self._run(call, end - time.monotonic()) for call in calls)

    async def arun(self, calls: Sequence[Prepared], left: float) -> tuple[ToolRun, ...]:
        """Run calls at once. When the task is cancelled, those that can be are cancelled too."""
        import asyncio

        end = time.monotonic() + left
        agreed = [await self._aagreed(call) for call in calls]  # one question after another
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._arun(call, end - time.monotonic(), agreed=yes))
                for call, yes in zip(calls, agreed, strict=True)
            ]
        return tuple(task.result() for task in tasks)

    def _run(self, call: Prepared, left: float) -> ToolRun:
        refused = self._refused(call, agreed=_now(self._asked(call)))
        if refused is not None:
            return refused
        started = time.monotonic()
        limit = self._limit(call, left)
        outcome: _Outcome | None
        if call.tool is not None and call.tool.timeout is None:
            outcome = _outcome(lambda: _now(self._call(call)))
        else:
            outcome = _in_thread(lambda: _now(self._call(call)), limit)
        return self._ended(call, outcome, limit, time.monotonic() - started)

    async def _arun(self, call: Prepared, left: float, *, agreed: bool) -> ToolRun:
        refused = self._refused(call, agreed=agreed)
        if refused is not None:
            return refused
        import asyncio

        started = time.monotonic()
        limit = self._limit(call, left)
        deadline = asyncio.timeout(limit)
        try:
            async with deadline:
                outcome = _Outcome(value=await self._acall(call))
        except _RAISED as error:
            late = isinstance(error, TimeoutError) and deadline.expired()
            return self._ended(call, None if late else _Outcome(error=error), limit, time.monotonic() - started)
        return self._ended(call, outcome, limit, time.monotonic() - started)

    async def _acall(self, call: Prepared) -> Any:
        assert call.tool is not None
        if inspect.iscoroutinefunction(inspect.unwrap(call.tool.function)):
            return await self._call(call)
        import asyncio

        result = await asyncio.to_thread(self._call, call)
        return await result if inspect.isawaitable(result) else result

    def _call(self, call: Prepared) -> Any:
        assert call.tool is not None
        return call.tool.function(**call.tool.arguments(call.arguments), **self.toolbox.given(call.tool))

    def _asked(self, call: Prepared) -> Any:
        """Whether somebody agrees to a call, or what awaits it; no question where none is needed."""
        if call.refusal or call.tool is None or not call.tool.confirm:
            return True
        return self.toolbox.confirm is not None and self.toolbox.confirm(call.tool.name, call.arguments)

    async def _aagreed(self, call: Prepared) -> bool:
        agreed = self._asked(call)
        return bool(await agreed if inspect.isawaitable(agreed) else agreed)

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
        worded = outcome if outcome.error else _outcome(lambda: as_text(outcome.value))
        if worded.error is not None:
            said = f"the tool failed: {type(worded.error).__name__}: {worded.error}"
            return self._told(call, "failed", said, seconds)
        size, most = len(worded.value), current_limits().tool_characters
        if size > most:
            allowed = f"at most {most:,} are passed on ({variable('tool_characters')}); ask for less"
            said = f"the tool's result has {size:,} characters, and {allowed}"
            return self._told(call, "failed", said, seconds)
        return self._told(call, "ok", worded.value, seconds)

    def _told(self, call: Prepared, status: ToolStatus, text: str, seconds: float) -> ToolRun:
        """A run of which the model is told this: without secrets, and without markup that could open a message."""
        return call.run(status, neutralise(self.redactor.text(text))[0], seconds)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a function came to."""

    value: Any = None
    error: BaseException | None = None


def _outcome(function: Callable[[], Any]) -> _Outcome:
    try:
        return _Outcome(value=function())
    except _RAISED as error:
        return _Outcome(error=error)


def _in_thread(function: Callable[[], Any], seconds: float) -> _Outcome | None:
    """What a function comes to in a thread of its own; None when that takes longer. The thread then goes on alone."""
    outcomes: list[_Outcome] = []
    context = copy_context()
    thread = threading.Thread(
        target=lambda: outcomes.append(context.run(_outcome, function)), name="promptkit tool", daemon=True
    )
    thread.start()
    thread.join(seconds)
    return outcomes[0] if outcomes else None


def _now(value: Any) -> Any:
    """A value, awaited in a loop of its own if it has to be."""
    if not inspect.isawaitable(value):
        return value
    import asyncio

    return asyncio.run(_awaited(value))


async def _awaited(value: Awaitable[Any]) -> Any:
    return await value
