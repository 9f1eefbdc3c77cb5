from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from promptkit.cancellation import Abandoned, aleave, leave
from promptkit.completion import Assembler, Completion, Delta, Request, ToolCallDelta, Usage
from promptkit.completion_data import completion_from_dict, completion_to_dict
from promptkit.errors import ConfigError, RecordingMissing, ServerError, StreamInterrupted
from promptkit.messages import Message, ToolCall
from promptkit.models.replay import Recorded, Replayed, load_cassette, replay_key
from promptkit.models.wrapped import NEXT, Open, Sleep, Wrapped, forwarded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from promptkit.completion import Model
    from promptkit.models.wrapped import Flow


class Pieces:
    """A model that gives prepared pieces, an error among them raised; it counts how often it is closed."""

    def __init__(self, *answers: list[Delta | Exception]) -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []
        self.closed = 0
        self.kept: list[Iterator[Delta]] = []  # so that nothing is closed by being forgotten

    def send(self, request: Request) -> Iterator[Delta]:
        self.kept.append(self._answer(request))
        return self.kept[-1]

    def _answer(self, request: Request) -> Iterator[Delta]:
        self.requests.append(request)
        try:
            for piece in self._answers.pop(0):
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.closed += 1

    async def asend(self, request: Request) -> AsyncIterator[Delta]:
        answer = self.send(request)
        try:
            for piece in answer:
                yield piece
        finally:
            answer.close()  # type: ignore[attr-defined]


def ask(model: Model, request: Request) -> Completion:
    answer = Assembler()
    for delta in model.send(request):
        answer.feed(delta)
    return answer.completion()


def aask(model: Model, request: Request) -> Completion:
    async def collect() -> Completion:
        answer = Assembler()
        async for delta in model.asend(request):
            answer.feed(delta)
        return answer.completion()

    return asyncio.run(collect())


BOTH = pytest.mark.parametrize("send", [ask, aask], ids=["sync", "async"])


def request(text: str = "Hello", model: str = "m-1", **parts: Any) -> Request:
    return Request(model, (Message("system", "Be brief."), Message("user", text)), **parts)


def whole(text: str, **parts: Any) -> list[Delta | Exception]:
    return [Delta(text=text, finish_reason="stop", done=True, usage=Usage(3, 2, requests=1), id="c", **parts)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "hello.jsonl"


@BOTH
def test_what_was_recorded_is_replayed_whole(path: Path, send: Any) -> None:
    calls = (ToolCallDelta(None, "1", "look", '{"a": 1}'), ToolCallDelta(None, "2", "look", "{}"))
    recorded = send(Recorded(Pieces(whole("Hi", reasoning="hm", tool_calls=calls, model="m-1")), path), request())
    replayed = send(Replayed(path), request(model="replay:hello.jsonl"))
    assert (
        Completion(
            "Hi",
            "hm",
            (ToolCall("1", "look", '{"a": 1}'), ToolCall("2", "look", "{}")),
            "stop",
            Usage(3, 2, requests=1),
            "m-1",
            "c",
        )
        == recorded
        == replayed
    )


def test_a_whole_answer_is_one_piece_and_a_stream_is_several(path: Path) -> None:
    ask(Recorded(Pieces(whole("word " * 20, reasoning="hm " * 20)), path), request())
    assert len(list(Replayed(path).send(request()))) == 1
    assert len(list(Replayed(path).send(request(stream=True)))) > 8


def test_a_line_has_key_request_and_completion_in_this_order(path: Path) -> None:
    ask(Recorded(Pieces(whole("Hü\u2028")), path), request(options={"top_p": 1, "seed": 2}, stream=True))
    (line,) = path.read_bytes().decode().split("\n")[:-1]
    data = json.loads(line)
    assert list(data) == ["key", "request", "completion"]
    assert replay_key(request(options={"seed": 2, "top_p": 1}, model="other")) == data["key"]
    assert list(data["request"]) == ["messages", "model", "seed", "top_p"]
    assert "Hü\u2028" in line


def test_a_lone_surrogate_is_recorded_as_an_escape(path: Path) -> None:
    ask(Recorded(Pieces(whole("H\ud800")), path), request())
    assert ask(Replayed(path), request()).text == "H\ud800"
    assert path.read_bytes().isascii()


def test_the_same_answer_is_recorded_once(path: Path) -> None:
    again = [Delta(text="Hi", finish_reason="stop", done=True, usage=Usage(9, 9), id="other")]
    model = Recorded(Pieces(whole("Hi"), again, whole("Ho")), path)
    for _ in range(3):
        ask(model, request())
    ask(Recorded(Pieces(whole("Hi")), path), request())
    assert [recording.completion.text for recording in load_cassette(path)] == ["Hi", "Ho"]


def test_several_answers_are_played_in_order_and_the_last_one_stays(path: Path) -> None:
    recorded = Recorded(Pieces(whole("one"), whole("two")), path)
    ask(recorded, request())
    ask(recorded, request())
    model = Replayed(path)
    assert [ask(model, request(model="replay:x")).text for _ in range(3)] == ["one", "two", "two"]


def test_a_model_that_was_recorded_gets_its_own_answers(path: Path) -> None:
    recorded = Recorded(Pieces(whole("by one"), whole("by two")), path)
    ask(recorded, request(model="one"))
    ask(recorded, request(model="two"))
    model = Replayed(path)
    assert ask(model, request(model="two")).text == "by two"
    assert model.models == ("one", "two")


@BOTH
@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ([Delta(text="Hal"), ServerError("500")], ServerError),
        ([Delta(text="Hal")], StreamInterrupted),
        ([ServerError("500")], ServerError),
    ],
    ids=["failed", "broken off", "refused"],
)
def test_what_fails_or_breaks_off_is_not_recorded(path: Path, send: Any, pieces: Any, error: Any) -> None:
    model = Pieces(pieces)
    with pytest.raises(error):
        send(Recorded(model, path), request())
    assert not path.exists()
    assert model.closed == 1


def test_an_answer_that_is_left_early_is_closed_and_not_recorded(path: Path) -> None:
    inner = Pieces([Delta(text="Hal"), Delta(text="lo", finish_reason="stop", done=True)])
    answer = Recorded(inner, path).send(request())
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert inner.closed == 1
    assert not path.exists()


def given_up(path: Path, *, streamed: bool) -> Pieces:
    """Record an answer that is given up after two of its characters."""
    inner = Pieces([Delta(text="Hello"), Delta(done=True)])
    if streamed:
        answer = Recorded(inner, path).asend(request())

        async def leave_it() -> None:
            await anext(answer)
            await aleave(answer, Abandoned(2))

        asyncio.run(leave_it())
    else:
        pieces = Recorded(inner, path).send(request())
        next(pieces)
        leave(pieces, Abandoned(2))
    return inner


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_that_is_given_up_is_recorded_up_to_what_showed_it(path: Path, streamed: bool) -> None:
    assert given_up(path, streamed=streamed).closed == 1
    [recording] = load_cassette(path)
    assert ("Hel", "abandoned") == (recording.completion.text, recording.completion.finish_reason)
    with pytest.raises(RecordingMissing):
        ask(Replayed(path), request())


def test_an_answer_that_was_given_up_is_not_played_where_there_is_a_whole_one(path: Path) -> None:
    given_up(path, streamed=False)
    list(Recorded(Pieces(whole("Hi")), path).send(request()))
    assert ["abandoned", "stop"] == [each.completion.finish_reason for each in load_cassette(path)]
    assert ["Hi", "Hi"] == [ask(Replayed(path), request()).text for _ in range(2)]


def test_what_nobody_waited_a_piece_for_is_not_recorded(path: Path) -> None:
    answer = Recorded(Pieces(whole("Hi")), path).send(request())
    answer.close()  # type: ignore[attr-defined]
    assert not path.exists()


def test_an_answer_is_recorded_although_nobody_asks_for_more_after_its_end(path: Path) -> None:
    answer = Recorded(Pieces(whole("Hi")), path).send(request())
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert ask(Replayed(path), request()).text == "Hi"


def test_a_missing_recording_shows_the_nearest_one_as_a_diff(path: Path) -> None:
    recorded = Recorded(Pieces(whole("a"), whole("b")), path)
    ask(recorded, request("What is the weather in Paris?"))
    ask(recorded, request("Route this ticket:\nI was charged twice.\nThanks", options={"temperature": 0}))
    with pytest.raises(RecordingMissing) as caught:
        ask(Replayed(path), request("Route this ticket:\nI was charged thrice.\nThanks", options={"temperature": 0}))
    assert {"-I was charged twice.", "+I was charged thrice."} <= set(caught.value.details)
    assert not any("Paris" in line for line in caught.value.details)
    assert str(path) == caught.value.where
    assert "--record" in caught.value.help


def test_the_nearest_of_one_line_requests_is_found_by_their_letters(path: Path) -> None:
    recorded = Recorded(Pieces(whole("a"), whole("b"), whole("c")), path)
    for text in ("Weather in Paris?", "I was charged twice.", "0123456789"):
        ask(recorded, request(text))
    with pytest.raises(RecordingMissing) as caught:
        ask(Replayed(path), request("I was charged thrice."))
    assert "-I was charged twice." in caught.value.details


def test_the_diff_of_a_long_request_is_cut(path: Path) -> None:
    ask(Recorded(Pieces(whole("a")), path), request("\n".join(map(str, range(500)))))
    with pytest.raises(RecordingMissing) as caught:
        ask(Replayed(path), request("x"))
    assert len(caught.value.details) < 30
    assert "more lines" in caught.value.details[-1]


def test_an_empty_cassette_says_so(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with pytest.raises(RecordingMissing, match="holds no recordings"):
        ask(Replayed(path), request())


def good_line() -> dict[str, Any]:
    body = request().to_openai()
    return {"key": replay_key(request()), "request": body, "completion": {"text": "Hi"}}


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "<<<<<<< HEAD",
        "[]",
        "{}",
        "[" * 100_000,
        '"\\ud8"',
        json.dumps(good_line() | {"completion": {}}),
        json.dumps(good_line() | {"completion": {"text": 3}}),
        json.dumps(good_line() | {"completion": {"text": "x", "usage": {"foo": 1}}}),
        json.dumps(good_line() | {"completion": {"text": "x", "tool_calls": [{}]}}),
        json.dumps(good_line() | {"request": {"messages": ["x"]}, "key": None}),
        json.dumps(good_line() | {"request": []}),
        json.dumps(good_line() | {"key": "0"}),
    ],
    ids=lambda line: line[:20],
)
def test_a_broken_line_is_named_by_file_and_number(path: Path, line: str) -> None:
    path.parent.mkdir()
    path.write_text(f"{json.dumps(good_line())}\n\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        Replayed(path)
    assert f"{path}:3" == caught.value.where


def test_a_line_written_by_hand_needs_no_key(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({name: part for name, part in good_line().items() if name != "key"}) + "\r\n")
    assert ask(Replayed(path), request()).text == "Hi"


def test_an_unfinished_last_line_is_ended_before_the_next(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(good_line()))
    ask(Recorded(Pieces(whole("Ho")), path), request("else"))
    assert [recording.completion.text for recording in load_cassette(path)] == ["Hi", "Ho"]


def test_a_missing_cassette_says_how_to_make_one(path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file of recordings") as caught:
        Replayed(path)
    assert "--record" in caught.value.help


def test_a_folder_is_not_a_cassette(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        Replayed(tmp_path)


@pytest.mark.parametrize("name", ["file/c.jsonl", "folder", "long/" + "x" * 300, "/proc/c.jsonl"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        Recorded(Pieces(whole("Hi")), tmp_path / name)
    assert str(tmp_path / name) == caught.value.where


def test_to_look_whether_a_file_can_be_written_leaves_none(path: Path) -> None:
    Recorded(Pieces(), path)
    assert [] == list(path.parent.iterdir())


@BOTH
def test_an_answer_is_given_although_it_can_no_longer_be_recorded(
    path: Path, send: Any, caplog: pytest.LogCaptureFixture
) -> None:
    model = Recorded(Pieces(whole("Hi")), path)
    path.mkdir()
    assert "Hi" == send(model, request()).text
    assert {f"the answer is not recorded in {path}: [Errno 21] Is a directory: '{path}'"} == set(caplog.messages)


def test_a_completion_survives_as_data() -> None:
    completion = Completion("", "hm", (ToolCall("1", "f", "{}"),), "tool_calls", Usage(1, 2, 3, 4, 5, 6), "m", "i")
    assert completion == completion_from_dict(json.loads(json.dumps(completion_to_dict(completion))))


class Twice(Wrapped):
    """A wrapper that asks again after an error and marks where it waited."""

    def flow(self, request: Request) -> Flow:
        try:
            yield from forwarded(request)
        except ServerError:
            yield Sleep(0.0)
            yield Delta(text="again: ")
            yield Open(request)
            while (delta := (yield NEXT)) is not None:
                yield delta


@BOTH
def test_a_flow_may_catch_an_error_wait_and_ask_again(send: Any) -> None:
    inner = Pieces([ServerError("500")], whole("Hi"))
    assert send(Twice(inner), request()).text == "again: Hi"
    assert (len(inner.requests), inner.closed) == (2, 2)


@BOTH
def test_opening_again_closes_the_answer_that_was_open(send: Any) -> None:
    inner = Pieces([Delta(text="never wanted"), Delta()], whole("Hi"))
    closed_before: list[int] = []

    class Impatient(Wrapped):
        def flow(self, request: Request) -> Flow:
            yield Open(request)
            yield NEXT
            yield Open(request)
            closed_before.append(inner.closed)
            yield (yield NEXT) or Delta()

    assert send(Impatient(inner), request()).text == "Hi"
    assert closed_before == [1]


@BOTH
def test_a_wrapper_without_a_flow_of_its_own_passes_everything_through(send: Any) -> None:
    assert send(Wrapped(Pieces(whole("Hi"))), request()).text == "Hi"


@BOTH
def test_an_error_that_no_flow_catches_reaches_the_caller(send: Any) -> None:
    with pytest.raises(ServerError):
        send(Wrapped(Pieces([Delta(text="H"), ServerError("500")])), request())


class Closing(Pieces):
    def close(self) -> None:
        self.closed += 10


class AsyncClosing(Closing):
    async def aclose(self) -> None:
        self.closed += 100


def test_closing_a_wrapper_closes_the_model_inside() -> None:
    one, two, three = Closing(), Closing(), AsyncClosing()
    Wrapped(Wrapped(one)).close()
    asyncio.run(Wrapped(Wrapped(two)).aclose())
    asyncio.run(Wrapped(Wrapped(three)).aclose())
    Wrapped(Pieces()).close()
    assert (one.closed, two.closed, three.closed) == (10, 10, 100)


def test_asking_for_a_piece_before_opening_gives_none() -> None:
    class Eager(Wrapped):
        def flow(self, request: Request) -> Flow:
            yield Delta(text=str((yield NEXT)), finish_reason="stop")

    assert [send(Eager(Pieces()), request()).text for send in (ask, aask)] == ["None", "None"]


def test_leaving_an_async_answer_early_closes_the_inner_one() -> None:
    inner = Pieces([Delta(text="a"), Delta(text="b", finish_reason="stop")])

    class Aware:
        closed = False

        def send(self, request: Request) -> Iterator[Delta]:
            return inner.send(request)

        async def asend(self, request: Request) -> AsyncIterator[Delta]:
            try:
                yield Delta(text="a")
                yield Delta(text="b")
            finally:
                await asyncio.sleep(0)
                self.closed = True

    aware = Aware()

    async def leave() -> None:
        answer = Wrapped(aware).asend(request())
        await anext(answer)
        await answer.aclose()  # type: ignore[attr-defined]

    asyncio.run(leave())
    assert aware.closed
