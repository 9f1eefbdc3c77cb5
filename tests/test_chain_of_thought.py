"""Chain of thought: the mode of a call, and the wrappers that carry reasoning beside the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promptkit.chain_of_thought import chain_of_thought, thought_mode, wrapped_schema, wrapped_value
from promptkit.completion import ModelFacts
from promptkit.schema import Schema
from promptkit.spec import ChainOfThought, ModelOverride, OutputSpec, PromptSpec


def spec(mode: str, output: str = "text", **models: str) -> PromptSpec:
    overrides = {name: ModelOverride(chain_of_thought=ChainOfThought(mode=other)) for name, other in models.items()}
    return PromptSpec(
        task="Go.", chain_of_thought=ChainOfThought(mode=mode), output=OutputSpec(format=output), models=overrides
    )


@pytest.mark.parametrize("mode", ["off", "prose", "field", "native"])
def test_a_mode_that_is_named_is_used(mode: str) -> None:
    assert mode == thought_mode(spec(mode), ModelFacts("m", reasoning=True))


@pytest.mark.parametrize(
    ("output", "reasoning", "mode"),
    [
        ("text", None, "prose"),
        ("markdown", False, "prose"),
        ("json", None, "field"),
        ("list", False, "field"),
        ("choice", False, "field"),
        ("json", True, "native"),
        ("text", True, "native"),
    ],
)
def test_auto_is_chosen_by_the_model_and_the_format(output: str, reasoning: bool | None, mode: str) -> None:
    assert mode == thought_mode(spec("auto", output), ModelFacts("m", reasoning=reasoning))


def test_auto_without_facts_takes_the_model_for_one_that_does_not_reason() -> None:
    assert "prose" == thought_mode(spec("auto"), None)


def test_what_is_said_for_a_model_holds_for_it_alone() -> None:
    prompt = spec("off", quick="prose")
    assert ["prose", "off"] == [thought_mode(prompt, ModelFacts(name)) for name in ("quick", "slow")]
    assert prompt.chain_of_thought is chain_of_thought(prompt, None)


def test_auto_leaves_it_to_a_model_whose_reasoning_is_turned_on() -> None:
    asked = {"chat_template_kwargs": {"enable_thinking": True}}
    facts = ModelFacts("DeepSeek-V3.1", reasoning=False)
    assert ["native", "prose"] == [
        thought_mode(PromptSpec(task="Go.", chain_of_thought=ChainOfThought(mode="auto"), options=options), facts)
        for options in (asked, {})
    ]


def test_an_override_of_options_alone_leaves_the_chain_of_thought() -> None:
    prompt = PromptSpec(task="Go.", chain_of_thought=ChainOfThought(mode="prose"), models={"m": ModelOverride()})
    assert "prose" == thought_mode(prompt, ModelFacts("m"))


SCHEMAS = [
    {"type": "integer"},
    True,
    {"$defs": {"n": {"type": "integer"}}, "type": "array", "items": {"$ref": "#/$defs/n"}},
    {"definitions": {"n": {"type": "integer"}}, "$ref": "#/definitions/n"},
    {"properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}, "type": "object"},
    {"properties": {"a": {"type": "integer"}, "b": {"$ref": "#/properties/a"}}, "type": "object"},
    {"$defs": {"tree": {"type": "object", "properties": {"sub": {"$ref": "#/$defs/tree"}}}}, "$ref": "#/$defs/tree"},
    {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#"}}]},
    {"properties": {"$ref": {"type": "integer"}}},
    {"enum": [{"$ref": "#/x"}, 5]},
    {"properties": {"enum": {"$ref": "#"}}, "type": "object"},
    {"$defs": {"n": {"$anchor": "whole", "type": "integer"}}, "$ref": "#whole"},
    {"$id": "https://example.org/s", "$defs": {"n": {"type": "integer"}}, "items": {"$ref": "#/$defs/n"}},
]
VALUES: list[Any] = [5, [5], [[5]], "x", {"n": 5}, {"next": {"n": 5}}, {"next": {"n": "x"}}, {"b": 1}, {"b": "x"}, {}]
VALUES += [{"enum": {"enum": 5}}, {"$ref": 5}]
VALUES += [{"sub": {"sub": 5}}, {"sub": {"sub": {}}}, {"$ref": "#/x"}, None]


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_a_wrapped_schema_takes_an_answer_just_if_the_schema_does(schema: Any) -> None:
    wrapped = Schema(wrapped_schema(schema))
    assert not wrapped.problems()
    for value in VALUES:
        answer = {"reasoning": "r", "answer": value}
        assert Schema(schema).is_valid(value) == wrapped.is_valid(answer), value


def test_a_wrapper_asks_for_reasoning_first_and_nothing_else() -> None:
    wrapped = wrapped_schema({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "integer"})
    assert ["reasoning", "answer"] == list(wrapped["properties"])
    assert "https://json-schema.org/draft/2020-12/schema" == wrapped["$schema"]
    assert not Schema(wrapped).is_valid({"answer": 1})
    assert not Schema(wrapped).is_valid({"reasoning": "", "answer": 1, "more": 1})


@pytest.mark.parametrize(
    ("mode", "plain", "reasoning", "text"),
    [
        ("off", True, "r", "x"),
        ("off", False, "r", '"x"'),
        ("native", False, None, '"x"'),
        ("field", True, "r", '{"reasoning": "r", "answer": "x"}'),
        ("field", False, None, '{"reasoning": "", "answer": "x"}'),
        ("prose", True, "r", "r\n\nAnswer:\nx"),
        ("prose", True, None, "Answer:\nx"),
        ("prose", False, "r", 'r\n\nAnswer:\n```json\n"x"\n```'),
    ],
)
def test_an_answer_is_written_as_the_mode_asks(mode: Any, plain: bool, reasoning: str | None, text: str) -> None:
    assert text == wrapped_value("x", reasoning, mode, plain=plain, dump=json.dumps)
