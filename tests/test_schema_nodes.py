"""Which mappings of a declaration are JSON Schema, and which are objects whose fields have such names."""

from __future__ import annotations

from typing import Any

import pytest

from promptkit.loader import load_spec
from promptkit.source import Memory


def declared(text: str) -> Any:
    spec = load_spec(Memory(), "x.yaml", f"task: Go.\noutput:\n  fields:\n    a: {text}")
    return spec.output.json_schema["properties"]["a"]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("{title: string, author: string}", {"title": "string", "author": "string"}),
        ("{description: string, quantity: integer}", {"description": "string", "quantity": "integer"}),
        ("{title: string, description: 'string, one sentence'}", {"title": "string", "description": "string"}),
        ("{items: '[string]', total: number}", {"items": "array", "total": "number"}),
        ("{items: [string]}", {"items": "array"}),
        ("{items: {product: string}}", {"items": "object"}),
        ("{format: pdf | docx, name: string}", {"format": None, "name": "string"}),
        ("{type: home | work, number: string}", {"type": None, "number": "string"}),
        ("{const: string}", {"const": "string"}),
        ("{not: boolean, if: boolean}", {"not": "boolean", "if": "boolean"}),
        ("{trust: number, default: boolean}", {"trust": "number", "default": "boolean"}),
    ],
)
def test_fields_may_be_called_like_keywords(text: str, fields: dict[str, str | None]) -> None:
    found = declared(text)
    assert "object" == found["type"]
    assert fields == {name: each.get("type") for name, each in found["properties"].items()}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "description": "one sentence"},
        {"type": ["string", "null"]},
        {"enum": ["a", "b"]},
        {"const": "a"},
        {"description": "anything"},
        {"items": {"type": "string"}},
        {"properties": {"a": {"type": "string"}}},
        {"maxLength": 3},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"minimum": 1, "description": "a number"},
    ],
)
def test_what_says_so_is_a_json_schema(schema: dict[str, Any]) -> None:
    import json

    assert schema == declared(json.dumps(schema))
