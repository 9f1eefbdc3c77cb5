"""Whether one schema accepts what another one allows."""

from __future__ import annotations

import json
from typing import Any, Literal

import pydantic
import pytest

from promptkit.schema import Schema
from promptkit.schema.compat import accepts

TRIAGE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "team": {"enum": ["billing", "platform"]},
        "urgency": {"type": "integer", "minimum": 1, "maximum": 5},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
    },
    "required": ["team", "urgency"],
    "additionalProperties": False,
}
TREE: dict[str, Any] = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#"}}}}
PAIR: dict[str, Any] = {"type": "array", "prefixItems": [{"type": "string"}], "items": False}
D4, D7 = (f"http://json-schema.org/draft-{draft:02}/schema#" for draft in (4, 7))
TEXT, WHOLE, NUMBER = ({"type": kind} for kind in ("string", "integer", "number"))
FIELD_A = {"properties": {"a": {}}, "additionalProperties": False}


class Triage(pydantic.BaseModel):
    team: Literal["billing", "platform", "security"]
    urgency: int
    tags: list[str] | None = None


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]


class Owner(pydantic.BaseModel):
    pet: Cat | Dog = pydantic.Field(discriminator="kind")


def told(reader: Any, writer: Any) -> list[tuple[str, bool]]:
    return [(str(mismatch), mismatch.certain) for mismatch in accepts(reader, writer)]


@pytest.mark.parametrize(
    ("reader", "writer"),
    [
        ({}, TRIAGE),
        (True, {}),
        (TRIAGE, False),
        (NUMBER, WHOLE),
        (WHOLE, {"enum": [1, 2.0]}),
        ({"minimum": 0}, {"type": "integer", "exclusiveMinimum": -1}),
        ({"enum": [1, 2, 3]}, {"type": "integer", "minimum": 1, "maximum": 3}),
        ({"multipleOf": 2}, {"type": "integer", "multipleOf": 4}),
        ({"anyOf": [TEXT, {"type": "null"}]}, {"type": ["null", "string"]}),
        ({"type": ["null", "string"]}, {"anyOf": [TEXT, {"type": "null"}]}),
        ({"maxItems": 1}, PAIR),
        ({"uniqueItems": True}, PAIR),
        ({"maxProperties": 3}, TRIAGE),
        ({"minProperties": 2}, TRIAGE),
        ({"format": "date"}, {"type": "string", "format": "date"}),
        ({"format": "own"}, TEXT),
        ({"$defs": {"a": {"$anchor": "a", **TEXT}}, "$anchor": "b", "$ref": "#a"}, TEXT),
        ({"$schema": D7, "items": [WHOLE]}, {"$schema": D7, "items": [WHOLE], "enum": [["b"]]}),
        ({"$schema": D7, "prefixItems": [WHOLE]}, {"$schema": D7, "type": "array", "items": [TEXT]}),
        ({"$schema": D4, "minimum": 1, "exclusiveMinimum": True}, {"$schema": D7, "exclusiveMinimum": 1}),
        ({"dependentRequired": {"a": ["b"]}}, {"$schema": D7, "type": "object", "dependencies": {"a": ["b"]}}),
        ({"contains": TEXT, "minContains": 1}, {"type": "array", "contains": TEXT}),
        ({"minContains": 3, "then": False}, {"type": "array"}),
        ({"not": {"type": "null"}}, TEXT),
        ({"not": {"minLength": 4, "maxLength": 9}}, {"type": "string", "maxLength": 3}),
        ({"not": {"required": ["a"]}}, {"type": "object", "properties": {"b": {}}, "additionalProperties": False}),
        ({"not": {"const": "a"}}, {"not": {"enum": ["a", "b"]}}),
        ({"if": {"const": "a"}, "then": {"minLength": 1}}, {"type": "string", "if": {"const": "a"}, "then": {}}),
        (
            {"if": {"properties": {"c": {"const": "US"}}}, "then": {"required": ["zip"]}},
            {"type": "object", "properties": {"c": {"enum": ["US"]}}, "required": ["c", "zip"]},
        ),
        (
            {"if": {"properties": {"c": {"const": "US"}}, "required": ["c"]}, "then": {"required": ["zip"]}},
            {"type": "object", "properties": {"c": {"enum": ["DE", "FR"]}}, "required": ["c"]},
        ),
        (
            {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}},
            {
                "type": "object",
                "if": {"required": ["a"]},
                "then": {"required": ["b", "d"]},
                "else": {"required": ["c"]},
            },
        ),
        ({"dependentRequired": {"a": ["b", "c"]}}, {"type": "object", "dependentRequired": {"a": ["b"], "b": ["c"]}}),
        ({"dependentRequired": {"a": ["b"]}}, {"type": "object", "required": ["b"]}),
        ({"dependentRequired": {"a": ["b"]}}, {"type": "object", "properties": {"a": False}}),
        ({"dependentRequired": {"a": ["b"]}}, TEXT),
        (
            {"dependentSchemas": {"a": {"properties": {"b": TEXT}, "required": ["b"]}}},
            {"type": "object", "properties": {"a": {}, "b": TEXT}, "dependentRequired": {"a": ["b"]}},
        ),
        (
            {"propertyNames": {"maxLength": 2}},
            {"type": "object", "properties": {"ab": {}}, "additionalProperties": False},
        ),
        ({"propertyNames": {"maxLength": 9}}, {"type": "object", "propertyNames": {"maxLength": 5}}),
        (
            {"patternProperties": {"^a": NUMBER}, "additionalProperties": False},
            {"type": "object", "properties": {"ab": WHOLE}, "additionalProperties": False},
        ),
        ({"patternProperties": {"^a": NUMBER}}, {"type": "object", "additionalProperties": WHOLE}),
        ({"contains": NUMBER}, {"type": "array", "contains": WHOLE}),
        ({"contains": NUMBER, "minContains": 2}, {"type": "array", "minItems": 2, "items": WHOLE}),
        ({"contains": TEXT, "minContains": 0, "maxContains": 3}, {"type": "array", "maxItems": 3}),
        (WHOLE, {"type": "number", "multipleOf": 3}),
        (
            {"oneOf": [{"required": ["a"]}, {"properties": {"b": {}}, "additionalProperties": False}]},
            {"type": "object", "properties": {"a": {}}, "required": ["a"]},
        ),
        ({"oneOf": [{"maximum": 5}, {"exclusiveMinimum": 5}]}, {"type": "integer", "minimum": 6}),
        (
            TREE,
            {"$ref": "#/$defs/T", "$defs": {"T": TREE | {"properties": {"kids": {"type": "array", "maxItems": 0}}}}},
        ),
        ({"$ref": "#/$defs/N", "$defs": {"N": {"anyOf": [WHOLE, {"items": {"$ref": "#/$defs/N"}}]}}}, {"const": [[1]]}),
        (Schema.from_type(Triage).json, TRIAGE),
        (
            Schema.from_type(Owner).json,
            {"type": "object", "properties": {"pet": {"const": {"kind": "dog"}}}, "required": ["pet"]},
        ),
    ],
    ids=str,
)
def test_a_reader_accepts_what_is_narrower(reader: Any, writer: Any) -> None:
    assert [] == told(reader, writer)


@pytest.mark.parametrize(
    ("reader", "writer", "message"),
    [
        (TEXT, WHOLE, "at $: may be integer, but string is wanted"),
        ({"oneOf": [WHOLE, NUMBER]}, WHOLE, "at $: more than one alternative may fit, but only one is accepted"),
        ({"contains": TEXT, "maxContains": 1}, {"type": "array", "contains": TEXT}, "at $: `contains` may not hold"),
        (
            {"patternProperties": {"^a": {}}, "additionalProperties": False},
            {"type": "object", "patternProperties": {"^a": {}}, "properties": {"z": {}}, "additionalProperties": False},
            "at $.z: is not a field that is accepted",
        ),
        (
            {"$schema": D7, "items": [TEXT]},
            {"$schema": D7, "type": "array", "prefixItems": [TEXT]},
            "at $[0]: may be anything, but string is wanted",
        ),
        (TEXT, {"oneOf": [WHOLE, NUMBER]}, "at $: may be number, but string is wanted"),
        (
            {"properties": {"a": TEXT}},
            {"type": "object", "unevaluatedProperties": False, "anyOf": [{}, {"properties": {"a": WHOLE}}]},
            "at $.a: may be integer, but string is wanted",
        ),
        ({"uniqueItems": True}, {"type": "array", "items": {"enum": [7]}}, "at $: may hold the same item twice"),
        (
            {"additionalProperties": WHOLE},
            {"type": "object", "additionalProperties": NUMBER},
            "at $.*: may be number, but integer is wanted",
        ),
        (
            {"anyOf": [{"maxLength": 2}, {"minLength": 5}]},
            TEXT,
            "at $: none of 2 alternatives accepts all that is allowed",
        ),
        ({"multipleOf": 2}, {"type": "integer", "multipleOf": 9007199254740995}, "at $: may be no multiple of 2"),
        (WHOLE, {"enum": [1, "a"]}, 'at $: "a" is allowed, but not accepted'),
        ({"enum": [1]}, {"const": True}, "at $: true is allowed, but not accepted"),
        ({"minimum": 2}, {"type": "integer", "minimum": 1}, "at $: may be less than 2"),
        ({"exclusiveMaximum": 5}, {"type": "number", "maximum": 5}, "at $: may be 5 or more"),
        ({"multipleOf": 2}, WHOLE, "at $: may be no multiple of 2"),
        ({"maxLength": 3}, TEXT, "at $: may have more than 3 characters"),
        ({"pattern": "^a"}, TEXT, "at $: may be a text that does not match the pattern ^a"),
        ({"format": "date"}, TEXT, "at $: may be a text that does not match the format date"),
        ({"enum": ["a"]}, TEXT, 'at $: may be more than "a"'),
        ({"items": TEXT}, {"type": "array", "items": WHOLE}, "at $[*]: may be integer, but string is wanted"),
        ({"prefixItems": [WHOLE]}, PAIR, "at $[0]: may be string, but integer is wanted"),
        ({"minItems": 1}, {"type": "array"}, "at $: may have fewer than 1 items"),
        ({"required": ["tags"]}, TRIAGE, "at $.tags: may be missing, but is required"),
        (
            FIELD_A,
            {"type": "object", "properties": {"b": {}}, "additionalProperties": False},
            "at $.b: is not a field that is accepted",
        ),
        (
            {"allOf": [FIELD_A, {"properties": {"b": {}}}]},
            {"type": "object", "properties": {"b": TEXT}, "additionalProperties": False},
            "at $.b: no value is accepted here",
        ),
        (
            {"allOf": [{"prefixItems": [{}]}, {"items": TEXT}]},
            {"type": "array", "items": WHOLE},
            "at $[0]: may be integer, but string is wanted",
        ),
        (
            {"properties": {"kids": {"items": {"properties": {"kids": TEXT}}}}},
            TREE,
            "at $.kids[*].kids: may be array, but string is wanted",
        ),
        (
            Schema.from_type(Cat).json,
            {"type": "object", "properties": {"kind": {"const": "dog"}}, "required": ["kind", "lives"]},
            'at $.kind: "dog" is allowed, but not accepted',
        ),
    ],
)
def test_a_sure_mismatch_says_where_and_what(reader: Any, writer: Any, message: str) -> None:
    assert (message, True) in told(reader, writer)


@pytest.mark.parametrize(
    ("reader", "writer"),
    [
        ({"pattern": "^.*$"}, {"type": "string", "pattern": "^a"}),
        ({"minLength": 1}, {"type": "string", "format": "date"}),
        ({"pattern": "^[0-9]{4}"}, {"type": "string", "format": "date"}),
        ({"pattern": ".*|\\n"}, TEXT),
        ({"enum": ["a", "b"]}, {"type": "string", "pattern": "^[ab]$"}),
        ({"properties": {"a": TEXT}}, {"type": "object"}),
        ({"required": ["a"]}, {"type": "object", "minProperties": 1, **FIELD_A}),
        # What is asked for is not met by what is said at first sight, yet there is no value that shows it.
        ({"uniqueItems": True}, {"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": False}),
        ({"properties": {"a": TEXT}}, {"type": "object", "properties": {"a": WHOLE}, "maxProperties": 0}),
        ({"maxItems": 0}, {"type": "array", "prefixItems": [False]}),
        ({"minItems": 3}, {"type": "array", "uniqueItems": True, "items": {"const": 1}, "minItems": 2}),
        ({"$schema": D4, **WHOLE}, {"$schema": D4, "enum": [1]}),
        ({"$schema": D4, "type": "array", "items": WHOLE}, {"$schema": D4, "enum": [[1]]}),
        ({"$schema": D4, "properties": {"a": WHOLE}}, {"$schema": D4, "enum": [{"a": 1}]}),
        ({"$dynamicRef": "#a", "$defs": {"a": {"$dynamicAnchor": "a"}}}, TEXT),
    ],
)
def test_what_cannot_be_told_is_never_sure(reader: Any, writer: Any) -> None:
    found = told(reader, writer)

    assert found
    assert not any(certain for _, certain in found)


def test_only_what_a_value_shows_is_certain() -> None:
    reader = {"properties": {"a": WHOLE, "b": {"anyOf": [{"maximum": 5}, {"minimum": 5}]}}}
    writer = {"type": "object", "properties": {"a": TEXT, "b": WHOLE}, "required": ["a", "b"]}
    assert [certain for what, certain in told(reader, writer) if what.startswith("at $.a")] == [True]
    assert [certain for what, certain in told(reader, writer) if what.startswith("at $.b")] == [False]


@pytest.mark.parametrize("keyword", ["const", "contains", "propertyNames", "if", "format"])
def test_what_a_draft_passes_over_is_not_the_same_in_a_later_one(keyword: str) -> None:
    said: dict[str, Any] = {
        "const": {"const": 1},
        "contains": {"contains": {"type": "string"}},
        "propertyNames": {"propertyNames": {"maxLength": 1}},
        "if": {"if": {"minimum": 0}, "else": False},
        "format": {"format": "uuid"},
    }[keyword]
    reader, writer = {"properties": {"a": said}}, {"$schema": D4, "properties": {"a": said}}
    assert bool(accepts(reader, writer)) == (keyword != "format")  # formats are known to all


def test_a_list_of_schemas_that_never_ends_is_compared_at_once() -> None:
    def node(kind: dict[str, Any]) -> dict[str, Any]:
        base = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}, "required": ["id"]}
        parts = [{"$ref": "#/$defs/Base"}, {"properties": {"v": kind, "next": {"description": "the next one"}}}]
        either = [{"required": ["v"]}, {"required": ["w"]}]
        return {"$ref": "#/$defs/Node", "$defs": {"Base": base, "Node": {"allOf": parts, "oneOf": either}}}

    assert any(mismatch.certain for mismatch in accepts(node(TEXT), node(WHOLE)))


def test_a_keyword_that_the_draft_does_not_know_says_nothing() -> None:
    old = {"$schema": "http://json-schema.org/draft-04/schema#", "const": 1}

    assert [("at $: may be anything, but integer is wanted", True)] == told(WHOLE, old)


def test_keywords_beside_a_reference_say_nothing_in_old_drafts() -> None:
    old = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"N": NUMBER},
        "$ref": "#/definitions/N",
        "minimum": 5,
    }

    assert [("at $: may be less than 5", True)] == told({"minimum": 5}, old)


def test_schemas_as_deep_as_may_be_are_compared_or_told_to_be_too_deep() -> None:
    for levels in (95, 190):
        reader, writer = TEXT, WHOLE
        for _ in range(levels):
            reader, writer = ({"type": "object", "properties": {"a": each}} for each in (reader, writer))
        assert accepts(reader, writer)
        assert not accepts(reader, reader)


def test_a_comparison_ends_on_schemas_without_end() -> None:
    wide = {"type": "object", "properties": {str(n): {"$ref": "#"} for n in range(300)}}
    other = {"type": "object", "properties": {str(n): {"anyOf": [{"$ref": "#"}, {"type": "null"}]} for n in range(300)}}

    assert () != accepts(wide, other)


def test_a_reference_to_the_whole_in_2019_is_followed() -> None:
    newest = "https://json-schema.org/draft/2019-09/schema"
    lists = {"$schema": newest, "type": "array", "items": {"$recursiveRef": "#"}}

    assert [('at $: [["a"]] is allowed, but not accepted', True)] == told(lists, {"const": [["a"]]})
    assert not accepts(lists, {"const": [[], [[]]]})


def test_many_alternatives_that_lead_to_themselves_are_compared_by_small_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def filters(limit: int) -> dict[str, Any]:
        inner = {"$ref": "#/$defs/E"}
        rest = {"args": {"type": "array", "items": inner, "maxItems": limit}, "l": inner, "r": inner}
        branches = [
            {"type": "object", "properties": {"op": {"const": name}, **rest}, "required": ["op", "args"]}
            for name in ("and", "or", "not", "eq", "lt", "gt")
        ]
        return {"$defs": {"E": {"oneOf": [*branches, {"type": "string"}]}}, "$ref": "#/$defs/E"}

    made: list[str] = []
    validate = Schema.validate
    monkeypatch.setattr(Schema, "validate", lambda self, value: made.append(json.dumps(value)) or validate(self, value))
    assert any(each.certain for each in accepts(filters(5), filters(6)))
    assert made
    assert max(map(len, made)) < 500
