"""Which names the value of a name, or of a printed expression, can come from.

Conservative: scopes are ignored, a macro stands for every name in its body, each parameter for every argument of
any call, a captured include for every name in any included file. So what is printed can never come from more
names than said here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jinja2 import nodes

    Edge = tuple[Iterable[str], Iterable[str]]

Edges = dict[str, frozenset[str]]

ANY_FILE = "<file>"
"""Stands for all that an included or imported file can print or name."""
BLOCKS = "<blocks>"
"""Stands for all that a block can print: in an extended file any block may be another template's."""
ARGUMENTS = "<arguments>"
"""Stands for all that calls hand to macros."""

BLOCK_NAMES = frozenset({"loop", "caller", "varargs", "kwargs"})
"""Names that stand for something in a block only, and are not handed to files that it includes."""


def names_in(*parts: Any) -> frozenset[str]:
    """The names that stand in parts of a tree; an include, or an import, stands for any file, a block for any block."""
    from jinja2 import nodes

    others = {nodes.Include: ANY_FILE, nodes.Import: ANY_FILE, nodes.FromImport: ANY_FILE, nodes.Block: BLOCKS}
    kinds = (nodes.Name, *others)
    listed = [node for part in parts if part is not None for node in (part, *part.find_all(kinds))]
    return frozenset(
        node.name if isinstance(node, nodes.Name) else others[type(node)] for node in listed if type(node) in kinds
    )


def flows(tree: nodes.Template) -> Edges:
    """For each name that a template sets: the names that its value is made from, one step back."""
    found: dict[str, set[str]] = {}
    edges = _edges()
    setting: Iterable[Any] = tree.find_all(tuple(edges))
    for node in setting:
        for targets, sources in edges[type(node)](node):
            for target in targets:
                found.setdefault(target, set()).update(sources)
    return {name: frozenset(direct) for name, direct in found.items()}


def file_flows(trees: Iterable[nodes.Template]) -> Edges:
    """The flows of all included files together, and what stands in any of them."""
    listed = list(trees)
    return joined([*map(flows, listed), {ANY_FILE: names_in(*listed)}])


def joined(many: Iterable[Mapping[str, frozenset[str]]]) -> Edges:
    """The flows of several templates as one."""
    found: Edges = {}
    for each in many:
        for name, sources in each.items():
            found[name] = found.get(name, frozenset()) | sources
    return found


def followed(names: Iterable[str], edges: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The names and all that they can come from."""
    reached: set[str] = set()
    waiting = set(names)
    while waiting:
        reached |= waiting
        waiting = set().union(*(edges.get(name, frozenset()) for name in waiting)) - reached
    return frozenset(reached)


@lru_cache(maxsize=1)
def _edges() -> dict[type, Callable[[Any], Iterable[Edge]]]:
    """How values flow, for each kind of node."""
    from jinja2 import nodes

    known: dict[type, Callable[[Any], Iterable[Edge]]] = {
        nodes.Assign: lambda node: [(_targets(node.target), names_in(node.node))],
        nodes.AssignBlock: lambda node: [(_targets(node.target), names_in(*node.body, node.filter))],
        nodes.For: _loop,
        nodes.Macro: lambda node: [([node.name], names_in(*node.body)), *_parameters(node)],
        nodes.CallBlock: lambda node: [(["caller"], names_in(*node.body)), *_parameters(node)],
        nodes.Call: lambda node: [([ARGUMENTS], names_in(*node.args, *node.kwargs, node.dyn_args, node.dyn_kwargs))],
        nodes.With: _with,
        nodes.Block: lambda node: [([BLOCKS, "super"], names_in(*node.body))],
        nodes.Import: lambda node: [([node.target], [ANY_FILE])],
        nodes.FromImport: _imported,
    }
    return known


def _loop(node: nodes.For) -> Iterator[Edge]:
    again = [ARGUMENTS] if node.recursive else []
    yield [*_targets(node.target), "loop"], [*names_in(node.iter), *again]
    if node.recursive:
        yield ["loop"], names_in(*node.body)


def _with(node: nodes.With) -> Iterator[Edge]:
    for target, value in zip(node.targets, node.values, strict=True):
        yield _targets(target), names_in(value)


def _imported(node: nodes.FromImport) -> Iterator[Edge]:
    for name in node.names:
        yield [name if isinstance(name, str) else name[1]], [ANY_FILE]


def _parameters(node: nodes.Macro | nodes.CallBlock) -> Iterator[Edge]:
    names = [name.name for name in node.args]
    yield [*names, "varargs", "kwargs"], [ARGUMENTS, *names_in(*node.defaults)]


def _targets(node: Any) -> list[str]:
    from jinja2 import nodes

    found = [node] if isinstance(node, (nodes.Name, nodes.NSRef)) else list(node.find_all((nodes.Name, nodes.NSRef)))
    # A namespace can have other names too: what is set in one can be in any that `namespace` has made.
    spaces = ["namespace"] if any(isinstance(each, nodes.NSRef) for each in found) else []
    return [*(name.name for name in found), *spaces]
