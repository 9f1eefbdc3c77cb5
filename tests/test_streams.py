"""Streams over a real socket: what they hold, and that they let go of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from raw_server import DONE, STREAM_HEAD, RawServer, chunk, chunked, data, stream, wait_until
from waitless import GOOD, Waitless, triage

from promptkit import Client, Prompt, errors
from promptkit.errors import StreamInterrupted
from promptkit.events import TextDelta
from promptkit.testing import ScriptedModel

KEY = "sk-mara-0123456789"
WHOLE = stream(data(chunk(content=json.dumps(GOOD)), chunk("stop", content="")), DONE)


def endless() -> Iterator[bytes | float]:
    """An answer that begins, and goes on with nothing until somebody hangs up."""
    yield from (STREAM_HEAD, chunked(data(chunk(content='{"team": "bil'))))
    while True:
        yield from (0.02, chunked(b": still here\n\n"))


def asking(server: RawServer) -> tuple[Client, Prompt[Any]]:
    client = Client(base_url=server.base_url, api_key=KEY, clock=Waitless())
    return client, triage().using(client=client, model="gpt-oss-120b")


def test_a_stream_that_is_left_early_hangs_up() -> None:
    with RawServer(endless()) as server:
        client, prompt = asking(server)
        with client, prompt.stream(ticket="x") as answer:
            assert TextDelta('{"team": "bil') == next(iter(answer))
        assert wait_until(server.hung_up.is_set)


def test_a_stream_under_asyncio_that_is_left_early_hangs_up() -> None:
    async def leave(server: RawServer) -> None:
        client, prompt = asking(server)
        async with client, prompt.astream(ticket="x") as answer:
            assert TextDelta('{"team": "bil') == await anext(aiter(answer))

    with RawServer(endless()) as server:
        asyncio.run(leave(server))
        assert wait_until(server.hung_up.is_set)


def test_a_cancelled_call_hangs_up() -> None:
    async def cancel(server: RawServer) -> None:
        client, prompt = asking(server)
        async with client:
            call = asyncio.ensure_future(prompt.using().astream(ticket="x").result())
            await asyncio.to_thread(wait_until, lambda: bool(server.requests))
            await asyncio.sleep(0.05)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    with RawServer(endless()) as server:
        asyncio.run(cancel(server))
        assert wait_until(server.hung_up.is_set)


def doomed() -> Iterator[bytes | float]:
    """An answer whose first value is wrong, and that would never end."""
    yield from (STREAM_HEAD, chunked(data(chunk(content='{"urgency": 9, "team": "'))))
    while True:
        yield from (0.02, chunked(data(chunk(content="am"))))


def test_an_answer_that_cannot_become_valid_is_hung_up_on_and_asked_for_again() -> None:
    with RawServer(doomed(), WHOLE) as server:
        client, prompt = asking(server)
        with client, prompt.stream(ticket="x") as answer:
            assert GOOD == answer.result().output
        assert wait_until(server.hung_up.is_set)
        first, second = [request.body["messages"] for request in server.requests]
        assert first == second[:-2]
        assert [("assistant", '{"urgency": 9, "team":'), ("user", True)] == [
            (second[-2]["role"], second[-2]["content"]),
            (second[-1]["role"], "9 is greater than the maximum of 5" in second[-1]["content"]),
        ]


def test_what_was_recorded_of_an_abandoned_answer_is_played_to_the_same_result(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with RawServer(doomed(), WHOLE) as server:
        client = Client(base_url=server.base_url, api_key=KEY, clock=Waitless(), record=path)
        recorded = triage().using(client=client, model="gpt-oss-120b").stream(ticket="x").result()
        client.close()
    replayed = triage().using(model=f"replay:{path}").stream(ticket="x").result()
    told = [
        [(each.completion.text, each.violations) for each in result.attempts if each.completion]
        for result in (recorded, replayed)
    ]
    assert told[0] == told[1]
    assert 2 == len(told[0])
    assert recorded.output == replayed.output


def test_the_result_reads_what_has_not_been_iterated_over() -> None:
    with RawServer(WHOLE) as server:
        client, prompt = asking(server)
        with client, prompt.stream(ticket="x") as answer:
            next(iter(answer))
            assert GOOD == answer.result().output == answer.result().output


LIST = "output: {schema: {type: array, items: {type: integer}}}\ntask: Count."
UNDER = "output: {fields: {results: [integer], other: [string]}}\ntask: Count."


@pytest.mark.parametrize(
    ("spec", "text", "place"),
    [(LIST, "[1, 2, 3]", ()), (UNDER, '{"other": ["x"], "results": [1, 2, 3]}', ("results",))],
)
def test_the_items_of_a_list_come_one_by_one_and_then_the_result(spec: str, text: str, place: tuple[str, ...]) -> None:
    prompt = Prompt.from_text(spec).using(model=ScriptedModel([text, text]))
    with prompt.stream() as answer:
        assert [1, 2, 3] == list(answer.items(*place))
        assert json.loads(text) == answer.result().output

    async def ask() -> list[Any]:
        async with prompt.astream() as answer:
            return [item async for item in answer.items(*place)]

    assert [1, 2, 3] == asyncio.run(ask())


def test_items_that_have_become_void_are_not_followed_by_others() -> None:
    prompt = Prompt.from_text(LIST).using(model=ScriptedModel(['[1, "x"]', "[1, 2]"]))
    with prompt.stream() as answer, pytest.raises(StreamInterrupted, match="1 of its items were given out already"):
        list(answer.items())


def test_a_closed_stream_has_what_had_arrived_but_no_result() -> None:
    with RawServer(endless()) as server:
        client, prompt = asking(server)
        with client:
            answer = prompt.stream(ticket="x")
            next(iter(answer))
            answer.close()
            with pytest.raises(StreamInterrupted, match="closed before its end") as caught:
                answer.result()
            assert '{"team": "bil' == caught.value.text


def test_a_stream_that_was_never_begun_asks_nothing() -> None:
    model = ScriptedModel([GOOD])
    with triage().using(model=model).stream(ticket="x") as answer:
        pass
    assert [] == model.requests
    with pytest.raises(StreamInterrupted):
        answer.result()


def test_a_failed_stream_fails_again_when_its_result_is_asked_for() -> None:
    answer = triage().using(model=ScriptedModel([errors.AuthError("who?")])).stream(ticket="x")
    failures = []
    for _ in range(2):
        with pytest.raises(errors.AuthError) as caught:
            answer.result()
        failures.append(caught.value)
    assert failures[0] is failures[1]


def test_a_failed_stream_under_asyncio_fails_again() -> None:
    async def fail() -> None:
        answer = triage().using(model=ScriptedModel([errors.AuthError("who?")])).astream(ticket="x")
        for _ in range(2):
            with pytest.raises(errors.AuthError):
                await answer.result()

    asyncio.run(fail())


def test_a_stream_that_breaks_off_says_so_with_its_text() -> None:
    with RawServer(stream(data(chunk(content='{"team": "bil')), end=False)) as server:
        client, prompt = asking(server)
        with client, pytest.raises(StreamInterrupted) as caught:
            prompt.stream(ticket="x").result()
        assert ('{"team": "bil', 1) == (caught.value.text, len(server.requests))


def test_inputs_that_do_not_fit_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(errors.InputError, match="ticket"):
        triage().using(model=ScriptedModel()).stream()


INTERRUPTED = """
import sys
from promptkit import Client, Prompt
client = Client(base_url=sys.argv[1], api_key="sk-test-key", log=sys.argv[2])
prompt = Prompt.from_text("task: Hi", path="hello.yaml").using(client=client, model="gpt-oss-120b")
try:
    {ask}
except KeyboardInterrupt:
    print("interrupted", flush=True)
    client.close()
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send to a child")
@pytest.mark.parametrize("ask", ["for event in prompt.stream(): pass", "prompt.run()"])
def test_an_interrupt_in_the_middle_hangs_up_and_is_in_the_log(ask: str, tmp_path: Any) -> None:
    from promptkit.record import RunLog

    log = tmp_path / "log.db"
    code = textwrap.dedent(INTERRUPTED).format(ask=ask)
    with RawServer(endless()) as server:
        child = subprocess.Popen([sys.executable, "-c", code, server.base_url, str(log)], stdout=subprocess.PIPE)
        assert wait_until(lambda: bool(server.requests), 30)
        while child.poll() is None and not server.hung_up.is_set():
            child.send_signal(signal.SIGINT)
            server.hung_up.wait(0.5)
        out, _ = child.communicate(timeout=30)
        assert b"interrupted\n" == out
        assert wait_until(server.hung_up.is_set)
    with RunLog(log) as kept:
        (record,) = kept.list()
    assert ("interrupted", "PK515: interrupted", 1) == (record.status, record.error, len(record.attempts))
