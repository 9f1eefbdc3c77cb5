"""How the pieces of an answer are closed that nobody reads any further, and are told why."""

from __future__ import annotations

from contextlib import suppress
from typing import Any


class Abandoned(GeneratorExit):
    """How an answer is closed that cannot become valid any more, after so many `characters` of its text.

    Models need not know of it: it runs their `finally` clauses as `close` does.
    """

    def __init__(self, characters: int) -> None:
        super().__init__(characters)
        self.characters = characters


def leave(deltas: Any, left: Abandoned) -> None:
    """Close an answer's pieces and say why."""
    if hasattr(deltas, "throw"):
        with suppress(Abandoned, StopIteration):
            deltas.throw(left)


async def aleave(deltas: Any, left: Abandoned) -> None:
    """The same under asyncio."""
    if hasattr(deltas, "athrow"):
        with suppress(Abandoned, StopAsyncIteration):
            await deltas.athrow(left)
