"""A server that says exactly the bytes it is told to say, for the odd and the broken."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

Reply = bytes | Iterable[bytes | float]
"""What is sent back: bytes, or pieces with pauses (seconds) between them; then the connection is closed."""


class RawServer:
    """Answers the requests of any number of connections, one reply after another, the last one for ever."""

    def __init__(self, *replies: Reply, keep_alive: bool = False) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []
        self.connections = 0
        self.hung_up = threading.Event()
        self._keep_alive = keep_alive
        self._stopped = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        with suppress(OSError):  # wakes the thread that accepts
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), name=f"serve-{self.port}", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while (request := _read(connection)) is not None:
                    self.requests.append(request)
                    self._answer(connection)
                    if not self._keep_alive:
                        return
            except OSError:
                self.hung_up.set()

    def _answer(self, connection: socket.socket) -> None:
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        for piece in [reply] if isinstance(reply, bytes) else reply:
            if isinstance(piece, bytes):
                connection.sendall(piece)
            elif self._stopped.wait(piece):
                return


class Request:
    """A request as it came over the wire."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        self.line = first
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.body: Any = json.loads(body) if body else None


def _read(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        data += piece
        if not piece or data.startswith(b"\x16"):  # the other side has gone, or speaks TLS
            return None
    head, _, body = data.partition(b"\r\n\r\n")
    request = Request(head, b"")
    while len(body) < int(request.headers.get("content-length", 0)):
        body += connection.recv(65536)
    return Request(head, body)


def reply(body: Any, status: int = 200, *, content_type: str = "application/json", **headers: str) -> bytes:
    """A whole HTTP answer; a body that is not bytes becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said", f"content-type: {content_type}", f"content-length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data


def chat(text: str | None = "Hello", finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    """The body of a whole answer, as MARA gives it."""
    return {
        "id": "6aab7b9d-991c-4acb-91ee-a1e77fb993e8",
        "object": "chat.completion",
        "created": 1764022114.350458,
        "model": "gpt-oss-120b",
        "system_fingerprint": "fastcoe",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10, "total_latency": 0.2},
    }


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """A chunk of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return {"id": "c-1", "object": "chat.completion.chunk", "model": "gpt-oss-120b", "choices": [choice]}


DONE = b"data: [DONE]\n\n"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def data(*events: Any) -> bytes:
    """Events of a stream."""
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def chunked(body: bytes) -> bytes:
    """Bytes as one chunk of HTTP's chunked coding."""
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


def stream(*pieces: bytes | float, end: bool = True) -> list[bytes | float]:
    """A streamed answer of such pieces and pauses; without an end it just breaks off."""
    body: list[bytes | float] = [chunked(piece) if isinstance(piece, bytes) else piece for piece in pieces]
    return [STREAM_HEAD, *body, *([b"0\r\n\r\n"] if end else [])]


def trickle(text: bytes, pause: float) -> Iterable[bytes | float]:
    """One byte at a time."""
    for byte in text:
        yield bytes([byte])
        yield pause


def wait_until(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether something comes to hold within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.01)
    return holds()
