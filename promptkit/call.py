"""One call of a prompt: its request, its flow, and the record of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptkit.completion import ModelFacts, Request
from promptkit.drive import Drive
from promptkit.errors import PromptkitError, RenderError
from promptkit.flow import Ask, answer
from promptkit.output.transport import response_format, wire_schema
from promptkit.result import Check, Rendered, Result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from promptkit.client import Client
    from promptkit.completion import Model
    from promptkit.events import Event
    from promptkit.messages import Message
    from promptkit.renderer import Renderer
    from promptkit.spec import PromptSpec
    from promptkit.typed import TypedOutput


@dataclass(frozen=True)
class Call:
    """Everything that one call is made of. Rendering happens once, on first need."""

    spec: PromptSpec
    name: str
    renderer: Renderer
    typed: TypedOutput
    inputs: Mapping[str, Any]
    facts: ModelFacts
    model: Callable[[], Model]
    client: Client
    options: Mapping[str, Any]
    history: tuple[Message, ...]
    stream: bool = False

    @cached_property
    def rendered(self) -> Rendered:
        """The messages."""
        return self.renderer.render(self.inputs, self.facts, self.history)

    @cached_property
    def request(self) -> Request:
        """What is sent first."""
        from promptkit.models import wire_name

        expected = self.typed.expected(self.facts)
        return Request(
            model=wire_name(self.facts.name),
            messages=self.rendered.messages,
            options=self._options(),
            response_format=response_format(expected, self.facts, self.name),
            schema=wire_schema(expected),
            stream=self.stream,
        )

    def _options(self) -> dict[str, Any]:
        """The settings' token budget, under the spec's options, under those for this model, under the call's."""
        override = self.spec.models.get(self.facts.name)
        merged = {**self.spec.options, **(override.options if override else {}), **self.options}
        if not {"max_tokens", "max_completion_tokens"} & merged.keys():
            merged["max_tokens"] = self.client.settings.max_tokens
        return {name: value for name, value in merged.items() if value is not None}

    def run(self) -> Result[Any]:
        """Ask and wait."""
        drive = self.drive()
        for _ in self.events(drive):
            pass
        return self.finished(drive)

    async def arun(self) -> Result[Any]:
        """Ask and wait, under asyncio."""
        drive = self.drive()
        async for _ in self.aevents(drive):
            pass
        return self.finished(drive)

    def events(self, drive: Drive[Any]) -> Iterator[Event]:
        """The events of a drive; a failure is recorded."""
        try:
            yield from drive.events()
        except (PromptkitError, KeyboardInterrupt) as error:
            self._record(drive, error)
            raise

    async def aevents(self, drive: Drive[Any]) -> AsyncIterator[Event]:
        """The same under asyncio."""
        try:
            async for event in drive.aevents():
                yield event
        except PromptkitError as error:
            self._record(drive, error)
            raise

    def drive(self) -> Drive[Any]:
        """A new drive of this call's flow."""
        expected = self.typed.expected(self.facts)
        output = self.spec.output
        ask = Ask(
            request=self.request,
            expected=expected,
            facts=self.facts,
            attempts=output.attempts,
            reask=output.reask,
            checks=self._checks,
            view=self.typed.view,
        )
        return Drive(answer(ask), self.model())

    def _checks(self, value: Any) -> tuple[Check, ...]:
        """The outcome of each of the spec's checks on a value; one that cannot be computed has failed, and says why."""
        values = {**self.renderer.inputs.accept(self.inputs), "value": value}
        outcomes = []
        for check in self.spec.output.checks:
            try:
                outcomes.append(Check(check.name, self.renderer.check(check.name, check.that, values), check.asserted))
            except RenderError as error:
                outcomes.append(Check(check.name, passed=False, asserted=check.asserted, message=error.message))
        return tuple(outcomes)

    def finished(self, drive: Drive[Any]) -> Result[Any]:
        """The result of a drive that has ended, recorded."""
        result = drive.result
        assert result is not None
        result = replace(result, rendered=self.rendered)
        return replace(result, record_id=self._record(drive, None, result))

    def _record(self, drive: Drive[Any], error: BaseException | None, result: Result[Any] | None = None) -> str:
        log = self.client.log
        if log is None:
            return ""
        from promptkit.record import entry_from

        attempts = result.attempts if result else getattr(error, "attempts", ())
        entry = entry_from(
            prompt=self.name,
            version=self.spec.version or "",
            prompt_digest=self.spec.digest,
            rendered=self.rendered,
            model=result.model if result else self.facts.name,
            attempts=attempts,
            output=_plain(result.output) if result else None,
            inputs=self._shown_inputs(),
            confidence=result.confidence if result else "",
            cost=result.cost if result else None,
            error=_shown(error),
            seconds=time.monotonic() - drive.started,
        )
        return log.append(entry)

    def _shown_inputs(self) -> dict[str, Any]:
        secret = {name for name, declared in self.spec.inputs.items() if declared.secret}
        return {name: value for name, value in self.inputs.items() if name not in secret}


def _shown(error: BaseException | None) -> Exception | None:
    """An error for the log; an interrupt is none of ours and is only named."""
    if error is None or isinstance(error, Exception):
        return error
    return PromptkitError("interrupted", code="PK515")


def _plain(value: Any) -> Any:
    """A typed output as JSON data, for the log."""
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if dump is not None else value
