"""The names in a template's tree: those that it uses and sets, and what stands for the files that it loads.

Nothing here knows how values flow from one name to another; see `flow_rules`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.template.paths import find, kind

if TYPE_CHECKING:
    from jinja2 import nodes

ANY_FILE = "<file>"
"""Stands for all that an included or imported file can print or name, and begins what stands for one of them."""
ANY_BLOCK = "<blocks>"
"""Stands for all that a block can print: in an extended file any block may be another template's."""
ANY_ARGUMENT = "<arguments>"
"""Stands for all that calls hand to macros."""


def with_self(part: Any, *kinds: str) -> list[Any]:
    """The nodes of some kinds in a part of a tree, and it itself if it is one."""
    return [*([part] if kind(part) in kinds else []), *find(part, *kinds)]


def names_in(*parts: Any) -> frozenset[str]:
    """The names that stand in parts of a tree; an include, or an import, stands for any file, a block for any block."""
    kinds = _naming()
    listed = [node for part in parts if part is not None for node in (part, *part.find_all(kinds))]
    return frozenset(map(name_of, (node for node in listed if type(node) in kinds)))


@lru_cache(maxsize=1)
def _naming() -> tuple[type[nodes.Node], ...]:
    """The kinds of node that are a name, or stand for what they load or print."""
    from jinja2 import nodes

    return nodes.Name, nodes.Block, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends


def name_of(node: Any) -> str:
    """The name that a node is, or that stands for what it loads or prints."""
    return str(node.name) if kind(node) == "Name" else ANY_BLOCK if kind(node) == "Block" else file_key(node.template)


def assigned_names(part: Any) -> set[str]:
    """The names that a template, or a part of one, sets, in whatever way."""
    found = {each.name for each in with_self(part, "Name") if each.ctx != "load"}
    found |= {each.name for each in with_self(part, "Macro")}
    found |= {each.target for each in with_self(part, "Import")}
    imported = (each for statement in with_self(part, "FromImport") for each in statement.names)
    return found | {each if isinstance(each, str) else each[1] for each in imported}


def target_names(target: Any) -> list[str]:
    """The names that the target of an assignment sets."""
    found = with_self(target, "Name", "NSRef")
    # A namespace can have other names too: what is set in one can be in any that `namespace` has made.
    spaces = ["namespace"] if any(kind(each) == "NSRef" for each in found) else []
    return [*(each.name for each in found), *spaces]


def file_key(path: Any) -> str:
    """What stands for the file that an expression names: for any file, where that is not sure before it is run."""
    known = kind(path) == "Const" and isinstance(path.value, str) and _PLAIN_PATH.fullmatch(path.value)
    return file_key_of(path.value) if known else ANY_FILE


_PLAIN_PATH = LatePattern(r"/?(?:[\w. -]+/)*[\w-][\w. -]*\w")
"""A path whose last part is surely the name of a file here: it leads to no other repo, and to no folder."""


def file_key_of(path: str) -> str:
    """What stands for a file: its name, since the folder that a path is relative to is not known."""
    return f"{ANY_FILE}{re.split('[/:]', path)[-1]}"
