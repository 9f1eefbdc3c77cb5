"""Inputs that are given as texts, as in commands: what their declared types read in them, or how to write them."""

from __future__ import annotations

import ast
import json
import shlex
from contextlib import suppress
from typing import Any

from promptkit.schema.misfit_cures import plain_number
from promptkit.yaml_nodes import SWITCHES

__all__ = ["UnreadableText", "read_text"]

_SAMPLES = {"array": ["a", "b"], "object": {"key": "value"}, "boolean": True, "integer": 3, "number": 0.5}
_STRUCTURES = {"array": list, "boolean": bool, "object": dict}
_WORDS = {name: word == "true" for name, word in SWITCHES.items()} | {
    "true": True,
    "false": False,
    "1": True,
    "0": False,
}
_MOST_QUOTED = 40
_LONGEST_LITERAL = 10_000


class UnreadableText(ValueError):
    """A text that is no value of its type: `wanted` is the type's name, and `value` one that may be meant instead."""

    def __init__(self, text: str, schema: Any) -> None:
        kind = schema.get("type", "value") if isinstance(schema, dict) else "value"
        self.wanted = kind if isinstance(kind, str) else " or ".join(kind)
        self._value = _meant(text, self.wanted, schema) if isinstance(schema, dict) else None
        self._sample = _sample(self.wanted, schema)
        super().__init__(f"{text[:_MOST_QUOTED]!r} is not a JSON {self.wanted}")

    def cure(self, name: str, *, secret: bool = False) -> str:
        """How the input is written on a command line; nothing of what was given, if it is secret."""
        known = self._value is not None and not secret
        value = self._value if known else self._sample
        if value is None:
            return ""
        written = f"{name}={shlex.quote(json.dumps(value, ensure_ascii=False))}"
        return f"write it as {written}" if known else f"it is written like {written}"


def read_text(text: str, schema: Any) -> Any:
    """A text by its declared type: a text stays as it is; all else is JSON, or a text where that is allowed.

    Raises `UnreadableText`.
    """
    kinds = _kinds(schema)
    if kinds <= {"string"}:
        return text
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        if "string" in kinds or not kinds:
            return text
        raise UnreadableText(text, schema) from None
    if kinds == {"integer"} and isinstance(value, float) and value.is_integer():
        return int(value)
    form = _STRUCTURES.get(next(iter(kinds))) if len(kinds) == 1 else None
    if form is not None and value is not None and not isinstance(value, form):
        raise UnreadableText(text, schema)
    is_text = "string" in kinds and kinds.isdisjoint(("object", "array", "any"))
    return text if is_text and isinstance(value, (dict, list)) else value


def _kinds(schema: Any) -> set[str]:
    if not isinstance(schema, dict):
        return {"any", "string"}
    if "enum" in schema:
        return {"string"} if all(isinstance(item, str) for item in schema["enum"]) else {"string", "any"}
    kind = schema.get("type", ())
    if not kind and (branches := schema.get("anyOf") or schema.get("oneOf")):
        return set().union(*map(_kinds, branches)) or {"any"}
    return ({kind} if isinstance(kind, str) else set(kind)) or {"any", "string"}


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _finite(number: str) -> float:
    if float(number) in (float("inf"), float("-inf")):
        raise ValueError(number)
    return float(number)


def _meant(text: str, kind: str, schema: dict[str, Any]) -> Any:
    """The value that a text seems to mean; None where nobody knows."""
    if kind == "boolean":
        return _WORDS.get(text.strip().lower())
    if kind in ("integer", "number"):
        number = plain_number(text.strip())
        return json.loads(number) if number and (kind == "number" or "." not in number) else None
    if kind in ("array", "object"):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            value = ast.literal_eval(text.strip()) if len(text) <= _LONGEST_LITERAL else None
            if isinstance(value, _STRUCTURES[kind]):
                return json.loads(json.dumps(value, allow_nan=False))
    return _listed(text, schema.get("items")) if kind == "array" and len(text) <= _LONGEST_LITERAL else None


def _listed(text: str, items: Any) -> list[Any] | None:
    """The items between commas."""
    if text.strip() and not text.lstrip().startswith(("[", "{")):
        with suppress(UnreadableText):
            return [read_text(part.strip(), items) for part in text.split(",")]
    return None


def _sample(kind: str, schema: Any) -> Any:
    """A value of the type; None where it has no type of its own."""
    items = schema.get("items") if isinstance(schema, dict) else None
    of = items.get("type") if kind == "array" and isinstance(items, dict) else None
    return [_SAMPLES[of]] if isinstance(of, str) and of in _SAMPLES else _SAMPLES.get(kind)
