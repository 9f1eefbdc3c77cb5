"""What templates may call: methods by an allow-list, a few functions; and which names are one to Python."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT_METHODS = """
    capitalize casefold count endswith find index isalnum isalpha isdecimal isdigit islower isnumeric isspace
    istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind rindex rpartition rsplit
    rstrip split splitlines startswith strip swapcase title upper
"""
ALLOWED_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(_TEXT_METHODS.split()),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    int: frozenset(),
    float: frozenset({"is_integer"}),
}
"""Which methods a template may call, by the type of the value."""

_GROWS = "collect in a namespace: `{% set ns = namespace(all=[]) %}`, then `{% set ns.all = ns.all + [...] %}`"
_MERGES = "make a new object: `{% set new = dict(old, key=value) %}`"
CHANGING: Mapping[str, str] = {
    **dict.fromkeys(("append", "extend", "insert"), _GROWS),
    **dict.fromkeys(("update", "setdefault"), _MERGES),
    **dict.fromkeys(("clear", "pop", "popitem", "remove"), "keep what is wanted: `| reject(...)`, `| list`, a slice"),
    "sort": "write `| sort`",
    "reverse": "write `| reverse | list`",
}
"""Methods of Python that change what they are called on, and what helps instead."""

FUNCTIONS = frozenset({"range", "dict", "namespace", "joiner", "cycler"})
"""The functions that every template has."""


def folded(name: str) -> str:
    """A name as Python takes it (PEP 3131): two that look different can be the same variable in what is compiled."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)
