from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit import errors
from promptkit.retries import Retries

ALWAYS = (errors.RateLimited, errors.Timeout, errors.ConnectionLost, errors.ServerError)
NEVER = (
    errors.ModelError,
    errors.AuthError,
    errors.QuotaExhausted,
    errors.ContextExceeded,
    errors.ModelGone,
    errors.BadRequest,
    errors.StreamInterrupted,
)
LATEST = Retries(jitter=lambda: 1.0)


@pytest.mark.parametrize("kind", ALWAYS)
def test_what_the_way_to_the_model_did_is_tried_five_times(kind: type[errors.ModelError]) -> None:
    assert [0.5, 1, 2, 4, None] == [LATEST.pause(kind("x"), tried, 600) for tried in range(1, 6)]


@pytest.mark.parametrize("kind", NEVER)
def test_what_stays_as_it_is_is_not_tried_again(kind: type[errors.ModelError]) -> None:
    assert LATEST.pause(kind("x"), 1, 600) is None


def test_every_model_error_has_been_thought_of() -> None:
    known = {*ALWAYS, *NEVER, errors.BadResponse}
    assert known == {errors.ModelError, *errors.ModelError.__subclasses__()}


def test_an_answer_that_is_none_is_tried_twice() -> None:
    error = errors.BadResponse("not JSON")
    assert [0.5, None] == [LATEST.pause(error, tried, 600) for tried in (1, 2)]


@pytest.mark.parametrize("told", [{"status": 307}, {"server_code": "refusal"}])
def test_a_redirect_and_a_models_own_refusal_stay_the_same(told: dict[str, object]) -> None:
    assert LATEST.pause(errors.BadResponse("x", **told), 1, 600) is None


@pytest.mark.parametrize(("told", "pause"), [(0, 1), (-5, 1), (12, 13), (120, 121), (120.5, None), (70_000, None)])
def test_the_servers_own_pause_holds_up_to_two_minutes(told: float, pause: float | None) -> None:
    assert pause == LATEST.pause(errors.RateLimited("x", retry_after=told), 1, 600)


def test_a_pause_that_would_use_up_the_call_is_not_begun() -> None:
    error = errors.RateLimited("x", retry_after=59)
    assert [60, None] == [LATEST.pause(error, 1, left) for left in (60.1, 60)]


@given(st.integers(1, 100), st.floats(0, 1), st.none() | st.floats(-1e6, 1e6))
def test_no_pause_is_negative_or_longer_than_two_minutes(tried: int, jitter: float, told: float | None) -> None:
    retries = Retries(tries=200, jitter=lambda: jitter)
    pause = retries.pause(errors.ServerError("x", retry_after=told), tried, 600)
    assert pause is None or 0 <= pause <= 121
    assert told is not None or (pause is not None and pause <= 30)
