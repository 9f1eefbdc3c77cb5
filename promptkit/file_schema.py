"""The JSON Schema of prompt files as people write them, shorthands included: what editors complete and check by.

Made from the declarations of the spec's parts, with what the loader reads beside them. What an editor says of a key
stands in `file_schema_words`. It is never stricter than the loader: that is a law of the tests.
"""

from __future__ import annotations

import re
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from promptkit.file_schema_words import DECLARATIONS, KEYS, KEYWORD_WORDS, OPTIONS, WORDS
from promptkit.loading.assertion_checks import ASSERTIONS
from promptkit.parts import as_data
from promptkit.schema.keywords import KEYWORDS
from promptkit.schema.shorthand_types import TYPES
from promptkit.spec import FORMAT_KEYS, PromptSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.parts import Field, Part

_TEXT: dict[str, Any] = {"anyOf": [{"type": "string"}, {"not": {"type": ["string", "object", "array"]}}]}
"""A text: a plain scalar keeps its source, so a number or a truth value is one too."""

_ANYTHING: dict[str, Any] = {"anyOf": [{}]}
"""Editors complete a key whose value has a type; this is one that any value has."""

_NULL = {"type": "null", "description": "Removes what the parent says."}
_KINDS = ["string", "integer", "number", "boolean", "object", "array", "null"]
_INTERNAL = ("inputs_schema", "extras", "summariser", "path", "origins", "files", "shown")


def authored_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the authored syntax."""
    parts: dict[str, Any] = {}
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": parts, **_part(PromptSpec, parts)}
    properties = schema["properties"]
    for internal in _INTERNAL:
        properties.pop(internal, None)
    thought = _thought(parts)
    properties |= {
        "inputs": {"type": "object", **_names(), "additionalProperties": {"$ref": "#/$defs/input"}},
        "options": {"type": "object", "properties": dict(OPTIONS)},
        "chain_of_thought": thought,
        "messages": {"type": "array", "items": _messages(parts)},
        "tools": {"type": "array", "items": _tool(parts)},
        "memory": _memory(),
    }
    _replace(parts, "ModelOverride", options=properties["options"], chain_of_thought=thought)
    _replace(parts, "ChainOfThought", instruction=_TEXT)
    _replace(parts, "Example", output=_ANYTHING, reasoning=_TEXT)
    _replace(parts, "TestCase", output=_ANYTHING, name=_TEXT)
    _assertions(parts)
    _output(parts)
    for name in ("description", "extends", "persona", "context", "task"):
        properties[name] = _TEXT
    for name in ("name", "version"):
        pattern = next(each for each in properties[name]["anyOf"] if "pattern" in each)
        properties[name] = {"anyOf": [pattern, _TEXT["anyOf"][1]]}
    properties["model"] = {"anyOf": [*_TEXT["anyOf"], {"$ref": "#/$defs/ModelChoice"}]}
    parts |= {"declaration": _declaration(), "input": _input()}
    for name, part in properties.items():
        properties[name] = _removable(part)
    for name, part in {**parts, "PromptSpec": schema}.items():
        _described(name, part)
    for unused in ("Input", "Origin"):
        parts.pop(unused, None)
    schema["patternProperties"] = {"^x-": {"description": "Your own: kept, not interpreted.", **_ANYTHING}}
    schema["additionalProperties"] = False
    _exclude(schema, "messages", "persona", "context", "task")
    return schema


def _exclude(schema: dict[str, Any], key: str, *others: str, **wanted: Any) -> None:
    """Where something stands under a key, or just what is `wanted`, only a null may stand under some others."""
    condition = {"required": [key], "properties": {key: wanted or {"not": {"type": "null"}}}}
    said = f"`{key}: {wanted['const']}`" if wanted else f"`{key}`"
    others_are = {
        name: {"type": "null", "errorMessage": f"`{name}` does not go with {said}: keep one of the two"}
        for name in others
    }
    schema.setdefault("allOf", []).append({"if": condition, "then": {"properties": others_are}})


def _assertions(parts: dict[str, Any]) -> None:
    """The types of assertions, each with what it says."""
    types = {"enum": list(ASSERTIONS), "enumDescriptions": list(ASSERTIONS.values())}
    asserted = {
        "type": "object",
        "properties": {
            "type": {"description": "What is asserted.", **types},
            "path": {"description": "What it is asserted of, as in `items[0].name`; without it, the answer.", **_TEXT},
            "value": {"description": "What the answer is compared with.", **_ANYTHING},
        },
        "required": ["type"],
        "patternProperties": {"^x-": {"description": "Your own: kept, not interpreted.", **_ANYTHING}},
        "additionalProperties": False,
    }
    _replace(parts, "TestCase", **{"assert": {"type": "array", "items": asserted}})


def _replace(parts: dict[str, Any], part: str, **schemas: Any) -> None:
    parts[part]["properties"] |= schemas


def _described(part: str, schema: dict[str, Any]) -> None:
    """Give each key its words, and each listed word its own."""
    for key, words in KEYS.get(part, {}).items():
        inner = schema.get("properties", {})
        if key in inner:
            inner[key] = {
                "description": words,
                **{name: each for name, each in inner[key].items() if name != "description"},
            }
            for branch in (inner[key], *inner[key].get("anyOf", ())):
                _with_words(branch)


def _with_words(schema: dict[str, Any]) -> None:
    listed = schema.get("enum", ())
    if listed and any(word in WORDS for word in listed if isinstance(word, str)):
        schema["enumDescriptions"] = [
            WORDS.get(word, "") if isinstance(word, str) else _SWITCH[word] for word in listed
        ]


_SWITCH = {True: "The same as `auto`.", False: "The same as `off`."}


def _removable(part: dict[str, Any]) -> dict[str, Any]:
    """The same, or a null that removes what a parent says under this key."""
    described = {"description": part["description"]} if "description" in part else {}
    choices = [choice for choice in part.get("anyOf", [part]) if choice.get("type") != "null"]
    return {**described, "anyOf": [*choices, _NULL]}


def _names() -> dict[str, Any]:
    """What the names of inputs are made of."""
    pattern = r"^[A-Za-z_][A-Za-z0-9_]*\??$"
    told = "a name is made of letters, digits and _, and does not begin with a digit; `?` makes it optional"
    return {"propertyNames": {"title": "name", "pattern": pattern, "patternErrorMessage": told, "description": told}}


def _shorthand() -> dict[str, Any]:
    offered = [{"label": text, "body": text, "description": words} for text, words in DECLARATIONS]
    return {
        "type": "string",
        # One word is a type's name; alternatives, lists and quoted texts are the loader's to read.
        "pattern": rf"^\s*(?:[\"'\[]|[^|]*\||(?:{'|'.join(TYPES)})\s*(?:$|[,=]))",
        "patternErrorMessage": f"no such type; there are {', '.join(TYPES)}, and `a | b` for words",
        "description": "A shorthand: `string`, `integer, 1..5, prose`, `a | b`, `[string]`, `string = default`.",
        "defaultSnippets": offered,
    }


def _declaration() -> dict[str, Any]:
    lists = {"type": "array", "items": {"$ref": "#/$defs/declaration"}, "minItems": 1, "maxItems": 1}
    return {
        "description": "What a field holds: a shorthand, JSON Schema keywords, or the fields of an object.",
        "anyOf": [_shorthand(), lists, _keywords({})],
    }


def _keywords(own: dict[str, Any]) -> dict[str, Any]:
    """A declaration in keywords of JSON Schema and some of its `own`. Without a type, its keys may be fields' names."""
    known = {name: {"description": words, **_ANYTHING} for name, words in KEYWORD_WORDS.items()}
    known["type"] = {"description": KEYWORD_WORDS["type"], "anyOf": [{"enum": _KINDS}, {}]}
    told = {name: {"description": each["description"], **_ANYTHING} for name, each in own.items()}
    others = "|".join(re.escape(name) for name in sorted(KEYWORDS - known.keys()))
    return {
        "type": "object",
        "properties": known | told,
        "if": {"required": ["type"], "properties": {"type": {"enum": _KINDS}}},
        "then": {
            "properties": {name: {} for name in known} | own,
            "patternProperties": {f"^(?:x-.*|{others})$": {}},
            "additionalProperties": False,
        },
    }


def _input() -> dict[str, Any]:
    """An input: a declaration that also says whom the value comes from; a null removes one of the parent's."""
    lists = {"type": "array", "items": {"$ref": "#/$defs/declaration"}, "minItems": 1, "maxItems": 1}
    words = KEYS["Input"]
    trusts = ["caller", "user", "web", "tool"]
    own = {
        "trust": {"enum": trusts, "enumDescriptions": [WORDS[word] for word in trusts], "description": words["trust"]},
        "secret": {"type": "boolean", "description": words["secret"]},
        "neutralise": {"type": "boolean", "description": words["neutralise"]},
        "default": {"description": words["default"]},
    }
    return {
        "description": "An input: a shorthand, or a mapping.",
        "anyOf": [_shorthand(), lists, _keywords(own), _NULL],
    }


def _thought(parts: dict[str, Any]) -> dict[str, Any]:
    modes = parts["ChainOfThought"]["properties"]["mode"]["enum"]
    return {"anyOf": [{"enum": [*modes, True, False]}, {"$ref": "#/$defs/ChainOfThought"}]}


def _messages(parts: dict[str, Any]) -> dict[str, Any]:
    """A message, or a slot; a slot is `true` and nothing beside it."""
    slots = parts["Slot"]["properties"]
    for name in slots:
        slots[name] = {"const": True}
    parts["Slot"] |= {"minProperties": 1, "maxProperties": 1}
    parts["CallSpec"]["required"] = ["name"]
    _replace(parts, "CallSpec", id=_TEXT, name=_TEXT, arguments={"type": ["object", "string", "null"]})
    calls = {"type": "array", "minItems": 1, "items": {"anyOf": [{"$ref": "#/$defs/CallSpec"}, _wire("id")]}}
    _replace(parts, "MessageSpec", content=_TEXT, tool_calls=calls, tool_call_id=_TEXT)
    return {"anyOf": [{"$ref": "#/$defs/MessageSpec"}, {"$ref": "#/$defs/Slot"}]}


def _wire(*beside: str) -> dict[str, Any]:
    """A function as it stands on the wire."""
    properties = {"type": {}, "function": {"type": "object"}, **dict.fromkeys(beside, _TEXT)}
    return {"type": "object", "required": ["function"], "properties": properties, "additionalProperties": False}


def _memory() -> dict[str, Any]:
    policies = {
        "last": {"type": "integer", "minimum": 1, "description": "The last turns."},
        "tokens": {"type": "integer", "minimum": 1, "description": "As many turns as fit into so many tokens."},
        "full": {"description": "All turns.", **_ANYTHING},
        "pin": {"description": "What is kept always.", **_ANYTHING},
        "summarise": {"description": "Older turns as a summary.", **_ANYTHING},
    }
    return {
        "anyOf": [
            {"enum": ["full", "summarise"]},
            {"type": "object", "properties": policies, "additionalProperties": False},
        ]
    }


def _tool(parts: dict[str, Any]) -> dict[str, Any]:
    """A tool by its name, or declared; also as it stands on the wire."""
    fields = {"type": "object", "additionalProperties": {"$ref": "#/$defs/declaration"}}
    _replace(parts, "ToolSpec", name=_TEXT, description=_TEXT, fields=fields, parameters={"type": "object"})
    _exclude(parts["ToolSpec"], "parameters", "fields")
    return {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/ToolSpec"}, _wire()]}


def _output(parts: dict[str, Any]) -> None:
    properties = parts["OutputSpec"]["properties"]
    properties.pop("json_schema", None)
    texts = {"type": "array", "items": _TEXT, "minItems": 1}
    fields = {"type": "object", "additionalProperties": {"$ref": "#/$defs/declaration"}}
    _replace(
        parts,
        "OutputSpec",
        description=_TEXT,
        choices=texts,
        headings=texts,
        schema={"type": ["object", "boolean"]},
        items={"$ref": "#/$defs/declaration"},
        fields=fields,
    )
    for name, part in properties.items():
        properties[name] = _removable(part)
    _exclude(parts["OutputSpec"], "fields", "schema")
    for name, own in FORMAT_KEYS.items():
        others = {key for keys in FORMAT_KEYS.values() for key in keys if key not in own}
        _exclude(parts["OutputSpec"], "format", *sorted(others), const=name)


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
    if not each.required and each.factory is None and each.default is not None:
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
