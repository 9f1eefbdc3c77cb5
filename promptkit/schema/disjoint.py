"""Whether no value can fit two schemas: by their types, their fields, or their bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.schema.conjunction import form_of
from promptkit.schema.equality import among

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from promptkit.schema.conjunction import Form

__all__ = ["apart", "covers", "may_have"]


def covers(kinds: Iterable[str], kind: str) -> bool:
    """Whether a JSON type is one of some: a whole number is a number."""
    return kind in kinds or (kind == "integer" and "number" in kinds)


def may_have(keywords: Mapping[str, Any], name: str) -> bool:
    """Whether an object may have a field of a name, by what is said of its fields."""
    if name in keywords.get("properties", {}):
        return keywords["properties"][name] is not False
    return keywords.get("additionalProperties") is not False or "patternProperties" in keywords


def apart(roots: tuple[Any, Any], one: Form, other: Form) -> bool:
    """Whether no value fits both of two forms, each of a document of its own. False says nothing."""
    if one.never or other.never:
        return True
    return all(_apart(roots, kind, one, other) for kind in _shared(one.kinds(), other.kinds()))


def _shared(one: Iterable[str], other: Iterable[str]) -> Iterator[str]:
    """The types that a value of both may have; a number may be a whole one."""
    for kind in one:
        if covers(other, kind):
            yield kind
        elif kind == "number" and "integer" in other:
            yield "integer"


def _apart(roots: tuple[Any, Any], kind: str, one: Form, other: Form) -> bool:
    if "enum" in one.keywords and "enum" in other.keywords:
        return not any(among(value, other.keywords["enum"]) for value in one.keywords["enum"])
    if kind == "object" and _fields_apart(roots, one, other):
        return True
    return any(_is_beyond(*pair, *ends) for ends in _ENDS.get(kind, ()) for pair in ((one, other), (other, one)))


def _fields_apart(roots: tuple[Any, Any], one: Form, other: Form) -> bool:
    """Whether one needs a field that the other may not have, or both need one that each fixes to other values."""
    needs, others = (set(each.keywords.get("required", ())) for each in (one, other))
    if not all(may_have(other.keywords, name) for name in needs) or not all(
        may_have(one.keywords, name) for name in others
    ):
        return True
    sides = list(zip(roots, (one, other), strict=True))
    fixed = (
        [_fixed(root, each.keywords.get("properties", {}).get(name)) for root, each in sides] for name in needs & others
    )
    return any(first and second and first.isdisjoint(second) for first, second in fixed)


def _fixed(root: Any, schema: Any) -> set[str]:
    """The texts that a field is fixed to."""
    values = form_of(root, schema).keywords.get("enum", ())
    return set(values) if all(isinstance(value, str) for value in values) else set()


_NUMBERS = (("minimum", "maximum"),)
_ENDS = {
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "string": (("minLength", "maxLength"),),
    "array": (("minItems", "maxItems"),),
    "object": (("minProperties", "maxProperties"),),
}


def _is_beyond(one: Form, other: Form, least: str, most: str) -> bool:
    """Whether the least of one is more than the most of the other, or is as much where one of both is exclusive."""
    if least not in _EXCLUSIVE:
        return bool(one.keywords.get(least, 0) > other.keywords.get(most, float("inf")))
    return any(
        low > high or (low == high and (above or below))
        for low, above in _bounds(one, least)
        for high, below in _bounds(other, most)
    )


_EXCLUSIVE = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}


def _bounds(form: Form, inclusive: str) -> list[tuple[float, bool]]:
    """The bounds on one side, each with whether it is itself left out."""
    names = ((inclusive, False), (_EXCLUSIVE[inclusive], True))
    return [(form.keywords[name], strict) for name, strict in names if name in form.keywords]
