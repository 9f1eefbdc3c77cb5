"""What is sent of a schema: what servers know, and never more than was declared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, example, given
from schema_strategies import schemas, values

from promptkit.errors import ConfigError
from promptkit.schema import Schema
from promptkit.schema.server_subset import served

TREE = {
    "$id": "https://example.com/tree",
    "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}, "Unused": {}},
    "$ref": "#/$defs/Node",
}


@pytest.mark.parametrize(
    ("schema", "sent", "lost"),
    [
        (
            {"$schema": "x", "type": "object", "properties": {"a": {"type": "string", "default": "b", "x-y": 1}}},
            {"type": "object", "properties": {"a": {"type": "string"}}},
            [],
        ),
        (
            {"type": ["string", "null"], "maxLength": 3, "minimum": 1, "description": "d"},
            {"description": "d", "anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
            [],
        ),
        (
            {"type": ["string", "null"], "enum": ["a", None, 3]},
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null", "enum": [None]}]},
            [],
        ),
        ({"type": ["string", "integer"], "const": 1}, {"anyOf": [{"type": "integer", "const": 1}]}, []),
        ({"type": ["string"]}, {"type": "string"}, []),
        ({"type": ["string", "null"], "allOf": [{}]}, {"allOf": [{}]}, ["`type` left out at $"]),
        ({"properties": {"a": True, "b": False}}, {"properties": {"a": {}}}, ["`false` left out at $.properties.b"]),
        (
            {"type": "array", "prefixItems": [True, False], "items": False},
            {"type": "array", "prefixItems": [{}, {}]},
            2,
        ),
        ({"not": {}, "if": {}, "then": {}}, {}, ["`not` left out at $", "`if` left out at $", "`then` left out at $"]),
        ({"patternProperties": {"a": {}}, "additionalProperties": False}, {}, ["`patternProperties` left out at $"]),
        ({"oneOf": [{"type": "string"}, False]}, {"anyOf": [{"type": "string"}]}, ["`oneOf` sent as `anyOf` at $"]),
        ({"oneOf": [{}], "anyOf": [{}]}, {"anyOf": [{}], "allOf": [{"anyOf": [{}]}]}, 1),
        (
            TREE,
            {
                "type": "object",
                "properties": {"next": {"$ref": "#/$defs/Node"}},
                "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
            },
            [],
        ),
        (
            {"type": "object", "properties": {"self": {"$ref": "#"}}},
            {
                "type": "object",
                "properties": {"self": {"$ref": "#/$defs/root"}},
                "$defs": {"root": {"type": "object", "properties": {"self": {"$ref": "#/$defs/root"}}}},
            },
            [],
        ),
        (
            {"items": {"$ref": "#n"}, "$defs": {"x": {"$anchor": "n", "type": "integer"}}},
            {"items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "integer"}}},
            [],
        ),
        (
            {"items": {"$ref": "n.json"}, "$defs": {"x": {"$id": "n.json", "type": "integer"}}},
            {"items": {"$ref": "#/$defs/n.json"}, "$defs": {"n.json": {"type": "integer"}}},
            [],
        ),
        ({"items": {"$ref": "#/nowhere"}}, {"items": {}}, ["`$ref` left out at $.items"]),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True},
            {"exclusiveMinimum": 1},
            [],
        ),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}], "additionalItems": {}},
            {"prefixItems": [{"type": "null"}], "items": {}},
            [],
        ),
        (
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "items": {"$ref": "#/definitions/a", "minimum": 5},
                "definitions": {"a": {"type": "integer"}},
            },
            {"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "integer"}}},
            [],
        ),
    ],
)
def test_what_is_sent(schema: dict[str, Any], sent: dict[str, Any], lost: Any) -> None:
    given, told = served(schema)
    assert sent == given
    assert list(told) == lost if isinstance(lost, list) else len(told) == lost


DRAFT_4, DRAFT_7 = (f"http://json-schema.org/draft-0{draft}/schema#" for draft in (4, 7))
EMBEDDED = {"$id": "b", "properties": {"c": {"$ref": "#/$defs/z"}}, "$defs": {"z": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"$schema": DRAFT_4, "const": 5}, "a"),
        ({"$schema": DRAFT_7, "prefixItems": [{"type": "string"}]}, [1]),
        (
            {"$id": "https://e.com/a", "properties": {"a": EMBEDDED}, "$defs": {"z": {"type": "string"}}},
            {"a": {"c": 1}},
        ),
        ({"type": "object", "properties": {"a": {"type": ["string", "null"], "enum": [1]}}}, {}),
    ],
)
def test_what_only_the_declared_schema_can_judge_is_left_out(schema: dict[str, Any], value: Any) -> None:
    sent = Schema(served(schema)[0])
    assert Schema(schema).is_valid(value)
    assert sent.is_valid(value)
    assert () == sent.problems()


def test_a_long_chain_of_definitions_is_sent_whole() -> None:
    links = {f"d{n}": {"properties": {"a": {"$ref": f"#/$defs/d{n + 1}"}}} for n in range(2_000)}
    sent, _ = served({"$ref": "#/$defs/d0", "$defs": {**links, "d2000": {"type": "integer"}}})
    assert 2_001 == len(sent["$defs"]) + 1
    assert {"type": "integer"} == sent["$defs"]["d2000"]


def test_two_definitions_of_one_name_stay_two() -> None:
    inner = {"$defs": {"a": {"type": "integer"}}}
    schema = {
        "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/b/$defs/a"}},
        "$defs": {"a": {"type": "string"}, "b": inner},
    }
    sent, _ = served(schema)
    assert {"a": {"type": "string"}, "a_2": {"type": "integer"}} == sent["$defs"]


@given(schemas, values)
def test_what_fits_the_declared_schema_fits_what_is_sent(schema: Any, value: Any) -> None:
    assume(isinstance(schema, dict))
    try:
        assume(Schema(schema).is_valid(value))
    except ConfigError:
        assume(False)
    assert Schema(served(schema)[0]).is_valid(value)


@example(
    {
        "additionalProperties": {"$ref": "#/$defs/X"},
        "patternProperties": {"^a": {}},
        "$defs": {"X": {}},
        "properties": {},
    }
)
@given(schemas)
def test_what_is_sent_is_sent_as_it_is(schema: Any) -> None:
    assume(isinstance(schema, dict))
    sent, _ = served(schema)
    assert (sent, ()) == served(sent)
