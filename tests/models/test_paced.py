"""The gate before a server: nobody asks too often, too early or in vain, and everybody who may ask does."""

from __future__ import annotations

import asyncio
import heapq
import os
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit import Client, Prompt
from promptkit.completion import Completion, Delta, Rates, Request, Usage
from promptkit.errors import ConfigError, ModelError, QuotaExhausted, RateLimited
from promptkit.models import open_model
from promptkit.models.documented import RATE_LIMITS
from promptkit.models.paced import LONGEST_WAIT, Allowed, Gate, Paced, place_of, shared_gate
from promptkit.redact import Redactor
from promptkit.setting_table import TIERS
from promptkit.settings import load_settings
from promptkit.testing import MaraServer, ScriptedModel

EPOCH = 1_700_000_000.0
DAY = 86_400


class Time:
    """A clock that is set by hand: monotonic time, and Unix time beside it."""

    def __init__(self) -> None:
        self.now = 50.0

    def gate(self, jitter: float = 0.0, **allowed: int) -> Gate:
        return Gate(Allowed(**allowed), now=lambda: self.now, wall=lambda: EPOCH + self.now, jitter=lambda: jitter)


# Laws


@given(most=st.integers(1, 30), arrivals=st.lists(st.floats(0, 300), min_size=1, max_size=80), took=st.floats(0, 40))
def test_in_no_minute_more_requests_begin_than_are_allowed_and_all_of_them_do(
    most: int, arrivals: list[float], took: float
) -> None:
    at = Time()
    gate = at.gate(requests_per_minute=most)
    waiting = [(50 + arrival, number) for number, arrival in enumerate(arrivals)]
    heapq.heapify(waiting)
    begun: list[float] = []
    while waiting:
        moment, number = heapq.heappop(waiting)
        at.now = max(at.now, moment)
        if seconds := gate.enter():
            heapq.heappush(waiting, (at.now + seconds, number))
        else:
            begun.append(at.now)
            gate.leave()
    assert len(arrivals) == len(begun)
    assert all(later - first >= 60 - 1e-6 for first, later in zip(begun, begun[most:], strict=False))


@given(told=st.floats(0.01, 100), asks=st.lists(st.floats(0, 150), min_size=1, max_size=20), jitter=st.floats(0, 1))
def test_nobody_asks_before_the_time_that_the_server_named(told: float, asks: list[float], jitter: float) -> None:
    at = Time()
    gate = at.gate(jitter)
    gate.turned_away(RateLimited("slow down", retry_after=told))
    for ask in sorted(asks):
        at.now = 50 + ask
        seconds = gate.enter()
        assert (seconds > 0) == (ask < told)
        assert seconds == 0 or told - 1e-6 <= ask + seconds <= told + 1 + 1e-6


# Headers


@pytest.mark.parametrize(
    ("rates", "under_way", "wait"),
    [
        (Rates(remaining=0, reset=EPOCH + 80), 1, 30),
        (Rates(remaining=2, reset=EPOCH + 80), 3, 30),  # the two others will use these up
        (Rates(remaining=3, reset=EPOCH + 80), 3, 0),
        (Rates(remaining=0, reset=EPOCH + 10), 1, 0),  # it is past
        (Rates(remaining=0), 1, 0),
        (Rates(), 1, 0),
    ],
)
def test_a_minute_that_is_used_up_closes_the_gate_until_it_ends(rates: Rates, under_way: int, wait: float) -> None:
    gate = Time().gate()
    for _ in range(under_way):
        assert 0 == gate.enter()
    gate.told(rates)
    assert wait == pytest.approx(gate.enter())


def test_the_servers_limit_goes_over_that_of_the_settings() -> None:
    gate = Time().gate(requests_per_minute=1)
    assert 0 == gate.enter()
    gate.told(Rates(limit=2, remaining=1))
    assert [0, 60] == [gate.enter(), gate.enter()]


@pytest.mark.parametrize("absurd", [1e6, 1e12])
def test_an_absurd_wait_is_tried_again_after_ten_minutes(absurd: float) -> None:
    at = Time()
    gate = at.gate()
    gate.turned_away(RateLimited("slow down", retry_after=absurd))
    assert 600 == gate.enter()
    at.now += 600
    assert 0 == gate.enter()


# The day


def test_a_days_limit_stops_everybody_until_it_begins_anew() -> None:
    at = Time()
    gate = at.gate()
    gate.turned_away(QuotaExhausted("the day's limit is used up", resets_at=EPOCH + 1000))
    with pytest.raises(QuotaExhausted, match="this request was not sent") as caught:
        gate.enter()
    assert EPOCH + 1000 == caught.value.resets_at
    at.now = 1000
    assert 0 == gate.enter()


def test_headers_that_say_that_the_day_is_used_up_stop_the_next_request() -> None:
    gate = Time().gate()
    gate.enter()
    gate.told(Rates(remaining=5, day_remaining=0, day_reset=EPOCH + 1000))
    with pytest.raises(QuotaExhausted):
        gate.enter()


def test_credit_that_is_used_up_is_looked_at_again_after_ten_minutes() -> None:
    at = Time()
    gate = at.gate()
    gate.turned_away(QuotaExhausted("the credit is used up"))
    with pytest.raises(QuotaExhausted):
        gate.enter()
    at.now += 600
    assert 0 == gate.enter()


@pytest.mark.parametrize("allowed", [{"requests_per_day": 2}, {"tokens_per_day": 200}])
def test_what_the_settings_allow_a_day_is_kept(allowed: dict[str, int]) -> None:
    at = Time()
    gate = at.gate(**allowed)
    for _ in range(2):
        assert 0 == gate.enter()
        gate.leave(100)
    with pytest.raises(QuotaExhausted, match="that the settings allow are used") as caught:
        gate.enter()
    assert caught.value.resets_at == (EPOCH // DAY + 1) * DAY
    at.now += DAY
    assert 0 == gate.enter()


# The wrapper


def asked(model: Any, way: str = "send", **request: Any) -> list[Delta]:
    sent = Request("m", (), **request)
    if way == "send":
        return list(model.send(sent))

    async def all_of_it() -> list[Delta]:
        return [delta async for delta in model.asend(sent)]

    return asyncio.run(all_of_it())


@pytest.mark.parametrize("way", ["send", "asend"])
def test_an_answer_passes_and_its_tokens_count(way: str) -> None:
    model = Paced(
        ScriptedModel([Completion("Hi", usage=Usage(70, 30, requests=1))] * 2),
        "p",
        lambda _: Allowed(tokens_per_day=100),
    )
    assert "Hi" == "".join(delta.text for delta in asked(model, way))
    with pytest.raises(QuotaExhausted):
        asked(model, way)


@pytest.mark.parametrize(("left", "told"), [(5.0, 30.0), (None, LONGEST_WAIT + 1)])
def test_a_wait_that_is_too_long_is_an_error_and_nothing_is_sent(left: float | None, told: float) -> None:
    inner = ScriptedModel(["Hi"])
    model = Paced(inner, "p")
    model.gate("m").turned_away(RateLimited("slow down", retry_after=told))
    with pytest.raises(RateLimited, match="are held back for") as caught:
        asked(model, timeout=left)
    assert told == pytest.approx(caught.value.retry_after, abs=2)
    assert [] == inner.requests


def test_an_answer_that_is_left_early_leaves_the_gate() -> None:
    model = Paced(ScriptedModel(["a long answer"] * 2), "p")
    deltas = iter(model.send(Request("m", (), stream=True)))
    next(deltas)
    deltas.close()  # type: ignore[attr-defined]
    gate = model.gate("m")
    assert 0 == gate.enter()
    gate.told(Rates(remaining=1, reset=time.time() + 60))
    assert 0 == gate.enter()


def test_there_is_one_gate_for_each_server_key_and_model() -> None:
    places = [place_of("http://a/v1", "key-1"), place_of("http://a/v1", "key-2"), place_of("http://b/v1", "key-1")]
    gates = [shared_gate(place, model, lambda _: Allowed()) for place in places for model in ("m", "n")]
    assert 6 == len(set(map(id, gates)))
    assert gates[0] is shared_gate(places[0], "m", lambda _: Allowed())
    assert "key-1" not in places[0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_gates_of_its_own() -> None:
    shared_gate("p", "m", lambda _: Allowed()).turned_away(QuotaExhausted("used up"))
    child = os.fork()
    if not child:
        os._exit(int(shared_gate("p", "m", lambda _: Allowed()).enter()))
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# Against a server


def client_of(server: MaraServer, **told: Any) -> Client:
    return Client(settings=load_settings(base_url=server.base_url, api_key="a-key", model="gpt-oss-120b", **told))


PROMPT = Prompt.from_text("task: Say {{ word }}\ninputs: {word: string}")


def refused(**headers: str) -> dict[str, Any]:
    error = {"error": {"message": "Too many", "code": "insufficient_quota"}}
    return {"status": 429, "headers": headers, "body": error}


def test_all_workers_wait_when_one_is_turned_away() -> None:
    begun: list[float] = []

    def answer(_: Any) -> Any:
        begun.append(time.monotonic())
        return refused(**{"Retry-After": "1.5"}) if len(begun) == 1 else "Hi"

    async def work(client: Client) -> None:
        prompt = PROMPT.using(client=client)
        first = asyncio.create_task(prompt.arun(word="one"))
        while not begun:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        await asyncio.gather(first, *(prompt.arun(word=str(number)) for number in range(8)))

    with MaraServer([answer] * 20) as server, client_of(server) as client:
        asyncio.run(work(client))
    assert 10 == len(begun)
    assert [] == [moment for moment in begun[1:] if moment - begun[0] < 1.5]


def test_after_a_days_limit_nobody_asks_any_more() -> None:
    day = {"x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": str(time.time() + 9000)}
    with MaraServer([refused(**day)] * 20) as server, client_of(server) as client:
        for number in range(5):
            with pytest.raises(QuotaExhausted) as caught:
                PROMPT.using(client=client).run(word=str(number))
            assert caught.value.resets_at == pytest.approx(time.time() + 9000, abs=60)
        assert 1 == len(server.requests)


def test_the_settings_say_what_may_be_asked_of_a_model() -> None:
    with MaraServer() as server, client_of(server, models={"gpt-oss-120b": {"requests_per_day": 2}}) as client:
        prompt = PROMPT.using(client=client)
        prompt.run(word="one")
        prompt.run(word="two")
        with pytest.raises(QuotaExhausted, match="the day's 2 requests that the settings allow are used"):
            prompt.run(word="three")
        assert 2 == len(server.requests)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, Allowed()),
        ({"tier": "free"}, Allowed(20, 20, 200_000)),
        ({"tier": "developer"}, Allowed(200, 50_000)),
        ({"tier": "free", "models": {"MiniMax-M2.5": {"requests_per_day": 7}}}, Allowed(20, 7, 200_000)),
        ({"tier": "free", "base_url": "http://127.0.0.1:1/v1"}, Allowed()),
        ({"tier": "free", "base_url": "https://llm.example.com/v1"}, Allowed()),
    ],
)
def test_the_documented_limits_of_a_plan_hold_where_the_settings_name_it(
    settings: dict[str, Any], expected: Allowed
) -> None:
    model = open_model("MiniMax-M2.5", load_settings(**settings), redactor=Redactor())
    assert isinstance(model, Paced)
    assert expected == model.gate("MiniMax-M2.5").allowed
    assert Allowed() == model.gate("nobody-knows-it").allowed


def test_the_documented_plans_are_those_that_settings_know() -> None:
    assert set(TIERS) == {tier for tiers in RATE_LIMITS.values() for tier in tiers}


def test_a_call_that_waits_at_the_gate_does_not_outlast_its_time() -> None:
    with MaraServer([refused(**{"Retry-After": "50"})] * 9) as server, client_of(server, call_timeout=20.0) as client:
        for _ in range(3):
            with pytest.raises(ModelError):
                PROMPT.using(client=client).run(word="x")
        assert 1 == len(server.requests)


@pytest.mark.parametrize("value", ["9" * 400 + "s", "1" * 8_000, "1e300", "nan", "-5"])
@pytest.mark.parametrize("header", ["Retry-After", "x-ratelimit-reset-requests"])
def test_an_absurd_header_is_an_answer_like_any_other(header: str, value: str) -> None:
    past = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1000000000"}
    headers = {**past, header: value}
    with MaraServer([refused(**headers), "Hi"]) as server, client_of(server) as client:
        if value == "1e300":  # a wait that is too long is told, and not waited for
            with pytest.raises(RateLimited) as caught:
                PROMPT.using(client=client).run(word="x")
            assert len(caught.value.help) < 60
        else:
            assert "Hi" == PROMPT.using(client=client).run(word="x").output


def test_the_time_at_the_gate_is_taken_off_the_calls_time() -> None:
    inner = ScriptedModel(["Hi"])
    model = Paced(inner, "p")
    model.gate("m").turned_away(RateLimited("slow down", retry_after=0.3))
    asked(model, timeout=5.0)
    [request] = inner.requests
    assert request.timeout is not None
    assert request.timeout <= 4.7


def test_no_requests_a_minute_is_no_limit_that_somebody_meant() -> None:
    with pytest.raises(ConfigError, match="a number from 1"):
        Allowed(requests_per_minute=0)
