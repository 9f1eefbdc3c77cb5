"""What was meant by a filter, a test or a function that does not exist here, but does in Python or in other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.diagnostics import nearest
from promptkit.template.filters import REFUSED_FILTERS
from promptkit.template.inferred_types import item_of, kinds_of, members_of
from promptkit.template.sandbox import ALLOWED_METHODS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from promptkit.template.inferred_types import InferredType


def filter_meant(name: str, known: Collection[str], *, of_map: bool) -> str:
    """The cure for a filter that does not exist, where one is known; one that `map` is to apply may be a field."""
    if name in _FILTERS:
        return f"write `| {_FILTERS[name]}`"
    if name in _WRITTEN:
        return _WRITTEN[name]
    if name in REFUSED_FILTERS:
        return _REFUSED.get(name, "leave it out: a prompt is no HTML")
    if any(name in methods for methods in ALLOWED_METHODS.values()):
        return f"it is a method: write `value.{name}(...)`"
    if of_map and not nearest(name, known):
        return f"a field of each item is named by `map(attribute='{name}')`"
    return ""


def function_meant(name: str) -> str:
    """The filter that others call as a function."""
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    meant = name if name in _CALLED else _FILTERS.get(name)
    return f"write it as a filter: `... | {meant}`" if meant else ""


def test_meant(name: str, known: Collection[str]) -> str:
    """The cure for a test that does not exist."""
    if name in _TESTS:
        return _TESTS[name]
    return "" if nearest(name, known) else f"a word is compared: `== '{name}'`"


def member_meant(key: str, of: str, value: InferredType) -> str:
    """The cure for what is looked up in a value that has no such thing, where others have it."""
    of = of or "value"
    if key in _LENGTHS or (nearest(key, ["length"]) and not kinds_of(value) & {"object"}):
        return f"write `{of} | length`"
    if key == "format" and kinds_of(value) == {"string"}:
        return "texts are joined with `~`"
    if key in _TEXT_FILTERS and kinds_of(value) == {"string"}:
        return f"it is a filter: `{of} | {key}(...)`"
    if key in _LIST_FILTERS and kinds_of(value) == {"array"}:
        return f"it is a filter: `{of} | {key}`"
    if (cure := _METHODS.get(key)) and kinds_of(value) <= {"string", "array"}:
        return cure.replace("value", of)
    if kinds_of(value) == {"array"} and members_of(item_of(value), key)[1]:
        return f"each item has it: `{{% for each in {of} %}}{{{{ each.{key} }}}}{{% endfor %}}`, or `{of}[0].{key}`"
    return ""


_REFUSED = {"random": "leave it out: a prompt renders the same each time"}
_LIST_FILTERS = frozenset(("join", "sort", "reverse", "first", "last", "map"))
_TEXT_FILTERS = frozenset(("center", "indent", "truncate", "wordwrap"))
_METHODS: Mapping[str, str] = {
    **dict.fromkeys(("slice", "substring", "substr"), "write `value[0:3]`"),
    **dict.fromkeys(("includes", "contains", "indexOf"), "write `'...' in value`"),
    **dict.fromkeys(("toString", "toFixed"), "write `value | string`, or `value | decimals(2)`"),
    **dict.fromkeys(("toUpperCase", "uppercase"), "write `value | upper`"),
    **dict.fromkeys(("toLowerCase", "lowercase"), "write `value | lower`"),
    **dict.fromkeys(("push", "append", "concat"), "write `value + [...]`"),
}
"""What JavaScript calls as methods, with `value` for what they are called on."""
_LENGTHS = frozenset(("length", "size", "len", "count"))
_TESTS: Mapping[str, str] = {
    **dict.fromkeys(("nil", "null", "undefined_or_none"), "write `is none`"),
    **dict.fromkeys(("empty", "blank"), "write `not value`"),
    **dict.fromkeys(("equal", "equals"), "write `==`"),
    **dict.fromkeys(("str", "text"), "write `is string`"),
    **dict.fromkeys(("list", "array"), "write `is sequence`"),
    **dict.fromkeys(("dict", "object"), "write `is mapping`"),
    **dict.fromkeys(("contains", "containing"), "write `'word' in value`"),
}
_CALLED = frozenset({"int", "float", "list", "sum", "max", "min", "round", "upper", "lower", "tojson", "join", "trim"})
_CALLED |= {"replace", "abs"}
_FUNCTIONS: Mapping[str, str] = {
    "enumerate": "`loop.index0` counts inside of a loop, `loop.index` from 1",
    "include": "a file is included with `{% include 'path' %}`",
    "zip": "loop over one list, and look the other up: `others[loop.index0]`",
    "print": "a value is printed with `{{ value }}`",
}
_FILTERS: Mapping[str, str] = {
    **dict.fromkeys(("len", "size"), "length"),
    **dict.fromkeys(("str", "to_s"), "string"),
    **dict.fromkeys(("sorted", "sort_by"), "sort"),
    "reversed": "reverse",
    **dict.fromkeys(("json", "to_json", "toJSON", "json_encode", "json_dumps", "dumps", "dump"), "tojson"),
    **dict.fromkeys(("lowercase", "downcase", "lower_case"), "lower"),
    **dict.fromkeys(("uppercase", "upcase", "upper_case"), "upper"),
    **dict.fromkeys(("strip", "lstrip", "rstrip", "chomp"), "trim"),
    "capfirst": "capitalize",
    "titlecase": "title",
    "uniq": "unique",
    "where": "selectattr",
    **dict.fromkeys(("truncatechars", "truncatewords"), "truncate"),
    **dict.fromkeys(("markdown_table", "to_table"), "table"),
}
"""What Python, Liquid (Shopify), Django and Nunjucks call a filter that has another name here."""
_WRITTEN: Mapping[str, str] = {
    "format": "join texts with `~`; numbers have `| decimals(2)`",
    "attr": "write `value.name` or `value['name']`",
    "pprint": "write `| tojson(2)`",
    "contains": "write `'word' in value`",
}
