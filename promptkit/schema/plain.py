"""Schemas that say no more than a type or a list of words, as most inputs do: judged without a validator.

They spare the import of the validator's package where nothing else needs it.
"""

from __future__ import annotations

from typing import Any

from promptkit.schema.equality import KINDS, is_kind

_PROSE = ("title", "description")


def is_plain(schema: Any) -> bool:
    """Whether a schema is surely sound, and `fits_plainly` can judge by it."""
    if isinstance(schema, bool):
        return True
    return isinstance(schema, dict) and all(_is_plain_keyword(keyword, value) for keyword, value in schema.items())


def _is_plain_keyword(keyword: Any, value: Any) -> bool:
    if keyword == "enum":
        return isinstance(value, list) and all(isinstance(each, str) for each in value) and bool(value)
    return isinstance(value, str) and (value in KINDS if keyword == "type" else keyword in _PROSE)


def fits_plainly(schema: Any, value: Any) -> bool:
    """Whether a JSON value fits a plain schema. False is no verdict on any other."""
    if not isinstance(schema, dict) or not is_plain(schema):
        return schema is True
    return ("type" not in schema or is_kind(value, [schema["type"]])) and value in schema.get("enum", [value])
