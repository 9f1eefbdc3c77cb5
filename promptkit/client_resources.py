"""What a client has opened: models, the log, and what counts tokens."""

from __future__ import annotations

import threading
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from promptkit.completion import Model
    from promptkit.record import RunLog
    from promptkit.tokens import TokenCounter

HELD: WeakSet[ClientResources] = WeakSet()
"""What the clients of this process hold."""


class ClientResources:
    """What a client has opened. It knows nothing of the client, so that it can be closed when that is gone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.models: dict[str, Model] = {}
        self.wrapped: dict[int, tuple[Model, Model]] = {}
        self.log: RunLog | None = None
        self.counters: dict[str, TokenCounter] = {}
        HELD.add(self)

    def taken(self) -> list[Any]:
        """All that there is to close, in this order; nothing is held any more."""
        with self.lock:
            opened = [*self.models.values()]
            outside = [self.wrapped[id(model)][1] for model in opened if id(model) in self.wrapped]
            resources = [*opened, *outside, *([self.log] if self.log else [])]
            self.models, self.wrapped, self.log = {}, {}, None
        return resources

    def close(self) -> None:
        """Close all, whatever fails among it. Raises the last failure."""
        with ExitStack() as stack:
            for resource in reversed(self.taken()):
                stack.callback(getattr(resource, "close", nothing))

    async def aclose(self) -> None:
        """The same under asyncio."""
        async with AsyncExitStack() as stack:
            for resource in reversed(self.taken()):
                if hasattr(resource, "aclose"):
                    stack.push_async_callback(resource.aclose)
                else:
                    stack.callback(getattr(resource, "close", nothing))


def nothing() -> None:
    """Close what needs no closing."""
