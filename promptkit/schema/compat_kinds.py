"""What a reading schema asks of a writing one, for each JSON type."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from promptkit.schema.claims import Claim, Other, claim, unsure
from promptkit.schema.counterexamples import breaking
from promptkit.schema.keywords import FORMATS
from promptkit.schema.proofs import matches
from promptkit.schema.violations import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from promptkit.schema.claims import Path
    from promptkit.schema.compat import Comparison

    Keywords = dict[str, Any]
    Check = Callable[[Comparison, Keywords, Keywords, Path], Iterator[Claim]]


def either(kinds: Iterable[str]) -> str:
    """Types in a row."""
    return " or ".join(kinds) or "nothing"


def _bounds(kind: str, least: str, most: str, what: str) -> Callable[[Keywords, Keywords, Path], Iterator[Claim]]:
    """A check that what is written stays within two inclusive bounds."""

    def check(read: Keywords, wrote: Keywords, path: Path) -> Iterator[Claim]:
        low, high = read.get(least), read.get(most)
        if low and wrote.get(least, 0) < low:
            yield claim(path, f"may have fewer than {low} {what}", {"type": kind, most: ceil(low) - 1})
        if high is not None and (wrote.get(most) is None or wrote[most] > high):
            yield claim(path, f"may have more than {high} {what}", {"type": kind, least: floor(high) + 1})

    return check


_lengths = _bounds("string", "minLength", "maxLength", "characters")
_counts = _bounds("array", "minItems", "maxItems", "items")
_fields = _bounds("object", "minProperties", "maxProperties", "fields")


def _string(_: Comparison, read: Keywords, wrote: Keywords, path: Path) -> Iterator[Claim]:
    yield from _lengths(read, wrote, path)
    for keyword in ("pattern", "format"):
        wanted, found = read.get(keyword), wrote.get(keyword)
        if wanted is None or wanted == found or (keyword == "format" and wanted not in FORMATS):
            continue
        says = f"the {keyword} {wanted}" if keyword == "format" else f"the pattern {wanted}"
        other = {"type": "string", "not": {keyword: wanted}}
        yield claim(path, f"may be a text that does not match {says}", other, other | {"enum": _WORDS})


_WORDS = ["", "a", "Z", "0", " ", "-", "\u00e9", "two words", "2026-01-31", "\n"]
"""Texts of the usual sorts, to be tried where a made one fits everything."""


def _number(_: Comparison, read: Keywords, wrote: Keywords, path: Path) -> Iterator[Claim]:
    whole = wrote["type"] == "integer"
    for inclusive, exclusive, opposite, strictly, sign, words in _LIMITS:
        wanted, found = (_limit(each, inclusive, exclusive, sign, whole=whole) for each in (read, wrote))
        if wanted is not None and (found is None or found < wanted):
            beyond = {"type": wrote["type"], (opposite if wanted[1] else strictly): sign * wanted[0]}
            yield claim(path, f"may be {words[wanted[1]].format(shown(sign * wanted[0]))}", beyond)
    step, own = read.get("multipleOf"), wrote.get("multipleOf", 1 if whole else None)
    if step and (own is None or Fraction(str(own)) % Fraction(str(step))):
        yield claim(path, f"may be no multiple of {step}", {"type": wrote["type"], "not": {"multipleOf": step}})


_LIMITS = (
    ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", 1, ("less than {}", "{} or less")),
    ("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", -1, ("greater than {}", "{} or more")),
)


def _limit(keywords: Keywords, inclusive: str, exclusive: str, sign: int, *, whole: bool) -> tuple[float, bool] | None:
    """The narrowest of the bounds on one side as (bound, exclusive), which grows with narrowness.

    Between whole numbers every bound is an inclusive whole one.
    """
    found = [(sign * keywords[name], name == exclusive) for name in (inclusive, exclusive) if name in keywords]
    if whole:
        found = [(floor(bound) + 1 if strict else ceil(bound), False) for bound, strict in found]
    return max(found) if found else None


def _array(comparison: Comparison, read: Keywords, wrote: Keywords, path: Path) -> Iterator[Claim]:
    most = _most_items(wrote)
    yield from _counts(read, wrote if most is None else {**wrote, "maxItems": most}, path)
    if read.get("uniqueItems") and not wrote.get("uniqueItems") and (most is None or most > 1):
        twice = {"type": "array", "minItems": 2, "not": {"uniqueItems": True}}
        yield claim(
            path, "may hold the same item twice", twice, *({**twice, "items": {"enum": [each]}} for each in _ITEMS)
        )
    listed, own = read.get("prefixItems", ()), wrote.get("prefixItems", ())
    for index in range(max(len(listed), len(own))):
        if most is None or index < most:
            wanted = listed[index] if index < len(listed) else read.get("items", True)
            found_there = own[index] if index < len(own) else wrote.get("items", True)
            yield from comparison.compare(wanted, found_there, (*path, index))
    if most is None or most > max(len(listed), len(own)):
        beyond = Other(max(len(listed), len(own)))
        yield from comparison.compare(read.get("items", True), wrote.get("items", True), (*path, beyond))


_ITEMS = ("a", 1, None, True)
"""What may stand in a list twice where the made items are all different."""


def _most_items(wrote: Keywords) -> int | None:
    """How many items there may be: by the bound, or since none may follow the listed ones."""
    bounds = [wrote["maxItems"]] if "maxItems" in wrote else []
    if wrote.get("items") is False:
        bounds.append(len(wrote.get("prefixItems", ())))
    return min(bounds, default=None)


def _object(comparison: Comparison, read: Keywords, wrote: Keywords, path: Path) -> Iterator[Claim]:
    yield from _fields(read, {**wrote, **_field_counts(wrote)}, path)
    for name in read.get("required", ()):
        if name not in wrote.get("required", ()):
            yield claim((*path, name), "may be missing, but is required", False)
    wanted, found = read.get("properties", {}), wrote.get("properties", {})
    for name in wanted:
        if name in found:
            yield from comparison.compare(wanted[name], found[name], (*path, name))
        else:
            yield from map(_open_field, comparison.compare(wanted[name], _undeclared(wrote), (*path, name)))
    yield from _more_fields(comparison, read, wrote, path)


def _field_counts(wrote: Keywords) -> Keywords:
    """The bounds on the number of fields that follow from which there are."""
    least = max(len(wrote.get("required", ())), wrote.get("minProperties", 0))
    if wrote.get("additionalProperties") is not False or "patternProperties" in wrote:
        return {"minProperties": least}
    possible = sum(schema is not False for schema in wrote.get("properties", {}).values())
    return {"minProperties": least, "maxProperties": min(possible, wrote.get("maxProperties", possible))}


def _more_fields(comparison: Comparison, read: Keywords, wrote: Keywords, path: Path) -> Iterator[Claim]:
    others = read.get("additionalProperties", True)
    for name, schema in wrote.get("properties", {}).items():
        if name in read.get("properties", {}) or schema is False or others is True:
            continue
        matched = [matches(pattern, name) for pattern in read.get("patternProperties", ())]
        if any(matched):
            continue  # it is none of the others, and what it holds is told by the keyword
        if None in matched:
            yield unsure((*path, name), "whether this field is accepted cannot be told")
        elif others is False:
            yield claim((*path, name), "is not a field that is accepted", True)
        else:
            yield from comparison.compare(others, schema, (*path, name))
    same = wrote.get("patternProperties", {}).keys() <= read.get("patternProperties", {}).keys()
    if same and "patternProperties" in wrote and wrote.get("additionalProperties") is False:
        return  # all others match patterns, which are compared by themselves
    if others is False and _others(wrote) is not False:
        yield claim(path, "may have more fields than are accepted", *breaking("additionalProperties", {**read}))
    elif others is not False:
        beyond = Other(_undeclared_name(read, wrote))
        yield from comparison.compare(others, _others(wrote) if same else _undeclared(wrote), (*path, beyond))


def _undeclared_name(read: Keywords, wrote: Keywords) -> str:
    """A name that neither side declares."""
    name = "other"
    while name in read.get("properties", {}) or name in wrote.get("properties", {}):
        name += "_"
    return name


def _others(wrote: Keywords) -> Any:
    if "patternProperties" in wrote and wrote.get("additionalProperties") is False:
        return True
    return wrote.get("additionalProperties", True)


def _undeclared(wrote: Keywords) -> Any:
    """What a field that is not declared by name may hold: with patterns, whatever they allow."""
    return True if "patternProperties" in wrote else _others(wrote)


def _open_field(found: Claim) -> Claim:
    """An undeclared field of an open object could be anything, but whoever writes hardly means it."""
    return unsure(found.path, found.message)


CHECKS: dict[str, Check] = {
    "string": _string,
    "integer": _number,
    "number": _number,
    "array": _array,
    "object": _object,
}
"""The check of each type, given the keywords of both; the writer's `type` is that type."""
