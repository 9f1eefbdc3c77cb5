"""What is no JSON value, or too much of one: NaN, other types, keys that are no texts, half characters, depth, digits.

The validator looks only at what its schema speaks of, so all of a value is looked at here.
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from promptkit.phrases import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from promptkit.schema.references import Location

    Link = tuple[Any, str | int] | None

DEEPEST_VALUE = 64
"""How deep lists and objects may be nested in each other; the limit for answers too."""

MOST_PARTS = 1_000_000
"""How many parts a value may have in all, keys not counted; what stands at several places counts at each."""

MOST_DIGITS = 4_000
"""How many digits a whole number may have; Python by itself prints no more than 4,300."""

_TOO_LARGE = 10**MOST_DIGITS
_FEW = 16
_SHOWN_DEPTH = 8
_LEAVES = (str, int, float, bool, type(None))
_HOLDERS: tuple[type[dict[Any, Any] | list[Any] | tuple[Any, ...]], ...] = (dict, list, tuple)
_TEXT = frozenset((str,))


def first_fault(value: Any, deepest: int = DEEPEST_VALUE) -> tuple[Location, str] | None:
    """A part of a value that is no JSON: where it is and why; None when all of it is."""
    return None if _is_plain(value, deepest) else _too_many(value, deepest) or _search(value, deepest)


def plain(value: Any) -> Any:
    """A JSON value of Python's exact types: a subclass could say something else of it, a decimal is no JSON.

    What is no JSON value is left as it is.
    """
    if _is_plain(value, DEEPEST_VALUE, _EXACT) or _too_many(value, DEEPEST_VALUE):
        return value
    if _search(value, DEEPEST_VALUE) is not None:
        return value
    return _copied(value, {})


def _copied(value: Any, known: dict[int, Any]) -> Any:
    """The same of exact types; what stands at several places is copied once."""
    for kind, copy in _COPIES.items():
        if _is_one(value, kind) and type(value) is not bool:
            return copy(value)
    if not _is_one(value, dict, list, tuple):
        return value
    if id(value) not in known:
        inside = [(_copied(step, known), _copied(each, known)) for step, each in _inside(value)]
        known[id(value)] = dict(inside) if _is_one(value, dict) else [each for _, each in inside]
    return known[id(value)]


def _is_one(value: Any, *kinds: type) -> bool:
    """Whether a value is of a type, whatever it says of itself: a mock says that it is what it stands for."""
    return issubclass(type(value), kinds)


def _of_decimal(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


_COPIES: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    Decimal: _of_decimal,
}


def _is_plain(value: Any, deepest: int, kinds: Mapping[type, Callable[[Any], str]] | None = None) -> bool:
    """Whether all is JSON at a first look, a level at a time: without places and subclasses, so that it is fast.

    A list or an object that stands at several places of a level is looked at once, and counts at each.
    """
    checks, parts = kinds or _CHECKS, 0
    if type(value) not in _HOLDERS:
        return type(value) in checks and not checks[type(value)](value)
    level: dict[int, tuple[Any, int]] = {id(value): (value, 1)}
    for _ in range(deepest):
        inner: dict[int, tuple[Any, int]] = {}
        for each, times in level.values():
            parts += len(each) * times
            if parts > MOST_PARTS:
                return False
            if type(each) is dict:
                if not _TEXT.issuperset(map(type, each)):
                    return False
                if not all(map(str.isascii, each)) and any(map(_text, each)):
                    return False
                members = each.values()
            else:
                members = each
            if len(each) > _FEW and _are_quickly_plain(members):
                continue
            for part in members:
                kind = type(part)
                if kind is str:
                    if not part.isascii() and _text(part):
                        return False
                elif kind is dict or kind is list or kind is tuple:
                    known = inner.get(id(part))
                    inner[id(part)] = part, times if known is None else known[1] + times
                elif kind not in checks or checks[kind](part):
                    return False
        if not inner:
            return True
        level = inner
    return False  # the search tells


def _are_quickly_plain(values: Collection[Any]) -> bool:
    """Whether many values are of one type, and sound by a look that costs next to nothing for each."""
    kinds = set(map(type, values))
    if len(kinds) > 1:
        return False
    kind = kinds.pop()
    if kind is str:
        return all(map(str.isascii, values))
    if kind is int:
        return bool(max(values) < _TOO_LARGE and min(values) > -_TOO_LARGE)
    return kind is float and all(map(isfinite, values))


def _too_many(value: Any, deepest: int) -> tuple[Location, str] | None:
    """The fault of a value with too many parts: what is read of one takes time and memory by all of them."""
    level, parts = {id(value): (value, 1)}, 0
    for _ in range(deepest + 1):
        inner: dict[int, tuple[Any, int]] = {}  # with how often each stands at this level
        for each, times in level.values():
            holder = next((kind for kind in _HOLDERS if _is_one(each, kind)), None)
            if holder is not None:
                parts += holder.__len__(each) * times
                if parts > MOST_PARTS:
                    return (), f"has more than {MOST_PARTS:,} parts"
                for _, part in _inside(each):
                    if type(part) not in _LEAVES:
                        inner[id(part)] = part, inner.get(id(part), (part, 0))[1] + times
        level = inner
    return None


def _search(value: Any, deepest: int) -> tuple[Location, str] | None:
    waiting: list[tuple[Any, int, Link]] = [(value, 0, None)]
    seen: dict[int, int] = {}
    while waiting:
        each, depth, link = waiting.pop()
        if why := _why(each):
            return _location(link), why
        # What stands at many places is looked at once for each depth: shared parts must not multiply.
        if _is_one(each, dict, list, tuple) and seen.get(id(each), -1) < depth:
            if depth >= deepest:
                return _location(link)[:_SHOWN_DEPTH], f"is nested deeper than {deepest} levels"
            seen[id(each)] = depth
            waiting.extend(reversed([(inner, depth + 1, (link, step)) for step, inner in _inside(each)]))
    return None


def _inside(each: Any) -> Iterable[tuple[Any, Any]]:
    """The parts of a value, by the methods of its type, not by those of a subclass."""
    if _is_one(each, dict):
        return dict.items(each)
    return enumerate(list.__iter__(each) if _is_one(each, list) else tuple.__iter__(each))


def _location(link: Link) -> Location:
    steps: list[str | int] = []
    while link is not None:
        link, step = link
        steps.append(step)
    return tuple(reversed(steps))


def _why(each: Any) -> str:
    check = _CHECKS.get(type(each)) or next((_CHECKS[kind] for kind in _CHECKS if _is_one(each, kind)), None)
    if check is not None:
        return check(each)
    way = next((_WAYS[kind.__name__] for kind in type(each).__mro__ if kind.__name__ in _WAYS), "")
    if not way and hasattr(type(each), "__dataclass_fields__"):
        way = "`dataclasses.asdict(value)`"
    return f"is no JSON value, but of type {type(each).__name__}{way and f': give {way}'}"


def _text(each: str) -> str:
    if str.isascii(each):
        return ""
    try:
        str.encode(each)
    except UnicodeEncodeError:
        return "holds half of a surrogate pair, which is no character"
    return ""


def _whole(each: int) -> str:
    return f"is a number of more than {MOST_DIGITS:,} digits" if int.__abs__(each) >= _TOO_LARGE else ""


def _real(each: float) -> str:
    return "" if isfinite(float.__float__(each)) else f"{float.__repr__(each)} is no JSON number"


def _decimal(each: Decimal) -> str:
    if not Decimal.is_finite(each):
        return f"{Decimal.__str__(each)} is no JSON number"
    if Decimal.adjusted(each) >= MOST_DIGITS:
        return f"is a number of more than {MOST_DIGITS:,} digits"
    if each == Decimal.to_integral_value(each) or Decimal(repr(Decimal.__float__(each))) == each:
        return ""
    shown = shortened(Decimal.__str__(each), _FEW * 4)
    return f"{shown} is kept by no JSON number as it is: give `float(value)`, or `str(value)` where a text is declared"


def _object(each: dict[Any, Any]) -> str:
    keys = [key for key, _ in _inside(each)]
    if not all(_is_one(key, str) for key in keys):
        return "has a key that is no text"
    return next((f"has a key that {why}" for key in keys if (why := _text(str.__str__(key)))), "")


_WAYS = {
    "datetime": "`value.astimezone().isoformat()`",
    "date": "`value.isoformat()`",
    "Fraction": "`float(value)`",
    "time": "`value.isoformat()`, with its time zone",
    **dict.fromkeys(("UUID", "PurePath", "timedelta", "IPv4Address", "IPv6Address"), "`str(value)`"),
    **dict.fromkeys(("set", "frozenset", "deque", "generator", "range"), "`list(value)`"),
    **dict.fromkeys(("bytes", "bytearray"), "`value.decode()`"),
    **dict.fromkeys(("ndarray", "generic", "Series", "Index"), "`value.tolist()`"),
    "Enum": "`value.value`",
    "BaseModel": "`value.model_dump(mode='json')`",
    **dict.fromkeys(("mappingproxy", "ChainMap", "UserDict", "MultiDict"), "`dict(value)`"),
    "UserList": "`list(value)`",
    "DataFrame": "`value.to_dict('records')`",
}
"""What is given in place of values of well-known types, by the names of these."""


def _sound(_: Any) -> str:
    return ""


_CHECKS: dict[type, Callable[[Any], str]] = {
    str: _text,
    bool: _sound,
    int: _whole,
    float: _real,
    type(None): _sound,
    dict: _object,
    list: _sound,
    tuple: _sound,
    Decimal: _decimal,
}
_EXACT = {kind: check for kind, check in _CHECKS.items() if kind is not Decimal}
