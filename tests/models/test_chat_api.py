"""The way to real servers, over real sockets, with what they really do."""

from __future__ import annotations

import asyncio
import gzip
import inspect
import json
import logging
import os
import pickle
import threading
from contextlib import aclosing, closing
from itertools import chain, count, repeat
from typing import TYPE_CHECKING, Any, get_args

import httpx2
import openai
import pytest
from openai import _exceptions as openai_exceptions
from raw_server import DONE, STREAM_HEAD, RawServer, chat, chunk, chunked, data, reply, stream, trickle, wait_until

from promptkit import errors
from promptkit._version import __version__
from promptkit.completion import Assembler, Completion, Delta, Request, Usage
from promptkit.messages import Message
from promptkit.models import connection
from promptkit.models.chat_api import ChatApi, Transport, translate, translations
from promptkit.models.endpoint import Deadlines, Endpoint
from promptkit.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = "sk-mara-0123456789"
STREAM = stream(
    data(chunk(role="assistant", content="Tes")),
    data(chunk(content="la"), chunk("stop", content="")),
    data({"choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 1}}),
    DONE,
)


def request(*, stream: bool = False, **options: Any) -> Request:
    return Request("gpt-oss-120b", (Message("user", "Hi"),), options, stream=stream)


def joined(deltas: Iterator[Delta]) -> Completion:
    assembler = Assembler()
    for delta in deltas:
        assembler.feed(delta)
    return assembler.completion()


@pytest.fixture(params=get_args(Transport))
def transport(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def model(transport: Transport) -> Iterator[Callable[..., ChatApi]]:
    opened: list[ChatApi] = []

    def open_at(server: RawServer | str, **more: Any) -> ChatApi:
        base_url = server if isinstance(server, str) else server.base_url
        api = ChatApi(Endpoint(base_url, more.pop("api_key", KEY), **more), transport=transport)
        opened.append(api)
        return api

    yield open_at
    for api in opened:
        api.close()


@pytest.fixture
def asked(model: Callable[..., ChatApi]) -> Callable[..., Any]:
    """What comes of asking a server that gives one reply: a completion, or the error."""

    def ask(answer: Any, *, stream: bool = False, **more: Any) -> Any:
        with RawServer(answer) as server:
            try:
                return joined(model(server, **more).send(request(stream=stream)))
            except errors.PromptkitError as error:
                return error

    return ask


# What is sent


def test_a_request_carries_its_body_the_key_and_nothing_about_this_machine(
    model: Callable[..., ChatApi], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer sk-other\nX-Other: secret")
    with RawServer(reply(chat())) as server:
        list(model(server).send(request(temperature=0.5)))
    sent = server.requests[0]
    expected = {
        "host": f"127.0.0.1:{server.port}",
        "authorization": f"Bearer {KEY}",
        "user-agent": f"promptkit/{__version__}",
        "content-type": "application/json",
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-length": "86",
    }
    sent.headers.pop("connection", None)
    assert sent.line == "POST /v1/chat/completions HTTP/1.1"
    assert expected == sent.headers
    assert sent.body == {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5}


def test_without_a_key_no_key_is_sent(model: Callable[..., ChatApi], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    with RawServer(reply(chat())) as server:
        list(model(server, api_key="", requires_key=False).send(request()))
    assert "authorization" not in server.requests[0].headers


def test_a_stream_asks_for_its_usage(model: Callable[..., ChatApi]) -> None:
    with RawServer(STREAM) as server:
        list(model(server).send(request(stream=True)))
    assert (
        server.requests[0].body["stream"],
        server.requests[0].body["stream_options"],
    ) == (True, {"include_usage": True})


def test_a_lone_surrogate_reaches_the_server(model: Callable[..., ChatApi]) -> None:
    with RawServer(reply(chat())) as server:
        list(model(server).send(Request("m", (Message("user", "\ud800"),))))
    assert server.requests[0].body["messages"][0]["content"] == "\ud800"


def test_a_missing_key_is_told_before_anything_is_sent() -> None:
    with pytest.raises(errors.AuthError) as caught:
        list(ChatApi(Endpoint("https://mara.example/v1")).send(request()))
    assert (caught.value.code, caught.value.message, caught.value.where) == ("PK501", "no key for MARA Cloud", "")
    assert (
        caught.value.help
        == 'export MARA_API_KEY=...   or try   model="local:"   (a real small model, 196 MB once)   or   '
        'model="simulate:"'
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": 1.5}, "`temperature` must be a number from 0 to 1, not 1.5"),
        ({"top_p": 2}, "`top_p` must be"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "exclude each other"),
        ({"chat_template_kwargs": {"x": object()}}, "not JSON data"),
        ({"chat_template_kwargs": {"x": float("nan")}}, "not JSON data"),
    ],
)
def test_options_that_cannot_be_right_are_refused_before_anything_is_sent(options: Any, words: str) -> None:
    with RawServer(reply(chat())) as server, closing(ChatApi(Endpoint(server.base_url, KEY))) as api:
        with pytest.raises(errors.ConfigError, match=words):
            list(api.send(request(**options)))
        assert server.requests == []


def test_more_tools_than_a_request_may_have_are_refused() -> None:
    many = Request("m", (Message("user", "Hi"),), tools=({"type": "function"},) * 129)
    with pytest.raises(errors.ConfigError, match="129 tools"):
        list(ChatApi(Endpoint("https://mara.example/v1", KEY)).send(many))


def test_an_option_without_effect_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    with RawServer(reply(chat()), keep_alive=True) as server, closing(ChatApi(Endpoint(server.base_url, KEY))) as api:
        for _ in range(2):
            list(api.send(request(seed=1)))
    warned = [record.message for record in caplog.records if record.name == "promptkit"]
    assert warned == ["MARA ignores `seed`: it has no effect there"]


# Answers


def test_a_whole_answer_is_one_delta(model: Callable[..., ChatApi]) -> None:
    with RawServer(reply(chat("Hello"))) as server:
        deltas = list(model(server).send(request()))
    assert [(delta.text, delta.finish_reason, delta.done) for delta in deltas] == [("Hello", "stop", True)]


def test_a_stream_gives_its_pieces(model: Callable[..., ChatApi]) -> None:
    with RawServer(STREAM) as server:
        deltas = list(model(server).send(request(stream=True)))
    assert [delta.text for delta in deltas if delta.text] == ["Tes", "la"]
    assert Delta(done=True) == deltas[-1]


def test_a_stream_and_a_whole_answer_are_equal_under_asyncio_and_without(model: Callable[..., ChatApi]) -> None:
    async def completion(api: ChatApi, stream: bool) -> Completion:
        assembler = Assembler()
        async for delta in api.asend(request(stream=stream)):
            assembler.feed(delta)
        return assembler.completion()

    whole = {**chat("Tesla"), "id": "c-1", "usage": {"prompt_tokens": 2, "completion_tokens": 1}}
    with RawServer(reply(whole), STREAM, reply(whole), STREAM, keep_alive=True) as server:
        api = model(server)
        answers = [joined(api.send(request(stream=stream))) for stream in (False, True)]
        answers += [asyncio.run(completion(api, stream)) for stream in (False, True)]
    expected = Completion("Tesla", usage=Usage(2, 1, requests=1), model="gpt-oss-120b", id="c-1")
    assert [expected] * 4 == answers


def test_pieces_arrive_before_the_stream_has_ended(model: Callable[..., ChatApi]) -> None:
    with RawServer([STREAM_HEAD, chunked(data(chunk(content="first"))), 30.0]) as server:
        deltas = model(server).send(request(stream=True))
        assert next(deltas).text == "first"
        deltas.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_a_stream_that_comes_byte_by_byte_is_read(asked: Any, line_end: bytes) -> None:
    body = (b": comment\n\n" + data(chunk(content="Zürich")) + data(chunk("stop")) + DONE).replace(b"\n", line_end)
    assert asked(stream(*(bytes([byte]) for byte in body)), stream=True).text == "Zürich"


def test_a_server_that_ignores_stream_is_understood(asked: Any) -> None:
    assert asked(reply(chat("Hello")), stream=True).text == "Hello"


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", ""])
def test_a_stream_under_another_content_type_is_understood(asked: Any, content_type: str) -> None:
    body = data(chunk(content="Hello"), chunk("stop")) + DONE
    assert asked(reply(body, content_type=content_type), stream=True).text == "Hello"


def test_json_under_another_content_type_is_understood(asked: Any) -> None:
    assert asked(reply(chat("Hello"), content_type="text/plain")).text == "Hello"


def test_a_compressed_answer_is_understood(asked: Any) -> None:
    body = gzip.compress(json.dumps(chat("Hello")).encode())
    assert asked(reply(body, content_encoding="gzip")).text == "Hello"


def test_a_connection_is_used_again_after_whole_answers_and_streams(model: Callable[..., ChatApi]) -> None:
    with RawServer(reply(chat()), STREAM, STREAM, reply(chat()), keep_alive=True) as server:
        api = model(server)
        for streamed in (False, True, True, False):
            list(api.send(request(stream=streamed)))
        assert (len(server.requests), server.connections) == (4, 1)


def test_a_stream_that_does_not_close_behind_its_end_is_not_waited_for(asked: Any) -> None:
    assert asked([*stream(data(chunk(content="Hello")) + DONE, end=False), 30.0], stream=True).text == "Hello"


# What is no answer


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "overloaded"}}, "and then: overloaded"),
        (b"<html>Welcome</html>", "is a web page"),
        (b"null", "but null"),
        (b"[]", "but a list"),
        ({"choices": []}, "has no choices"),
        ({"choices": None}, "has no choices"),
        (b"", "is empty"),
        (b"\xff\xff", "is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (chat(None), "is empty: no text"),
    ],
)
def test_a_200_that_is_no_answer_is_told_in_words(asked: Any, body: Any, words: str) -> None:
    error = asked(reply(body))
    assert isinstance(error, errors.BadResponse)
    assert words in error.message
    assert error.where.startswith("127.0.0.1:")


def test_a_lie_about_compression_is_told_in_words(asked: Any) -> None:
    error = asked(reply(chat(), content_encoding="gzip"))
    assert (errors.BadResponse, True) == (type(error), "cannot be read" in error.message)


def test_an_answer_without_an_end_is_not_read_for_ever(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_BYTES", 2 * 1024 * 1024)
    error = asked(chain([b"HTTP/1.1 200 OK\r\n\r\n"], repeat(b" " * 65536)))
    assert (errors.BadResponse, "the answer is longer than 2 MB") == (type(error), error.message)


def test_a_redirect_is_refused_and_not_followed(model: Callable[..., ChatApi]) -> None:
    with RawServer(reply(chat())) as target, RawServer(reply(b"", 307, location=target.base_url)) as server:
        with pytest.raises(errors.BadResponse, match="redirects"):
            list(model(server).send(request()))
        assert target.requests == []


# Refusals


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        (reply({"error": {"message": "No.", "code": "invalid_authentication"}}, 401), errors.AuthError, "No."),
        (reply({"error": "Not found"}, 404), errors.BadRequest, "Not found"),
        (reply(b"Service Temporarily Unavailable", 503, content_type="text/plain"), errors.ServerError, "Temporarily"),
        (reply(b"<html>Bad gateway</html>", 502, content_type="text/html"), errors.ServerError, "Bad gateway"),
        (reply(b"", 500), errors.ServerError, "HTTP 500"),
        (reply({"error": {"code": "model_deprecated"}}, 410), errors.ModelGone, "gpt-oss-120b"),
        (reply({"error": "slow"}, 408), errors.Timeout, "slow"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_refusal_is_its_own_error(asked: Any, answer: bytes, expected: type, words: str, streamed: bool) -> None:
    error = asked(answer, stream=streamed)
    assert (expected, True) == (type(error), words in error.message)


def test_a_wait_is_read_from_the_headers(asked: Any) -> None:
    assert asked(reply({"error": {"code": "queue_full"}}, 429, retry_after="7")).retry_after == 7.0


def test_what_the_model_wrote_comes_with_the_refusal(asked: Any) -> None:
    body = {"error": "Model did not output valid JSON.", "error_model_output": '{"a": 1'}
    error = asked(reply(body, 400))
    assert (errors.BadRequest, '{"a": 1') == (type(error), error.model_output)


def test_a_refusal_whose_body_never_ends_is_told_by_its_beginning(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_REFUSAL_SECONDS", 0.2)
    error = asked([b"HTTP/1.1 502 Bad\r\ncontent-length: 999\r\n\r\nBad gateway", 30.0])
    assert (errors.ServerError, 502, "Bad gateway") == (type(error), error.status, error.body)


def test_a_refusal_whose_body_breaks_off_is_told_by_its_beginning(asked: Any) -> None:
    error = asked(b"HTTP/1.1 502 Bad\r\ncontent-length: 999\r\n\r\nBad gateway")
    assert (errors.ServerError, 502) == (type(error), error.status)


def test_a_refusal_with_a_huge_body_is_read_in_part(asked: Any) -> None:
    sent = count()
    pieces = (b"x" * 65536 for _ in sent)
    error = asked(chain([b"HTTP/1.1 500 Bad\r\n\r\n"], pieces))
    assert (errors.ServerError, 2048) == (type(error), len(error.body))
    assert next(sent) < 1000


# Connections


def test_a_refused_connection_says_host_port_and_cure(model: Callable[..., ChatApi]) -> None:
    with RawServer(b"") as server:
        pass
    with pytest.raises(errors.ConnectionLost) as caught:
        list(model(server).send(request()))
    assert f"no connection to 127.0.0.1:{server.port}" in caught.value.message
    assert "is the server running" in caught.value.help


def test_an_unknown_host_is_told(model: Callable[..., ChatApi]) -> None:
    with pytest.raises(errors.ConnectionLost, match=r"no connection to nowhere\.invalid:80") as caught:
        list(model("http://nowhere.invalid/v1").send(request()))
    assert "no host has that name" in caught.value.help


def test_a_server_that_does_not_speak_tls_is_told(model: Callable[..., ChatApi]) -> None:
    with RawServer(b"") as server, pytest.raises(errors.ConnectionLost):
        list(model(server.base_url.replace("http:", "https:")).send(request()))


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{}"],
)
def test_a_connection_that_breaks_before_or_in_a_body_is_lost(asked: Any, answer: bytes) -> None:
    assert errors.ConnectionLost is type(asked(answer))


def test_a_bad_proxy_is_a_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "gopher://proxy")
    with pytest.raises(errors.ConfigError) as caught:
        list(ChatApi(Endpoint("http://mara.example/v1", KEY)).send(request()))
    assert "HTTP_PROXY" in caught.value.help


# Streams that break

CUTS = {
    "cut": stream(data(chunk(content="Hel")), end=False),
    "closed without an end": stream(data(chunk(content="Hel"))),
    "cut in a chunk": stream(data(chunk(content="Hel")), b'data: {"choi'),
    "an error": stream(data(chunk(content="Hel")), data({"error": {"message": "the model died"}})),
    "an error event": stream(data(chunk(content="Hel")), b'event: error\ndata: {"message": "the model died"}\n\n'),
    "a bad chunk": stream(data(chunk(content="Hel")), b"data: {oops}\n\n"),
    "bad text": stream(data(chunk(content="Hel")), b"data: \xff\n\n"),
    "stalled": [*stream(data(chunk(content="Hel")), end=False), 30.0],
}


@pytest.mark.parametrize("answer", CUTS.values(), ids=CUTS)
def test_a_stream_that_breaks_is_interrupted_with_what_had_come(asked: Any, answer: Any) -> None:
    error = asked(answer, stream=True, deadlines=Deadlines(gap=0.3))
    assert (errors.StreamInterrupted, "Hel") == (type(error), error.text)


def test_an_error_in_a_stream_keeps_the_servers_words(asked: Any) -> None:
    assert "the model died" in asked(CUTS["an error"], stream=True).message


def test_a_stream_that_breaks_before_its_first_text_may_be_asked_for_again(asked: Any) -> None:
    cut = stream(data(chunk(role="assistant", content="")), end=False)
    assert errors.ConnectionLost is type(asked(cut, stream=True))


def test_an_error_before_the_first_text_is_no_interruption(asked: Any) -> None:
    assert errors.BadResponse is type(asked(stream(data({"error": "queue full"})), stream=True))


def test_an_empty_stream_is_no_answer(asked: Any) -> None:
    assert errors.BadResponse is type(asked(stream(), stream=True))


# Deadlines


@pytest.mark.parametrize(
    ("answer", "streamed", "words"),
    [
        ([30.0], False, "no whole answer within 0.4 s"),
        ([*trickle(b"HTTP/1.1 200 OK\r\nx-slow: 1234567890", 0.05)], False, "no whole answer within 0.4 s"),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n", *trickle(b" " * 99, 0.05)], False, "no whole answer"),
        ([30.0], True, "not a byte within 0.2 s"),
        ([STREAM_HEAD, 30.0], True, "not a byte within 0.2 s"),
        (stream(b": still here\n\n", 30.0), True, "nothing more for 0.3 s"),
        (stream(*[b": still here\n\n", 0.05] * 99), True, "no whole answer within 0.4 s"),
    ],
    ids=["silence", "slow headers", "slow body", "silent stream", "only headers", "stalled stream", "endless comments"],
)
def test_no_server_makes_a_call_wait_beyond_its_deadline(asked: Any, answer: Any, streamed: bool, words: str) -> None:
    error = asked(answer, stream=streamed, deadlines=Deadlines(attempt=0.4, first_byte=0.2, gap=0.3))
    assert (errors.Timeout, True) == (type(error), error.message.startswith(words)), error
    assert "_TIMEOUT" in error.help


def test_a_slow_reader_of_a_stream_is_not_cut_off(model: Callable[..., ChatApi]) -> None:
    async def slowly(api: ChatApi) -> str:
        text = ""
        async for delta in api.asend(request(stream=True)):
            text += delta.text
            await asyncio.sleep(0.15)
        return text

    with RawServer(STREAM) as server:
        assert asyncio.run(slowly(model(server, deadlines=Deadlines(attempt=0.4, gap=0.1)))) == "Tesla"


# Stopping


async def text_of(api: ChatApi) -> str:
    return "".join([delta.text async for delta in api.asend(request())])


def test_closing_the_iterator_closes_the_connection(model: Callable[..., ChatApi]) -> None:
    with RawServer([STREAM_HEAD, *[chunked(data(chunk(content="more"))), 0.01] * 1000]) as server:
        deltas = model(server).send(request(stream=True))
        next(deltas)
        deltas.close()  # type: ignore[attr-defined]
        assert server.hung_up.wait(5)


def test_closing_the_asynchronous_iterator_closes_the_connection(model: Callable[..., ChatApi]) -> None:
    async def first(api: ChatApi) -> str:
        async with aclosing(api.asend(request(stream=True))) as deltas:
            async for delta in deltas:
                return delta.text
        return ""

    with RawServer([STREAM_HEAD, *[chunked(data(chunk(content="more"))), 0.01] * 1000]) as server:
        assert asyncio.run(first(model(server))) == "more"
        assert server.hung_up.wait(5)


def test_a_cancelled_task_closes_the_connection(model: Callable[..., ChatApi]) -> None:
    async def cancelled(api: ChatApi) -> bool:
        task = asyncio.create_task(anext(api.asend(request(stream=True))))  # type: ignore[arg-type]
        await asyncio.to_thread(wait_until, lambda: bool(server.requests))
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    with RawServer([0.3, STREAM_HEAD, *[chunked(b": wait\n\n"), 0.01] * 1000]) as server:
        assert asyncio.run(cancelled(model(server)))
        assert server.hung_up.wait(5)


def test_a_model_can_be_used_again_after_it_was_closed(model: Callable[..., ChatApi]) -> None:
    with RawServer(reply(chat("Hello")), keep_alive=True) as server:
        api = model(server)
        for _ in range(2):
            assert joined(api.send(request())).text == "Hello"
            api.close()
        assert server.connections == 2


def test_aclose_closes_the_connections_of_its_loop_and_of_the_background(model: Callable[..., ChatApi]) -> None:
    async def use(api: ChatApi) -> None:
        assert (await text_of(api)) == "Hello"
        await api.aclose()
        assert wait_until(lambda: threads_of(server) == 0)

    with RawServer(reply(chat("Hello")), keep_alive=True) as server:
        api = model(server)
        list(api.send(request()))
        assert threads_of(server) == 1
        asyncio.run(use(api))


def threads_of(server: RawServer) -> int:
    return sum(thread.name == f"serve-{server.port}" for thread in threading.enumerate())


def test_connections_end_with_their_loop_though_nobody_closed_the_model(transport: Transport) -> None:
    async def use(api: ChatApi) -> None:
        assert (await text_of(api)) == "Hello"

    with RawServer(reply(chat("Hello")), keep_alive=True) as server:
        api = ChatApi(Endpoint(server.base_url, KEY), transport=transport)
        for _ in range(2):
            asyncio.run(use(api))
        assert wait_until(lambda: threads_of(server) == 0)
        assert server.connections == 2


def test_many_threads_share_one_model(model: Callable[..., ChatApi]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with RawServer(reply(chat("Hello")), keep_alive=True) as server, ThreadPoolExecutor(16) as pool:
        api = model(server)
        texts = pool.map(lambda _: joined(api.send(request())).text, range(64))
        assert list(texts) == ["Hello"] * 64


def test_a_call_without_asyncio_works_inside_a_running_loop(model: Callable[..., ChatApi]) -> None:
    async def inside(api: ChatApi) -> str:
        return joined(api.send(request())).text

    with RawServer(reply(chat("Hello"))) as server:
        assert asyncio.run(inside(model(server))) == "Hello"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_opens_connections_of_its_own(model: Callable[..., ChatApi]) -> None:
    with RawServer(reply(chat("Hello")), keep_alive=True) as server:
        api = model(server)
        list(api.send(request()))
        child = os.fork()
        if child == 0:
            os._exit(0 if joined(api.send(request())).text == "Hello" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert server.connections == 2


# Secrets


@pytest.mark.parametrize(
    "answer",
    [
        reply({"error": {"message": f"bad key {KEY}", "code": KEY, "param": KEY}, "request_id": KEY}, 401),
        reply({"error": {"message": f"bad key {KEY}", "model_output": KEY}}, 400),
        reply({"error": KEY}),
        reply(f"<html>{KEY}</html>".encode()),
        reply(b"", 302, location=f"https://host/?key={KEY}"),
        stream(data(chunk(content="Hel")), data({"error": KEY})),
    ],
)
def test_a_key_that_the_server_echoes_is_in_no_error(
    model: Callable[..., ChatApi], answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    import traceback

    caplog.set_level(logging.DEBUG)
    with RawServer(answer) as server, pytest.raises(errors.ModelError) as caught:
        list(model(server).send(request(stream=True)))
    told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    assert KEY not in told + str(pickle.loads(pickle.dumps(caught.value)))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_model_does_not_show_its_key() -> None:
    assert KEY not in repr(ChatApi(Endpoint("https://mara.example/v1", KEY)))


def test_a_given_redactor_learns_the_key() -> None:
    redactor = Redactor()
    ChatApi(Endpoint("https://mara.example/v1", KEY), redactor=redactor)
    assert redactor.text(KEY) == "[redacted]"


# The table


def exceptions_of_openai() -> set[type]:
    listed = [*vars(openai_exceptions).values(), *(getattr(openai, name) for name in openai.__all__)]
    classes = {each for each in listed if inspect.isclass(each) and issubclass(each, Exception)}
    return {each for each in classes if each.__module__.startswith("openai")}


def test_every_exception_of_openai_has_its_place_in_the_table() -> None:
    assert set() == exceptions_of_openai() - set(translations())


def test_the_test_of_the_table_sees_the_exceptions() -> None:
    some = {openai.OpenAIError, openai.RateLimitError, openai_exceptions.SubjectTokenProviderError}
    assert some < exceptions_of_openai()


ENDPOINT = Endpoint("https://mara.example/v1", KEY)
SENT = httpx2.Request("POST", "https://mara.example/v1/chat/completions")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (openai.APIConnectionError(request=SENT), errors.ConnectionLost),
        (openai.APITimeoutError(SENT), errors.ConnectionLost),
        (openai.OpenAIError("odd"), errors.BadResponse),
        (openai.APIError("odd", SENT, body=None), errors.BadResponse),
        (openai.RateLimitError("no", response=httpx2.Response(429, request=SENT), body=None), errors.RateLimited),
        (httpx2.ReadError("cut"), errors.ConnectionLost),
        (httpx2.DecodingError("odd"), errors.BadResponse),
        (ConnectionResetError(104, "Connection reset by peer"), errors.ConnectionLost),
        (EOFError(), errors.ConnectionLost),
    ],
)
def test_an_error_from_below_becomes_one_of_ours(error: Exception, expected: type) -> None:
    told = translate(error, ENDPOINT, "m")
    assert (expected, "mara.example") == (type(told), told.where)


def test_a_connection_that_is_not_made_in_time_is_a_timeout() -> None:
    error = openai.APITimeoutError(SENT)
    error.__cause__ = httpx2.ConnectTimeout("late")
    error.__cause__.__cause__ = TimeoutError()
    told = translate(error, ENDPOINT, "m")
    assert (errors.Timeout, True) == (type(told), told.message == "no connection to mara.example:443 within 10 s")


# GET


def test_data_can_be_asked_for(model: Callable[..., ChatApi]) -> None:
    with RawServer(reply({"data": []})) as server:
        assert model(server).get("/models") == {"data": []}
    assert server.requests[0].line == "GET /v1/models HTTP/1.1"


def test_a_refused_get_is_an_error_of_ours(model: Callable[..., ChatApi]) -> None:
    with RawServer(reply(b"no", 403)) as server, pytest.raises(errors.AuthError):
        model(server).get("/models")
