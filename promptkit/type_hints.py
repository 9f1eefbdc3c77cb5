"""From a type hint to the check of a value: what is wrong with it, and where, in words for the author of a file.

A hint is `Any`, `str`, `bool`, `int`, `float`, `None` or a part; a `Literal`, a union, a `dict`, a `tuple` of such;
or one of them with `Bounds`. Texts, numbers and truth values are never taken for each other, but for a whole number
where any number will do. Written by hand because a library that could do it takes longer to import than a prompt
takes to render.
"""

from __future__ import annotations

import re
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from collections.abc import Callable

    Location = tuple[str | int, ...]
    Check = Callable[[Any, Location, list["Fault"]], Any]
    """The value as it is kept, given the value, its place in the data, and the list to which faults are added."""


class Bounds:
    """What a text or a number keeps to: `pattern` (of the whole text), `max_length`, `gt`, `ge`, `le`."""

    __slots__ = ("told",)

    def __init__(self, **told: Any) -> None:
        self.told = told


class Fault:
    """One thing that is wrong with data. `missing` and `unknown` are about a key, `wrong` about a value.

    `expected` names the kind of value where it is the kind that is wrong; `allowed` holds the words that could stand
    in the place of the value, or of an unknown key; `keys` are those of the mapping that is expected.
    """

    __slots__ = ("allowed", "expected", "keys", "kind", "location", "value", "words")

    def __init__(
        self,
        kind: Literal["missing", "unknown", "wrong"],
        location: Location,
        words: str,
        value: Any = None,
        *,
        expected: str = "",
        allowed: tuple[str, ...] = (),
        keys: tuple[str, ...] = (),
    ) -> None:
        self.kind = kind
        self.location = location
        self.words = words
        self.value = value
        self.expected = expected
        self.allowed = allowed
        self.keys = keys

    def __repr__(self) -> str:
        return f"Fault({self})"

    def __str__(self) -> str:
        return f"`{'.'.join(map(str, self.location))}`: {self.words}"


def checker(hint: Any) -> Check:
    """The check of a type hint."""
    origin = get_origin(hint)
    if origin is not None:
        return _SHAPES[origin](*get_args(hint))
    own: Check = _PLAIN.get(hint) or hint._read  # noqa: SLF001 (a part has its own check, for nobody else to call)
    return own


def expected(
    what: str, value: Any, location: Location, allowed: tuple[str, ...] = (), keys: tuple[str, ...] = ()
) -> Fault:
    """The fault of a value that is of the wrong kind."""
    return Fault("wrong", location, f"{what} is expected", value, expected=what, allowed=allowed, keys=keys)


def _of_type(kind: type, what: str) -> Check:
    def check(value: Any, location: Location, faults: list[Fault]) -> Any:
        if not isinstance(value, kind) or (value.__class__ is bool and kind is not bool):
            faults.append(expected(what, value, location))
        return value

    return check


def _number(value: Any, location: Location, faults: list[Fault]) -> Any:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    except OverflowError:
        pass
    faults.append(expected("a number", value, location))
    return value


def _anything(value: Any, _: Location, __: list[Fault]) -> Any:
    return value


def _literal(*allowed: Any) -> Check:
    words = tuple(each for each in allowed if isinstance(each, str))
    *most, last = (f"`{each}`" if isinstance(each, str) else str(each).lower() for each in allowed)
    what = f"one of {', '.join(most)} or {last}" if most else last

    def check(value: Any, location: Location, faults: list[Fault]) -> Any:
        if not any(type(value) is type(each) and value == each for each in allowed):
            faults.append(expected(what, value, location, words))
        return value

    return check


def _union(*hints: Any) -> Check:
    """The first alternative that fits. Where none does, the faults of the one that is for this kind of value."""
    checks = [checker(hint) for hint in hints if hint is not NoneType]
    nullable = NoneType in hints

    def check(value: Any, location: Location, faults: list[Fault]) -> Any:
        if value is None and nullable:
            return None
        tried: list[list[Fault]] = []
        for each in checks:
            found: list[Fault] = []
            made = each(value, location, found)
            if not found:
                return made
            tried.append(found)
        inside = [found for found in tried if not found[0].expected or found[0].location != location]
        faults += sorted(inside, key=len)[0] if inside else _joined(tried)
        return value

    return check


def _joined(tried: list[list[Fault]]) -> list[Fault]:
    """One fault that expects any of several kinds."""
    (first, *_), *_ = tried
    what = dict.fromkeys(found[0].expected for found in tried)
    allowed = tuple(word for found in tried for word in found[0].allowed)
    keys = tuple(key for found in tried for key in found[0].keys)
    return [expected(" or ".join(what), first.value, first.location, allowed, keys)]


def _mapping(key_hint: Any, hint: Any) -> Check:
    key_of, item_of = checker(key_hint), checker(hint)

    def check(value: Any, location: Location, faults: list[Fault]) -> Any:
        if not isinstance(value, dict):
            faults.append(expected("a mapping", value, location))
            return value
        made = {}
        for key, item in value.items():
            place = (*location, key)
            made[key_of(key, place, faults)] = item_of(item, place, faults)
        return made

    return check


def _list(*hints: Any) -> Check:
    checks = [checker(hint) for hint in hints if hint is not Ellipsis]
    length = None if Ellipsis in hints else len(hints)

    def check(value: Any, location: Location, faults: list[Fault]) -> Any:
        if not isinstance(value, list | tuple) or length not in (None, len(value)):
            faults.append(expected("a list" if length is None else f"a list of {length}", value, location))
            return value
        each_of = checks if length else checks * len(value)
        return tuple(
            each(item, (*location, index), faults)
            for index, (each, item) in enumerate(zip(each_of, value, strict=True))
        )

    return check


def _bounded(hint: Any, bounds: Bounds) -> Check:
    inner = checker(hint)
    told = [(*_BOUNDS[name], bound) for name, bound in bounds.told.items()]

    def check(value: Any, location: Location, faults: list[Fault]) -> Any:
        before = len(faults)
        made = inner(value, location, faults)
        if len(faults) == before:
            for kept, say, bound in told:
                if not kept(made, bound):
                    faults.append(Fault("wrong", location, say(bound), value))
        return made

    return check


_BOUNDS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any], str]]] = {
    # The whole text: `$` alone also holds before a last line feed.
    "pattern": (lambda text, pattern: re.fullmatch(pattern, text), lambda _: "not a valid value"),
    "max_length": (lambda text, most: len(text) <= most, "it must have at most {} characters".format),
    "gt": (lambda number, least: number > least, "it must be greater than {}".format),
    "ge": (lambda number, least: number >= least, "it must be at least {}".format),
    "le": (lambda number, most: number <= most, "it must be at most {}".format),
}
_PLAIN: dict[Any, Check] = {
    Any: _anything,
    str: _of_type(str, "a text"),
    bool: _of_type(bool, "true or false"),
    int: _of_type(int, "a whole number"),
    float: _number,
}
_SHAPES: dict[Any, Callable[..., Check]] = {
    Annotated: _bounded,
    Literal: _literal,
    Union: _union,
    UnionType: _union,
    dict: _mapping,
    tuple: _list,
}
