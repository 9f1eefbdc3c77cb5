"""JSON Schemas as they stand in a file: which mappings are one, and what is wrong with one, at its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.findings import node_at
from promptkit.schema import Schema
from promptkit.schema.keywords import ALSO_NAMES, KEYWORDS, unknown_keywords
from promptkit.schema.shorthand_types import TYPES
from promptkit.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.findings import Findings
    from promptkit.yaml_nodes import Document, Node

OWN_KEYWORDS = ("trust", "secret", "neutralise", "default")
"""What a declared input has beside JSON Schema's keywords."""

_INPUT_LEVEL = len(("properties", "name"))
_JSON_TYPES = frozenset(("string", "integer", "number", "boolean", "null", "object", "array"))
_A_TYPE = re.compile(rf"(?:{'|'.join(TYPES)}|\[.*\])\s*(?:[,|=].*)?\Z", re.DOTALL)
_OF_THE_WHOLE = "it is said of a whole input; a part of one has it from there"
_AS_OBJECT = "an object whose fields have such names is written `{type: object, properties: {...}}`"


def is_schema_mapping(node: Mapping) -> bool:
    """Whether a mapping is JSON Schema, and no object whose fields happen to be called `title` or `items`.

    It is when a keyword says so that looks like nothing else, or when all its keys are keywords and their values
    are no declarations.
    """
    names = {key.text for key, _ in node.pairs}
    if any(_telling(key.text, value) for key, value in node.pairs):
        return True
    return names <= {*KEYWORDS, *OWN_KEYWORDS} and not (names and all(_declares(value) for _, value in node.pairs))


def _telling(name: str, value: Node) -> bool:
    told = _TOLD_BY_VALUE.get(name)
    return told(value) if told else name in KEYWORDS - ALSO_NAMES


def _names_a_type(value: Node) -> bool:
    named = value.items if isinstance(value, Sequence) else (value,)
    return all(isinstance(each, Scalar) and each.text in _JSON_TYPES for each in named)


_TOLD_BY_VALUE: dict[str, Callable[[Node], bool]] = {
    "type": _names_a_type,
    "enum": lambda value: isinstance(value, Sequence),
    "const": lambda value: not _declares(value),
    "properties": lambda value: isinstance(value, Mapping),
}


def _declares(value: Node) -> bool:
    """Whether a value is a declaration by its look: a text that begins with a type, a list of one, an object."""
    if isinstance(value, Scalar):
        return _A_TYPE.match(value.text) is not None
    if isinstance(value, Sequence):
        return len(value.items) == 1 and _declares(value.items[0])
    return not any(_telling(key.text, inner) for key, inner in value.pairs)


def check_keywords(findings: Findings, document: Document, schema: Any, node: Node, of: str) -> None:
    """Report what is no keyword in a declaration: nothing there may stand for nothing."""
    for place, name in unknown_keywords(schema):
        key = _key(node, place, name)
        hint = did_you_mean(name, KEYWORDS)
        where = ".".join((of, *map(str, place)))
        cure = _OF_THE_WHOLE if name in OWN_KEYWORDS else "" if hint else _AS_OBJECT
        findings.add(document, "PK120", f"there is no keyword `{name}` in `{where}`", key, label=hint, help=cure)


def refuse_own_keywords(findings: Findings, document: Document, schema: Any, node: Node) -> None:
    """Report `trust` and `secret` below the inputs of one schema: there they would say nothing."""
    for place, name in unknown_keywords(schema):
        if name in OWN_KEYWORDS and len(place) != _INPUT_LEVEL:
            message = f"there is no keyword `{name}` in a part of an input"
            findings.add(document, "PK120", message, _key(node, place, name), help=_OF_THE_WHOLE)


def warn_of_keywords(findings: Findings, document: Document, schema: Any, node: Node) -> None:
    """Warn of what looks like a misspelt keyword; a schema may have keywords of others."""
    for place, name in unknown_keywords(schema):
        hint = did_you_mean(name, KEYWORDS)
        if hint:
            message = f"`{name}` is no keyword of JSON Schema, and says nothing"
            findings.add(document, "PK406", message, _key(node, place, name), severity="warning", label=hint)


def _key(node: Node, place: tuple[str | int, ...], name: str) -> Node:
    found = node_at(node, place)
    return (found.key(name) if isinstance(found, Mapping) else None) or found


def check_schema(findings: Findings, document: Document, schema: Any, node: Node, key: Scalar) -> bool:
    """Report what is wrong with a JSON Schema, each fault at its node; True when it can be used."""
    sound = True
    for problem in Schema(schema).problems():
        sound = False
        found = node_at(node, problem.location)
        span = (found.start, found.end) if isinstance(found, Scalar) else (key.start, key.end)
        findings.add(document, "PK401", "this is not a usable JSON Schema", span, label=problem.message)
    return sound
