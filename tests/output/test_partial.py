"""JSON as it arrives: what is there after each piece, what ends the reading, and that each character is read once."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from promptkit.output import PartialParser, parse_output
from promptkit.output.partial import NOTHING
from promptkit.output.preamble import Preamble
from promptkit.schema import Schema


def steps(*pieces: str, schema: Any = None) -> list[Any]:
    parser = PartialParser(schema)
    values = []
    for piece in pieces:
        parser.feed(piece)
        values.append(copy.deepcopy(parser.value) if parser.value is not NOTHING else NOTHING)
    return values


@pytest.mark.parametrize(
    ("pieces", "values"),
    [
        (
            ["{", '"', "a", '"', ":", '"x', "y", '"', "}"],
            [{}, {}, {}, {}, {}, {"a": "x"}, {"a": "xy"}, {"a": "xy"}, {"a": "xy"}],
        ),
        (["[", "1", "2", ",", " tr", "ue", "]"], [NOTHING, [], [], [12], [12], [12], [12, True]]),
        (
            ['["a\\', "n", "\\u00", "e9", "\\ud83d", "\\ude", '00"]'],
            [["a"], ["a"], ["a\n"], ["a\né"], ["a\né"], ["a\né"], ["a\né😀"]],
        ),
        (['"a', "b", '"'], ["a", "ab", "ab"]),
        (["5", "6", " ", "\n"], [NOTHING, NOTHING, NOTHING, 56]),
        (['[{"a":[', "]}", ",[", "null]]"], [[{"a": []}], [{"a": []}], [{"a": []}, []], [{"a": []}, [None]]]),
        (["{ ", "}"], [{}, {}]),
        (["[ ", "]"], [[], []]),
        (['{"a":1', ', "b":', "2 }"], [{}, {"a": 1}, {"a": 1, "b": 2}]),
    ],
)
def test_after_each_piece_the_value_is_what_is_certain(pieces: list[str], values: list[Any]) -> None:
    assert values == steps(*pieces)


def test_values_that_end_are_told_with_their_location_in_order() -> None:
    parser = PartialParser()
    ended = parser.feed('{"a": [1, {"b": "x"}], "c": {}') + parser.feed("}")
    assert [(("a", 0), 1), (("a", 1, "b"), "x"), (("a", 1), {"b": "x"}), (("a",), [1, {"b": "x"}])] == [
        (each.location, each.value) for each in ended[:4]
    ]
    assert [("c",), ()] == [each.location for each in ended[4:]]
    assert parser.done


def test_a_number_that_is_the_whole_answer_ends_with_the_text() -> None:
    parser = PartialParser()
    assert [] == parser.feed("4")
    assert [()] == [each.location for each in parser.close()]
    assert (4, True) == (parser.value, parser.done)
    assert [] == parser.close()


@pytest.mark.parametrize(
    "text",
    [
        "<think>{}</think>{V}",
        " <Thinking> a < b </thinking>\n<think>x</think> {V}",
        "```json\n{V}\n```",
        "<think>x</think>\n~~~~ json\n\n {V} \n~~~~\n",
        "The user wants <b>.</think>{V}",
        "`x` is it</think>{V}",
        "<p> is it</think>{V}",
        "this is it</think>{V}",
        "1.x is it</think>{V}",
        "```js`on\nx</think>{V}",
        "``\nx</think>{V}",
        "~~~" + "x" * 500 + "</think>{V}",
        "</think>{V}",
    ],
)
def test_what_stands_before_the_value_is_passed_over(text: str) -> None:
    whole = text.replace("{V}", '{"a": 1}')
    for size in (1, 2, 7, len(whole)):
        parser = PartialParser()
        for at in range(0, len(whole), size):
            parser.feed(whole[at : at + size])
        assert ({"a": 1}, True, False) == (parser.value, parser.done, parser.broken), size


@pytest.mark.parametrize(
    "text", ["", "  ", "<", "<thi", "<think>{}", "``", "```json", "```json\n ", "Hello", "<think", "`"]
)
def test_before_the_value_there_is_nothing(text: str) -> None:
    parser = PartialParser()
    parser.feed(text)
    assert (NOTHING, False, False) == (parser.value, parser.done, parser.broken)
    assert "NOTHING" == repr(parser.value)


@pytest.mark.parametrize(
    "text",
    [
        "{} x",
        "[1,]",
        "[1 2]",
        "[,",
        "{,",
        '{"a" 1',
        '{"a": 1 "b"',
        '{"a": 1, }',
        '{"a": 1, "a"',
        '{"a": }',
        "{a",
        "[NaN,",
        "[01,",
        "[tru ",
        '["a\nb',
        '["\ud83d',
        '["\\x"',
        '["\\u12"',
        '["\\ud83d"',
        '["\\ud83d\\u0041"',
        '["\\ud83dabcdefghijkl',
        '["\\ude00"',
        "[" * 65,
        "```\n{}\n```x",
        "```\n{} x",
        "{}```",
        "[1e999,",
        "[" + "1" * 4001 + ",",
    ],
)
def test_what_is_no_json_ends_the_reading(text: str) -> None:
    for size in (1, len(text)):
        parser = PartialParser(repair=False)
        for at in range(0, len(text), size):
            parser.feed(text[at : at + size])
        assert (True, False) == (parser.broken, parser.done)
        assert [] == parser.feed("{}")


SHAPE = {
    "type": "object",
    "properties": {
        "team": {"enum": ["billing", "platform"]},
        "kind": {"const": "x"},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}},
        "n": {"type": ["integer", "null"]},
        "any": {},
        "branch": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "sub": {"$ref": "#"},
        "lost": {"$ref": "#/nowhere"},
        "round": {"$ref": "#/$defs/round"},
    },
    "additionalProperties": {"type": "boolean"},
    "$defs": {"tag": {"type": "string"}, "round": {"$ref": "#/$defs/round"}},
}


def test_one_of_several_texts_appears_as_a_whole() -> None:
    assert [{}, {}, {}, {"team": "billing"}] == steps('{"team": "bil', "ling", '"', ",", schema=SHAPE)
    assert [{}, {"kind": "x"}] == steps('{"kind": "\\u00', '78"}', schema=SHAPE)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('{"tags": ["a', True),
        ('{"tags": ["a", 1,', False),
        ('{"tags": {', False),
        ('{"n": 1,', True),
        ('{"n": 1.5,', True),
        ('{"n": null,', True),
        ('{"n": "', True),
        ('{"n": "1"', True),
        ('{"n": "one",', False),
        ('{"n": true,', False),
        ('{"any": [1, {"', True),
        ('{"branch": true,', True),
        ('{"sub": {"tags": ["a"]', True),
        ('{"sub": {"tags": [1,', False),
        ('{"sub": [', False),
        ('{"lost": [1', True),
        ('{"round": 1,', True),
        ('{"more": true,', True),
        ('{"more": "yes"', True),
        ('{"n": 1, "more": "b",', False),
    ],
)
def test_a_value_that_is_not_in_the_schema_s_shape_ends_the_reading(text: str, fits: bool) -> None:
    parser = PartialParser(SHAPE)
    parser.feed(text)
    assert fits is not parser.broken


@pytest.mark.parametrize("schema", [None, True, {}, Schema({}), {"properties": {}}, {"type": "object"}])
def test_a_schema_that_says_little_takes_everything(schema: Any) -> None:
    assert [{"a": [1]}] == steps('{"a": [1]}', schema=schema)


def test_reasoning_that_begins_like_a_value_of_another_shape_is_passed_over() -> None:
    assert [NOTHING, {"a": 1}] == steps("[1] First, I think", '.</think>{"a": 1}', schema={"type": "object"})


class Touched(Preamble):
    """Counts the characters that a lead is handed, those that it kept from before included."""

    def __init__(self) -> None:
        super().__init__()
        self.touched = 0

    def feed(self, chunk: str) -> str | None:
        self.touched += len(self._kept) + len(chunk)
        return super().feed(chunk)


@pytest.mark.parametrize(
    "lead",
    [
        "<think>" + "a < b </ " * 3000 + "</think>",
        "<think>" + "<" * 20_000 + "</think>",
        "<think>x</think>" * 2000,
        "No tag " * 3000 + "</think>",
        " " * 20_000,
        "~~~" + "x" * 20_000 + "</think>",
    ],
)
def test_a_long_lead_is_read_once_however_small_its_pieces(lead: str) -> None:
    for size in (1, 3, 1000):
        reader = Touched()
        for at in range(0, len(lead), size):
            assert reader.feed(lead[at : at + size]) is None
        assert "{" == reader.feed("{")
        kept = 31  # a closing tag's length, at most, is looked at again with each piece
        assert reader.touched <= len(lead) + 1 + kept * (len(lead) // size + 2)


def test_nothing_is_kept_of_a_value_that_has_been_read() -> None:
    parser = PartialParser()
    for piece in ['{"a": "', *["x" * 10] * 1000, '", "b": [', *["1, "] * 1000, "1]}"]:
        parser.feed(piece)
        assert len(parser._steps._kept) + sum(map(len, parser._steps._parts)) <= 14
    assert ("x" * 10_000, 1001) == (parser.value["a"], len(parser.value["b"]))


BOUND = {
    "type": "object",
    "properties": {
        "team": {"enum": ["billing", "platform"]},
        "urgency": {"type": "integer", "maximum": 5},
        "title": {"type": "string", "maxLength": 4},
        "code": {"type": "string", "pattern": "^[A-Z]+$"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "who": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        "many": {"type": "array", "items": {"$ref": "#/$defs/small"}},
        "open": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    },
    "required": ["team"],
    "additionalProperties": False,
    "$defs": {"small": {"type": "integer", "maximum": 9}},
}


@pytest.mark.parametrize(
    ("text", "path", "keyword"),
    [
        ('{"team": "sales", "urgency":', "$.team", "enum"),
        ('{"urgency": 7, "team":', "$.urgency", "maximum"),
        ('{"urgency": "high",', "$.urgency", "type"),
        ('{"title": "abcde', "$.title", "maxLength"),
        ('{"title": "abc\\u0064\\u0065', "$.title", "maxLength"),
        ('{"code": "a1" }', "$.code", "pattern"),
        ('{"tags": ["a", "b", "', "$.tags", "maxItems"),
        ('{"who": {}', "$.who", "required"),
        ('{"many": [1, 10]', "$.many[1]", "maximum"),
        ('{"open": "x"}', "$.open", "anyOf"),
        ('{"team": "billing", "colour":', "$", "additionalProperties"),
        ('```json\n{"urgency": 7}', "$.urgency", "maximum"),
        ('<think>{"urgency": 9}</think>{"urgency": 7}', "$.urgency", "maximum"),
    ],
)
def test_what_no_rest_can_save_is_told_at_the_character_that_settles_it(text: str, path: str, keyword: str) -> None:
    for size in (1, 3, len(text)):
        parser = PartialParser(BOUND)
        for at in range(0, len(text), size):
            parser.feed(text[at : at + size])
        assert [(path, keyword)] == [(each.path, each.keyword) for each in parser.dead[:1]]
        assert parser.dead_at is not None
        assert len(text) - 1 <= parser.dead_at <= len(text)
    before = PartialParser(BOUND)
    before.feed(text[:-1])
    assert () == before.dead


@pytest.mark.parametrize(
    "text",
    [
        '{"team": "Billing."',
        '{"urgency": "3"',
        '{"urgency": null',
        '{"colour": 1, "size"',
        '{"team": "billing", "Urgency"',
        '{"tags": ["a", "b"]',
        '{"tags": "a"',
        '{"title": "abcd"',
        '{"who": {"Name": "x"}',
        '{"answer": {"team": "sales"}',
        'I think {"team": "sales"}',
        '{"team": ',
        '{"urgency": 75',
        '{"urgency": 12,',
        '{"code": "he said "hello "',
        '{"team": "sales", "urgency"',
    ],
)
def test_what_can_still_be_saved_is_not_given_up(text: str) -> None:
    parser = PartialParser(BOUND)
    parser.feed(text)
    assert () == parser.dead
    assert parser.dead_at is None


@pytest.mark.parametrize("text", ["I", "<", "```", "{'", '{"a": 1,}', '{"a": True,', "{} x", '{"a": NaN,'])
def test_a_strict_answer_is_given_up_at_the_first_sign_that_is_not_json_s(text: str) -> None:
    parser = PartialParser({}, strict=True)
    parser.feed(text + " ")
    assert ["strict"] == [each.keyword for each in parser.dead]
    assert parser.dead_at is not None
    assert parser.dead_at <= len(text)


def test_a_part_that_is_brought_to_its_type_appears_as_it_will_be() -> None:
    text = '{"team": "Billing.", "urgency": "3", "tags": "a", "open": null}'
    assert [{"team": "billing", "urgency": 3, "tags": ["a"], "open": None}] == steps(text, schema=BOUND)
    assert [{"team": "billing"}] == steps('{"urgency": null, "team": "billing"}', schema=BOUND)


_NUMBERS = {"additionalProperties": {"type": "integer"}}
OPEN = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], **_NUMBERS}
ALONE = {
    "type": "object",
    "properties": {"person": OPEN},
    "required": ["person"],
    "additionalProperties": {"type": "integer"},
}
PERHAPS = {"type": "object", "properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}
TREES = {"type": "array", "items": {"type": "object", "properties": {"name": {}, "children": {"type": "array"}}}}
OWN = {
    "$defs": {"x": {"type": "integer"}},
    "properties": {"a": {"$defs": {"x": {"type": "string"}}, "$ref": "#/$defs/x"}},
}


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (OPEN, '{"Name": "bob"}', {"name": "bob"}),
        (OPEN, '{"NAME": "bob", "more": "3"}', {"name": "bob", "more": 3}),
        (PERHAPS, '{"a": "3"}', {"a": 3}),
        (PERHAPS, '{"a": "null"}', {"a": None}),
        ({"properties": {"v": {"type": "boolean"}}, "patternProperties": {"^n": {}}}, '{"v": "no"}', {"v": False}),
        ({"type": "object", "properties": {"a": {"type": ["integer", "null"]}}, "required": ["a"]}, "{}", {"a": None}),
        (OWN, '{"a": 5}', {"a": 5}),
        ({}, '<think mode="deep thought">{"b": 2}</think>{"a": 1}', {"a": 1}),
        ({}, '<think>{"b": 2}</think   >{"a": 1}', {"a": 1}),
    ],
)
def test_what_is_shown_in_the_end_is_what_the_answer_comes_to(schema: Any, text: str, value: Any) -> None:
    assert value == parse_output(text, schema).value
    for size in (1, len(text)):
        parser = PartialParser(schema)
        for at in range(0, len(text), size):
            parser.feed(text[at : at + size])
        assert (value, True) == (parser.value, parser.done)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (ALONE, '{"name": "bob"}'),
        (ALONE, '{"result": {"person": {"name": "x"}}}'),
        (TREES, '{"name": "x", "children": [{"name": "y"}]}'),
    ],
)
def test_what_comes_to_something_else_as_a_whole_is_not_shown_as_done(schema: Any, text: str) -> None:
    parse_output(text, schema)
    parser = PartialParser(schema)
    parser.feed(text)
    assert (False, ()) == (parser.done, parser.dead)
    assert parser.value is NOTHING or parser.broken


@pytest.mark.parametrize(
    "text", ["[1\u0663]", "[1]  x", "{'a': 'b'" + " " * 300 + "}", "{a" + " " * 300 + ": 1}", "[1]\n`` `"]
)
@pytest.mark.parametrize("policy", [{}, {"strict": True}, {"repair": False}])
def test_where_a_reading_ends_does_not_depend_on_the_pieces(text: str, policy: dict[str, bool]) -> None:
    whole, pieces = PartialParser(**policy), PartialParser(**policy)
    whole.feed(text)
    for sign in text:
        pieces.feed(sign)
    assert (whole.done, whole.broken, whole.dead_at) == (pieces.done, pieces.broken, pieces.dead_at)


@pytest.mark.parametrize("schema", [{"type": 5}, {"properties": {"a": {"type": "integer"}}, "required": 5}])
def test_a_schema_that_cannot_be_used_judges_nothing(schema: Any) -> None:
    assert [{"a": None}] == steps('{"a": null}', schema=schema) or [{}] == steps('{"a": null}', schema=schema)


def test_what_never_begins_a_value_is_given_up_in_time() -> None:
    parser = PartialParser({"type": "array"})
    parser.feed('{"' * 300_000)
    assert parser.value is NOTHING


_ALIKE = {"firstName": {"type": "string"}, "first_name": {"type": "integer"}}
_PERSON = {"type": "object", "properties": _ALIKE, "required": ["first_name"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (
            {"properties": {"n": {"type": "object"}}, "required": ["n"], "additionalProperties": False},
            '{"N": {}, "x": 1}',
        ),
        ({"type": "object", "properties": {"p": _PERSON}}, '{"p": {"firstName": null, "First_Name": 3}}'),
        ({"properties": {"q": {"properties": {"p": _PERSON}}}}, '{"q": {"p": {"firstName": null, "First_Name": 3}}}'),
        ({"properties": {"l": {"type": "array", "items": _PERSON}}}, '{"l": [{"firstName": null, "First_Name": 3}]}'),
    ],
)
def test_of_an_object_whose_keys_may_mean_others_only_the_whole_tells(schema: Any, text: str) -> None:
    parse_output(text, schema)
    parser = PartialParser(schema)
    parser.feed(text)
    assert () == parser.dead


@pytest.mark.parametrize(
    "text",
    [
        '{"v": 1,234}',
        '{"at": 12:30}',
        '{"share": 1/3}',
        '{"city": "New York, "b": 1}',
        '{"drink": "apple "cider" hot"}',
        '{"team": "billing" or so}',
        '["lorem "ipsum" sic"]',
    ],
)
def test_a_value_is_told_when_what_follows_bears_it_out(text: str) -> None:
    for size in (1, 3, len(text)):
        parser = PartialParser({"properties": {"team": {"enum": ["billing"]}}} if "team" in text else None)
        told = [each for at in range(0, len(text), size) for each in parser.feed(text[at : at + size])]
        assert ([], True) == (told, parser.broken)


@pytest.mark.parametrize("written", ["1.50", "1e5", "-0", "007.50"])
def test_a_number_where_a_text_is_declared_is_told_as_it_is_written(written: str) -> None:
    schema = {"type": "object", "properties": {"v": {"type": "string"}}, "required": ["v"]}
    parser = PartialParser(schema)
    parser.feed(f'{{"v": {written}}}')
    assert parser.broken or parser.value == parse_output(f'{{"v": {written}}}', schema).value == {"v": written}


@pytest.mark.parametrize("behind", [', "b": "x"}', ': "x"}', ',"b"', ",\n {"])
def test_an_object_behind_which_members_follow_is_not_done(behind: str) -> None:
    for text in (f'{{"a": 1}}{behind}', f'```json\n{{"a": 1}}{behind}'):
        parser = PartialParser({"properties": {"a": {"type": "integer"}}})
        for sign in text:
            parser.feed(sign)
        assert (False, True) == (parser.done, parser.broken)


def test_words_behind_a_value_may_have_commas() -> None:
    parser = PartialParser({"properties": {"a": {"type": "integer"}}})
    for sign in '{"a": 1} Yes, and no: nothing.':
        parser.feed(sign)
    assert parser.done


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1, "b": "x"', ["a", "b"]),
        ('{"b": "x"', []),  # which may be around the answer
        ('{"b": "x"}', ["b", ""]),
        ('{"c": "x"', ["c"]),
        ('{"a": 1 ', ["a"]),
        ('{"a": 1,', ["a"]),
        ('{"a": 12', []),
        ('{"b": "x', []),
        ('{"b": "x\\', []),
        ("", []),
    ],
)
def test_where_the_text_ends_what_has_ended_is_told(text: str, told: list[str]) -> None:
    parser = PartialParser({"properties": {"a": {"type": "integer"}, "c": {"enum": ["x", "y"]}}})
    ended = [*parser.feed(text), *parser.close()]
    assert [(name,) if name else () for name in told] == [each.location for each in ended]
    assert [] == parser.close()


def test_what_stands_around_the_answer_is_not_told() -> None:
    parser = PartialParser({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})
    assert [] == [each for sign in '{"result": {"a": 1}}' for each in parser.feed(sign) if each.location]


@pytest.mark.parametrize("text", ["42,000", "50%", "1.234,5"])
def test_a_number_alone_is_told_by_no_stream_that_may_go_on(text: str) -> None:
    parser = PartialParser({"type": "number", "maximum": 1})
    assert [] == [each for sign in text for each in parser.feed(sign)]


PETS = {
    "oneOf": [
        {"type": "object", "properties": {"kind": {"const": kind}, "age": {"type": "integer"}}, "required": ["kind"]}
        for kind in ("cat", "dog")
    ]
}


A_IS = {"type": "object", "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    "other",
    [
        {},
        True,
        {"minProperties": 1},
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {"a": {"anyOf": [{"type": "integer"}, {}]}}},
        {"type": "object", "patternProperties": {"^a": {"type": "string"}}, "additionalProperties": False},
        {"type": "object", "properties": {"A": {"type": "string"}}, "additionalProperties": False},
        {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
    ],
)
def test_no_answer_is_dead_that_another_alternative_takes(other: Any) -> None:
    parser = PartialParser({"anyOf": [A_IS, other]})
    for sign in '{"a": "other"}':
        parser.feed(sign)
    assert () == parser.dead


def test_alternatives_tell_what_they_agree_on() -> None:
    parser = PartialParser(PETS)
    told = [each for sign in '{"kind": "Dog", "age": "4", "x": 1}' for each in parser.feed(sign)]
    assert [(("kind",), "dog"), (("age",), 4)] == [(each.location, each.value) for each in told[:2]]


@pytest.mark.parametrize("behind", [", as asked.", ",", "\n, done", ": that is it"])
def test_a_comma_of_the_words_behind_a_value_begins_no_member(behind: str) -> None:
    parser = PartialParser({"properties": {"a": {"type": "integer"}}})
    for sign in f'{{"a": 1}}{behind}':
        parser.feed(sign)
    assert (True, False) == (parser.done, parser.broken)


A = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
BEGINNINGS = {
    '~~{"a": 1}~~ {"a": 2}': NOTHING,
    'Example: {"a": 9}\n```json\n{"a": 1}\n```': NOTHING,
    'The previous answer was {"a": 1}': NOTHING,
    'Thought: so it is.\n\n{"a": 1}': {"a": 1},
    'Reasoning: so it is.\n```json\n{"a": 1}\n```': {"a": 1},
    '<tool_call>{"a": 1}</tool_call>': NOTHING,
    'Thought: x {"a": 2}\nAnswer: {"a": 3}': {"a": 3},
    '**Thinking:** {"a": 1}\n**Answer:** {"a": 2}': {"a": 2},
    '<think>b <think>c</think> d {"a": 1}</think>{"a": 2}': {"a": 2},
    'reasoning {"a": 1}': {"a": 1},
    '<think>The tag <think> opens it.</think>\n{"a": 1}': {"a": 1},
    'Thought: easy.\n{"a": 1}': {"a": 1},
    'Here it is:\n{"a": 4}': {"a": 4},
}


@pytest.mark.parametrize(("text", "value"), BEGINNINGS.items(), ids=range(len(BEGINNINGS)))
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
def test_what_is_said_to_be_no_answer_is_not_shown_however_it_arrives(text: str, value: object, size: int) -> None:
    parser = PartialParser(A)
    told = [each.value for at in range(0, len(text), size) for each in parser.feed(text[at : at + size])]
    assert value == parser.value
    assert told == ([] if value is NOTHING else [*value.values(), value])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"A": 1, "A": 2}', {"a": 1}),
        ('{"A": 1, "B": "x", "A": 2}', {"a": 1, "B": "x"}),
    ],
)
def test_a_key_in_another_spelling_is_told_by_its_name_and_once(text: str, value: object) -> None:
    schema = {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"], "type": "object"}
    parser = PartialParser(schema)
    for sign in text:
        parser.feed(sign)
    assert value == parser.value


@pytest.mark.parametrize(
    "text",
    [
        'Input: {"a": 1}\nOutput: {"a": 2}',
        'First attempt:\n{"a": 1}\nThat misses the point. Corrected:\n{"a": 2}',
        'Draft: {"a": 1}\nFinal: {"a": 2}',
        'I\'d never answer {"a": 1}',
    ],
)
def test_what_is_called_something_else_than_the_answer_is_not_shown(text: str) -> None:
    assert steps(*text)[-1] is NOTHING


def test_a_number_alone_waits_for_the_end_of_its_line() -> None:
    assert steps("90", " ", "%", schema={"type": "number", "maximum": 1}) == [NOTHING] * 3
