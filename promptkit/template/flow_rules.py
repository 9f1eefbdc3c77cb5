"""How values flow between the names of a template: one rule for each kind of node.

Conditions, comparisons, keys that are looked up, lengths and the counters of loops hand no value on, and are no
sources: the message gets the template's own words then.

All else is conservative. Scopes and order are ignored. A macro stands for every name that its body prints, each of its
parameters for every argument of any call, a file that is loaded for every name in it. So what is printed can never come
from more names than said here. The names of loops are told apart before (see `alpha_renaming`), and what a macro prints
of its arguments, or of the body of a call block, comes from the call that is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.template.dataflow import Flow, FlowGraph
from promptkit.template.names import (
    ANY_ARGUMENT,
    ANY_BLOCK,
    ANY_FILE,
    assigned_names,
    file_key,
    file_key_of,
    name_of,
    target_names,
    with_self,
)
from promptkit.template.paths import find, kind
from promptkit.template.reserved import LOOP_COUNTERS, MACRO_NAMES, PRIVATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jinja2 import nodes


def template_graph(root: nodes.Template, files: Mapping[str, nodes.Template]) -> FlowGraph:
    """How values flow in a template, and in those of some files, by their paths, that it may load."""
    graph = flows_in(root, SourceFinder(root))
    named: list[Flow] = []
    for path, tree in _reachable(root, files).items():
        finder = SourceFinder(tree)
        graph |= flows_in(tree, finder)
        named.append(Flow((file_key_of(path), ANY_FILE), _names_of_file(tree, finder)))
    return graph | FlowGraph.of(named)


def _reachable(root: nodes.Template, files: Mapping[str, nodes.Template]) -> dict[str, nodes.Template]:
    """The files among some that a template may load, and those that these load."""
    found: dict[str, nodes.Template] = {}
    waiting = [root]
    while waiting:
        loads = find(waiting.pop(), "Include", "Import", "FromImport", "Extends")
        loaded = {file_key(each.template) for each in loads}
        for path, tree in files.items():
            if path not in found and (ANY_FILE in loaded or file_key_of(path) in loaded):
                found[path] = tree
                waiting.append(tree)
    return found


def _names_of_file(tree: nodes.Template, finder: SourceFinder) -> frozenset[str]:
    """What a file prints where it is included, and what it sets, for those who import it."""
    assigned = (name for node in find(tree, "Assign", "AssignBlock") for name in target_names(node.target))
    macros = (each.name for each in find(tree, "Macro"))
    imports = (each.target for each in find(tree, "Import"))  # which Jinja does not hand on, as it is now
    return finder.of_text(tree.body).union(assigned, macros, imports)


def flows_in(part: Any, finder: SourceFinder) -> FlowGraph:
    """How values flow in a template, or in a part of one."""
    return FlowGraph.of(flow for node in find(part, *_RULES) for flow in _RULES[kind(node)](node, finder))


class SourceFinder:
    """What the expressions and the statements of one template can come from."""

    def __init__(self, tree: nodes.Template) -> None:
        self._counters = _loop_counters(tree)

    def of_values(self, *expressions: Any) -> frozenset[str]:
        """The names that the values of expressions can come from."""
        found: set[str] = set()
        waiting = [each for each in expressions if each is not None]
        while waiting:
            node = waiting.pop()
            if kind(node) == "Name":
                found.add(node.name)
            elif kind(node) == "Call" and id(node.node) in self._counters:
                waiting += [] if node.node.attr == "changed" else _arguments(node)
            elif id(node) not in self._counters:
                waiting += _PARTS.get(kind(node), _children)(node)
        return frozenset(found)

    def of_text(self, statements: Iterable[Any]) -> frozenset[str]:
        """The names that the text of statements can come from."""
        found: set[str] = set()
        waiting = list(statements)
        while waiting:
            node = waiting.pop()
            what = kind(node)
            if what == "Output":
                found |= self.of_values(*node.nodes)
            elif what in ("Include", "Extends", "Block"):
                found.add(name_of(node))
            elif what in ("CallBlock", "FilterBlock"):
                found |= self.of_values(node.call if what == "CallBlock" else node.filter)
            if what not in _PRINTED_ELSEWHERE:
                waiting += [each for part in ("body", "elif_", "else_") for each in getattr(node, part, None) or ()]
        return frozenset(found)


_PRINTED_ELSEWHERE = frozenset(("Macro", "AssignBlock"))
"""Statements whose bodies print where these are called, or named."""


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


def _loop_counters(tree: nodes.Template) -> frozenset[int]:
    """The lookups, by identity, of what is said of a loop; none where something else is called `loop`."""
    if "loop" in assigned_names(tree):
        return frozenset()
    found: set[int] = set()
    for loop in find(tree, "For"):
        blocks = (block for part in loop.body for block in with_self(part, "Block"))
        elsewhere = {id(each) for block in blocks for each in find(block, "Getattr")}  # a block sees no loop around
        lookups = (each for part in loop.body for each in find(part, "Getattr") if id(each) not in elsewhere)
        of_loop = (each for each in lookups if kind(each.node) == "Name" and each.node.name == "loop")
        found |= {id(each) for each in of_loop if each.attr in LOOP_COUNTERS}
    return frozenset(found)


# The rules


def _assign(node: nodes.Assign, finder: SourceFinder) -> Iterator[Flow]:
    yield Flow((*target_names(node.target),), finder.of_values(node.node))


def _assign_block(node: nodes.AssignBlock, finder: SourceFinder) -> Iterator[Flow]:
    yield Flow((*target_names(node.target),), finder.of_text(node.body) | finder.of_values(node.filter))


def _for(node: nodes.For, finder: SourceFinder) -> Iterator[Flow]:
    again = [ANY_ARGUMENT] if node.recursive else []
    yield Flow((*target_names(node.target), "loop"), finder.of_values(node.iter).union(again))
    if node.recursive:
        yield Flow(("loop",), finder.of_text(node.body))


def _with(node: nodes.With, finder: SourceFinder) -> Iterator[Flow]:
    for target, value in zip(node.targets, node.values, strict=True):
        yield Flow((*target_names(target),), finder.of_values(value))


def _macro(node: nodes.Macro, finder: SourceFinder) -> Iterator[Flow]:
    yield Flow((node.name,), _text_of_macro(node, finder))
    yield from _parameters(node, finder)


def _text_of_macro(node: nodes.Macro, finder: SourceFinder) -> frozenset[str]:
    """What a macro's text comes from, but for the arguments of a call and its body, which stand where it is called."""
    inside = flows_in(node, finder)  # a parameter may be set anew
    targets = [each for block in find(node, "For", "With") for each in _targets_of(block)]
    renamed = {name for name in targets if PRIVATE in name}  # which have been followed
    own = renamed.union(each.name for each in node.args)
    # Jinja gives a macro these where its body uses them, and nowhere sets them; its defaults see those of outside.
    given = MACRO_NAMES.difference(*(assigned_names(part) for part in node.body))
    text = inside.origins(finder.of_text(node.body)) - given
    return (text | inside.origins(finder.of_values(*node.defaults))) - own


def _targets_of(block: Any) -> Iterator[str]:
    """The names that a loop, or a `with`, sets."""
    for target in [block.target] if kind(block) == "For" else block.targets:
        yield from target_names(target)


def _call_block(node: nodes.CallBlock, finder: SourceFinder) -> Iterator[Flow]:
    yield Flow(("caller",), finder.of_text(node.body))
    yield from _parameters(node, finder)


def _parameters(node: nodes.Macro | nodes.CallBlock, finder: SourceFinder) -> Iterator[Flow]:
    names = (each.name for each in node.args)
    yield Flow((*names, "varargs", "kwargs"), finder.of_values(*node.defaults) | {ANY_ARGUMENT})


def _call(node: nodes.Call, finder: SourceFinder) -> Iterator[Flow]:
    yield Flow((ANY_ARGUMENT,), finder.of_values(*_arguments(node)))


def _block(node: nodes.Block, finder: SourceFinder) -> Iterator[Flow]:
    yield Flow((ANY_BLOCK, "super"), finder.of_text(node.body))


def _import(node: nodes.Import, _: SourceFinder) -> Iterator[Flow]:
    yield Flow((node.target,), frozenset((file_key(node.template),)))


def _from_import(node: nodes.FromImport, _: SourceFinder) -> Iterator[Flow]:
    names = (each if isinstance(each, str) else each[1] for each in node.names)
    yield Flow((*names,), frozenset((file_key(node.template),)))


_RULES: Mapping[str, Callable[[Any, SourceFinder], Iterable[Flow]]] = {
    "Assign": _assign,
    "AssignBlock": _assign_block,
    "Block": _block,
    "Call": _call,
    "CallBlock": _call_block,
    "For": _for,
    "FromImport": _from_import,
    "Import": _import,
    "Macro": _macro,
    "With": _with,
}
