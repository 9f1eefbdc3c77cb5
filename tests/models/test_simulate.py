from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema_rs
import pytest

from promptkit.completion import Assembler, Completion, Model, Request
from promptkit.errors import ModelError
from promptkit.messages import Message
from promptkit.models.simulate import Simulated, simulate_value
from promptkit.prompt import Prompt

D4 = "http://json-schema.org/draft-04/schema#"
D7 = "http://json-schema.org/draft-07/schema#"

NODE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["name", "next"],
            "additionalProperties": False,
        }
    },
}

SCHEMAS: dict[str, Any] = {
    "anything": True,
    "empty": {},
    "enum": {"enum": ["a", 1, None, {"b": []}]},
    "const": {"const": {"a": [1, 2]}},
    "type union": {"type": ["string", "null"]},
    "integer bounds": {"type": "integer", "minimum": -3, "exclusiveMaximum": -1},
    "integer of a fraction": {"type": "integer", "multipleOf": 2.5, "minimum": 3, "maximum": 7},
    "narrow number": {"type": "number", "exclusiveMinimum": 0.33, "exclusiveMaximum": 0.34},
    "cents": {"type": "number", "multipleOf": 0.01, "minimum": 0.57, "maximum": 0.58},
    "huge number": {"type": "number", "minimum": 1e300},
    "one number": {"type": "number", "minimum": 2.5, "maximum": 2.5},
    "long string": {"type": "string", "minLength": 400, "maxLength": 401},
    "short string": {"type": "string", "maxLength": 3},
    "no string": {"type": "string", "maxLength": 0},
    "pattern": {"type": "string", "pattern": r"^[A-Z]{2}-\d{4}(-[a-f0-9]{2,3})?$"},
    "pattern with groups": {"type": "string", "pattern": r"^(?<year>\d{4})/(?:jan|feb)[^\s,]+$"},
    "pattern and length": {"type": "string", "pattern": "^[a-z]+$", "minLength": 14, "maxLength": 14},
    "pattern with a look-ahead": {"type": "string", "pattern": "^(?=.*[0-9])(?=.*[A-Z]).{8,}$"},
    "pattern of letters": {"type": "string", "pattern": r"^\p{Lu}\p{L}*$"},
    "one number written in two ways": {"allOf": [{"enum": [1, "a"]}, {"enum": [1.0, 2]}]},
    "two patterns": {"allOf": [{"type": "string", "pattern": "^a"}, {"pattern": "z$"}]},
    "tuple": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
    "draft 7 tuple": {
        "$schema": D7,
        "type": "array",
        "items": [{"type": "null"}],
        "additionalItems": {"type": "integer"},
        "minItems": 3,
    },
    "draft 4 exclusive": {"$schema": D4, "type": "integer", "minimum": 5, "exclusiveMinimum": True, "maximum": 6},
    "unique booleans": {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True},
    "unique from a pattern": {
        "type": "array",
        "items": {"pattern": "^[a-c]$", "type": "string"},
        "uniqueItems": True,
        "minItems": 3,
    },
    "unique objects": {
        "type": "array",
        "minItems": 4,
        "uniqueItems": True,
        "items": {"type": "object", "properties": {"n": {"enum": [1, 2, 3, 4]}}, "required": ["n"]},
    },
    "contains": {
        "type": "array",
        "items": {"type": "string"},
        "contains": {"const": "x"},
        "minContains": 2,
        "maxContains": 2,
        "minItems": 4,
    },
    "required without a declaration": {
        "type": "object",
        "required": ["a"],
        "additionalProperties": {"type": "integer"},
    },
    "pattern properties": {
        "type": "object",
        "patternProperties": {"^x-": {"type": "integer"}},
        "additionalProperties": False,
        "minProperties": 3,
    },
    "property names": {"type": "object", "propertyNames": {"pattern": "^[A-Z]+$"}, "minProperties": 2},
    "at most one property": {
        "type": "object",
        "properties": {"a": {}, "b": {}, "c": {}},
        "required": ["c"],
        "maxProperties": 1,
    },
    "dependent required": {
        "type": "object",
        "properties": {"a": {}},
        "dependentRequired": {"a": ["b"]},
        "required": ["a"],
    },
    "dependent schema": {
        "type": "object",
        "properties": {"a": {}},
        "dependentSchemas": {"a": {"required": ["z"], "properties": {"z": {"const": 1}}}},
    },
    "merged": {
        "allOf": [
            {"type": "object", "properties": {"a": {"minimum": 3}}},
            {"properties": {"a": {"type": "integer", "maximum": 3}}, "required": ["a"]},
        ]
    },
    "the shorter of two lengths": {"allOf": [{"type": "string", "maxLength": 9}, {"maxLength": 4}, {"minLength": 4}]},
    "closed by a sibling": {
        "allOf": [{"properties": {"a": {}}, "additionalProperties": False}, {"properties": {"b": {}}}],
        "type": "object",
    },
    "one of two": {
        "oneOf": [{"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 5}],
        "minimum": 0,
        "maximum": 20,
    },
    "one of two shapes": {
        "oneOf": [
            {"type": "object", "properties": {"k": {"const": "a"}}, "required": ["k"]},
            {"type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"]},
        ]
    },
    "if then else": {
        "type": "object",
        "properties": {"k": {"enum": ["a", "b"]}},
        "required": ["k"],
        "if": {"properties": {"k": {"const": "a"}}},
        "then": {"required": ["x"]},
        "else": {"required": ["y"]},
    },
    "not a string": {"not": {"type": "string"}},
    "not our usual text": {"type": "string", "not": {"pattern": "simulated"}},
    "recursive": NODE,
    "reference into a list": {
        "$defs": {"a/b": {"anyOf": [{"type": "null"}, {"const": 7}]}},
        "$ref": "#/$defs/a~1b/anyOf/1",
    },
    "anchor": {"$defs": {"x": {"$anchor": "here", "const": 5}}, "$ref": "#here"},
    "names of its own": {
        "$id": "https://example.com/root.json",
        "$defs": {"x": {"$id": "item.json", "const": 5}},
        "$ref": "item.json",
    },
    "a wrong default": {"type": "string", "default": 3, "examples": [4, None]},
    "a wrong example inside": {
        "type": "object",
        "properties": {"a": {"type": "object", "examples": [{"b": 1}], "required": ["c"]}},
        "required": ["a"],
    },
}

FORMATS = ["date", "date-time", "time", "duration", "email", "hostname", "uri", "uuid", "ipv4", "ipv6", "json-pointer"]


def is_valid(schema: Any, value: Any) -> bool:
    return bool(jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(value))


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("seed", ["", "another"])
def test_a_value_fits_its_schema(name: str, seed: str) -> None:
    value = simulate_value(SCHEMAS[name], seed)
    assert is_valid(SCHEMAS[name], json.loads(json.dumps(value))), value


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_is_kept(form: str) -> None:
    schema = {"type": "array", "items": {"type": "string", "format": form}, "uniqueItems": True, "minItems": 3}
    assert is_valid(schema, simulate_value(schema))


def test_a_format_is_kept_at_a_length() -> None:
    schema = {"type": "string", "format": "email", "minLength": 30, "maxLength": 32}
    assert is_valid(schema, simulate_value(schema))


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "string", "enum": [1]},
        {"type": "string", "minLength": 5, "maxLength": 2},
        {"type": "integer", "minimum": 1.2, "maximum": 1.8},
        {"type": "array", "items": {"type": "null"}, "uniqueItems": True, "minItems": 2},
        {"$ref": "#"},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"type": "string", "minLength": 10_000_000},
        {"type": "array", "minItems": 10_000_000},
    ],
)
def test_what_has_no_value_is_an_error_and_no_wrong_value(schema: Any) -> None:
    with pytest.raises(ModelError) as caught:
        simulate_value(schema)
    assert "the simulated model" == caught.value.where
    assert "examples" in caught.value.help


@pytest.mark.parametrize(
    "schema", [{"type": "strin"}, {"$ref": "#/nowhere"}, {"pattern": "("}, {"required": 3}, {"properties": [1]}]
)
def test_a_broken_schema_is_a_model_error(schema: Any) -> None:
    with pytest.raises(ModelError):
        simulate_value(schema)


def test_the_same_seed_gives_the_same_value_and_another_gives_others() -> None:
    schema = {"type": "array", "items": {"type": "integer", "maximum": 10**9}, "minItems": 3}
    assert simulate_value(schema, "a") == simulate_value(schema, "a")
    assert 1 < len({str(simulate_value(schema, seed)) for seed in "abcdef"})


def test_texts_say_that_they_are_simulated_and_what_they_are() -> None:
    schema = {"type": "object", "properties": {"short_summary": {"type": "string"}}}
    assert {"short_summary": "simulated short summary"} == simulate_value(schema)


def test_examples_come_first_and_then_the_default() -> None:
    assert "Ada" == simulate_value({"type": "string", "examples": ["Ada"], "default": "Bob"})
    assert "Bob" == simulate_value({"type": "string", "default": "Bob"})


def test_optional_properties_are_filled_in() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}, "required": ["b"]}
    assert ["a", "b"] == list(simulate_value(schema))


def test_a_recursive_value_ends_after_a_few_levels() -> None:
    value, depth = simulate_value(NODE), 0
    while value is not None:
        value, depth = value["next"], depth + 1
    assert 2 <= depth <= 8


def test_a_wide_recursive_schema_stays_small() -> None:
    node = {"type": "object", "properties": {name: {"$ref": "#"} for name in "abcdefghijklmnopqrst"}}
    assert 60_000 > len(json.dumps(simulate_value(node)))


def test_the_schema_is_left_as_it_was() -> None:
    schema = SCHEMAS["contains"]
    before = json.dumps(schema)
    simulate_value(schema)
    assert before == json.dumps(schema)


SCHEMA = {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]}


def request(**parts: Any) -> Request:
    return Request("simulate:", (Message("system", "Be brief."), Message("user", "Where is my order?")), **parts)


def ask(model: Model, asked: Request) -> Completion:
    answer = Assembler()
    for delta in model.send(asked):
        answer.feed(delta)
    return answer.completion()


def aask(model: Model, asked: Request) -> Completion:
    async def collect() -> Completion:
        answer = Assembler()
        async for delta in model.asend(asked):
            answer.feed(delta)
        return answer.completion()

    return asyncio.run(collect())


def test_an_answer_is_json_of_the_request_s_schema() -> None:
    answer = ask(Simulated(), request(schema=SCHEMA))
    assert {"note": "simulated note"} == json.loads(answer.text)


def test_an_answer_is_labelled_as_simulated() -> None:
    answer = ask(Simulated(), request(schema=SCHEMA))
    assert ("simulate:", "stop") == (answer.model, answer.finish_reason)


def test_without_a_schema_the_answer_says_that_it_is_simulated() -> None:
    text = ask(Simulated(), request()).text
    assert "simulated" in text
    assert "Where is my order?" in text


OUTPUTS = [
    {"fields": {"note": "string"}},
    {"format": "json"},
    {"format": "list", "items": "string"},
    {"format": "choice", "choices": ["yes", "no"]},
    {"format": "text"},
]


@pytest.mark.parametrize("model", ["simulate:", Simulated()], ids=["by name", "in code"])
@pytest.mark.parametrize(
    ("output", "mode"),
    [(output, mode) for output in OUTPUTS for mode in ("off", "prose", "field", "native")]
    + [({"format": "markdown", "headings": ["Why", "How"]}, mode) for mode in ("off", "prose", "native")],
    ids=str,
)
def test_an_answer_has_the_form_that_is_asked_for(output: Any, mode: str, model: Any) -> None:
    prompt = Prompt.from_dict({"task": "Hello", "output": {**output, "attempts": 1}, "chain_of_thought": mode})
    result = prompt.using(model=model).run()
    assert ("native", mode in ("prose", "field")) == (result.confidence, bool(result.reasoning))


def test_usage_is_estimated_at_four_bytes_a_token() -> None:
    answer = ask(Simulated(), request(schema=SCHEMA))
    assert (8, 7, 1, 0) == (  # "Be brief." 3 + "Where is my order?" 5; {"note": "simulated note"} has 26 bytes
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
        answer.usage.requests,
        answer.usage.unreported,
    )


def test_a_whole_answer_is_one_delta_and_a_stream_is_several() -> None:
    assert 1 == len(list(Simulated().send(request(schema=SCHEMA))))
    assert 2 < len(list(Simulated().send(request(schema=SCHEMA, stream=True))))


@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_streamed_whole_and_asynchronous_answers_are_equal(schema: Any) -> None:
    whole = ask(Simulated(), request(schema=schema))
    streamed = request(schema=schema, stream=True)
    assert (
        whole == ask(Simulated(), streamed) == aask(Simulated(), streamed) == aask(Simulated(), request(schema=schema))
    )


def test_other_messages_get_other_values() -> None:
    schema = {"type": "integer", "maximum": 10**9, "minimum": 0}
    texts = {ask(Simulated(), Request("m", (Message("user", str(n)),), schema=schema)).text for n in range(5)}
    assert 1 < len(texts)


def test_a_schema_without_a_value_is_an_error_of_the_model() -> None:
    with pytest.raises(ModelError):
        ask(Simulated(), request(schema=False))
