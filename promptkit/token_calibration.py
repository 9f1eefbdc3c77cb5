"""What a server's own counts teach of how it counts: a straight line through them, and how far off it was.

A model's vocabulary and chat format are known to few; what each request came to is in the run log.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.completion import canonical_json
from promptkit.history import History
from promptkit.tokens import MESSAGE_OVERHEAD, all_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from promptkit.tokens import TokenCounter

LEAST = 8
"""Requests: from fewer nothing is learned."""

_SPREAD = 1.5  # how much larger the largest has to be than the smallest to tell the fixed part from the rest
_MARGIN = 1.25
_FLOOR = 0.01


class Learned(NamedTuple):
    """A counter that is another one, set right by what a server counted in so many `requests`.

    `error` is the largest that there was among them, and a quarter more; it is stated for requests such as those.
    """

    base: TokenCounter
    ratio: float
    fixed: int
    error: float
    requests: int

    def count(self, text: str) -> int:
        """The tokens of a text."""
        return round(self.base.count(text) * self.ratio)


def learned(base: TokenCounter, seen: Iterable[tuple[Mapping[str, Any], int]]) -> TokenCounter:
    """What is learned from bodies of requests and the `prompt_tokens` that a server told for each.

    The base itself where there are too few, or where they say less than it does.
    """
    points = [point for body, told in seen if (point := _point(base, body, told)) is not None]
    if len(points) < LEAST:
        return base
    fixed, ratio = _line(points)
    error = max(abs(told - fixed - ratio * counted) / (fixed + ratio * counted) for counted, told in points)
    error = error * _MARGIN + _FLOOR
    better = base.error == 0 or error < base.error
    return Learned(base, ratio, round(fixed), error, len(points)) if better and error < 1 else base


def _point(base: TokenCounter, body: Mapping[str, Any], told: int) -> tuple[int, float] | None:
    """What a request counts, and what it came to, without the frames of its messages; None for one with pictures."""
    messages = History.of(body.get("messages", ())).messages
    pictures = any(isinstance(message.content, tuple) for message in messages)
    texts = [*map(all_text, messages), *map(canonical_json, body.get("tools") or ())]
    texts += [canonical_json(body["response_format"])] if body.get("response_format") else []
    counted, left = sum(map(base.count, texts)), told - MESSAGE_OVERHEAD * len(messages)
    return (counted, left) if counted and left > 0 and not pictures else None


def _line(points: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """What is fixed, and tokens for each that is counted: least squares of the relative errors."""
    least, most = min(counted for counted, _ in points), max(counted for counted, _ in points)
    if most >= _SPREAD * least:
        weights = [1 / told**2 for _, told in points]
        whole = sum(weights)
        x = sum(w * counted for w, (counted, _) in zip(weights, points, strict=True)) / whole
        y = sum(w * told for w, (_, told) in zip(weights, points, strict=True)) / whole
        spread = sum(w * (counted - x) ** 2 for w, (counted, _) in zip(weights, points, strict=True))
        tilt = sum(w * (counted - x) * (told - y) for w, (counted, told) in zip(weights, points, strict=True))
        ratio = tilt / spread
        if ratio > 0 and y - ratio * x >= 0:
            return y - ratio * x, ratio
    return 0.0, median(told / counted for counted, told in points)
