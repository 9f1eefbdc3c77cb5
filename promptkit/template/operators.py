"""Operators on a walk through expressions: comparisons, sums, texts that are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.template.comparisons import narrowed, never_equal, never_holds
from promptkit.template.conditions import Fact, given_by, paths_in
from promptkit.template.inferred_types import WRITTEN_OUT, either, item_of, kinds_of, members_of, of_type, value_of
from promptkit.template.paths import is_constant, kind, listed, path_of, shown
from promptkit.template.type_rules import NUMBERS, wrong_count, wrong_operand, wrong_operands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.template.expressions import Expressions
    from promptkit.template.inferred_types import InferredType
    from promptkit.template.scopes import Scope

    Operand = tuple[Any, InferredType]
    """An expression's node, and what it is."""


def calculated(walk: Expressions, node: Any, scope: Scope) -> InferredType:
    """`a + b` and its kin."""
    left, right = (kinds_of(walk.need(child, scope)) for child in (node.left, node.right))
    walk.wrong(wrong_operands(node.operator, left, right), node)
    if node.operator in ("/", "//", "%") and is_constant(node.right) and node.right.value == 0:
        walk.wrong(("a division by 0 always fails", ""), node)
    return of_type("number") if left and right and left | right <= NUMBERS else None


def always_holds(walk: Expressions, node: Any) -> None:
    """Tell of a condition that holds whatever the inputs: `a == "x" or "y"`, `a != "x" or a != "y"`."""
    if kind(node) != "Or":
        return
    parts = _alternatives(node)
    words = [each for each in parts if is_constant(each) and each.value not in (None, False, "", 0)]
    compared = [each for each in parts if kind(each) == "Compare" and len(each.ops) == 1 and path_of(each.expr)]
    if words:
        token, cure = walk.tree.token(words[0].lineno), ""
        equal = [each for each in compared if each.ops[0].op == "eq" and is_constant(each.ops[0].expr)]
        if equal:
            path = path_of(equal[0].expr)
            same = [each.ops[0].expr for each in equal if path_of(each.expr) == path]
            values = ", ".join(repr(each.value) for each in (*same, *words))
            cure = f"write `{shown(path)} in [{values}]`"
        message = f"this condition always holds: `{token.value}` is true by itself"
    else:
        unequal = [each for each in compared if each.ops[0].op == "ne" and is_constant(each.ops[0].expr)]
        twice = [
            (one, other)
            for number, one in enumerate(unequal)
            for other in unequal[:number]
            if path_of(one.expr) == path_of(other.expr) and one.ops[0].expr.value != other.ops[0].expr.value
        ]
        if not twice:
            return
        token, cure = walk.tree.token(twice[0][0].lineno), "write `and`"
        message = f"this condition always holds: `{shown(path_of(twice[0][0].expr))}` cannot be both"
    walk.fault("PK214", message, token, help=cure)


def _alternatives(node: Any) -> list[Any]:
    """The parts of an `or`, and of those inside of it."""
    return [*_alternatives(node.left), *_alternatives(node.right)] if kind(node) == "Or" else [node]


def signed(walk: Expressions, node: Any, scope: Scope) -> InferredType:
    """`-a`."""
    walk.wrong(wrong_operand(node.operator, kinds_of(walk.need(node.node, scope))), node)
    return of_type("number")


def counts(walk: Expressions, node: Any, given: list[InferredType]) -> None:
    """The arguments of `range`."""
    for argument, value in zip(node.args, given, strict=True):
        walk.wrong(wrong_count(kinds_of(value)), argument)


def concatenated(walk: Expressions, node: Any, scope: Scope) -> InferredType:
    """`a ~ b`."""
    for child in node.iter_child_nodes():
        walk.need(child, scope)
    return of_type("string")


def constant(_: Expressions, node: Any, __: Scope) -> InferredType:
    """What is written out."""
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return of_type(kinds[type(node.value)]) if type(node.value) in kinds else None


def written_out(walk: Expressions, node: Any, scope: Scope) -> InferredType:
    """An object that is written out: its keys are known where they are constants, and what stands under them."""
    found = {pair.key.value if is_constant(pair.key) else None: walk.value(pair.value, scope) for pair in node.items}
    for pair in node.items:
        walk.value(pair.key, scope)
    if not found or not all(isinstance(key, str) for key in found):
        return None
    properties = {
        key: value[0][1] if value and len(value) == 1 and value[0][0] is value[0][1] else {}
        for key, value in found.items()
    }
    return value_of({"$comment": WRITTEN_OUT, "type": "object", "properties": properties, "required": [*found]})


def listed_out(walk: Expressions, node: Any, scope: Scope) -> InferredType:
    """A list that is written out."""
    for item in node.items:
        walk.value(item, scope)
    return of_type("array")


def choice(walk: Expressions, node: Any, scope: Scope) -> InferredType:
    """`a if condition else b`."""
    true, false = walk.condition(node.test, scope)
    one = walk.value(node.expr1, scope.inner(given=true))
    always(walk, node.test, scope, is_last=node.expr2 is None)
    return either([one, walk.value(node.expr2, scope.inner(given=false))]) if node.expr2 is not None else None


def conjunction(walk: Expressions, node: Any, scope: Scope) -> InferredType:
    """`a and b`: the second is looked at only where the first is true."""
    true, _ = walk.condition(node.left, scope)
    walk.value(node.right, scope.inner(given=true))
    return None


def disjunction(walk: Expressions, node: Any, scope: Scope) -> InferredType:
    """`a or b`."""
    _, false = walk.condition(node.left, scope)
    walk.value(node.right, scope.inner(given=paths_in(false)))  # a part that adds nothing is no dead branch
    return None


def compared(walk: Expressions, node: Any, scope: Scope) -> InferredType:
    """A comparison; one that never holds is told."""
    ordered = node.ops[0].op in _MIRRORED
    left, value = node.expr, (walk.need if ordered else walk.value)(node.expr, scope)
    for operand in node.ops:
        sign = _SIGNS.get(operand.op)
        right = (walk.need if sign else walk.value)(operand.expr, scope)
        if operand.op in ("in", "notin") and is_constant(left) and path_of(operand.expr):
            walk.listener.asked((*path_of(operand.expr), left.value))
        if sign:
            walk.wrong(wrong_operands(sign, kinds_of(value), kinds_of(right)), node)
        sides = (left, value), (operand.expr, right)
        if not _dead(walk, operand.op, *sides):
            _dead_here(walk, operand.op, *((each, _left(each, known, scope)) for each, known in sides))
        left, value = operand.expr, right
    return of_type("boolean")


def always(walk: Expressions, test: Any, scope: Scope, *, is_last: bool = False) -> None:
    """Tell of an order that always holds by the declared type, and of what is never reached for that.

    Behind one that `is_last` nothing stands that could be.
    """
    negated = kind(test) == "Not"
    node = test.node if negated else test
    if kind(node) == "Name":
        _always_one_of(walk, node, scope, is_last=is_last and not negated)
        return
    _, fails = given_by(node) if kind(node) == "Compare" else (frozenset(), frozenset())
    facts = [each for each in fails if isinstance(each, Fact)]
    if len(facts) != 1 or facts[0].operator not in _MIRRORED or (is_last and not negated):
        return
    [fact] = facts
    known = scope.find(str(fact.path[0]))
    value = known.value if known is not None else None
    for key in fact.path[1:]:
        value = members_of(value, key)[1] or None
    if never_holds(value, fact.operator, fact.constants[0]) is not None:
        constant = node.expr if is_constant(node.expr) else node.ops[0].expr
        token = walk.tree.token(constant.lineno)
        label = "what stands here is never reached" if negated else "what stands under `else` is never reached"
        message = f"`{shown(fact.path)}` always {_WORDS[_OPPOSITE[fact.operator]]} `{token.value}`"
        walk.fault("PK214", message, token, severity="warning", label=label)


def _always_one_of(walk: Expressions, node: Any, scope: Scope, *, is_last: bool) -> None:
    """Tell of a required input that is asked for like a truth, and always is one of some words."""
    known = scope.find(node.name)
    if known is None or not known.is_input or known.nullable or not known.value:
        return
    listed = [schema.get("enum") if isinstance(schema, dict) else None for _, schema in known.value]
    words = [word for each in listed for word in each or (None,)]
    if not all(isinstance(word, str) and word for word in words):
        return
    flags = _TRUTHS.issuperset(str(word).lower() for word in words)
    if is_last and not flags:
        return
    told = ", ".join(f"`{word}`" for word in words[:_MOST_LISTED])
    instead = f"compare it: `{node.name} == '{words[0]}'`"
    cure = f"declare it as `boolean`, or {instead}" if flags else instead
    message = f"`{node.name}` always holds: it is one of the texts {told}"
    walk.fault("PK214", message, walk.tree.token(node.lineno), severity="warning", help=cure)


_TRUTHS = frozenset(("true", "false", "yes", "no", "on", "off", "y", "n"))
_MOST_LISTED = 6
_OPPOSITE = {"gt": "lteq", "lteq": "gt", "lt": "gteq", "gteq": "lt"}


def _left(node: Any, value: InferredType, scope: Scope) -> InferredType:
    """What a value can still be by the conditions around and before it, where these say anything."""
    facts = scope.facts(path) if (path := path_of(node)) else ()
    return narrowed(value, facts) if facts else None


def _dead(walk: Expressions, operator: str, one: Operand, other: Operand) -> bool:
    """Tell of a comparison that never holds by the declared types; whether there was one."""
    told = False
    if operator in ("in", "notin"):
        for constant in listed(other[0]):
            told |= _never(walk, constant, one[0], never_equal(one[1], constant.value))
        if is_constant(one[0]) and (items := item_of(other[1])) is not None:
            told |= _never(walk, one[0], other[0], never_equal(items, one[0].value), "holds")
    for (node, value), (constant, _), order in _both_ways(operator, one, other):
        if operator in ("eq", "ne"):
            told |= _never(walk, constant, node, never_equal(value, constant.value))
        elif order in _MIRRORED:
            told |= _never(walk, constant, node, never_holds(value, order, constant.value), _WORDS[order])
    return told


def _dead_here(walk: Expressions, operator: str, one: Operand, other: Operand) -> None:
    """Tell of a comparison that never holds since a condition around or before it has settled it."""
    constants = listed(other[0])
    whole = len(constants) == len(getattr(other[0], "items", ()))
    if operator == "in" and constants and whole and all(never_equal(one[1], each.value) for each in constants):
        _never(walk, constants[0], one[0], _SETTLED, here=" here")
    for (node, value), (constant, _), order in _both_ways(operator, one, other):
        if operator == "eq" and never_equal(value, constant.value):
            _never(walk, constant, node, _SETTLED, here=" here")
        elif order in _MIRRORED and never_holds(value, order, constant.value):
            _never(walk, constant, node, _SETTLED, _WORDS[order], here=" here")


def _both_ways(operator: str, one: Operand, other: Operand) -> Iterator[tuple[Any, Any, Any]]:
    """What is compared, the constant with which it is, and the order in which it stands to that."""
    for node, constant, order in ((one, other, operator), (other, one, _MIRRORED.get(operator))):
        if is_constant(constant[0]) and not is_constant(node[0]):
            yield node, constant, order


def _never(
    walk: Expressions, constant: Any, node: Any, why: tuple[str, str] | None, verb: str = "is", here: str = ""
) -> bool:
    measured = node.node if kind(node) == "Filter" and node.name in ("length", "count") else node
    path = path_of(measured)
    if why is None or not path or constant.value is None:
        return False
    token = walk.tree.token(constant.lineno)
    what = shown(path) if measured is node else f"{shown(path)} | {node.name}"
    walk.fault("PK214", f"`{what}` never {verb} `{token.value}`{here}", token, label=why[0], help=why[1])
    return True


_SETTLED = "a condition around or before it has excluded that", ""
_MIRRORED = {"gt": "lt", "gteq": "lteq", "lt": "gt", "lteq": "gteq"}
_SIGNS = {"gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in", "notin": "not in"}
_WORDS = {"gt": "is above", "gteq": "is at least", "lt": "is below", "lteq": "is at most"}
