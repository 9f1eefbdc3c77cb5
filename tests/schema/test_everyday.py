"""Everyday changes of schemas, which break nobody; and what must not be taken for one of them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from promptkit.repos.diff.schema_changes import READ, WRITTEN, schema_changes
from promptkit.schema import compat
from promptkit.schema.compat import accepts

D4, D7 = "http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"
D20 = "https://json-schema.org/draft/2020-12/schema"
S = {"type": "string"}


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def union(value: str) -> dict[str, Any]:
    return of(k={"const": value, "default": value})


SAID_OTHERWISE: dict[str, dict[str, Any]] = {
    "a nullable reference": {
        "$id": "https://e.example/s",
        **of(n={"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]}),
        "$defs": {"N": of(a=S)},
    },
    "names that are one of several": {
        "type": "object",
        "propertyNames": {"$ref": "#/$defs/N"},
        "$defs": {"N": {"enum": ["a"]}},
    },
    "a union by a default": {
        "oneOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}],
        "$defs": {"A": union("a"), "B": union("b")},
    },
    "a closed map": {"type": "object", "patternProperties": {"^x": S}, "additionalProperties": False},
}


@pytest.mark.parametrize("side", [READ, WRITTEN], ids=["read", "written"])
@pytest.mark.parametrize("name", SAID_OTHERWISE)
def test_other_words_are_a_patch_whatever_stands_beside_them(name: str, side: Any) -> None:
    before = SAID_OTHERWISE[name]
    for after in ({**before, "description": "d"}, {**before, "x-order": 3}):
        assert {change.level for change in schema_changes(side, "p", "n", before, after)} == {"patch"}


FITS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "an object that may be null": (WRITTEN, of(a=of(v=S)), of(a={"anyOf": [of(v=S), {"type": "null"}]})),
    "a field in a part": (READ, of(a=S, b=S), {"allOf": [{"$ref": "#/$defs/B"}], **of(b=S), "$defs": {"B": of(a=S)}}),
}


@pytest.mark.parametrize("name", FITS)
def test_what_moved_into_a_part_was_not_removed(name: str) -> None:
    side, before, after = FITS[name]
    assert {change.level for change in schema_changes(side, "p", "n", before, after)} <= {"patch", "minor"}


def test_what_is_in_no_part_was_removed() -> None:
    after = of(a={"anyOf": [of(w=S), {"type": "null"}]})
    assert "major" in [change.level for change in schema_changes(READ, "p", "n", of(a=of(v=S)), after)]


def test_a_definition_of_another_name_and_a_lost_one_break_nothing() -> None:
    before = {**of(a={"type": "array", "items": {"$ref": "#/$defs/T"}, "maxItems": 3}), "$defs": {"T": S}}
    renamed = {**of(a={"type": "array", "items": {"$ref": "#/$defs/U"}, "maxItems": 5}), "$defs": {"U": S}}
    for side in (READ, WRITTEN):
        for after in (renamed, of(a={"type": "array", "items": S, "maxItems": 5})):
            assert list(schema_changes(side, "p", "n", before, after))
    assert not accepts({"properties": {"a": S}}, {"properties": {"a": {"$ref": "#/nowhere"}}})[0].certain


@pytest.mark.parametrize(
    ("reader", "writer"),
    [
        ({"enum": [1, 2, 3, None]}, {"type": ["integer", "null"], "minimum": 1, "maximum": 3}),
        ({"enum": ["low", "high", None]}, {"type": ["string", "null"], "pattern": "^(low|high)$"}),
        ({"const": []}, {"type": "array", "maxItems": 0}),
        ({"const": {}}, {"type": "object", "additionalProperties": False}),
    ],
)
def test_what_has_no_other_value_is_never_certain_to_have_one(reader: Any, writer: Any) -> None:
    assert not any(mismatch.certain for mismatch in accepts(reader, writer))


def test_a_list_where_values_are_named_is_certain_to_be_another_value() -> None:
    assert accepts({"enum": [1, None]}, {"type": ["array", "null"]})[0].certain


@pytest.mark.parametrize(
    ("reader", "writer"),
    [
        ({"$schema": D20, "prefixItems": [S]}, {"$schema": D7, "prefixItems": [S]}),
        ({"$schema": D20, "dependentRequired": {"a": ["b"]}}, {"$schema": D7, "dependentRequired": {"a": ["b"]}}),
        ({"$schema": D4, "type": "integer"}, {"type": "integer"}),
    ],
)
def test_the_same_text_under_two_drafts_is_not_the_same(reader: Any, writer: Any) -> None:
    assert accepts(reader, writer)
    assert not accepts({**reader, "$schema": D20}, {**reader, "$schema": D20})
    assert not accepts({**of(a=S), "$schema": D7}, of(a=S))


def counted_validators(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for each validator of a part that is made from now on."""
    made: list[int] = []
    alone = compat.standing_alone
    monkeypatch.setattr(compat, "standing_alone", lambda *given: made.append(1) or alone(*given))
    return made


def test_optional_models_are_compared_without_a_validator_each(monkeypatch: pytest.MonkeyPatch) -> None:
    made = counted_validators(monkeypatch)
    many = range(60)
    before = {
        **of(**{f"f{i}": {"anyOf": [{"$ref": f"#/$defs/D{i}"}, {"type": "null"}]} for i in many}),
        "$defs": {f"D{i}": of(**{f"p{k}": S for k in range(5)}) for i in many},
    }
    after = copy.deepcopy(before)
    after["$defs"]["D0"]["properties"]["note"] = S
    assert not accepts(before, after)
    assert not made


def test_what_a_draft_ignores_beside_a_reference_does_not_come_alive() -> None:
    before = {"$schema": D4, "$ref": "#/definitions/U", "definitions": {"U": {"type": "object"}}}
    after = {**before, "anyOf": [{"enum": [-1]}, {"$ref": "#"}]}
    assert {change.level for change in schema_changes(READ, "p", "n", before, after)} <= {"patch", "minor"}


def test_what_changed_in_an_alternative_is_told_at_its_place() -> None:
    def optional(name: str, **fields: Any) -> dict[str, Any]:
        return {
            **of(a={"anyOf": [{"$ref": f"#/$defs/{name}"}, {"type": "null"}]}),
            "$defs": {name: of(**fields)},
        }

    before, after = optional("D", v=S, w=S), optional("D", v={"type": "integer"}, w=S)
    (change,) = schema_changes(READ, "output", "output", before, after)
    assert (change.name, change.level) == ("output.a.v", "major")
    turned = {**after, "properties": {"a": {"anyOf": after["properties"]["a"]["anyOf"][::-1]}}}
    assert [change.name for change in schema_changes(READ, "output", "output", before, turned)] == ["output.a.v"]


def test_one_of_two_hundred_alternatives_is_known_to_break() -> None:
    def tagged(kind: dict[str, Any]) -> dict[str, Any]:
        branches = [of(kind={"const": f"k{n}"}, v=kind if n == 150 else S) for n in range(200)]
        return {"oneOf": [branch | {"required": ["kind", "v"]} for branch in branches]}

    assert [mismatch.certain for mismatch in accepts(tagged(S), tagged({"type": "integer"}))] == [True]
    inside = [{"type": "object", "properties": {"x": tagged(kind)}} for kind in (S, {"type": "integer"})]
    assert [mismatch.certain for mismatch in accepts(*inside)] == [True]


def test_alternatives_are_told_by_what_they_are_fixed_to() -> None:
    def tagged(kind: str, **more: Any) -> dict[str, Any]:
        return of(kind={"const": kind}, **{kind: S}) | {"required": ["kind", kind], **more}

    before = of(p={"anyOf": [tagged("a"), tagged("b")]})
    grown = [of(kind={"const": kind}, **{kind: S}, more=S) | {"required": ["kind", kind]} for kind in "ba"]
    found = {(change.name, change.level) for change in schema_changes(READ, "p", "n", before, of(p={"anyOf": grown}))}
    assert found == {("n.p.more", "minor")}


def test_an_alternative_that_is_closed_says_nothing_of_other_fields() -> None:
    closed = {"oneOf": [of(a=S) | {"additionalProperties": False}, of(b=S) | {"additionalProperties": False}]}
    before, after = of(p=closed), of(p=closed, z=S)
    assert {change.level for change in schema_changes(READ, "p", "n", before, after)} == {"minor"}


def test_a_field_that_moved_beside_a_reference_was_not_removed() -> None:
    after = {"$ref": "#/$defs/B", "properties": {"x": S}, "$defs": {"B": of(y=S)}}
    assert "major" not in [change.level for change in schema_changes(READ, "p", "n", of(x=S, y=S), after)]


def test_optional_enums_are_compared_without_a_validator_each(monkeypatch: pytest.MonkeyPatch) -> None:
    made = counted_validators(monkeypatch)
    many = range(60)
    before = {
        **of(**{f"f{n}": {"anyOf": [{"$ref": f"#/$defs/E{n}"}, {"type": "null"}]} for n in many}),
        "$defs": {f"E{n}": {"type": "string", "enum": ["a", "b"]} for n in many},
    }
    after = copy.deepcopy(before)
    after["properties"]["note"] = S
    assert not accepts(before, after)
    assert not made
