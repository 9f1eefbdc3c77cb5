"""Stands in for the engine where a test is about the process around it: real sockets, no model.

The file of weights says how it behaves: after its first four bytes comes JSON with any of `print`, `load_fails`,
`load_seconds`, `dies_after` (pieces of a stream) and `pause` (seconds between them).
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PIECES = ["All", " is", " well."]


class CommonParams(SimpleNamespace):
    def __init__(self) -> None:
        super().__init__(model=SimpleNamespace(), cpuparams=SimpleNamespace(), cpuparams_batch=SimpleNamespace())


class Server:
    def __init__(self, params: CommonParams) -> None:
        behaviour = json.loads(Path(params.model.path).read_bytes()[4:] or b"{}")
        time.sleep(behaviour.get("load_seconds", 0))
        print(behaviour.get("print", ""), flush=True)
        if "load_fails" in behaviour:
            print(behaviour["load_fails"], file=sys.stderr, flush=True)
            os.abort()
        self.server = ThreadingHTTPServer((params.hostnames[0], params.port), _handler(params, behaviour))
        self.listening_address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def _handler(params: CommonParams, behaviour: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    busy = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.headers["authorization"] != f"Bearer {params.api_keys[0]}":
                self._say(401, {"error": {"message": "Invalid API Key", "code": 401}})
            elif body.get("stream"):
                self._stream()
            else:
                overlaps = not busy.acquire(blocking=False)
                time.sleep(behaviour.get("pause", 0))
                told = {"asked": body, "params": _plain(params), "pid": os.getpid(), "overlaps": overlaps}
                if not overlaps:
                    busy.release()
                self._say(200, _answer(json.dumps(told)))

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            for number, piece in enumerate(PIECES):
                if number == behaviour.get("dies_after"):
                    print("GGML_ASSERT(it is well) failed", file=sys.stderr, flush=True)
                    os.abort()
                self._event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
                time.sleep(behaviour.get("pause", 0))
            self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, event: dict[str, Any]) -> None:
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            self.wfile.flush()

        def _say(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _answer(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage, "model": "fake"}


def _plain(value: Any) -> Any:
    if isinstance(value, SimpleNamespace):
        return {name: _plain(inner) for name, inner in vars(value).items()}
    return sorted(value) if isinstance(value, set) else value
