"""Earlier messages: what is no conversation is refused with its place, and what is one comes apart into whole turns."""

from __future__ import annotations

from typing import Any

import pytest

from promptkit import History, Message, Prompt
from promptkit.errors import ConfigError

USER: dict[str, Any] = {"role": "user", "content": "q"}
ANSWER: dict[str, Any] = {"role": "assistant", "content": "a"}
SYSTEM: dict[str, Any] = {"role": "system", "content": "s"}


def calls(*ids: str, text: Any = None) -> dict[str, Any]:
    made = [{"id": each, "type": "function", "function": {"name": "f", "arguments": "{}"}} for each in ids]
    return {"role": "assistant", "content": text, "tool_calls": made}


def result(call: str) -> dict[str, Any]:
    return {"role": "tool", "content": "r", "tool_call_id": call}


@pytest.mark.parametrize(
    ("messages", "sizes"),
    [
        ([], []),
        ([USER, ANSWER], [2]),
        ([USER, ANSWER, USER, ANSWER, ANSWER], [2, 3]),
        ([USER, USER, ANSWER], [3]),
        ([USER, calls("1", "2"), result("2"), result("1"), ANSWER, USER, ANSWER], [5, 2]),
        ([USER, calls("1"), result("1"), calls("1"), result("1"), ANSWER], [6]),
        ([USER, calls("1", text="wait"), result("1"), ANSWER], [4]),
    ],
)
def test_a_conversation_comes_apart_into_whole_turns(messages: list[Any], sizes: list[int]) -> None:
    history = History.of(messages)
    turns = history.turns()
    assert sizes == [len(turn) for turn in turns]
    assert history.messages == tuple(message for turn in turns for message in turn)
    assert messages == history.to_openai()


@pytest.mark.parametrize(
    ("messages", "place", "fault"),
    [
        ([ANSWER], 0, "begins with the user, not with assistant"),
        ([SYSTEM, USER, ANSWER], 0, "a system message"),
        ([USER, ANSWER, SYSTEM], 2, "a system message"),
        ([USER, result("1"), ANSWER], 1, "'1', which nobody made"),
        ([USER, calls("1"), result("2"), ANSWER], 2, "'2', which nobody made"),
        ([USER, calls("1"), result("1"), result("1"), ANSWER], 3, "'1', which nobody made"),
        ([USER, calls("1"), ANSWER], 2, "the call '1' has no result before this message"),
        ([USER, calls("1"), USER, ANSWER], 2, "the call '1' has no result before this message"),
        ([USER, calls("1")], 1, "the call '1' has no result"),
        ([USER, calls("1"), result("1")], 2, "has no answer"),
        ([USER, ANSWER, USER], 2, "has no answer"),
        ([USER, {"role": "assistant", "content": " "}], 1, "the assistant message has no content"),
        ([{"role": "user", "content": ""}, ANSWER], 0, "the user message has no content"),
    ],
)
def test_what_is_no_conversation_is_refused_with_its_place(messages: list[Any], place: int, fault: str) -> None:
    with pytest.raises(ConfigError, match="is no conversation") as caught:
        History.of(messages).turns()
    assert f"history[{place}]" == caught.value.where
    assert fault in caught.value.message
    with pytest.raises(ConfigError):
        Prompt.from_text("inputs: {q: string}\ntask: '{{ q }}'").using(history=messages).chat()


@pytest.mark.parametrize(
    "message", ["Hello", {"role": "wizard", "content": "x"}, {"content": "x"}, {"role": "user"}, 7]
)
def test_what_is_no_message_is_refused_with_its_place(message: Any) -> None:
    with pytest.raises(ConfigError, match="the history cannot be read") as caught:
        History.of([USER, message])
    assert "history[1]" == caught.value.where


def test_a_history_of_messages_is_kept_as_it_is() -> None:
    history = History((Message("user", "q"), Message("assistant", "a")))
    assert history is History.of(history)
    assert history == History.of(history.messages)


def test_what_is_no_list_of_messages_is_refused() -> None:
    with pytest.raises(ConfigError, match="the history is int"):
        History.of(5)  # type: ignore[arg-type]
