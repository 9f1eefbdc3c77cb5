"""Comparisons that never hold: a value of a declared type against a constant that it can never be.

Said only where the declaration settles it; what cannot be told is passed over.
"""

from __future__ import annotations

from collections.abc import Hashable
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.schema.conjunction import form_of
from promptkit.schema.equality import same_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from promptkit.schema.conjunction import Form
    from promptkit.template.conditions import Fact
    from promptkit.template.inferred_types import InferredType

_MOST_SHOWN = 8


def never_equal(value: InferredType, constant: Any) -> tuple[str, str] | None:
    """Why a value never equals a constant, as label and help; None when it can, or when nobody can tell."""
    return _of_all(value, lambda root, schema: _unequal(root, schema, constant))


def never_holds(value: InferredType, operator: str, number: Any) -> tuple[str, str] | None:
    """Why a value is never in an order (`gt`, `gteq`, `lt`, `lteq`) to a number; None as above."""
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        return None
    return _of_all(value, lambda root, schema: _disordered(root, schema, operator, number))


def narrowed(value: InferredType, facts: Iterable[Fact]) -> InferredType:
    """What a value can still be by facts about it; None when nothing is left, or nobody can tell."""
    for fact in _merged(facts):
        if value is None:
            return None
        value = tuple((root, part) for root, schema in value for part in _narrowed(root, schema, fact)) or None
    return value


def _merged(facts: Iterable[Fact]) -> list[Fact]:
    """The same facts, at most one of each operator: of orders the tightest, and all constants that are excluded."""
    found: dict[str, Fact] = {}
    excluded: list[Any] = []
    for fact in facts:
        known = found.get(fact.operator)
        if fact.operator == "notin":
            excluded += fact.constants
        if known is None:
            found[fact.operator] = fact
        elif fact.operator == "notin":
            continue
        elif fact.operator == "in":
            found["in"] = known._replace(constants=tuple(each for each in known.constants if each in fact.constants))
        elif _ORDERS[fact.operator](fact.constants[0], known.constants[0]):
            found[fact.operator] = fact
    if "notin" in found:
        found["notin"] = found["notin"]._replace(constants=tuple(excluded))
    return list(found.values())


def _narrowed(root: Any, schema: Any, fact: Fact) -> Iterator[Any]:
    form = form_of(root, schema)
    if form.unions:
        for branch in form.branches():
            yield from _narrowed(root, branch, fact)
        return
    allowed, keyword = form.values(), _BOUNDS.get(fact.operator)
    if allowed is not None and not form.loose:
        listed = _Listed(fact.constants)
        left = [each for each in allowed if _keeps(fact, each, listed)]
        if left:
            whole = all(type(each) is int for each in left)
            yield {"enum": left} | ({"type": "integer", "minimum": min(left), "maximum": max(left)} if whole else {})
    elif fact.operator == "in":
        yield {"enum": list(fact.constants)}
    elif keyword is not None and set(form.kinds()) <= {"integer", "number"}:
        yield {"allOf": [schema, {keyword: fact.constants[0]}]}
    else:
        yield schema


_BOUNDS = {"lt": "exclusiveMaximum", "lteq": "maximum", "gt": "exclusiveMinimum", "gteq": "minimum"}
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {"lt": lt, "lteq": le, "gt": gt, "gteq": ge}


class _Listed:
    """Constants, to be asked for many values."""

    def __init__(self, constants: tuple[Any, ...]) -> None:
        self._known = frozenset(constants)  # of a template: texts, numbers, true, false, none

    def __contains__(self, value: Any) -> bool:
        return isinstance(value, Hashable) and value in self._known


def _keeps(fact: Fact, value: Any, listed: _Listed) -> bool:
    """Whether a fact lets one value be."""
    if fact.operator in ("in", "notin"):
        return (value in listed) is (fact.operator == "in")
    return not isinstance(value, (int, float)) or _ORDERS[fact.operator](value, fact.constants[0])


def _of_all(value: InferredType, why: Callable[[Any, Any], tuple[str, str] | None]) -> tuple[str, str] | None:
    """The first reason, if there is one for each schema that the value may fit."""
    first = None
    for root, schema in value or ():
        reason = why(root, schema)
        if reason is None:
            return None
        first = first or reason
    return first


def _unequal(root: Any, schema: Any, constant: Any) -> tuple[str, str] | None:
    form = form_of(root, schema)
    if form.unions:
        return _of_all(tuple((root, each) for each in form.branches()), lambda a, b: _unequal(a, b, constant))
    if form.dropped or form.never:
        return None
    allowed = form.values()
    if allowed is not None:
        # In a template `true == 1`, as in Python.
        fits = any(same_json(each, constant) or (isinstance(each, bool) and each == constant) for each in allowed)
        return None if fits else _not_among(allowed, constant, form)
    kinds = set(form.kinds())
    if not kinds & _kinds_of(constant):
        return f"it is {_named(form)}, and never {_NAMES[type(constant)]}", _as_kind(constant, kinds)
    return (f"it is {_named(form)}", "") if _is_beyond(form, constant) else None


def _not_among(allowed: list[Any], constant: Any, form: Form) -> tuple[str, str]:
    words = [each for each in allowed if isinstance(each, str)]
    if not words:
        return f"it is {_named(form)}", _as_kind(constant, set(form.kinds()))
    hint = did_you_mean(constant, words) if isinstance(constant, str) else ""
    shown = ", ".join(words[:_MOST_SHOWN]) + (", ..." if len(words) > _MOST_SHOWN else "")
    return f"not one of {shown}{f'; {hint}' if hint else ''}", ""


def _is_beyond(form: Form, constant: Any) -> bool:
    if isinstance(constant, bool) or not isinstance(constant, (int, float)):
        return False
    if form.kinds() == ("integer",) and constant != int(constant):
        return True
    return any(beyond(constant, form.keywords[name]) for name, beyond in _BEYOND.items() if name in form.keywords)


_BEYOND: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda constant, bound: constant < bound,
    "maximum": lambda constant, bound: constant > bound,
    "exclusiveMinimum": lambda constant, bound: constant <= bound,
    "exclusiveMaximum": lambda constant, bound: constant >= bound,
}


def _disordered(root: Any, schema: Any, operator: str, number: float) -> tuple[str, str] | None:
    form = form_of(root, schema)
    if form.unions or form.dropped or not set(form.kinds()) <= {"integer", "number"}:
        return None
    excluded = any(
        excludes(form.keywords[name], number) for name, excludes in _EXCLUDES[operator].items() if name in form.keywords
    )
    return (f"it is {_named(form)}", "") if excluded else None


_EXCLUDES: Mapping[str, Mapping[str, Callable[[Any, Any], bool]]] = {
    "gt": {"maximum": lambda most, n: most <= n, "exclusiveMaximum": lambda most, n: most <= n},
    "gteq": {"maximum": lambda most, n: most < n, "exclusiveMaximum": lambda most, n: most <= n},
    "lt": {"minimum": lambda least, n: least >= n, "exclusiveMinimum": lambda least, n: least >= n},
    "lteq": {"minimum": lambda least, n: least > n, "exclusiveMinimum": lambda least, n: least >= n},
}
"""For each order: the bounds that leave nothing beyond a number."""

_NAMES = {str: "a text", bool: "true or false", int: "a number", float: "a number", type(None): "null"}


def _kinds_of(constant: Any) -> set[str]:
    if isinstance(constant, bool):
        return {"boolean", "integer", "number"}
    if isinstance(constant, (int, float)):
        return {"integer", "number", "boolean"} if constant in (0, 1) else {"integer", "number"}
    return {"string"} if isinstance(constant, str) else {"null"}


def _named(form: Form) -> str:
    """A schema in a few words: `integer 1..5`."""
    bounds = [form.keywords.get(name) for name in ("minimum", "maximum")]
    told = " " + "..".join("" if bound is None else str(bound) for bound in bounds) if bounds != [None, None] else ""
    return " or ".join(form.kinds()) + told


def _as_kind(constant: Any, kinds: set[str]) -> str:
    """How the constant is written as one of some types, if it can be."""
    if isinstance(constant, str) and kinds & {"integer", "number"} and constant.lstrip("-").isdecimal():
        return f"write `{constant}` without quotes"
    if isinstance(constant, str) and "boolean" in kinds and constant.lower() in ("true", "false"):
        return f"write `{constant.lower()}` without quotes"
    if not isinstance(constant, (str, bool)) and constant is not None and "string" in kinds:
        return f"write `'{constant}'`"
    return ""
