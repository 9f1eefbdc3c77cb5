"""The compact notation of schemas, as models read it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from schema_strategies import closed_schemas

from promptkit.schema import Schema
from promptkit.schema.references import walk

TRIAGE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "team": {"enum": ["billing", "platform", "security"]},
        "urgency": {"type": "integer", "minimum": 1, "maximum": 5, "description": "5 means an outage"},
        "summary": {"type": "string", "description": "one sentence"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 9}},
    },
    "required": ["team"],
    "additionalProperties": False,
}
TREE: dict[str, Any] = {
    "$ref": "#/$defs/Tree",
    "$defs": {"Tree": {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}},
}


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (True, "any"),
        (False, "never"),
        ({}, "any"),
        ({"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^a"}, "string (1..5 chars; /^a/)"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "number (..1; >0)"),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, "number (>0)"),
        ({"type": "integer", "multipleOf": 5, "default": 10}, "integer (multiple of 5) = 10"),
        ({"type": ["string", "null"], "format": "date"}, "string (date) | null"),
        ({"type": "string", "enum": ["a", "b"]}, '"a" | "b"'),
        ({"const": {"a": 1}}, '{"a":1}'),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
            "[string] (1.. items; unique)",
        ),
        ({"type": "array", "prefixItems": [{"type": "string"}, {}], "items": False}, "[string, any]"),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "[string, ...]"),
        ({"type": "object"}, "object"),
        ({"type": "object", "additionalProperties": False}, "{}"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "{...: integer}"),
        ({"type": "object", "patternProperties": {"^x-": {}}, "additionalProperties": False}, "{/^x-/: any}"),
        ({"type": "object", "properties": {"a": {}}, "required": ["a", "b"]}, '{(requires "b") "a": any, ...}'),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "string | integer"),
        ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, "one of (number | integer)"),
        ({"allOf": [{"type": "string"}, {"not": {"const": "x"}}]}, 'string & not ("x")'),
        ({"type": "array", "contains": {"const": 1}}, "array (contains: 1)"),
        ({"enum": []}, "never"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}], "description": "An id"}, "(string | integer) (An id)"),
        ({"type": ["string", "integer"], "description": "An id"}, "(string | integer) (An id)"),
        ({"type": ["string", "null"], "description": "A name"}, "string | null (A name)"),
        ({"enum": ["a", "b"], "description": "A way"}, '"a" | "b" (A way)'),
        ({"properties": {"a": {}}, "type": "object", "unevaluatedProperties": False}, '{"a"?: any}'),
        ({"type": "object", "unevaluatedProperties": False}, "{}"),
        (
            {"type": "object", "properties": {"a": {}}, "unevaluatedProperties": False, "additionalProperties": True},
            '{"a"?: any, ...} (unevaluatedProperties: never)',
        ),
        (
            {
                "properties": {"a": {"$ref": "#/$defs/O", "type": "object", "unevaluatedProperties": False}},
                "$defs": {"O": {"type": "object", "properties": {"b": {}}}},
            },
            'any {"a"?: ({"b"?: any, ...} & object) (unevaluatedProperties: never), ...}',
        ),
        ({"anyOf": [{"type": "string"}, {"const": "x", "description": "d"}]}, 'string | ("x" (d))'),
        ({"anyOf": [{"type": "string"}, {"const": "x"}], "description": "d"}, 'string | "x" (d)'),
        (
            {"type": "object", "properties": {"a": {}}, "unevaluatedProperties": False, "allOf": [{"required": ["b"]}]},
            '({"a"?: any, ...} & object (requires "b")) (unevaluatedProperties: never)',
        ),
        ({"type": "integer", "enum": [1.0, 2]}, "1.0 | 2"),
        ({"type": "integer", "enum": ["x", 1]}, 'integer & ("x" | 1)'),
        ({"type": ["integer", "number"], "minimum": 0}, "number (0..)"),
        ({"type": ["integer", "string"], "format": "date"}, "integer | string (date)"),
        ({"minimum": 1}, "any number (1..)"),
        ({"type": "integer", "allOf": [{"minimum": 1}]}, "integer & number (1..)"),
        ({"type": ["object", "null"], "allOf": [{"required": ["a"]}]}, '(object | null) & any object (requires "a")'),
        ({"oneOf": [{"type": "string"}, {"const": "a"}]}, 'one of (string | "a")'),
        ({"oneOf": [{"const": "a"}, {"const": "b"}]}, '"a" | "b"'),
        ({"oneOf": [{"type": ["string", "null"]}, {"type": "null"}]}, "one of ((string | null) | null)"),
        ({"anyOf": [{"const": "a | b"}, {"type": "null"}]}, '"a | b" | null'),
        ({"type": "object", "propertyNames": {"maxLength": 3}}, "object (propertyNames: any string (..3 chars))"),
        ({"dependentSchemas": {"a": {"type": "object"}}}, 'any (dependentSchemas: {"a": object})'),
        ({"x-own": 1}, 'any ({"x-own":1})'),
        ({"pattern": "a\nb"}, 'any string (pattern "a\\nb")'),
        ({"if": {"const": 1}, "then": False}, "if (1) then (never)"),
        ({"type": "object", "deprecated": True}, "object (deprecated)"),
        (
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "$ref": "#/definitions/A",
                "minimum": 9,
                "definitions": {"A": {"type": "integer"}},
            },
            "integer",
        ),
        (
            {"type": "string", "title": "T", "description": "said\n twice", "examples": ["a"]},
            'string (e.g. "a"; T; said twice)',
        ),
    ],
)
def test_each_fact_has_its_notation(schema: Any, text: str) -> None:
    assert text == Schema(schema).to_text()


def test_an_object_is_written_one_field_a_line() -> None:
    expected = """{
 "team": "billing" | "platform" | "security",
 "urgency"?: integer (1..5; 5 means an outage),
 "summary"?: string (one sentence),
 "tags"?: [string (..9 chars)]
}"""

    assert expected == Schema(TRIAGE).to_text()


def test_a_recursive_schema_is_written_once() -> None:
    assert 'Tree\nTree = {"kids"?: [Tree], ...}' == Schema(TREE).to_text()


def test_a_schema_that_is_its_own_part_has_a_name() -> None:
    assert 'Root = {"kid"?: Root, ...}' == Schema({"type": "object", "properties": {"kid": {"$ref": "#"}}}).to_text()


def test_a_shared_schema_is_written_once() -> None:
    shared = {"type": "object", "properties": {"street": {"type": "string"}}, "additionalProperties": False}
    schema = {"type": "array", "prefixItems": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A"}], "$defs": {"A": shared}}

    assert '[A, A, ...]\nA = {"street"?: string}' == Schema(schema).to_text()


def test_what_python_shares_between_places_leads_to_names() -> None:
    both = {"$ref": "#/$defs/X"}
    inner = {"if": {}, "then": both, "else": both}
    schema = {"not": both, "$defs": {"X": {"$ref": "#/$defs/Y"}, "Y": inner}}
    assert Schema(schema).to_text() == Schema(json.loads(json.dumps(schema))).to_text()


def test_a_shared_name_is_never_a_word_of_the_notation() -> None:
    shared = {"type": "object", "properties": {"x": {}}}
    schema = {"prefixItems": [{"$ref": "#/$defs/string"}, {"$ref": "#/$defs/string"}], "$defs": {"string": shared}}

    assert 'any [string2, string2, ...]\nstring2 = {"x"?: any, ...}' == Schema(schema).to_text()


@pytest.mark.parametrize(
    ("reference", "shelf"),
    [("#/components/A", {"components": {"A": {"type": "null"}}}), ("#/a~1b", {"a/b": {"type": "null"}})],
)
def test_a_shelf_of_definitions_is_told_only_where_it_is_used(reference: str, shelf: dict[str, Any]) -> None:
    assert "null" == Schema({"$ref": reference, **shelf}).to_text()


def test_a_reference_into_a_keyword_leaves_the_keyword_told() -> None:
    schema = {"$ref": "#/enum/0", "enum": [{"type": "string"}]}

    assert 'string & {"type":"string"}' == Schema(schema).to_text()


def test_what_only_a_reference_in_an_odd_keyword_leads_to_is_told() -> None:
    schema = {"propertyNames": {"$ref": "#/$defs/Key"}, "$defs": {"Key": {"pattern": "^k"}}}

    assert "any (propertyNames: any string (/^k/))" == Schema(schema).to_text()


def test_the_notation_ends_however_deep_the_schema() -> None:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(150):
        schema = {"items": schema}

    assert "integer" in Schema(schema).to_text()


def told(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@given(closed_schemas)
def test_every_fact_is_told(schema: Any) -> None:
    text = Schema(schema).to_text()

    for _, part in walk(schema):
        facts = [*part.get("properties", ()), *part.get("required", ()), *part.get("enum", ())]
        facts += [part[keyword] for keyword in ("const", "minimum", "minLength", "multipleOf") if keyword in part]
        assert [] == [fact for fact in facts if told(fact) not in text]
        assert part.get("pattern", "") in text
