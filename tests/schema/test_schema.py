"""Schemas: what fits, what is wrong with a value or with the schema, and the text that models read."""

from __future__ import annotations

import datetime as dt
import http.server
import math
import pickle
import threading
from dataclasses import dataclass
from typing import Any, Literal

import pydantic
import pytest

from promptkit.errors import ConfigError, OutputError
from promptkit.schema import Schema

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


def told(schema: Any, value: Any) -> list[str]:
    return [str(violation) for violation in Schema(schema).validate(value)]


@pytest.mark.parametrize(
    ("value", "violations"),
    [
        (
            {"team": "biling"},
            ['at $.team: "biling" is not one of billing, platform, security (did you mean "billing"?)'],
        ),
        ({"team": "billing", "urgency": 7}, ["at $.urgency: 7 is greater than the maximum of 5"]),
        ({"urgency": 1}, ['at $: required field "team" is missing']),
        ({"team": "billing", "x": 1}, ['at $.x: field "x" is not allowed']),
        ({"team": "billing", "tags": [1]}, ["at $.tags[0]: 1 is not a string"]),
        (
            {"team": "billing", "tags": ["0123456789"]},
            ["at $.tags[0]: has 10 characters, more than the maximum of 9"],
        ),
        ({"team": "billing", "urgency": 1.5}, ["at $.urgency: 1.5 is not an integer"]),
        ([], ["at $: [] is not an object"]),
    ],
)
def test_a_violation_says_where_and_what(value: Any, violations: list[str]) -> None:
    assert violations == told(TRIAGE, value)


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"const": 1}, 2, "2 is not 1"),
        ({"format": "date"}, "2026-02-30", '"2026-02-30" is not a valid date'),
        ({"pattern": "^a"}, "b", '"b" does not match the pattern ^a'),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 5, "5 is not a string or null"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 5, "5 fits 2 alternatives, but only one may fit"),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, 'the key "ab" is not allowed'),
        ({"not": {}}, 1, "1 is of a kind that is excluded"),
        ({"properties": {"a": False}}, {"a": 1}, "nothing is allowed here"),
        ({"uniqueItems": True}, [1, 1], "has items that are equal to each other"),
        ({"prefixItems": [{}], "unevaluatedItems": False}, [1, 2], "has more items than are allowed"),
    ],
)
def test_a_violation_is_worded_for_people(schema: Any, value: Any, message: str) -> None:
    assert message in told(schema, value)[0]


def test_a_value_of_one_alternative_is_judged_by_that_alternative() -> None:
    schema = {"anyOf": [{"type": "null"}, TRIAGE]}

    assert ["at $.urgency: 9 is greater than the maximum of 5"] == told(schema, {"team": "billing", "urgency": 9})


def test_a_tagged_alternative_is_found_by_its_tag() -> None:
    branches = [
        {"properties": {"kind": {"const": kind}, kind: {"type": "integer"}}, "required": ["kind", kind]}
        for kind in ("a", "b")
    ]

    assert ['at $.b: "x" is not an integer'] == told({"oneOf": branches}, {"kind": "b", "b": "x"})


def test_a_key_of_digits_keeps_its_place() -> None:
    violation = Schema({"additionalProperties": {"type": "string"}}).validate({"2": [1]})[0]

    assert ('$["2"]', ("2",)) == (violation.path, violation.location)


def test_a_long_value_is_not_echoed() -> None:
    for value in ("x" * 10**6, ["x"] * 10**5, {"k" * 100: "v" * 100}):
        assert all(len(line) < 120 for line in told({"type": "integer"}, value))


def test_a_hundred_violations_are_enough() -> None:
    assert 100 == len(told({"items": {"type": "string"}}, list(range(1000))))


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def circle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        [math.inf],
        {"a": -math.inf},
        nested(300),
        nested(100_000),
        circle(),
        object(),
        {1: 2, "a": object()},
        b"x",
    ],
    ids=["nan", "inf", "-inf", "deep", "very deep", "circle", "object", "keys", "bytes"],
)
def test_what_is_no_json_is_a_violation(value: Any) -> None:
    assert "value" == Schema(TREE | {"type": ["object", "array", "null"]}).validate(value)[0].keyword


@pytest.mark.parametrize(
    "value",
    ["\ud800", 10**400, -(10**5000), nested(200), "\U0001f600" * 9],
    ids=["half", "big", "huge", "deep", "wide"],
)
def test_a_strange_value_raises_nothing(value: Any) -> None:
    assert isinstance(Schema({"type": "null", "maximum": 5}).validate(value), tuple)


def test_a_huge_integer_is_compared_exactly() -> None:
    assert not Schema({"type": "integer", "maximum": 5}).is_valid(10**400)
    assert Schema({"type": "integer", "minimum": 10**30}).is_valid(10**30)


def test_an_evil_pattern_takes_no_time() -> None:
    assert not Schema({"pattern": "^(a+)+$"}).is_valid("a" * 50_000 + "b")


def test_a_backtracking_pattern_has_a_limit() -> None:
    evil = {"pattern": "^(?=(a+)+$)(a|aa)+\\1$"}

    assert not Schema(evil).is_valid("a" * 40 + "b")


@pytest.mark.parametrize(
    ("schema", "location", "message"),
    [
        ({"type": "strng"}, ("type",), 'did you mean "string"?'),
        ({"properties": {"a": {"minimum": "x"}}}, ("properties", "a", "minimum"), '"x" is not a number'),
        ({"items": {"pattern": "("}}, ("items", "pattern"), '"(" is not a valid regex'),
        ({"required": "a"}, ("required",), "is not a list"),
        ({"$ref": "#/$defs/x"}, ("$ref",), "leads nowhere"),
        ({"items": {"$ref": "other.json"}}, ("items", "$ref"), "nothing is fetched"),
        ({"$ref": "file:///etc/passwd"}, ("$ref",), "nothing is fetched"),
        ({"$ref": "#"}, ("$ref",), "leads back to itself"),
        ({"allOf": [{"anyOf": [{"$ref": "#"}]}]}, ("allOf", 0, "anyOf", 0, "$ref"), "leads back to itself"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, ("$schema",), "is not known"),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": 5}, ("exclusiveMinimum",), "true"),
        ("string", (), "an object, true or false"),
        ({"enum": [math.nan]}, ("enum", 0), "no JSON number"),
    ],
)
def test_a_problem_of_the_schema_is_told_with_its_place(schema: Any, location: tuple[Any, ...], message: str) -> None:
    problem = Schema(schema).problems()[0]

    assert location == problem.location
    assert message in problem.message


@pytest.mark.parametrize(
    "schema", [True, False, {}, TRIAGE, TREE, {"pattern": "(?=a)"}, {"$ref": "#a", "$defs": {"x": {"$anchor": "a"}}}]
)
def test_a_sound_schema_has_no_problems(schema: Any) -> None:
    assert () == Schema(schema).problems()


def test_a_schema_nested_without_end_is_a_problem() -> None:
    schema: dict[str, Any] = {}
    for _ in range(100_000):
        schema = {"items": schema}

    assert "nested deeper" in Schema(schema).problems()[0].message


@pytest.mark.parametrize("schema", [{"$ref": "#/nowhere"}, {"type": "strng"}, {"$ref": "#"}, nested(100_000), "string"])
def test_a_schema_that_cannot_be_used_is_a_config_error(schema: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Schema(schema).validate(1)

    assert [str(problem) for problem in Schema(schema).problems()] == list(caught.value.details)


def test_a_reference_fetches_nothing() -> None:
    asked: list[str] = []

    class Spy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with http.server.HTTPServer(("127.0.0.1", 0), Spy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/s.json"
        for schema in ({"$ref": address}, {"$id": address, "$ref": "x"}, {"$schema": address}):
            with pytest.raises(ConfigError):
                Schema(schema).validate(1)
        server.shutdown()

    assert [] == asked


def test_formats_of_today_are_checked_in_older_drafts() -> None:
    assert not Schema({"$schema": "http://json-schema.org/draft-04/schema#", "format": "uuid"}).is_valid("x")


class Ticket(pydantic.BaseModel):
    team: Literal["billing", "platform"]
    due: dt.date
    size: tuple[int, int] = (0, 0)

    @pydantic.field_validator("due")
    @classmethod
    def _not_ancient(cls, due: dt.date) -> dt.date:
        if due.year < 2000:
            raise ValueError("too long ago")
        return due


@dataclass
class Point:
    x: int


def test_a_python_type_has_a_schema_and_a_view() -> None:
    schema = Schema.from_type(Ticket)

    assert schema.is_valid({"team": "billing", "due": "2026-01-31"})
    assert not schema.is_valid({"team": "billing", "due": "soon"})
    expected = Ticket(team="billing", due=dt.date(2026, 1, 31), size=(1, 2))
    assert expected == schema.view({"team": "billing", "due": "2026-01-31", "size": [1, 2]})


@pytest.mark.parametrize(("tp", "value", "seen"), [(Point, {"x": 1}, Point(1)), (list[int], [1], [1]), (int, 1, 1)])
def test_any_type_that_pydantic_knows_can_be_seen(tp: Any, value: Any, seen: Any) -> None:
    assert seen == Schema.from_type(tp).view(value)


def test_a_view_that_the_types_own_validator_refuses_is_an_output_error() -> None:
    with pytest.raises(OutputError) as caught:
        Schema.from_type(Ticket).view({"team": "billing", "due": "1999-01-01"})

    assert ["$.due"] == [violation.path for violation in caught.value.violations]


def test_a_view_of_a_plain_schema_is_the_value() -> None:
    value = {"a": 1}

    assert value is Schema(True).view(value)


def test_a_type_without_a_schema_is_a_config_error() -> None:
    with pytest.raises(ConfigError):
        Schema.from_type(type(threading.Lock()))


def test_schemas_are_equal_by_their_json() -> None:
    assert Schema({"a": 1, "b": 2}) == Schema({"b": 2, "a": 1})
    assert Schema({"a": 1}) != Schema({"a": 2})
    assert 1 == len({Schema(TRIAGE), Schema(dict(TRIAGE))})


def test_a_schema_survives_pickling() -> None:
    used, typed = Schema(TRIAGE), Schema.from_type(Point)
    used.validate({})

    assert used == pickle.loads(pickle.dumps(used))
    assert Point(1) == pickle.loads(pickle.dumps(typed)).view({"x": 1})


ALTERNATIVES = {
    "$defs": {
        "e": {
            "anyOf": [
                {"type": "object", "required": ["l"], "properties": {"l": {"$ref": "#/$defs/e"}}},
                {"type": "object", "required": ["l", "op"], "properties": {"l": {"$ref": "#/$defs/e"}}},
                {"type": "number"},
            ]
        }
    },
    "$ref": "#/$defs/e",
}


@pytest.mark.parametrize(("levels", "told"), [(2, "is not"), (30, "nested too deeply to say where")])
def test_what_is_wrong_in_a_tree_of_alternatives_is_told_in_bounded_work(levels: int, told: str) -> None:
    value: Any = "bad"
    for _ in range(levels):
        value = {"l": value}
    [found] = Schema(ALTERNATIVES).validate(value)
    assert told in found.message or "fits none" in found.message


def test_what_is_wrong_below_an_empty_key_has_a_place() -> None:
    schema = Schema({"properties": {"": {"type": "array", "items": {"type": "string"}}}})
    [violation] = schema.validate({"": [1]})
    assert ('$[""][0]', ("", 0)) == (violation.path, violation.location)


def test_half_a_character_makes_no_plain_schema() -> None:
    assert Schema({"enum": ["\ud83d"]}).problems()
