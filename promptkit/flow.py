"""The request flow, written once: ask, read, validate, ask again with the violations.

A generator that yields effects and is sent back their results, as httpx does for its auth flows; drivers
(`drive`) do the I/O, throw model errors into it, and so there is no asynchronous twin of any logic.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from promptkit.completion import Assembler, Completion, Request
from promptkit.errors import ModelError, OutputError, Truncated
from promptkit.events import AttemptAbandoned, Event, FieldComplete, PartialValue, ReasoningDelta, TextDelta
from promptkit.messages import Message
from promptkit.output.ladder import Expected, parse_output
from promptkit.output.partial import NOTHING, PartialParser
from promptkit.result import CONFIDENCES, Attempt, Check, Confidence, Output, Result, Violation, total_usage

if TYPE_CHECKING:
    from promptkit.completion import Delta, ModelFacts

MOST_SAID = 10
"""How many violations a re-ask names."""


@dataclass(frozen=True, slots=True)
class Ask:
    """All that the flow needs to know: the first request, what the answer should be, and how far to go."""

    request: Request
    expected: Expected
    facts: ModelFacts
    attempts: int = 3
    reask: bool = True
    checks: Callable[[Any], tuple[Check, ...]] = lambda _: ()
    view: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True, slots=True)
class Send:
    """The effect: send a request and feed its deltas to the reading. `abandons` is told before."""

    request: Request
    reading: Reading
    abandons: AttemptAbandoned | None = None


class Reading:
    """Turns the deltas of one answer into events and, in the end, into a completion. Knows no I/O."""

    def __init__(self, expected: Expected, *, stream: bool) -> None:
        self._assembler = Assembler()
        self._structured = stream and expected.mode != "prose" and expected.format in ("json", "list")
        self._parser = PartialParser() if self._structured or (stream and expected.mode == "field") else None
        self._inside: tuple[str, ...] = ("answer",) if expected.mode == "field" else ()

    def feed(self, delta: Delta) -> list[Event]:
        """Take the next piece; what there is to tell about it."""
        self._assembler.feed(delta)
        events: list[Event] = []
        if delta.reasoning:
            events.append(ReasoningDelta(delta.reasoning))
        if delta.text:
            events.append(TextDelta(delta.text))
            events += self._fields(delta.text)
        return events

    def _fields(self, text: str) -> list[Event]:
        if self._parser is None or self._parser.broken:
            return []
        depth = len(self._inside)
        ended = self._parser.feed(text)
        events: list[Event] = [
            FieldComplete(done.location[depth:], done.value)
            for done in ended
            if done.location[:depth] == self._inside and len(done.location) > depth
        ]
        value = self._parser.value
        if self._inside:
            value = value.get("answer", NOTHING) if isinstance(value, dict) else NOTHING
        return [*events, PartialValue(value)] if value is not NOTHING else events

    def completion(self) -> Completion:
        """The whole answer. Raises `StreamInterrupted` when it is not whole."""
        return self._assembler.completion()


Flow = Generator[Send, Completion, Result[Any]]


def answer(ask: Ask) -> Flow:
    """The flow of one call. Returns a `Result`.

    Raises `OutputError` (or `Truncated`) with all attempts, or the model's own error with `attempts` set.
    """
    attempts: list[Attempt] = []
    request, abandons = ask.request, None
    while True:
        started = time.monotonic()
        try:
            completion = yield Send(request, Reading(ask.expected, stream=request.stream), abandons)
        except ModelError as error:
            failed = Attempt(request, error=str(error), seconds=time.monotonic() - started)
            error.attempts = (*attempts, failed)
            raise
        attempt = Attempt(request, completion, seconds=time.monotonic() - started)
        try:
            return _result(ask, attempts, attempt)
        except OutputError as error:
            attempts.append(replace(attempt, violations=error.violations, error=error.message))
            if isinstance(error, Truncated) or not ask.reask or len(attempts) >= ask.attempts:
                raise _final(error, attempts) from None
            request = _asked_again(ask.request, completion, error.violations)
            abandons = AttemptAbandoned(len(attempts), "; ".join(map(str, error.violations[:3])))


def _result(ask: Ask, earlier: list[Attempt], attempt: Attempt) -> Result[Any]:
    completion = attempt.completion
    assert completion is not None
    _refuse_unfinished(completion)
    output = parse_output(completion.text, expected=ask.expected)
    checks = ask.checks(output.value)
    _refuse_failed(checks, completion.text)
    typed = Output(_viewed(ask, output), output.reasoning, output.steps)
    attempts = (*earlier, replace(attempt, steps=output.steps))
    return Result(
        output=typed.value,
        text=completion.text,
        reasoning="\n\n".join(filter(None, (completion.reasoning, output.reasoning))),
        attempts=attempts,
        model=completion.model or ask.request.model,
        confidence=confidence(output, len(attempts)),
        checks=checks,
        cost=cost(attempts, ask.facts),
        steps=output.steps,
    )


def _refuse_unfinished(completion: Completion) -> None:
    if completion.finish_reason == "length":
        raise Truncated(
            f"the answer was cut at the token limit after {completion.usage.completion_tokens or '?'} tokens",
            text=completion.text,
            violations=[Violation("$", "the answer was cut at the token limit", "length")],
            help="raise `max_tokens` under `options`, or ask for less",
        )
    if completion.finish_reason not in ("stop", "tool_calls"):
        reason = f"the model stopped for another reason: {completion.finish_reason}"
        raise OutputError(reason, text=completion.text, violations=[Violation("$", reason, "finish_reason")])


def _refuse_failed(checks: tuple[Check, ...], text: str) -> None:
    failed = [
        Violation("$", f"the check `{check.name}` does not hold", "check")
        for check in checks
        if check.asserted and not check.passed
    ]
    if failed:
        raise OutputError("a check does not hold", code="PK404", violations=failed, text=text)


def _viewed(ask: Ask, output: Output[Any]) -> Any:
    try:
        return ask.view(output.value)
    except ValueError as error:
        violations = getattr(error, "violations", None) or [Violation("$", str(error), "type")]
        raise OutputError("the answer does not fit the type", violations=violations) from None


def confidence(output: Output[Any], attempts: int) -> Confidence:
    """The worst of what had to be done."""
    grades: list[Confidence] = ["native"]
    grades += ["reasked"] if attempts > 1 else []
    grades += ["repaired"] if output.repaired else []
    return max(grades, key=CONFIDENCES.index)


def cost(attempts: tuple[Attempt, ...], facts: ModelFacts) -> float | None:
    """USD for all attempts; None when a price or a count is not known."""
    usage = total_usage(attempts)
    if facts.prompt_price is None or facts.completion_price is None or usage.unreported:
        return None
    return usage.prompt_tokens * facts.prompt_price + usage.completion_tokens * facts.completion_price


def _asked_again(first: Request, completion: Completion, violations: tuple[Violation, ...]) -> Request:
    """The first request with the last answer and what is wrong with it: only ever one answer, so it does not grow."""
    listed = "\n".join(f"- {violation}" for violation in violations[:MOST_SAID])
    more = f"\n- and {len(violations) - MOST_SAID} more" if len(violations) > MOST_SAID else ""
    asked = "Give the whole answer again, in the form asked for, with these faults mended."
    said = f"That answer cannot be used:\n{listed}{more}\n{asked}"
    answered = [Message("assistant", completion.text)] if completion.text.strip() else []
    return replace(first, messages=(*first.messages, *answered, Message("user", said)))


def _final(error: OutputError, attempts: list[Attempt]) -> OutputError:
    tries = f"after {len(attempts)} attempts" if len(attempts) > 1 else "after 1 attempt"
    what = error.message if isinstance(error, Truncated) else "the answer does not fit the schema"
    if error.code == "PK404":
        what = "a check that must hold does not"
    return type(error)(
        f"{what} {tries}",
        code=error.code,
        violations=error.violations,
        attempts=attempts,
        text=error.text,
        details=[str(violation) for violation in error.violations],
        help=error.help,
    )
