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
_NULL = {"type": "null", "description": "Removes what the parent says."}
_WORDS = {
    "promptkit": "The format's version.",
    "name": "The prompt's name: its path under the root, without the ending.",
    "version": "Semantic version of the prompt's contract.",
    "description": "What the prompt is for.",
    "metadata": "Anything: authors, tags, links.",
    "extends": "A parent file; keys of this file go over its.",
    "model": "The model's name, or what it is to be good for.",
    "models": "What is different for some models, by name.",
    "persona": "Who the model is. A template.",
    "context": "What the model should know. A template.",
    "task": "What the model shall do. A template.",
    "inputs": "Every variable that a template uses.",
    "examples": "Worked examples, checked against inputs and output.",
    "chain_of_thought": "Whether the model reasons before it answers.",
    "messages": "The messages, instead of persona, context and task.",
    "output": "What the answer looks like, and how far to go to get it.",
    "tools": "Functions that the model may call.",
    "memory": "How much of a conversation is sent again.",
    "tests": "Inputs, and what must hold for the answers.",
    "options": "Parameters of the request.",
}


def authored_schema() -> dict[str, Any]:
    """The JSON Schema of the authored syntax, made from `PromptSpec` and the shorthands that the loader reads."""
    schema = PromptSpec.model_json_schema(by_alias=True)
    properties = schema["properties"]
    for internal in ("inputs_schema", "extras", "path", "origins", "files"):
        properties.pop(internal, None)
    for name, words in _WORDS.items():
        properties[name].setdefault("description", words)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "promptkit prompt"
    schema["patternProperties"] = {"^x-": {"description": "Kept, not interpreted."}}
    schema["additionalProperties"] = False
    properties["inputs"] = _inputs()
    properties["options"] = {
        "type": "object",
        "description": _WORDS["options"],
        "properties": {name: {} for name in KNOWN_OPTIONS},
    }
    thought = properties["chain_of_thought"] = _chain_of_thought(schema)
    schema["$defs"]["ModelOverride"]["properties"]["chain_of_thought"] = thought
    _output(schema["$defs"]["OutputSpec"])
    schema["$defs"]["Example"]["properties"]["output"] = {"description": "The answer."}
    schema["$defs"]["declaration"] = _DECLARATION
    _without(schema, "Input", "Origin")
    for name, part in properties.items():
        properties[name] = _removable(part)
    return schema


def _removable(part: dict[str, Any]) -> dict[str, Any]:
    """The same, or a null that removes what a parent says under this key."""
    described = {"description": part["description"]} if "description" in part else {}
    choices = [choice for choice in part.get("anyOf", [part]) if choice.get("type") != "null"]
    return {**described, "anyOf": [*choices, _NULL]}


def _inputs() -> dict[str, Any]:
    keyword_input = {"type": "object", "properties": _INPUT_KEYWORDS}
    declared = {"anyOf": [{"$ref": "#/$defs/declaration"}, keyword_input, _NULL]}
    return {
        "type": "object",
        "description": _WORDS["inputs"],
        "patternProperties": {r"^[A-Za-z_][A-Za-z0-9_]*\??$": declared},
        "additionalProperties": False,
    }


def _chain_of_thought(schema: dict[str, Any]) -> dict[str, Any]:
    modes = schema["$defs"]["ChainOfThought"]["properties"]["mode"]["enum"]
    return {
        "description": _WORDS["chain_of_thought"],
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
