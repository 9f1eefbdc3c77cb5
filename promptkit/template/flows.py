"""Which names the value of a name, or of a printed expression, can come from.

Conservative: scopes are ignored, a macro stands for every name in its body, each parameter for every argument of
any call, a captured include for every name in the files that it may be. So what is printed can never come from more
names than said here. The names of loops are told apart before (see `promptkit.template.renaming`), and what a macro
prints of its arguments comes from the call that is looked at.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from promptkit.template.reserved import PRIVATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jinja2 import nodes

    Edge = tuple[Iterable[str], Iterable[str]]

Edges = dict[str, frozenset[str]]

ANY_FILE = "<file>"
"""Stands for all that an included or imported file can print or name, and begins what stands for one of them."""
BLOCKS = "<blocks>"
"""Stands for all that a block can print: in an extended file any block may be another template's."""
ARGUMENTS = "<arguments>"
"""Stands for all that calls hand to macros."""

BLOCK_NAMES = frozenset({"loop", "caller", "varargs", "kwargs"})
"""Names that stand for something in a block only, and are not handed to files that it includes."""


def names_in(*parts: Any) -> frozenset[str]:
    """The names that stand in parts of a tree; an include, or an import, stands for any file, a block for any block."""
    kinds = _naming()
    listed = [node for part in parts if part is not None for node in (part, *part.find_all(kinds))]
    return frozenset(map(_name_of, (node for node in listed if type(node) in kinds)))


@lru_cache(maxsize=1)
def _naming() -> tuple[type[nodes.Node], ...]:
    """The kinds of node that are a name, or stand for what they load or print."""
    from jinja2 import nodes

    return nodes.Name, nodes.Block, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends


def _name_of(node: Any) -> str:
    """The name that a node is, or that stands for what it loads or prints."""
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return str(node.name)
    return BLOCKS if isinstance(node, nodes.Block) else _file(node.template)


def _names_of_file(tree: nodes.Template) -> frozenset[str]:
    """The same for a whole file, but for the arguments of its macros, which stand where they are called."""
    from jinja2 import nodes

    macros = list(tree.find_all(nodes.Macro))
    inside = {id(each) for macro in macros for each in (macro, *macro.find_all(nodes.Node))}
    outside = frozenset(map(_name_of, (node for node in tree.find_all(_naming()) if id(node) not in inside)))
    return outside.union(*map(_printed_by, macros))


def _file(path: Any) -> str:
    """What stands for the file that is loaded: all of a name, since the folder that it is relative to is not known."""
    from jinja2 import nodes

    known = isinstance(path, nodes.Const) and isinstance(path.value, str) and _PLAIN_PATH.fullmatch(path.value)
    return _of_file(path.value) if known else ANY_FILE


_PLAIN_PATH = re.compile(r"/?(?:[\w. -]+/)*[\w-][\w. -]*\w")
"""A path whose last part is surely the name of a file here: it leads to no other repo, and to no folder."""


def _of_file(path: str) -> str:
    return f"{ANY_FILE}{re.split('[/:]', path)[-1]}"


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


def file_flows(trees: Mapping[str, nodes.Template]) -> Edges:
    """The flows of all included files together, by their paths, and what stands in any of them, and in each."""
    each = [{_of_file(path): _names_of_file(tree)} for path, tree in trees.items()]
    any_file = frozenset[str]().union(*(names for known in each for names in known.values()))
    return joined([*map(flows, trees.values()), *each, {ANY_FILE: any_file}])


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
        nodes.Macro: lambda node: [([node.name], _printed_by(node)), *_parameters(node)],
        nodes.CallBlock: lambda node: [(["caller"], names_in(*node.body)), *_parameters(node)],
        nodes.Call: lambda node: [([ARGUMENTS], names_in(*node.args, *node.kwargs, node.dyn_args, node.dyn_kwargs))],
        nodes.With: _with,
        nodes.Block: lambda node: [([BLOCKS, "super"], names_in(*node.body))],
        nodes.Import: lambda node: [([node.target], [_file(node.template)])],
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
        yield [name if isinstance(name, str) else name[1]], [_file(node.template)]


def _printed_by(node: nodes.Macro) -> frozenset[str]:
    """What a macro's text comes from, but for the arguments of a call, which stand there."""
    from jinja2 import nodes

    loops = [name for loop in node.find_all(nodes.For) for name in _targets(loop.target) if PRIVATE in name]
    own = {*(each.name for each in node.args), "varargs", "kwargs", *loops}
    return names_in(*node.body, *node.defaults) - own


def _parameters(node: nodes.Macro | nodes.CallBlock) -> Iterator[Edge]:
    names = [name.name for name in node.args]
    yield [*names, "varargs", "kwargs"], [ARGUMENTS, *names_in(*node.defaults)]


def _targets(node: Any) -> list[str]:
    from jinja2 import nodes

    found = [node] if isinstance(node, (nodes.Name, nodes.NSRef)) else list(node.find_all((nodes.Name, nodes.NSRef)))
    # A namespace can have other names too: what is set in one can be in any that `namespace` has made.
    spaces = ["namespace"] if any(isinstance(each, nodes.NSRef) for each in found) else []
    return [*(name.name for name in found), *spaces]
