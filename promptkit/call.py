"""One call of a prompt: its request, its flow, and the record of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptkit.completion import ModelFacts, Request, Transport
from promptkit.errors import BudgetExceeded, ContextExceeded, PromptkitError, RenderError
from promptkit.options import TOKEN_LIMITS, token_limit
from promptkit.output.transport import Asked, answer_form, answer_schema, asked_form
from promptkit.redact import leaves
from promptkit.result import Attempt, Check, Rendered, Result
from promptkit.tokens import MESSAGE_OVERHEAD, all_text, at_least, beside_messages, count_request
from promptkit.tool_resolution import NO_TOOLS, Tools

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Mapping

    from promptkit.answer_types import TypedOutput
    from promptkit.budget import Purse
    from promptkit.client import Client
    from promptkit.completion import Model
    from promptkit.drive import Drive
    from promptkit.events import Event
    from promptkit.fit import Fit
    from promptkit.history import History
    from promptkit.redact import Redactor
    from promptkit.renderer import Renderer
    from promptkit.spec import PromptSpec

_log = logging.getLogger("promptkit")


@dataclass(frozen=True)
class Call:
    """Everything that one call is made of. Rendering happens once, on first need."""

    spec: PromptSpec
    name: str
    renderer: Renderer
    typed: TypedOutput
    inputs: Mapping[str, Any] = field(repr=False)  # one of them may be secret
    facts: ModelFacts
    model: Callable[[], Model]
    client: Client
    options: Mapping[str, Any]
    history: History
    tools: Tools = NO_TOOLS
    stream: bool = False

    @cached_property
    def rendered(self) -> Rendered:
        """The messages."""
        return self.renderer.render(self.inputs, self.facts, self.history.messages)

    def _surely_over(self, window: int) -> bool:
        counter = self.client.counter(self.facts)
        least = at_least(count_request(self._asked, counter), counter.error)
        return least + (token_limit(self._asked.options) or 0) > window

    @cached_property
    def request(self) -> Request:
        """What is sent first. Raises `BudgetExceeded`."""
        if self._purse is None:
            return self._asked
        try:
            return self._purse.within(self._asked)
        except BudgetExceeded as error:
            most = self._purse.budget.input_tokens
            cuts = self.fit.cuts(self.fit.most - most) if most is not None and self.fit.most > most else ()
            error.details += tuple(cut.what for cut in cuts)
            raise

    @cached_property
    def _asked(self) -> Request:
        """The same, whatever it may cost."""
        from promptkit.model_names import wire_name

        expected = self.typed.expected(self.facts)
        self.tools.refuse_unknown()
        asked = self._final
        self.tools.refuse_choice(self._options().get("tool_choice"))
        if self.tools:
            why = f"tools are offered, and the answer's form is asked for after them: {asked.transport.form}"
            asked = Asked(Transport("prompt", why), tools=self.tools.to_openai())
        return Request(
            model=wire_name(self.facts.name),
            messages=self.rendered.messages,
            options=self._options(),
            response_format=asked.response_format,
            tools=asked.tools,
            tool_choice=asked.tool_choice,
            schema=answer_schema(expected),
            form=answer_form(expected, asked.transport),
            stream=self.stream,
            transport=asked.transport,
            prompt_name=self.name,
            prompt_version=self.spec.version or "",
        )

    @cached_property
    def fit(self) -> Fit:
        """How it fits the model's window."""
        from promptkit.fit import fit_of
        from promptkit.render_trace import explain

        explained = explain(self.renderer, self.inputs, self.facts, self.history.messages)
        counter, reserved = self.client.counter(self.facts), token_limit(self._asked.options) or 0
        return fit_of(explained, self._asked, self.facts, counter, reserved=reserved)

    def _refuse_too_long(self) -> None:
        """Raise `ContextExceeded` for a request that surely does not fit; what may fit is left to the server."""
        window = self.facts.context_length
        if window is None or _longest(self.request) <= window or not self._surely_over(window):
            return
        from promptkit.models.catalog import listed_models

        fit = self.fit
        cuts = [cut.what for cut in fit.cuts(others=listed_models(self.client.settings))]
        raise ContextExceeded(
            f"the request does not fit: it has ~{fit.tokens:,} tokens, {fit.reserved:,} more are for the answer, and "
            f"the window of {self.facts.name} has {window:,}",
            details=[f"or {cut}" for cut in cuts[1:]],
            help=f"{cuts[0]}; `promptkit render --tokens` shows what it is made of" if cuts else "shorten it",
        )

    @cached_property
    def _final(self) -> Asked:
        """How the answer's form is asked for once no tools are offered."""
        return asked_form(self.typed.expected(self.facts), self.facts, self.name)

    @cached_property
    def _purse(self) -> Purse | None:
        """What the spec's budget allows this call to spend."""
        if self.spec.budget is None:
            return None
        from promptkit.budget import Purse

        return Purse(self.spec.budget, self.facts, self.client.counter(self.facts))

    def _options(self) -> dict[str, Any]:
        """The token budget, under the spec's options, under those for this model, under the call's.

        The budget is that of the settings, or what the model gives or a quarter of its window if that is less.
        """
        override = self.spec.models.get(self.facts.name)
        merged = {**self.spec.options, **(override.options if override else {}), **self.options}
        if not merged.keys() & set(TOKEN_LIMITS):
            limit = self.client.settings.max_tokens
            share = max(1, self.facts.context_length // 4) if self.facts.context_length else limit
            merged[TOKEN_LIMITS[0]] = min(limit, self.facts.max_output or limit, share)
        return {name: value for name, value in merged.items() if value is not None}

    def run(self) -> Result[Any]:
        """Ask and wait."""
        drive = self.drive()
        for _ in self.events(drive):
            pass
        return _result(drive)

    async def arun(self) -> Result[Any]:
        """Ask and wait, under asyncio."""
        drive = self.drive()
        async for _ in self.aevents(drive):
            pass
        return _result(drive)

    def events(self, drive: Drive[Any]) -> Generator[Event, None, None]:
        """The events of a drive. Whatever it comes to, also to being stopped, is recorded."""
        try:
            yield from drive.events()
        except BaseException as error:
            self._failed(drive, error)
            raise
        self._finished(drive)

    async def aevents(self, drive: Drive[Any]) -> AsyncGenerator[Event, None]:
        """The same under asyncio."""
        events = drive.aevents()
        try:
            async for event in events:
                yield event
        except BaseException as error:
            await events.aclose()
            self._failed(drive, error)
            raise
        self._finished(drive)

    def drive(self) -> Drive[Any]:
        """A new drive of this call's flow. Raises `ContextExceeded` and `BudgetExceeded` before anything is sent."""
        self._refuse_too_long()
        output = self.spec.output
        from promptkit.drive import Drive
        from promptkit.flow import Ask
        from promptkit.retries import Retries

        ask = Ask(
            request=self.request,
            expected=self.typed.expected(self.facts),
            facts=self.facts,
            attempts=output.attempts,
            reask=output.reask,
            retries=Retries(call=self.client.settings.call_timeout),
            checks=self._checks,
            view=self.typed.view,
            purse=self._purse,
            tools=self.tools.runner(self._accepted, self._redactor) if self.tools else None,
            final=self._final if self.tools else None,
        )
        return Drive(ask, self.model(), self.client.clock)

    @cached_property
    def _accepted(self) -> dict[str, Any]:
        """The inputs as they are declared, with defaults."""
        return self.renderer.inputs.accept(self.inputs)

    @cached_property
    def _redactor(self) -> Redactor:
        """What removes secrets from what tools say: the client's, and those among the inputs."""
        given = self.spec.secret_inputs & self._accepted.keys()
        texts = (text for name in given for text in leaves(self._accepted[name]))
        return self.client.redactor.knowing(*texts)

    def _checks(self, value: Any) -> tuple[Check, ...]:
        """The outcome of each of the spec's checks on a value; one that cannot be computed has failed, and says why."""
        values = {**self._accepted, "value": value}
        outcomes = []
        for check in self.spec.output.checks:
            try:
                outcomes.append(Check(check.name, self.renderer.check(check.name, check.that, values), check.asserted))
            except RenderError as error:
                outcomes.append(Check(check.name, passed=False, asserted=check.asserted, message=error.message))
        return tuple(outcomes)

    def _finished(self, drive: Drive[Any]) -> None:
        """Complete the result of a drive that has ended."""
        result = replace(_result(drive), rendered=self.rendered)
        if self.history.steps:
            steps = (*self.history.steps, *result.steps)
            result = replace(result, steps=steps, attempts=self._remembered(result.attempts))
        self._confirm(result.attempts)
        drive.result = replace(result, record_id=self._record(drive, None, result))

    def _confirm(self, attempts: tuple[Attempt, ...]) -> None:
        """Tell the model which answers were good: those that called tools, and the last."""
        for attempt in attempts:
            if attempt.completion is not None and not attempt.violations and not attempt.error:
                self.client.confirm(self.model(), attempt.request, attempt.completion)

    def _failed(self, drive: Drive[Any], error: BaseException) -> None:
        drive.error = error
        record = self._record(drive, error)
        if isinstance(error, PromptkitError):
            error.record_id = record

    def _record(self, drive: Drive[Any], error: BaseException | None, result: Result[Any] | None = None) -> str:
        """The id of the run's record. Empty if there is none: a paid answer is not lost for a record that fails."""
        log = self.client.log
        if log is None:
            return ""
        from promptkit.record import entry_from

        try:
            entry = entry_from(
                prompt=self.name,
                version=self.spec.version or "",
                prompt_digest=self.spec.digest,
                rendered=self.rendered,
                model=result.model if result else self.facts.name,
                attempts=result.attempts if result else self._remembered(drive.attempts),
                output=result.output if result else None,
                inputs=self.spec.without_secrets(self.inputs),
                confidence=result.confidence if result else "",
                cost=result.cost if result else None,
                error=_shown(error),
                seconds=drive.seconds,
            )
            return log.append(entry)
        except Exception as failure:  # noqa: BLE001 (whatever it is, the answer must not get lost for it)
            _log.warning("the run is not in the log: %s", failure)
            return ""

    def _remembered(self, attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
        """The attempts, the first of which tells what of the conversation was left out."""
        if not self.history.steps or not attempts:
            return attempts
        first, *others = attempts
        return replace(first, steps=(*self.history.steps, *first.steps)), *others


def _longest(request: Request) -> int:
    """More tokens than a request can have, found without counting: a character has four bytes at most, a token one."""
    told = sum(len(all_text(message)) + MESSAGE_OVERHEAD for message in request.messages)
    beside = sum(len(text) for _, text in beside_messages(request))
    return 4 * (told + beside) + _ADDED + (token_limit(request.options) or 0)


_ADDED = 1_000  # what a server adds, with much to spare


def _result(drive: Drive[Any]) -> Result[Any]:
    assert drive.result is not None
    return drive.result


def _shown(error: BaseException | None) -> Exception | None:
    """An error for the log; an interrupt or a stream that was closed early is none of ours and is only named."""
    if error is None or isinstance(error, Exception):
        return error
    return PromptkitError("interrupted", code="PK515")
