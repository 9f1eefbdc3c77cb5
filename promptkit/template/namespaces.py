"""The namespaces of a template, and what is set in them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import nearest
from promptkit.template.paths import find, kind, path_of

if TYPE_CHECKING:
    from promptkit.template.tree import Tree


class Spaces:
    """What `namespace()` makes in one template. All of it is found once, and only when it is asked for."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def attributes(self, node: Any) -> frozenset[str] | None:
        """The names in the namespace that an assignment makes, wherever they are set; None when nobody can tell."""
        made, target = node.node, node.target
        if not _makes_space(node) or made.args or made.dyn_args or made.dyn_kwargs:
            return None
        if self._loads or target.name in self._elsewhere:
            return None
        return frozenset((*(keyword.key for keyword in made.kwargs), *self._set.get(target.name, ())))

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


def _makes_space(node: Any) -> bool:
    made = kind(node.target) == "Name" and kind(node.node) == "Call"
    return made and path_of(node.node.node) == ("namespace",)
