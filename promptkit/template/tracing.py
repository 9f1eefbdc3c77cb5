"""Templates rendered a second time to see where each piece of their text comes from.

A simple template knows its pieces. Any other is compiled with every text and every printed expression marked: what is
yielded then says where it stands. What a macro, a `set` or a `filter` block builds is one piece, where it is printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from promptkit.template.flows import names_in
from promptkit.template.pieces import Name
from promptkit.template.printing import Value, printed, strip_ends

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.template.pieces import Taken


@dataclass(frozen=True, slots=True)
class Trace:
    """A piece of a rendered template: what it says, and the offset in its file at which it is written.

    `names` are those that a printed expression names, or that a block is made of; nothing for the template's own text.
    `file` is the included file, and `through` are the places of the includes that lead to it, each a file (the template
    itself is an empty one) with an offset. An offset of -1 is not known.
    """

    text: str
    is_value: bool
    start: int
    names: frozenset[str] = frozenset()
    file: str = ""
    through: tuple[tuple[str, int], ...] = ()


def of_simple(taken: Taken) -> list[Trace]:
    """The traces of a simple template."""
    return [
        Trace(text, True, step.start, frozenset({step.name}))
        if isinstance(step, Name)
        else Trace(text, False, step.start)
        for text, step in taken
    ]


@dataclass(frozen=True, slots=True)
class Mark:
    """A value on its way to be printed, with where that is.

    A `way` enters an included file (1) or a block that prints as a whole (2), or leaves it (the same below zero).
    """

    value: Any
    file: str
    start: int
    names: frozenset[str] | None = None
    way: int = 0


class Marked(Value):
    """A printed value that knows its mark."""

    mark: Mark


class OwnText(str):
    """A template's own text that knows its mark."""

    __slots__ = ("mark",)
    mark: Mark


def finalized(mark: Mark) -> str:
    """What a marked value is printed as."""
    own = mark.names is None or mark.way
    text: Marked | OwnText = OwnText(mark.value) if own else Marked(printed(mark.value))
    text.mark = mark
    return text


def traces(pieces: Iterable[str]) -> list[Trace]:
    """The traces of what a marked template yields, without its own whitespace at both ends."""
    listed: list[tuple[str, Mark | None, tuple[tuple[str, int], ...]]] = []
    through: list[tuple[str, int]] = []
    blocks: list[Mark] = []
    for piece in pieces:
        mark: Mark | None = getattr(piece, "mark", None)
        if mark is None or not mark.way:
            listed.append((piece, mark or (blocks[-1] if blocks else None), tuple(through)))
        elif mark.way == _BLOCK:
            blocks.append(mark)
        elif mark.way == _FILE:
            through.append((mark.file, mark.start))
        else:
            (blocks if mark.way == -_BLOCK else through).pop()
    texts = [str.__str__(piece) for piece, _, _ in listed]
    strip_ends(texts, [isinstance(piece, Value) for piece, _, _ in listed])
    return [_trace(text, *each) for text, each in zip(texts, listed, strict=True) if text]


def _trace(text: str, piece: str, mark: Mark | None, through: tuple[tuple[str, int], ...]) -> Trace:
    if mark is None:
        return Trace(text, True, -1, through=through)
    own = mark.names is None
    start = mark.start + (piece.find(text) if own else 0)
    return Trace(text, not own, start, mark.names or frozenset(), mark.file, through)


_FILE, _BLOCK = 1, 2


@lru_cache(maxsize=1)
def marking() -> Any:
    """The transformer that marks a template's tree, in which `lineno` is an offset."""
    from jinja2 import nodes
    from jinja2.visitor import NodeTransformer

    class Marking(NodeTransformer):
        def __init__(self, file: str) -> None:
            self.file = file

        def _mark(self, child: Any, names: Any, start: int, way: int = 0) -> Any:
            listed = nodes.Const(None) if names is None else nodes.Const(tuple(sorted(names)))
            told = [nodes.Const(self.file), nodes.Const(start), listed, nodes.Const(way)]
            return nodes.Filter(child, "mark_", told, [], None, None).set_lineno(start)

        def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
            node.nodes = [self._printed(child) for child in node.nodes]
            return node

        def _printed(self, child: Any) -> Any:
            if isinstance(child, nodes.TemplateData):
                return self._mark(nodes.Const(child.data), None, child.lineno)
            return self._mark(child, names_in(child), child.lineno)

        def _between(self, node: Any, way: int, names: Any = None) -> Any:
            enter, leave = (
                nodes.Output([self._mark(nodes.Const(""), names, node.lineno, each)]).set_lineno(node.lineno)
                for each in (way, -way)
            )
            return [enter, node, leave]

        def visit_Include(self, node: nodes.Include) -> Any:  # noqa: N802
            return self._between(node, _FILE)

        def visit_FilterBlock(self, node: nodes.FilterBlock) -> Any:  # noqa: N802
            return self._between(node, _BLOCK, names_in(node))

        def visit_For(self, node: nodes.For) -> Any:  # noqa: N802
            return self._between(node, _BLOCK, names_in(node)) if node.recursive else self.generic_visit(node)

        def visit_CallBlock(self, node: nodes.CallBlock) -> Any:  # noqa: N802
            return self._between(node, _BLOCK, names_in(node))

    return Marking


def mark() -> Any:
    """The filter that marks."""
    from jinja2 import Undefined, pass_context

    @pass_context  # so that Jinja does not compute the marks of constant texts while compiling, and join them
    def mark_(_: Any, value: Any, file: str, start: int, names: tuple[str, ...] | None, way: int) -> Any:
        if isinstance(value, Undefined):
            return value
        return Mark(value, file, start, None if names is None else frozenset(names), way)

    return mark_
