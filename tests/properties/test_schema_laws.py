"""Laws of schemas and declarations: verdicts, order, notation, compatibility, whatever is thrown at them."""

from __future__ import annotations

import contextlib
import json
import pickle
from typing import Any

import jsonschema_rs
from hypothesis import assume, example, given
from hypothesis import strategies as st
from schema_strategies import closed_schemas, narrowed_and_wide, schemas, values

from promptkit.errors import ConfigError, ModelError
from promptkit.models.simulate import simulate_value
from promptkit.schema import Schema
from promptkit.schema.compat import accepts
from promptkit.schema.references import ONE_SCHEMA
from promptkit.schema.remainder import remainder
from promptkit.schema.satisfiability import empty_schemas
from promptkit.schema.shorthand import Declaration, ShorthandError, parse_declaration
from promptkit.schema.simple_validator import fits_plainly, is_plain

pieces = st.sampled_from(
    [
        *("string", "integer", "number", "boolean", "null", "any", "date", "array", "strng", "billing", "in progress"),
        *(
            " | ",
            "|",
            ", ",
            ",",
            " = ",
            "=",
            "[",
            "]",
            "'",
            '"',
            "''",
            "\\",
            "1..5",
            "..",
            "5..1",
            "1e999..",
            "-1",
            "1-5",
        ),
        *("true", "{}", "[1]", "[NaN]", '"\\ud800"', "prose", "?", " ", "\n", "٣", "é", "\ud800"),
    ]
)
declarations = st.lists(pieces, max_size=9).map("".join) | st.text(max_size=30)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=4)
    | st.binary(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3),
    max_leaves=8,
)


def usable(schema: Any) -> bool:
    return not Schema(schema).problems()


def fits(schema: Any, value: Any) -> bool:
    return bool(jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(value))


def declaration_or_fault(text: str) -> Declaration | ShorthandError:
    try:
        return parse_declaration(text)
    except ShorthandError as fault:
        return fault


@given(declarations)
@example("number, 1e999..")
@example("array = [1e999]")
@example('"\\ud800" | a')
def test_a_declaration_is_a_valid_schema_or_a_fault_inside_the_text(text: str) -> None:
    read = declaration_or_fault(text)

    if isinstance(read, ShorthandError):
        assert 0 <= read.offset <= len(text)
        assert 1 <= read.length <= max(len(text) - read.offset, 1)
        assert read.help
    else:
        assert () == Schema({"$schema": "https://json-schema.org/draft/2020-12/schema", **read.schema}).problems()


@given(schemas, values)
def test_validating_agrees_with_the_validator(schema: Any, value: Any) -> None:
    assume(usable(schema))

    assert fits(schema, value) == (() == Schema(schema).validate(value))


said = st.sampled_from(
    [*("string", "integer", "number", "object", "array", "strng", "", 0, 1, 2, -1, 1.5, True, False, None), 2**60]
) | st.lists(st.sampled_from(["string", "null", "integer", "a", "b", None, 1, []]), max_size=3)
keywords = st.sampled_from(
    ["type", "enum", "required", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "title", "$id"]
)
drafted = st.recursive(
    st.dictionaries(keywords, said, max_size=3) | st.booleans(),
    lambda inner: st.builds(
        lambda leaf, properties, further: {**leaf, "properties": properties, **further},
        st.dictionaries(keywords, said, max_size=2),
        st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
        st.dictionaries(st.sampled_from(["items", "additionalProperties"]), inner, max_size=2),
    ),
    max_leaves=4,
)


@given(drafted, values | st.dictionaries(st.sampled_from(["a", "b", "c"]), values, max_size=3))
def test_a_plain_schema_is_sound_and_judges_as_the_validator_does(schema: Any, value: Any) -> None:
    assume(is_plain(schema))

    assert jsonschema_rs.meta.is_valid(schema)
    assert fits(schema, value) == fits_plainly(schema, value)


@given(schemas, anything)
def test_validating_never_raises_and_never_lets_through_what_is_no_json(schema: Any, value: Any) -> None:
    assume(usable(schema))

    if Schema(schema).is_valid(value):
        assert value == json.loads(json.dumps(value, allow_nan=False).encode())


@given(schemas, values)
def test_a_violation_stands_where_it_says(schema: Any, value: Any) -> None:
    assume(usable(schema))

    for violation in Schema(schema).validate(value):
        found = value
        for step in violation.location:
            found = found[step]
        assert violation.message


@given(schemas)
def test_a_schema_is_usable_or_has_problems(schema: Any) -> None:
    told = Schema(schema)

    try:
        told.validate(None)
        works = True
    except ConfigError:
        works = False

    assert works == (() == told.problems())


@given(schemas | anything, values)
def test_ordering_keeps_the_value(schema: Any, value: Any) -> None:
    ordered = Schema(schema).order(value)

    assert value == ordered
    assert json.dumps(ordered) == json.dumps(Schema(schema).order(ordered))


@given(schemas)
def test_every_schema_can_be_printed_and_pickled(schema: Any) -> None:
    told = Schema(schema)

    assert told.to_text()
    assert told == pickle.loads(pickle.dumps(told))


@given(schemas)
def test_a_schema_accepts_what_it_allows_itself(schema: Any) -> None:
    assume(usable(schema))

    assert () == accepts(schema, schema)
    assert () == accepts(schema, json.loads(json.dumps(schema)))


@given(schemas, schemas, st.lists(values, max_size=9))
def test_what_is_accepted_is_read(reader: Any, writer: Any, tried: list[Any]) -> None:
    assume(usable(reader) and usable(writer))

    if not accepts(reader, writer):
        assert [] == [value for value in [*made(writer), *tried] if fits(writer, value) and not fits(reader, value)]


@given(narrowed_and_wide(), st.lists(values, max_size=9))
def test_a_wider_reader_is_never_surely_refused_nor_a_narrower_one_wrongly_accepted(
    pair: tuple[Any, Any], tried: list[Any]
) -> None:
    narrow, wide = pair
    assume(usable(narrow) and usable(wide))

    if '"#"' not in json.dumps(pair):
        assert [] == [mismatch for mismatch in accepts(wide, narrow) if mismatch.certain]
    if not accepts(narrow, wide):
        assert [] == [value for value in [*made(wide), *tried] if fits(wide, value) and not fits(narrow, value)]


@given(closed_schemas, closed_schemas)
def test_a_sure_mismatch_is_no_mismatch_of_equals(reader: Any, writer: Any) -> None:
    both = {"anyOf": [reader, writer]}

    assert [] == [mismatch for mismatch in accepts(both, writer) if mismatch.certain]


def made(schema: Any) -> list[Any]:
    """A few values that fit."""
    found = []
    for seed in "123":
        with contextlib.suppress(ModelError):
            found.append(simulate_value(schema, seed))
    return found


_OF_A_PART = {(keyword,) for keyword in ONE_SCHEMA}
"""Where what is said is said of a schema inside: a list without items fits one whose `items` nothing fits."""


@given(schemas, values)
@example({"type": "object", "properties": {"a": {"$ref": "#"}}, "additionalProperties": {"$ref": "#"}}, {})
@example({"anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#"}, "minItems": 1}]}, [None])
@example({"allOf": [{"enum": [1, "a"]}, {"type": "number", "exclusiveMinimum": 0.5}]}, 1)
@example({"type": "array", "prefixItems": [True, False], "minItems": 1}, [1])
def test_a_schema_of_which_no_value_is_said_to_fit_has_none(schema: Any, value: Any) -> None:
    assume(usable(schema))
    places = [found.location for found in empty_schemas(schema, frozenset())]
    if any(place[:-1] in ((), ("required",)) and place[:1] not in _OF_A_PART for place in places):
        assert Schema(schema).validate(value)


@given(schemas, st.sampled_from(["", "x"]))
def test_a_schema_of_which_a_value_was_made_is_not_said_to_have_none(schema: Any, seed: str) -> None:
    assume(usable(schema))
    with contextlib.suppress(ModelError, ConfigError):
        simulate_value(schema, seed=seed)
        assert not any(found.location in ((), ("$ref",), ("allOf",)) for found in empty_schemas(schema, frozenset()))


def _places(value: Any) -> list[tuple[str | int, ...]]:
    """Where something stands in JSON data, the whole among it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((step, *place) for step, each in inner for place in _places(each))]


@given(schemas, values, st.data())
def test_what_a_faulty_schema_still_says_refuses_nothing_that_the_mended_one_takes(
    schema: Any, value: Any, data: st.DataObject
) -> None:
    assume(not Schema(schema).problems() and Schema(schema).is_valid(value))
    faulty = data.draw(st.lists(st.sampled_from(_places(schema)), max_size=3))
    left = remainder(schema, faulty)
    assume(not Schema(left).problems())
    assert Schema(left).is_valid(value)
