"""Every form of refusal is read, and means what the documentation says it means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promptkit import errors
from promptkit.models.endpoint import Endpoint
from promptkit.models.rate_headers import reset_time, retry_after
from promptkit.models.refusals import read_refusal, refusal_error

NOW = 1_764_000_000.0
ENDPOINT = Endpoint("https://mara.example/v1", "sk-123")


def refused(status: int, body: Any = "", endpoint: Endpoint = ENDPOINT, **headers: str) -> Any:
    raw = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return refusal_error(read_refusal(status, named, raw, model="gpt-oss-120B", endpoint=endpoint, now=NOW))


def envelope(code: str | None, message: str = "Refused.", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code, **more}}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, envelope("context_length_exceeded"), errors.ContextExceeded),
        (400, envelope(None, type="exceed_context_size_error"), errors.ContextExceeded),
        (400, envelope("model_not_found"), errors.ModelGone),
        (400, envelope("decimal_above_max_value"), errors.BadRequest),
        (400, envelope("invalid_type"), errors.BadRequest),
        (400, "Invalid request body: no messages", errors.BadRequest),
        (401, envelope("invalid_authentication"), errors.AuthError),
        (401, "", errors.AuthError),
        (402, envelope(None), errors.QuotaExhausted),
        (403, "<html>Forbidden</html>", errors.AuthError),
        (404, envelope("model_not_found"), errors.ModelGone),
        (404, {"error": "The model `x` does not exist"}, errors.ModelGone),
        (404, {"error": "Not found"}, errors.BadRequest),
        (408, envelope("request_timeout"), errors.Timeout),
        (409, "", errors.ServerError),
        (410, envelope("model_deprecated"), errors.ModelGone),
        (413, "", errors.BadRequest),
        (422, {"detail": "no"}, errors.BadRequest),
        (429, envelope("queue_full"), errors.RateLimited),
        (429, envelope("insufficient_quota"), errors.RateLimited),
        (500, envelope("internal_server_error"), errors.ServerError),
        (502, "", errors.ServerError),
        (503, "Service Temporarily Unavailable", errors.ServerError),
        (504, envelope("queue_full"), errors.ServerError),
        (529, "", errors.ServerError),
        (307, "", errors.BadResponse),
        (199, "", errors.BadResponse),
    ],
)
def test_a_refusal_is_classed_by_status_then_by_code(status: int, body: Any, expected: type) -> None:
    error = refused(status, body)
    assert (expected, status, "mara.example") == (type(error), error.status, error.where)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (envelope("invalid_type", "Bad top_p."), "Bad top_p."),
        ({"error": "Not a body"}, "Not a body"),
        ({"message": "Plain form"}, "Plain form"),
        ({"detail": "Gateway form"}, "Gateway form"),
        ("Invalid request body: EOF", "Invalid request body: EOF"),
        ("<html><style>p {}</style><h1>Bad\n gateway</h1></html>", "Bad gateway"),
        ({"error": {"message": {"deep": 1}}}, '{"deep": 1}'),
        ("[" * 100_000, "["),
    ],
)
def test_the_servers_words_are_found_in_every_form(body: Any, words: str) -> None:
    assert words in refused(400, body).message


def test_a_refusal_keeps_code_param_request_id_and_raw_body() -> None:
    body = {**envelope("decimal_above_max_value", "Too high.", param="top_p"), "request_id": "d79vdot7"}
    error = refused(400, body)
    kept = (error.server_code, error.request_id, error.body)
    assert ("decimal_above_max_value", "d79vdot7", json.dumps(body)) == kept
    assert error.details == ("it is about `top_p`", "request id d79vdot7")


def test_a_request_id_may_stand_in_a_header() -> None:
    assert refused(500, "", x_request_id="abc").request_id == "abc"


def test_a_long_body_is_kept_up_to_two_kilobytes() -> None:
    assert len(refused(500, "x" * 9000).body) == 2048


@pytest.mark.parametrize(
    ("body", "output"),
    [
        ({"error": "Model did not output valid JSON.", "error_model_output": '{"a": '}, '{"a": '),
        (envelope(None, "Model did not output valid JSON.", model_output='{"a": '), '{"a": '),
        (envelope("adapter_mapping_failed", "Invalid function calling output.", error_model_output="{x"), "{x"),
        (envelope(None, "Model did not output valid JSON. The output was truncated before"), ""),
        ({"error": "Invalid structured output"}, ""),
    ],
)
def test_a_failed_json_answer_carries_what_the_model_wrote(body: Any, output: str) -> None:
    error = refused(400, body)
    assert (errors.BadRequest, output, True) == (type(error), error.model_output, "raise `max_tokens`" in error.help)


def test_a_model_that_differs_in_case_only_is_suggested() -> None:
    assert "did you mean `gpt-oss-120b`?" in refused(404, envelope("model_not_found")).help


def test_a_refused_key_names_its_variable() -> None:
    assert "MARA_API_KEY" in refused(401).help


def test_a_missing_key_for_another_server_says_where_to_name_it() -> None:
    assert "key_env" in refused(401, endpoint=Endpoint("https://other/v1", key_variable="", name="other")).help


def test_a_redirect_names_its_target() -> None:
    assert "https://elsewhere/v1" in refused(308, "", location="https://elsewhere/v1").help


def test_an_exhausted_day_is_quota_with_its_reset() -> None:
    error = refused(
        429,
        envelope("insufficient_quota"),
        x_ratelimit_remaining_requests="3",
        x_ratelimit_remaining_requests_day="0",
        x_ratelimit_reset_requests_day=str(NOW + 72_000),
    )
    assert (errors.QuotaExhausted, NOW + 72_000) == (type(error), error.resets_at)
    assert "2025-11-25 12:00 UTC" in error.help


def test_an_exhausted_day_without_a_reset_is_quota_all_the_same() -> None:
    error = refused(429, "", x_ratelimit_remaining_requests_day="0", x_ratelimit_reset_requests_day="soon")
    assert (errors.QuotaExhausted, None) == (type(error), error.resets_at)


def test_an_exhausted_minute_is_a_wait_till_its_reset() -> None:
    error = refused(
        429,
        envelope("insufficient_quota"),
        x_ratelimit_remaining_requests="0",
        x_ratelimit_reset_requests=str(NOW + 12),
        x_ratelimit_remaining_requests_day="400",
    )
    assert (errors.RateLimited, 12.0) == (type(error), error.retry_after)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Mon, 24 Nov 2025 16:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 24 Nov 2025 15:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Fri, 31 Dec 99999 23:59:59 GMT"}, None),
        ({"x-ratelimit-reset-requests": str(NOW + 20)}, 20.0),
        ({"x-ratelimit-reset-requests": f"{(NOW + 20) * 1000:.0f}"}, 20.0),
        ({"x-ratelimit-reset-requests": "1m30s"}, 90.0),
        ({"x-ratelimit-reset-requests": "450ms"}, 0.45),
        ({"x-ratelimit-reset-requests": "12"}, 12.0),
        ({"x-ratelimit-reset-requests": str(NOW - 20)}, None),
        ({"x-ratelimit-reset-requests": "12 parsecs"}, None),
        ({"x-ratelimit-reset-requests": "-4"}, None),
        ({"x-ratelimit-reset-requests": str(NOW + 20), "x-ratelimit-remaining-requests": "0"}, 20.0),
        ({"x-ratelimit-reset-requests": str(NOW + 20), "x-ratelimit-remaining-requests": "7"}, None),
    ],
)
def test_the_wait_is_read_from_every_header_that_names_one(headers: dict[str, str], expected: float | None) -> None:
    assert expected == pytest.approx(retry_after(headers, NOW), abs=1e-3)


def test_a_reset_time_beyond_the_calendar_is_still_a_time() -> None:
    error = refused(429, "", x_ratelimit_remaining_requests_day="0", x_ratelimit_reset_requests_day="1e300")
    assert "Unix time" in error.help


def test_no_reset_time_is_none() -> None:
    assert reset_time(None, NOW) is None
