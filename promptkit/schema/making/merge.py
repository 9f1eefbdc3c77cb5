"""Two forms of a JSON Schema made one that asks for both, keyword by keyword."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from promptkit.schema.conjunction import align_fields, align_items
from promptkit.schema.equality import among

if TYPE_CHECKING:
    from collections.abc import Mapping

Form = dict[str, Any]
"""Keywords without combinators; see `forms`."""


class UnmakeableError(ValueError):
    """Why no value can be made, in one line."""


Both = Callable[[Any, Any], Any]


def merged(one: Form, other: Form, both: Both) -> Form | None:
    """The form that asks for both; None when nothing can be both. `both` makes one schema of two, see `Forms`."""
    form, other = dict(one), dict(other)
    align_items(form, other)
    for each in (form, other):
        align_fields(each, other if each is form else form)
    for keyword, value in other.items():
        if keyword in form:
            value = _merged(keyword, form[keyword], value, both)  # noqa: PLW2901
            if value == [] and keyword in ("type", "enum"):
                return None
        form[keyword] = value
    return form


def _first(one: Any, _: Any) -> Any:
    return one


def _merged(keyword: str, one: Any, other: Any, both: Both) -> Any:
    if keyword in _SCHEMAS:
        return both(one, other)
    if keyword in _NAMED:
        return one | {name: both(one[name], each) if name in one else each for name, each in other.items()}
    if keyword == "prefixItems":
        return [both(*pair) for pair in zip_longest(one, other, fillvalue=True)]
    return _MERGES.get(keyword, _first)(one, other)


_SCHEMAS = ("items", "additionalProperties", "unevaluatedProperties", "propertyNames")
_NAMED = ("properties", "patternProperties", "dependentSchemas")


def _types(one: list[str], other: list[str]) -> list[str]:
    wider = {"integer"} if "number" in other else set()
    kept = [kind for kind in one if kind in other or kind in wider]
    return kept + [kind for kind in other if kind == "integer" and "number" in one and kind not in kept]


def _listed(one: list[Any], other: list[Any]) -> list[Any]:
    return [value for value in one if among(value, other)]


def _needs(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: _union(one.get(name, []), other.get(name, [])) for name in {**one, **other}}


def _union(one: list[str], other: list[str]) -> list[str]:
    return list(dict.fromkeys([*one, *other]))


def _common_multiple(one: Any, other: Any) -> Any:
    a, b = Fraction(str(one)), Fraction(str(other))
    shared = Fraction(math.lcm(a.numerator, b.numerator), math.gcd(a.denominator, b.denominator))
    return int(shared) if shared.denominator == 1 else float(shared)


def _joined(one: list[Any], other: list[Any]) -> list[Any]:
    return [*one, *other]


_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "enum": _listed,
    "required": _union,
    "dependentRequired": _needs,
    "multipleOf": _common_multiple,
    "uniqueItems": lambda one, other: one or other,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
    **dict.fromkeys(("pattern", "format", "contains", "examples", "default"), _joined),
}
"""How a keyword that stands in both is made one; for any other the first stands."""
