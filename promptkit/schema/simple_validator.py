"""Schemas of types, words, bounds and closed objects, as most prompts have them: judged without a validator.

They spare the making of a validator, and the import of its package where nothing else needs it. What has a `$schema`,
a pattern, a format, a union or a reference is not plain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.schema.equality import KINDS, is_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DEEPEST = 6
_VALUES = frozenset((str, int, float, bool, type(None), list, dict))
_OF_TEXTS = frozenset(("type", "enum", "title", "description"))
_HALF = LatePattern("[\ud800-\udfff]")
_LARGEST = 2**53
"""Numbers up to this are exact in every implementation of JSON."""


def is_plain(schema: Any, deepest: int = _DEEPEST) -> bool:
    """Whether a schema is surely sound, and `fits_plainly` judges by it."""
    if not isinstance(schema, dict):
        return isinstance(schema, bool)
    for keyword, value in schema.items():
        kind = _SOUND.get(keyword)
        if kind is not None:
            if not kind(value):
                return False
        elif keyword == "properties":
            if not isinstance(value, dict) or not deepest:
                return False
            if not all(_is_text(name) and is_plain(each, deepest - 1) for name, each in value.items()):
                return False
        elif keyword not in ("items", "additionalProperties") or not deepest or not is_plain(value, deepest - 1):
            return False
    return True


def texts_taken(schema: Any) -> Callable[[str], bool] | None:
    """Tells of texts that a schema surely takes, at little cost; None for one that does not speak of texts alone."""
    if isinstance(schema, dict) and schema.keys() <= _OF_TEXTS and is_plain(schema):
        if "enum" in schema:
            return frozenset(schema["enum"]).__contains__ if schema.get("type", "string") == "string" else None
        return str.isascii if schema.get("type") == "string" else None  # other texts may hold half a character
    return None


def fits_plainly(schema: Any, value: Any) -> bool:
    """Whether a JSON value fits a schema that `is_plain`; False too for values that are not of JSON's own types."""
    if not isinstance(schema, dict):
        return bool(schema)
    if type(value) not in _VALUES:
        return False
    for keyword, said in schema.items():
        judge = _JUDGES.get(keyword)
        if judge is not None and not judge(said, value):
            return False
    if isinstance(value, dict):
        return _fields_fit(schema, value)
    if isinstance(value, list) and "items" in schema:
        items = schema["items"]
        return all(fits_plainly(items, each) for each in value)
    return True


def _fields_fit(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    return all(fits_plainly(properties.get(name, others), each) for name, each in value.items())


def _is_type(value: Any) -> bool:
    if isinstance(value, list):
        return 0 < len(value) == len({each for each in value if isinstance(each, str) and each in KINDS})
    return isinstance(value, str) and value in KINDS


def _is_enum(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(each is None or _is_text(each) for each in value)


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and len(value) == len({each for each in value if _is_text(each)})


def _is_text(value: Any) -> bool:
    """A text without half characters, which are none of JSON's."""
    return isinstance(value, str) and (value.isascii() or not _HALF.search(value))


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST


def _is_bound(value: Any) -> bool:
    return type(value) is int and -_LARGEST <= value <= _LARGEST


_SOUND: Mapping[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "enum": _is_enum,
    "required": _are_names,
    **dict.fromkeys(("title", "description"), _is_text),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_size),
    **dict.fromkeys(("minimum", "maximum"), _is_bound),
}
_is_number = KINDS["number"]
_JUDGES: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": lambda kind, value: KINDS[kind](value) if isinstance(kind, str) else is_kind(value, kind),
    "enum": lambda words, value: value in words,
    "required": lambda names, value: not isinstance(value, dict) or all(name in value for name in names),
    "minLength": lambda least, value: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda most, value: not isinstance(value, str) or len(value) <= most,
    "minItems": lambda least, value: not isinstance(value, list) or len(value) >= least,
    "maxItems": lambda most, value: not isinstance(value, list) or len(value) <= most,
    "minimum": lambda least, value: not _is_number(value) or value >= least,
    "maximum": lambda most, value: not _is_number(value) or value <= most,
}
