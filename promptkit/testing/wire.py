"""Replies of the loopback server as values, and the one function that writes one to a socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from promptkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
STREAM = "text/event-stream"
Ends = Literal["whole", "close", "reset", "nothing"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer: its status, headers, and its body in the pieces in which it is written.

    A `chunked` reply goes out chunk by chunk; any other has a `Content-Length` (of its body, or what it `claims`) and
    goes out in one piece. A number among the pieces is a pause in seconds, `before` is one before the answer begins.
    `ends` says what becomes of the connection: the reply goes out whole, or the connection is closed or reset behind
    it, or closed with nothing said. `limits` says that the server adds its rate-limit headers. `note` stands in the
    server's log only.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: tuple[bytes | float, ...] = ()
    chunked: bool = False
    note: str = ""
    before: float = 0.0
    claims: int | None = None
    ends: Ends = "whole"
    limits: bool = True

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(piece for piece in self.pieces if isinstance(piece, bytes))


def json_reply(value: Any, status: int = 200) -> Reply:
    """A JSON document."""
    return Reply(status, {"Content-Type": JSON}, (json.dumps(value, ensure_ascii=False).encode(),))


def text_reply(text: str, status: int) -> Reply:
    """A plain text, the form of some errors (SambaNova's OpenAPI file 1.2.0)."""
    return Reply(status, {"Content-Type": TEXT}, (text.encode(),))


def error_reply(status: int, message: str, *, code: str | None = None, param: str | None = None) -> Reply:
    """An error in MARA's envelope (MARA docs, error codes page)."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return json_reply({"error": error}, status)


def stream_reply(documents: list[Any]) -> Reply:
    """Server-sent events, one for each document, and the `[DONE]` that ends them."""
    events = [f"data: {json.dumps(document, ensure_ascii=False)}\n\n".encode() for document in documents]
    return Reply(200, {"Content-Type": STREAM, "Cache-Control": "no-cache"}, (*events, b"data: [DONE]\n\n"), True)


_PARTS = ("status", "body", "headers")


def raw_reply(parts: Mapping[str, Any]) -> Reply:
    """The reply that a script spells out as `status`, `body` (bytes, text, or JSON data) and `headers`.

    Raises `ConfigError` for any other key.
    """
    unknown = sorted(set(parts) - set(_PARTS))
    if unknown or not parts:
        raise ConfigError(
            f"a scripted reply has {', '.join(_PARTS)}, not {', '.join(unknown) or 'nothing'}",
            where="MaraServer",
            help="give an answer's content as a text: json.dumps(value)",
        )
    body = parts.get("body", b"")
    kind = next((kind for kind in (bytes, str) if isinstance(body, kind)), object)
    content_type, encode = _BODIES[kind]
    headers = {"Content-Type": content_type, **parts.get("headers", {})}
    return Reply(int(parts.get("status", 200)), headers, (encode(body),))


_BODIES: dict[type, tuple[str, Callable[[Any], bytes]]] = {
    bytes: ("application/octet-stream", bytes),
    str: (TEXT, lambda text: str(text).encode("utf-8", "surrogatepass")),
    object: (JSON, lambda value: json.dumps(value).encode()),
}


def write_reply(
    reply: Reply,
    start: Callable[[int, Mapping[str, str]], None],
    write: Callable[[bytes], object],
    pause: Callable[[float], object],
) -> None:
    """Write a reply: `start` takes status and headers, `write` bytes of the body, `pause` seconds."""
    if reply.before:
        pause(reply.before)
    if reply.ends in ("nothing", "reset"):
        return
    if not reply.chunked:
        body = reply.body
        start(
            reply.status, {**reply.headers, "Content-Length": str(len(body) if reply.claims is None else reply.claims)}
        )
        write(body)
        return
    start(reply.status, {**reply.headers, "Transfer-Encoding": "chunked"})
    for piece in reply.pieces:
        if not isinstance(piece, bytes):
            pause(piece)
        elif piece:
            write(b"%x\r\n%b\r\n" % (len(piece), piece))
    if reply.ends == "whole":
        write(b"0\r\n\r\n")
