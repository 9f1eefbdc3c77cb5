"""Fences in compiled templates: everything that a message prints and that can be untrusted goes through one.

A value is fenced where it reaches the message. What a macro, a `set` block, a `filter` block or a call prints is
fenced as a whole where that is printed, so that filters and macros see plain text and no fence stands in another.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from promptkit.template.flows import followed, names_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import nodes

    from promptkit.template.fences import Untrusted
    from promptkit.template.flows import Edges

FENCES = "fences\N{MODIFIER LETTER LOW VERTICAL LINE}"
"""What a message's fences are called in a compiled template; no input can have this name."""


def fenced(tree: nodes.Template, edges: Edges, untrusted: Mapping[str, Untrusted]) -> nodes.Template:
    """The tree with every output that can be untrusted, by the flows of its values, sent through the fences."""
    changed: nodes.Template = _transformer()(edges, untrusted).visit(tree)
    return changed


def fence() -> Any:
    """The filter that fences."""
    from jinja2 import Undefined, pass_context

    @pass_context
    def fence_(context: Any, value: Any, origin: str, harmless: bool) -> Any:
        fences = context.get(FENCES)
        plain = fences is None or value is None or isinstance(value, Undefined)
        return value if plain else fences.printed(value, origin, harmless=harmless)

    return fence_


@lru_cache(maxsize=1)
def _transformer() -> Any:
    from jinja2 import nodes
    from jinja2.visitor import NodeTransformer

    class FenceOutputs(NodeTransformer):
        def __init__(self, edges: Edges, untrusted: Mapping[str, Untrusted]) -> None:
            self.edges = edges
            self.untrusted = untrusted

        def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
            node.nodes = [self._printed(child) for child in node.nodes]
            return node

        def _printed(self, child: Any) -> Any:
            if isinstance(child, nodes.CondExpr):  # what decides is not printed
                child.expr1 = self._printed(child.expr1)
                child.expr2 = self._printed(child.expr2) if child.expr2 is not None else None
                return child
            return child if isinstance(child, nodes.TemplateData) else self._filter(child, child, child)

        def _filter(self, node: Any, value: Any, otherwise: Any) -> Any:
            """`value` through the fence, if anything in `node` can be untrusted."""
            names = followed(names_in(node), self.edges)
            known = [self.untrusted[name] for name in sorted(names) if name in self.untrusted]
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
            """A block whose text goes elsewhere first: nothing in it is fenced, in included files neither."""
            if any(True for _ in node.find_all(nodes.Include)):
                none = nodes.Const(None)
                scope = nodes.With([nodes.Name(FENCES, "param")], [none], node.body).set_lineno(node.lineno)
                node.body = [scope]
            return node

        def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:  # noqa: N802
            return self._captured(node)  # type: ignore[no-any-return]

        def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
            return self._captured(node)  # type: ignore[no-any-return]

        def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802
            return self._whole(self._captured(node))  # type: ignore[no-any-return]

        def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:  # noqa: N802
            return self._whole(self._captured(node))  # type: ignore[no-any-return]

        def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
            return self._whole(self._captured(node)) if node.recursive else self.generic_visit(node)

    return FenceOutputs
