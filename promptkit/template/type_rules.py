"""Operations on values of declared types: which always fail, and which do something else than was meant.

Said only where the declared types settle it, of a value that is not null. The rules are Python's for JSON's types
(its reference, "Expressions"), less what the sandbox refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

Kinds = frozenset[str]
"""JSON types that a value can have; none when nobody can tell."""
Wrong = tuple[str, str]
"""What is wrong, and the cure."""

NUMBERS = frozenset({"integer", "number", "boolean"})
_WHOLE = NUMBERS
"""What may be a whole number: 3 is a `number` too."""
_TEXT, _LIST, _OBJECT = frozenset({"string"}), frozenset({"array"}), frozenset({"object"})
_MANY = frozenset({"array", "string", "object"})
_ANY = _MANY | NUMBERS

Pairs = tuple[tuple[Kinds, Kinds], ...]
_NUMERIC: Pairs = ((NUMBERS, NUMBERS),)
_ORDERED: Pairs = (*_NUMERIC, (_TEXT, _TEXT), (_LIST, _LIST))
_OPERANDS: Mapping[str, Pairs] = {
    "+": (*_NUMERIC, (_TEXT, _TEXT), (_LIST, _LIST)),
    "*": (*_NUMERIC, (_WHOLE, _TEXT | _LIST), (_TEXT | _LIST, _WHOLE)),
    **dict.fromkeys(("-", "/", "//", "%", "**"), _NUMERIC),
    **dict.fromkeys(("<", "<=", ">", ">="), _ORDERED),
    **dict.fromkeys(("in", "not in"), ((_TEXT, _TEXT), (_ANY, _LIST), (_TEXT | NUMBERS, _OBJECT))),
}
"""The types that each operator takes on its left and on its right."""

_TAKES: Mapping[str, Kinds] = {
    **dict.fromkeys(("length", "count", "first", "last", "join", "min", "max", "unique", "list", "reverse"), _MANY),
    **dict.fromkeys(("map", "select", "reject", "batch", "slice", "sort"), _MANY),
    **dict.fromkeys(("selectattr", "rejectattr", "groupby", "sum", "table", "csv"), _LIST),
    "bullets": _LIST | _OBJECT,
    **dict.fromkeys(("dictsort", "items"), _OBJECT),
    **dict.fromkeys(("abs", "decimals", "round"), NUMBERS),
}
_TESTED: Mapping[str, Kinds] = dict.fromkeys(("odd", "even", "divisibleby"), NUMBERS)

_NAMES = {"string": "a text", "boolean": "true or false", "integer": "a number", "number": "a number"}
_NAMES |= {"array": "a list", "object": "an object"}


def wrong_operands(operator: str, left: Kinds, right: Kinds) -> Wrong | None:
    """Why an operator always fails between values of these types."""
    pairs = _OPERANDS[operator]
    if not left or not right or any(one & left and other & right for one, other in pairs):
        return None
    cure = "join texts with `~`" if operator == "+" and "string" in left | right else ""
    cure = "to put values into a text, join them with `~`" if operator == "%" and "string" in left else cure
    return f"`{operator}` does not go between {named(left)} and {named(right)}", cure


def wrong_operand(sign: str, kinds: Kinds) -> Wrong | None:
    """Why a sign always fails before a value of these types."""
    return (f"`{sign}` takes a number, not {named(kinds)}", "") if kinds and not kinds & NUMBERS else None


def wrong_value(what: str, name: str, kinds: Kinds) -> Wrong | None:
    """Why a filter or a test always fails on a value of these types."""
    takes = (_TAKES if what == "filter" else _TESTED).get(name, _ANY)
    if not kinds or kinds & takes:
        return None
    return f"the {what} `{name}` takes {named(takes)}, not {named(kinds)}", ""


_MEANS: Mapping[str, tuple[Kinds, str]] = {
    "string": (_TEXT, "a text"),
    "number": (NUMBERS, "a number"),
    "integer": (_WHOLE, "a whole number"),
    "float": (frozenset({"number", "integer"}), "a number with a point"),
    "boolean": (frozenset({"boolean"}), "true or false"),
    "mapping": (_OBJECT, "an object"),
    "sequence": (_MANY, "a list"),
    "iterable": (_MANY, "a list"),
}
"""The types of which a test may hold."""


def never_is(test: str, kinds: Kinds) -> Wrong | None:
    """What a test asks for that values of these types never are, and what they are."""
    means = _MEANS.get(test)
    return (means[1], f"it is {named(kinds)}") if means and kinds and not kinds & means[0] else None


def wrong_sum(items: Kinds) -> Wrong | None:
    """Why items of these types cannot be added up."""
    cure = "join texts with `| join(', ')`" if items & _TEXT else ""
    return (f"the filter `sum` adds numbers, not {named(items)}", cure) if items and not items & NUMBERS else None


def wrong_loop(kinds: Kinds) -> Wrong | None:
    """Why a loop fails on values of these types, or runs through characters."""
    if kinds == _TEXT:
        return "this loop runs through the characters of a text", "declare a list, or say `| list` if they are meant"
    if kinds and not kinds & _MANY:
        return f"a loop runs through a list, not {named(kinds)}", "for a number of times, loop over `range(...)`"
    return None


KEYS_ONLY: Wrong = "a loop over an object runs through its keys alone", "for keys and values loop over `... | items`"


def wrong_count(kinds: Kinds) -> Wrong | None:
    """Why `range` cannot count to values of these types."""
    cure = "for a number in a text write `... | int`" if kinds & _TEXT else "for each of a list, loop over the list"
    return (f"`range` takes whole numbers, not {named(kinds)}", cure) if kinds and not kinds & NUMBERS else None


JOINED_TEXT: Wrong = "`join` puts its sign between the characters of a text", "declare a list: `[string]`"
KEYS_OF_EACH: Wrong = "an object unpacked into names gives its keys, not its values", "look the fields up: `row.name`"


LETTERS: Wrong = (
    "each item is a text, which is unpacked into its letters",
    "give each item one name, as in `for item in items`",
)


def beyond(node: Any, index: int) -> Wrong | None:
    """Why a number looks nothing up in a list that is written out."""
    items = getattr(node, "items", None)
    if type(node).__name__ not in ("List", "Tuple") or items is None or -len(items) <= index < len(items):
        return None
    return f"the list has {counted(len(items), 'item')}, counted from 0", ""


def wrong_index(kinds: Kinds) -> Wrong | None:
    """Why a number looks nothing up in values of these types."""
    return (f"{named(kinds)} has no items", "") if kinds and not kinds & _MANY else None


def named(kinds: Collection[str]) -> str:
    """Types in words: `a text, a list or an object`."""
    *others, last = _distinct(_NAMES[kind] for kind in _NAMES if kind in kinds and not _is_extra(kind, kinds))
    return f"{', '.join(others)} or {last}" if others else last


def _is_extra(kind: str, kinds: Collection[str]) -> bool:
    """Whether a type goes without saying: true and false are numbers to Python."""
    return kind == "boolean" and len(kinds) > 1


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
