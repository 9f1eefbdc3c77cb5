"""The names of loops and of `with` made their own: what flows through one such name is not taken for another's.

Importing this module loads Jinja; see `environment`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from promptkit.template.names import with_self
from promptkit.template.reserved import IMPLICIT_NAMES, PRIVATE

if TYPE_CHECKING:
    from collections.abc import Iterable

_ASKING = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Block, nodes.NSRef)
"""What may ask for a name that no part of the tree shows."""


def renamed(tree: nodes.Template) -> nodes.Template:
    """The tree, in which the names of each loop and `with` are found nowhere else, but where others may ask for them.

    Others are files that are included or imported, blocks, and macros that take an argument of the same name.
    """
    # Two files have no such name in common: what stands in a tree tells it from others.
    changed: nodes.Template = OwnNames(crc32(repr(tree).encode("utf-8", "surrogatepass"))).visit(tree)
    return changed


class OwnNames(NodeTransformer):
    """Gives the names of each loop, and of each `with`, a mark of their own, with its number."""

    def __init__(self, file: int) -> None:
        self.file = file
        self.blocks = 0

    def visit_For(self, node: nodes.For) -> Any:
        return self._own(node, [node.target], [*node.body, *([node.test] if node.test is not None else [])])

    def visit_With(self, node: nodes.With) -> Any:
        return self._own(node, node.targets, node.body)

    def _own(self, node: Any, targets: list[Any], inside: list[Any]) -> Any:
        self.generic_visit(node)  # inner blocks first: their names are their own then
        self.blocks += 1
        named = {each.name for target in targets for each in with_self(target, "Name")}
        for name in named - self._taken(node, named):
            for part in (*targets, *inside):
                for each in with_self(part, "Name"):
                    if each.name == name:
                        each.name = f"{name}{PRIVATE}{self.file:x}_{self.blocks}"
        return node

    def _taken(self, node: Any, named: set[str]) -> set[str]:
        """The names that others ask for in a block; all of them where that cannot be told."""
        if next(node.find_all(_ASKING), None) is not None:
            return named
        called: Iterable[Any] = node.find_all((nodes.Macro, nodes.CallBlock))
        macros: Iterable[Any] = node.find_all(nodes.Macro)
        return (
            {argument.name for each in called for argument in each.args}
            | {each.name for each in macros}
            | IMPLICIT_NAMES
        )
