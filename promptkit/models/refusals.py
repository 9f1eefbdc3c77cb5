"""Refusals: what a server means by a status, headers and a body that are no answer.

Pure. Status first, then headers, then the code; words are compared nowhere but for a failed JSON answer, which
has no code. Sources: MARA docs, pages Error codes and Rate limits; SambaNova's OpenAPI file 1.2.0 for the codes
that MARA's page cuts off (read 2026-11-22).
"""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.errors import (
    AuthError,
    BadRequest,
    BadResponse,
    ContextExceeded,
    ModelError,
    ModelGone,
    QuotaExhausted,
    RateLimited,
    ServerError,
    Timeout,
)
from promptkit.models.answers import EXCERPT, server_words
from promptkit.models.rate_headers import read_number, reset_time, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.models.endpoint import Endpoint

_CONTEXT_CODES = frozenset(("context_length_exceeded", "exceed_context_size_error"))
_GONE_CODES = frozenset(("model_not_found", "model_deprecated"))
_REQUEST_IDS = ("x-request-id", "request-id", "x-correlation-id")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal, read: the server's words and all that came with them. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    raw: str
    model: str
    endpoint: Endpoint
    now: float
    message: str
    code: str
    codes: frozenset[str]
    param: str
    request_id: str
    model_output: str

    @property
    def told(self) -> dict[str, Any]:
        """What every error of this refusal carries."""
        details = [f"it is about `{self.param}`"] if self.param else []
        details += [f"request id {self.request_id}"] if self.request_id else []
        return {
            "where": self.endpoint.host,
            "details": details,
            "status": self.status,
            "server_code": self.code,
            "request_id": self.request_id,
            "body": self.raw[:EXCERPT],
        }

    def words(self, meaning: str) -> str:
        """A meaning with the server's own words behind it."""
        return f"{meaning} (HTTP {self.status}): {self.message}" if self.message else f"{meaning} (HTTP {self.status})"


def read_refusal(
    status: int, headers: Mapping[str, str], raw: str, *, model: str, endpoint: Endpoint, now: float | None = None
) -> Refusal:
    """Read every form that a refusal's body may have: JSON with an object or a text, plain text, a web page.

    `now` is the Unix time that reset headers are compared with, by default the clock's.
    """
    data = _json(raw)
    message, code = server_words(data) if data is not None else (_plain(raw), "")
    error = data.get("error") if isinstance(data, dict) else None
    inner: Mapping[str, Any] = error if isinstance(error, dict) else {}
    outer: Mapping[str, Any] = data if isinstance(data, dict) else {}
    ids = (outer.get("request_id"), inner.get("request_id"), *(headers.get(name) for name in _REQUEST_IDS))
    outputs = (outer.get("error_model_output"), inner.get("error_model_output"), inner.get("model_output"))
    return Refusal(
        status=status,
        headers=headers,
        raw=raw,
        model=model,
        endpoint=endpoint,
        now=time.time() if now is None else now,
        message=" ".join(message.split())[:EXCERPT],
        code=code,
        codes=frozenset(str(value) for value in (inner.get("code"), inner.get("type"), outer.get("code")) if value),
        param=_first_text(inner.get("param")),
        request_id=_first_text(*ids),
        model_output=_first_text(*outputs),
    )


def refusal_error(refusal: Refusal) -> ModelError:
    """The error that a refusal is."""
    by_status = _BY_STATUS.get(refusal.status) or _BY_CLASS.get(refusal.status // 100, _not_an_answer)
    return by_status(refusal)


def _unauthorised(refusal: Refusal) -> ModelError:
    variable = refusal.endpoint.key_variable
    has_key = bool(refusal.endpoint.api_key)
    meaning = f"{refusal.endpoint.name} refuses the key" if has_key else f"{refusal.endpoint.name} asks for a key"
    return AuthError(refusal.words(meaning), help=_key_cure(variable, has_key), **refusal.told)


def _key_cure(variable: str, has_key: bool) -> str:
    if not variable:
        return 'name the variable that holds the key: [endpoints."URL"] key_env = "..." in promptkit.toml'
    return f"check {variable}: is it whole, and made for this server?" if has_key else f"export {variable}=..."


def _forbidden(refusal: Refusal) -> ModelError:
    cure = f"the key may have no access to `{refusal.model}`, or a filter stands before the server"
    return AuthError(refusal.words("access is denied"), help=cure, **refusal.told)


def _unpaid(refusal: Refusal) -> ModelError:
    cure = "add credit or change the plan; nothing is gained by asking again"
    return QuotaExhausted(refusal.words("the credit is used up"), help=cure, **refusal.told)


def _not_found(refusal: Refusal) -> ModelError:
    # SambaNova's SimpleError form has no code; a path that is wrong has no word of a model.
    if refusal.codes & _GONE_CODES or "model" in refusal.message.lower():
        return _gone(refusal)
    cure = f"is the base URL right? It is {refusal.endpoint.base_url}"
    return BadRequest(refusal.words("the server has nothing there"), help=cure, **refusal.told)


def _gone(refusal: Refusal) -> ModelError:
    from promptkit.models.catalog import near_model

    cure = "`promptkit models refresh` asks for the models that are there"
    cures = (near_model(refusal.model), cure)
    return ModelGone(
        refusal.words(f"there is no model `{refusal.model}`"), help="; ".join(filter(None, cures)), **refusal.told
    )


def _timed_out(refusal: Refusal) -> ModelError:
    return Timeout(refusal.words("the server gave up waiting"), help="ask again, or for less", **refusal.told)


def _too_many(refusal: Refusal) -> ModelError:
    """MARA says `insufficient_quota` for the minute's limit and for the day's: the headers tell which."""
    if read_number(refusal.headers.get("x-ratelimit-remaining-requests-day")) == 0:
        reset = reset_time(refusal.headers.get("x-ratelimit-reset-requests-day"), refusal.now)
        when = f"; it begins anew at {_clock(reset)}" if reset is not None else ""
        return QuotaExhausted(
            refusal.words("the day's limit is used up"), resets_at=reset, help=f"go on later{when}", **refusal.told
        )
    wait = retry_after(refusal.headers, refusal.now)
    cure = f"ask again in {math.ceil(wait)} s" if wait is not None else "ask again later, or fewer at a time"
    return RateLimited(refusal.words("too many requests"), retry_after=wait, help=cure, **refusal.told)


def _failed(refusal: Refusal) -> ModelError:
    cure = "ask again; the request is not at fault"
    wait = retry_after(refusal.headers, refusal.now)
    return ServerError(refusal.words("the server failed"), retry_after=wait, help=cure, **refusal.told)


def _refused(refusal: Refusal) -> ModelError:
    if refusal.codes & _CONTEXT_CODES:
        cure = "shorten the inputs or lower `max_tokens`: input and output share the window"
        return ContextExceeded(
            refusal.words(f"the context window of `{refusal.model}` is too small"), help=cure, **refusal.told
        )
    if refusal.codes & _GONE_CODES:
        return _gone(refusal)
    if _is_failed_answer(refusal):
        return BadRequest(
            refusal.words("the model's answer did not pass the server's check"),
            model_output=refusal.model_output,
            failed_answer="truncated" if "truncated" in refusal.message.lower() else "invalid",
            help="raise `max_tokens`; what the model wrote is in the error's `model_output`, if the server told",
            **refusal.told,
        )
    return BadRequest(refusal.words("the server refuses the request"), help=_request_cure(refusal), **refusal.told)


def _is_failed_answer(refusal: Refusal) -> bool:
    return bool(refusal.model_output) or is_json_failure(refusal.message)


def is_json_failure(message: str) -> bool:
    """Whether a 400's words say that the model wrote no valid JSON: such a failure has no code (seen on MARA)."""
    lowered = message.lower()
    return "did not output valid json" in lowered or "invalid structured output" in lowered


def _request_cure(refusal: Refusal) -> str:
    return f"look at `{refusal.param}`; `promptkit log show` shows what was sent" if refusal.param else ""


def _redirected(refusal: Refusal) -> ModelError:
    target = refusal.headers.get("location", "")
    message = f"the server redirects (HTTP {refusal.status}), and a prompt is not sent elsewhere on its word"
    cure = f"if that is right, make the base URL {target}" if target else "check the base URL"
    return BadResponse(message, help=cure, **refusal.told)


def _not_an_answer(refusal: Refusal) -> ModelError:
    return BadResponse(refusal.words("the server's answer is none"), help="check the base URL", **refusal.told)


_BY_STATUS: Mapping[int, Callable[[Refusal], ModelError]] = {
    401: _unauthorised,
    402: _unpaid,
    403: _forbidden,
    404: _not_found,
    408: _timed_out,
    409: _failed,
    410: _gone,
    429: _too_many,
}
_BY_CLASS: Mapping[int, Callable[[Refusal], ModelError]] = {3: _redirected, 4: _refused, 5: _failed}


def _clock(moment: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))
    except (OverflowError, ValueError, OSError):
        return f"Unix time {moment:.0f}"


def _json(raw: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _plain(raw: str) -> str:
    """The words of a text or of a web page, without its markup."""
    text = re.sub(r"(?is)<(script|style)\b.*?</\1>|<[^>]*>", " ", raw[:EXCERPT]) if "<" in raw else raw
    return text[:300].strip()


def _first_text(*values: Any) -> str:
    return next((value for value in values if isinstance(value, str) and value), "")
