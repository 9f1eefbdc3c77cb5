"""Values in their schema's key order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promptkit.schema import Schema


@pytest.mark.parametrize(
    ("schema", "value", "ordered"),
    [
        ({"properties": {"b": {}, "a": {}}}, {"z": 1, "a": 2, "b": 3}, '{"b": 3, "a": 2, "z": 1}'),
        ({"properties": {"b": {}, "a": {}}}, {"a": 2}, '{"a": 2}'),
        ({"properties": {"b": {"$ref": "#"}, "a": {}}}, {"b": {"a": 1, "b": 2}}, '{"b": {"b": 2, "a": 1}}'),
        ({"items": {"properties": {"y": {}, "x": {}}}}, [{"x": 1, "y": 2}], '[{"y": 2, "x": 1}]'),
        (
            {"prefixItems": [{}, {"properties": {"y": {}}}]},
            [{"x": 1, "y": 2}] * 2,
            '[{"x": 1, "y": 2}, {"y": 2, "x": 1}]',
        ),
        ({"items": [{"properties": {"y": {}}}], "additionalItems": {}}, [{"x": 1, "y": 2}], '[{"y": 2, "x": 1}]'),
        ({"anyOf": [{"properties": {"y": {}}}]}, {"x": 1, "y": 2}, '{"y": 2, "x": 1}'),
        ({"allOf": [{"properties": {"y": {}}}], "properties": {"x": {}}}, {"y": 2, "x": 1}, '{"x": 1, "y": 2}'),
        ({"additionalProperties": {"properties": {"y": {}}}}, {"k": {"x": 1, "y": 2}}, '{"k": {"y": 2, "x": 1}}'),
        ({"not": {"properties": {"y": {}}}}, {"x": 1, "y": 2}, '{"x": 1, "y": 2}'),
        ({"$ref": "#/nowhere"}, {"x": 1}, '{"x": 1}'),
        (True, {"x": 1}, '{"x": 1}'),
    ],
)
def test_keys_stand_in_the_schemas_order(schema: Any, value: Any, ordered: str) -> None:
    assert ordered == json.dumps(Schema(schema).order(value))
