"""Literals in declarations: numbers, quoted texts, defaults; and the error that says where one cannot be read."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
"""A number as declarations have it, as a pattern."""

_LEAST = (">=", ">", "\N{GREATER-THAN OR EQUAL TO}")
ORDERS = "|".join((*_LEAST, "<=", "<", "\N{LESS-THAN OR EQUAL TO}"))
"""How others write that a value is above or below a number."""


def bound_of(order: str, number: str) -> str:
    """The bound that is meant by an order and a number."""
    return f"{number}.." if order in _LEAST else f"..{number}"


QUOTED = LatePattern(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'', re.DOTALL)
"""A quoted text."""

_LONGEST_NUMBER = 1000


class ShorthandError(ValueError):
    """A declaration that cannot be read: the fault's 0-based `offset` and `length` in the text, and the cure."""

    def __init__(self, message: str, offset: int = 0, length: int = 1, help: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length
        self.help = help

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.offset, self.length, self.help)


def fail(message: str, offset: int, length: int, help: str) -> NoReturn:
    """Raise a `ShorthandError`."""
    raise ShorthandError(message, offset, length, help)


def unquoted(quoted: str, offset: int) -> str:
    """The text that stands in quotes; `offset` is its place, for the error."""
    if quoted[0] == "'":
        return quoted[1:-1].replace("''", "'")
    try:
        text = str(json.loads(quoted, strict=False))
        text.encode()
    except UnicodeEncodeError:
        fail("half of a surrogate pair is no character", offset, len(quoted), "write the character itself")
    except ValueError:
        fail("a backslash in double quotes begins an escape", offset, len(quoted), "double it, or use single quotes")
    return text


def read_number(text: str) -> int | float:
    """A JSON number; raises ValueError. Whole ones of any spelling but with `.` or `e` are integers."""
    if not re.fullmatch(NUMBER, text) or len(text) > _LONGEST_NUMBER:
        raise ValueError(text)
    value = float(text) if re.search(r"[.eE]", text) else int(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


_CURES = {
    "boolean": "write `true` or `false`",
    "integer": "write digits, such as `= 5`",
    "number": "write digits, such as `= 0.5`",
}


def read_default(text: str, offset: int, schema: dict[str, Any]) -> Any:
    """A default's value, by the declared schema; `offset` is its place. Raises `ShorthandError`."""
    if not text:
        fail("the default is missing", max(offset - 1, 0), 1, 'write it behind `=`; an empty text is `""`')
    for kind in _default_kinds(schema):
        try:
            return _DEFAULT_READERS[kind](text)
        except (ValueError, RecursionError):
            continue
    wanted = " or ".join(_default_kinds(schema))
    cure = _CURES.get(wanted, "write lists and objects as JSON")
    fail(f"the default `{text[:40]}` cannot be read as {wanted}", offset, len(text), cure)


def _default_kinds(schema: dict[str, Any]) -> list[str]:
    """The types that a default is tried as, the most special first."""
    if "enum" in schema:
        kinds = {"string", "null"} if None in schema["enum"] else {"string"}
    elif "anyOf" in schema:
        kinds = {kind for each in schema["anyOf"] for kind in _default_kinds(each)}
    else:
        kind = schema.get("type", list(_DEFAULT_READERS))
        kinds = {kind} if isinstance(kind, str) else set(kind)
    return [kind for kind in _DEFAULT_READERS if kind in kinds]


def _read_null(text: str) -> None:
    if text != "null":
        raise ValueError(text)


def _read_boolean(text: str) -> bool:
    return {"true": True, "false": False}[text] if text in ("true", "false") else _no_value(text)


def _read_integer(text: str) -> int:
    value = read_number(text)
    return value if isinstance(value, int) else _no_value(text)


def _read_json(kind: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = json.loads(text, parse_constant=_no_value, parse_float=read_number)
        return value if isinstance(value, kind) else _no_value(text)

    return read


def _read_text(text: str) -> str:
    return unquoted(text, 0) if QUOTED.fullmatch(text) else text


def _no_value(text: str) -> Any:
    raise ValueError(text)


_DEFAULT_READERS: dict[str, Callable[[str], Any]] = {
    "null": _read_null,
    "boolean": _read_boolean,
    "integer": _read_integer,
    "number": read_number,
    "array": _read_json(list),
    "object": _read_json(dict),
    "string": _read_text,
}
