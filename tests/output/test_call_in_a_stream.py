"""A stream whose answer stands in a call of a tool is not given up: the whole answer is still read from it."""

from __future__ import annotations

import pytest

from promptkit.output import PartialParser, parse_output

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_call_is_waited_for(size: int) -> None:
    text = '{"name": "save", "arguments": {"name": "Bob", "age": 5}}'
    parser = PartialParser(PERSON)
    for at in range(0, len(text), size):
        parser.feed(text[at : at + size])
    assert parser.dead_at is None
    assert {"name": "Bob", "age": 5} == parse_output(text, PERSON).value


def test_a_key_that_no_call_has_is_not_waited_for() -> None:
    parser = PartialParser(PERSON)
    parser.feed('{"name": "Bob", "colour": "red", "arguments": 1')
    assert parser.dead_at is not None
