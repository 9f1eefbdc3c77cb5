"""What values become in a text: texts as they are, all else as JSON; and the own whitespace of templates taken off."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.template.metering import MAX_PARTS, VIEWS, check_clock, measured

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHARACTERS_A_PART = 20


class PrintedText(str):
    """The text of a printed value, which is told apart from the template's own text: it is never stripped."""

    __slots__ = ()


def printed(value: Any) -> str:
    """What `{{ value }}` becomes. Raises `RenderError` for a null and for what is not data."""
    if isinstance(value, str):
        return PrintedText(str.__str__(value))
    if value is None:
        raise RenderError(
            "a null is printed",
            code="PK224",
            help="guard it with `{% if ... %}`, or print `| default('...')`",
        )
    if isinstance(value, (bool, int, float, list, tuple, Mapping, *VIEWS)) or _is_iterator(value):
        return PrintedText(to_json(value))
    name = type(value).__name__
    if name == "_MissingType":
        message = "a name is printed that a loop or a block has set, and that is gone behind it"
        raise RenderError(message, code="PK223", help="keep it in a `namespace()`")
    said = _OF_JINJA.get(name, f"a {name}")
    cure = "write `| list`" if isinstance(value, range) else "call it, or name a value"
    raise RenderError(f"{said} is printed, not a value", code="PK223", help=cure)


_OF_JINJA = {
    "LoopContext": "`loop`",
    "Macro": "a macro",
    "Namespace": "a namespace",
    **dict.fromkeys(("builtin_function_or_method", "function", "method", "method_descriptor", "partial"), "a method"),
}
"""What Python and Jinja call the things that a template may name, and not print."""


def kind_of(value: Any) -> str:
    """What a value is, in words: `a list`."""
    kinds = {str: "a text", bool: "true or false", int: "a number", float: "a number", Mapping: "an object"}
    kinds |= {list: "a list", tuple: "a list", type(None): "null"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), type(value).__name__)


def to_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON for people and models: `, ` and `: `, non-ASCII kept, keys in the order given.

    Raises `RenderError` for what is not JSON, such as NaN, and for what is too long.
    """
    data = plain(value)
    try:
        if indent is None:
            return json.dumps(data, ensure_ascii=False, allow_nan=False)
        return "".join(measured(json.JSONEncoder(ensure_ascii=False, indent=indent, allow_nan=False).iterencode(data)))
    except ValueError:
        raise RenderError("a number cannot be printed: it is NaN, infinite or too large", code="PK223") from None


def plain(value: Any) -> Any:
    """A value in builtin lists and dicts. Raises `RenderError` for what is not data, and for what is too long."""
    return _plain(value, [MAX_PARTS])


def _plain(value: Any, left: list[int]) -> Any:
    """Builtin lists and dicts; `left` counts down what may still be printed, however often a part is shared."""
    left[0] -= 1 + (len(value) // _CHARACTERS_A_PART if isinstance(value, str) else 0)
    if left[0] < 0:
        raise RenderError(f"a value has more than {MAX_PARTS:,} parts, or texts as long as these", code="PK220")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (dict, Mapping)):
        check_clock()
        return {key if isinstance(key, str) else json.dumps(key): _plain(item, left) for key, item in value.items()}
    if isinstance(value, (list, tuple, *VIEWS)) or _is_iterator(value):
        check_clock()
        return [_plain(item, left) for item in value]
    if type(value).__module__ == "promptkit.template.environment":
        str(value)  # what is undefined says itself in what it was sought
    raise RenderError(f"a value of type {type(value).__name__} cannot be printed", code="PK223")


def _is_iterator(value: Any) -> bool:
    """Whether a value is what a filter gives item by item; Jinja's own objects, such as `loop`, are none."""
    return isinstance(value, Iterator) and not type(value).__module__.startswith("jinja2.")


def stripped(pieces: Iterable[str]) -> str:
    """Pieces of a rendering joined, without the template's own whitespace at both ends; values stay whole."""
    kept = list(pieces)
    strip_ends(kept, [isinstance(piece, PrintedText) for piece in kept])
    return "".join(kept)


def strip_ends(texts: list[str], are_values: list[bool]) -> None:
    """Strip the template's own texts at both ends, in place; a value that is empty hides nothing."""
    for places, strip in ((range(len(texts)), str.lstrip), (range(len(texts) - 1, -1, -1), str.rstrip)):
        for place in places:
            if not are_values[place]:
                texts[place] = strip(texts[place])
            if texts[place]:
                break
