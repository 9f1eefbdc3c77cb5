"""Send: the client's CPU for a request whose answer a server has ready.

The server is a process of its own, so its time is in no figure but the wall time; ours and `create()` share
this process, the messages and the answer. Ours is measured on both transports: aiohttp is the extra `fast`.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.material import inputs, prompt_data
from benchmarks.measure import Sample, Side, calls
from benchmarks.peers import installed
from benchmarks.send_peers import PEERS
from benchmarks.server import CONTENT, canned_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from benchmarks.send_peers import Ask
    from benchmarks.setting import Setting
    from promptkit import Request
    from promptkit.models.chat_api import ChatApi, Transport

KEY = "sk-mara-0123456789"
IN_FLIGHT = 32
NAMES: dict[Transport, str] = {"httpx2": "promptkit", "aiohttp": "promptkit[fast]"}
GOALS = {"httpx2": 0.45, "aiohttp": 0.3}
MANY_MESSAGES = 100
"""Examples: two messages each."""


def _request(examples: int = 3) -> Request:
    from promptkit import Prompt

    return Prompt.from_dict(prompt_data(examples) | {"model": "gpt-oss-120b"}).request(inputs(1))


def _transports() -> list[Transport]:
    return [transport for transport in NAMES if installed(transport)]


def _model(base_url: str, transport: Transport) -> ChatApi:
    from promptkit.models.chat_api import ChatApi
    from promptkit.models.endpoint import Endpoint

    return ChatApi(Endpoint(base_url, KEY), transport=transport, connections=IN_FLIGHT)


@contextmanager
def one_by_one(setting: Setting) -> Iterator[list[Side]]:
    """Without asyncio: `OpenAI().chat.completions.create()` and `ChatApi.send()`."""
    import openai

    request = _request()
    body: Any = request.to_openai()
    with canned_server() as base_url:
        client = openai.OpenAI(base_url=base_url, api_key=KEY, max_retries=0)
        models = {transport: _model(base_url, transport) for transport in _transports()}

        def create(_: int) -> None:
            _expect(client.chat.completions.create(**body).choices[0].message.content)

        def send(model: ChatApi) -> Callable[[int], None]:
            return lambda _: _expect("".join(delta.text for delta in model.send(request)))

        yield [
            calls("openai's create()", create, block=setting.block),
            *(
                calls(NAMES[transport], send(model), block=setting.block, goal=GOALS[transport])
                for transport, model in models.items()
            ),
        ]
        client.close()
        for model in models.values():
            model.close()


@contextmanager
def many_at_once(setting: Setting) -> Iterator[list[Side]]:
    """Under asyncio: `AsyncOpenAI().chat.completions.create()`, `ChatApi.asend()`, and what others have."""
    with _at_once(_request(), GOALS, IN_FLIGHT * (1 if setting.quick else 4)) as sides:
        yield sides


@contextmanager
def many_messages(setting: Setting) -> Iterator[list[Side]]:
    """The same with a hundred examples before the question."""
    with _at_once(_request(1 if setting.quick else MANY_MESSAGES), {"aiohttp": 0.03}, IN_FLIGHT) as sides:
        yield sides


@contextmanager
def _at_once(request: Request, goals: Mapping[str, float], many: int) -> Iterator[list[Side]]:
    import openai

    body: Any = request.to_openai()
    with canned_server() as base_url, asyncio.Runner() as runner:
        client = openai.AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0)
        models = {transport: _model(base_url, transport) for transport in _transports()}

        async def create() -> str | None:
            return (await client.chat.completions.create(**body)).choices[0].message.content

        def send(model: ChatApi) -> Ask:
            async def sent() -> str:
                return "".join([delta.text async for delta in model.asend(request)])

            return sent

        def side(name: str, ask: Ask, goal: float | None = None) -> Side:
            block = calls(name, lambda _: runner.run(_in_flight(ask, many)), block=0)
            return Side(name, lambda: _share(block.sample(), many), goal)

        yield [
            side("openai's create()", create),
            *(side(NAMES[transport], send(model), goals.get(transport)) for transport, model in models.items()),
            *(side(name, peer(base_url, KEY, body)) for name, (package, peer) in PEERS.items() if installed(package)),
        ]
        runner.run(_close([client.close, *(model.aclose for model in models.values())]))


async def _close(closers: Iterable[Callable[[], Awaitable[None]]]) -> None:
    async with AsyncExitStack() as stack:
        for close in closers:
            stack.push_async_callback(close)


async def _in_flight(ask: Ask, many: int) -> None:
    """Make so many calls, so many at a time."""
    left = iter(range(many))

    async def worker() -> None:
        for _ in left:
            _expect(await ask())

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


def _share(sample: Sample, many: int) -> Sample:
    return Sample(sample.cpu / many, sample.wall / many)


def _expect(content: str | None) -> None:
    assert content == CONTENT
