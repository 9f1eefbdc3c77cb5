"""The namespaces of a template: what is set in them, and whether a walk by names sees all of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import nearest
from promptkit.template.flows import flows, joined
from promptkit.template.paths import find, kind, path_of

if TYPE_CHECKING:
    from promptkit.template.flows import Edges
    from promptkit.template.tree import Tree


class Spaces:
    """What `namespace()` makes in one template. All of it is found once, and only when it is asked for."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._loaded: list[Tree] = []
        """The files loaded so far in which namespaces are set."""

    def take(self, other: Spaces) -> None:
        """Know of a file that has been walked, and of those that it loads."""
        self._loaded += [each for each in (other.tree, *other._loaded) if any(True for _ in find(each.root, "NSRef"))]
        if self._loaded:
            self.__dict__.pop("ways", None)

    def attributes(self, node: Any) -> frozenset[str] | None:
        """The names in the namespace that an assignment makes, wherever they are set; None when nobody can tell."""
        made, target = node.node, node.target
        if not _makes_space(node) or made.args or made.dyn_args or made.dyn_kwargs:
            return None
        if self._loads or target.name in self._elsewhere:
            return None
        return frozenset((*(keyword.key for keyword in made.kwargs), *self._set.get(target.name, ())))

    @cached_property
    def any_made(self) -> bool:
        """Whether the template makes a namespace, which files that it includes may set."""
        return not self.tree.simple and any(_makes_space(each) for each in find(self.tree.root, "Assign"))

    @cached_property
    def ways(self) -> Edges | None:
        """How values flow in the template, if names do not tell.

        That is so where namespaces have other names, or are set in macros or in other files, or are more in a loop than
        its passes that are walked.
        """
        if self._loaded:
            return joined(flows(each.root) for each in (self.tree, *self._loaded))
        if self.tree.simple or not self._set:
            return None
        made = {each.target.name for each in find(self.tree.root, "Assign") if _makes_space(each)}
        in_macros = any(True for body in find(self.tree.root, "Macro", "CallBlock") for _ in find(body, "NSRef"))
        by_name = self._set.keys() <= made and made.isdisjoint(self._elsewhere)
        loops = ({each.name for each in find(loop, "NSRef")} for loop in find(self.tree.root, "For"))
        in_turn = any(len(names) > _PASSES for names in loops)
        return None if by_name and not in_macros and not in_turn else flows(self.tree.root)

    def misspelt(self, name: str, attribute: str) -> str | None:
        """The name that is read of a namespace, for one that is only set, and spelt almost like it."""
        read = self._read.get(name, set())
        if attribute in read or self._loads or name in self._elsewhere:
            return None
        return nearest(attribute, sorted(read - self._set[name]))

    @cached_property
    def _read(self) -> dict[str, set[str]]:
        """For each name, what is looked up in what it stands for."""
        found: dict[str, set[str]] = {}
        for each in find(self.tree.root, "Getattr"):
            if kind(each.node) == "Name":
                found.setdefault(each.node.name, set()).add(each.attr)
        return found

    @cached_property
    def _set(self) -> dict[str, set[str]]:
        """For each name, what is set in the namespace that it stands for."""
        found: dict[str, set[str]] = {}
        for each in find(self.tree.root, "NSRef"):
            found.setdefault(each.name, set()).add(each.attr)
        return found

    @cached_property
    def _elsewhere(self) -> set[str]:
        """The names that are used for more than to look something up in what they stand for."""
        looked_up = {id(each.node) for each in find(self.tree.root, "Getattr")}
        names = find(self.tree.root, "Name")
        return {each.name for each in names if each.ctx == "load" and id(each) not in looked_up}

    @cached_property
    def _loads(self) -> bool:
        """Whether another file may set what is set here."""
        return any(True for _ in find(self.tree.root, "Include", "Extends", "Import", "FromImport"))


_PASSES = 1
"""How often what a loop sets is walked again: once is enough for one namespace."""


def _makes_space(node: Any) -> bool:
    made = kind(node.target) == "Name" and kind(node.node) == "Call"
    return made and path_of(node.node.node) == ("namespace",)
