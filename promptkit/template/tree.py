"""A template's tree, its tokens and its faults, all of them with their characters in the text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.template.paths import find, kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import nodes

    from promptkit.diagnostics import Details, Severity


OPENINGS = ("variable_begin", "block_begin")
ENDINGS = ("variable_end", "block_end")
"""The kinds of tokens that begin and end a tag."""
LONGEST_TAG = 2_000
"""How many tokens one tag may have; Python compiles no deeper expressions."""


class LongTag(RecursionError):
    """A tag has more tokens than it may; `start` is where it begins."""

    def __init__(self, start: int) -> None:
        super().__init__()
        self.start = start


class TemplateFault(NamedTuple):
    """Something wrong at a span of a template's text; offsets are 0-based characters."""

    code: str
    message: str
    start: int
    end: int
    severity: Severity = "error"
    label: str = ""
    help: str = ""

    @property
    def details(self) -> Details:
        """What is said beside the message."""
        return {"severity": self.severity, "label": self.label, "help": self.help}


@dataclass(slots=True)
class Token:
    """One of Jinja's tokens with its offset in the text."""

    kind: str
    value: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + len(self.value)


@dataclass(eq=False)
class Tree:
    """A template's tree. `node.lineno` is the offset of the token that a node is named after.

    That is the first token of most expressions, the `.` or `[` of a lookup, the `(` of a call, the name of a filter.
    `faults` are what cannot be read. It is left out of the tree, and the rest stands; `lost` are the names in it, of
    which nobody knows what they would have been.
    """

    root: nodes.Template
    tokens: list[Token]
    faults: list[TemplateFault] = field(default_factory=list)
    lost: frozenset[str] = frozenset()
    simple: bool = False
    """Whether it is made of text, printed names and ifs, and so sets, loads and loses nothing."""

    @property
    def whole(self) -> bool:
        """Whether all was read, so that what is not named in the tree is not named in the template."""
        return not self.faults

    @cached_property
    def _starts(self) -> list[int]:
        return [token.start for token in self.tokens]

    def token(self, offset: int, further: int = 0) -> Token:
        """The token that begins at an offset, or one that stands some tokens further."""
        return self.tokens[min(bisect_right(self._starts, offset) - 1 + further, len(self.tokens) - 1)]

    def span(self, node: Any) -> tuple[int, int]:
        """The span of an expression, without what closes it."""
        parts = [each for each in (node, *find(node, "Node")) if each.lineno is not None]
        ends = (self.token(each.lineno, 1 if kind(each) == "Getattr" else 0).end for each in parts)
        return min(each.lineno for each in parts), max(ends)

    def around(self, offset: int) -> tuple[int, int]:
        """The span of the `{{ ... }}` or `{% ... %}` in which an offset lies."""
        first = last = bisect_right(self._starts, offset) - 1
        while first > 0 and self.tokens[first].kind not in OPENINGS:
            first -= 1
        while last < len(self.tokens) - 1 and self.tokens[last].kind not in ENDINGS:
            last += 1
        end = self.tokens[last]
        return self.tokens[first].start, end.start + len(end.value.rstrip())

    def set_at(self, name: str) -> list[int]:
        """Where the template sets a name: a target, a parameter, a macro."""
        return self._set_places.get(name, [])

    @cached_property
    def _set_places(self) -> dict[str, list[int]]:
        targets = (node for node in find(self.root, "Name") if node.ctx != "load")
        setting: Iterable[Any] = (*targets, *find(self.root, "Macro"))
        places: dict[str, list[int]] = {}
        for node in setting:
            places.setdefault(node.name, []).append(node.lineno)
        return places
