"""Laws of simulated values: they fit, the same seed gives the same one, and only a `ModelError` leaves."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
from hypothesis import given
from hypothesis import strategies as st

from promptkit.errors import ModelError
from promptkit.models.simulate import simulate_value
from promptkit.schema.making.patterns import matching_texts

names = st.sampled_from(["a", "b", "summary", "tags", "größe"])
small = st.integers(0, 4)


def bounded(kind: str, low: int, more: int, keywords: tuple[str, str]) -> dict[str, Any]:
    return {"type": kind, keywords[0]: low, keywords[1]: low + more}


scalars = st.one_of(
    st.builds(bounded, st.just("string"), st.integers(0, 30), st.integers(0, 5), st.just(("minLength", "maxLength"))),
    st.builds(bounded, st.just("integer"), st.integers(-9, 9), small, st.just(("minimum", "maximum"))),
    st.builds(
        bounded,
        st.just("number"),
        st.integers(-9, 9),
        st.integers(1, 9),
        st.just(("exclusiveMinimum", "exclusiveMaximum")),
    ),
    st.builds(lambda step: {"type": "number", "multipleOf": step}, st.sampled_from([0.01, 0.25, 3, 7.5])),
    st.sampled_from(
        [{"type": "boolean"}, {"type": "null"}, {"const": 1}, {"enum": ["x", 2]}, {"format": "date", "type": "string"}]
    ),
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(names, inner, max_size=4)
    return st.builds(
        lambda declared, required, closed: {
            "type": "object",
            "properties": declared,
            "required": [name for name in required if name in declared],
            **({"additionalProperties": False} if closed else {}),
        },
        properties,
        st.lists(names, unique=True),
        st.booleans(),
    )


def arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda items, low, more: {"type": "array", "items": items, "minItems": low, "maxItems": low + more},
        inner,
        small,
        small,
    )


def unions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda branches: {"anyOf": branches}, st.lists(inner, min_size=1, max_size=3))


schemas = st.recursive(scalars, lambda inner: objects(inner) | arrays(inner) | unions(inner), max_leaves=8)
"""Schemas that have a value."""

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "properties",
                    "items",
                    "anyOf",
                    "allOf",
                    "$ref",
                    "enum",
                    "required",
                    "minimum",
                    "pattern",
                    "not",
                    "if",
                    "a",
                    "minLength",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(schemas, st.text(max_size=3))
def test_every_schema_that_has_a_value_gets_one_that_fits(schema: Any, seed: str) -> None:
    value = simulate_value(schema, seed)
    assert jsonschema_rs.is_valid(schema, json.loads(json.dumps(value)))


@given(schemas, st.text(max_size=3))
def test_the_same_seed_gives_the_same_value(schema: Any, seed: str) -> None:
    assert simulate_value(schema, seed) == simulate_value(json.loads(json.dumps(schema)), seed)


@given(
    st.dictionaries(
        st.sampled_from(["type", "properties", "items", "anyOf", "$ref", "enum", "pattern", "x"]), json_values
    )
)
def test_nothing_but_a_model_error_leaves_whatever_the_schema(schema: Any) -> None:
    try:
        value = simulate_value(schema)
    except ModelError:
        return
    assert jsonschema_rs.is_valid(schema, value)


@given(st.from_regex(r"\A([a-d]|\\d|\\w|\[a-f\]|\(x\|y\)|[ab][?*+]|[cd]\{1,3\}|\.){1,8}\Z"))
def test_a_pattern_of_usual_parts_gets_a_text_that_it_matches(pattern: str) -> None:
    anchored = f"^(?:{pattern})$"
    matches = jsonschema_rs.validator_for({"pattern": anchored}).is_valid
    assert any(map(matches, matching_texts(anchored)))
