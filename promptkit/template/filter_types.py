"""What filters give, where that is plain, and which keys of the items of a list they are told to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.template.inferred_types import (
    entries_of,
    groups_of,
    item_of,
    list_of,
    members_of,
    of_type,
    pairs_of,
    size_of,
)
from promptkit.template.paths import is_constant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from promptkit.template.inferred_types import InferredType


def named_keys(node: Any) -> Iterator[Any]:
    """The constants by which a filter names a key of each item: `map(attribute="price")`, `selectattr("open")`."""
    for keyword in node.kwargs:
        if keyword.key == "attribute" and node.name in _BY_ATTRIBUTE:
            yield keyword.value
    if (node.name in _BY_FIRST or node.name == "sum") and node.args:
        yield node.args[0]


def named_functions(node: Any) -> Iterator[tuple[str, Any]]:
    """The constants by which a filter names another one, or a test: `map("upper")`, `select("odd")`."""
    kind, at = _BY_NAME.get(node.name, ("", 0))
    by_key = node.name == "map" and any(keyword.key == "attribute" for keyword in node.kwargs)
    if kind and not by_key and len(node.args) > at and is_constant(node.args[at]):
        yield kind, node.args[at]


_BY_NAME = {
    "map": ("filter", 0),
    **dict.fromkeys(("select", "reject"), ("test", 0)),
    **dict.fromkeys(("selectattr", "rejectattr"), ("test", 1)),
}


def given_by_filter(node: Any, value: InferredType) -> InferredType:
    """What a filter makes of a value."""
    gives = _GIVES.get(node.name)
    return gives(node, value) if gives else None


def mapped(node: Any, value: InferredType) -> InferredType:
    """The list of what a filter's attribute is in each item; the items themselves where it names none."""
    keys = list(named_keys(node))
    item = item_of(value)
    if not keys and node.name != "map":
        return value
    key = next((key.value for key in keys if is_constant(key)), None)
    if item is None or not isinstance(key, str) or "." in key:
        return None
    return list_of(members_of(item, key)[1] or None)


def _grouped(node: Any, value: InferredType) -> InferredType:
    key = next((key.value for key in named_keys(node) if is_constant(key)), None)
    return groups_of(item_of(value), key if isinstance(key, str) and "." not in key else None)


METHOD_GIVES: Mapping[str, Callable[[InferredType], InferredType]] = {"items": pairs_of, "values": entries_of}
"""What the methods of objects give."""
_BY_ATTRIBUTE = frozenset({"map", "sum", "sort", "unique", "min", "max", "groupby", "join"})
_BY_FIRST = frozenset({"selectattr", "rejectattr", "groupby"})
_LISTS = ("sort", "unique", "reverse", "list", "selectattr", "rejectattr", "select", "reject")
_TEXTS = (
    *("upper", "lower", "trim", "title", "capitalize", "replace", "join", "tojson", "json", "truncate", "indent"),
    *("table", "csv", "xml", "bullets", "decimals", "truncate_tokens"),
)
_GIVES: Mapping[str, Callable[[Any, InferredType], InferredType]] = {
    **dict.fromkeys(_TEXTS, lambda _, __: of_type("string")),
    **dict.fromkeys(("wordcount", "int"), lambda _, __: of_type("integer")),
    **dict.fromkeys(("length", "count"), lambda _, value: size_of(value)),
    **dict.fromkeys(("round", "float"), lambda _, __: of_type("number")),
    **dict.fromkeys(("first", "last", "min", "max"), lambda _, value: item_of(value)),
    **dict.fromkeys(_LISTS, lambda _, value: value if item_of(value) is not None else None),
    "map": mapped,
    "groupby": _grouped,
    **dict.fromkeys(("items", "dictsort"), lambda _, value: pairs_of(value)),
}
