"""Tools for a model that calls none: what it is asked, and what is made of its answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from waitless import GOOD, Waitless, triage

from promptkit import Client, Prompt, tool
from promptkit.completion import Assembler, Completion, Request, Usage
from promptkit.messages import Message, ToolCall
from promptkit.models.prompted_tools import PromptedTools
from promptkit.schema import Schema
from promptkit.testing import ScriptedModel

LOOK = {
    "type": "function",
    "function": {
        "name": "look",
        "parameters": {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
    },
}
WEIGH = {"type": "function", "function": {"name": "weigh", "parameters": {"type": "object", "properties": {}}}}
ASKED = Request("m", (Message("system", "Be brief."), Message("user", "How heavy is 7?")), tools=(LOOK, WEIGH))


def sent(request: Request, answer: Any = '{"answer": "x"}') -> tuple[Request, Completion]:
    """What the wrapped model is asked for a request, and what comes back."""
    inner = ScriptedModel([answer])
    assembler = Assembler()
    for delta in PromptedTools(inner).send(request):
        assembler.feed(delta)
    return inner.requests[0], assembler.completion()


def takes(request: Request, value: Any) -> bool:
    """Whether the schema that is sent takes a value."""
    assert request.response_format is not None
    return not Schema(request.response_format["json_schema"]["schema"]).validate(value)


def test_the_tools_stand_in_the_system_message_and_the_schema_leaves_the_choice() -> None:
    request, _ = sent(ASKED)
    assert () == request.tools
    assert request.messages[0].text.startswith("Be brief.\n\nTools:\n- ")
    assert '"name":"look"' in request.messages[0].text
    values = {
        '{"tool": "look", "arguments": {"number": 7}}': True,
        '{"tool": "weigh", "arguments": {}}': True,
        '{"answer": "heavy"}': True,
        '{"tool": "look", "arguments": {}}': False,
        '{"tool": "other", "arguments": {}}': False,
        '{"answer": 7}': False,
        "{}": False,
    }
    assert values == {text: takes(request, json.loads(text)) for text in values}


@pytest.mark.parametrize(
    ("choice", "look", "weigh", "answer"),
    [
        ("auto", True, True, True),
        ("required", True, True, False),
        ({"type": "function", "function": {"name": "weigh"}}, False, True, False),
        ("none", False, False, True),
    ],
)
def test_the_choice_of_tools_is_a_choice_of_schemas(choice: Any, look: bool, weigh: bool, answer: bool) -> None:
    request, _ = sent(Request("m", ASKED.messages, {"tool_choice": choice}, tools=ASKED.tools))
    values = ({"tool": "look", "arguments": {"number": 7}}, {"tool": "weigh", "arguments": {}}, {"answer": "x"})
    assert [look, weigh, answer] == [takes(request, value) for value in values]
    assert "tool_choice" not in request.options


def test_an_answers_own_schema_stands_under_its_key_and_its_definitions_at_the_root() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/n"}},
        "required": ["a"],
        "$defs": {"n": {"type": "integer"}},
    }
    request, completion = sent(Request("m", ASKED.messages, tools=ASKED.tools, schema=schema), '{"answer": {"a": 1}}')
    assert [True, False] == [takes(request, {"answer": {"a": value}}) for value in (1, "x")]
    assert '{"a": 1}' == completion.text


@pytest.mark.parametrize(
    ("answer", "text", "calls"),
    [
        ('{"answer": "heavy"}', "heavy", []),
        ('{"tool": "look", "arguments": {"number": 7}}', "", [("look", '{"number": 7}')]),
        ('{"tool": "weigh"}', "", [("weigh", "{}")]),
        ('{"tool": "lo', '{"tool": "lo', []),
        ("no JSON", "no JSON", []),
        ("[1]", "[1]", []),
    ],
)
def test_a_call_and_an_answer_are_told_as_the_wire_has_them(answer: str, text: str, calls: list[Any]) -> None:
    told = Completion(answer, usage=Usage(3, 4, requests=1), model="m-1")
    _, completion = sent(ASKED, told)
    assert (text, calls) == (completion.text, [(call.name, call.arguments) for call in completion.tool_calls])
    assert (told.usage, "m-1") == (completion.usage, completion.model)
    assert ("tool_calls" if calls else "stop") == completion.finish_reason


def test_what_was_called_and_came_of_it_is_told_in_words_and_not_offered_again() -> None:
    call = ToolCall("a", "look", '{"number": 7}')
    later = (*ASKED.messages, Message("assistant", None, (call,)), Message("tool", "a kettle", tool_call_id="a"))
    request, _ = sent(Request("m", later, tools=ASKED.tools))
    assert [
        Message("assistant", '{"tool": "look", "arguments": {"number": 7}}'),
        Message("user", "The tool look gave:\na kettle"),
    ] == list(request.messages[-2:])
    assert not takes(request, {"tool": "look", "arguments": {"number": 7}})
    assert takes(request, {"tool": "weigh", "arguments": {}})
    asked_anew, _ = sent(
        Request("m", (*later, Message("assistant", "A kettle."), Message("user", "And 8?")), tools=ASKED.tools)
    )
    assert takes(asked_anew, {"tool": "look", "arguments": {"number": 8}})


def test_a_request_without_tools_passes_through() -> None:
    request = Request("m", ASKED.messages, stream=True)
    assert request == sent(request, "x")[0]


@pytest.mark.parametrize("stream", [False, True])
def test_the_loop_runs_the_tools_of_such_a_model(stream: bool) -> None:
    called = []

    @tool
    def look(number: int) -> str:
        """Look."""
        called.append(number)
        return "a kettle"

    inner = ScriptedModel(['{"tool": "look", "arguments": {"number": 7}}', json.dumps({"answer": GOOD})])
    prompt: Prompt[Any] = triage().using(model=PromptedTools(inner), client=Client(clock=Waitless()), tools=[look])
    result = prompt.stream(ticket="x").result() if stream else prompt.run(ticket="x")
    assert (GOOD, [7]) == (result.output, called)
