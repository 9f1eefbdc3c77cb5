"""Send: the client's CPU for a request whose answer a server has ready.

The server is a process of its own, so its time is in no figure but the wall time; ours and `create()` share
this process, the messages and the answer. Ours is measured on both transports: aiohttp is the extra `fast`.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.material import inputs, prompt_data
from benchmarks.measure import Sample, Side, calls
from benchmarks.peers import installed
from benchmarks.server import CONTENT, canned_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from benchmarks.setting import Setting
    from promptkit import Request
    from promptkit.models.chat_api import ChatApi, Transport

KEY = "sk-mara-0123456789"
IN_FLIGHT = 32
GOALS: dict[Transport, tuple[str, float]] = {"httpx2": ("promptkit", 0.45), "aiohttp": ("promptkit[fast]", 0.3)}


def _request() -> Request:
    from promptkit import Prompt

    return Prompt.from_dict(prompt_data() | {"model": "gpt-oss-120b"}).request(inputs(1))


def _transports() -> list[Transport]:
    return [transport for transport in GOALS if installed(transport)]


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
                calls(GOALS[transport][0], send(model), block=setting.block, goal=GOALS[transport][1])
                for transport, model in models.items()
            ),
        ]
        client.close()
        for model in models.values():
            model.close()


@contextmanager
def many_at_once(setting: Setting) -> Iterator[list[Side]]:
    """Under asyncio: `AsyncOpenAI().chat.completions.create()` and `ChatApi.asend()`."""
    import openai

    request = _request()
    body: Any = request.to_openai()
    many = IN_FLIGHT * (1 if setting.quick else 4)
    with canned_server() as base_url, asyncio.Runner() as runner:
        client = openai.AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0)
        models = {transport: _model(base_url, transport) for transport in _transports()}

        async def create() -> None:
            completion = await client.chat.completions.create(**body)
            _expect(completion.choices[0].message.content)

        def send(model: ChatApi) -> Callable[[], Awaitable[None]]:
            async def sent() -> None:
                _expect("".join([delta.text async for delta in model.asend(request)]))

            return sent

        def side(name: str, call: Callable[[], Awaitable[None]], goal: float | None = None) -> Side:
            block = calls(name, lambda _: runner.run(_in_flight(call, many)), block=0)
            return Side(name, lambda: _share(block.sample(), many), goal)

        yield [
            side("openai's create()", create),
            *(side(GOALS[transport][0], send(model), GOALS[transport][1]) for transport, model in models.items()),
        ]
        runner.run(client.close())
        for model in models.values():
            runner.run(model.aclose())


async def _in_flight(call: Callable[[], Awaitable[None]], many: int) -> None:
    """Make so many calls, so many at a time."""
    left = iter(range(many))

    async def worker() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


def _share(sample: Sample, many: int) -> Sample:
    return Sample(sample.cpu / many, sample.wall / many)


def _expect(content: str | None) -> None:
    assert content == CONTENT
