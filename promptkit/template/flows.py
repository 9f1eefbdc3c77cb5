"""Which names the value of a name, or of a printed expression, can come from.

What only decides is no source: a condition, a comparison, a key that is looked up, how many there are, the number of
a loop's pass. The message gets the template's own words then.

All else is conservative: scopes are ignored, a macro stands for every name that its body prints, each parameter for
every argument of any call, a captured include for every name in the files that it may be. So what is printed can never
come from more names than said here. The names of loops are told apart before (see `promptkit.template.renaming`), and
what a macro prints of its arguments, or of the body of a call block, comes from the call that is looked at.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from promptkit.template.paths import find, kind
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
"""Names that stand for something in a block only; a template may not count on them in files that it includes."""

_COUNTS = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0", "changed", "cycle"}
)
"""What is said of a loop, and not of what it runs through; `cycle` gives one of its own arguments."""


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
    return str(node.name) if kind(node) == "Name" else BLOCKS if kind(node) == "Block" else _file(node.template)


class Sources:
    """What the expressions and the statements of one template can come from."""

    def __init__(self, tree: nodes.Template) -> None:
        self._counts = _counts(tree)

    def of(self, *expressions: Any) -> Iterator[str]:
        """The names that the values of expressions can come from."""
        waiting = [each for each in expressions if each is not None]
        while waiting:
            node = waiting.pop()
            if kind(node) == "Name":
                yield node.name
            elif kind(node) == "Call" and id(node.node) in self._counts:
                waiting += [] if node.node.attr == "changed" else _arguments(node)
            elif id(node) not in self._counts:
                waiting += _PARTS.get(kind(node), _children)(node)

    def printed(self, statements: Iterable[Any]) -> Iterator[str]:
        """The names that the text of statements can come from."""
        waiting = list(statements)
        while waiting:
            node = waiting.pop()
            what = kind(node)
            if what == "Output":
                yield from self.of(*node.nodes)
            elif what in ("Include", "Extends", "Block"):
                yield _name_of(node)
            elif what in ("CallBlock", "FilterBlock"):
                yield from self.of(node.call if what == "CallBlock" else node.filter)
            if what not in _SILENT:
                waiting += [each for part in ("body", "elif_", "else_") for each in getattr(node, part, None) or ()]


_SILENT = frozenset(("Macro", "AssignBlock"))
"""Statements whose bodies are printed elsewhere."""


def _arguments(call: Any) -> list[Any]:
    dynamic = (each for each in (call.dyn_args, call.dyn_kwargs) if each is not None)
    return [*call.args, *call.kwargs, *dynamic]


def _children(node: Any) -> list[Any]:
    return list(node.iter_child_nodes())


_PARTS: Mapping[str, Callable[[Any], list[Any]]] = {
    **dict.fromkeys(("Compare", "Test", "Not"), lambda _: []),
    "CondExpr": lambda node: [each for each in (node.expr1, node.expr2) if each is not None],
    "Getitem": lambda node: [node.node],
    "Filter": lambda node: [] if node.name in ("length", "count") else _children(node),
}
"""The parts that the value of an expression can come from, where these are not all of them."""


def _counts(tree: nodes.Template) -> frozenset[int]:
    """The lookups, by identity, of what is said of a loop; none where something else is called `loop`."""
    if "loop" in set_in(tree):
        return frozenset()
    found: set[int] = set()
    for loop in find(tree, "For"):
        blocks = (block for part in loop.body for block in (part, *find(part, "Block")) if kind(block) == "Block")
        elsewhere = {id(each) for block in blocks for each in find(block, "Getattr")}  # a block sees no loop around
        lookups = (each for part in loop.body for each in find(part, "Getattr") if id(each) not in elsewhere)
        of_loop = (each for each in lookups if kind(each.node) == "Name" and each.node.name == "loop")
        found |= {id(each) for each in of_loop if each.attr in _COUNTS}
    return frozenset(found)


def set_in(tree: Any) -> set[str]:
    """The names that a template, or a part of one, sets, in whatever way."""
    found = {each.name for each in _all(tree, "Name") if each.ctx != "load"}
    found |= {each.name for each in _all(tree, "Macro")}
    found |= {each.target for each in _all(tree, "Import")}
    imported = (each for part in _all(tree, "FromImport") for each in part.names)
    return found | {each if isinstance(each, str) else each[1] for each in imported}


def _all(part: Any, what: str) -> list[Any]:
    """The nodes of a kind in a part of a tree, and it itself if it is one."""
    return [*([part] if kind(part) == what else []), *find(part, what)]


def _file(path: Any) -> str:
    """What stands for the file that is loaded: all of a name, since the folder that it is relative to is not known."""
    known = kind(path) == "Const" and isinstance(path.value, str) and _PLAIN_PATH.fullmatch(path.value)
    return _of_file(path.value) if known else ANY_FILE


_PLAIN_PATH = re.compile(r"/?(?:[\w. -]+/)*[\w-][\w. -]*\w")
"""A path whose last part is surely the name of a file here: it leads to no other repo, and to no folder."""


def _of_file(path: str) -> str:
    return f"{ANY_FILE}{re.split('[/:]', path)[-1]}"


def flows(tree: nodes.Template) -> Edges:
    """For each name that a template sets: the names that its value is made from, one step back."""
    return _flows_in(tree, Sources(tree))


def _flows_in(part: Any, sources: Sources) -> Edges:
    """The same for a part of a template."""
    found: dict[str, set[str]] = {}
    for node in find(part, *_EDGES):
        for targets, made_from in _EDGES[kind(node)](node, sources):
            names = frozenset(made_from)
            for target in targets:
                found.setdefault(target, set()).update(names)
    return {name: frozenset(direct) for name, direct in found.items()}


def file_flows(trees: Mapping[str, nodes.Template]) -> Edges:
    """The flows of files that are loaded together, by their paths, and what stands in any of them, and in each."""
    each = [{_of_file(path): _names_of_file(tree)} for path, tree in trees.items()]
    any_file = frozenset[str]().union(*(names for known in each for names in known.values()))
    return joined([*map(flows, trees.values()), *each, {ANY_FILE: any_file}])


def _names_of_file(tree: nodes.Template) -> frozenset[str]:
    """What a file prints where it is included, and what it sets, for those who import it."""
    set_there = (target for node in find(tree, "Assign", "AssignBlock") for target in _targets(node.target))
    macros = (each.name for each in find(tree, "Macro"))
    imports = (each.target for each in find(tree, "Import"))  # which Jinja does not hand on, as it is now
    return frozenset((*Sources(tree).printed(tree.body), *set_there, *macros, *imports))


def reachable(tree: nodes.Template, trees: Mapping[str, nodes.Template]) -> dict[str, nodes.Template]:
    """The files among some that a template may load, and those that these load."""
    found: dict[str, nodes.Template] = {}
    waiting = [tree]
    while waiting:
        loaded = {_file(node.template) for node in find(waiting.pop(), "Include", "Import", "FromImport", "Extends")}
        for path, each in trees.items():
            if path not in found and (ANY_FILE in loaded or _of_file(path) in loaded):
                found[path] = each
                waiting.append(each)
    return found


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


def reaching(names: Iterable[str], edges: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """For each name that can come from some of the given ones: from which."""
    onward: dict[str, set[str]] = {}
    for target, sources in edges.items():
        for source in sources:
            onward.setdefault(source, set()).add(target)
    forward = {source: frozenset(targets) for source, targets in onward.items()}
    found: dict[str, set[str]] = {}
    for name in names:
        for reached in followed([name], forward):
            found.setdefault(reached, set()).add(name)
    return {name: frozenset(origins) for name, origins in found.items()}


def _loop(node: nodes.For, sources: Sources) -> Iterator[Edge]:
    again = [ARGUMENTS] if node.recursive else []
    yield [*_targets(node.target), "loop"], [*sources.of(node.iter), *again]
    if node.recursive:
        yield ["loop"], sources.printed(node.body)


def _with(node: nodes.With, sources: Sources) -> Iterator[Edge]:
    for target, value in zip(node.targets, node.values, strict=True):
        yield _targets(target), sources.of(value)


def _imported(node: nodes.FromImport, _: Sources) -> Iterator[Edge]:
    for name in node.names:
        yield [name if isinstance(name, str) else name[1]], [_file(node.template)]


def _macro(node: nodes.Macro, sources: Sources) -> Iterator[Edge]:
    """What a macro's text comes from, but for the arguments of a call and its body, which stand where it is called."""
    inside = _flows_in(node, sources)  # a parameter may be set anew
    own = {each.name for each in node.args}
    blocks = (target for block in find(node, "For", "With") for target in _targets_of(block))
    own |= {name for name in blocks if PRIVATE in name}  # which have been followed
    # Jinja gives a macro these where its body uses them, and nowhere sets them; its defaults see those of outside.
    given = _GIVEN_TO_MACROS - {name for part in node.body for name in set_in(part)}
    yield [node.name], followed(sources.printed(node.body), inside) - own - given
    yield [node.name], followed(sources.of(*node.defaults), inside) - own
    yield from _parameters(node, sources)


_GIVEN_TO_MACROS = frozenset(("varargs", "kwargs", "caller"))


def _targets_of(block: Any) -> Iterator[str]:
    """The names that a loop, or a `with`, sets."""
    for target in [block.target] if kind(block) == "For" else block.targets:
        yield from _targets(target)


def _call_block(node: nodes.CallBlock, sources: Sources) -> Iterator[Edge]:
    yield ["caller"], sources.printed(node.body)
    yield from _parameters(node, sources)


def _parameters(node: nodes.Macro | nodes.CallBlock, sources: Sources) -> Iterator[Edge]:
    names = [name.name for name in node.args]
    yield [*names, "varargs", "kwargs"], [ARGUMENTS, *sources.of(*node.defaults)]


def _call(node: nodes.Call, sources: Sources) -> Iterator[Edge]:
    yield [ARGUMENTS], sources.of(*_arguments(node))


def _assign(node: nodes.Assign, sources: Sources) -> Iterator[Edge]:
    yield _targets(node.target), sources.of(node.node)


def _assign_block(node: nodes.AssignBlock, sources: Sources) -> Iterator[Edge]:
    yield _targets(node.target), [*sources.printed(node.body), *sources.of(node.filter)]


_EDGES: Mapping[str, Callable[[Any, Sources], Iterable[Edge]]] = {
    "Assign": _assign,
    "AssignBlock": _assign_block,
    "For": _loop,
    "Macro": _macro,
    "CallBlock": _call_block,
    "Call": _call,
    "With": _with,
    "Block": lambda node, sources: [([BLOCKS, "super"], sources.printed(node.body))],
    "Import": lambda node, _: [([node.target], [_file(node.template)])],
    "FromImport": _imported,
}
"""How values flow, for each kind of node."""


def _targets(node: Any) -> list[str]:
    found = [node] if kind(node) in ("Name", "NSRef") else list(find(node, "Name", "NSRef"))
    # A namespace can have other names too: what is set in one can be in any that `namespace` has made.
    spaces = ["namespace"] if any(kind(each) == "NSRef" for each in found) else []
    return [*(name.name for name in found), *spaces]
