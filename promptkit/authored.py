"""The JSON Schema of prompt files as people write them, shorthands included: for editors."""

from __future__ import annotations

from typing import Any

from promptkit.options import KNOWN_OPTIONS
from promptkit.spec import PromptSpec

_SCHEMA: dict[str, Any] = {"type": ["object", "boolean"], "description": "JSON Schema (draft 2020-12)."}
_DECLARATION: dict[str, Any] = {
    "description": "A shorthand such as `string`, `integer, 1..5, prose` or `a | b`; or JSON Schema keywords.",
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"$ref": "#/$defs/declaration"}, "minItems": 1, "maxItems": 1},
        {"type": "object"},
    ],
}
_INPUT_KEYWORDS: dict[str, Any] = {
    "trust": {
        "enum": ["caller", "user", "web", "tool"],
        "description": "Whom the value comes from; all but caller fenced.",
    },
    "secret": {"type": "boolean", "description": "Reaches tools only: never a template, log, record or error."},
    "neutralise": {"type": "boolean", "description": "Whether chat markup in untrusted values is made harmless."},
    "default": {"description": "The value when none is given; makes the input optional."},
}
_TEXT_WORDS = {
    "promptkit": "The format's version.",
    "name": "The prompt's name: its path under the root, without the ending.",
    "version": "Semantic version of the prompt's contract.",
    "description": "What the prompt is for.",
    "extends": "A parent file; keys of this file go over its.",
    "persona": "Who the model is. A template.",
    "context": "What the model should know. A template.",
    "task": "What the model shall do. A template.",
    "inputs": "Every variable that a template uses.",
    "examples": "Worked examples, checked against inputs and output.",
    "chain_of_thought": "Whether the model reasons before it answers.",
    "options": "Parameters of the request.",
}


def authored_schema() -> dict[str, Any]:
    """The JSON Schema of the authored syntax, made from `PromptSpec` and the shorthands that the loader reads."""
    schema = PromptSpec.model_json_schema(by_alias=True)
    properties = schema["properties"]
    for internal in ("inputs_schema", "extras", "path", "origins", "files"):
        properties.pop(internal, None)
    for name, words in _TEXT_WORDS.items():
        properties[name].setdefault("description", words)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "promptkit prompt"
    schema["patternProperties"] = {"^x-": {"description": "Kept, not interpreted."}}
    schema["additionalProperties"] = False
    properties["inputs"] = _inputs()
    properties["options"] = {
        "type": "object",
        "description": _TEXT_WORDS["options"],
        "properties": {name: {} for name in KNOWN_OPTIONS},
    }
    properties["chain_of_thought"] = _chain_of_thought(schema)
    _output(schema["$defs"]["OutputSpec"])
    schema["$defs"]["Example"]["properties"]["output"] = {"description": "The answer."}
    schema["$defs"]["declaration"] = _DECLARATION
    _without(schema, "Input", "Origin")
    return schema


def _inputs() -> dict[str, Any]:
    keyword_input = {"type": "object", "properties": _INPUT_KEYWORDS}
    declared = {"anyOf": [{"$ref": "#/$defs/declaration"}, keyword_input]}
    return {
        "type": "object",
        "description": _TEXT_WORDS["inputs"],
        "patternProperties": {r"^[A-Za-z_][A-Za-z0-9_]*\??$": declared},
        "additionalProperties": False,
    }


def _chain_of_thought(schema: dict[str, Any]) -> dict[str, Any]:
    modes = schema["$defs"]["ChainOfThought"]["properties"]["mode"]["enum"]
    return {
        "description": _TEXT_WORDS["chain_of_thought"],
        "anyOf": [{"type": "boolean"}, {"enum": modes}, {"$ref": "#/$defs/ChainOfThought"}],
    }


def _output(part: dict[str, Any]) -> None:
    properties = part["properties"]
    properties.pop("json_schema", None)
    properties["schema"] = _SCHEMA
    properties["items"] = {"$ref": "#/$defs/declaration"}
    properties["fields"] = {
        "type": "object",
        "description": "The answer's fields, in shorthand.",
        "additionalProperties": {"$ref": "#/$defs/declaration"},
    }


def _without(schema: dict[str, Any], *names: str) -> None:
    for name in names:
        schema["$defs"].pop(name, None)
