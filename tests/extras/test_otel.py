"""Spans: one for each request, with the prompt's name and version; what was said only where somebody asked for it."""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from waitless import Waitless

from promptkit import Client, Prompt, errors, tool
from promptkit.extras.otel import CONTENT_VARIABLE, Traced
from promptkit.models.cached import Cached
from promptkit.models.replay import Recorded
from promptkit.testing import MaraServer, ScriptedModel

TICKET = "my ticket is about a crimson walrus"
PROMPT = """
name: support/triage
version: 1.2.0
options: {temperature: 0.5, max_tokens: 100, seed: 7, stop: END}
inputs: {ticket: string}
task: "Which team? {{ ticket }}"
output: {format: json, fields: {team: string}}
"""
GOOD = json.dumps({"team": "an ochre pelican"})
SECRET = "sk-planted-0123456789"


class Told:
    """A provider of spans that keeps what it is told."""

    def __init__(self) -> None:
        self.kept = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.kept))
        self.tracer = self.provider.get_tracer("test")

    def wrap(self, model: Any, **told: Any) -> Traced:
        return Traced(model, tracer_provider=self.provider, **told)

    def client(self, **told: Any) -> Client:
        return Client(wrap=self.wrap, clock=Waitless(), **told)

    @property
    def spans(self) -> list[ReadableSpan]:
        return [span for span in self.kept.get_finished_spans() if span.name.startswith("chat ")]


@pytest.fixture
def told() -> Told:
    return Told()


def prompt(**using: Any) -> Prompt[Any]:
    return Prompt.from_text(PROMPT).using(**using)


def test_a_request_is_a_span_with_the_prompt_what_was_asked_and_what_it_cost(told: Told) -> None:
    with MaraServer(answers=[GOOD]) as server, told.client(base_url=server.base_url, api_key=SECRET) as client:
        result = prompt(client=client, model="MiniMax-M2.5").run(ticket=TICKET)
        port = int(server.base_url.split(":")[2].split("/")[0])
    (span,) = told.spans
    assert ("chat MiniMax-M2.5", SpanKind.CLIENT) == (span.name, span.kind)
    assert StatusCode.UNSET is span.status.status_code
    said = dict(span.attributes or {})
    assert result.attempts[0].request.key == said.pop("promptkit.request.key")
    assert said.pop("gen_ai.response.id")
    assert {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "127.0.0.1",
        "gen_ai.prompt.name": "support/triage",
        "gen_ai.prompt.version": "1.2.0",
        "gen_ai.output.type": "json",
        "gen_ai.request.model": "MiniMax-M2.5",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.response.model": "MiniMax-M2.5",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": result.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": result.usage.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": result.usage.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": result.usage.reasoning_tokens,
        "server.address": "127.0.0.1",
        "server.port": port,
    } == said


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_that_was_said_is_told_unless_it_is_asked_for(told: Told, stream: bool) -> None:
    with MaraServer(answers=[GOOD]) as server, told.client(base_url=server.base_url, api_key=SECRET) as client:
        asked = prompt(client=client, model="MiniMax-M2.5")
        asked.stream(ticket=TICKET).result() if stream else asked.run(ticket=TICKET)
    text = "".join(span.to_json() for span in told.spans)
    assert "support/triage" in text
    for private in ("walrus", "pelican", SECRET):
        assert private not in text
    assert stream == ("gen_ai.response.time_to_first_chunk" in text)


def test_content_is_told_as_the_conventions_lay_it_out_with_secrets_masked(told: Told) -> None:
    @tool
    def weather(place: str) -> str:
        """The weather somewhere."""
        return f"rain in {place}"

    script: list[Any] = [{"tool_calls": [{"name": "weather", "arguments": {"place": "Paris"}}]}, "rain"]
    text = "inputs: {q: string}\ntask: '{{ q }}'\ntools: [weather]"
    with (
        MaraServer(answers=script) as server,
        Client(wrap=lambda model: told.wrap(model, content=True), base_url=server.base_url, api_key=SECRET) as client,
    ):
        Prompt.from_text(text).using(client=client, model="MiniMax-M2.5", tools=[weather]).run(q=f"Paris? {SECRET}")
    first, second = (dict(span.attributes or {}) for span in told.spans)
    assert [{"role": "user", "parts": [{"type": "text", "content": "Paris? [redacted]"}]}] == json.loads(
        str(first["gen_ai.input.messages"])
    )
    (definition,) = json.loads(str(first["gen_ai.tool.definitions"]))
    assert ("function", "weather", "The weather somewhere.") == tuple(
        definition[name] for name in ("type", "name", "description")
    )
    (output,) = json.loads(str(first["gen_ai.output.messages"]))
    (call,) = output["parts"]
    assert ("tool_calls", "tool_call", "weather", {"place": "Paris"}) == (
        output["finish_reason"],
        call["type"],
        call["name"],
        call["arguments"],
    )
    *_, asked, returned = json.loads(str(second["gen_ai.input.messages"]))
    assert asked["parts"] == [call]
    assert {"type": "tool_call_response", "id": call["id"], "response": "rain in Paris"} == returned["parts"][0]


@pytest.mark.parametrize(("said", "told_"), [("true", True), ("SPAN_ONLY", True), ("event_only", False), ("", False)])
def test_the_variable_of_other_instrumentations_decides_where_nobody_else_does(
    told: Told, monkeypatch: pytest.MonkeyPatch, said: str, told_: bool
) -> None:
    monkeypatch.setenv(CONTENT_VARIABLE, said)
    prompt(client=told.client(), model=ScriptedModel([GOOD])).run(ticket=TICKET)
    prompt(client=Client(wrap=lambda model: told.wrap(model, content=False)), model=ScriptedModel([GOOD])).run(
        ticket="x"
    )
    assert [told_, False] == ["gen_ai.input.messages" in (span.attributes or {}) for span in told.spans]


def test_a_refused_request_and_the_one_that_is_sent_again_are_two_spans(told: Told) -> None:
    busy = errors.RateLimited("too many", status=429, retry_after=0.1)
    result = prompt(client=told.client(), model=ScriptedModel([busy, GOOD])).run(ticket=TICKET)
    assert 2 == len(result.attempts)
    refused, answered = told.spans
    assert (StatusCode.ERROR, "PK502") == (refused.status.status_code, refused.status.description)
    assert refused.attributes
    assert "RateLimited" == refused.attributes["error.type"]
    assert 429 == refused.attributes["http.response.status_code"]
    assert "gen_ai.usage.output_tokens" not in refused.attributes
    assert answered.attributes
    assert "error.type" not in answered.attributes


def test_a_key_in_a_server_s_refusal_is_not_told(told: Told) -> None:
    plan = [{"status": 401, "body": {"error": {"message": f"bad key {SECRET}"}}}]
    with (
        MaraServer(answers=plan) as server,
        Client(base_url=server.base_url, api_key=SECRET, wrap=partial(told.wrap, content=True)) as client,
        pytest.raises(errors.AuthError),
    ):
        prompt(client=client, model="MiniMax-M2.5").run(ticket=TICKET)
    (span,) = told.spans
    assert "bad key [redacted]" in str(span.status.description)
    assert SECRET not in span.to_json()


def test_a_stream_that_its_reader_leaves_ends_its_span(told: Told) -> None:
    long = json.dumps({"team": "x" * 4000})
    with prompt(client=told.client(), model=ScriptedModel([long])).stream(ticket=TICKET) as stream:
        next(iter(stream))
        assert not told.spans
    (span,) = told.spans
    assert StatusCode.UNSET is span.status.status_code
    assert span.attributes
    assert ("abandoned",) == span.attributes["gen_ai.response.finish_reasons"]


def test_a_span_is_a_child_of_the_one_in_which_it_is_asked_also_among_many_at_once(told: Told) -> None:
    async def ask(number: int) -> tuple[int, str]:
        with told.tracer.start_as_current_span(f"job {number}") as job:
            result = await asked.arun(ticket=f"{number}")
        return job.get_span_context().span_id, result.attempts[0].request.key

    async def ask_all() -> list[Any]:
        return await asyncio.gather(*map(ask, range(8)))

    asked = prompt(client=told.client(), model=ScriptedModel([GOOD] * 8))
    wanted = {key: parent for parent, key in asyncio.run(ask_all())}
    found = {(s.attributes or {})["promptkit.request.key"]: s.parent.span_id for s in told.spans if s.parent}
    assert wanted == found


@pytest.mark.parametrize("order", ["traced outside", "traced inside"])
def test_a_cache_and_a_recorder_stand_on_either_side(told: Told, tmp_path: Path, order: str) -> None:
    script = ScriptedModel([GOOD])
    inner: Any = Recorded(Cached(script, tmp_path / "c.db"), tmp_path / "r.jsonl")
    if order == "traced inside":
        inner = Recorded(Cached(told.wrap(script), tmp_path / "c.db"), tmp_path / "r.jsonl")
    model = told.wrap(inner) if order == "traced outside" else inner
    asked = prompt(client=Client(), model=model)
    assert [{"team": "an ochre pelican"}] * 2 == [asked.run(ticket="x").output for _ in range(2)]
    assert 1 == len(script.requests)
    dates = [(span.attributes or {}).get("promptkit.cached") for span in told.spans]
    assert dates[0] is None
    assert (2 if order == "traced outside" else 1) == len(dates)
    assert all(dates[1:])


def test_spans_that_nobody_collects_cost_nothing_and_break_nothing() -> None:
    assert prompt(client=Client(wrap=Traced), model=ScriptedModel([GOOD])).run(ticket="x").output


def test_without_the_package_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(errors.MissingExtra) as caught:
        Traced(ScriptedModel([]))
    assert 'pip install "mara-promptkit[otel]"' == caught.value.help


def test_a_stream_that_breaks_off_is_an_error_and_not_a_reader_who_left(told: Told) -> None:
    with (
        MaraServer(faults=[{"fault": "stream_no_end"}]) as server,
        told.client(base_url=server.base_url, api_key=SECRET) as client,
        pytest.raises(errors.StreamInterrupted),
    ):
        prompt(client=client, model="MiniMax-M2.5").stream(ticket=TICKET).result()
    (span,) = told.spans
    assert StatusCode.ERROR is span.status.status_code
    assert "StreamInterrupted" == (span.attributes or {})["error.type"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_whatever_a_model_raises_is_an_error_of_the_span(told: Told, asynchronous: bool) -> None:
    asked = prompt(client=told.client(), model=ScriptedModel([ValueError("boom")]))
    with pytest.raises(ValueError, match="boom"):
        asyncio.run(asked.arun(ticket=TICKET)) if asynchronous else asked.run(ticket=TICKET)
    (span,) = told.spans
    assert StatusCode.ERROR is span.status.status_code
    assert "ValueError" == (span.attributes or {})["error.type"]


def test_what_a_model_said_is_not_told_in_an_error_either(told: Told) -> None:
    refusal = {
        "choices": [{"index": 0, "message": {"role": "assistant", "refusal": "no walrus"}, "finish_reason": "stop"}]
    }
    with (
        MaraServer(answers=[{"status": 200, "body": refusal}] * 9) as server,
        told.client(base_url=server.base_url, api_key=SECRET) as client,
        pytest.raises(errors.ModelError, match="no walrus"),
    ):
        prompt(client=client, model="MiniMax-M2.5").run(ticket="x")
    assert told.spans
    assert "walrus" not in "".join(span.to_json() for span in told.spans)


def test_every_key_of_the_client_is_masked(told: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = "sk-other-0123456789"
    monkeypatch.setenv("OTHER_KEY", other)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "promptkit.toml").write_text('[endpoints."http://127.0.0.1:9/v1"]\nkey_env = "OTHER_KEY"\n')
    monkeypatch.setenv("PROMPTKIT_TRUSTED_HOSTS", "127.0.0.1")
    with (
        MaraServer(answers=[GOOD]) as server,
        Client(base_url=server.base_url, api_key=SECRET, wrap=partial(told.wrap, content=True)) as client,
    ):
        prompt(client=client, model="MiniMax-M2.5", options={"stop": [SECRET]}).run(ticket=f"{other} {SECRET}")
    text = told.spans[0].to_json()
    assert "[redacted]" in text
    assert other not in text
    assert SECRET not in text


def test_reasoning_that_goes_back_is_part_of_the_question(told: Told) -> None:
    calls = [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]
    asked = {"role": "assistant", "content": None, "tool_calls": calls, "reasoning": "why"}
    history = [{"role": "user", "content": "q"}, asked, {"role": "tool", "content": "r", "tool_call_id": "c"}]
    client = Client(wrap=partial(told.wrap, content=True))
    prompt(client=client, model=ScriptedModel([GOOD]), history=history).run(ticket="x")
    sent = json.loads(str((told.spans[0].attributes or {})["gen_ai.input.messages"]))
    assert {"type": "reasoning", "content": "why"} in [part for message in sent for part in message["parts"]]


def test_a_client_that_traces_can_be_pickled() -> None:
    client = pickle.loads(pickle.dumps(Client(wrap=partial(Traced, content=True))))
    assert prompt(client=client, model=ScriptedModel([GOOD])).run(ticket="x").output
