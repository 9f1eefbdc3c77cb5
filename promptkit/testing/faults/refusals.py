"""Refusals: each status in each form of body that servers have for it; limits; JSON that did not pass.

Sources: MARA docs, pages Error codes and Rate limits; SambaNova's OpenAPI file 1.2.0; what clients of MARA saw in 2026.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.testing.faults.kinds import Fault, content_of
from promptkit.testing.wire import TEXT, Reply, error_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.testing.answers import Asked
    from promptkit.testing.faults.kinds import OfReply, Told


_DAY = 86_400
_REQUEST_ID = "d79vdot7os633dverihg"
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def _status(status: int, code: str | None, message: str, form: str = "json") -> Fault:
    def reply(_: Reply, __: Asked, told: Told) -> Reply:
        headers = {"Retry-After": str(told["retry_after"])} if told["retry_after"] is not None else {}
        made = _FORMS[told["form"]](status, told["message"], code)
        return replace(made, headers={**made.headers, **headers})

    options = (("form", form), ("message", message), ("retry_after", None))
    return Fault(f"HTTP {status}: {message}", reply=reply, options=options, refuses=True)


def _with_request_id(status: int, message: str, code: str | None) -> Reply:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return json_reply({"error": error, "request_id": _REQUEST_ID}, status)


_FORMS: Mapping[str, Callable[[int, str, str | None], Reply]] = {
    "json": lambda status, message, code: error_reply(status, message, code=code),
    "request_id": _with_request_id,
    "simple": lambda status, message, _: json_reply({"error": message}, status),
    "text": lambda status, message, _: Reply(status, {"Content-Type": TEXT}, (message.encode(),)),
    "html": lambda status, _, __: Reply(status, {"Content-Type": "text/html"}, (HTML,)),
    "empty": lambda status, _, __: Reply(status, {}, ()),
}

REFUSALS: dict[str, Fault] = {
    "out_of_range": _status(400, "decimal_above_max_value", "Invalid 'temperature': decimal above maximum value."),
    "context_length": _status(400, "context_length_exceeded", "The context window of the model is exceeded."),
    "unauthorised": _status(401, "invalid_authentication", "Invalid Authentication"),
    "unpaid": _status(402, None, "Payment required", "simple"),
    "forbidden": _status(403, None, "Forbidden", "html"),
    "not_found": _status(404, "model_not_found", "The model does not exist.", "simple"),
    "request_timeout": _status(408, "request_timeout", "The request timed out.", "simple"),
    "gone": _status(410, "model_deprecated", "The model has been withdrawn.", "simple"),
    "queue_full": _status(429, "queue_full", "Too many requests are in flight."),
    "server_error": _status(500, "internal_server_error", "Internal server error", "text"),
    "bad_gateway": _status(502, None, "Bad Gateway", "html"),
    "maintenance": _status(503, "maintenance", "Service Temporarily Unavailable", "text"),
    "gateway_timeout": _status(504, None, "Gateway Timeout", "empty"),
}


def _rate_limited(_: Reply, __: Asked, told: Told) -> Reply:
    reset = time.time() + told["seconds"]
    written = {
        "seconds": f"{reset:.0f}",
        "milliseconds": f"{reset * 1000:.0f}",
        "past": "1000000000",
        "garbage": "soon",
    }
    headers = {} if told["reset"] == "absent" else _limits("", 0, written[told["reset"]])
    return _limited(headers, told["retry_after"])


def _day_limit(_: Reply, __: Asked, told: Told) -> Reply:
    reset = str((int(time.time()) // _DAY + 1) * _DAY)
    return _limited({**_limits("", 5, reset), **_limits("-day", 0, reset)}, told["retry_after"])


def _limited(headers: Mapping[str, str], retry_after: Any) -> Reply:
    told = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    made = error_reply(429, "You exceeded your current quota.", code="insufficient_quota")
    return replace(made, headers={**made.headers, **headers, **told}, limits=False)


def _limits(period: str, remaining: int, reset: str) -> dict[str, str]:
    return {f"x-ratelimit-remaining-requests{period}": str(remaining), f"x-ratelimit-reset-requests{period}": reset}


def _without_limits(reply: Reply, _: Asked, __: Told) -> Reply:
    return replace(reply, limits=False)


def _used_up(reply: Reply, _: Asked, told: Told) -> Reply:
    return replace(reply, headers={**reply.headers, **_limits("", 0, f"{time.time() + told['seconds']:.0f}")})


RATES: dict[str, Fault] = {
    "rate_limited": Fault(
        "HTTP 429 for the minute's limit; `reset`: seconds, milliseconds, past, garbage or absent",
        reply=_rate_limited,
        options=(("seconds", 2), ("reset", "seconds"), ("retry_after", None)),
        refuses=True,
    ),
    "day_limit": Fault(
        "HTTP 429 for the day's limit", reply=_day_limit, options=(("retry_after", None),), refuses=True
    ),
    "limits_absent": Fault("an answer without rate-limit headers", reply=_without_limits),
    "limits_used_up": Fault("an answer that was the minute's last", reply=_used_up, options=(("seconds", 2),)),
}


def _json_failure(message: str, *, tells: bool, cut: bool = False) -> OfReply:
    def reply(normal: Reply, _: Asked, told: Told) -> Reply:
        text = told["text"] if told["text"] is not None else content_of(normal)
        output = {"error_model_output": text[: len(text) // 2] if cut else text} if tells else {}
        return json_reply({"error": message, **output}, 400)

    return reply


_INVALID = "Model did not output valid JSON."
_CUT = f"{_INVALID} The output was truncated. Raise max_tokens and try again."
CHECKED: dict[str, Fault] = {
    "json_invalid": Fault(
        f"HTTP 400: {_INVALID}", reply=_json_failure(_INVALID, tells=False), options=(("text", None),)
    ),
    "json_output": Fault(
        "the same, with what the model wrote", reply=_json_failure(_INVALID, tells=True), options=(("text", None),)
    ),
    "json_truncated": Fault(
        f"HTTP 400: {_CUT}", reply=_json_failure(_CUT, tells=True, cut=True), options=(("text", None),)
    ),
}


CHOICES: Mapping[str, tuple[str, ...]] = {
    "form": tuple(_FORMS),
    "reset": ("seconds", "milliseconds", "past", "garbage", "absent"),
}
"""The words that an option may be."""
