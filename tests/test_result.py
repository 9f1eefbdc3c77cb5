"""The values that run through the house: frozen, slotted, printable, picklable."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any, get_args

import pytest

from promptkit import Client, Prompt, completion, events, messages, result
from promptkit.completion import (
    AnswerForm,
    Assembler,
    Completion,
    Delta,
    ModelFacts,
    Rates,
    Request,
    ToolCallDelta,
    Usage,
)
from promptkit.events import (
    AttemptAbandoned,
    FieldComplete,
    PartialValue,
    ReasoningDelta,
    TextDelta,
    ToolCalled,
    ToolReturned,
)
from promptkit.messages import Message, ToolCall
from promptkit.result import Attempt, Check, Output, Rendered, Result, Step, ToolRun, Violation, total_usage
from promptkit.testing import ScriptedModel

HELLO = Message("user", "Hello")
CALL = ToolCall("c-1", "look", '{"a": 1}')
REQUEST = Request(
    "m",
    (HELLO,),
    {"top_p": 1},
    {"type": "json_object"},
    ({"type": "function"},),
    {"type": "object"},
    AnswerForm(prose=True),
    True,
    5.0,
)
ANSWER = Completion("{}", "hm", (CALL,), "tool_calls", Usage(1, 2, 3, 4, 1, 0), "m-1", "id-1")
STEP = Step("fence removed", "one")
RUN = ToolRun(CALL, "ok", "seen", {"a": 1}, (STEP,), 0.5)
ATTEMPT = Attempt(REQUEST, ANSWER, (Violation("$.a", "no", "type", ("a",)),), (STEP,), "invalid", 0.5)
VALUES = [
    AnswerForm(plain=True, headings=("A",)),
    Rates(60, 3, 1.5e9),
    ModelFacts("m", context_length=10),
    REQUEST,
    Usage(1, 2),
    ToolCallDelta(0, "c-1"),
    Delta("a", "b", (ToolCallDelta(0),), "stop", Usage(), "m", "i", True),
    ANSWER,
    CALL,
    HELLO,
    Rendered((HELLO,), ("note",)),
    Violation("$", "no"),
    STEP,
    Output({"a": 1}, "hm", (STEP,)),
    Check("short", False),
    ATTEMPT,
    Result({"a": 1}, "{}", "hm", (ATTEMPT,), "m", rendered=Rendered((HELLO,)), record_id="01K8"),
    TextDelta("a"),
    ReasoningDelta("a"),
    PartialValue({}),
    FieldComplete(("a", 0), 1),
    AttemptAbandoned(1, "no"),
    ToolCalled(CALL),
    RUN,
    ToolReturned(RUN),
    completion.Transport("tool", "it calls tools", ("`not` left out at $",), "answer"),
]
EACH = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)


def test_every_value_of_the_floor_is_here() -> None:
    modules = (completion, events, messages, result)
    kinds = {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and dataclasses.is_dataclass(kind)
    }
    assert kinds == {type(value) for value in VALUES}


@EACH
def test_a_value_does_not_change(value: Any) -> None:
    name = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, None)
    assert not hasattr(value, "__dict__")


@EACH
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_of_a_value_is_equal_to_it(value: Any, copied: Any) -> None:
    assert value == copied(value)


@EACH
def test_a_value_shows_itself(value: Any) -> None:
    assert repr(value).startswith(f"{type(value).__name__}(")


def test_every_kind_of_event_is_one() -> None:
    assert set(get_args(events.Event)) == {type(value) for value in VALUES if type(value).__module__ == events.__name__}


# What they tell


def test_a_request_is_the_body_of_the_call() -> None:
    assert {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello"}],
        "top_p": 1,
        "response_format": {"type": "json_object"},
        "tools": [{"type": "function"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    } == REQUEST.to_openai()


def test_a_bare_request_says_no_more_than_it_must() -> None:
    assert {"model": "m", "messages": []} == Request("m", ()).to_openai()


def test_neither_streaming_nor_time_is_part_of_what_is_asked() -> None:
    assert REQUEST.key == dataclasses.replace(REQUEST, stream=False, timeout=None).key
    assert REQUEST == dataclasses.replace(REQUEST, timeout=1.0)
    assert REQUEST.key != dataclasses.replace(REQUEST, options={}).key


def test_the_digest_of_messages_goes_by_what_they_say() -> None:
    assert Rendered((HELLO,), ("note",)).digest == Rendered((Message("user", "Hello"),)).digest
    assert Rendered((HELLO,)).digest != Rendered((Message("system", "Hello"),)).digest


def test_usage_adds_up() -> None:
    assert Usage(11, 22, 33, 44, 2, 1) == Usage(1, 2, 3, 4, 1, 1) + Usage(10, 20, 30, 40, 1, 0)
    assert 33 == Usage(11, 22).total_tokens


def test_an_attempt_without_an_answer_cost_nothing_that_is_known() -> None:
    assert Usage() == Attempt(REQUEST).usage == total_usage(())


def test_a_result_counts_all_its_attempts() -> None:
    assert ANSWER.usage + ANSWER.usage == Result(1, "1", "", (ATTEMPT, ATTEMPT), "m").usage


@pytest.mark.parametrize(("repairs", "repaired"), [([], False), ([False], False), ([False, True], True)])
def test_an_output_is_repaired_when_one_step_was_a_repair(repairs: list[bool], repaired: bool) -> None:
    assert repaired == Output(1, steps=tuple(Step("s", "d", each) for each in repairs)).repaired


def test_violations_and_steps_say_what_they_are() -> None:
    assert ("at $.a: no", "fence removed: one") == (str(Violation("$.a", "no")), str(STEP))


# Messages


@pytest.mark.parametrize(
    "message",
    [
        HELLO,
        Message("assistant", None, (CALL,)),
        Message("tool", "7", tool_call_id="c-1"),
        Message("user", ({"type": "text", "text": "Hello"},)),
    ],
)
def test_a_message_survives_its_openai_form(message: Message) -> None:
    assert message == Message.from_openai(message.to_openai())


def test_a_developer_is_sent_as_the_system() -> None:
    assert Message("system", "x") == Message.from_openai({"role": "developer", "content": "x"})


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"role": "wizard", "content": "x"}, "role 'wizard' is not one of system"),
        ({"role": "user"}, "the user message has no content"),
        ({"role": "user", "content": 7}, "is a text, not int"),
        ({"role": "user", "content": ["Hello"]}, "a part of a message is a mapping, not str"),
        ({"role": "assistant", "tool_calls": [{"id": "1"}]}, "a tool call without `function`"),
        ({"role": "assistant", "tool_calls": ["look"]}, "a tool call is a mapping"),
        ("Hello", "a message is a mapping, not str"),
    ],
)
def test_what_no_chat_can_hold_is_refused(message: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Message.from_openai(message)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a", "a"),
        (None, ""),
        (({"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}), "ab"),
    ],
)
def test_the_text_of_a_message_leaves_out_what_is_none(content: Any, text: str) -> None:
    assert text == Message("user", content).text


# Assembling


def joined(*deltas: Delta) -> Completion:
    assembler = Assembler()
    for delta in deltas:
        assembler.feed(delta)
    return assembler.completion()


def test_pieces_of_tool_calls_are_joined_by_their_index() -> None:
    pieces = [ToolCallDelta(1, "b", "two", "{"), ToolCallDelta(0, "a", "one"), ToolCallDelta(1, arguments="}")]
    calls = joined(*(Delta(tool_calls=(piece,)) for piece in pieces), Delta(done=True)).tool_calls
    assert (ToolCall("a", "one", ""), ToolCall("b", "two", "{}")) == calls


def test_a_tool_call_without_an_index_is_a_whole_one() -> None:
    whole = [Delta(tool_calls=(ToolCallDelta(None, name, name, "{}"),)) for name in "ab"]
    assert ["a", "b"] == [call.name for call in joined(*whole, Delta(done=True)).tool_calls]


def test_the_last_usage_and_the_first_name_count() -> None:
    answer = joined(
        Delta("a", usage=Usage(1), model="m-1", id="i-1"), Delta(usage=Usage(2), model="m-2", id="i-2", done=True)
    )
    assert (Usage(2), "m-1", "i-1") == (answer.usage, answer.model, answer.id)


def test_an_answer_without_a_count_says_so() -> None:
    assert Usage(requests=1, unreported=1) == joined(Delta("a", finish_reason="stop")).usage


def test_a_result_prints_without_what_was_sent() -> None:
    with Client(log=False) as client:
        prompt = Prompt.from_text("task: 'Greet {{ name }}.'\ninputs: {name: string}\n").using(
            model=ScriptedModel(["Hello!"]), client=client
        )
        told = repr(prompt.run(name="a very long name"))
    assert "Hello!" in told
    assert "a very long name" not in told
