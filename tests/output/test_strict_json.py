"""JSON within limits: what is refused, how it is said, and how far the limits go."""

from __future__ import annotations

from typing import Any

import pytest

from promptkit.limits import Limits
from promptkit.output.strict_json import MAX_DIGITS, NotJson, is_text, parse_json

MAX_CHARACTERS, MAX_DEPTH = Limits().answer_characters, Limits().answer_depth
BIG = "9" * MAX_DIGITS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, None),
        ('["' + "[{" * 100 + '"]', ["[{" * 100]),
        (r'["\"' + "[" * 100 + r'\\", []]', ['"' + "[" * 100 + "\\", []]),
        (BIG, int(BIG)),
        ("1e308", 1e308),
        ("-0", 0),
        ('"\\ud83d\\ude00"', "😀"),
        ('{"\\u00e9": 1}', {"é": 1}),
        ("\r\n\t 1 ", 1),
    ],
)
def test_what_is_json_within_the_limits_is_read(text: str, value: Any) -> None:
    found = parse_json(text)
    assert value is None or value == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested deeper than 64 levels (PROMPTKIT_ANSWER_DEPTH)"),
        ('[{"a":' * 40, "nested deeper than 64 levels (PROMPTKIT_ANSWER_DEPTH)"),
        ("[" * 65 + '"' + '\\"' * 200_000, "nested deeper than 64 levels (PROMPTKIT_ANSWER_DEPTH)"),
        ("[" * 60 + '"' + "[" * 100_000, "unterminated string starting at line 1, column 61"),
        (BIG + "9", "a number of 4,001 digits; the limit is 4,000"),
        ("-1e400", "the number -1e400 is too large"),
        ("NaN", "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ('{"a": 1, "a": 1}', 'the key "a" stands twice in one object'),
        ('{"' + "k" * 100 + '": 1, "' + "k" * 100 + '": 2}', f'the key "{"k" * 60}" stands twice in one object'),
        (
            " " * (MAX_CHARACTERS + 1),
            "the text has 4,000,001 characters; the limit is 4,000,000 (PROMPTKIT_ANSWER_CHARACTERS)",
        ),
        ("\ufeff1", "it begins with a byte order mark (U+FEFF)"),
        ('"\\uD800"', "a text in it holds half of a surrogate pair, which is no character"),
        ('"\ud800"', "a text in it holds half of a surrogate pair, which is no character"),
        ("", "expecting value at line 1, column 1"),
        ("[1 2]", "expecting ',' delimiter at line 1, column 4"),
        ("{'a': 1}", "expecting property name enclosed in double quotes at line 1, column 2"),
        ("01", "extra data at line 1, column 2"),
        ('"\\x"', "invalid \\escape at line 1, column 2"),
        ("\xa01", "expecting value at line 1, column 1"),
    ],
)
def test_what_is_no_json_is_refused_in_plain_words(text: str, message: str) -> None:
    with pytest.raises(NotJson) as caught:
        parse_json(text)
    assert message == caught.value.message


def test_many_keys_of_which_one_stands_twice_are_counted_once() -> None:
    pairs = ", ".join(f'"{number}": 1' for number in [*range(100_000), 99_999])
    with pytest.raises(NotJson, match='the key "99999" stands twice'):
        parse_json(f"{{{pairs}}}")


def test_the_place_of_the_fault_is_told() -> None:
    with pytest.raises(NotJson) as caught:
        parse_json("[1\n x]")
    assert 4 == caught.value.offset


@pytest.mark.parametrize(("text", "characters"), [("é😀\0", True), ("\ud83d", False)])
def test_halves_of_pairs_are_no_characters(text: str, characters: bool) -> None:
    assert characters is is_text(text)
