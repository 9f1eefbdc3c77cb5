"""Pacing: one gate for each server, key and model, through which all requests of the process go.

The gate keeps to what the settings allow and to what the server's headers say. When a request is turned away for its
rate, nobody else asks before the time that the server named; when a day's limit is used up, nobody asks at all.
"""

from __future__ import annotations

import logging
import math
import os
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from promptkit.completion import sha256
from promptkit.errors import ConfigError, QuotaExhausted, RateLimited
from promptkit.models.wrapped import NEXT, Open, Sleep, Wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.completion import Delta, Model, Rates, Request
    from promptkit.models.wrapped import Flow

LONGEST_WAIT = 120.0
"""Seconds: a longer wait is an error that says so."""

_MINUTE = 60.0
_DAY = 86_400
_LONGEST_CLOSED = 600.0
"""Seconds: then one request finds out whether what a server said still holds, however absurd it was."""
_WORTH_A_WORD = 5.0

_log = logging.getLogger("promptkit")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be asked for: requests a minute, requests a day, tokens a day (None: nobody said)."""

    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    tokens_per_day: int | None = None

    def __post_init__(self) -> None:
        if self.requests_per_minute is not None and self.requests_per_minute < 1:
            raise ConfigError(f"`requests_per_minute` is a number from 1, not {self.requests_per_minute}")


class Gate:
    """What may be asked now. Safe to share between threads and loops.

    `now` is a clock that never goes back, `wall` gives Unix time; both in seconds. `jitter` gives numbers from 0 to 1.
    """

    def __init__(
        self,
        allowed: Allowed | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.allowed = allowed or Allowed()
        self._now, self._wall, self._jitter = now, wall, jitter
        self._lock = threading.Lock()
        self._started: deque[float] = deque()
        self._most: int | None = self.allowed.requests_per_minute
        self._opens = -math.inf
        self._under_way = 0
        self._day = self._today()
        self._requests = self._tokens = 0
        self._spent: QuotaExhausted | None = None
        self._spent_until = math.inf

    def enter(self) -> float:
        """Ask to go through: 0 for whoever may, and then has to `leave`; else how many seconds to wait before asking.

        Raises `QuotaExhausted` when the day's limit is used up.
        """
        with self._lock:
            self._refuse_spent()
            now = self._now()
            if now < self._opens:
                return self._opens - now + self._jitter()  # not all at the same moment
            while self._started and self._started[0] <= now - _MINUTE:
                self._started.popleft()
            if self._most is not None and len(self._started) >= self._most:
                return max(self._started[-self._most] + _MINUTE - now, 0.001)
            self._started.append(now)
            self._under_way += 1
            self._requests += 1
            return 0.0

    def leave(self, tokens: int = 0) -> None:
        """A request has ended, and used so many tokens."""
        with self._lock:
            self._under_way -= 1
            self._tokens += tokens

    def told(self, rates: Rates) -> None:
        """What the headers of an answer say goes over what was known."""
        with self._lock:
            if rates.limit:
                self._most = rates.limit
            others = self._under_way - 1
            if rates.remaining is not None and rates.remaining <= others and rates.reset is not None:
                self._close(rates.reset - self._wall())
            if rates.day_remaining is not None and rates.day_remaining <= 0:
                self._spend("the day's limit of requests is used up", rates.day_reset)

    def turned_away(self, error: RateLimited | QuotaExhausted) -> None:
        """A request was turned away: nobody asks before the time that the server named."""
        with self._lock:
            if isinstance(error, QuotaExhausted):
                self._spend(error.message, error.resets_at)
            elif error.retry_after is not None:
                self._close(error.retry_after)

    def _close(self, seconds: float) -> None:
        if seconds > 0:
            self._opens = max(self._opens, self._now() + min(seconds, _LONGEST_CLOSED))

    def _spend(self, message: str, resets_at: float | None) -> None:
        now = self._wall()
        if resets_at is None or resets_at > now:
            self._spent = QuotaExhausted(message, resets_at=resets_at)
            self._spent_until = now + _LONGEST_CLOSED if resets_at is None else min(resets_at, now + _DAY)

    def _today(self) -> int:
        return int(self._wall() // _DAY)

    def _refuse_spent(self) -> None:
        if self._day != self._today():
            self._day, self._requests, self._tokens = self._today(), 0, 0
        if self._wall() >= self._spent_until:
            self._spent = None
        if self._spent is not None:
            message = f"{self._spent.message}; this request was not sent"
            raise QuotaExhausted(message, resets_at=self._spent.resets_at, help="go on later")
        budgets = (
            (self.allowed.requests_per_day, self._requests, "requests"),
            (self.allowed.tokens_per_day, self._tokens, "tokens"),
        )
        for most, used, what in budgets:
            if most is not None and used >= most:
                said = f"the day's {most:,} {what} that the settings allow are used; this request was not sent"
                raise QuotaExhausted(said, resets_at=float((self._day + 1) * _DAY), help="go on tomorrow (UTC)")


class Paced(Wrapped):
    """A model whose requests go through gates, one for each model that is asked for.

    `place` names the server and the key, `allowed` says what may be asked of a model. A wait of more than
    `LONGEST_WAIT`, or than the call has time for, is not waited: `RateLimited` says how long it would be.
    """

    def __init__(self, inner: Model, place: str, allowed: Callable[[str], Allowed] = lambda _: Allowed()) -> None:
        super().__init__(inner)
        self._place = place
        self._allowed = allowed

    def gate(self, model: str) -> Gate:
        """The process's gate for a model."""
        return shared_gate(self._place, model, self._allowed)

    def flow(self, request: Request) -> Flow:
        """Wait at the gate, then pass the answer through."""
        gate = self.gate(request.model)
        waited = 0.0
        left = LONGEST_WAIT if request.timeout is None else min(LONGEST_WAIT, request.timeout)
        while seconds := gate.enter():
            left -= seconds
            if left < 0:
                raise RateLimited(
                    f"requests for `{request.model}` are held back for {math.ceil(seconds)} s more",
                    retry_after=seconds,
                    help="ask again later, or fewer at a time",
                )
            level = logging.WARNING if seconds >= _WORTH_A_WORD else logging.DEBUG
            _log.log(level, "waiting %.1f s before the next request for %s", seconds, request.model)
            yield Sleep(seconds)
            waited += seconds
        if waited and request.timeout is not None:
            request = replace(request, timeout=request.timeout - waited)
        tokens = 0
        try:
            yield Open(request)
            while (delta := (yield NEXT)) is not None:
                tokens = _seen(gate, delta) or tokens
                yield delta
        except (RateLimited, QuotaExhausted) as error:
            gate.turned_away(error)
            raise
        finally:
            gate.leave(tokens)


def _seen(gate: Gate, delta: Delta) -> int:
    """Tell the gate what a piece of an answer says; the tokens that it counts."""
    if delta.rates is not None:
        gate.told(delta.rates)
    return delta.usage.total_tokens if delta.usage is not None else 0


_gates: dict[tuple[str, str], Gate] = {}
_lock = threading.Lock()


def shared_gate(place: str, model: str, allowed: Callable[[str], Allowed]) -> Gate:
    """The one gate of the process for a model at a place; what the settings allow is what they said first."""
    with _lock:
        known = place, model
        if known not in _gates:
            _gates[known] = Gate(allowed(model))
        return _gates[known]


def place_of(base_url: str, key: str) -> str:
    """A name for a server and a key, from which the key cannot be read."""
    return f"{base_url} {sha256(key)[:16]}"


def forget_gates() -> None:
    """Begin anew. A forked child does: its locks may be held by threads that are not there."""
    global _lock  # noqa: PLW0603 (the module's one lock)
    _lock = threading.Lock()
    _gates.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_gates)
