"""The one-line notation of declarations."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from promptkit.schema.shorthand import ShorthandError, parse_declaration, split_key, to_object_schema

STRING = {"type": "string"}


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("string", STRING),
        ("any", {}),
        ("array", {"type": "array"}),
        ("date", {"type": "string", "format": "date"}),
        ("datetime", {"type": "string", "format": "date-time"}),
        ("uuid", {"type": "string", "format": "uuid"}),
        ("string | integer", {"type": ["string", "integer"]}),
        ("date | null", {"type": ["string", "null"], "format": "date"}),
        ("null | any", {}),
        ("[string] | string", {"anyOf": [{"type": "array", "items": STRING}, STRING]}),
        ("billing | platform", {"enum": ["billing", "platform"]}),
        ("in progress|done", {"enum": ["in progress", "done"]}),
        ("formal | friendly | null", {"enum": ["formal", "friendly", None]}),
        ("'null' | \"integer\"", {"enum": ["null", "integer"]}),
        ("'it''s' | \"a\\tb\"", {"enum": ["it's", "a\tb"]}),
        ("'only'", {"enum": ["only"]}),
        ("[string]", {"type": "array", "items": STRING}),
        ("[a | b]", {"type": "array", "items": {"enum": ["a", "b"]}}),
        ("[integer, 0..9]", {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}}),
        ("[[string]]", {"type": "array", "items": {"type": "array", "items": STRING}}),
    ],
)
def test_alternatives_become_a_schema(text: str, schema: dict[str, Any]) -> None:
    assert schema == parse_declaration(text).schema


@pytest.mark.parametrize(
    ("text", "keywords"),
    [
        ("integer, 1..5", {"minimum": 1, "maximum": 5}),
        ("number, -0.5..", {"minimum": -0.5}),
        ("string, ..200", {"maxLength": 200}),
        ("[string], 1..5", {"minItems": 1, "maxItems": 5}),
        ("object, 1..", {"minProperties": 1}),
        ("integer | null, 1..5", {"minimum": 1, "maximum": 5}),
    ],
)
def test_bounds_hold_for_the_declared_type(text: str, keywords: dict[str, Any]) -> None:
    schema = parse_declaration(text).schema

    assert keywords == {keyword: schema[keyword] for keyword in schema if keyword not in ("type", "items")}


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("string, one sentence", "one sentence"),
        ("integer, 1..5, 5 means an outage, 1 nothing", "5 means an outage, 1 nothing"),
        ("string, 1-5 words", "1-5 words"),
        ("string, about 1..5 of them", "about 1..5 of them"),
        ("a | b, prose with | and [x]", "prose with | and [x]"),
        ('string, "a = b" and more', '"a = b" and more'),
        ('string, "like E = mc2"', "like E = mc2"),
        ("integer, \N{ARABIC-INDIC DIGIT ONE}..", "\N{ARABIC-INDIC DIGIT ONE}.."),
    ],
)
def test_prose_runs_to_the_end(text: str, prose: str) -> None:
    declared = parse_declaration(text)

    assert (prose, False) == (declared.schema["description"], declared.has_default)


@pytest.mark.parametrize(
    ("text", "default"),
    [
        ("string = Acme Cloud", "Acme Cloud"),
        ("string = x = y", "x = y"),
        ("string = ''", ""),
        ("string, the name, if any = Acme", "Acme"),
        ("string = 5", "5"),
        ("string | null = null", None),
        ("string | integer = 5", 5),
        ("integer = 5", 5),
        ("number, 0..1 = 0.5", 0.5),
        ("boolean = true", True),
        ("a | b = a", "a"),
        ("true | false = true", "true"),
        ('[string] = ["a"]', ["a"]),
        ('object = {"a": 1}', {"a": 1}),
        ("any = [1]", [1]),
        ("any = word", "word"),
        ("date = 2026-01-31", "2026-01-31"),
    ],
)
def test_a_default_is_read_by_the_declared_type(text: str, default: Any) -> None:
    declared = parse_declaration(text)

    assert (True, default, type(default)) == (declared.has_default, declared.default, type(declared.default))


def test_many_quotes_and_signs_are_read_in_one_pass() -> None:
    declared = parse_declaration("string, " + '"x" = ' * 50_000 + "end")

    assert "end" == declared.default


def test_a_default_stays_out_of_the_schema() -> None:
    assert STRING == parse_declaration("string = x").schema


@pytest.mark.parametrize(
    ("text", "marked", "cure"),
    [
        ("strng", "strng", "`string`"),
        ("int", "int", "`integer`"),
        ("str | null", "str", "`string`"),
        ("list", "list", "`array`"),
        ("  foo", "foo", "`'foo'`"),
        ("list[string]", "list[string]", "`[string]`"),
        ("string=Acme", "string=Acme", "spaces around"),
        ("string | billing", "billing", "quote"),
        ("string | nul", "nul", "`null`"),
        ("a || b", "|", "types are"),
        ("a | a", "a", "away"),
        ("integer, 5..1", "5..1", "`1..5`"),
        ("integer, 1-5", "1-5", "`1..5`"),
        ("integer, 1.5..2", "1.5..2", "`1..5`"),
        ("string, -1..2", "-1..2", "`..5`"),
        ("boolean, 1..2", "1..2", "one text"),
        ("a | b, 1..2", "1..2", "one text"),
        ("integer, ..", "..", "`1..5`"),
        ("[", "[", "`[string]`"),
        ("[string", "[", "`]`"),
        ("[string = x]", "=", "behind"),
        ("'a", "'", "same quote"),
        ('"\\q" | b', '"\\q"', "double it"),
        ("string,", ",", "description"),
        ("integer = x", "x", ""),
        ("boolean = yes", "yes", "`true` or `false`"),
        ("object = {a: 1}", "{a: 1}", "JSON"),
        ("number = 1e999", "1e999", ""),
        ("'a' b", "b", "`|`"),
        ("strng | null", "strng", "`string`"),
        ("strng, one sentence", "strng", "Quote it"),
        ("strng | integer", "strng", "`string`"),
        ("number, 1e999..", "1e999..", "`1..5`"),
        ("array = [1e999]", "[1e999]", "JSON"),
        ('"\\ud800" | a', '"\\ud800"', "the character itself"),
        ("a | \ud800", "\ud800", "the character itself"),
        ("string, ", ",", "description"),
        ("List[str] | None", "List[str] | None", "`[string] | null`"),
        ("Dict[str, Any], counts", "Dict[str, Any]", "`object`"),
        ("Array<string>[]", "Array<string>[]", "`[[string]]`"),
        ("Literal['a', 'integer'] = a", "Literal['a', 'integer']", "`a | 'integer'`"),
    ],
)
def test_a_fault_is_told_at_its_place_with_its_cure(text: str, marked: str, cure: str) -> None:
    with pytest.raises(ShorthandError) as caught:
        parse_declaration(text)

    fault = caught.value
    assert marked == text[fault.offset : fault.offset + fault.length]
    assert cure in fault.help


@pytest.mark.parametrize("text", ["", "   ", "string =", "[" * 100_000, "a|" * 20_000 + "a", "integer = " + "9" * 9999])
def test_what_cannot_be_read_is_always_a_shorthand_error(text: str) -> None:
    with pytest.raises(ShorthandError):
        parse_declaration(text)


def test_a_fault_survives_pickling() -> None:
    fault = ShorthandError("what", 3, 2, "cure")

    copied = pickle.loads(pickle.dumps(fault))

    assert ("what", 3, 2, "cure") == (str(copied), copied.offset, copied.length, copied.help)


def test_a_question_mark_makes_a_key_optional() -> None:
    assert (("tags", True), ("tags", False)) == (split_key("tags?"), split_key("tags"))


def test_an_object_schema_is_closed_and_requires_what_is_required() -> None:
    closed = {"type": "object", "properties": {"a": STRING, "b": {}}, "required": ["a"], "additionalProperties": False}

    assert closed == to_object_schema({"a": (STRING, True), "b": ({}, False)})
