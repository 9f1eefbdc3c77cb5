"""Fences in compiled templates: everything that a message prints and that can be untrusted goes through one.

A value is fenced where it reaches the message. What a macro, a `set` block, a `filter` block, a call or `super()` in
an expression prints is fenced as a whole where that is printed, so that filters and macros see plain text and no fence
stands in another. That is so for all that is rendered meanwhile, in included files and in the blocks of other templates
too: the fences themselves know how deep they are in such blocks.

Importing this module loads Jinja; see `environment`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Undefined, nodes, pass_context
from jinja2.visitor import NodeTransformer

from promptkit.template.flows import followed, names_in
from promptkit.template.reserved import FENCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.template.fences import Untrusted
    from promptkit.template.flows import Edges


def fenced(tree: nodes.Template, edges: Edges, untrusted: Mapping[str, Untrusted]) -> nodes.Template:
    """The tree with every output that can be untrusted, by the flows of its values, sent through the fences."""
    changed: nodes.Template = FenceOutputs(edges, untrusted).visit(tree)
    return changed


@pass_context
def _fence(context: Any, value: Any, origin: str, harmless: bool) -> Any:
    fences = context.get(FENCES)
    plain = fences is None or fences.captured or value is None or isinstance(value, Undefined)
    return value if plain else fences.printed(value, origin, harmless=harmless)


@pass_context
def _capture(context: Any, step: int) -> None:
    fences = context.get(FENCES)
    if fences is not None:
        fences.captured += step


@pass_context
def _plain(context: Any, block: Any) -> Any:
    _capture(context, 1)
    text = block()
    _capture(context, -1)
    return text


FILTERS = {"fence_": _fence, "capture_": _capture, "plain_": _plain}
"""The filters that fenced trees use: `fence_` fences, `capture_` begins or ends a block, `plain_` calls a block."""


class FenceOutputs(NodeTransformer):
    """Sends what a template prints through the fences."""

    def __init__(self, edges: Edges, untrusted: Mapping[str, Untrusted]) -> None:
        self.edges = edges
        self.untrusted = untrusted
        self.reached: dict[str, frozenset[str]] = {}
        self.inside = 0
        """Inside how many parts the tree is visited whose text goes elsewhere first."""
        self.in_block = False
        self.named_super = False

    def visit_Template(self, node: nodes.Template) -> nodes.Node:
        """`super` stands for a block only where the template gives it to nothing else."""
        self.named_super = "super" in _own_names(node)
        return self.generic_visit(node)

    def visit_Block(self, node: nodes.Block) -> nodes.Node:
        outside, self.inside, self.in_block = (self.inside, self.in_block), 0, True
        self.generic_visit(node)
        self.inside, self.in_block = outside
        return node

    def _is_super(self, node: Any) -> bool:
        called = isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "super"
        return called and self.in_block and not self.named_super

    def _sources(self, node: Any) -> list[Untrusted]:
        """The untrusted inputs that anything in a part of the tree can come from."""
        found: set[str] = set()
        for name in names_in(node):
            if name not in self.reached:
                self.reached[name] = followed([name], self.edges) & self.untrusted.keys()
            found |= self.reached[name]
        return [self.untrusted[name] for name in sorted(found)]

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
        return self._filter(child, self.visit(child), child)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        if self._is_super(node):
            return nodes.Filter(node.node, "plain_", [], [], None, None).set_lineno(node.lineno)
        return self.generic_visit(node)

    def _filter(self, node: Any, value: Any, otherwise: Any) -> Any:
        """`value` through the fence, if anything in `node` can be untrusted."""
        known = self._sources(node) if not self.inside else []
        if not known:
            return otherwise
        origin = ", ".join(sorted({each.origin for each in known}))
        told = [nodes.Const(origin), nodes.Const(any(each.neutralise for each in known))]
        return nodes.Filter(value, "fence_", told, [], None, None).set_lineno(node.lineno)

    def _whole(self, node: Any) -> Any:
        """A block whose text goes through the fence as a whole."""
        through = self._filter(node, None, None)
        return node if through is None else nodes.FilterBlock([node], through).set_lineno(node.lineno)

    def _captured(self, node: Any) -> Any:
        """A block whose text goes elsewhere first: nothing that is rendered in it is fenced."""
        self.inside += 1
        self.generic_visit(node)
        self.inside -= 1
        begin, end = (nodes.Filter(nodes.Const(step), "capture_", [], [], None, None) for step in (1, -1))
        begun, ended = (nodes.ExprStmt(each).set_lineno(node.lineno) for each in (begin, end))
        node.body = [begun, *node.body, ended]
        if getattr(node, "else_", None):
            node.else_ = [begun, *node.else_, ended]
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        return self._captured(node)  # type: ignore[no-any-return]

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        return self._captured(node)  # type: ignore[no-any-return]

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        return self._whole(self._captured(node))  # type: ignore[no-any-return]

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:
        return self._whole(self._captured(node))  # type: ignore[no-any-return]

    def visit_For(self, node: nodes.For) -> nodes.Node:
        return self._whole(self._captured(node)) if node.recursive else self.generic_visit(node)


def _own_names(tree: nodes.Template) -> set[str]:
    """The names that a template sets, in whatever way."""
    found = {each.name for each in tree.find_all(nodes.Name) if each.ctx != "load"}
    found |= {each.name for each in tree.find_all(nodes.Macro)}
    found |= {each.target for each in tree.find_all(nodes.Import)}
    imported = [each for part in tree.find_all(nodes.FromImport) for each in part.names]
    return found | {each if isinstance(each, str) else each[1] for each in imported}
