"""How an answer's form is asked for on the wire: `json_schema`, JSON mode, a forced tool, or by the prompt alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.chain_of_thought import wrapped_schema
from promptkit.completion import AnswerForm, Transport
from promptkit.schema.server_subset import served
from promptkit.spec import JSON_FORMATS, STRUCTURED_FORMATS, TEXT_FORMATS

if TYPE_CHECKING:
    from promptkit.completion import ModelFacts
    from promptkit.output.expected import Expected

_MOST_REFERENCES = 10  # from the root to its type; more is a circle
_JSON_MODE = {"type": "json_object"}
_TO_THE_ROOT = ("$schema", "$defs", "definitions")


def wire_schema(expected: Expected) -> Mapping[str, Any] | bool | None:
    """The JSON Schema of what the model writes: the declared one, inside the wrapper when there is one."""
    if expected.mode == "field":
        inner = (
            expected.schema.json if expected.schema is not None else {"type": "string"} if _is_text(expected) else True
        )
        return wrapped_schema(inner)
    return None if expected.mode == "prose" or expected.schema is None else answer_schema(expected)


def read_schema(schema: Mapping[str, Any] | bool, *, field: bool) -> Mapping[str, Any] | bool:
    """The JSON Schema by which what the model writes is read: of a wrapper, nothing but the answer in it counts."""
    if not field:
        return schema
    wrapped = wrapped_schema(schema)
    properties = {"reasoning": {}, "answer": wrapped["properties"]["answer"]}
    return {name: value for name, value in wrapped.items() if name in _TO_THE_ROOT} | {"properties": properties}


def answer_schema(expected: Expected) -> Mapping[str, Any] | bool | None:
    """The JSON Schema of the value in an answer, wherever in its text that stands; None for texts."""
    if expected.mode == "field":
        return wire_schema(expected)
    if expected.format not in STRUCTURED_FORMATS or expected.schema is None:
        return True if expected.format in JSON_FORMATS else None
    schema: Mapping[str, Any] | bool = expected.schema.json
    return schema


def answer_form(expected: Expected, transport: Transport) -> AnswerForm:
    """How the answer is laid out when its form is asked for in this way."""
    plain = expected.format not in JSON_FORMATS and expected.mode != "field" and transport.form == "prompt"
    return AnswerForm(plain, expected.mode == "prose", expected.headings if plain else ())


def _is_text(expected: Expected) -> bool:
    return expected.format in TEXT_FORMATS


class Asked(NamedTuple):
    """What a request says of its answer's form, and why."""

    transport: Transport
    response_format: Mapping[str, Any] | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: Mapping[str, Any] | None = None


def asked_form(expected: Expected, facts: ModelFacts, name: str) -> Asked:
    """How the answer's form is asked for, by what the model is known to honour.

    The first of these that it is not known to ignore: a schema, JSON mode, a tool that it has to call (if it is known
    to call tools), the prompt alone. What nobody knows is asked for: a server that cannot do it says so, or ignores it,
    and the answer is validated here in either case. Servers take objects at the root only, unless they are known to
    take any.
    """
    schema = wire_schema(expected)
    is_json = expected.mode == "field" or (expected.format in STRUCTURED_FORMATS and expected.mode != "prose")
    if not is_json:
        why = "the answer stands behind its reasoning" if expected.mode == "prose" else "the answer is a text"
        return Asked(Transport("prompt", why))
    if not isinstance(schema, Mapping):
        return _without_schema(facts) if expected.format in JSON_FORMATS else _by_prompt("there is no schema to send")
    if not _is_object(schema) and not facts.any_schema_root:
        return _by_prompt("servers take schemas of objects alone, and this one is of something else")
    return _with_schema(schema, facts, schema_name(name))


def _without_schema(facts: ModelFacts) -> Asked:
    if facts.json_mode is False:
        return _by_prompt(f"there is no schema to send, and {_ignores(facts, 'JSON mode')}")
    return Asked(
        Transport("json_object", f"there is no schema to send; {_honours(facts, facts.json_mode)}"), _JSON_MODE
    )


def _with_schema(schema: Mapping[str, Any], facts: ModelFacts, name: str) -> Asked:
    sent, changes = served(schema)
    if facts.json_schema is not False:
        form = {"type": "json_schema", "json_schema": {"name": name, "schema": sent}}
        return Asked(Transport("json_schema", _honours(facts, facts.json_schema), changes), form)
    refused = _ignores(facts, "schemas")
    if not _is_object(schema):
        return _by_prompt(refused)
    if facts.json_mode is not False:
        return Asked(Transport("json_object", f"{refused}; {_honours(facts, facts.json_mode)}"), _JSON_MODE)
    refused = _ignores(facts, "schemas and JSON mode")
    if not facts.tools:
        return _by_prompt(f"{refused}, nor is known to call tools")
    if facts.forced_tools is False:
        return _by_prompt(f"{refused}, and calls tools only when it wants to")
    function = {"name": name, "description": "Give the whole answer.", "parameters": sent}
    return Asked(
        Transport("tool", f"{refused}; it calls tools", changes, name),
        tools=({"type": "function", "function": function},),
        tool_choice={"type": "function", "function": {"name": name}},
    )


def _by_prompt(reason: str) -> Asked:
    return Asked(Transport("prompt", reason))


def _honours(facts: ModelFacts, known: bool | None) -> str:
    if known is None:
        return f"nobody has said whether {facts.name} honours it"
    return f"{facts.name} honours it{_source(facts)}"


def _ignores(facts: ModelFacts, what: str) -> str:
    return f"{facts.name} does not honour {what}{_source(facts)}"


def _source(facts: ModelFacts) -> str:
    return f" ({facts.source})" if facts.source else ""


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
