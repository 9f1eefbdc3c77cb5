"""How an answer's form is asked for on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from promptkit.completion import AnswerForm, ModelFacts
from promptkit.output.ladder import Expected
from promptkit.output.transport import answer_form, answer_schema, response_format, schema_name, wire_schema
from promptkit.schema import Schema
from promptkit.thought import wrapped_schema

OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}}
ARRAY = {"type": "array"}
LED = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": OBJECT}}
JSON_MODE = {"type": "json_object"}
CHOICES = Schema({"enum": ["a"]})


def native(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "p", "schema": schema}}


@pytest.mark.parametrize(
    ("told", "facts", "asked"),
    [
        ({"schema": Schema(OBJECT)}, {}, native(OBJECT)),
        ({"schema": Schema(OBJECT)}, {"json_schema": False}, JSON_MODE),
        ({"schema": Schema(OBJECT)}, {"json_schema": False, "json_mode": True}, JSON_MODE),
        ({"schema": Schema(OBJECT)}, {"json_schema": False, "json_mode": False}, None),
        ({"schema": Schema(ARRAY), "format": "list"}, {"json_schema": False, "json_mode": True}, None),
        ({"schema": Schema(LED)}, {}, native(LED)),
        ({"schema": Schema(LED)}, {"json_schema": False}, JSON_MODE),
        ({"schema": Schema({"$ref": "#/$defs/a", "$defs": {"a": ARRAY}})}, {}, None),
        ({"schema": Schema(OBJECT), "mode": "native"}, {}, native(OBJECT)),
        ({"schema": Schema(OBJECT), "mode": "prose"}, {}, None),
        ({"schema": Schema(OBJECT), "mode": "field"}, {}, native(wrapped_schema(OBJECT))),
        ({"schema": Schema(ARRAY), "format": "list"}, {}, None),
        ({"schema": Schema(ARRAY), "format": "list"}, {"any_schema_root": True}, native(ARRAY)),
        ({"schema": Schema(ARRAY), "format": "list", "mode": "field"}, {}, native(wrapped_schema(ARRAY))),
        ({"schema": Schema({"enum": ["a"]}), "format": "choice"}, {}, None),
        ({}, {}, JSON_MODE),
        ({}, {"json_mode": False}, None),
        ({"schema": Schema(True)}, {}, JSON_MODE),
        ({"mode": "prose"}, {}, None),
        ({"mode": "field"}, {}, native(wrapped_schema(True))),
        ({"format": "text"}, {}, None),
        ({"format": "markdown", "mode": "native"}, {}, None),
        ({"format": "text", "mode": "field"}, {}, native(wrapped_schema({"type": "string"}))),
    ],
)
def test_what_the_model_is_known_to_honour_is_asked_for(
    told: dict[str, Any], facts: dict[str, Any], asked: Any
) -> None:
    assert asked == response_format(Expected(**told), ModelFacts("m", **facts), "p")


def test_a_prose_answer_has_no_schema_of_its_own() -> None:
    assert wire_schema(Expected(mode="prose", schema=Schema(OBJECT))) is None


@pytest.mark.parametrize(
    ("told", "asked", "schema", "form"),
    [
        ({"schema": Schema(OBJECT)}, JSON_MODE, OBJECT, AnswerForm()),
        ({"schema": Schema(OBJECT), "mode": "prose"}, None, OBJECT, AnswerForm(prose=True)),
        ({"schema": Schema(OBJECT), "mode": "field"}, None, wrapped_schema(OBJECT), AnswerForm()),
        ({}, JSON_MODE, True, AnswerForm()),
        ({"schema": CHOICES, "format": "choice"}, None, CHOICES.json, AnswerForm(plain=True)),
        ({"schema": CHOICES, "format": "choice"}, native(ARRAY), CHOICES.json, AnswerForm()),
        ({"format": "text", "mode": "prose"}, None, None, AnswerForm(plain=True, prose=True)),
        ({"format": "markdown", "headings": ("A",)}, None, None, AnswerForm(plain=True, headings=("A",))),
    ],
)
def test_who_answers_by_himself_is_told_the_value_and_its_form(
    told: dict[str, Any], asked: Any, schema: Any, form: AnswerForm
) -> None:
    expected = Expected(**told)
    assert (schema, form) == (answer_schema(expected), answer_form(expected, asked))


@pytest.mark.parametrize(
    ("name", "shown"), [("support/triage", "support_triage"), ("a.b c", "a_b_c"), ("é", "answer"), ("a" * 99, "a" * 64)]
)
def test_a_name_is_made_of_what_the_wire_allows(name: str, shown: str) -> None:
    assert shown == schema_name(name)
