"""Waiting for a server, and for how long."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, TypeVar

from promptkit.errors import Timeout

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from promptkit.models.endpoint import Endpoint

T = TypeVar("T")


class Waiting:
    """What is left of an attempt's time. Only waiting for the server counts, not what a reader does meanwhile.

    `call` is what is left of the time of the call that the attempt is part of, in seconds.
    """

    def __init__(self, endpoint: Endpoint, *, stream: bool, call: float | None = None) -> None:
        self._host = endpoint.host
        self._deadlines = endpoint.deadlines
        self._stream = stream
        self._whole = min(self._deadlines.attempt, math.inf if call is None else call)
        self._spent = 0.0
        self._begun = False

    async def on(self, awaited: Awaitable[T]) -> T:
        """The awaited thing. Raises `Timeout` when it does not come in time."""
        import asyncio

        started = time.monotonic()
        timeout = asyncio.timeout(self._left())
        try:
            async with timeout:
                return await awaited
        except TimeoutError:
            if not timeout.expired():
                raise
        finally:
            self._spent += time.monotonic() - started
        raise self._timeout()

    def arrived(self) -> None:
        """A piece of the body has come: from now on the gap between pieces counts."""
        self._begun = True

    def _left(self) -> float:
        left = self._whole - self._spent
        if self._stream:
            left = min(left, self._deadlines.gap if self._begun else self._deadlines.first_byte - self._spent)
        return max(left, 0.0)

    def _timeout(self) -> Timeout:
        deadlines = self._deadlines
        if self._spent >= self._whole or not self._stream:
            late = self._whole < deadlines.attempt
            name, what = (
                ("call", f"the {deadlines.call:g} s of the whole call")
                if late
                else ("attempt", f"{deadlines.attempt:g} s")
            )
            what = f"no whole answer within {what}"
        elif self._begun:
            name, what = "gap", f"nothing more for {deadlines.gap:g} s"
        else:
            name, what = "first_byte", f"not a byte within {deadlines.first_byte:g} s"
        cure = f"ask again; PROMPTKIT_{name.upper()}_TIMEOUT sets another limit, in seconds"
        return Timeout(what, where=self._host, help=cure)
