"""Bounds in declarations: a length for texts, a count for lists and objects, a range for numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.schema.shorthand_literals import NUMBER, fail, read_number

if TYPE_CHECKING:
    from promptkit.schema.shorthand_types import Alternative

_BOUND_KEYWORDS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
}
_COUNTED = ("string", "array", "object")
_FIXED_LENGTH = ("date", "date-time", "time", "uuid")
_BOUNDS = re.compile(rf"\s*({NUMBER})?\s*\.\.\s*({NUMBER})?\s*")
_WRONG_DOTS = r"-|\N{EN DASH}|to|\.\.\.|\N{HORIZONTAL ELLIPSIS}"
_MISWRITTEN = re.compile(rf"\s*({NUMBER})\s*(?:{_WRONG_DOTS})\s*({NUMBER})\s*")


def read_bounds(
    part: str, offset: int, schema: dict[str, Any], alternatives: list[Alternative]
) -> dict[str, Any] | None:
    """The keywords that a declaration's second part stands for; None when it is no bounds.

    `offset` is the part's place. Raises `ShorthandError`.
    """
    bounds = _BOUNDS.fullmatch(part)
    kind = _bounded_type(schema)
    if bounds is None:
        # `1-5` as a whole part is meant as bounds, and would be prose that nothing checks.
        if kind and (wrong := _MISWRITTEN.fullmatch(part)):
            fail(f"`{part}` is not how bounds are written", offset, len(part), f"write `{wrong[1]}..{wrong[2]}`")
        return None
    if not any(bounds.groups()):
        fail("the bounds have no number", offset, len(part), "write `1..5`, `1..` or `..5`")
    if not kind:
        what = "an enum" if "enum" in schema else f"`{' | '.join(each.text or '[...]' for each in alternatives[:3])}`"
        fail(f"bounds do not apply to {what}", offset, len(part), "bounds go with one text, number, list or object")
    return _keywords(kind, bounds, offset)


def _bounded_type(schema: dict[str, Any]) -> str:
    """The one type that bounds would hold for, or nothing."""
    kind = schema.get("type", ())
    kinds = [each for each in ([kind] if isinstance(kind, str) else kind) if each != "null"]
    bounded = len(kinds) == 1 and kinds[0] in _BOUND_KEYWORDS and schema.get("format") not in _FIXED_LENGTH
    return str(kinds[0]) if bounded else ""


def _keywords(kind: str, bounds: re.Match[str], offset: int) -> dict[str, Any]:
    length = len(bounds.group())
    low, high = (None if text is None else _bound(text, kind, offset, length) for text in bounds.groups())
    if low is not None and high is not None and low > high:
        fail("the bounds are the wrong way round", offset, length, f"write `{bounds[2]}..{bounds[1]}`")
    least, most = _BOUND_KEYWORDS[kind]
    return {keyword: bound for keyword, bound in ((least, low), (most, high)) if bound is not None}


def _bound(text: str, kind: str, offset: int, length: int) -> int | float:
    if kind != "number" and not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        fail(f"`{text[:40]}` is not a whole number", offset, length, "write `1..5`, `1..` or `..5`")
    try:
        value = read_number(text)
    except ValueError:
        fail(f"`{text[:40]}` is too large", offset, length, "write `1..5`, `1..` or `..5`")
    if kind in _COUNTED and value < 0:
        fail("a length or a count is never negative", offset, length, "write `0..5`, or `..5`")
    return value
