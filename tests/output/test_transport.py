"""How an answer's form is asked for on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from promptkit.chain_of_thought import wrapped_schema
from promptkit.completion import AnswerForm, ModelFacts, Transport
from promptkit.output.expected import Expected
from promptkit.output.transport import answer_form, answer_schema, asked_form, schema_name, wire_schema
from promptkit.schema import Schema

OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}}
ARRAY = {"type": "array"}
LED = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": OBJECT}}
JSON_MODE = {"type": "json_object"}
WRAPPED_ANY = wrapped_schema({})
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
        ({"schema": Schema(LED)}, {}, native(OBJECT)),
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
        ({"mode": "field"}, {}, native(WRAPPED_ANY)),
        ({"format": "text"}, {}, None),
        ({"format": "markdown", "mode": "native"}, {}, None),
        ({"format": "text", "mode": "field"}, {}, native(wrapped_schema({"type": "string"}))),
    ],
)
def test_what_the_model_is_known_to_honour_is_asked_for(
    told: dict[str, Any], facts: dict[str, Any], asked: Any
) -> None:
    assert asked == asked_form(Expected(**told), ModelFacts("m", **facts), "p").response_format


TOOLS = {"json_schema": False, "json_mode": False, "tools": True}


@pytest.mark.parametrize(
    ("told", "facts", "form", "reason"),
    [
        ({"schema": Schema(OBJECT)}, {}, "json_schema", "nobody has said whether m honours it"),
        ({"schema": Schema(OBJECT)}, {"json_schema": True, "source": "docs"}, "json_schema", "m honours it (docs)"),
        ({"schema": Schema(OBJECT)}, {"json_schema": False, "source": "me"}, "json_object", "not honour schemas (me)"),
        ({"schema": Schema(OBJECT)}, TOOLS, "tool", "m does not honour schemas and JSON mode; it calls tools"),
        ({"schema": Schema(OBJECT)}, {**TOOLS, "tools": None}, "prompt", "nor is known to call tools"),
        ({"schema": Schema(ARRAY), "format": "list"}, TOOLS, "prompt", "schemas of objects alone"),
        (
            {"schema": Schema(ARRAY), "format": "list"},
            {**TOOLS, "any_schema_root": True},
            "prompt",
            "not honour schemas",
        ),
        ({}, {}, "json_object", "there is no schema to send; nobody has said whether m honours it"),
        ({}, TOOLS, "prompt", "there is no schema to send, and m does not honour JSON mode"),
        ({"format": "text"}, {}, "prompt", "the answer is a text"),
        ({"mode": "prose", "schema": Schema(OBJECT)}, {}, "prompt", "the answer stands behind its reasoning"),
        ({"format": "choice"}, {}, "prompt", "there is no schema to send"),
    ],
)
def test_the_choice_says_why(told: dict[str, Any], facts: dict[str, Any], form: str, reason: str) -> None:
    transport = asked_form(Expected(**told), ModelFacts("m", **facts), "p").transport
    assert form == transport.form
    assert reason in transport.reason
    assert str(transport).startswith(f"{form}: ")


def test_a_forced_tool_takes_the_answer_as_its_arguments() -> None:
    asked = asked_form(Expected(schema=Schema(OBJECT)), ModelFacts("m", **TOOLS), "a/b")
    [tool] = asked.tools
    assert ("a_b", OBJECT) == (tool["function"]["name"], tool["function"]["parameters"])
    assert {"type": "function", "function": {"name": "a_b"}} == asked.tool_choice
    assert asked.response_format is None


def test_what_the_schema_that_is_sent_does_not_say_is_told() -> None:
    schema = {**OBJECT, "not": {"required": ["b"]}}
    assert ("`not` left out at $",) == asked_form(
        Expected(schema=Schema(schema)), ModelFacts("m"), "p"
    ).transport.changes


def test_a_prose_answer_has_no_schema_of_its_own() -> None:
    assert wire_schema(Expected(mode="prose", schema=Schema(OBJECT))) is None


@pytest.mark.parametrize(
    ("told", "asked", "schema", "form"),
    [
        ({"schema": Schema(OBJECT)}, "json_object", OBJECT, AnswerForm()),
        ({"schema": Schema(OBJECT), "mode": "prose"}, None, OBJECT, AnswerForm(prose=True)),
        ({"schema": Schema(OBJECT), "mode": "field"}, None, wrapped_schema(OBJECT), AnswerForm()),
        ({}, "json_object", True, AnswerForm()),
        ({"schema": CHOICES, "format": "choice"}, None, CHOICES.json, AnswerForm(plain=True)),
        ({"schema": CHOICES, "format": "choice"}, "json_schema", CHOICES.json, AnswerForm()),
        ({"format": "text", "mode": "prose"}, None, None, AnswerForm(plain=True, prose=True)),
        ({"format": "markdown", "headings": ("A",)}, None, None, AnswerForm(plain=True, headings=("A",))),
    ],
)
def test_who_answers_by_himself_is_told_the_value_and_its_form(
    told: dict[str, Any], asked: Any, schema: Any, form: AnswerForm
) -> None:
    expected = Expected(**told)
    assert (schema, form) == (answer_schema(expected), answer_form(expected, Transport(asked or "prompt", "")))


@pytest.mark.parametrize(
    ("name", "shown"), [("support/triage", "support_triage"), ("a.b c", "a_b_c"), ("é", "answer"), ("a" * 99, "a" * 64)]
)
def test_a_name_is_made_of_what_the_wire_allows(name: str, shown: str) -> None:
    assert shown == schema_name(name)
