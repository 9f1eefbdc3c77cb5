"""The socket side of the loopback server: HTTP/1.1 on 127.0.0.1, connections kept alive, one thread each."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from promptkit.testing.wire import Reply, text_reply, write_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answered = Callable[[str, str, Mapping[str, str], bytes], Reply]

_LARGEST_BODY = 64 * 1024 * 1024
_PATIENCE = 2.0


class Loopback:
    """A listening server. `answered` gives the reply to method, path, headers (names in lower case) and body."""

    def __init__(self, port: int, answered: Answered, say: Callable[[str], None]) -> None:
        self._server = _Server(port, answered, say)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="loopback MARA", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.server_address[1]
        return port

    def close(self) -> None:
        """Stop listening and close every connection."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server.hang_up()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answered: Answered, say: Callable[[str], None]) -> None:
        self.answered = answered
        self.say = say
        self._open: set[socket.socket] = set()
        self._reset: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server for our name, as `HTTPServer` would."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def pause(self, seconds: float) -> None:
        """Wait. Raises `ConnectionAbortedError` when the server has ended meanwhile."""
        if self._ended.wait(seconds):
            raise ConnectionAbortedError

    def shutdown_request(self, request: Any) -> None:
        """End a connection politely, unless it was reset."""
        if request not in self._reset:
            super().shutdown_request(request)
        else:
            self._reset.discard(request)
            self.close_request(request)

    def reset(self, connection: socket.socket) -> None:
        """End a connection with a reset, without the polite goodbye."""
        self._reset.add(connection)

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def hang_up(self) -> None:
        """End the connections that clients keep alive, and wait a moment until their threads are through."""
        self._ended.set()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + _PATIENCE
        while self._open and time.monotonic() < deadline:
            time.sleep(0.005)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (socketserver's signature)
        """A client that hangs up is no news; anything else is a line of the log."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            self.say(f"failed: {type(error).__name__}: {error}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "promptkit-mock"
    sys_version = ""
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.server.closed(self.connection)

    def _answer(self) -> None:
        started = time.monotonic()
        body = self._body()
        reply = body if isinstance(body, Reply) else self._replied(body)
        note = f" ({reply.note})" if reply.note else ""
        self.server.say(f"{self.command} {self.path} {reply.status} {(time.monotonic() - started) * 1000:.0f} ms{note}")
        write_reply(reply, self._start, self.wfile.write, self.server.pause)
        if reply.ends != "whole":
            self.close_connection = True
        if reply.ends == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.server.reset(self.connection)

    def _replied(self, body: bytes) -> Reply:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            return self.server.answered(self.command, self.path, headers, body)
        except Exception as error:  # noqa: BLE001 (a script's own fault must reach the test as an answer)
            self.server.say(f"the answer failed: {type(error).__name__}: {error}")
            return text_reply(f"The loopback server failed: {type(error).__name__}: {error}", 500)

    def _body(self) -> bytes | Reply:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            return self._unread("send a Content-Length", 411)
        if not length.isdecimal():
            return self._unread("the Content-Length is not a number", 400)
        if int(length) > _LARGEST_BODY:
            return self._unread("the body is too large", 413)
        return self.rfile.read(int(length))

    def _unread(self, why: str, status: int) -> Reply:
        """A refusal that ends the connection, since what follows on it would be the unread body."""
        reply = text_reply(f"Invalid request body: {why}", status)
        return replace(reply, headers={**reply.headers, "Connection": "close"})

    def _start(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 (http.server finds them by name)

    def log_message(self, format: str, *args: Any) -> None:
        """Said in `_answer`, in one line and in our own form."""
