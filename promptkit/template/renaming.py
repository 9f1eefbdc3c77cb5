"""The names of loops made their own, so that what flows through one loop's name is not taken for another's.

Importing this module loads Jinja; see `environment`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from promptkit.template.reserved import PRIVATE

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEPT = frozenset(("caller", "varargs", "kwargs", "super", "self"))
"""Names that stand for something of Jinja's own inside of a loop."""
_ASKING = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Block, nodes.NSRef)
"""What may ask for a name that no part of the tree shows."""


def renamed(tree: nodes.Template) -> nodes.Template:
    """The tree, in which the names of each loop are found nowhere else, but where others may ask for them.

    Others are files that are included or imported, blocks, and macros that take an argument of the same name.
    """
    changed: nodes.Template = OwnNames().visit(tree)
    return changed


class OwnNames(NodeTransformer):
    """Gives the names of each loop a mark of their own, with the number of the loop."""

    def __init__(self) -> None:
        self.loops = 0

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)  # inner loops first: their names are their own then
        self.loops += 1
        targets = [node.target, *node.target.find_all(nodes.Name)]
        taken = self._taken(node)
        for name in {each.name for each in targets if isinstance(each, nodes.Name)} - taken:
            self._rename(node, name, f"{name}{PRIVATE}{self.loops}")
        return node

    def _taken(self, node: nodes.For) -> set[str]:
        """The names that others ask for in a loop; all of them where that cannot be told."""
        named = {each.name for each in (node.target, *node.find_all(nodes.Name)) if isinstance(each, nodes.Name)}
        if next(node.find_all(_ASKING), None) is not None:
            return named
        called: Iterable[Any] = node.find_all((nodes.Macro, nodes.CallBlock))
        macros: Iterable[Any] = node.find_all(nodes.Macro)
        return {argument.name for each in called for argument in each.args} | {each.name for each in macros} | _KEPT

    def _rename(self, node: nodes.For, name: str, own: str) -> None:
        inside = [node.target, *node.body, *([node.test] if node.test is not None else [])]
        for part in inside:
            for each in (part, *part.find_all(nodes.Name)):
                if isinstance(each, nodes.Name) and each.name == name:
                    each.name = own
