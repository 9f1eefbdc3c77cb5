"""Streams are read the same, however their bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_server import DONE, chat, chunk, data

from promptkit.completion import Delta
from promptkit.errors import BadResponse
from promptkit.models.answer_stream import StreamReader, read_whole
from promptkit.models.sse import Event, EventReader

BODY = data(chunk(role="assistant", content="Zür"), chunk(content="ich 🏔"), chunk("stop", content="")) + DONE


def read(*pieces: bytes) -> list[Delta]:
    reader = StreamReader()
    return [delta for piece in pieces for delta in reader.feed(piece)] + list(reader.rest())


def events(*pieces: bytes) -> list[Event]:
    reader = EventReader()
    return [event for piece in pieces for event in reader.feed(piece)] + list(reader.rest())


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


@given(st.lists(st.integers(0, len(BODY)), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_any_cut_and_any_line_end_give_the_same_deltas(places: list[int], line_end: bytes) -> None:
    body = BODY.replace(b"\n", line_end)
    cuts = [0, *sorted(places), len(body)]
    assert read(BODY) == read(*(body[start:end] for start, end in pairwise(cuts)))


def test_a_stream_gives_its_text_and_its_declared_end() -> None:
    deltas = read(BODY)
    assert ("Zürich 🏔", Delta(done=True)) == (text(deltas), deltas[-1])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b": comment\n\ndata: a\n\n", [Event(b"a")]),
        (b"data:a\n\n", [Event(b"a")]),
        (b"data:  a\n\n", [Event(b" a")]),
        (b"data: a\ndata: b\n\n", [Event(b"a\nb")]),
        (b"event: error\ndata: a\n\ndata: b\n\n", [Event(b"a", "error"), Event(b"b")]),
        (b"id: 1\nretry: 5\n\n\n\n", []),
        (b"\xef\xbb\xbfdata: a\n\n", [Event(b"a")]),
        (b"data: a", [Event(b"a")]),
    ],
)
def test_events_are_cut_as_the_standard_says(body: bytes, expected: list[Event]) -> None:
    assert expected == events(body)


def test_a_line_end_that_is_cut_in_two_is_one_line_end() -> None:
    assert events(b"data: a\r", b"\ndata: b\r\n\r\n") == [Event(b"a\nb")]


def test_nothing_behind_the_declared_end_is_read() -> None:
    assert text(read(BODY)) == text(read(BODY + data(chunk(content="more"))))


def test_a_declared_end_without_a_blank_line_counts() -> None:
    assert read(BODY) == read(BODY.rstrip())


def test_a_chunk_that_is_cut_off_is_left_to_the_finish_reason() -> None:
    body = data(chunk(content="Hel")) + b'data: {"choices": [{"ind'
    assert [Delta("Hel", model="gpt-oss-120b", id="c-1")] == read(body)


def test_a_chunk_that_is_not_json_is_refused() -> None:
    with pytest.raises(BadResponse, match="is not JSON"):
        read(data(chunk(content="Hel")) + b"data: {oops\n\n" + BODY)


@pytest.mark.parametrize("body", [b"", b": only a comment\n\n", DONE, data(chunk("stop")) + DONE])
def test_a_stream_with_no_answer_in_it_is_refused(body: bytes) -> None:
    with pytest.raises(BadResponse, match="is empty"):
        read(body)


def test_a_stream_that_does_not_say_so_is_read_as_one() -> None:
    assert read(BODY) == list(read_whole(b"\n" + BODY))


def test_a_whole_answer_is_one_delta() -> None:
    import json

    assert [delta.text for delta in read_whole(json.dumps(chat("Hello")).encode())] == ["Hello"]
