"""The request flow, written once: ask, read, validate, ask again with the violations.

A generator that yields effects and is sent back their results, as httpx does for its auth flows; drivers
(`drive`) do the I/O, throw model errors into it, and so there is no asynchronous twin of any logic.

    Send(request)    ask; sent back: a `Completion`, or a `ModelError` is thrown in
    RunTools(calls)  run tools; sent back: their runs
    Sleep(seconds)   wait
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from promptkit.answer_reader import AnswerReader
from promptkit.completion import ABANDONED, Completion, Request, Transport
from promptkit.effects import Effect, Reply, RunTools, Send, Sleep
from promptkit.errors import (
    BadRequest,
    BudgetExceeded,
    ConnectionLost,
    ModelError,
    OutputError,
    StreamInterrupted,
    Timeout,
    Truncated,
)
from promptkit.events import AttemptAbandoned
from promptkit.limits import current_limits, raised_by
from promptkit.options import token_limit
from promptkit.output.ladder import parse_output
from promptkit.phrases import counted
from promptkit.reasking import asked_again, with_more_tokens
from promptkit.refusals import FINISHED, abandoned, refuse_failed, refuse_unfinished
from promptkit.result import CONFIDENCES, Attempt, Check, Confidence, Result, Step, Violation, total_usage
from promptkit.retries import Retries
from promptkit.spec import JSON_FORMATS
from promptkit.tool_turns import UNCALLED, after_tools, in_final_form, offers_tools, refuse_uncalled, unique_calls

if TYPE_CHECKING:
    from promptkit.budget import Purse
    from promptkit.completion import ModelFacts
    from promptkit.output.expected import Expected
    from promptkit.output.transport import Asked
    from promptkit.tool_runs import ToolRunner

_OWN_WORDS = ("finish_reason", "tools", UNCALLED)
_LONGER = "PROMPTKIT_CALL_TIMEOUT sets another limit, in seconds"
_LOST = (Timeout, ConnectionLost, StreamInterrupted)
"""What ends an answer on its way, which may be paid for all the same."""
_REASONS = 3  # how many violations an abandoned attempt names


@dataclass(frozen=True, slots=True)
class Ask:
    """All that the flow needs to know: the first request, what the answer should be, and how far to go.

    `attempts` counts answers, not what is retried on the way to one.
    """

    request: Request
    expected: Expected
    facts: ModelFacts
    attempts: int = 3
    reask: bool = True
    retries: Retries = field(default_factory=Retries)
    checks: Callable[[Any], tuple[Check, ...]] = lambda _: ()
    view: Callable[[Any], Any] = lambda value: value
    purse: Purse | None = None
    tools: ToolRunner | None = None
    final: Asked | None = None
    """How the answer's form is asked for once no tools are offered any more."""


Flow = Generator[Effect, Reply, Result[Any]]


class Asking:
    """One call on its way. `attempts` grows with each request that has come to an end."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.attempts: list[Attempt] = []
        self._spent = 0.0
        self._doubled = False
        self._no_more = ""  # why the budget lets no other request be sent
        self._base = ask.request  # what asking again begins with: it grows with each call of tools
        self._tool_steps = 0
        self._tool_ids = {call.id for message in ask.request.messages for call in message.tool_calls}

    def flow(self) -> Flow:
        """The flow of the call. Returns a `Result`.

        Raises `OutputError` (or `Truncated`) with all attempts, or the model's own error with `attempts` set.
        """
        request: Request | None = self.ask.request
        void = unfit = ""
        while request is not None:
            refused: BadRequest | None = None
            try:
                completion, heard = yield from self._completion(request, void, unfit)
            except BadRequest as error:
                if not error.failed_answer:
                    raise
                refused, completion = error, self._answer_in(error)
            if self._calls_tools(request, completion):
                void = "the model calls tools first" if heard else ""
                request = yield from self._with_tools(request, completion)
                continue
            try:
                return self._result(completion, refused)
            except OutputError as error:
                invalid = error
            self._note(invalid)
            void = unfit = "; ".join(map(str, invalid.violations[:_REASONS]))
            if completion.finish_reason == ABANDONED:
                void = f"{void} ({invalid.message})"
            request = self._next(request, completion, invalid, refused)
        raise self._final(invalid)

    @property
    def _answers(self) -> int:
        return sum(attempt.completion is not None and not attempt.tools for attempt in self.attempts)

    @property
    def _left(self) -> float:
        return self.ask.retries.call - self._spent

    def _completion(self, request: Request, void: str, unfit: str) -> Generator[Effect, Reply, tuple[Completion, bool]]:
        """The answer to a request, retried as it is when the way to it fails, and whether its text was given out.

        `void` says why what was given out before does not count, `unfit` what was wrong with the last answer.
        """
        tried = 0
        abandons = self._answers + 1 < self.ask.attempts and self.ask.reask and not self._offers_tools(request)
        while True:
            tool = request.transport.tool if request.transport else ""
            reading = AnswerReader(self.ask.expected, stream=request.stream, abandons=abandons, tool=tool)
            before = AttemptAbandoned(len(self.attempts), void) if void else None
            try:
                completion = yield Send(replace(request, timeout=self._left), reading, before)
            except ModelError as error:
                tried += 1
                lost = isinstance(error, _LOST)
                self._end(Attempt(request, error=error.message, seconds=reading.seconds, lost=lost))
                error.attempts = tuple(self.attempts)
                pause = None if reading.text else self.ask.retries.pause(error, tried, self._left)
                if pause is None:
                    why = f"it was asked again, since the last answer could not be used: {unfit}"
                    # A model may raise one and the same error again.
                    error.details += (why,) if unfit and why not in error.details else ()
                    raise
                within = self._within(request)
                if within is None:
                    error.details += (f"not asked again: {self._no_more}",)
                    raise
                request = within
                self._spent += pause
                void = error.message if reading.heard else ""
                yield Sleep(pause, error)
            else:
                assert isinstance(completion, Completion)
                self._end(Attempt(request, completion, reading.dead, seconds=reading.seconds))
                return completion, reading.heard and bool(reading.text)

    def _offers_tools(self, request: Request) -> bool:
        """Whether the model may call tools of the user's before it answers."""
        return self.ask.tools is not None and offers_tools(request)

    def _calls_tools(self, request: Request, completion: Completion) -> bool:
        """Whether tools are called; what a cut or otherwise ended answer calls is not whole."""
        return self._offers_tools(request) and bool(completion.tool_calls) and completion.finish_reason in FINISHED

    def _with_tools(self, request: Request, completion: Completion) -> Generator[Effect, Reply, Request]:
        """Run the tools that an answer calls: the request that goes on from there.

        Raises `OutputError` when this has been done too often, and `BudgetExceeded`.
        """
        assert self.ask.tools is not None
        most = current_limits().tool_steps
        if self._tool_steps >= most:
            said = f"the model called tools in {most} answers one after another, and gave none of its own"
            raise self._final(
                OutputError(said, violations=[Violation("$", said, "tools")], help=raised_by("tool_steps"))
            )
        self._tool_steps += 1
        calls = unique_calls(completion.tool_calls, self._tool_ids)
        effect = RunTools(tuple(map(self.ask.tools.toolbox.prepare, calls)), self._left)
        try:
            runs = yield effect
        finally:  # also of a turn that was stopped
            self.attempts[-1] = replace(self.attempts[-1], tools=tuple(effect.runs))
        assert isinstance(runs, tuple)
        self._spent += effect.took
        if self._left <= 0:
            late = Timeout(f"the {self.ask.retries.call:g} s of the whole call are over", help=_LONGER)
            late.attempts = tuple(self.attempts)
            raise late
        self._base = after_tools(request, completion, calls, runs)
        try:
            return self.ask.purse.within(self._base, self.attempts) if self.ask.purse else self._base
        except BudgetExceeded as error:
            error.attempts = tuple(self.attempts)
            raise

    def _end(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self._spent += attempt.seconds

    def _answer_in(self, refused: BadRequest) -> Completion:
        """The answer that the server's own check refused: it was generated, and nobody says at what price."""
        reason = "length" if refused.failed_answer == "truncated" else "stop"
        completion = Completion(refused.model_output, finish_reason=reason, model=self.ask.request.model)
        self.attempts[-1] = replace(self.attempts[-1], completion=completion)
        return completion

    def _note(self, invalid: OutputError) -> None:
        """What was wrong with the last answer."""
        last = self.attempts[-1]
        self.attempts[-1] = replace(last, violations=invalid.violations, error=last.error or invalid.message)

    def _next(
        self, request: Request, completion: Completion, invalid: OutputError, refused: BadRequest | None
    ) -> Request | None:
        """The request that may get a better answer; None when it is time to give up."""
        if not self.ask.reask or self._answers >= self.ask.attempts or self._left <= 0:
            return None
        cut = isinstance(invalid, Truncated)
        if (cut and self.ask.expected.format in JSON_FORMATS) or refused:
            more = self._with_more_tokens(request, completion)
            if more is not None:
                return more
        if completion.finish_reason not in (*FINISHED, ABANDONED):
            return None
        again = asked_again(self._base, completion, invalid.violations, self.ask.facts)
        if refused:
            return self._within(_by_prompt(replace(again, options=request.options)))
        request = replace(request, messages=again.messages)
        if self.ask.final and self._offers_tools(request) and invalid.violations[0].keyword != UNCALLED:
            request = in_final_form(request, self.ask.final)
        return self._within(request)

    def _with_more_tokens(self, request: Request, completion: Completion) -> Request | None:
        """The same request with twice the budget, once: a cut answer is not worth showing to the model."""
        doubled = None if self._doubled else with_more_tokens(request, completion, self.ask.facts)
        self._doubled = True
        more = self._within(doubled) if doubled else None
        if more is None or (token_limit(more.options) or 0) > (token_limit(request.options) or 0):
            return more
        self._no_more = "a longer answer would pass the prompt's budget"
        return None

    def _within(self, request: Request) -> Request | None:
        """The request as the budget allows it now; None when it is spent."""
        if self.ask.purse is None:
            return request
        try:
            return self.ask.purse.within(request, self.attempts)
        except BudgetExceeded as error:
            self._no_more = error.message
            return None

    def _final(self, error: OutputError) -> OutputError:
        """The error of the whole call, in the words of its last answer."""
        schema, answers, last = self.ask.expected.schema, self._answers, self.attempts[-1].completion
        misfit = "the answer does not fit the schema" if schema is not None else "the answer cannot be used"
        own = isinstance(error, Truncated) or error.code == "PK404" or error.violations[0].keyword in _OWN_WORDS
        after = f" after {counted(answers, 'attempt')}" if error.violations[0].keyword != "tools" else ""
        no_more = [f"not asked again: {self._no_more}"] if self._no_more else []
        return type(error)(
            f"{error.message if own else misfit}{after}",
            code=error.code,
            violations=error.violations,
            attempts=self.attempts,
            text=last.text if last else "",
            details=[*map(str, error.violations), *no_more],
            help=error.help,
        )

    def _result(self, completion: Completion, refused: BadRequest | None) -> Result[Any]:
        """The result that an answer is. Raises `OutputError` for one that is not valid."""
        ask = self.ask
        if completion.finish_reason == ABANDONED:
            raise abandoned(completion, self.attempts[-1].violations)
        if self._offers_tools(self.attempts[-1].request):
            refuse_uncalled(self.attempts[-1].request, completion)
        refuse_unfinished(completion, refused)
        quoted = _asks_for_a_form(self.attempts[-1].request)
        output = parse_output(completion.text, expected=replace(ask.expected, quoted=quoted))
        checks = ask.checks(output.value)
        refuse_failed(checks, completion.text)
        value = ask.view(output.value)
        steps = (*_told_before(completion, self.attempts[-1].request, refused), *output.steps)
        attempts = (*self.attempts[:-1], replace(self.attempts[-1], steps=steps))
        return Result(
            output=value,
            text=completion.text,
            reasoning="\n\n".join(filter(None, (completion.reasoning, output.reasoning))),
            attempts=attempts,
            model=completion.model or ask.request.model,
            confidence=confidence(steps, self._answers),
            checks=checks,
            cost=cost(attempts, ask.facts),
            steps=steps,
        )


def _told_before(completion: Completion, request: Request, refused: BadRequest | None) -> tuple[Step, ...]:
    """What there is to tell of an answer before it is read."""
    if refused:
        return (Step("recovered", "the server refused the answer and told it", repairs=True),)
    if completion.cached:
        return (Step("cached", f"the model gave this answer on {completion.cached}"),)
    tool = request.transport.tool if request.transport else ""
    if tool and tool not in (call.name for call in completion.tool_calls):
        return (Step("tool not called", "the model answered in words instead"),)
    return ()


def _asks_for_a_form(request: Request) -> bool:
    """Whether the server was told to make JSON of the answer."""
    return request.response_format is not None or request.tool_choice is not None


def _by_prompt(request: Request) -> Request:
    """The request without a form for the server to keep to, since it refused an answer for that."""
    transport = Transport("prompt", "the server refused the answer before, by a check of its own")
    return replace(request, response_format=None, tools=(), tool_choice=None, transport=transport)


def confidence(steps: tuple[Step, ...], answers: int) -> Confidence:
    """The worst of what had to be done."""
    grades: list[Confidence] = ["native"]
    grades += ["reasked"] if answers > 1 else []
    grades += ["repaired"] if any(step.repairs for step in steps) else []
    return max(grades, key=CONFIDENCES.index)


def cost(attempts: tuple[Attempt, ...], facts: ModelFacts) -> float | None:
    """USD for all attempts; None when a price or a count is not known."""
    usage = total_usage(attempts)
    if facts.prompt_price is None or facts.completion_price is None or usage.unreported:
        return None
    return usage.prompt_tokens * facts.prompt_price + usage.completion_tokens * facts.completion_price
