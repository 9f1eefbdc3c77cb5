"""What a condition makes sure of: which paths hold a value, and no null, where it is true, and where it is false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.template.paths import Path, is_constant, kind, path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Given = frozenset[Path]
_NONE: Given = frozenset()


def given_by(node: Any) -> tuple[Given, Given]:
    """The paths that are given where a condition is true, and those where it is false."""
    known = _KINDS.get(kind(node))
    return known(node) if known else (_NONE, _NONE)


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
    return left & right, not_left | not_right


def _test(node: Any) -> tuple[Given, Given]:
    there, _ = _path(node.node)
    if node.name in ("none", "undefined"):
        return _NONE, there
    return there, _NONE


def _compare(node: Any) -> tuple[Given, Given]:
    if len(node.ops) != 1:
        return _NONE, _NONE
    [operand] = node.ops
    for one, other in ((node.expr, operand.expr), (operand.expr, node.expr)):
        if is_constant(other):
            there, _ = given_by(one)
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
