"""What a condition makes sure of where it is true, and where it is false.

That is which paths hold a value, and no null; and which constants a value is, or is not, or how it stands to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.template.paths import Path, is_constant, kind, listed, path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Fact(NamedTuple):
    """How what stands at a path compares to constants: `in` or `notin` them; `lt`, `lteq`, `gt`, `gteq` one of them."""

    path: Path
    operator: str
    constants: tuple[Any, ...]


Given = frozenset[Path | Fact]
"""The paths that are given, and the facts."""
_NONE: Given = frozenset()


def given_by(node: Any) -> tuple[Given, Given]:
    """The paths that are given where a condition is true, and those where it is false."""
    known = _KINDS.get(kind(node))
    return known(node) if known else (_NONE, _NONE)


def selected(iterated: Any, name: str) -> Given:
    """What filters on the way to a loop have made sure of about its `name`: `xs | selectattr('n')`."""
    found: set[Path] = set()
    while kind(iterated) == "Filter" and iterated.name in _KEEPING:
        texts = [each.value for each in iterated.args if is_constant(each)]
        if len(texts) == len(iterated.args) and (iterated.name, *texts[1:]) in _SELECTING and isinstance(texts[0], str):
            found |= {(name,), (name, *texts[0].split("."))}
        iterated = iterated.node
    return frozenset(found)


_KEEPING = frozenset(("list", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "unique"))
"""Filters that hand the items on as they are."""
_SELECTING = {
    ("selectattr",),
    ("selectattr", "defined"),
    ("selectattr", "ne", None),
    ("rejectattr", "none"),
    ("rejectattr", "undefined"),
    ("rejectattr", "eq", None),
}
"""The filters, with the tests that they apply, which let only those through that have the attribute."""


def paths_in(given: Given) -> Given:
    """The paths that are given, without the facts."""
    return frozenset(each for each in given if not isinstance(each, Fact))


def is_about(each: Path | Fact, name: str) -> bool:
    """Whether a given path, or a fact, is one of a name."""
    return (each.path if isinstance(each, Fact) else each)[0] == name


def _path(node: Any) -> tuple[Given, Given]:
    path = path_of(node)
    return (frozenset({path, path[:1]}) if path else _NONE), _NONE


def _not(node: Any) -> tuple[Given, Given]:
    true, false = given_by(node.node)
    return false, true


def _and(node: Any) -> tuple[Given, Given]:
    (left, not_left), (right, not_right) = given_by(node.left), given_by(node.right)
    return left | right, not_left & not_right


def _or(node: Any) -> tuple[Given, Given]:
    (left, not_left), (right, not_right) = given_by(node.left), given_by(node.right)
    return left & right | _one_of_both(left, right), not_left | not_right


def _one_of_both(left: Given, right: Given) -> Given:
    """What a path is where one of two conditions has it be some constants, and the other some more."""
    one, other = (_narrowest(side) for side in (left, right))
    return frozenset(
        Fact(path, "in", (*one[path], *other[path]))
        for path in one.keys() & other.keys()
        if len(one[path]) + len(other[path]) <= _MOST_CONSTANTS
    )


_MOST_CONSTANTS = 1_000


def _narrowest(given: Given) -> dict[Path, tuple[Any, ...]]:
    """The fewest constants that each path can be."""
    found: dict[Path, tuple[Any, ...]] = {}
    for each in given:
        if isinstance(each, Fact) and each.operator == "in":
            known = found.get(each.path)
            found[each.path] = each.constants if known is None or len(each.constants) < len(known) else known
    return found


def _test(node: Any) -> tuple[Given, Given]:
    there, _ = _path(node.node)
    if node.name in ("none", "undefined"):
        return _NONE, there
    return there, _NONE


def _compare(node: Any) -> tuple[Given, Given]:
    if len(node.ops) != 1:
        return _NONE, _NONE
    (true, false), (holds, fails) = _given_by_comparison(node), _facts(node)
    return true | holds, false | fails


def _facts(node: Any) -> tuple[Given, Given]:
    [operand] = node.ops
    one, other, operator = node.expr, operand.expr, operand.op
    if is_constant(one) and operator in _MIRRORED:
        one, other, operator = other, one, _MIRRORED[operator]
    path, constants = path_of(one), [other] if is_constant(other) else listed(other)
    in_list = operator in ("in", "notin")
    if not path or not constants or in_list is is_constant(other) or len(constants) < len(getattr(other, "items", ())):
        return _NONE, _NONE
    values = tuple(each.value for each in constants)
    is_number = isinstance(values[0], (int, float)) and not isinstance(values[0], bool)
    if operator not in _OPPOSITES or (operator in _ORDERS and not is_number):
        return _NONE, _NONE
    holds, fails = (Fact(path, _AS_LISTS.get(each, each), values) for each in (operator, _OPPOSITES[operator]))
    return frozenset({holds}), frozenset({fails})


_AS_LISTS = {"eq": "in", "ne": "notin"}
_ORDERS = ("lt", "lteq", "gt", "gteq")
_OPPOSITES = {"eq": "ne", "in": "notin", "lt": "gteq", "gt": "lteq"}
_OPPOSITES |= {opposite: operator for operator, opposite in _OPPOSITES.items()}
_MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "lteq": "gteq", "gteq": "lteq"}


def _given_by_comparison(node: Any) -> tuple[Given, Given]:
    [operand] = node.ops
    for one, other in ((node.expr, operand.expr), (operand.expr, node.expr)):
        if is_constant(other):
            there = paths_in(given_by(one)[0])
            if other.value is None:
                return (_NONE, there) if operand.op == "eq" else (there, _NONE)
            return (_NONE, there) if operand.op == "ne" else (there, _NONE)
    return (_path(node.expr)[0], _NONE) if operand.op == "in" else (_NONE, _NONE)


def _filter(node: Any) -> tuple[Given, Given]:
    """`items | length` is true of what is there."""
    return given_by(node.node) if node.node is not None else (_NONE, _NONE)


_KINDS: Mapping[str, Callable[[Any], tuple[Given, Given]]] = {
    "Name": _path,
    "Getattr": _path,
    "Getitem": _path,
    "Not": _not,
    "And": _and,
    "Or": _or,
    "Test": _test,
    "Compare": _compare,
    "Filter": _filter,
}
