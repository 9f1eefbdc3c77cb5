"""A server that gives every request the same answer, as a process of its own: `python -m benchmarks.server`.

It reads no JSON and makes none, so that what is measured is the client. It prints its port, and ends when its
standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT = json.dumps({"team": "platform", "urgency": 5, "summary": "Every request to a cluster times out."})
_BODY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gpt-oss-120b",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": CONTENT},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": {"prompt_tokens": 700, "completion_tokens": 30, "total_tokens": 730},
    }
).encode()
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(_BODY), _BODY)


class _Canned(asyncio.Protocol):
    """Counts whole requests in what arrives, and answers each."""

    def __init__(self) -> None:
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (size := _request_size(self._held)) and len(self._held) >= size:
            self._held = self._held[size:]
            self._transport.write(_ANSWER)


def _request_size(held: bytes) -> int:
    """How long the request at the beginning is; 0 while its head is not whole."""
    head, end, _ = held.partition(b"\r\n\r\n")
    if not end:
        return 0
    fields = (line.partition(b":") for line in head.lower().split(b"\r\n")[1:])
    return len(head) + 4 + next((int(value) for name, _, value in fields if name == b"content-length"), 0)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Canned, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def canned_server() -> Iterator[str]:
    """A running server's base URL."""
    command = [sys.executable, "-m", "benchmarks.server"]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(child.stdout.readline())}/v1"
        finally:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())
