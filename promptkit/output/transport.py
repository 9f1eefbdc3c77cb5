"""How an answer's form is asked for on the wire: `json_schema`, JSON mode, or by the prompt alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from promptkit.completion import AnswerForm
from promptkit.thought import wrapped_schema

if TYPE_CHECKING:
    from promptkit.completion import ModelFacts
    from promptkit.output.ladder import Expected

_MOST_REFERENCES = 10  # from the root to its type; more is a circle
_JSON = ("json", "list")
_STRUCTURED = (*_JSON, "choice")


def wire_schema(expected: Expected) -> Mapping[str, Any] | bool | None:
    """The JSON Schema of what the model writes: the declared one, inside the wrapper when there is one."""
    if expected.mode == "field":
        inner = (
            expected.schema.json if expected.schema is not None else {"type": "string"} if _is_text(expected) else True
        )
        return wrapped_schema(inner)
    return None if expected.mode == "prose" or expected.schema is None else answer_schema(expected)


def answer_schema(expected: Expected) -> Mapping[str, Any] | bool | None:
    """The JSON Schema of the value in an answer, wherever in its text that stands; None for texts."""
    if expected.mode == "field":
        return wire_schema(expected)
    if expected.format not in _STRUCTURED or expected.schema is None:
        return True if expected.format in _JSON else None
    schema: Mapping[str, Any] | bool = expected.schema.json
    return schema


def answer_form(expected: Expected, asked: Mapping[str, Any] | None) -> AnswerForm:
    """How the answer is laid out, when `asked` is the request's `response_format`."""
    plain = expected.format not in _JSON and expected.mode != "field" and asked is None
    return AnswerForm(plain, expected.mode == "prose", expected.headings if plain else ())


def _is_text(expected: Expected) -> bool:
    return expected.format in ("text", "markdown")


def response_format(expected: Expected, facts: ModelFacts, name: str) -> dict[str, Any] | None:
    """The request's `response_format`, by what the model is known to honour; None leaves it to the prompt.

    What nobody knows is asked for: a server that cannot do it says so, or ignores it, and the answer is
    validated here in either case. Servers take objects at the root only, unless they are known to take any.
    """
    schema = wire_schema(expected)
    if isinstance(schema, bool) or (schema is None and expected.format == "json" and expected.mode != "prose"):
        return {"type": "json_object"} if facts.json_mode is not False else None
    if schema is None:
        return None
    is_object = _is_object(schema)
    if facts.json_schema is False:
        return {"type": "json_object"} if is_object and facts.json_mode is not False else None
    if not is_object and not facts.any_schema_root:
        return None
    return {"type": "json_schema", "json_schema": {"name": schema_name(name), "schema": dict(schema)}}


def _is_object(schema: Mapping[str, Any]) -> bool:
    """Whether the root asks for an object, be it by reference."""
    from promptkit.schema.references import resolve

    found: Any = schema
    for _ in range(_MOST_REFERENCES):
        if not isinstance(found, Mapping) or "type" in found or "$ref" not in found:
            break
        found = resolve(schema, found["$ref"])
    return isinstance(found, Mapping) and found.get("type") == "object"


def schema_name(name: str) -> str:
    """A prompt's name as the wire allows it: letters, digits, `_` and `-`, at most 64."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:64] or "answer"
