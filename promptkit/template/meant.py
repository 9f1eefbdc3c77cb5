"""What was meant by a filter, a test or a function that does not exist here, but does in Python or in other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.template.filters import REFUSED_FILTERS
from promptkit.template.sandbox import ALLOWED_METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping


def filter_meant(name: str) -> str:
    """The cure for a filter that does not exist, where one is known."""
    if name in _FILTERS:
        return f"write `| {_FILTERS[name]}`"
    if name in _WRITTEN:
        return _WRITTEN[name]
    if name in REFUSED_FILTERS:
        return "leave it out: a prompt is no HTML, and renders the same each time"
    if any(name in methods for methods in ALLOWED_METHODS.values()):
        return f"it is a method: write `value.{name}(...)`"
    return ""


def function_meant(name: str) -> str:
    """The filter that others call as a function."""
    meant = name if name in _CALLED else _FILTERS.get(name)
    return f"write it as a filter: `... | {meant}`" if meant else ""


_CALLED = frozenset({"int", "float", "list", "sum", "max", "min", "round", "upper", "lower", "tojson", "join", "trim"})
_CALLED |= {"replace", "abs"}
_FILTERS: Mapping[str, str] = {
    **dict.fromkeys(("len", "size"), "length"),
    **dict.fromkeys(("str", "to_s"), "string"),
    **dict.fromkeys(("sorted", "sort_by"), "sort"),
    **dict.fromkeys(("reversed",), "reverse"),
    **dict.fromkeys(("json", "to_json", "toJSON", "json_encode", "json_dumps", "dumps", "dump"), "tojson"),
    **dict.fromkeys(("lowercase", "downcase", "lower_case"), "lower"),
    **dict.fromkeys(("uppercase", "upcase", "upper_case"), "upper"),
    **dict.fromkeys(("strip", "lstrip", "rstrip", "chomp"), "trim"),
    **dict.fromkeys(("capfirst",), "capitalize"),
    **dict.fromkeys(("titlecase",), "title"),
    **dict.fromkeys(("uniq",), "unique"),
    **dict.fromkeys(("where",), "selectattr"),
    **dict.fromkeys(("truncatechars", "truncatewords"), "truncate"),
    **dict.fromkeys(("markdown_table", "to_table"), "table"),
}
"""What Python, Liquid (Shopify), Django and Nunjucks call a filter that has another name here."""
_WRITTEN: Mapping[str, str] = {
    "format": "join texts with `~`; numbers have `| round(2)`",
    "attr": "write `value.name` or `value['name']`",
    "pprint": "write `| tojson(2)`",
    "contains": "write `'word' in value`",
}
