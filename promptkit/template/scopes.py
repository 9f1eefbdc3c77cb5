"""What names stand for at a place in a template, as Jinja scopes them.

A block sees what is outside of it, and what it sets is gone behind it, while the branches of an `if` set for what
follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.template.conditions import Fact, is_about
from promptkit.template.inferred_types import InferredType, either

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from promptkit.template.conditions import Given
    from promptkit.template.paths import Path


class Binding(NamedTuple):
    """What a name stands for. `sure` says that it is set whichever way the template runs.

    A macro is its node with the scope that it stands in, an imported file the names in it; a file that is imported
    without context is `blind` to the inputs. `attributes` are the names in a namespace.
    """

    value: InferredType = None
    sure: bool = True
    nullable: bool = False
    is_input: bool = False
    macro: Any = None
    home: Scope | None = None
    module: Mapping[str, Binding] | None = None
    blind: bool = False
    attributes: frozenset[str] | None = None
    implies: tuple[Given, Given] = (frozenset(), frozenset())
    """Of a condition that is kept under the name: what is given where it is true, and where it is false."""


class Scope:
    """Names and what they stand for, over those of the scope around; and what conditions have made sure of."""

    __slots__ = ("given", "names", "outer")

    def __init__(
        self, names: Mapping[str, Binding] | None = None, outer: Scope | None = None, given: Given = frozenset()
    ) -> None:
        self.names = dict(names or {})
        self.outer = outer
        self.given = given

    def find(self, name: str) -> Binding | None:
        """What a name stands for here."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.outer
        return scope.names[name] if scope else None

    def is_given(self, path: Path) -> bool:
        """Whether a condition around has made sure that a path holds no null."""
        scope: Scope | None = self
        while scope is not None:
            if path in scope.given:
                return True
            if path[0] in scope.names:
                return False
            scope = scope.outer
        return False

    def facts(self, path: Path) -> list[Fact]:
        """What conditions around have made sure of about a path."""
        found: list[Fact] = []
        scope: Scope | None = self
        while scope is not None:
            found += (each for each in scope.given if isinstance(each, Fact) and each.path == path)
            scope = None if path[0] in scope.names else scope.outer
        return found

    def inner(self, names: Mapping[str, Binding] | None = None, given: Given = frozenset()) -> Scope:
        """A scope inside this one."""
        return Scope(names, self, given)

    def set(self, name: str, known: Binding) -> None:
        """Set a name; what was known to be given of an earlier one is forgotten."""
        self.names[name] = known
        self.given = frozenset(each for each in self.given if not is_about(each, name))

    def merge(self, branches: Sequence[Scope]) -> None:
        """Take what several ways have set, each in a scope inside this one: sure is what each of them sets."""
        found = {
            name: [branch.find(name) for branch in branches]
            for name in dict.fromkeys(name for branch in branches for name in branch.names)
        }
        for name, ways in found.items():
            known = [each for each in ways if each is not None]
            first = next(branch.names[name] for branch in branches if name in branch.names)
            merged = first._replace(
                value=either(each.value for each in known),
                sure=len(known) == len(ways) and all(each.sure for each in known),
                nullable=any(each.nullable for each in known),
            )
            self.set(name, merged)

    def whole(self) -> dict[str, Binding]:
        """All names that are known here."""
        outer = self.outer.whole() if self.outer else {}
        return outer | self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole())
