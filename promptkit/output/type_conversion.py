"""A value converted to another JSON type, where nothing of it is lost: `"5"` to 5, 5 to `"5"`, `"yes"` to true."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.output.envelope import read_alone
from promptkit.output.place import Place
from promptkit.output.scalars import is_null, number_of, style_of, truth_of
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.phrases import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST_SHOWN = 40
_NUMBER = LatePattern(r"-?(?:\d[\d._]*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Converted:
    """A value of the other type, and what was done; of a number, how it was written, where that leaves a doubt."""

    value: Any
    what: str
    style: str = ""


class Origin:
    """What a value was read from: the answer's text, and the document of the schema."""

    def __init__(self, root: Any, text: str) -> None:
        self.root = root
        self.text = text

    @cached_property
    def numbers(self) -> dict[float, set[str]]:
        """The numbers in the text, each with the ways in which it is written."""
        found: dict[float, set[str]] = {}
        for written in set(_NUMBER.findall(self.text)):
            with suppress(ValueError):
                found.setdefault(float(written), set()).add(written)
        return found

    def written(self, number: float) -> str | None:
        """A number as it is written in the text, such as 1.10; None where that is not certain."""
        plain = json.dumps(number)
        if isinstance(number, int):
            zeros = self.numbers.get(0.0, set()) if number == 0 else set()
            return plain if "-0" not in zeros else "-0" if zeros == {"-0"} else None
        forms = self.numbers.get(number, set())
        return next(iter(forms)) if len(forms) == 1 else None


def converted(kind: str, value: Any, form: dict[str, Any], origin: Origin) -> Converted | None:
    """The value as one of a JSON type; None where it is none."""
    convert = _CONVERSIONS.get(kind)
    return convert(value, form, origin) if convert is not None else None


def short(value: Any) -> str:
    """A value as it is named in what was done to it: on one line, and not all of a long one."""
    return shortened(" ".join(str(value).split()), _MOST_SHOWN)


def _to_text(value: Any, _: dict[str, Any], origin: Origin) -> Converted | None:
    if isinstance(value, bool):
        return Converted("true" if value else "false", "truth value to text")
    if not isinstance(value, (int, float)):
        return None
    written = origin.written(value)
    return None if written is None else Converted(written, "number to text")


def _to_number(value: Any, form: dict[str, Any], *, whole: bool) -> Converted | None:
    if not isinstance(value, str):
        return None
    bounds = [form.get("maximum"), form.get("exclusiveMaximum")]
    most = min((each for each in bounds if isinstance(each, (int, float))), default=None)
    number = number_of(value, whole=whole, most=most)
    return None if number is None else Converted(number, f"`{short(value)}` to a number", style_of(value))


def _to_truth(value: Any, _: dict[str, Any], __: Origin) -> Converted | None:
    if type(value) is int and value in (0, 1):
        return Converted(bool(value), f"{value} to true or false")
    truth = _SHORT_TRUTHS.get(value.strip().lower(), truth_of(value)) if isinstance(value, str) else None
    return None if truth is None else Converted(truth, f"`{short(value)}` to true or false")


_SHORT_TRUTHS = {"1": True, "0": False, "y": True, "n": False}


def _to_null(value: Any, _: dict[str, Any], __: Origin) -> Converted | None:
    return Converted(None, f"`{value}` to null") if isinstance(value, str) and is_null(value) else None


def _parsed(value: Any, form: dict[str, Any], origin: Origin, kind: type) -> Converted | None:
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return None
    try:
        parsed = parse_json(value)
    except NotJson:
        read = read_alone(value, Place(origin.root, form))
        parsed = None if read is None else read.value
    return Converted(parsed, "JSON inside of a text read") if isinstance(parsed, kind) else None


_CONVERSIONS: Mapping[str, Callable[[Any, dict[str, Any], Origin], Converted | None]] = {
    "string": _to_text,
    "integer": lambda value, form, _: _to_number(value, form, whole=True),
    "number": lambda value, form, _: _to_number(value, form, whole=False),
    "boolean": _to_truth,
    "null": _to_null,
    "object": lambda value, form, origin: _parsed(value, form, origin, dict),
    "array": lambda value, form, origin: _parsed(value, form, origin, list),
}
