"""A keyword that stands in two schemas, made one that asks for both."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from promptkit.schema.equality import without

__all__ = ["Both", "joined"]

Both = Callable[[Any, Any], Any]
"""Makes one schema of two, the same one each time."""


def joined(keyword: str, one: Any, other: Any, both: Both) -> Any:
    """A keyword's value that says exactly what two values of it say together; None where no value does.

    Lists of `prefixItems` are equally long.
    """
    if keyword in _SCHEMAS:
        return both(one, other)
    if keyword in _NAMED:
        return one | {name: both(one[name], each) if name in one else each for name, each in other.items()}
    if keyword == "prefixItems":
        return [both(*pair) for pair in zip(one, other, strict=True)]
    return _JOINS[keyword](one, other) if keyword in _JOINS else None


_SCHEMAS = ("items", "additionalProperties", "propertyNames")
_NAMED = ("properties", "patternProperties", "dependentSchemas")


def _types(one: str | Iterable[str], other: str | Iterable[str]) -> list[str]:
    first, second = ([each] if isinstance(each, str) else list(each) for each in (one, other))
    kept = [kind for kind in first if kind in second or (kind == "integer" and "number" in second)]
    return kept + [kind for kind in second if kind == "integer" and "number" in first and kind not in kept]


def _common(one: list[Any], other: list[Any]) -> list[Any]:
    return without(one, without(one, other))


def _all(one: Iterable[str], other: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*one, *other]))


def _needs(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: _all(one.get(name, ()), other.get(name, ())) for name in {**one, **other}}


def _common_multiple(one: float, other: float) -> float | None:
    a, b = Fraction(str(one)), Fraction(str(other))
    shared = Fraction(math.lcm(a.numerator, b.numerator), math.gcd(a.denominator, b.denominator))
    found = int(shared) if shared.denominator == 1 else float(shared)
    return found if Fraction(str(found)) == shared else None


_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "enum": _common,
    "required": _all,
    "dependentRequired": _needs,
    "multipleOf": _common_multiple,
    "uniqueItems": lambda one, other: one or other,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
