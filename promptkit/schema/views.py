"""Which Python types see a JSON value as they see its text, so that the value need not be written out again for them.

pydantic has rules of its own for JSON: a text becomes a date, a list a tuple, also where a type is strict. Types of
texts, numbers, truth values, lists, maps and models of such have nothing that the rules differ on, once the value has
been validated by the type's JSON Schema. The names are pydantic-core's (2.x, `pydantic_core.core_schema`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIMPLE = frozenset(
    (
        *("str", "int", "float", "bool", "none", "any", "literal", "nullable", "default", "union", "list", "dict"),
        *("model", "model-fields", "model-field", "typed-dict", "typed-dict-field", "definitions", "definition-ref"),
    )
)
_INSIDE = ("schema", "items_schema", "keys_schema", "values_schema")


def sees_as_json(core_schema: Any) -> bool:
    """Whether a type, by pydantic's core schema of it, makes the same of a value as of its JSON."""
    waiting = [core_schema]
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict) or schema.get("type") not in _SIMPLE or _has_own_rules(schema):
            return False
        waiting.extend(_inside(schema))
    return True


def _has_own_rules(schema: dict[str, Any]) -> bool:
    config = schema.get("config") or {}
    strict = schema.get("strict") or config.get("strict")
    keys = schema.get("keys_schema", {"type": "str"})
    extras = schema.get("extras_schema") or schema.get("extras_keys_schema")
    return bool(strict or extras or schema.get("custom_init") or schema.get("post_init") or keys.get("type") != "str")


def _inside(schema: dict[str, Any]) -> Iterator[Any]:
    yield from (schema[name] for name in _INSIDE if name in schema)
    yield from schema.get("fields", {}).values()
    yield from schema.get("definitions", ())
    for choice in schema.get("choices", ()):
        yield choice[0] if isinstance(choice, tuple) else choice
