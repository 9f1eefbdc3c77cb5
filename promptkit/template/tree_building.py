"""Nodes of Jinja's trees as transformers add them.

Importing this module loads Jinja; see `environment`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Iterable


def filtered(node: Any, name: str, *arguments: Any, lineno: int | None = None) -> nodes.Filter:
    """`node | name(*arguments)`, with constants for arguments, at the place of the node or at another one."""
    written = [nodes.Const(each) for each in arguments]
    made = nodes.Filter(node, name, written, [], None, None)
    made.set_lineno(lineno if lineno is not None else node.lineno)
    return made


def declared_used(names: Iterable[nodes.Expr], lineno: int) -> nodes.If:
    """Names that are used here, though that is never run.

    Jinja takes a block for a scope of its own, and looks in its body alone for the names that it uses.
    """
    made = nodes.If(nodes.Const(False), [nodes.Output(list(names))], [], [])
    made.set_lineno(lineno)
    return made
