"""A client for each event loop: connections belong to the loop that opened them, and are closed with it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from promptkit.models import background

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable

    import openai


class LoopClients:
    """Opens a client when a loop first asks for one. Safe to share between threads."""

    def __init__(self, opened: Callable[[], openai.AsyncOpenAI]) -> None:
        self._opened = opened
        self._lock = threading.Lock()
        self._keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Keeper] = WeakKeyDictionary()

    async def get(self) -> openai.AsyncOpenAI:
        """The running loop's client."""
        import asyncio

        loop = asyncio.get_running_loop()
        keeper = self._keepers.get(loop)
        if keeper is None:
            keeper = _Keeper(self._opened())
            await keeper.begin()
            with self._lock:
                self._keepers[loop] = keeper
        return keeper.client

    def close(self) -> None:
        """Close every client, each in its own loop."""
        for loop, keeper in self._released():
            background.finish(loop, keeper.aclose())

    async def aclose(self) -> None:
        """The same under asyncio."""
        import asyncio

        for loop, keeper in self._released():
            if loop is asyncio.get_running_loop():
                await keeper.aclose()
            else:
                await asyncio.to_thread(background.finish, loop, keeper.aclose())

    def _released(self) -> list[tuple[asyncio.AbstractEventLoop, _Keeper]]:
        with self._lock:
            keepers, self._keepers = list(self._keepers.items()), WeakKeyDictionary()
        return keepers


class _Keeper:
    """Holds a client as long as its loop lives.

    asyncio closes asynchronous generators before it closes a loop, and so this one closes the client's
    connections in time, also for those who never call `aclose`.
    """

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self.client = client
        self._life = self._live()

    async def _live(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.client.close()

    async def begin(self) -> None:
        """Tie the client to the running loop."""
        await anext(self._life)

    async def aclose(self) -> None:
        """Close the client."""
        await self._life.aclose()
