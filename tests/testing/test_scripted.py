from __future__ import annotations

import asyncio
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import promptkit.testing
from promptkit.completion import Assembler, Completion, Delta, Request, Usage
from promptkit.errors import ModelError, RateLimited
from promptkit.messages import Message, ToolCall
from promptkit.testing import ScriptedModel


def request(text: str = "Hello", **parts: Any) -> Request:
    return Request("m", (Message("user", text),), **parts)


def ask(model: ScriptedModel, asked: Request) -> Completion:
    answer = Assembler()
    for delta in model.send(asked):
        answer.feed(delta)
    return answer.completion()


def aask(model: ScriptedModel, asked: Request) -> Completion:
    async def collect() -> Completion:
        answer = Assembler()
        async for delta in model.asend(asked):
            answer.feed(delta)
        return answer.completion()

    return asyncio.run(collect())


BOTH = pytest.mark.parametrize("send", [ask, aask], ids=["sync", "async"])


@BOTH
def test_answers_come_in_order(send: Any) -> None:
    model = ScriptedModel(["one", "two"])
    assert ["one", "two"] == [send(model, request()).text for _ in range(2)]


@pytest.mark.parametrize("value", [{"ä": [1]}, ["a", None], []])
def test_data_is_answered_as_json(value: Any) -> None:
    assert value == json.loads(ask(ScriptedModel([value]), request()).text)


@BOTH
def test_an_exception_is_raised(send: Any) -> None:
    with pytest.raises(RateLimited, match="slow down"):
        send(ScriptedModel([RateLimited("slow down")]), request())


COMPLETION = Completion(
    "The answer is long enough.",
    "I think about it.",
    (ToolCall("1", "look", '{"a": 1}'), ToolCall("2", "see", "")),
    "tool_calls",
    Usage(3, 2, requests=1),
    "m-1",
    "id-1",
)


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_a_completion_arrives_as_it_is(send: Any, stream: bool) -> None:
    assert COMPLETION == send(ScriptedModel([COMPLETION]), request(stream=stream))


def test_only_a_streaming_request_is_answered_in_pieces() -> None:
    model = ScriptedModel(itertools.repeat(COMPLETION))
    assert 1 == len(list(model.send(request())))
    assert 5 < len(list(model.send(request(stream=True))))


def test_deltas_are_given_as_they_are() -> None:
    deltas = [Delta(text="a"), Delta(text="b")]
    assert deltas == list(ScriptedModel([deltas]).send(request()))


def test_a_function_answers_from_the_request() -> None:
    model = ScriptedModel([lambda asked: {"said": asked.messages[0].text}])
    assert {"said": "Hello"} == json.loads(ask(model, request()).text)


def test_the_requests_are_kept_in_order() -> None:
    model = ScriptedModel(["one", RateLimited("no")])
    ask(model, request("first"))
    with pytest.raises(RateLimited):
        ask(model, request("second"))
    assert ["first", "second"] == [asked.messages[0].text for asked in model.requests]


@BOTH
def test_a_script_that_has_ended_says_so(send: Any) -> None:
    model = ScriptedModel(["one"], name="judge")
    send(model, request())
    with pytest.raises(ModelError, match="no answer to request 2") as caught:
        send(model, request())
    assert "judge" == caught.value.where
    assert "it held 1" in caught.value.help


def test_a_lone_text_is_one_answer_and_not_its_letters() -> None:
    assert "whole" == ask(ScriptedModel("whole"), request()).text


def test_the_model_names_itself_in_its_answers() -> None:
    assert "judge" == ask(ScriptedModel(["x"], name="judge"), request()).model


def test_threads_share_one_script_without_losing_an_answer() -> None:
    model = ScriptedModel(str(n) for n in range(200))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(model, request()).text, range(200)))
    assert {str(n) for n in range(200)} == set(answers)


def test_every_public_name_of_the_package_loads() -> None:
    assert sorted(promptkit.testing.__all__) == promptkit.testing.__all__
    assert all(getattr(promptkit.testing, name).__doc__ for name in promptkit.testing.__all__)


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        _ = promptkit.testing.Nothing
