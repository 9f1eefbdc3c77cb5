"""The JSON Schema of prompt files as people write them, shorthands included: for editors."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from promptkit.options import KNOWN_OPTIONS
from promptkit.parts import as_data
from promptkit.spec import PromptSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.parts import Field, Part

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
    parts: dict[str, Any] = {}
    schema = {"$defs": parts, **_part(PromptSpec, parts)}
    properties = schema["properties"]
    for internal in ("inputs_schema", "extras", "path", "origins", "files", "shown"):
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


# From the declaration of a part to JSON Schema


def _part(kind: type[Part], parts: dict[str, Any]) -> dict[str, Any]:
    """The schema of a part's data; those of parts inside it go to `parts`, by name."""
    from inspect import getdoc

    required = [each.key for each in kind.declared.values() if each.required]
    return {
        "type": "object",
        "description": getdoc(kind),
        "properties": {each.key: _field(each, parts) for each in kind.declared.values()},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _field(each: Field, parts: dict[str, Any]) -> dict[str, Any]:
    schema = _hint(each.hint, parts)
    if not each.required and each.factory is None:
        schema["default"] = as_data(each.default)
    return schema


def _hint(hint: Any, parts: dict[str, Any]) -> dict[str, Any]:
    if (origin := get_origin(hint)) is not None:
        return _SHAPES[origin](get_args(hint), parts)
    if hint in _TYPES:
        return dict(_TYPES[hint])
    if hint.__name__ not in parts:
        parts[hint.__name__] = _part(hint, parts)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _literal(allowed: tuple[Any, ...], parts: dict[str, Any]) -> dict[str, Any]:
    return _hint(type(allowed[0]), parts) | {"enum": list(allowed)}


def _bounded(arguments: tuple[Any, ...], parts: dict[str, Any]) -> dict[str, Any]:
    inner, bounds = arguments
    return _hint(inner, parts) | {_KEYWORDS[name]: bound for name, bound in bounds.told.items()}


def _mapping(arguments: tuple[Any, ...], parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _hint(arguments[1], parts)}


def _union(arguments: tuple[Any, ...], parts: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [_hint(each, parts) for each in arguments]}


_KEYWORDS = {
    "pattern": "pattern",
    "max_length": "maxLength",
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "le": "maximum",
}
_TYPES: dict[Any, dict[str, Any]] = {
    Any: {},
    NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    float: {"type": "number"},
    int: {"type": "integer"},
    str: {"type": "string"},
}
_SHAPES: dict[Any, Callable[[tuple[Any, ...], dict[str, Any]], dict[str, Any]]] = {
    Annotated: _bounded,
    Literal: _literal,
    Union: _union,
    UnionType: _union,
    dict: _mapping,
    tuple: lambda arguments, parts: {"type": "array", "items": _hint(arguments[0], parts)},
}
