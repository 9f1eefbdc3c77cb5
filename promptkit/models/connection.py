"""The connection under the SDK: what may leave by it, how much may come back, and in what words it fails."""

from __future__ import annotations

import logging
import re
from contextlib import aclosing, suppress
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promptkit._version import __version__
from promptkit.errors import BadResponse, ConfigError, ConnectionLost, Timeout
from promptkit.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    import httpx2

    from promptkit.models.endpoint import Endpoint
    from promptkit.models.waiting import Waiting

MOST_BYTES = 32 * 1024 * 1024
"""The longest body that is read."""

_REFUSAL_BYTES = 64 * 1024
_REFUSAL_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
_DRAIN_SECONDS = 0.2
_KEPT_HEADERS = ("host", "content-type", "content-length", "transfer-encoding", "connection")


def open_connections(kind: type[httpx2.AsyncClient], endpoint: Endpoint, most: int) -> httpx2.AsyncClient:
    """A pool of at most so many connections. It follows no redirect: that would send the prompt to another host.

    Raises `ConfigError` when the environment's proxy or certificates cannot be used.
    """
    import httpx2

    _LOGS.know(endpoint.api_key)

    async def trim(request: httpx2.Request) -> None:
        # The SDK adds facts on this machine, and headers from OPENAI_ variables, which may hold another
        # server's key. A library's own User-Agent is refused by some gateways.
        kept = {name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers}
        own = {"user-agent": f"promptkit/{__version__}", "accept": "*/*", "accept-encoding": "identity"}
        key = {"authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
        request.headers = httpx2.Headers({**kept, **own, **key})

    try:
        return kind(
            follow_redirects=False,
            trust_env=not _is_loopback(endpoint),
            timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS),
            limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most),
            event_hooks={"request": [trim], "response": [_read_refusal]},
        )
    except (OSError, ValueError, ImportError, httpx2.InvalidURL) as error:
        cure = "look at the variables HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR"
        raise ConfigError(f"no connection can be made from this environment: {error}", help=cure) from None


def _is_loopback(endpoint: Endpoint) -> bool:
    """Whether no proxy can be meant: on a proxy's machine, 127.0.0.1 is somebody else."""
    parts = urlsplit(endpoint.base_url)
    return parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")


class _CleanLogs(logging.Filter):
    """Keeps keys out of what the packages below log: at DEBUG they log a server's headers, which may echo one."""

    _NAMES = ("openai._base_client", "httpx2", "httpcore2.http11", "httpcore2.http2", "httpcore2.connection")

    def __init__(self) -> None:
        super().__init__()
        self._redactor = Redactor()

    def know(self, key: str) -> None:
        """Watch for one more key."""
        self._redactor.add(key)
        for name in self._NAMES:
            logging.getLogger(name).addFilter(self)  # adding it again changes nothing

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, without a key in it."""
        record.msg, record.args = self._redactor.text(record.getMessage()), ()
        return True


_LOGS = _CleanLogs()


async def _read_refusal(response: httpx2.Response) -> None:
    """Read a refusal's body, or the beginning of it, before the SDK reads it without a limit.

    A 502 whose body never ends has been seen; what breaks off still says what is the matter.
    """
    import asyncio

    import httpx2

    if response.is_success:
        return
    stream, body = response.stream, bytearray()
    assert isinstance(stream, httpx2.AsyncByteStream)
    try:
        async with asyncio.timeout(_REFUSAL_SECONDS):
            async for piece in stream:
                body += piece
                if len(body) > _REFUSAL_BYTES:
                    break
    except connection_failures():
        pass  # a refusal is one without its last words too: what came of them is told
    finally:
        await stream.aclose()
    response.headers.pop("content-encoding", None)
    response.stream = httpx2.ByteStream(bytes(body[:_REFUSAL_BYTES]))


async def read_pieces(response: httpx2.Response, waiting: Waiting) -> AsyncGenerator[bytes, None]:
    """A body as it comes. Raises `BadResponse` when it is too long, `Timeout` when it does not go on."""
    size = 0
    async with aclosing(_body(response)) as pieces:
        while (piece := await waiting.on(anext(pieces, None))) is not None:
            waiting.arrived()
            size += len(piece)
            if size > MOST_BYTES:
                cure = "ask for less, or set `max_tokens`"
                raise BadResponse(f"the answer is longer than {MOST_BYTES // 1024**2} MB", help=cure)
            yield piece


async def _body(response: httpx2.Response) -> AsyncGenerator[bytes, None]:
    async for piece in response.aiter_bytes():
        yield piece


async def read_body(response: httpx2.Response, waiting: Waiting) -> bytes:
    """A whole body. Raises as `read_pieces` does."""
    async with aclosing(read_pieces(response, waiting)) as pieces:
        return b"".join([piece async for piece in pieces])


async def drain(pieces: AsyncGenerator[bytes, None]) -> None:
    """Read past `[DONE]` to the body's end, which follows at once: only so can the connection be used again."""
    import asyncio

    ends: tuple[type[Exception], ...] = (BadResponse, Timeout, *connection_failures())
    with suppress(*ends):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in pieces:
                pass


@cache
def connection_failures() -> tuple[type[Exception], ...]:
    """Everything that a connection can fail with."""
    import anyio
    import httpx2

    known = (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, OSError, EOFError, anyio.EndOfStream)
    try:
        import aiohttp
    except ImportError:
        return known
    return (*known, aiohttp.ClientError)


def timed_out(error: BaseException, endpoint: Endpoint) -> Timeout | ConnectionLost:
    """A connection that was not made in time."""
    # Under aiohttp a connection that the server closed is called a timeout too.
    if not any(isinstance(cause, TimeoutError) for cause in _causes(error)):
        return lost(error, endpoint)
    message = f"no connection to {_address(endpoint)} within {_CONNECT_SECONDS:g} s"
    return Timeout(message, where=endpoint.host, help="is the base URL right, and the network there?")


def lost(error: BaseException, endpoint: Endpoint) -> ConnectionLost:
    """A connection that could not be made, or broke."""
    causes = list(_causes(error))
    known = ((cause, cure) for kind, cure in _cures().items() for cause in causes if isinstance(cause, kind))
    cause, cure = next(known, (None, ""))
    if cause is not None:
        message = f"no connection to {_address(endpoint)}: {_reason(cause)}"
        return ConnectionLost(message, where=endpoint.host, help=cure)
    message = f"the connection to {_address(endpoint)} was lost: {_reason(causes[-1])}"
    return ConnectionLost(message, where=endpoint.host, help="ask again")


@cache
def _cures() -> dict[type[BaseException], str]:
    import socket
    import ssl

    return {
        ssl.SSLCertVerificationError: "its certificate is not trusted here: SSL_CERT_FILE names another authority",
        socket.gaierror: "no host has that name: check the base URL, and the network",
        ConnectionRefusedError: "nothing listens there: is the server running, and is the base URL right?",
    }


def _address(endpoint: Endpoint) -> str:
    """Host and port, also where the URL leaves the port out."""
    parts = urlsplit(endpoint.base_url)
    return endpoint.host if parts.port else f"{endpoint.host}:{443 if parts.scheme == 'https' else 80}"


def _reason(error: BaseException) -> str:
    words: Any = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return re.sub(r"^\d+, message: ", "", " ".join(str(words).split()))  # aiohttp numbers what it has no status for


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that led to it, the members of groups included."""
    seen: set[int] = set()
    open_ends: list[BaseException | None] = [error]
    while open_ends:
        each = open_ends.pop(0)
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            open_ends += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
