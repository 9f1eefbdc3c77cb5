"""One call from end to end over a real socket: retries, MARA's own check, the record, and secrets kept out of it."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import sqlite3
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waitless import BAD, GOOD, Waitless, triage

from promptkit import Client, Prompt, errors
from promptkit.record import RunLog
from promptkit.result import Result
from promptkit.settings import load_settings
from promptkit.testing import ScriptedModel
from promptkit.testing.server import MaraServer

KEY = "sk-mara-0123456789"
SECRET = "tok-SECRET-4711"
INPUTS = {"ticket": "x", "token": SECRET}
Way = Callable[[Prompt[Any]], Result[Any]]


def streamed(prompt: Prompt[Any]) -> Result[Any]:
    with prompt.stream(INPUTS) as stream:
        return stream.result()


def arun(prompt: Prompt[Any]) -> Result[Any]:
    async def ask() -> Result[Any]:
        async with prompt.client:
            return await prompt.arun(INPUTS)

    return asyncio.run(ask())


def astreamed(prompt: Prompt[Any]) -> Result[Any]:
    async def ask() -> Result[Any]:
        async with prompt.client, prompt.astream(INPUTS) as stream:
            return await stream.result()

    return asyncio.run(ask())


WAYS: dict[str, Way] = {
    "run": lambda prompt: prompt.run(INPUTS),
    "stream": streamed,
    "arun": arun,
    "astream": astreamed,
}
ALL_WAYS = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


class Served:
    """A prompt asked over a socket of a server that says what it is told to."""

    def __init__(self, way: Way, *script: Any, **more: Any) -> None:
        self.clock = Waitless()
        self.result: Any = None
        self.error: Any = None
        prompt = more.pop("prompt", None) or triage()
        options = more.pop("options", None)
        with MaraServer(script, api_key=more.get("api_key", KEY)) as server:
            with Client(base_url=server.base_url, clock=self.clock, **{"api_key": KEY, **more}) as client:
                try:
                    self.result = way(prompt.using(client=client, model="gpt-oss-120b", options=options))
                except errors.PromptkitError as error:
                    self.error = error
            self.bodies = [request.body for request in server.requests]


def said(status: int, body: Any = "", **headers: str) -> dict[str, Any]:
    return {"status": status, "body": body, "headers": {name.replace("_", "-"): v for name, v in headers.items()}}


# Retries over the wire


TROUBLES = [(status, "run") for status in (408, 409, 500, 502, 504, 529)] + [(503, name) for name in WAYS]


@pytest.mark.parametrize(("status", "name"), TROUBLES)
def test_a_server_in_trouble_is_asked_again(status: int, name: str) -> None:
    way = WAYS[name]
    served = Served(way, said(status, "Service Temporarily Unavailable"), json.dumps(GOOD))
    assert GOOD == served.result.output
    assert (2, 1) == (len(served.bodies), len(served.clock.pauses))
    assert served.bodies[0] == served.bodies[1]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.AuthError),
        (402, errors.QuotaExhausted),
        (403, errors.AuthError),
        (404, errors.BadRequest),
        (410, errors.ModelGone),
        (422, errors.BadRequest),
    ],
)
def test_a_refusal_is_not_asked_again(status: int, kind: type[errors.ModelError]) -> None:
    served = Served(WAYS["run"], said(status, {"error": {"message": "No.", "code": "no"}}))
    assert (kind, 1, []) == (type(served.error), len(served.bodies), served.clock.pauses)
    assert (1, status) == (len(served.error.attempts), served.error.status)


def epoch(seconds: float) -> str:
    return str(int(time.time() + seconds))


@ALL_WAYS
def test_the_minutes_reset_is_waited_for(way: Way) -> None:
    limits = {
        "x_ratelimit_remaining_requests": "0",
        "x_ratelimit_reset_requests": epoch(4),
    }  # the gate waits by the real clock
    served = Served(way, said(429, {"error": {"code": "insufficient_quota"}}, **limits), json.dumps(GOOD))
    assert GOOD == served.result.output
    assert 1 < served.clock.pauses[0] <= 13


@pytest.mark.parametrize(
    ("status", "headers", "low", "high"),
    [
        (429, {"retry_after": "7"}, 7, 8),
        (503, {"retry_after": "7"}, 7, 8),
        (429, {"retry_after_ms": "2500"}, 2.5, 3.5),
        (429, {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": epoch(-30)}, 0, 0.5),
        (429, {"x_ratelimit_reset_requests": "soon", "retry_after": "later"}, 0, 0.5),
        (429, {}, 0, 0.5),
    ],
)
def test_the_pause_is_what_the_headers_say(status: int, headers: dict[str, str], low: float, high: float) -> None:
    served = Served(WAYS["run"], said(status, "", **headers), json.dumps(GOOD))
    assert low <= served.clock.pauses[0] <= high


def test_a_pause_of_more_than_two_minutes_is_the_callers_to_decide() -> None:
    served = Served(WAYS["run"], said(429, "", retry_after="3600"))
    assert (errors.RateLimited, 3600, []) == (type(served.error), served.error.retry_after, served.clock.pauses)


@ALL_WAYS
def test_a_days_limit_says_when_it_begins_anew_and_is_not_waited_for(way: Way) -> None:
    reset = epoch(70_000)
    limits = {"x_ratelimit_remaining_requests_day": "0", "x_ratelimit_reset_requests_day": reset}
    served = Served(way, said(429, {"error": {"code": "insufficient_quota"}}, **limits))
    assert (errors.QuotaExhausted, int(reset)) == (type(served.error), served.error.resets_at)
    assert (1, []) == (len(served.bodies), served.clock.pauses)


def test_an_answer_that_is_none_is_asked_for_once_more() -> None:
    assert GOOD == Served(WAYS["run"], said(200, "<html>"), json.dumps(GOOD)).result.output
    assert 2 == len(Served(WAYS["run"], *[said(200, "<html>")] * 4).bodies)


def test_a_models_own_refusal_is_told_and_not_asked_again() -> None:
    body = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": None, "refusal": "I will not."}}]}
    served = Served(WAYS["run"], said(200, body))
    assert "the model refuses to answer: I will not." == served.error.message
    assert 1 == len(served.bodies)


def test_a_server_that_is_not_there_is_tried_five_times() -> None:
    with MaraServer() as server:
        base_url = server.base_url
    clock = Waitless()
    with Client(base_url=base_url, api_key=KEY, clock=clock) as client, pytest.raises(errors.ConnectionLost) as caught:
        triage().using(client=client).run(ticket="x")
    assert (5, 4) == (len(caught.value.attempts), len(clock.pauses))


@ALL_WAYS
def test_the_calls_deadline_cuts_the_last_attempt(way: Way) -> None:
    settings = load_settings(call_timeout=0.3, api_key=KEY)

    def slow(_: Any) -> str:
        time.sleep(1.2)
        return json.dumps(GOOD)

    with MaraServer([slow] * 3) as server:
        client = Client(settings=replace(settings, base_url=server.base_url))
        with client, pytest.raises(errors.Timeout, match=r"within the 0\.3 s of the whole call") as caught:
            way(triage().using(client=client, model="gpt-oss-120b"))
    assert "PROMPTKIT_CALL_TIMEOUT" in caught.value.help


# MARA's own check of JSON answers


@ALL_WAYS
def test_an_answer_in_a_refusal_is_recovered(way: Way) -> None:
    fenced = f"<think>hm</think>```json\n{json.dumps(GOOD)}\n```"
    body = {"error": "Model did not output valid JSON.", "error_model_output": fenced}
    assert GOOD == Served(way, said(400, body)).result.output


@ALL_WAYS
@pytest.mark.parametrize("output", [{}, {"error_model_output": '{"team": "bil'}])
def test_the_budget_is_doubled_before_the_form_is_dropped(way: Way, output: dict[str, str]) -> None:
    refusal = said(400, {"error": "Model did not output valid JSON.", **output})
    served = Served(way, refusal, refusal, json.dumps(GOOD), options={"max_tokens": 64})
    assert GOOD == served.result.output
    sent = [(body["max_tokens"], "response_format" in body) for body in served.bodies]
    assert [(64, True), (128, True), (128, False)] == sent


@ALL_WAYS
def test_the_loopbacks_own_truncation_is_one_repeat_and_then_truncated(way: Way) -> None:
    long = json.dumps({**GOOD, "more": "x" * 4_000})
    served = Served(way, long, long, long, options={"max_tokens": 20})
    assert errors.Truncated is type(served.error)
    assert [20, 40] == [body["max_tokens"] for body in served.bodies]


# The record


def test_a_run_is_recorded_only_by_a_client_with_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    assert "" == triage().using(model=ScriptedModel([GOOD])).run(ticket="x").record_id
    assert not path.exists()
    with Client(log=path) as client:
        record_id = triage().using(model=ScriptedModel([GOOD]), client=client).run(ticket="x").record_id
    with RunLog(path) as log:
        record = log.get(record_id)
    assert (GOOD, {"ticket": "x"}, "ok", "triage") == (record.output, record.inputs, record.status, record.prompt)


@ALL_WAYS
def test_each_way_leaves_one_record(way: Way, tmp_path: Path) -> None:
    served = Served(way, json.dumps(BAD), json.dumps(GOOD), log=tmp_path / "log.db")
    with RunLog(tmp_path / "log.db") as log:
        (record,) = log.list()
    assert (served.result.record_id, 2, "reasked") == (record.id, len(record.attempts), record.confidence)


def test_a_stream_that_is_only_iterated_over_is_recorded(tmp_path: Path) -> None:
    with Client(log=tmp_path / "log.db") as client:
        list(triage().using(model=ScriptedModel([GOOD]), client=client).stream(ticket="x"))
    with RunLog(tmp_path / "log.db") as log:
        assert ["ok"] == [record.status for record in log.list()]


def test_a_stream_that_is_left_early_is_recorded_with_what_was_asked(tmp_path: Path) -> None:
    with Client(log=tmp_path / "log.db") as client:
        prompt = triage().using(model=ScriptedModel([GOOD]), client=client)
        with prompt.stream(ticket="x") as stream:
            next(iter(stream))
    with RunLog(tmp_path / "log.db") as log:
        (record,) = log.list()
    assert ("PK515: interrupted", "stopped after 7 characters") == (record.error, record.attempts[0]["error"])
    assert "interrupted" == record.status


@ALL_WAYS
def test_a_failed_run_names_its_record(way: Way, tmp_path: Path) -> None:
    served = Served(way, *[json.dumps(BAD)] * 3, log=tmp_path / "log.db")
    with RunLog(tmp_path / "log.db") as log:
        (record,) = log.list()
    assert served.error.record_id == record.id
    assert ("OutputError", 3) == (record.status, len(record.attempts))
    assert str(served.error).endswith(f"  model gpt-oss-120b, record {record.id}, see: promptkit log show {record.id}")


@ALL_WAYS
def test_a_log_that_fails_warns_and_loses_no_answer(way: Way, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "log.db").write_text("this is no database, and it is long enough to be seen as none")
    served = Served(way, json.dumps(GOOD), log=tmp_path / "log.db")
    assert (GOOD, "") == (served.result.output, served.result.record_id)
    (record,) = [record for record in caplog.records if record.name == "promptkit"]
    assert logging.WARNING == record.levelno
    assert "the run is not in the log" in record.getMessage()


def test_a_log_that_fails_does_not_hide_why_the_run_failed(tmp_path: Path) -> None:
    (tmp_path / "log.db").mkdir()
    served = Served(WAYS["run"], *[json.dumps(BAD)] * 3, log=tmp_path / "log.db")
    assert (errors.OutputError, "") == (type(served.error), served.error.record_id)


def test_a_typed_output_is_recorded_as_data(tmp_path: Path) -> None:
    from pydantic import BaseModel

    class Triage(BaseModel):
        team: str
        urgency: int

    typed = Prompt(triage().spec, output=Triage)
    with Client(log=tmp_path / "log.db") as client:
        result = typed.using(model=ScriptedModel([GOOD]), client=client).run(ticket="x")
        assert Triage(**GOOD) == result.output
        assert client.log is not None
        assert GOOD == client.log.get(result.record_id).output


# Secrets

MARKED = "sk-MARKED-0815"


def shown(value: Any) -> str:
    """All ways to show a value."""
    texts = [repr(value), str(value)]
    if isinstance(value, BaseException):
        texts += traceback.format_exception(value)
    with suppress(TypeError):  # what cannot be pickled gives nothing away
        texts.append(pickle.dumps(value).decode("latin-1"))
    return "\n".join(texts)


ECHO = f"The key {MARKED} is not valid"


@pytest.mark.parametrize("way", [WAYS["run"], WAYS["astream"]], ids=["run", "astream"])
@pytest.mark.parametrize(
    "script",
    [
        [json.dumps(GOOD)],
        [json.dumps(BAD)] * 3,
        [said(401, {"error": {"message": ECHO}})],
        [said(500, ECHO), json.dumps(GOOD)],
        [said(500, ECHO)] * 5,
        [said(400, {"error": {"message": ECHO, "param": MARKED}}, x_request_id=MARKED)],
        [said(200, {"error": {"message": ECHO}})] * 2,
        [said(200, ECHO)] * 2,
        [said(307, ECHO, location=f"https://other/{MARKED}")],
        [said(429, {"error": ECHO}, retry_after="9"), json.dumps(GOOD)],
    ],
)
def test_neither_the_key_nor_a_secret_input_shows_anywhere(
    way: Way, script: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with MaraServer(script) as server:
        client = Client(base_url=server.base_url, api_key=MARKED, log=tmp_path / "log.db", clock=Waitless())
        prompt = triage().using(client=client, model="gpt-oss-120b")
        outcomes: list[Any] = [client, prompt, prompt.request(ticket="x", token=SECRET)]
        try:
            outcomes.append(way(prompt))
        except errors.PromptkitError as error:
            outcomes.append(error)
        client.close()
    everywhere = "\n".join(map(shown, outcomes)) + repr(client.redactor)
    everywhere += caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    with sqlite3.connect(tmp_path / "log.db") as log:
        everywhere += "\n".join(log.iterdump())
    log.close()
    assert MARKED not in everywhere
    assert SECRET not in everywhere


@settings(max_examples=40)
@given(st.one_of(st.integers(), st.lists(st.just(SECRET)), st.just({"a": SECRET}), st.just(SECRET * 2)))
def test_a_secret_that_does_not_fit_is_not_quoted(value: Any) -> None:
    prompt = Prompt.from_text("task: Hi\ninputs: {token: {type: string, maxLength: 20, secret: true}}")
    with pytest.raises(errors.InputError) as caught:
        prompt.run(token=value)
    assert SECRET not in shown(caught.value)
    assert "the value is secret" in str(caught.value)


def test_a_call_does_not_show_its_inputs() -> None:
    prompt = triage().using(model=ScriptedModel([GOOD]))
    assert SECRET not in repr(prompt._call({"ticket": "x", "token": SECRET}))
