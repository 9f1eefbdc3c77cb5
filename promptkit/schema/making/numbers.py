"""Numbers inside the bounds of a JSON Schema, reckoned exactly so that no rounding leads outside."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.schema.making.merge import Keywords

_RANGE = 100
_LARGEST_EXACT = 2**53


def numbers(form: Keywords, pick: int, *, whole: bool) -> list[int | float]:
    """Candidates, at most six; `pick` chooses the first, and neighbouring picks give different ones."""
    step = Fraction(str(form["multipleOf"])) if form.get("multipleOf") else None
    if whole:
        step = Fraction(step.numerator) if step else Fraction(1)
    first, last = _bounds(form, step)
    if first > last:
        return []
    count = last - first + 1
    picks = (pick + turn * (count // 4 + 1) for turn in range(4))
    places = dict.fromkeys([*(first + pick % count for pick in picks), first, last])
    return [_plain(place * (step or _unit(form)), whole=whole) for place in places]


def _bounds(form: Keywords, step: Fraction | None) -> tuple[int, int]:
    """The first and last multiple of the step inside the bounds; a hundred of them where a bound is missing."""
    unit = step or _unit(form)
    low, high = _edge(form, "minimum", math.ceil, unit, 1), _edge(form, "maximum", math.floor, unit, -1)
    if low is not None:
        return low, ((_RANGE if low < _RANGE else low + _RANGE - 1) if high is None else high)
    if high is not None:
        return (1 if high >= 1 else high - _RANGE + 1), high
    return 1, _RANGE


def _edge(form: Keywords, limit: str, rounded: Callable[[Fraction], int], unit: Fraction, inward: int) -> int | None:
    """The nearest multiple inside an inclusive and an exclusive limit."""
    edges = [rounded(Fraction(str(form[limit])) / unit)] if limit in form else []
    exclusive = "exclusive" + limit.title()
    if exclusive in form:
        exact = Fraction(str(form[exclusive])) / unit
        edges.append(int(exact) + inward if exact.denominator == 1 else rounded(exact))
    return (max(edges) if inward > 0 else min(edges)) if edges else None


def _unit(form: Keywords) -> Fraction:
    """The step of a number that may be any: a half, or an eighth of a narrow range."""
    edges = {"low": ("minimum", "exclusiveMinimum"), "high": ("maximum", "exclusiveMaximum")}
    found = {side: [Fraction(str(form[name])) for name in names if name in form] for side, names in edges.items()}
    if not all(found.values()):
        return Fraction(1, 2)
    width = min(found["high"]) - max(found["low"])
    if width == 0:
        return abs(found["low"][0]) or Fraction(1)
    return Fraction(1, 2) if width >= 2 else abs(width) / 8


def _plain(number: Fraction, *, whole: bool) -> int | float:
    """A whole number as an integer, unless a float would hold it otherwise: bounds are floats there."""
    exact = number.denominator == 1 and (whole or abs(number) <= _LARGEST_EXACT)
    return int(number) if exact else float(number)
