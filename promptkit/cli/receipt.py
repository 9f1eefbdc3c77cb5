"""What there is to know of a run beside its answer: one line, the whole story, or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.cli import common
from promptkit.cli.messages import named
from promptkit.cli.report import say
from promptkit.phrases import counted

if TYPE_CHECKING:
    from promptkit.prompt import Prompt
    from promptkit.result import Attempt, Result, ToolRun


def as_text(_: Prompt[Any], result: Result[Any]) -> str:
    """The answer alone: a text as it is, all else as JSON."""
    return result.output if isinstance(result.output, str) else common.to_json(result.output)


def as_json(prompt: Prompt[Any], result: Result[Any]) -> str:
    """The answer with its receipt."""
    return common.to_json(receipt(prompt, result))


def receipt(prompt: Prompt[Any], result: Result[Any]) -> dict[str, Any]:
    """The answer with its receipt, as JSON data."""
    usage = result.usage
    return {
        "version": 1,
        "prompt": prompt.name,
        "model": result.model,
        "output": result.output,
        "reasoning": result.reasoning,
        "confidence": result.confidence,
        "checks": [{"name": check.name, "passed": check.passed, "message": check.message} for check in result.checks],
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "requests": usage.requests,
        },
        "cost": result.cost,
        "tokens_saved": result.tokens_saved,
        "steps": [str(step) for step in result.steps],
        "attempts": [_attempt(attempt) for attempt in result.attempts],
        "record": result.record_id,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "text": attempt.completion.text if attempt.completion else "",
        "violations": [str(violation) for violation in attempt.violations],
        "seconds": round(attempt.seconds, 3),
        "tools": [_run(run) for run in attempt.tools],
    }


def _run(run: ToolRun) -> dict[str, Any]:
    return {
        "name": run.call.name,
        "status": run.status,
        "arguments": run.call.arguments if run.arguments is None else run.arguments,
        "told": run.told,
        "seconds": round(run.seconds, 3),
    }


_MOST_SHOWN = 200
FORMS = {"text": as_text, "json": as_json}


def tell_receipt(result: Result[Any], *, verbose: bool) -> None:
    """Failed checks and one line about the run; what was done to each answer when it is asked for."""
    for check in result.checks:
        if not check.passed:
            say(f"warning: the check `{check.name}` does not hold" + (f": {check.message}" if check.message else ""))
    if verbose:
        for number, attempt in enumerate(result.attempts, 1):
            say(_story(number, attempt))
        if result.reasoning:
            say(f"reasoning:\n{_indented(result.reasoning)}")
    say(_line(result))


def _story(number: int, attempt: Attempt) -> str:
    usage = attempt.usage
    counted = "tokens not counted" if usage.unreported else _tokens(usage.prompt_tokens, usage.completion_tokens)
    head = f"attempt {number}: {counted}, {attempt.seconds:.1f} s{f', {attempt.error}' if attempt.error else ''}"
    violations = [f"  violation {violation}" for violation in attempt.violations]
    tools = [f"  {line}" for run in attempt.tools for line in (tool_call(run), *map(str, run.steps))]
    return "\n".join((head, *violations, *(f"  {step}" for step in attempt.steps), *tools))


def tool_call(run: ToolRun) -> str:
    """A tool's call and what came of it, in a line."""
    arguments = run.call.arguments if run.arguments is None else common.to_line(run.arguments)
    told = " ".join(run.told.split())
    shown = told if len(told) <= _MOST_SHOWN else f"{told[:_MOST_SHOWN]}..."
    return f"tool {run.call.name}({arguments[:_MOST_SHOWN]}) {run.status}, {run.seconds:.1f} s: {shown}"


def _line(result: Result[Any]) -> str:
    usage = result.usage
    parts = [_tokens(usage.prompt_tokens, usage.completion_tokens)]
    parts += [f"{sum(attempt.seconds for attempt in result.attempts):.1f} s"]
    parts += [f"${result.cost:.6f}"] if result.cost else []
    runs = len(result.tool_calls)
    parts += [counted(runs, "tool call")] if runs else []
    tried = sum(not attempt.tools for attempt in result.attempts)
    parts += [f"{tried} attempts"] if tried > 1 else []
    parts += [f"about {result.tokens_saved:,} tokens saved by stopping early"] if result.tokens_saved else []
    parts += [result.confidence] if result.confidence != "native" else []
    record = f"      promptkit log show {result.record_id[:12]}" if result.record_id else ""
    return f"{named(result.model)} {', '.join(parts)}{record}"


def _tokens(prompt: int, completion: int) -> str:
    return f"{prompt:,} + {completion:,} tokens"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
