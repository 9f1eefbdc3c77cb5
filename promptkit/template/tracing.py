"""Templates rendered a second time to see where each piece of their text comes from.

A simple template knows its pieces. Any other is compiled with every text and every printed expression marked: what is
yielded then says where it stands. What a macro, a `set` or a `filter` block builds is one piece, where it is printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.template.pieces import Name
from promptkit.template.printing import PrintedText, printed, strip_ends

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.template.pieces import Taken


FILE, BLOCK = 1, 2
"""Ways of a mark: into an included file, and into a block that prints as a whole."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A piece of a rendered template: what it says, and the offset in its file at which it is written.

    `names` are those that a printed expression names, or that a block is made of; nothing for the template's own text.
    `sources` are those of them that what is printed can come from: others only decide. A value may print nothing.
    `file` is the included file, and `through` are the places of the includes that lead to it, each a file (the template
    itself is an empty one) with an offset. An offset of -1 is not known.
    """

    text: str
    is_value: bool
    start: int
    names: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    file: str = ""
    through: tuple[tuple[str, int], ...] = ()


def of_simple(taken: Taken) -> list[Trace]:
    """The traces of a simple template."""
    return [
        Trace(text, True, step.start, frozenset({step.name}), frozenset({step.name}))
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
    sources: frozenset[str] = frozenset()
    way: int = 0


class Marked(PrintedText):
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
        elif mark.way == BLOCK:
            blocks.append(mark)
        elif mark.way == FILE:
            through.append((mark.file, mark.start))
        else:
            (blocks if mark.way == -BLOCK else through).pop()
    texts = [str.__str__(piece) for piece, _, _ in listed]
    strip_ends(texts, [isinstance(piece, PrintedText) for piece, _, _ in listed])
    found = (_trace(text, *each) for text, each in zip(texts, listed, strict=True))
    return [each for each in found if each.text or each.names]


def _trace(text: str, piece: str, mark: Mark | None, through: tuple[tuple[str, int], ...]) -> Trace:
    if mark is None:
        return Trace(text, True, -1, through=through)
    own = mark.names is None
    start = mark.start + (piece.find(text) if own else 0)
    return Trace(text, not own, start, mark.names or frozenset(), mark.sources, mark.file, through)
