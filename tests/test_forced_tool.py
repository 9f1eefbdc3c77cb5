"""Answers that a model gives as the arguments of a tool that it was told to call."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from waitless import BAD, GOOD, Waitless, triage

from promptkit import Client, Prompt
from promptkit.completion import Completion, Delta, ModelFacts, ToolCallDelta, Usage
from promptkit.errors import StreamInterrupted
from promptkit.events import FieldComplete, TextDelta
from promptkit.messages import ToolCall
from promptkit.record import RunLog
from promptkit.settings import load_settings
from promptkit.testing import ScriptedModel
from promptkit.testing.server import MaraServer

ABILITIES = {"json_schema": False, "json_mode": False, "tools": True}


def asking(model: Any, **told: Any) -> Prompt[Any]:
    settings = load_settings(models={"m": ABILITIES, "gpt-oss-120b": ABILITIES})
    client = Client(settings=settings, clock=Waitless(), models={"m": model} if model else None, **told)
    return triage().using(model="m", client=client)


def called(*answers: Any, name: str = "triage", text: str = "") -> Completion:
    calls = tuple(ToolCall(str(number), name, json.dumps(answer)) for number, answer in enumerate(answers))
    return Completion(text, tool_calls=calls, finish_reason="tool_calls", usage=Usage(5, 5, requests=1))


def test_the_settings_say_what_a_model_can() -> None:
    assert ModelFacts("m", source="json_schema, json_mode, tools: your settings", **ABILITIES) == asking(None).facts


def test_what_the_tool_is_called_with_is_the_answer(tmp_path: Path) -> None:
    model = ScriptedModel([called(GOOD)])
    result = asking(model, log=tmp_path / "log.db").run(ticket="x")
    assert (GOOD, "native", ()) == (result.output, result.confidence, result.steps)
    [request] = model.requests
    assert request.transport is not None
    assert "tool" == request.transport.form
    assert {"tools", "tool_choice"} <= request.to_openai().keys()
    [record] = RunLog(tmp_path / "log.db").list()
    assert "tool" == record.attempts[0]["transport"]["form"]
    assert "does not honour schemas and JSON mode" in record.attempts[0]["transport"]["reason"]


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_does_not_fit_is_asked_for_again_with_the_tool(stream: bool) -> None:
    model = ScriptedModel([called(BAD), called(GOOD)])
    prompt = asking(model)
    result = prompt.stream(ticket="x").result() if stream else prompt.run(ticket="x")
    assert GOOD == result.output
    assert [True, True] == [bool(request.tools) for request in model.requests]
    assert "biling" in model.requests[1].messages[-2].text


def test_a_model_that_answers_in_words_is_read_too_and_told() -> None:
    result = asking(ScriptedModel([json.dumps(GOOD)])).run(ticket="x")
    assert GOOD == result.output
    assert ["tool not called"] == [step.name for step in result.steps]


def test_two_calls_that_disagree_are_no_answer() -> None:
    model = ScriptedModel([called(GOOD, {**GOOD, "urgency": 3}), called(GOOD, GOOD, text="Well: ")])
    result = asking(model).run(ticket="x")
    assert (GOOD, 2) == (result.output, len(result.attempts))


def test_a_call_of_something_else_is_no_answer() -> None:
    result = asking(ScriptedModel([called(GOOD, name="other"), called(GOOD)])).run(ticket="x")
    assert (GOOD, 2) == (result.output, len(result.attempts))


def test_the_arguments_are_streamed_as_text_and_fields() -> None:
    arguments = json.dumps(GOOD)
    deltas = [Delta(tool_calls=(ToolCallDelta(0, "1", "triage"),))]
    deltas += [Delta(tool_calls=(ToolCallDelta(0, arguments=piece),)) for piece in (arguments[:12], arguments[12:])]
    deltas += [Delta(tool_calls=(ToolCallDelta(1, "2", "other", "{"),)), Delta(finish_reason="tool_calls", done=True)]
    with asking(ScriptedModel([deltas])).stream(ticket="x") as answer:
        seen = list(answer)
    assert arguments == "".join(event.text for event in seen if isinstance(event, TextDelta))
    assert [("team",), ("urgency",)] == [event.location for event in seen if isinstance(event, FieldComplete)]
    assert GOOD == answer.result().output


def test_over_a_socket_all_four_ways_give_the_answer() -> None:
    with MaraServer() as server:
        settings = load_settings(models={"gpt-oss-120b": ABILITIES}, base_url=server.base_url, api_key="sk-test")
        client = Client(settings=settings, clock=Waitless())
        prompt = triage().using(model="gpt-oss-120b", client=client)

        async def both() -> list[Any]:
            return [(await prompt.arun(ticket="x")).output, (await prompt.astream(ticket="x").result()).output]

        answers = [prompt.run(ticket="x").output, prompt.stream(ticket="x").result().output, *asyncio.run(both())]
        client.close()
    assert [answers[0]] * 4 == answers
    assert {"team", "urgency"} == answers[0].keys()


def streamed(*deltas: Delta) -> Any:
    last = Delta(finish_reason="tool_calls", done=True)
    return asking(ScriptedModel([[*deltas, last], called({**GOOD, "urgency": 5})])).stream(ticket="x").result()


def piece(index: int | None, name: str, arguments: Any) -> Delta:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return Delta(tool_calls=(ToolCallDelta(index, f"c{index}", name, text),))


OTHER = {**GOOD, "urgency": 4}
TEXT = json.dumps(GOOD)


@pytest.mark.parametrize(
    ("deltas", "attempts"),
    [
        ([piece(1, "triage", GOOD), piece(0, "triage", OTHER)], 2),
        ([piece(None, "triage", GOOD), piece(None, "triage", OTHER)], 2),
        ([piece(None, "triage", GOOD), piece(None, "other", OTHER)], 1),
        ([piece(0, "", TEXT[:5]), piece(0, "triage", TEXT[5:])], 1),
        ([piece(1, "other", OTHER), piece(0, "triage", GOOD)], 1),
    ],
)
def test_calls_are_told_apart_in_any_order(deltas: list[Delta], attempts: int) -> None:
    assert attempts == len(streamed(*deltas).attempts)


def test_what_had_arrived_of_the_arguments_is_in_the_error() -> None:
    with pytest.raises(StreamInterrupted, match="after 9 characters") as caught:
        asking(ScriptedModel([[piece(0, "triage", TEXT[:9])]])).stream(ticket="x").result()
    assert TEXT[:9] == caught.value.text


def test_a_form_that_is_asked_for_by_the_prompt_keeps_its_reason() -> None:
    settings = load_settings(models={"m": {"json_schema": False, "json_mode": False}})
    model = ScriptedModel([json.dumps(BAD), json.dumps(GOOD)])
    triage().using(model="m", client=Client(settings=settings, models={"m": model})).run(ticket="x")
    first, second = (str(request.transport) for request in model.requests)
    assert first == second
    assert "does not honour schemas and JSON mode" in first


def test_a_model_that_was_measured_to_ignore_a_forced_tool_is_asked_by_the_prompt() -> None:
    settings = load_settings(models={"m": {**ABILITIES, "forced_tools": False}})
    request = triage().using(model="m", client=Client(settings=settings)).request(ticket="x")
    assert request.transport is not None
    assert ("prompt", ()) == (request.transport.form, request.tools)
    assert "only when it wants to" in request.transport.reason
