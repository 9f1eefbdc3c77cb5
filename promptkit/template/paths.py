"""What nodes of Jinja's tree say as they are written: the path of a lookup, constants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]
"""A name and the keys that are looked up in it, one in the other."""


def kind(node: Any) -> str:
    """The name of a node's class."""
    return type(node).__name__


def find(node: Any, *kinds: str) -> Iterable[Any]:
    """All nodes of some kinds below a node."""
    from jinja2 import nodes

    found: Iterable[Any] = node.find_all(tuple(getattr(nodes, each) for each in kinds))
    return found


def key_of(node: Any) -> str | int | None:
    """The key of a lookup, if it is written out."""
    if kind(node) == "Getattr":
        return str(node.attr)
    if kind(node.arg) == "Neg" and is_constant(node.arg.node) and type(node.arg.node.value) is int:
        return -int(node.arg.node.value)
    fixed = is_constant(node.arg) and type(node.arg.value) in (str, int)
    return node.arg.value if fixed else None


def path_of(node: Any) -> Path:
    """The name and the keys of a chain of lookups that are written out; empty for anything else."""
    keys: list[str | int] = []
    while kind(node) in ("Getattr", "Getitem"):
        key = key_of(node)
        if key is None:
            return ()
        keys.append(key)
        node = node.node
    return (node.name, *reversed(keys)) if kind(node) == "Name" else ()


def shown(path: Path) -> str:
    """A path as it stands in a template."""
    steps = (f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]" for key in path)
    return "".join(steps).removeprefix(".")


def is_constant(node: Any) -> bool:
    """Whether a node is a text, a number, true, false or none."""
    return kind(node) == "Const"


def listed(node: Any) -> list[Any]:
    """The constants in a list or a tuple that is written out."""
    return [item for item in node.items if is_constant(item)] if kind(node) in ("List", "Tuple") else []
