"""How an answer's form is asked for on the wire: `json_schema`, JSON mode, or by the prompt alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.thought import wrapped_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.completion import ModelFacts
    from promptkit.output.ladder import Expected

_STRUCTURED = ("json", "list", "choice")


def wire_schema(expected: Expected) -> Mapping[str, Any] | bool | None:
    """The JSON Schema of what the model writes: the declared one, inside the wrapper when there is one."""
    if expected.mode == "field":
        inner = (
            expected.schema.json if expected.schema is not None else {"type": "string"} if _is_text(expected) else True
        )
        return wrapped_schema(inner)
    if expected.mode == "prose" or expected.format not in _STRUCTURED or expected.schema is None:
        return None
    schema: Mapping[str, Any] | bool = expected.schema.json
    return schema


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
    if schema is None or facts.json_schema is False:
        return None
    if schema.get("type") != "object" and not facts.any_schema_root:
        return None
    return {"type": "json_schema", "json_schema": {"name": schema_name(name), "schema": dict(schema)}}


def schema_name(name: str) -> str:
    """A prompt's name as the wire allows it: letters, digits, `_` and `-`, at most 64."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:64] or "answer"
