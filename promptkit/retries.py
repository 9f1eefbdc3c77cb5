"""When a request is sent once more as it is, and how long to wait before.

Pure. Only what the network or the server did is retried, and what it refuses never is: a key, a model, a
quota or a window does not mend by asking again. MARA has no idempotency keys: each retry may be paid for.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.errors import BadResponse, ConnectionLost, RateLimited, ServerError, Timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.errors import ModelError

REFUSED = "refusal"
"""The `server_code` of an answer in which the model itself declines: asking again changes nothing."""

_FIRST_SECONDS = 0.5
_LONGEST_BACKOFF = 30.0


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long. All in seconds but `tries`, which counts the first one too.

    `call` is for all that a call waits for, with every attempt and every pause in it. A server that asks for a
    longer pause than `longest_pause` is not waited for. `jitter` gives numbers from 0 to 1.
    """

    tries: int = 5
    call: float = 600.0
    longest_pause: float = 120.0
    jitter: Callable[[], float] = random.random

    def pause(self, error: ModelError, tried: int, left: float) -> float | None:
        """Seconds until the next try after `tried` of them; None when there shall be none.

        `left` is what is left of the call's time: a pause that would use it up is pointless.
        """
        if tried >= min(self.tries, _tries(error)):
            return None
        pause = self._pause(error, tried)
        return pause if pause is not None and pause < left else None

    def _pause(self, error: ModelError, tried: int) -> float | None:
        told = error.retry_after
        if told is None:
            return self.jitter() * min(_LONGEST_BACKOFF, _FIRST_SECONDS * 2.0 ** (tried - 1))
        # A little late on purpose: whoever was turned away with us comes back at the same moment.
        return max(told, 0.0) + self.jitter() if told <= self.longest_pause else None


_ALWAYS = 1 << 30
_TRIES: Mapping[type[ModelError], int] = {
    RateLimited: _ALWAYS,
    Timeout: _ALWAYS,
    ConnectionLost: _ALWAYS,
    ServerError: _ALWAYS,
    BadResponse: 2,
}
"""How often each kind of error may be met with another try; a kind that is not here is final."""


def _tries(error: ModelError) -> int:
    """A redirect and the model's own refusal are answers, if bad ones: they stay the same."""
    final = error.server_code == REFUSED or (isinstance(error, BadResponse) and error.status is not None)
    return 1 if final else next((_TRIES[kind] for kind in type(error).__mro__ if kind in _TRIES), 1)
