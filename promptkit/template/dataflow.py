"""Which names a value can come from: a graph of names, in which nothing of templates is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Flow(NamedTuple):
    """Each target can get its value from any of the sources."""

    targets: tuple[str, ...]
    sources: frozenset[str]


class FlowGraph(NamedTuple):
    """For each name, the names that its value can come from, one step back."""

    sources: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, flows: Iterable[Flow]) -> FlowGraph:
        """The graph of some flows."""
        found: dict[str, set[str]] = {}
        for flow in flows:
            for target in flow.targets:
                found.setdefault(target, set()).update(flow.sources)
        return cls({name: frozenset(sources) for name, sources in found.items()})

    def __or__(self, other: FlowGraph) -> FlowGraph:
        """All flows of both."""
        nothing = frozenset[str]()
        names = {**self.sources, **other.sources}
        return FlowGraph({name: self.sources.get(name, nothing) | other.sources.get(name, nothing) for name in names})

    def origins(self, names: Iterable[str]) -> frozenset[str]:
        """The names, and all that they can come from, in however many steps."""
        return _reached(names, self.sources)

    def affected_by(self, names: Iterable[str]) -> dict[str, frozenset[str]]:
        """For each name that can come from some of the given ones: from which."""
        onward: dict[str, set[str]] = {}
        for target, sources in self.sources.items():
            for source in sources:
                onward.setdefault(source, set()).add(target)
        found: dict[str, set[str]] = {}
        for name in names:
            for affected in _reached([name], onward):
                found.setdefault(affected, set()).add(name)
        return {name: frozenset(origins) for name, origins in found.items()}


def _reached(names: Iterable[str], steps: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """The names, and all that steps lead to from them."""
    reached: set[str] = set()
    waiting = set(names)
    while waiting:
        reached |= waiting
        waiting = set().union(*(steps.get(name, ()) for name in waiting)) - reached
    return frozenset(reached)
