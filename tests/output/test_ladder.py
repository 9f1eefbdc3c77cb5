"""Every case in `cases/output`: an answer's text gives just this value, or just these violations."""

from __future__ import annotations

from typing import Any

import pytest
from output_cases import CASES, expected

from promptkit.errors import ConfigError, OutputError
from promptkit.output import contradictions, parse_output
from promptkit.schema import Schema


@pytest.mark.parametrize("name", CASES.names("value"))
def test_an_answer_gives_its_value_and_says_what_was_done_for_it(name: str) -> None:
    data = CASES.case(name)
    output = parse_output(data["text"], expected=expected(data))
    assert data["value"] == output.value
    assert type(data["value"]) is type(output.value)
    assert data.get("reasoning", "") == output.reasoning
    assert data.get("steps", []) == [step.name for step in output.steps]
    assert data.get("repaired", False) == output.repaired


@pytest.mark.parametrize("name", CASES.names("violations"))
def test_an_answer_that_cannot_be_used_says_why(name: str) -> None:
    data = CASES.case(name)
    with pytest.raises(OutputError) as caught:
        parse_output(data["text"], expected=expected(data))
    assert data["violations"] == [str(violation) for violation in caught.value.violations]
    assert data["violations"] == list(caught.value.details)
    assert (data["text"], "PK402") == (caught.value.text, caught.value.code)
    assert data.get("partial") == caught.value.partial


@pytest.mark.parametrize("schema", [{"type": "integer"}, Schema({"type": "integer"}), True, None])
def test_a_schema_may_be_given_in_any_form(schema: Any) -> None:
    assert 5 == parse_output("5", schema).value


def test_an_answer_is_refused_by_a_schema_given_as_data() -> None:
    with pytest.raises(OutputError) as caught:
        parse_output('{"n": "x"}', {"type": "object", "properties": {"n": {"type": "integer"}}})
    [violation] = caught.value.violations
    assert ("$.n", ("n",), "type") == (violation.path, violation.location, violation.keyword)


def test_a_schema_that_cannot_be_used_is_not_the_answer_s_fault() -> None:
    with pytest.raises(ConfigError):
        parse_output("5", {"type": "intger"})


def test_an_error_shows_the_first_twenty_violations_and_holds_all() -> None:
    with pytest.raises(OutputError) as caught:
        parse_output(str(["x"] * 30).replace("'", '"'), {"items": {"type": "integer"}})
    assert (20, 30) == (len(caught.value.details), len(caught.value.violations))


def test_a_name_of_half_a_million_characters_is_not_looked_for_in_the_words_behind() -> None:
    before = contradictions._saying.cache_info().misses
    parse_output('{"' + "k_" * 250_000 + '": 1}\n\nThe key is fine.', {"type": "object"})
    assert before == contradictions._saying.cache_info().misses
