"""The environment that tells where an expression fails: each expression has a line of its own in Jinja's program.

Importing this module loads Jinja; see `environment`.
"""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from promptkit.template.environment import FileEnvironment, ValueCode
from promptkit.template.parser import RecoveringEnvironment

_EXPRESSIONS = {
    nodes.If: "test",
    nodes.For: "iter",
    nodes.Assign: "node",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
}
"""Statements that compute an expression, and what they call it."""
_PLAIN = (nodes.Literal, nodes.NSRef, nodes.Slice)
"""Expressions that cannot fail, or that cannot stand in parentheses."""
_NOWHERE = 1 << 62
"""Behind every text: some parts of a tree have no place."""


class PlacedCode(ValueCode):
    """Writes an expression in parentheses, on a line of its own."""

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        stored = getattr(node, "ctx", "load") != "load"
        if stored or not isinstance(node, nodes.Expr) or isinstance(node, _PLAIN):
            return super().visit(node, *args, **kwargs)
        self.write("(")
        self.newline(node)
        super().visit(node, *args, **kwargs)
        self.write(")")
        return None


class PlacedEnvironment(FileEnvironment):
    """The same, with trees that have offsets for lines; an expression has that at which it begins."""

    code_generator_class: type[ValueCode] = PlacedCode

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = RecoveringEnvironment(source)._parse(source, name, filename)  # noqa: SLF001
        for child in tree.iter_child_nodes():
            _place(child)
        for kind, field in _EXPRESSIONS.items():
            for statement in tree.find_all(kind):
                statement.lineno = getattr(statement, field).lineno
        return tree


def _place(node: nodes.Node) -> int:
    """Give expressions the offset at which they begin: a filter or an operator stands behind what it is applied to."""
    begin = min((_NOWHERE if node.lineno is None else node.lineno, *map(_place, node.iter_child_nodes())))
    if isinstance(node, nodes.Expr) and begin < _NOWHERE:
        node.lineno = begin
    return begin
