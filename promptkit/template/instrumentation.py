"""The tree of a template as it is compiled: what it builds and repeats goes through filters that keep the limits.

Importing this module loads Jinja; see `environment`.
"""

from __future__ import annotations

from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from promptkit.template.paths import find
from promptkit.template.reserved import SELF
from promptkit.template.tree_building import declared_used, filtered

_WEIGHED = {"in": ("in", False), "notin": ("in", True), "eq": ("eq", False), "ne": ("eq", True)}
"""Comparisons that look at all of a list: the test that each becomes, and whether it is negated."""


class Measuring(NodeTransformer):
    """Loops count their passes, `~` joins what would be printed, lists are built in parts, `self` is a plain name."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = filtered(node.iter, "counted_")
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        """The names of a block's filter are used in its body, too."""
        self.generic_visit(node)
        names = find(node.filter, "Name") if node.filter is not None else ()
        used: list[nodes.Expr] = [each for each in names if each.ctx == "load"]
        if used:
            node.body.insert(0, declared_used(used, node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        joined: nodes.Node = filtered(nodes.List(node.nodes).set_lineno(node.lineno), "concat_")
        return joined

    def _built(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        fixed = not any(True for _ in node.find_all((nodes.Name, nodes.Filter, nodes.Call, nodes.Getattr)))
        made: nodes.Node = node if fixed or getattr(node, "ctx", "load") != "load" else filtered(node, "built_")
        return made

    def visit_List(self, node: nodes.List) -> nodes.Node:
        return self._built(node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        return self._built(node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        return self._built(node)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        return filtered(node, "built_") if isinstance(node.arg, nodes.Slice) else node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        operator = node.ops[0].op if len(node.ops) == 1 else ""
        if operator not in _WEIGHED:
            node.expr = _compared(node.expr)
            for each in node.ops:
                each.expr = _compared(each.expr)
            return node
        name, negated = _WEIGHED[operator]
        test = nodes.Test(node.expr, name, [node.ops[0].expr], [], None, None).set_lineno(node.lineno)
        return nodes.Not(test).set_lineno(node.lineno) if negated else test

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        node.name = SELF if node.name == "self" else node.name
        return node


def _compared(node: nodes.Expr) -> nodes.Expr:
    """An operand of an order, or of a chain of comparisons."""
    return node if isinstance(node, nodes.Const) else filtered(node, "compared_")
