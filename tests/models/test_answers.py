"""Bodies and chunks become deltas, and what is no answer is refused in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from raw_server import chat, chunk

from promptkit.completion import Assembler, Delta, ToolCallDelta, Usage
from promptkit.errors import BadResponse
from promptkit.messages import ToolCall
from promptkit.models.answers import ChunkReader, read_answer, read_usage


def answer(body: Any) -> Delta:
    return read_answer(json.dumps(body).encode())


def joined(*chunks: dict[str, Any]) -> Any:
    reader, assembler = ChunkReader(), Assembler()
    for each in chunks:
        delta = reader.read(json.dumps(each).encode())
        if delta is not None:
            assembler.feed(delta)
    reader.finish()
    return assembler.completion()


def test_a_whole_answer_is_one_delta_with_everything() -> None:
    expected = Delta(
        text="Hello",
        finish_reason="stop",
        usage=Usage(7, 3, requests=1),
        model="gpt-oss-120b",
        id="6aab7b9d-991c-4acb-91ee-a1e77fb993e8",
        done=True,
    )
    assert expected == answer(chat("Hello"))


def test_a_byte_order_mark_is_no_trouble() -> None:
    assert read_answer(b"\xef\xbb\xbf" + json.dumps(chat("Hello")).encode()).text == "Hello"


@pytest.mark.parametrize("finish", ["length", "content_filter", "eos_token"])
def test_a_finish_reason_is_kept_as_the_server_said_it(finish: str) -> None:
    assert finish == answer(chat("Hel", finish)).finish_reason


def test_an_empty_answer_that_was_cut_is_an_answer() -> None:
    assert answer(chat(None, "length", reasoning="hmm")).finish_reason == "length"


def test_an_empty_answer_of_a_filter_is_named() -> None:
    assert answer(chat(None, "content_filter")).finish_reason == "content_filter"


def test_a_missing_finish_reason_of_a_whole_answer_is_stop() -> None:
    assert answer(chat("Hello", None)).finish_reason == "stop"


def test_a_missing_finish_reason_beside_tool_calls_is_tool_calls() -> None:
    calls = [{"id": "call_1", "function": {"name": "f", "arguments": "{}"}}]
    assert answer(chat(None, None, tool_calls=calls)).finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"reasoning": "first", "reasoning_content": "second"}, "first"),
        ({"reasoning_content": "second"}, "second"),
        ({"reasoning": None, "reasoning_content": "second"}, "second"),
        ({"reasoning": {"odd": 1}}, ""),
    ],
)
def test_reasoning_comes_from_reasoning_then_from_reasoning_content(message: Any, expected: str) -> None:
    assert expected == answer(chat("Hello", **message)).reasoning


def test_content_in_parts_is_joined() -> None:
    parts: Any = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}, {"type": "image"}]
    assert answer(chat(parts)).text == "Hello"


def test_arguments_that_are_an_object_become_their_text() -> None:
    calls = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": {"city": "Zürich"}}}]
    expected = (ToolCallDelta(0, "call_1", "f", '{"city": "Zürich"}'),)
    assert expected == answer(chat(None, "tool_calls", tool_calls=calls)).tool_calls


def test_arguments_that_are_null_become_an_empty_text() -> None:
    calls = [{"id": "call_1", "function": {"name": "f", "arguments": None}}, {"function": None}, "odd"]
    expected = (ToolCallDelta(0, "call_1", "f", ""), ToolCallDelta(1), ToolCallDelta(2))
    assert expected == answer(chat(None, "tool_calls", tool_calls=calls)).tool_calls


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"<html><title>Welcome</title></html>", "is a web page"),
        (b"Service Temporarily Unavailable", "is not JSON"),
        (b'{"choices": [', "is not JSON"),
        (b'{"created": NaN}', "is not JSON"),
        (b"\xff\xfe{", "is not UTF-8"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"9" * 5000, "is not JSON"),
        (b"null", "is JSON, but null"),
        (b"[]", "is JSON, but a list"),
        (b'"hello"', "is JSON, but a text"),
        (b"true", "is JSON, but a boolean"),
        (b"17", "is JSON, but a number"),
        (b"{}", "has no choices"),
        (b'{"choices": null}', "has no choices"),
        (b'{"choices": []}', "has no choices"),
        (b'{"choices": [null]}', "has no choices"),
        (b'{"choices": [{"index": 0}]}', "has a choice without a message"),
        (b'{"choices": [{"message": null}]}', "has a choice without a message"),
        (b'{"choices": [{"message": {"content": null}, "finish_reason": "stop"}]}', "is empty: no text"),
        (b'{"choices": [{"message": {"content": ""}}]}', "is empty: no text"),
    ],
)
def test_what_is_no_answer_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(BadResponse, match=words) as caught:
        read_answer(body)
    assert caught.value.help
    assert caught.value.body in body.decode("utf-8", "replace")


def test_a_refusal_says_what_was_refused() -> None:
    with pytest.raises(BadResponse, match="refuses to answer: I cannot help with that"):
        answer(chat(None, refusal="I cannot help with that"))


def test_an_answer_beside_a_refusal_is_an_answer() -> None:
    assert answer(chat("Hello", refusal="not wholly")).text == "Hello"


@pytest.mark.parametrize(
    ("error", "message", "code"),
    [
        ({"message": "overloaded", "code": "queue_full"}, "overloaded", "queue_full"),
        ("Not found", "Not found", ""),
        ({"code": 500}, "an error without words", "500"),
        (["odd"], '["odd"]', ""),
    ],
)
def test_an_error_under_200_is_told_in_the_servers_words(error: Any, message: str, code: str) -> None:
    with pytest.raises(BadResponse) as caught:
        answer({"error": error, "request_id": "r-1"})
    assert (f"the server said 200 and then: {message}", code, "r-1") == (
        caught.value.message,
        caught.value.server_code,
        caught.value.request_id,
    )


def test_a_null_error_beside_an_answer_is_no_error() -> None:
    assert answer({**chat("Hello"), "error": None}).text == "Hello"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ({}, None),
        ("odd", None),
        ({"total_latency": 0.2, "is_last_response": True}, None),
        ({"prompt_tokens": 5}, Usage(5, 0, requests=1)),
        ({"prompt_tokens": True, "completion_tokens": 4}, Usage(0, 4, requests=1)),
        ({"prompt_tokens": -1, "completion_tokens": 4.5}, None),
        ({"prompt_tokens": 5, "completion_tokens": 2, "completion_tokens_details": None}, Usage(5, 2, requests=1)),
        (
            {
                "prompt_tokens": 5,
                "completion_tokens": 9,
                "completion_tokens_details": {"reasoning_tokens": 4},
                "prompt_tokens_details": {"cached_tokens": 3},
            },
            Usage(5, 9, 4, 3, requests=1),
        ),
    ],
)
def test_usage_is_an_extra_that_may_be_missing_in_any_part(usage: Any, expected: Usage | None) -> None:
    assert expected == read_usage(usage)


def test_chunks_join_to_the_answer() -> None:
    completion = joined(
        chunk(role="assistant", content=""),
        chunk(role="assistant", content="Tes"),
        chunk(role="assistant", content="la"),
        chunk("stop", content=""),
        {"choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 1}},
    )
    assert ("Tesla", "stop", Usage(2, 1, requests=1)) == (completion.text, completion.finish_reason, completion.usage)


@pytest.mark.parametrize(
    "silent",
    [
        {},
        {"choices": None},
        {"choices": []},
        {"choices": [None]},
        {"choices": [{"index": 0, "delta": None}]},
        {"choices": [{"index": 0}]},
        {"choices": [{"index": 0, "delta": {"content": None, "tool_calls": None, "reasoning": None}}], "usage": None},
        {"choices": [{"index": 1, "delta": {"content": "of another answer"}}]},
    ],
)
def test_a_chunk_that_says_nothing_leaves_no_trace(silent: dict[str, Any]) -> None:
    assert ChunkReader().read(json.dumps(silent).encode()) is None


def test_model_and_id_are_told_once() -> None:
    reader = ChunkReader()
    told = [reader.read(json.dumps(chunk(content=text)).encode()) for text in "ab"]
    assert [Delta("a", model="gpt-oss-120b", id="c-1"), Delta("b")] == told


def test_reasoning_of_a_stream_stays_apart_from_its_text() -> None:
    completion = joined(chunk(reasoning="hm"), chunk(reasoning_content="m"), chunk("stop", content="4"))
    assert (completion.reasoning, completion.text) == ("hmm", "4")


def piece(index: int | None = None, id: str | None = None, name: str | None = None, arguments: Any = None) -> Any:
    given = {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {key: value for key, value in given.items() if value is not None}


ROME = ToolCall("call_1", "weather", '{"city": "Rome"}')
OSLO = ToolCall("call_2", "weather", '{"city": "Oslo"}')


def first(index: int | None = None) -> Any:
    return piece(index, ROME.id, ROME.name, ROME.arguments)


def second(index: int | None = None) -> Any:
    return piece(index, OSLO.id, OSLO.name, OSLO.arguments)


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([[first(0)], [second(1)]], id="whole"),
        pytest.param([[first(), second()]], id="whole, no index"),
        pytest.param([[first(0)], [second(0)]], id="one index for all"),
        pytest.param(
            [[piece(0, ROME.id, ROME.name, "")], [piece(0, ROME.id, None, ROME.arguments)], [second(1)]],
            id="the id on every piece, with an index",
        ),
        pytest.param(
            [
                [piece(0, "call_1", "weather", "")],
                [piece(0, None, None, '{"city": ')],
                [piece(0, "", None, '"Rome"}')],
                [piece(1, "call_2", "weather", '{"city":')],
                [piece(1, None, None, ' "Oslo"}')],
            ],
            id="fragments",
        ),
        pytest.param(
            [
                [piece(0, "call_1", "weather"), piece(1, "call_2", "weather")],
                [piece(1, None, None, OSLO.arguments)],
                [piece(0, None, None, ROME.arguments)],
            ],
            id="fragments out of order",
        ),
        pytest.param(
            [
                [piece(None, "call_1", "weather", '{"city": ')],
                [piece(None, None, None, '"Rome"}')],
                [piece(None, "call_2", "weather", '{"city": ')],
                [piece(None, None, None, '"Oslo"}')],
            ],
            id="fragments, no index",
        ),
        pytest.param(
            [
                [piece(None, "call_1", "weather", '{"city": ')],
                [piece(None, "call_1", "weather", '"Rome"}')],
                [piece(None, "call_2", "weather", OSLO.arguments)],
            ],
            id="the id on every fragment",
        ),
    ],
)
def test_tool_calls_join_in_every_way_they_come(chunks: list[Any]) -> None:
    completion = joined(*(chunk(tool_calls=calls) for calls in chunks), chunk("tool_calls"))
    assert completion.tool_calls == (ROME, OSLO)


def test_an_error_in_a_stream_is_told_in_the_servers_words() -> None:
    with pytest.raises(BadResponse, match="and then: the adapter failed"):
        ChunkReader().read(b'{"error": {"message": "the adapter failed"}}')


@pytest.mark.parametrize("kind", ["error", "error_event"])
def test_an_error_event_is_an_error_whatever_its_data(kind: str) -> None:
    with pytest.raises(BadResponse, match="and then: gone"):
        ChunkReader().read(b'{"message": "gone"}', kind)


def test_a_delta_of_another_form_is_refused() -> None:
    with pytest.raises(BadResponse, match="a chunk of unknown form"):
        ChunkReader().read(b'{"choices": [{"index": 0, "delta": "text"}]}')


def test_a_stream_without_an_answer_is_refused() -> None:
    reader = ChunkReader()
    reader.read(json.dumps(chunk("stop", content="")).encode())
    with pytest.raises(BadResponse, match="is empty"):
        reader.finish()


def test_calls_under_one_id_are_several_when_their_indexes_differ() -> None:
    reader = ChunkReader()
    pieces = [
        piece(0, "a", "look", ""),
        piece(0, None, None, '{"n": 1}'),
        piece(1, "a", "look", ""),
        piece(1, None, None, "{}"),
    ]
    deltas = [
        reader.read(json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [each]}}]}).encode())
        for each in pieces
    ]
    assert [0, 0, 1, 1] == [call.index for delta in deltas if delta for call in delta.tool_calls]


def test_a_call_without_an_index_is_one_by_itself() -> None:
    assembler = Assembler()
    for index, name in ((1, "f"), (None, "g"), (0, "e"), (None, "h")):
        assembler.feed(Delta(tool_calls=(ToolCallDelta(index, name, name, "{}"),)))
    assembler.feed(Delta(finish_reason="tool_calls"))
    assert [("e", "{}"), ("f", "{}"), ("g", "{}"), ("h", "{}")] == [
        (call.name, call.arguments) for call in assembler.completion().tool_calls
    ]
