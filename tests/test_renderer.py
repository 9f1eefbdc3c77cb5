"""Every case in `cases/render`: a prompt, its inputs and a model give just these messages, or this error."""

from __future__ import annotations

from typing import Any

import pytest
from case_files import CaseFiles

from promptkit.completion import ModelFacts
from promptkit.errors import InputError, RenderError
from promptkit.loader import load_spec
from promptkit.messages import Message
from promptkit.prompt import Prompt
from promptkit.render_trace import explain
from promptkit.renderer import Renderer
from promptkit.snapshots import snapshot_text
from promptkit.source import Memory
from promptkit.spec import Input, PromptSpec

CASES = CaseFiles("render", {"says", "prompt", "files", "inputs", "model", "history", "messages", "notes", "error"})


def renderer(data: dict[str, Any]) -> Renderer:
    return Renderer(load_spec(Memory(data.get("files", {})), "prompt.yaml", data["prompt"]))


def rendered(data: dict[str, Any]) -> Any:
    facts = ModelFacts(**data["model"]) if "model" in data else None
    history = [Message.from_openai(message) for message in data.get("history", ())]
    return renderer(data).render(data.get("inputs", {}), facts, history)


@pytest.mark.parametrize("name", CASES.names("messages"))
def test_a_prompt_renders_to_the_expected_messages(name: str) -> None:
    data = CASES.case(name)
    result = rendered(data)
    expected = [pair for message in data["messages"] for pair in message.items()]
    assert expected == [(message.role, message.text) for message in result.messages]
    assert data.get("notes", []) == list(result.notes)


@pytest.mark.parametrize("name", CASES.names("messages"))
def test_what_is_explained_is_what_is_rendered_with_a_place_for_all_that_is_written(name: str) -> None:
    data = CASES.case(name)
    facts = ModelFacts(**data["model"]) if "model" in data else None
    history = [Message.from_openai(message) for message in data.get("history", ())]
    explained = explain(renderer(data), data.get("inputs", {}), facts, history)
    expected = [pair for message in data["messages"] for pair in message.items()]
    assert expected == [(message.role, message.text) for message in explained.messages]
    for _, piece in explained.pieces():
        assert piece.line or piece.kind in ("promptkit", "example", "history"), piece


@pytest.mark.parametrize("name", CASES.names("error"))
def test_a_prompt_that_cannot_be_rendered_says_why_and_where(name: str) -> None:
    data = CASES.case(name)
    with pytest.raises(RenderError) as caught:
        rendered(data)
    found = {"code": caught.value.code, "where": caught.value.where, "message": caught.value.message}
    assert data["error"] == found


def test_an_input_that_does_not_fit_is_refused_before_anything_is_rendered() -> None:
    with pytest.raises(InputError, match="`n` is missing"):
        renderer({"prompt": "task: '{{ n / (n - n) }}'\ninputs: {n: integer}"}).render({})


def test_a_secret_reaches_no_template_even_in_a_spec_that_nobody_checked() -> None:
    secret = Input(json_schema={"type": "string"}, secret=True)
    spec = PromptSpec(task="{{ token }}", inputs={"token": secret})
    with pytest.raises(RenderError, match="`token` is undefined"):
        Renderer(spec).render({"token": "hidden"})


def test_a_check_does_not_see_secrets() -> None:
    spec = PromptSpec(task="Go.", inputs={"token": Input(secret=True)})
    with pytest.raises(RenderError, match="`token` is undefined"):
        Renderer(spec).check("leak", "token == value", {"value": 1, "token": "hidden"})


@pytest.mark.parametrize(
    ("that", "value", "holds"),
    [("value.s | length <= 2", {"s": "ab"}, True), ("value.s == self", {"s": "b"}, False), ("value", 0, False)],
)
def test_a_check_is_an_expression_over_the_value_and_the_inputs(that: str, value: Any, holds: bool) -> None:
    spec = PromptSpec(task="Go.")
    assert holds is Renderer(spec).check("c", that, {"value": value, "self": "a"})


@pytest.mark.parametrize(
    ("that", "code"),
    [
        ("value.x.y", "PK202"),
        ("1 / 0", "PK226"),
        ("value.__class__", "PK225"),
        ("value ==", "PK201"),
        ("2 ** 99999", "PK221"),
    ],
)
def test_a_check_that_cannot_be_computed_names_itself(that: str, code: str) -> None:
    with pytest.raises(RenderError) as caught:
        Renderer(PromptSpec(task="Go.", path="p.yaml")).check("c", that, {"value": {"x": {}}})
    assert (code, "p.yaml, check `c`") == (caught.value.code, caught.value.where)


def test_an_untrusted_value_is_refused_in_the_system_message_of_a_spec_that_nobody_checked() -> None:
    spec = PromptSpec(persona="{{ t }}", task="Go.", inputs={"t": Input(trust="web")})
    with pytest.raises(RenderError) as caught:
        Renderer(spec).render({"t": "hi"})
    assert "PK207" == caught.value.code


def test_examples_answer_in_the_key_order_of_the_schema() -> None:
    data = {
        "prompt": "task: Go.\noutput: {format: json, fields: {a: integer, b: integer}}\n"
        "examples: [{output: {b: 2, a: 1}}]"
    }
    assert '{"a": 1, "b": 2}' == rendered(data).messages[2].text


@pytest.mark.parametrize(("key", "name"), [("examples_from: {path: x.jsonl}", "`examples_from`")])
def test_a_key_whose_feature_is_not_built_is_refused_by_name(key: str, name: str) -> None:
    prompt = Prompt.from_text(f"task: Go.\n{key}", source=Memory({"x.jsonl": ""}))
    with pytest.raises(RenderError, match="not supported by this version") as caught:
        prompt.render()
    assert "PK131" == caught.value.code
    assert name in str(caught.value)


@pytest.mark.parametrize("key", ["memory: {last: 2}", "memory: full", "x-own: 1", "metadata: {a: 1}"])
def test_a_key_that_asks_for_nothing_that_is_missing_is_no_fault(key: str) -> None:
    assert Prompt.from_text(f"task: Go.\n{key}").render().messages


def test_a_base_without_a_task_says_that_it_is_one() -> None:
    spec = load_spec(Memory(), "_base.yaml", "persona: You are kind.")
    with pytest.raises(RenderError) as caught:
        Renderer(spec).render({})
    assert ("PK227", "_base.yaml") == (caught.value.code, caught.value.where)
    assert "there is no `task`: this file is a base for others" == caught.value.message


def test_authored_calls_of_tools_go_out_as_servers_want_them_and_can_be_seen() -> None:
    text = """
messages:
  - {role: user, content: "How warm is it?"}
  - role: assistant
    content: I look.
    tool_calls: [{name: get_weather, arguments: {city: Zürich}, id: z}, {name: get_time}]
  - {role: tool, tool_call_id: z, content: "21 degrees"}
  - {role: tool, content: "12:30"}
  - {role: user, content: Thanks.}
"""
    made = Renderer(load_spec(Memory({}), "prompt.yaml", text))
    rendered = made.render({}, None, ())
    _, asked, first, second, _ = (message.to_openai() for message in rendered.messages)
    assert [
        {"id": "z", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Zürich"}'}},
        {"id": "call_2", "type": "function", "function": {"name": "get_time", "arguments": "{}"}},
    ] == asked["tool_calls"]
    assert ("z", "call_2") == (first["tool_call_id"], second["tool_call_id"])
    assert 'I look.\n(calls get_weather with {"city": "Zürich"} as z)\n(calls get_time' in snapshot_text(rendered)
    assert [message.called for message in rendered.messages] == [
        message.called for message in explain(made, {}, None, ()).messages
    ]
