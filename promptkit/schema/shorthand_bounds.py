"""Bounds in declarations: a length for texts, a count for lists and objects, a range for numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.schema.shorthand_literals import NUMBER, ORDERS, bound_of, fail, read_number

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
BOUNDS = LatePattern(rf"\s*({NUMBER})?\s*\.\.\s*({NUMBER})?\s*")
_WRONG_DOTS = r"-|\N{EN DASH}|to|\.\.\.|\N{HORIZONTAL ELLIPSIS}"
_BEGUN = LatePattern(rf"(?:{NUMBER}\s*\.\.\s*(?:{NUMBER})?|\.\.\s*{NUMBER})(?=\s+\w)")
"""Bounds with words behind them."""
_UNITS = ("items", "elements", "entries", "characters", "chars")
"""What the bounds of lists and texts count anyway."""
_WORDED = LatePattern(
    rf"(min(?:imum)?|max(?:imum)?|at least|at most|up to)\s*[:=]?\s*({NUMBER})(?:\s+(?:characters|chars|items))?",
    re.IGNORECASE,
)
_ORDER = LatePattern(rf"({ORDERS})\s*({NUMBER})")
_BETWEEN = LatePattern(rf"(?:between|from)\s+({NUMBER})\s+(?:and|to)\s+({NUMBER})", re.IGNORECASE)
_DECIMAL_COMMA = LatePattern(r"\d+,\d+\s*\.\.\s*\d+(?:[.,]\d+)?|\d+(?:\.\d+)?\s*\.\.\s*\d+,\d+(?=\s*(?:[,=]|$))")
_MISWRITTEN = LatePattern(rf"\s*({NUMBER})\s*(?:{_WRONG_DOTS})\s*({NUMBER})\s*")


def read_bounds(
    text: str, part: str, offset: int, schema: dict[str, Any], alternatives: list[Alternative]
) -> dict[str, Any] | None:
    """The keywords that a declaration's second part stands for; None when it is no bounds.

    `offset` is the part's place in the `text`. Raises `ShorthandError`.
    """
    bounds = BOUNDS.fullmatch(part)
    kind = _bounded_type(schema)
    if kind:
        _refuse_misspelt(text, part, offset, is_bounds=bounds is not None)
    if bounds is None:
        return None
    if not any(bounds.groups()):
        fail("the bounds have no number", offset, len(part), "write `1..5`, `1..` or `..5`")
    if not kind:
        what = "an enum" if "enum" in schema else f"`{' | '.join(each.text or '[...]' for each in alternatives[:3])}`"
        fail(f"bounds do not apply to {what}", offset, len(part), "bounds go with one text, number, list or object")
    return _keywords(kind, bounds, offset)


def _refuse_misspelt(text: str, part: str, offset: int, *, is_bounds: bool) -> None:
    """Refuse what is meant as bounds, and would be prose that nothing checks."""
    said = f"`{part}` is not how bounds are written"
    if comma := _DECIMAL_COMMA.match(text, offset):
        fail("a number has a point, not a comma", offset, len(comma[0]), f"write `{comma[0].replace(',', '.')}`")
    if is_bounds:
        return
    if wrong := _MISWRITTEN.fullmatch(part) or _BETWEEN.fullmatch(part):
        fail(said, offset, len(part), f"write `{wrong[1]}..{wrong[2]}`")
    if worded := _WORDED.fullmatch(part):
        most = worded[1].lower().startswith(("max", "at most", "up"))
        fail(said, offset, len(part), f"write `..{worded[2]}`" if most else f"write `{worded[2]}..`")
    if re.fullmatch(r"[\w.+-]*\w\.\.[\w.+-]*|\.\.\w[\w.+-]*", part, re.ASCII):
        fail(said, offset, len(part), "write `1..5`, `1..` or `..5`")
    if re.fullmatch(NUMBER, part):
        fail(said, offset, len(part), f"write `..{part}` for at most, or `{part}..{part}` for exactly so much")
    if begun := _BEGUN.match(part):
        bare, rest = begun[0].strip(), part[begun.end() :].strip()
        cure = f"write `{bare}`" if rest in _UNITS else f"prose stands behind a comma: `{bare}, {rest}`"
        fail("the bounds do not end here", offset + begun.end(), len(part) - begun.end(), cure)
    if order := _ORDER.fullmatch(part):
        sign, number = order.groups()
        cure = f"write `{bound_of(sign, number)}`"
        fail(said, offset, len(part), cure + ("" if sign not in "<>" else ", which takes the number itself too"))


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
