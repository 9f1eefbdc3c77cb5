"""The environment in which all that is printed is marked with where it stands; `tracing` reads the marks.

Importing this module loads Jinja; see `environment`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Undefined, nodes, pass_context
from jinja2.visitor import NodeTransformer

from promptkit.template.environment import FileEnvironment, ValueCode
from promptkit.template.flow_rules import SourceFinder
from promptkit.template.names import names_in
from promptkit.template.placed_environment import PlacedEnvironment
from promptkit.template.tracing import BLOCK, FILE, Mark, finalized
from promptkit.template.tree_building import filtered

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping


class TracingEnvironment(PlacedEnvironment):
    """Marks what the template at a path prints, with its files.

    `fence` is what sends a tree through the fences; only then it is marked.
    """

    code_generator_class = ValueCode

    def __init__(
        self,
        files: Mapping[str, str],
        optional: Container[str],
        path: str,
        fence: Callable[[nodes.Template], nodes.Template],
    ) -> None:
        super().__init__(files, optional)
        self.path = path
        self.fence = fence
        self.filters["mark_"] = _mark

    def _generate(self, source: nodes.Template, name: str | None, *args: Any, **kwargs: Any) -> str:
        file = "" if name == self.path else name or ""
        tree = self.fence(source)
        made: str = super()._generate(Marking(file, SourceFinder(tree)).visit(tree), name, *args, **kwargs)
        return made

    @staticmethod
    def _finalized(value: Any) -> str:
        return finalized(value) if isinstance(value, Mark) else FileEnvironment._finalized(value)  # noqa: SLF001


class Marking(NodeTransformer):
    """Marks a template's tree, in which `lineno` is an offset."""

    def __init__(self, file: str, finder: SourceFinder) -> None:
        self.file = file
        self.finder = finder

    def _mark(self, child: Any, names: Any, start: int, way: int = 0, sources: Any = ()) -> Any:
        listed = None if names is None else tuple(sorted(names))
        return filtered(child, "mark_", self.file, start, listed, way, tuple(sorted(sources)), lineno=start)

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        node.nodes = [self._printed(child) for child in node.nodes]
        return node

    def _printed(self, child: Any) -> Any:
        if isinstance(child, nodes.TemplateData):
            return self._mark(nodes.Const(child.data), None, child.lineno)
        return self._mark(child, names_in(child), child.lineno, sources=self.finder.of_values(child))

    def _between(self, node: Any, way: int, names: Any = None) -> Any:
        enter, leave = (
            nodes.Output([self._mark(nodes.Const(""), names, node.lineno, each, names or ())]).set_lineno(node.lineno)
            for each in (way, -way)
        )
        return [enter, node, leave]

    def visit_Include(self, node: nodes.Include) -> Any:
        return self._between(node, FILE)

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> Any:
        return self._between(node, BLOCK, names_in(node))

    def visit_For(self, node: nodes.For) -> Any:
        return self._between(node, BLOCK, names_in(node)) if node.recursive else self.generic_visit(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> Any:
        return self._between(node, BLOCK, names_in(node))


@pass_context  # so that Jinja does not compute the marks of constant texts while compiling, and join them
def _mark(
    _: Any, value: Any, file: str, start: int, names: tuple[str, ...] | None, way: int, sources: tuple[str, ...]
) -> Any:
    if isinstance(value, Undefined):
        return value
    return Mark(value, file, start, None if names is None else frozenset(names), frozenset(sources), way)
