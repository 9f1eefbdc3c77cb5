"""Operators on a walk through expressions: comparisons, sums, texts that are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.template.comparisons import never_equal, never_holds
from promptkit.template.operations import NUMBERS, wrong_operand, wrong_operands
from promptkit.template.paths import is_constant, listed, path_of, shown
from promptkit.template.values import item_of, kinds_of, of_type

if TYPE_CHECKING:
    from promptkit.template.expressions import Expressions
    from promptkit.template.scopes import Scope
    from promptkit.template.values import Value


def calculated(walk: Expressions, node: Any, scope: Scope) -> Value:
    """`a + b` and its kin."""
    left, right = (kinds_of(walk.need(child, scope)) for child in (node.left, node.right))
    walk.wrong(wrong_operands(node.operator, left, right), node)
    return of_type("number") if left and right and left | right <= NUMBERS else None


def signed(walk: Expressions, node: Any, scope: Scope) -> Value:
    """`-a`."""
    walk.wrong(wrong_operand(node.operator, kinds_of(walk.need(node.node, scope))), node)
    return of_type("number")


def concatenated(walk: Expressions, node: Any, scope: Scope) -> Value:
    """`a ~ b`."""
    for child in node.iter_child_nodes():
        walk.need(child, scope)
    return of_type("string")


def compared(walk: Expressions, node: Any, scope: Scope) -> Value:
    """A comparison; one that never holds is told."""
    ordered = node.ops[0].op in _MIRRORED
    left, value = node.expr, (walk.need if ordered else walk.value)(node.expr, scope)
    for operand in node.ops:
        sign = _SIGNS.get(operand.op)
        right = (walk.need if sign else walk.value)(operand.expr, scope)
        if sign:
            walk.wrong(wrong_operands(sign, kinds_of(value), kinds_of(right)), node)
        _dead(walk, operand.op, (left, value), (operand.expr, right))
        left, value = operand.expr, right
    return of_type("boolean")


def _dead(walk: Expressions, operator: str, one: tuple[Any, Value], other: tuple[Any, Value]) -> None:
    if operator in ("in", "notin"):
        for constant in listed(other[0]):
            _never(walk, constant, one[0], never_equal(one[1], constant.value))
        if is_constant(one[0]) and (items := item_of(other[1])) is not None:
            _never(walk, one[0], other[0], never_equal(items, one[0].value), "holds")
    for (node, value), (constant, _), order in ((one, other, operator), (other, one, _MIRRORED.get(operator))):
        if is_constant(constant) and not is_constant(node):
            if operator in ("eq", "ne"):
                _never(walk, constant, node, never_equal(value, constant.value))
            elif order in _MIRRORED:
                _never(walk, constant, node, never_holds(value, order, constant.value), _WORDS[order])


def _never(walk: Expressions, constant: Any, node: Any, why: tuple[str, str] | None, verb: str = "is") -> None:
    path = path_of(node)
    if why is not None and path and constant.value is not None:
        token = walk.tree.token(constant.lineno)
        message = f"`{shown(path)}` never {verb} `{token.value}`"
        walk.fault("PK214", message, token, label=why[0], help=why[1])


_MIRRORED = {"gt": "lt", "gteq": "lteq", "lt": "gt", "lteq": "gteq"}
_SIGNS = {"gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in", "notin": "not in"}
_WORDS = {"gt": "is above", "gteq": "is at least", "lt": "is below", "lteq": "is at most"}
