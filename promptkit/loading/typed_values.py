"""A node's data as its schema declares it: where a text is declared, a plain scalar keeps its source text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError
from promptkit.schema import Schema
from promptkit.schema.conjunction import form_of
from promptkit.schema.equality import among
from promptkit.schema.references import walk
from promptkit.yaml_nodes import Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.schema.conjunction import Form
    from promptkit.yaml_nodes import Node

    Schemas = list[tuple[Any, Any]]
    """The schemas that a value may fit, each after the document that it stands in."""

_MOST_FORMS = 32
_NO_TEXT = ("integer", "number", "boolean", "null", "array", "object")


def is_optional(declared: dict[str, Any]) -> bool:
    """Whether an input may be left out, and stands for null then."""
    return not declared.get("required", True) and not declared.get("has_default")


def declared_value(node: Node, schema: Any) -> Any:
    """The data of a node (`no`, `1.10` and `12:30` stay texts where the schema takes texts and nothing like them)."""
    return _value(node, [(schema, schema)])


def field_names(schema: Any, location: tuple[str | int, ...]) -> list[str]:
    """The fields that an object at a location may have, as far as they are declared."""
    schemas: Schemas = [(schema, schema)]
    for step in location:
        schemas = _below(schemas, step)
    return [name for form in _forms(schemas) for name in form.keywords.get("properties", {})]


def schemas_inside(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object schema of a document."""
    yield from (each for _, each in walk(schema))


def _value(node: Node, schemas: Schemas) -> Any:
    if isinstance(node, Scalar):
        value = node.value
        return value if isinstance(value, str) or not _keeps_text(node.text, value, schemas) else node.text
    if isinstance(node, Sequence):
        return [_value(item, _below(schemas, index)) for index, item in enumerate(node.items)]
    return {key.text: _of_key(key.text, value, schemas) for key, value in node.pairs}


def _of_key(key: str, node: Node, schemas: Schemas) -> Any:
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, str) else _value(node, _below(schemas, key))


def _keeps_text(text: str, value: Any, schemas: Schemas) -> bool:
    """Whether a text is what is declared, and not what YAML makes of it."""
    if all(
        isinstance(schema, dict) and schema.get("type") in _NO_TEXT and "$ref" not in schema for _, schema in schemas
    ):
        return False
    forms = list(_forms(schemas))
    if value is None and not any(among(text, form.keywords.get("enum", ())) for form in forms):
        return False  # a null is no word
    takes_text = any(_takes(form, text) for form in forms)
    return takes_text and not any(_takes(form, value) for form in forms)


def _takes(form: Form, value: Any) -> bool:
    """Whether a form is for values of this kind; of those that are listed, whether it is one of them."""
    kinds = set(form.kinds())
    if form.never or not kinds & _KINDS[type(value)]:
        return False
    return "enum" not in form.keywords or among(value, form.keywords["enum"])


_KINDS = {
    str: {"string"},
    bool: {"boolean"},
    int: {"integer", "number"},
    float: {"number", "integer"},
    type(None): {"null"},
}


def _forms(schemas: Schemas) -> Iterator[Form]:
    """The forms of some schemas, with each branch of their unions by itself."""
    waiting = list(schemas)
    for _ in range(_MOST_FORMS):
        if not waiting:
            return
        root, schema = waiting.pop(0)
        form = form_of(root, schema)
        if form.unions:
            waiting += [(root, branch) for branch in form.branches()]
        else:
            yield form


def _below(schemas: Schemas, key: str | int) -> Schemas:
    """The schemas of what stands under a key."""
    found: Schemas = []
    for root, schema in schemas:
        if _is_simple(schema):
            found += [(root, each) for each in _inside(schema, key)]
        else:
            found += [(root, each) for form in _forms([(root, schema)]) for each in _inside(form.keywords, key)]
    return found[:_MOST_FORMS]


def _is_simple(schema: Any) -> bool:
    return isinstance(schema, dict) and not schema.keys() & {"$ref", "allOf", "anyOf", "oneOf", "$dynamicRef"}


def _inside(keywords: dict[str, Any], key: str | int) -> Iterator[Any]:
    if isinstance(key, int):
        first = keywords.get("prefixItems", ())
        listed = keywords.get("items", True)
        first = listed if isinstance(listed, list) else first
        yield first[key] if key < len(first) else listed
        return
    properties = keywords.get("properties")
    named = properties.get(key) if isinstance(properties, dict) else None
    if named is not None:
        yield named
        return
    patterns = keywords.get("patternProperties")
    matching = [each for pattern, each in patterns.items() if _matches(pattern, key)] if patterns else []
    yield from matching or [keywords.get("additionalProperties", True)]


def _matches(pattern: str, key: str) -> bool:
    """Whether a key matches, by the engine that takes linear time."""
    try:
        return Schema({"pattern": pattern}).is_valid(key)
    except ConfigError:
        return False
