"""A schema as those who read answers hold them against it, and as functions take what they are given."""

from __future__ import annotations

from typing import Any

from promptkit.schema.references import with_children

__all__ = ["closed", "tolerant"]

_CLOSING = ("additionalProperties", "unevaluatedProperties")
_CONDITIONS = ("not", "if")
"""What is said of values that do not fit: to open it would be to ask for more."""


def tolerant(schema: Any) -> Any:
    """A schema as a reader who passes over fields that he does not know: closed objects are open to more.

    So what would fit one closed alternative alone may now fit several, which is all the same to this reader.
    """
    if not isinstance(schema, dict):
        return schema
    found = with_children(schema, tolerant)
    found |= {keyword: schema[keyword] for keyword in _CONDITIONS if keyword in schema}
    if "oneOf" in found and "anyOf" not in found:
        found["anyOf"] = found.pop("oneOf")
    return {keyword: value for keyword, value in found.items() if not (keyword in _CLOSING and value is False)}


def closed(schema: Any) -> Any:
    """The schema of a function's parameters, which has those that it declares, if it does not say otherwise."""
    if not isinstance(schema, dict):
        return schema
    rest = "additionalProperties" if schema.keys().isdisjoint(_IN_PARTS) else "unevaluatedProperties"
    return {rest: False, **schema}


_IN_PARTS = ("allOf", "anyOf", "oneOf", "$ref", "$dynamicRef", "if", "dependentSchemas")
"""Keywords that declare fields beside those of a schema itself."""
