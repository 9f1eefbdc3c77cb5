"""Real servers: chat completions over the openai package, whose only importer this is.

The way is the SDK's cheapest documented one: `client.post` with the request as bytes and
`cast_to=httpx2.Response`, which gives the raw response before its body is read. `.create()` spends most of its
time on walking message types, and a typed answer would hide that a 200 is no answer. So bodies and streams are
read here: the SDK's own stream swallows `[DONE]`, which is what tells a whole answer from a broken one, and
raises bare JSON errors. Retries belong to whoever wraps this model.

There is one path, asynchronous; calls without asyncio run it in the background loop (`background`). A client
belongs to a loop and is closed with it.
"""

from __future__ import annotations

import json
import logging
import time
from contextlib import aclosing
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from promptkit.errors import (
    AuthError,
    BadResponse,
    ConfigError,
    ModelError,
    PromptkitError,
    StreamInterrupted,
)
from promptkit.model_names import keyless
from promptkit.models import background
from promptkit.models.answer_stream import StreamReader, read_whole
from promptkit.models.answers import decode
from promptkit.models.connection import (
    connection_failures,
    drain,
    lost,
    open_connections,
    read_body,
    read_pieces,
    timed_out,
)
from promptkit.models.endpoint import check_options
from promptkit.models.loop_clients import LoopClients
from promptkit.models.rate_headers import read_rates
from promptkit.models.refusals import read_refusal, refusal_error
from promptkit.models.waiting import Waiting
from promptkit.options import check_tools
from promptkit.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping

    import httpx2
    import openai

    from promptkit.completion import Delta, Request
    from promptkit.models.endpoint import Endpoint

    Translate = Callable[[Any, Endpoint, str], ModelError]

Transport = Literal["aiohttp", "httpx2"]

_log = logging.getLogger("promptkit")


class ChatApi:
    """A model behind an endpoint. Safe to share between threads and loops; nothing is opened before it is used.

    `connections` is how many requests may be under way in one loop; more wait. `transport` is what carries
    them: aiohttp where it is installed (the extra `fast`), else httpx2.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        redactor: Redactor | None = None,
        connections: int = 256,
        transport: Transport | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.redactor = redactor or Redactor()
        self.redactor.add(endpoint.api_key)
        self._connections = connections
        self._transport = transport
        self._clients = LoopClients(self._open)
        self._warned: set[str] = set()

    def send(self, request: Request) -> Iterator[Delta]:
        """See `Model.send`. Raises `ModelError`, and `ConfigError` for options that the endpoint cannot take."""
        return background.iterate(lambda: self.asend(request))

    async def asend(self, request: Request) -> AsyncGenerator[Delta, None]:
        """See `Model.asend`. Raises as `send` does."""
        arrived: list[str] = []
        failure: PromptkitError | None = None
        try:
            async with aclosing(self._answer(request)) as deltas:
                async for delta in deltas:
                    arrived.append(delta.text)
                    yield delta
        except failures() as error:
            failure = self._told(error, request.model)
        if failure is not None:
            # Raised out here, so that the SDK's own exception, which may quote the key, is not chained to it.
            raise _interrupted(failure, "".join(arrived))

    def get(self, path: str) -> Any:
        """The JSON data of `GET path`, such as `/models`. Raises `ModelError`."""
        return background.run(self._get(path))

    def close(self) -> None:
        """Close all connections. Using the model again opens new ones."""
        self._clients.close()

    async def aclose(self) -> None:
        """The same under asyncio."""
        await self._clients.aclose()

    def __repr__(self) -> str:
        return f"ChatApi({self.endpoint!r})"

    async def _answer(self, request: Request) -> AsyncGenerator[Delta, None]:
        content = self._content(request)
        waiting = Waiting(self.endpoint, stream=request.stream, call=request.timeout)
        client = await self._clients.get()
        post = client.post("/chat/completions", content=content, cast_to=_raw(), stream=True, stream_cls=_unused())
        response = await waiting.on(post)
        rates = read_rates(response.headers, time.time())
        try:
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                async with aclosing(_streamed(response, waiting)) as deltas:
                    async for delta in deltas:
                        yield delta if rates is None else replace(delta, rates=rates)
                        rates = None
            else:
                for delta in read_whole(await read_body(response, waiting)):
                    yield delta if rates is None else replace(delta, rates=rates)
        finally:
            await response.aclose()

    async def _get(self, path: str) -> Any:
        try:
            self._require_key()
            waiting = Waiting(self.endpoint, stream=False)
            client = await self._clients.get()
            response = await waiting.on(client.get(path, cast_to=_raw(), stream=True, stream_cls=_unused()))
            try:
                return decode(await read_body(response, waiting))
            finally:
                await response.aclose()
        except failures() as error:
            failure = self._told(error, "")
        raise failure

    def _content(self, request: Request) -> bytes:
        """The request's body, once it is known that there is a use in sending it."""
        self._require_key()
        errors, warnings = check_options(request.options, self.endpoint)
        too_many = check_tools(len(request.tools))
        errors += [too_many.message] if too_many else []
        if errors:
            raise ConfigError("; ".join(errors), where=f"options for {self.endpoint.name}", help="change `options`")
        for warning in warnings:
            self._warn(warning)
        try:
            return json.dumps(request.to_openai(), separators=(",", ":"), allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            cure = "options, tools and schemas hold JSON data only"
            raise ConfigError(f"the request is not JSON data: {error}", help=cure) from None

    def _warn(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            _log.warning("%s", self.redactor.text(warning))

    def _require_key(self) -> None:
        if not self.endpoint.requires_key or self.endpoint.api_key:
            return
        error = AuthError(f"no key for {self.endpoint.name}", help=keyless(self.endpoint.key_variable, 'model="{}"'))
        error.key_variable = self.endpoint.key_variable
        raise error

    def _open(self) -> openai.AsyncOpenAI:
        return _open_client(self.endpoint, self._connections, self._transport)

    def _told(self, error: BaseException, model: str) -> PromptkitError:
        """Any failure as an error of promptkit's, without a secret in it."""
        told = error if isinstance(error, PromptkitError) else translate(error, self.endpoint, model)
        if isinstance(told, BadResponse) and not told.where:
            told.where = self.endpoint.host
        return _redacted(told, self.redactor)


def _open_client(endpoint: Endpoint, connections: int, transport: Transport | None) -> openai.AsyncOpenAI:
    """A client for the running loop. Raises `ConfigError`."""
    from importlib.util import find_spec

    import openai

    kinds = {"aiohttp": openai.DefaultAioHttpClient, "httpx2": openai.DefaultAsyncHttpxClient}
    kind = kinds[transport or ("aiohttp" if find_spec("aiohttp") else "httpx2")]
    return openai.AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.api_key or "none",  # without one the SDK would look for another server's in OPENAI_API_KEY
        max_retries=0,
        http_client=open_connections(kind, endpoint, connections),
    )


async def _streamed(response: httpx2.Response, waiting: Waiting) -> AsyncGenerator[Delta, None]:
    reader = StreamReader()
    async with aclosing(read_pieces(response, waiting)) as pieces:
        async for piece in pieces:
            for delta in reader.feed(piece):
                if delta.done:
                    await drain(pieces)
                yield delta
            if reader.done:
                return
    for delta in reader.rest():
        yield delta


@cache
def _raw() -> Any:
    import httpx2

    return httpx2.Response


@cache
def _unused() -> Any:
    """The stream class that the SDK's signature asks for beside `stream=True`; a raw response needs none."""
    import openai

    return openai.AsyncStream[Any]


def _interrupted(failure: PromptkitError, text: str) -> PromptkitError:
    """A failure after the first text: what came is in the error, and asking again would print it twice."""
    if not text or not isinstance(failure, ModelError) or isinstance(failure, StreamInterrupted):
        return failure
    return StreamInterrupted(
        f"the answer broke off after {len(text):,} characters: {failure.message}",
        text=text,
        where=failure.where,
        details=failure.details,
        help="ask again; what had arrived is in the error's `text`",
        status=failure.status,
        server_code=failure.server_code,
        request_id=failure.request_id,
        body=failure.body,
    )


def _redacted(error: PromptkitError, redactor: Redactor) -> PromptkitError:
    for name, value in vars(error).items():
        if isinstance(value, str):
            setattr(error, name, redactor.text(value))
    error.details = tuple(map(redactor.text, error.details))
    error.args = (error.message,)
    return error


@cache
def failures() -> tuple[type[Exception], ...]:
    """Everything that can come out of the SDK and from under it, and our own errors."""
    import openai

    return (PromptkitError, openai.OpenAIError, *connection_failures())


def translate(error: BaseException, endpoint: Endpoint, model: str) -> ModelError:
    """The error of promptkit's that an error of the SDK, or from under it, is."""
    table = translations()
    known = next((kind for kind in type(error).__mro__ if kind in table), None)
    return table[known](error, endpoint, model) if known else lost(error, endpoint)


@cache
def translations() -> Mapping[type[BaseException], Translate]:
    """Every exception that openai has, and what it means here. A new one must be given its place."""
    import httpx2
    import openai
    from openai import _exceptions as unlisted

    return {
        openai.APITimeoutError: _timed_out,
        openai.APIConnectionError: _lost,
        openai.APIStatusError: _refused,
        openai.BadRequestError: _refused,
        openai.AuthenticationError: _refused,
        openai.OAuthError: _refused,
        openai.PermissionDeniedError: _refused,
        openai.NotFoundError: _refused,
        openai.ConflictError: _refused,
        openai.UnprocessableEntityError: _refused,
        openai.RateLimitError: _refused,
        openai.InternalServerError: _refused,
        openai.APIResponseValidationError: _unreadable,
        openai.APIError: _unreadable,
        openai.LengthFinishReasonError: _unreadable,
        openai.ContentFilterFinishReasonError: _unreadable,
        openai.InvalidWebhookSignatureError: _unreadable,
        openai.WebSocketConnectionClosedError: _lost,
        openai.WebSocketQueueFullError: _unreadable,
        unlisted.SubjectTokenProviderError: _unreadable,
        openai.OpenAIError: _unreadable,
        httpx2.TimeoutException: _timed_out,
        httpx2.DecodingError: _unreadable,
    }


def _refused(error: openai.APIStatusError, endpoint: Endpoint, model: str) -> ModelError:
    response = error.response
    headers = {name.lower(): value for name, value in response.headers.items()}
    raw = response.content.decode("utf-8", "replace")
    return refusal_error(read_refusal(response.status_code, headers, raw, model=model, endpoint=endpoint))


def _timed_out(error: BaseException, endpoint: Endpoint, _: str) -> ModelError:
    return timed_out(error, endpoint)


def _lost(error: BaseException, endpoint: Endpoint, _: str) -> ModelError:
    # A body that does not fit its own Content-Encoding is lost on the way as far as the SDK can tell.
    import httpx2

    undone = isinstance(error.__cause__, httpx2.DecodingError)
    return _unreadable(error.__cause__ or error, endpoint, "") if undone else lost(error, endpoint)


def _unreadable(error: BaseException, endpoint: Endpoint, _: str) -> ModelError:
    message = f"the answer cannot be read: {error or type(error).__name__}"
    return BadResponse(message, where=endpoint.host, help="ask again")
