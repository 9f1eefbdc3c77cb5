"""Fences in compiled templates: everything that a message prints and that can be untrusted goes through one.

A value is fenced where it reaches the message. What a macro, a `set` block, a `filter` block, a call or `super()` in
an expression prints is fenced as a whole where that is printed, so that filters and macros see plain text and no fence
stands in another. That is so for all that is rendered meanwhile, in included files and in the blocks of other templates
too: the fences themselves know how deep they are in such blocks.

Importing this module loads Jinja; see `environment`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Undefined, nodes
from jinja2.visitor import NodeTransformer

from promptkit.template.flow_rules import SourceFinder
from promptkit.template.names import assigned_names
from promptkit.template.paths import find
from promptkit.template.rendering import current_fences
from promptkit.template.reserved import BLOCK_NAMES
from promptkit.template.tree_building import declared_used, filtered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from promptkit.template.dataflow import FlowGraph
    from promptkit.template.fences import Untrusted


class FenceOutputs(NodeTransformer):
    """Sends what a template prints through the fences, where it can come from untrusted inputs by the flows of values.

    `fenced` are the places of what it has sent there, each with the names of those inputs.
    """

    def __init__(self, graph: FlowGraph, untrusted: Mapping[str, Untrusted]) -> None:
        self.fenced: list[tuple[int, tuple[str, ...]]] = []
        self._untrusted = untrusted
        self._reached = graph.affected_by(untrusted)
        self._sources: SourceFinder
        self._inside = 0
        """Inside how many parts the tree is visited whose text goes elsewhere first."""
        self._in_block = False
        self._named_super = False

    def visit_Template(self, node: nodes.Template) -> nodes.Node:
        """`super` stands for a block only where the template gives it to nothing else."""
        self._sources = SourceFinder(node)
        self._named_super = "super" in assigned_names(node)
        return self.generic_visit(node)

    def visit_Block(self, node: nodes.Block) -> nodes.Node:
        outside, self._inside, self._in_block = (self._inside, self._in_block), 0, True
        self.generic_visit(node)
        self._inside, self._in_block = outside
        return node

    def _is_super(self, node: Any) -> bool:
        """Whether something calls the block above, or the one above that: `super()`, `super.super()`."""
        callee = node.node if isinstance(node, nodes.Call) else None
        while isinstance(callee, nodes.Getattr) and callee.attr == "super":
            callee = callee.node
        is_super = isinstance(callee, nodes.Name) and callee.name == "super"
        return is_super and self._in_block and not self._named_super

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        node.nodes = [self._printed(child) for child in node.nodes]
        return node

    def _printed(self, child: Any) -> Any:
        if isinstance(child, nodes.CondExpr):  # what decides is not printed
            child.test = self.visit(child.test)
            child.expr1 = self._printed(child.expr1)
            child.expr2 = self._printed(child.expr2) if child.expr2 is not None else None
            return child
        if isinstance(child, nodes.TemplateData) or self._is_super(child):  # a block's own values are fenced in it
            return child
        through = self._fence(child, self._sources.of_values(child))
        value = self.visit(child)
        return value if through is None else _through(through, value)

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        """A block that is kept under another name prints plain text wherever it is called."""
        kept = node.name == "super" and node.ctx == "load" and self._in_block and not self._named_super
        return filtered(node, "kept_") if kept else node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        if self._is_super(node):
            return filtered(node.node, "plain_", lineno=node.lineno)
        return self.generic_visit(node)

    def _fence(self, node: Any, sources: Iterable[str]) -> nodes.Filter | None:
        """The fence that the text of a node has to go through, if it can be untrusted."""
        reached = (self._reached.get(name, frozenset()) for name in sources) if not self._inside else ()
        names = tuple(sorted(frozenset[str]().union(*reached)))
        if not names:
            return None
        self.fenced.append((node.lineno, names))
        known = [self._untrusted[name] for name in names]
        origin = ", ".join(sorted({each.origin for each in known}))
        return filtered(None, "fence_", origin, any(each.neutralise for each in known), lineno=node.lineno)

    def _whole(self, node: Any) -> Any:
        """A block whose text goes through the fence as a whole."""
        through = self._fence(node, self._sources.of_text([node]))
        used = [nodes.Name(each, "load", lineno=node.lineno) for each in _names_used(node)]
        self._captured(node)
        if through is None:
            return node
        # In a filter's block, Jinja looks for a name that is set behind it only: it is used before it, too.
        return [declared_used(used, node.lineno), nodes.FilterBlock([node], through).set_lineno(node.lineno)]

    def _captured(self, node: Any) -> Any:
        """A block whose text goes elsewhere first: nothing that is rendered in it is fenced."""
        self._inside += 1
        self.generic_visit(node)
        self._inside -= 1
        steps = (filtered(nodes.Const(step), "capture_", lineno=node.lineno) for step in (1, -1))
        begun, ended = (nodes.ExprStmt(each).set_lineno(node.lineno) for each in steps)
        node.body = [begun, *node.body, ended]
        if getattr(node, "else_", None):
            node.else_ = [begun, *node.else_, ended]
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        return self._captured(node)  # type: ignore[no-any-return]

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        return self._captured(node)  # type: ignore[no-any-return]

    def visit_CallBlock(self, node: nodes.CallBlock) -> Any:
        return self._whole(node)

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> Any:
        return self._whole(node)

    def visit_For(self, node: nodes.For) -> Any:
        return self._whole(node) if node.recursive else self.generic_visit(node)


def _through(fence: nodes.Filter, value: Any) -> nodes.Filter:
    fence.node = value
    return fence


def _names_used(node: Any) -> list[str]:
    """The names that a block uses, in the order in which they stand in it, but for those that blocks give."""
    used = (each.name for each in find(node, "Name") if each.ctx == "load")
    return [name for name in dict.fromkeys(used) if name not in _GIVEN]


_GIVEN = BLOCK_NAMES | {"super"}


def _fence(value: Any, origin: str, harmless: bool) -> Any:
    fences = current_fences()
    plain = fences is None or fences.captured or value is None or isinstance(value, Undefined)
    return value if plain else fences.printed(value, origin, harmless=harmless)  # type: ignore[union-attr]


def _capture(step: int) -> None:
    fences = current_fences()
    if fences is not None:
        fences.captured += step


def _plain(block: Any) -> Any:
    _capture(1)
    text = block()
    _capture(-1)
    return text


def _kept(block: Any) -> Callable[[], Any]:
    return lambda: _plain(block)


FILTERS = {"fence_": _fence, "capture_": _capture, "plain_": _plain, "kept_": _kept}
"""The filters that fenced trees use: `fence_` fences, `capture_` begins or ends a block, `plain_` calls a block, and
`kept_` makes a block that is called elsewhere."""
