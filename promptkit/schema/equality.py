"""Equality and types as JSON Schema has them (2020-12, section 4.2): 1 is 1.0, and true is not 1, as in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def same_json(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, however deep they are."""
    waiting = [(one, other)]
    while waiting:
        one, other = waiting.pop()
        if isinstance(one, bool) or isinstance(other, bool):
            if one is not other:
                return False
        elif isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            waiting += ((each, other[key]) for key, each in one.items())
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif one != other:
            return False
    return True


def among(value: Any, values: Iterable[Any]) -> bool:
    """Whether a JSON value is one of several."""
    return any(same_json(value, each) for each in values)


def key_of(value: Any) -> Any:
    """What two JSON values have in common exactly when they are equal, to look for it in a set."""
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, dict):
        return dict, frozenset((name, key_of(each)) for name, each in value.items())
    if isinstance(value, list):
        return list, tuple(map(key_of, value))
    return value


def without(values: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    """The JSON values that are not among some others, in their order."""
    known = set(map(key_of, others))
    return [value for value in values if key_of(value) not in known]


def json_kind(value: Any) -> str:
    """The JSON type of a value; whole numbers are `integer`."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    for kind, types in (("integer", int), ("number", float), ("string", str), ("array", list)):
        if isinstance(value, types):
            return kind
    return "object"


def is_kind(value: Any, kinds: Iterable[Any]) -> bool:
    """Whether a value is of one of some JSON types; names that are none are passed over."""
    return any(KINDS[kind](value) for kind in kinds if kind in KINDS)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


KINDS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "number": _is_number,
}
"""The JSON types, each with whether a value is of it."""
