"""`MaraServer`: a loopback MARA Cloud on a real socket, for tests and for work without a key.

    with MaraServer() as server:
        client = openai.OpenAI(base_url=server.base_url, api_key="any")

It plays MARA's chat completions and model list: authentication, range errors, streams, tool calls, structured
output, rate-limit headers. Contents are simulated from the request's schema, or come from a script.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Self

from promptkit.errors import ConfigError
from promptkit.redact import MASK, Redactor
from promptkit.testing.answers import DEFAULT_MODELS, Asked, ServedModel, chat_reply, refusal
from promptkit.testing.faults.plan import read_plan
from promptkit.testing.wire import Reply, error_reply, json_reply, raw_reply, text_reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.testing.answers import Said
    from promptkit.testing.loopback import Loopback

Scripted = str | Mapping[str, Any] | Reply | Callable[[Mapping[str, Any]], Any]
"""One entry of a script: an answer's content; calls of tools as `{"tool_calls": [{"name", "arguments"}], "content"}`; a
whole reply as `{"status", "body", "headers"}` or `Reply`; or a function of the request's body that gives one."""

_MINUTE = 60
_DAY = 86_400
_UNKNOWN = ServedModel("")


@dataclass(frozen=True, slots=True)
class Received:
    """A request that arrived. `body` is its JSON (None when it is none); the key is redacted everywhere."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any = None


@dataclass(slots=True)
class _Counts:
    """How many requests a model got in this minute and this day."""

    minute: int = 0
    day: int = 0
    in_minute: int = 0
    in_day: int = 0

    def count(self, now: float) -> None:
        minute, day = int(now // _MINUTE), int(now // _DAY)
        self.in_minute = self.in_minute + 1 if minute == self.minute else 1
        self.in_day = self.in_day + 1 if day == self.day else 1
        self.minute, self.day = minute, day


class MaraServer:
    """A loopback MARA Cloud; use it in a `with` statement, or `start` and `stop` it.

    `answers` is a script: one entry for each chat request that is not refused, and an error 400 when it has
    ended; without it, answers are simulated. `api_key` is the only key that is accepted; without it, any is.
    `port` 0 takes a free one. `models` are ids or `ServedModel`s. `on_log` is called with each line of `log`,
    `on_request` with each request that arrives. `faults` is a plan of what goes wrong (see `promptkit.testing.faults`):
    the rows of a YAML plan as data, such as `[{"fault": "rate_limited", "first": 2}]`.

    `base_url` is what a client needs; `requests` are those that arrived, in order, keys redacted.
    Raises `ConfigError` when the port cannot be had.
    """

    def __init__(
        self,
        answers: Iterable[Scripted] | None = None,
        *,
        api_key: str | None = None,
        port: int = 0,
        models: Iterable[ServedModel | str] = DEFAULT_MODELS,
        on_log: Callable[[str], None] | None = None,
        faults: Any = (),
        on_request: Callable[[Received], None] | None = None,
    ) -> None:
        self.plan = read_plan(faults)
        self.requests: list[Received] = []
        self.log: list[str] = []
        self._script = None if answers is None else iter([answers] if isinstance(answers, str) else answers)
        self._api_key = api_key
        self._redactor = Redactor([api_key] if api_key else [])
        self._port = port
        listed = [ServedModel(model) if isinstance(model, str) else model for model in models]
        self._models = {model.id: model for model in listed}
        self._on_log = on_log
        self._on_request = on_request
        self._lock = threading.Lock()
        self._counts: dict[str, _Counts] = {}
        self._number = 0
        self._loopback: Loopback | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen on 127.0.0.1 and answer from now on. Raises `ConfigError` when the port cannot be had."""
        from promptkit.testing.loopback import Loopback

        if self._loopback is not None:
            return self
        try:
            self._loopback = Loopback(self._port, self._answered, self._say)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            cure = "take another, or 0 for a free one"
            raise ConfigError(f"port {self._port} cannot be used: {why}", where="MaraServer", help=cure) from None
        return self

    def stop(self) -> None:
        """Close the socket and every open connection. What was received stays readable."""
        loopback, self._loopback = self._loopback, None
        if loopback is not None:
            loopback.close()

    @property
    def base_url(self) -> str:
        """Where the server listens, with `/v1`. Raises `ConfigError` when it does not listen."""
        if self._loopback is None:
            raise ConfigError("the server is not running", where="MaraServer", help="use it in a `with` statement")
        return f"http://127.0.0.1:{self._loopback.port}/v1"

    def __repr__(self) -> str:
        state = self.base_url if self._loopback else "not running"
        return f"MaraServer({state}, {len(self.requests)} requests)"

    def _say(self, line: str) -> None:
        line = "".join(char if char.isprintable() else "?" for char in self._redactor.text(line))
        with self._lock:
            self.log.append(line)
        if self._on_log is not None:
            self._on_log(line)

    def _answered(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        """The reply to a request, with the headers that every response carries."""
        body = _json(raw)
        self._remember(method, path, headers, body)
        reply = self._unauthorised(headers) or self._routed(method, path.partition("?")[0].rstrip("/"), raw)
        if not reply.limits:
            return reply
        return self._with_limits(reply, str(body.get("model", "")) if isinstance(body, dict) else "")

    def _routed(self, method: str, path: str, raw: bytes) -> Reply:
        route = _ROUTES.get((method, path))
        if route is not None:
            return route(self, raw)
        if method == "GET" and path.startswith("/v1/models/"):
            return self._model(path.removeprefix("/v1/models/"))
        return json_reply({"error": "Not found"}, 404)

    def _remember(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> None:
        """Keep the request without its key, wherever the key stands."""
        redactor = Redactor([*filter(None, (self._api_key, _key(headers)))])
        shown = {name: redactor.text(value) for name, value in headers.items()}
        if "authorization" in shown:
            shown["authorization"] = f"Bearer {MASK}"
        received = Received(method, redactor.text(path), shown, redactor.data(body))
        with self._lock:
            self.requests.append(received)
        if self._on_request is not None:
            self._on_request(received)

    def _unauthorised(self, headers: Mapping[str, str]) -> Reply | None:
        key = _key(headers)
        if not key:
            message = "No API key was given: send it as `Authorization: Bearer KEY`."
        elif self._api_key is not None and not compare_digest(key.encode(), self._api_key.encode()):
            message = "The API key is not valid."
        else:
            return None
        return error_reply(401, message, code="invalid_authentication")

    def _list(self, _: bytes) -> Reply:
        return json_reply({"object": "list", "data": [model.listed() for model in self._models.values()]})

    def _model(self, name: str) -> Reply:
        from urllib.parse import unquote

        model = self._models.get(unquote(name))
        return json_reply(model.listed()) if model else json_reply({"error": f"Model not found: {name}"}, 404)

    def _chat(self, raw: bytes) -> Reply:
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError) as error:
            return text_reply(f"Invalid request body: {_first_line(error)}", 400)
        if not isinstance(body, dict):
            return text_reply("Invalid request body: it is not a JSON object", 400)
        return refusal(body, self._models) or self._reply(body)

    def _reply(self, body: Mapping[str, Any]) -> Reply:
        with self._lock:
            self._number += 1
            asked = Asked(body, self._models[body["model"]], self._number)
        row = self.plan.row(asked)
        if row is None:
            return self._scripted(asked, None)
        played = f"fault {row.name}"
        if row.fault.refuses and row.fault.reply is not None:  # it says nothing of the model's, and takes no entry
            return replace(row.fault.reply(Reply(), asked, row.options), note=played)
        said, options = row.fault.said, row.options
        reply = self._scripted(asked, None if said is None else lambda normal: said(normal, asked, options))
        faulty = row.fault.reply(reply, asked, options) if row.fault.reply is not None else reply
        return replace(faulty, note=", ".join(filter(None, (played, faulty.note))))

    def _scripted(self, asked: Asked, change: Callable[[Said], Said] | None) -> Reply:
        """What the script says, or else what the request's schema asks for; `change` is a fault's."""
        with self._lock:
            entry = next(self._script, _ENDED) if self._script is not None else None
        while callable(entry):
            entry = entry(asked.body)
        if entry is _ENDED:
            message = f"The loopback server's script has no answer to chat request {asked.number}."
            return error_reply(400, message, code="script_ended")
        if isinstance(entry, Mapping) and "tool_calls" not in entry:
            return raw_reply(entry)
        return entry if isinstance(entry, Reply) else chat_reply(asked, entry, change)

    def _with_limits(self, reply: Reply, model: str) -> Reply:
        """The reply with the rate-limit headers (MARA docs, page Rate limits); resets are epoch seconds."""
        now = time.time()
        with self._lock:
            counts = self._counts.setdefault(model if model in self._models else "", _Counts())
            counts.count(now)
            used = counts.in_minute, counts.in_day
        limits = self._models.get(model, _UNKNOWN)
        headers = {
            "x-ratelimit-limit-requests": limits.requests_per_minute,
            "x-ratelimit-remaining-requests": max(0, limits.requests_per_minute - used[0]),
            "x-ratelimit-reset-requests": (int(now // _MINUTE) + 1) * _MINUTE,
            "x-ratelimit-limit-requests-day": limits.requests_per_day,
            "x-ratelimit-remaining-requests-day": max(0, limits.requests_per_day - used[1]),
            "x-ratelimit-reset-requests-day": (int(now // _DAY) + 1) * _DAY,
        }
        return replace(reply, headers={**{name: str(value) for name, value in headers.items()}, **reply.headers})


_ENDED: Any = object()
_ROUTES: dict[tuple[str, str], Callable[[MaraServer, bytes], Reply]] = {
    ("POST", "/v1/chat/completions"): MaraServer._chat,  # noqa: SLF001 (the table is the class's own)
    ("GET", "/v1/models"): MaraServer._list,  # noqa: SLF001
}


def _key(headers: Mapping[str, str]) -> str:
    kind, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
