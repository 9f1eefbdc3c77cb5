"""`python -m benchmarks.memory`: resident memory with 256 requests in flight, each side in a process of its own.

What is printed is the most that a process held at any time, imports included, in megabytes.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers import installed
from benchmarks.server import canned_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

IN_FLIGHT = 256
ROUNDS = 4
GOAL = 80
KEY = "sk-mara-0123456789"
MODEL = "gpt-oss-120b"
MESSAGES = [
    {"role": role, "content": text * 10}
    for role, text in [("system", "You route support tickets to a team of three. "), *[("user", "It broke. ")] * 7]
]
PROMPT = """
inputs: {ticket: string}
persona: You route support tickets to a team.
task: "{{ ticket }}"
output: {fields: {team: string, urgency: integer, summary: string}}
"""


async def create(base_url: str) -> None:
    """`AsyncOpenAI().chat.completions.create()`."""
    import openai

    async with openai.AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0) as client:
        await _in_flight(lambda _: client.chat.completions.create(model=MODEL, messages=MESSAGES))  # type: ignore[arg-type]


async def httpx2(base_url: str) -> None:
    """`ChatApi.asend()` without the extra `fast`."""
    await _sent(base_url, "httpx2")


async def aiohttp(base_url: str) -> None:
    """`ChatApi.asend()` with it."""
    await _sent(base_url, "aiohttp")


async def _sent(base_url: str, transport: Any) -> None:
    from promptkit.completion import Request
    from promptkit.messages import Message
    from promptkit.models.chat_api import ChatApi
    from promptkit.models.endpoint import Endpoint

    model = ChatApi(Endpoint(base_url, KEY), transport=transport)
    request = Request(MODEL, tuple(map(Message.from_openai, MESSAGES)))

    async def send(_: int) -> None:
        async for _delta in model.asend(request):
            pass

    await _in_flight(send)
    await model.aclose()


async def run(base_url: str) -> None:
    """`Prompt.arun()`: loaded, rendered, sent, read and validated."""
    from promptkit import Client, Prompt

    async with Client(base_url=base_url, api_key=KEY) as client:
        prompt = Prompt.from_text(PROMPT).using(client=client, model=MODEL)
        await _in_flight(lambda number: prompt.arun(ticket=f"{number}: it broke"))


SIDES = {
    "openai's create()": create,
    "promptkit's model": httpx2,
    "promptkit's model [fast]": aiohttp,
    "Prompt.arun() [fast]": run,
}


async def _in_flight(call: Callable[[int], Awaitable[Any]]) -> None:
    for _ in range(ROUNDS):
        await asyncio.gather(*map(call, range(IN_FLIGHT)))


def main() -> None:
    """Measure all sides, or be one of them."""
    if len(sys.argv) > 1:
        name, base_url = sys.argv[1:]
        asyncio.run(SIDES[name](base_url))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
        return
    print(f"resident memory, {IN_FLIGHT} in flight (goal: {GOAL} MB)")
    with canned_server() as base_url:
        for name in SIDES:
            if "fast" in name and not installed("aiohttp"):
                continue
            command = [sys.executable, "-m", "benchmarks.memory", name, base_url]
            done = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True)
            print(f"  {name:28}{float(done.stdout):6.1f} MB")


if __name__ == "__main__":
    main()
