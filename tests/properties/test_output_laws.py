"""Laws of answers: what was dumped is read back, pieces give what the whole gives, values only grow."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st

from promptkit.errors import OutputError
from promptkit.output import PartialParser, parse_output
from promptkit.output.code_fence import unfenced
from promptkit.output.expected import Expected
from promptkit.output.partial import NOTHING
from promptkit.output.reasoning import split_tags
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.result import Output
from promptkit.schema import Schema

HARD = [
    "<think>",
    "</think>",
    "`</think>",
    "```",
    "~~~",
    "\n",
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    "Answer:",
    "<",
    "\u2028",
    "\ufeff",
    "😀",
    "null",
    "1",
]
TEXTS = st.one_of(st.text(st.characters(codec="utf-8")), st.lists(st.sampled_from(HARD)).map("".join))
NUMBERS = st.one_of(st.integers(), st.integers(-(10**300), 10**300), st.floats(allow_nan=False, allow_infinity=False))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
CONTAINERS = st.one_of(st.lists(VALUES, max_size=4), st.dictionaries(TEXTS, VALUES, max_size=4))
WRITERS = st.sampled_from([{}, {"ensure_ascii": False}, {"indent": 2}, {"indent": 1, "ensure_ascii": False}])
LEADS = st.sampled_from(
    ["", "\n ", "<think>a {\n</think>", "<think>x</think>\n<THINKING>[1]</thinking> ", "I <b> see.</think>\n"]
)
FENCES = st.sampled_from([("", ""), ("```json\n", "\n```"), ("~~~~\n", "\n~~~~\n "), ("```\n", "```")])
SIZES = st.lists(st.integers(1, 9), min_size=1)


def pieces(text: str, sizes: list[int]) -> list[str]:
    found = []
    while text:
        size = sizes[len(found) % len(sizes)]
        found.append(text[:size])
        text = text[size:]
    return found


def feed(parser: PartialParser, parts: list[str]) -> list[Any]:
    return [each for part in parts for each in parser.feed(part)] + parser.close()


def same(left: Any, right: Any) -> bool:
    """Equal in value and type: 1 is neither 1.0 nor true."""
    return repr(left) == repr(right)


@given(VALUES, WRITERS)
def test_what_was_written_as_json_is_read_back(value: Any, how: dict[str, Any]) -> None:
    output = parse_output(json.dumps(value, **how))
    assert same(value, output.value)
    assert () == output.steps


@given(CONTAINERS, WRITERS, LEADS, FENCES)
def test_reasoning_and_a_fence_around_an_answer_change_nothing_of_it(
    value: Any, how: dict[str, Any], lead: str, fence: tuple[str, str]
) -> None:
    output = parse_output(lead + fence[0] + json.dumps(value, **how) + fence[1])
    assert same(value, output.value)
    assert not output.repaired


@given(CONTAINERS, TEXTS)
def test_an_answer_in_a_field_comes_out_as_it_is(value: Any, reasoning: str) -> None:
    output = parse_output(json.dumps({"reasoning": reasoning, "answer": value}), expected=Expected(mode="field"))
    assert same(value, output.value)
    assert reasoning == output.reasoning


@given(CONTAINERS, WRITERS, LEADS, FENCES, SIZES)
def test_an_answer_in_pieces_is_the_answer_as_a_whole(
    value: Any, how: dict[str, Any], lead: str, fence: tuple[str, str], sizes: list[int]
) -> None:
    text = lead + fence[0] + json.dumps(value, **how) + fence[1]
    whole, parts = PartialParser(), PartialParser()
    assert feed(whole, [text]) == feed(parts, pieces(text, sizes))
    assert same(whole.value, parts.value)
    assert same(value, parts.value)
    assert parts.done


@given(
    st.one_of(TEXTS, st.lists(st.sampled_from([*HARD, ",", ":", "true", " ", "a", "\\u00e9", "e5", "-"])).map("".join)),
    SIZES,
)
def test_any_text_in_pieces_gives_what_it_gives_as_a_whole(text: str, sizes: list[int]) -> None:
    whole, parts = PartialParser(), PartialParser()
    assert feed(whole, [text]) == feed(parts, pieces(text, sizes))
    assert (repr(whole.value), whole.broken, whole.done) == (repr(parts.value), parts.broken, parts.done)


@given(
    st.lists(
        st.sampled_from(["{", "}", "[", "]", '"', ",", ":", "1", "-", "true", " ", "a", "\\", "\n", '{"a":', "[]"])
    ).map("".join)
)
def test_a_text_is_whole_in_pieces_just_if_it_is_json(text: str) -> None:
    parser = PartialParser(repair=False)
    feed(parser, list(text))
    try:
        value = parse_json(text)
    except NotJson:
        assert not parser.done
    else:
        assert parser.done
        assert same(value, parser.value)


def grows(before: Any, after: Any) -> bool:
    """Whether one partial value can become the other by arriving."""
    if before is NOTHING:
        return True
    if isinstance(before, str):
        return isinstance(after, str) and after.startswith(before)
    if isinstance(before, list):
        return isinstance(after, list) and len(before) <= len(after) and all(map(grows, before, after))
    if isinstance(before, dict):
        return (
            isinstance(after, dict)
            and list(before) == list(after)[: len(before)]
            and all(grows(before[k], after[k]) for k in before)
        )
    return same(before, after)


@given(CONTAINERS, WRITERS, SIZES)
def test_a_partial_value_only_grows(value: Any, how: dict[str, Any], sizes: list[int]) -> None:
    parser, before = PartialParser(), NOTHING
    for part in pieces(json.dumps(value, **how), sizes):
        parser.feed(part)
        assert grows(before, parser.value)
        before = copy.deepcopy(parser.value) if parser.value is not NOTHING else NOTHING
    assert same(value, before)


@given(CONTAINERS, SIZES)
def test_every_part_of_a_value_ends_once_and_the_whole_last(value: Any, sizes: list[int]) -> None:
    ended = feed(PartialParser(), pieces(json.dumps(value), sizes))

    def parts(each: Any, location: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        inner = each.items() if isinstance(each, dict) else enumerate(each) if isinstance(each, list) else ()
        return [place for step, item in inner for place in parts(item, (*location, step))] + [location]

    assert parts(value, ()) == [each.location for each in ended]


def schema_of(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"type": "object", "properties": {key: schema_of(item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"type": "array"} | ({"items": schema_of(value[0])} if len(value) == 1 else {})
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return {"type": kinds[type(value)]} | ({"enum": [value]} if isinstance(value, str) else {})


@given(CONTAINERS, SIZES)
def test_a_schema_that_fits_changes_only_when_texts_appear(value: Any, sizes: list[int]) -> None:
    parser = PartialParser(schema_of(value))
    feed(parser, pieces(json.dumps(value), sizes))
    assert same(value, parser.value)
    assert parser.done


def read(text: str, expected: Expected) -> Output[Any] | OutputError:
    try:
        return parse_output(text, expected=expected)
    except OutputError as error:
        return error


@given(st.one_of(TEXTS, st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))))
def test_an_answer_is_read_or_refused_and_nothing_else(text: str) -> None:
    for told in ({}, {"mode": "field"}, {"mode": "prose"}, {"format": "text"}, {"format": "choice", "choices": ("1",)}):
        for more in ({}, {"strict": True}):
            outcome = read(text, Expected(**told, **more))
            if isinstance(outcome, OutputError):
                assert outcome.violations
                assert text == outcome.text
            else:
                json.dumps(outcome.value, allow_nan=False, ensure_ascii=False).encode()


@given(TEXTS, TEXTS)
def test_reasoning_in_tags_is_split_from_any_text(reasoning: str, answer: str) -> None:
    assume("</think>" not in reasoning and "<" not in answer)
    split = split_tags(f"<think>{reasoning}</think>{answer}")
    assert (reasoning.strip(), answer.strip()) == (split.reasoning, split.answer)


@given(TEXTS)
def test_a_fence_gives_back_what_stands_in_it(text: str) -> None:
    assume(not any(line.lstrip(" ").startswith("`````") for line in text.split("\n")))
    assert text == unfenced(f"`````\n{text}\n`````")


SOUP = st.lists(
    st.sampled_from(
        [
            *HARD,
            *(
                "'",
                "“",
                "”",
                "`",
                '"""',
                ",",
                ":",
                ";",
                "=",
                "=>",
                "(",
                ")",
                "//",
                "/*",
                "*/",
                "#",
                "...",
                "…",
                "\\u",
                "\\x41",
            ),
            *("a", "b", '"a"', '"b":', "true", "True", "None", "NaN", "12,111", "$1", "0x1F", ".5", "007", "75%", "-"),
            *('{"a": 1}', '{"a": "x"}', "[1]", "ONE", "yes", "<|channel|>final<|message|>", "[THINK]", "- x\n"),
        ]
    ),
    max_size=30,
).map("".join)
SCHEMAS = st.sampled_from(
    [
        None,
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]},
        {"type": "array", "items": {"type": "number"}},
        {"enum": ["ONE", "TWO"]},
        {"type": "boolean"},
        {"type": "string"},
        {"anyOf": [{"type": "integer"}, {"type": "object", "properties": {"a": {}}}]},
        {"$ref": "#/$defs/t", "$defs": {"t": {"type": "object", "properties": {"a": {"$ref": "#/$defs/t"}}}}},
        {"allOf": [{"properties": {"a": {"type": ["null", "string"]}}}, {"required": ["a"]}]},
        False,
    ]
)


@given(SOUP, SCHEMAS, st.sampled_from(["off", "field", "prose"]))
def test_whatever_is_read_fits_the_schema_and_nothing_but_a_refusal_leaves(text: str, json: Any, mode: Any) -> None:
    schema = None if json is None else Schema(json)
    try:
        found = parse_output(text, expected=Expected(schema=schema, mode=mode))
    except OutputError:
        return
    assert schema is None or not schema.validate(found.value)
    again = parse_output(text, expected=Expected(schema=schema, mode=mode))
    assert (found.value, found.steps) == (again.value, again.steps)


PLAIN = st.text(
    st.characters(codec="utf-8", exclude_characters="{}[]<>◁▷`\"'()=.#?", exclude_categories=["C"]), max_size=40
)


@given(CONTAINERS.filter(bool), WRITERS, PLAIN, PLAIN)
def test_prose_around_a_value_changes_nothing_of_it(value: Any, how: dict[str, Any], before: str, behind: str) -> None:
    text = f"{before}\n\n{json.dumps(value, **how)}\n\n{behind}"
    assume(before.strip() or behind.strip())
    assume(not behind.lstrip().startswith((",", ":")))
    found = parse_output(text)
    assert (value, True) == (found.value, found.repaired)


WORD = st.text("abc xyzé", max_size=8)
SIMPLE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-999, 999), WORD),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3), st.dictionaries(WORD, inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(WORD, SIMPLE, min_size=1, max_size=3))
def test_a_value_as_python_writes_it_is_read_as_json_would_be(value: Any) -> None:
    assert value == parse_output(repr(value)).value


@given(st.dictionaries(WORD, SIMPLE, min_size=1, max_size=3), st.data())
def test_half_of_an_answer_is_never_the_whole(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value)
    end = data.draw(st.integers(1, len(text) - 1))
    with pytest.raises(OutputError):
        parse_output(text[:end])


SLOPPY = st.sampled_from(
    json.loads(
        """[0, 3, 7, -1, 2.5, true, null, "", "3", "x", "billing", "Billing.", "biling", "yes", "aaaaaa", "2, 3",
        "null", "{\\"n\\": 3}", "[1]", [], ["x"],
        ["x", "y", "z"], [3], [[3]], {}, {"n": 3}, {"value": 3}, {"N": "3"}, {"N": {}, "x": 1},
        {"firstName": null, "First_Name": 3}, {"First_Name": 3, "n": {}}, {"firstName": "a", "first_name": "3"}]"""
    )
)
PARTS = st.sampled_from(
    [
        {"type": "integer", "minimum": 1, "maximum": 5},
        {"type": ["integer", "null"]},
        {"type": "number"},
        {"type": "string", "maxLength": 5},
        {"type": "string", "pattern": "^[a-z]+$"},
        {"enum": ["billing", "platform"]},
        {"const": "x"},
        {"type": "boolean"},
        {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {
            "type": "object",
            "properties": {"firstName": {"type": "string"}, "first_name": {"type": "integer"}, "n": {"type": "object"}},
            "required": ["first_name"],
            "additionalProperties": False,
        },
        {"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]},
        {"$ref": "#/$defs/n"},
        {"type": "array", "items": {"$ref": "#/$defs/n"}},
    ]
)
KEYS = st.sampled_from(["a", "b", "A", "c d", "c_d", "value", "n"])


@st.composite
def asked_and_answered(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """A schema, and a value that has something of what it asks for."""
    names = draw(st.lists(KEYS, min_size=1, max_size=4, unique=True))
    patterns = draw(st.sampled_from([{}, {}, {"patternProperties": {"^n": {}}}]))
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: draw(PARTS) for name in names},
        "required": draw(st.lists(st.sampled_from(names), unique=True)),
        "additionalProperties": draw(st.booleans() | PARTS),
        "$defs": {"n": {"type": "integer", "minimum": 1}},
        **patterns,
    }
    keys = draw(st.lists(st.sampled_from(names) | KEYS, max_size=5, unique=True))
    value: Any = {key: draw(SLOPPY | st.lists(SLOPPY, max_size=3)) for key in keys}
    if draw(st.booleans()):
        definitions = schema.pop("$defs")
        return {"type": "array", "items": schema, "$defs": definitions}, draw(
            st.sampled_from([[value], [value, value]])
        )
    return schema, value


@given(asked_and_answered(), SIZES, st.sampled_from([{}, {"coerce": False}, {"strict": True}]))
def test_an_answer_that_is_given_up_could_not_have_become_valid(
    asked: tuple[dict[str, Any], Any], sizes: list[int], policy: dict[str, bool]
) -> None:
    schema, value = asked
    text = json.dumps(value)
    parser, whole = PartialParser(schema, **policy), PartialParser(schema, **policy)
    feed(parser, pieces(text, sizes))
    feed(whole, [text])
    assert (parser.dead, parser.dead_at) == (whole.dead, whole.dead_at)
    if parser.dead:
        assert isinstance(read(text, Expected(schema=Schema(schema), **policy)), OutputError)


@given(asked_and_answered(), SIZES)
def test_what_a_stream_comes_to_is_what_the_whole_text_comes_to(
    asked: tuple[dict[str, Any], Any], sizes: list[int]
) -> None:
    schema, value = asked
    text = json.dumps(value)
    parser = PartialParser(schema)
    feed(parser, pieces(text, sizes))
    output = read(text, Expected(schema=Schema(schema)))
    if parser.done and isinstance(output, Output):
        assert same(output.value, parser.value)


def loosely(value: Any, draw: Any) -> str:
    """A value as models write it: Python's words, single quotes, bare keys, comments, commas at the end."""
    if isinstance(value, dict):
        members = [
            f"{draw(KEY_FORMS)(key)}{draw(SPACES)}:{draw(GAPS)}{loosely(each, draw)}" for key, each in value.items()
        ]
        return "{" + draw(GAPS) + f"{draw(GAPS)},{draw(GAPS)}".join(members) + draw(COMMAS if members else GAPS) + "}"
    if isinstance(value, list):
        return (
            "[" + f",{draw(GAPS)}".join(loosely(each, draw) for each in value) + draw(COMMAS if value else GAPS) + "]"
        )
    if isinstance(value, str):
        return str(draw(TEXT_FORMS)(value))
    return draw(st.sampled_from([json.dumps(value), repr(value)]))


SPACES = st.sampled_from(["", "", " ", "\n"])
GAPS = st.sampled_from(["", "", "", " ", "\n  ", " // a {\n", '/* b, * / " */', " # c\n", "\t"])
COMMAS = st.sampled_from(["", "", ",", ", ", " /* d */ ,\n"])
PLAIN = st.sampled_from(["team", "b_2", "x", "tags"])
KEY_FORMS = st.sampled_from([json.dumps, repr, str])
TEXT_FORMS = st.sampled_from([json.dumps, repr, lambda text: f'"{text}"'])
LOOSE_VALUES = st.recursive(
    st.sampled_from(
        ["", "it's", "a b", "x\ty", "one, two", "l 1\nl 2", "a: b", "c]", "it's, 'so", True, False, None, 3, -2.5]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=8,
)
AROUND = st.sampled_from(
    [("", "")] * 4
    + [("Here it is:\n```json\n", "\n```\nGood luck"), ("Sure! ", ""), ("It's so {x}: ", " and so on.")]
    + [('<think>{"a": 1}</think>\nOf course:\n\n', "\n")]
)


@given(st.dictionaries(PLAIN, LOOSE_VALUES, max_size=3) | st.lists(LOOSE_VALUES, max_size=3), AROUND, SIZES, st.data())
def test_a_loose_answer_in_pieces_comes_to_what_the_whole_text_comes_to(
    value: Any, around: tuple[str, str], sizes: list[int], data: st.DataObject
) -> None:
    text = around[0] + loosely(value, data.draw) + around[1]
    whole, parts = PartialParser(), PartialParser()
    assert feed(whole, [text]) == feed(parts, pieces(text, sizes))
    assert (repr(whole.value), whole.broken, whole.done) == (repr(parts.value), parts.broken, parts.done)
    output = read(text, Expected())
    note(f"{text!r} -> {parts.value!r}, {output!r}")
    if parts.done and isinstance(output, Output):
        assert same(output.value, parts.value)
