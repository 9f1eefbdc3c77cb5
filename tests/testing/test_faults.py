"""Every fault that the loopback server can play, and what a run comes to that meets it: once, and always."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from waitless import Waitless

from promptkit import Client, Prompt, errors, tool
from promptkit.completion import Request
from promptkit.errors import ConfigError, PromptkitError
from promptkit.messages import Message
from promptkit.models.paced import forget_gates
from promptkit.settings import load_settings
from promptkit.testing import MaraServer
from promptkit.testing.answers import Asked, ServedModel
from promptkit.testing.faults import FAULTS
from promptkit.testing.faults.plan import read_plan

MODEL = "gemma-4-31B-it"
PROMPT = Prompt.from_text(
    "task: Route {{ t }}\ninputs: {t: string}\noutput: {fields: {team: billing | platform, note: string}}"
)
QUICK = {"attempt_timeout": 0.6, "first_byte_timeout": 0.4, "gap_timeout": 0.3, "call_timeout": 20.0}


class Told:
    """What a run with a faulty server came to: its result or error, and how often the server was asked."""

    def __init__(self, *rows: Any, stream: bool = False, prompt: Prompt[Any] = PROMPT, **use: Any) -> None:
        forget_gates()
        self.clock = Waitless()
        self.result: Any = None
        self.error: Any = None
        with MaraServer(faults=list(rows)) as server:
            settings = load_settings(base_url=server.base_url, api_key="planted-key-123", model=MODEL, **QUICK)
            with Client(settings=settings, clock=self.clock) as client:
                asked = prompt.using(client=client, **use)
                try:
                    self.result = asked.stream(t="x").result() if stream else asked.run(t="x")
                except PromptkitError as error:
                    self.error = error
            self.requests = server.requests

    @property
    def outcome(self) -> Any:
        return self.result.confidence if self.result else type(self.error)


Outcome = tuple[Any, int]

GAVE_UP = {
    "out_of_range": errors.BadRequest,
    "context_length": errors.ContextExceeded,
    "unauthorised": errors.AuthError,
    "unpaid": errors.QuotaExhausted,
    "forbidden": errors.AuthError,
    "not_found": errors.ModelGone,
    "gone": errors.ModelGone,
    "day_limit": errors.QuotaExhausted,
    "filtered": errors.OutputError,
}
"""What is not asked again: the error."""

RETRIED = {
    "request_timeout": errors.Timeout,
    "queue_full": errors.RateLimited,
    "server_error": errors.ServerError,
    "bad_gateway": errors.ServerError,
    "maintenance": errors.ServerError,
    "gateway_timeout": errors.ServerError,
    "closed": errors.ConnectionLost,
    "reset": errors.ConnectionLost,
    "hang": errors.Timeout,
    "slow": errors.Timeout,
    "drip": errors.Timeout,
    "endless_body": errors.Timeout,
}
"""What is asked for five times."""

NO_ANSWER = (
    *("empty", "null", "text", "error_in_200", "html_in_200", "empty_body", "null_body", "no_choices", "null_choices"),
    *("bad_utf8", "gzip_lie"),
)
"""What is asked for twice."""

NO_TRACE = (
    *("limits_absent", "limits_used_up", "bom", "text_type", "reasoning", "fenced", "think", "lone_think"),
    *("stream_no_done", "stream_no_usage", "stream_nulls", "stream_crlf", "stream_bytes", "stream_at_once"),
    "stream_ignored",
)
"""What leaves an answer native."""

BROKE_OFF = ("stream_error", "stream_error_event", "stream_stall", "stream_cut", "stream_no_end", "stream_bad_chunk")
"""What breaks off after the first text, and is never asked for again by itself."""

NO_TOOL = [name for name in FAULTS if name.startswith("tool_")]

ONCE: dict[str, Outcome] = {
    **{name: (error, 1) for name, error in GAVE_UP.items()},
    **dict.fromkeys(RETRIED, ("native", 2)),
    **dict.fromkeys(NO_ANSWER, ("native", 2)),
    **dict.fromkeys(NO_TRACE, ("native", 1)),
    **dict.fromkeys(BROKE_OFF, (errors.StreamInterrupted, 1)),
    **dict.fromkeys(NO_TOOL, ("reasked", 2)),
    "rate_limited": ("native", 2),
    "json_invalid": ("reasked", 2),
    "json_output": ("repaired", 1),
    "json_truncated": ("reasked", 2),
    "prose": ("repaired", 1),
    "only_reasoning": ("reasked", 2),
    "cut": ("reasked", 2),
    "not_json": ("reasked", 2),
    "bad_json": ("native", 2),
    "half_body": ("native", 2),
}
ALWAYS: dict[str, Outcome] = {
    **ONCE,
    **{name: (error, 5) for name, error in RETRIED.items()},
    **dict.fromkeys(NO_ANSWER, (errors.BadResponse, 2)),
    **dict.fromkeys(NO_TOOL, (errors.OutputError, 3)),
    "json_invalid": (errors.OutputError, 3),
    "json_truncated": (errors.Truncated, 2),
    "only_reasoning": (errors.Truncated, 2),
    "cut": (errors.Truncated, 2),
    "not_json": (errors.OutputError, 3),
    "bad_json": (errors.BadResponse, 2),
    "half_body": (errors.ConnectionLost, 5),
}
STREAMED: dict[str, Outcome] = {"bad_json": ("native", 1), "half_body": (errors.StreamInterrupted, 1)}
SHORT = {"slow": {"seconds": 0.8}}


def test_every_fault_is_here() -> None:
    assert set(FAULTS) == set(ONCE) == set(ALWAYS)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_is_met_once_comes_to_this(name: str, stream: bool) -> None:
    if FAULTS[name].stream and not stream:
        pytest.skip("it is about streams alone")
    told = Told({"fault": name, "first": 1, **SHORT.get(name, {})}, stream=stream)
    assert (STREAMED.get(name, ONCE[name]) if stream else ONCE[name]) == (told.outcome, len(told.requests)), told.error


SLOW = ("hang", "slow", "drip", "endless_body")


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in ("rate_limited", *SLOW)])
def test_a_fault_that_is_met_always_is_given_up(name: str) -> None:
    stream = bool(FAULTS[name].stream)
    told = Told({"fault": name}, stream=stream)
    assert ALWAYS[name] == (told.outcome, len(told.requests)), told.error
    assert "planted-key-123" not in f"{told.error!r}{told.error}{vars(told.error) if told.error else ''}"


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        ({"retry_after": 7}, 7, 8),
        ({"seconds": 9}, 7, 10),
        ({"seconds": 9, "reset": "milliseconds"}, 7, 10),
        ({"reset": "past"}, 0, 0.5),
        ({"reset": "garbage"}, 0, 0.5),
        ({"reset": "absent"}, 0, 0.5),
    ],
)
def test_who_is_turned_away_waits_as_long_as_the_server_says(told: Any, least: float, most: float) -> None:
    forget_gates()
    clock = Waitless()
    with MaraServer(faults=[{"fault": "rate_limited", **told}]) as server:
        settings = load_settings(base_url=server.base_url, api_key="k-123", model=MODEL, call_timeout=6.0)
        with Client(settings=settings, clock=clock) as client, pytest.raises(errors.RateLimited) as caught:
            PROMPT.using(client=client).run(t="x")
    waits = [error.retry_after for error in [caught.value] if error.retry_after is not None] or clock.pauses[:1]
    assert least <= waits[0] <= most + 1


@pytest.mark.parametrize("form", ["json", "request_id", "simple", "text", "html", "empty"])
def test_a_refusal_is_read_in_every_form_of_its_body(form: str) -> None:
    told = Told({"fault": "forbidden", "form": form, "message": "No access to this."})
    assert errors.AuthError is told.outcome
    assert 403 == told.error.status
    assert ("No access to this." in told.error.message) == (form not in ("html", "empty"))
    assert ("d79vdot7os633dverihg" if form == "request_id" else "") == told.error.request_id


@tool
def look_up(number: int, note: str | None = None) -> str:
    """Look a customer up."""
    return f"customer {number} {note}"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("tool_called", ["ok"]),
        ("tool_twice", ["ok", "ok"]),
        ("tool_no_id", ["ok"]),
        ("tool_bad_json", ["invalid"]),
        ("tool_null", ["invalid"]),
        ("tool_null_argument", ["ok"]),
        ("tool_object", ["ok"]),
        ("tool_unknown", ["unknown"]),
        ("tool_not_called", []),
    ],
)
def test_odd_calls_of_tools_run_once_each_or_are_told(name: str, statuses: list[str], stream: bool) -> None:
    told = Told({"fault": name, "first": 1}, stream=stream, tools=[look_up])
    assert told.result is not None, told.error
    assert statuses == [run.status for run in told.result.tool_calls]
    sent = [message for message in told.requests[-1].body["messages"] if message["role"] == "tool"]
    assert len(statuses) == len({message["tool_call_id"] for message in sent})


def test_a_tool_that_has_to_be_called_and_is_not_is_asked_for_again() -> None:
    choice = {"type": "function", "function": {"name": "look_up"}}
    told = Told({"fault": "tool_not_called", "first": 1}, tools=[look_up], options={"tool_choice": choice})
    assert ["ok"] == [run.status for run in told.result.tool_calls]


# Plans


def asked(number: int, text: str = "Hi", model: str = MODEL, *, stream: bool = False) -> Asked:
    body = Request(model, (Message("user", text),), stream=stream).to_openai()
    return Asked(body, ServedModel(model), number)


def played(plan: Any, *requests: Asked) -> list[str | None]:
    found = [read_plan(plan).row(request) for request in requests]
    return [row.name if row else None for row in found]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, "1111"),
        ({"requests": [1, 3]}, "1010"),
        ({"first": 2}, "1100"),
        ({"every": 2}, "0101"),
        ({"share": 0}, "0000"),
        ({"share": 1}, "1111"),
        ({"model": "other"}, "0001"),
        ({"stream": True}, "0010"),
        ({"stream": False}, "1101"),
        ({"containing": "hello"}, "0100"),
        ({"first": 2, "containing": "hello"}, "0100"),
    ],
)
def test_a_row_plays_for_the_requests_that_it_names(chosen: dict[str, Any], expected: str) -> None:
    requests = [asked(1), asked(2, "hello"), asked(3, stream=True), asked(4, model="other")]
    plan = [{"fault": "bad_gateway", **chosen}]
    assert expected == "".join("1" if name else "0" for name in played(plan, *requests))


def test_the_first_row_that_is_about_a_request_plays() -> None:
    plan = [{"fault": "stream_cut"}, {"fault": "bad_gateway", "requests": [2]}, "fenced"]
    requests = [asked(1), asked(2), asked(3, stream=True)]
    assert ["fenced", "bad_gateway", "stream_cut"] == played(plan, *requests)


def test_a_share_is_drawn_by_the_seed() -> None:
    requests = [asked(number) for number in range(1, 1001)]
    drawn = [played({"seed": seed, "faults": [{"fault": "empty", "share": 0.3}]}, *requests) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert 250 < sum(name is not None for name in drawn[0]) < 350


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("bad", "a plan has `faults`"),
        ({}, "a plan has `faults`"),
        ({"faults": [], "sed": 1}, "did you mean `seed`"),
        ([{"fault": "rate_limted"}], "did you mean `rate_limited`"),
        ([{"first": 1}], "a row is a mapping with the key `fault`"),
        ([{"fault": "drip", "second": 1}], "did you mean `seconds`"),
        ([{"fault": "drip", "seconds": "long"}], "it is a number"),
        ([{"fault": "drip", "first": True}], "it is a whole number"),
        ([{"fault": "drip", "requests": 3}], "it is a list of numbers"),
        ([{"fault": "gone", "form": "xml"}], "there is no `form` `xml`"),
        ([{"fault": "rate_limited", "reset": "never"}], "there is no `reset` `never`"),
        ("bad_gateway", "a plan has `faults`"),
        ({"faults": "bad_gateway"}, "a plan has `faults`"),
        ({"faults": [], "seed": "x"}, "`seed` cannot be 'x'"),
        ([{"fault": ["x"]}], "it is the name of a fault"),
        ([{"fault": None}], "it is the name of a fault"),
        ([{"fault": "drip", "every": 0}], "from 1"),
        ([{"fault": "drip", "first": -1}], "it is a whole number"),
        ([{"fault": "drip", "requests": ["a"]}], "it is a list of numbers"),
        ([{"fault": "drip", "share": 5}], "from 0 to 1"),
        ([{"fault": "drip", "seconds": float("inf")}], "it is a number from 0"),
        ([{"fault": "text", "text": 7}], "it is a text"),
        ([{"fault": "gone", "message": 5}], "it is a text"),
        ([{"fault": "gone", "retry_after": {}}], "a number of seconds, or a date"),
        ([{"fault": "endless_body", "status": 7}], "it is an HTTP status"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(plan: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_plan(plan)
    assert words in str(caught.value)


def test_a_server_that_hangs_ends_at_once_when_it_is_stopped() -> None:
    def ask() -> None:
        with pytest.raises(PromptkitError):
            PROMPT.using(client=client).run(t="x")

    with MaraServer(faults=["hang"]) as server:
        settings = load_settings(base_url=server.base_url, api_key="k", model=MODEL, call_timeout=30.0)
        with Client(settings=settings) as client:
            thread = threading.Thread(target=ask)
            thread.start()
            while not server.requests:
                thread.join(0.01)
            server.stop()
            thread.join(20)
    assert not thread.is_alive()
