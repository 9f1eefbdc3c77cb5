"""Where a template, with the files that it loads, prints what can come from untrusted inputs: where fences would stand.

The same flows decide here and in the fences of a rendered message, so that no fence ever stands where none may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from promptkit.template.fences import Untrusted
from promptkit.template.paths import find, kind
from promptkit.template.syntax import read_by_jinja

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from promptkit.template.tree import Tree


class Printed(NamedTuple):
    """Where untrusted inputs can be printed, and which: in a file by its path, or in the template itself (empty)."""

    path: str
    start: int
    end: int
    names: tuple[str, ...]


def printed_strangers(tree: Tree, text: str, files: Mapping[str, str], untrusted: Collection[str]) -> Iterator[Printed]:
    """What a template prints of untrusted inputs, and the files that it loads do, by their paths."""
    if not untrusted:
        return
    if tree.simple:
        yield from _of_simple(tree, untrusted)
        return
    from promptkit.template.alpha_renaming import renamed
    from promptkit.template.fence_transform import FenceOutputs
    from promptkit.template.flow_rules import template_graph

    trees = {path: read_by_jinja(each) for path, each in {"": text, **files}.items()}
    roots = {path: renamed(each.root) for path, each in trees.items()}
    graph = template_graph(roots[""], {path: root for path, root in roots.items() if path})
    for path, root in roots.items():
        outputs = FenceOutputs(graph, {name: Untrusted(name) for name in untrusted})
        outputs.visit(root)
        for place, names in outputs.fenced:
            yield Printed(path, *trees[path].around(place), names)


def _of_simple(tree: Tree, untrusted: Collection[str]) -> Iterator[Printed]:
    """The same for one of text, names and ifs: what it prints stands there by its own name."""
    for output in find(tree.root, "Output"):
        for each in output.nodes:
            if kind(each) == "Name" and each.name in untrusted:
                yield Printed("", *tree.around(each.lineno), (each.name,))
