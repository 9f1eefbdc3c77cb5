"""A call's inputs against their declarations, and texts of a command line as values."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from unittest.mock import MagicMock

import pytest

from promptkit import Prompt
from promptkit.errors import InputError
from promptkit.inputs import Inputs
from promptkit.loader import load_spec
from promptkit.source import Memory
from promptkit.spec import PromptSpec

DECLARED = """
task: Go.
inputs:
  text: string, a text to read
  count?: integer, 1..5
  tone: formal | friendly = formal
  tags?: [string]
  who?: {name: string, age: integer}
  any?: {}
  either?: string | integer
  token?: {type: string, secret: true, maxLength: 3}
  flag?: boolean
  level: 1 | null = null
  needed_secret: {type: string, secret: true}
  mixed?: {enum: [a, 1]}
  some?: {anyOf: [{type: integer}, {type: array}]}
  rest?: {anyOf: [true]}
  yes_no?: true
"""


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    text = DECLARED.replace("  level: 1 | null = null\n", "").replace("  yes_no?: true\n", "")
    return Inputs(load_spec(Memory(), "p.yaml", text))


def faults(inputs: Inputs, given: dict[Any, Any]) -> list[tuple[str, str, str, str]]:
    with pytest.raises(InputError) as caught:
        inputs.accept(given)
    return [(each.code, each.message, each.label, each.help) for each in caught.value.diagnostics]


def test_what_is_given_stands_over_defaults_and_what_is_absent_is_null(inputs: Inputs) -> None:
    values = inputs.accept({"text": "x", "count": 2})
    assert ("x", 2, "formal", None) == (values["text"], values["count"], values["tone"], values["tags"])


def test_a_missing_input_is_told_with_its_description(inputs: Inputs) -> None:
    assert [("PK303", "the input `text` is missing", "", "it is: a text to read")] == faults(inputs, {})


def test_an_input_without_a_description_is_just_missing() -> None:
    assert [("PK303", "the input `a` is missing", "", "")] == faults(Inputs(spec("inputs: {a: integer}")), {})


def spec(text: str) -> PromptSpec:
    return load_spec(Memory(), "p.yaml", f"task: Go.\n{text}")


def test_an_unknown_input_gets_a_suggestion_or_the_list(inputs: Inputs) -> None:
    assert [("PK304", "there is no input `txt`", "did you mean `text`?", "")] == faults(inputs, {"text": "", "txt": ""})
    assert ("PK304", "there is no input `q`", "", "inputs: none") == faults(Inputs(spec("")), {"q": 1})[0]


def test_every_fault_is_told_at_once(inputs: Inputs) -> None:
    found = faults(inputs, {"count": 9, "who": {"name": 1}, "nope": 1, 5: 5})
    assert ["PK303", "PK304", "PK304", "PK306", "PK306", "PK306"] == sorted(code for code, *_ in found)
    assert ("PK306", "the input `who` does not fit at $.name", "1 is not a string", "") in found


def test_a_secret_is_never_shown(inputs: Inputs) -> None:
    [found] = faults(inputs, {"text": "", "token": "hunter2"})
    assert ("PK306", "the input `token` does not fit", "the value is secret", "") == found


@pytest.mark.parametrize(
    "value",
    [
        {1},
        object(),
        b"x",
        float("nan"),
        [float("inf")],
        {1: 2},
        "\ud83d",
        {"a": ["\udc00"]},
        10**5000,
        (1, object()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_plain_data_is_refused(inputs: Inputs, value: Any) -> None:
    [found, *_] = faults(inputs, {"text": "", "any": value})
    assert "PK306" == found[0]


def test_a_text_of_half_a_surrogate_pair_is_refused(inputs: Inputs) -> None:
    [found] = faults(inputs, {"text": "a\ud83d"})
    assert found[:2] == ("PK306", "the input `text` does not fit")
    assert "surrogate" in found[2]


def test_a_value_that_holds_itself_is_refused_in_no_time(inputs: Inputs) -> None:
    loop: list[Any] = []
    loop += [loop, loop]
    [found] = faults(inputs, {"text": "", "any": loop})
    assert "PK306" == found[0]


def test_inputs_of_one_schema_are_checked_together() -> None:
    text = "inputs: {schema: {type: object, properties: {a: {type: integer}, b: {type: integer}}, minProperties: 1}}"
    whole = Inputs(spec(text))
    assert {"a": 1, "b": None} == whole.accept({"a": 1})
    [found] = faults(whole, {})
    assert "PK306" == found[0]
    assert found[1].startswith("the inputs do not fit: at $: ")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("text", "5", "5"),
        ("text", '["a"]', '["a"]'),
        ("count", "5", 5),
        ("tone", "friendly", "friendly"),
        ("tags", '["a"]', ["a"]),
        ("who", '{"name": "A", "age": 3}', {"name": "A", "age": 3}),
        ("flag", "true", True),
        ("either", "5", 5),
        ("either", "five", "five"),
        ("either", "[5]", "[5]"),
        ("any", "x", "x"),
        ("any", "1.5", 1.5),
        ("any", '["a", {"b": 1}]', ["a", {"b": 1}]),
        ("mixed", "1", 1),
        ("mixed", "a", "a"),
        ("some", "[1]", [1]),
        ("rest", "x", "x"),
        ("unknown", "x", "x"),
        ("any", "[" * 100_000, "[" * 100_000),
    ],
)
def test_a_text_is_read_by_the_declared_type(inputs: Inputs, name: str, text: str, value: Any) -> None:
    assert {name: value} == inputs.from_texts({name: text})


@pytest.mark.parametrize(("name", "text"), [("count", "five"), ("flag", "yes"), ("tags", "a,b"), ("count", "NaN")])
def test_a_text_that_is_no_such_value_is_refused(inputs: Inputs, name: str, text: str) -> None:
    with pytest.raises(InputError, match="PK306") as caught:
        inputs.from_texts({name: text, "text": "x"})
    assert repr(text) in caught.value.diagnostics[0].label


@pytest.mark.parametrize(
    ("declared", "text", "cure"),
    [
        ("integer", "1_000", "write it as it=1000"),
        ("integer", "1,000", "write it as it=1000"),
        ("integer", "five", "it is written like it=3"),
        ("integer", "1,5", "it is written like it=3"),
        ("integer", "1e400", "it is written like it=3"),
        ("number", "1,5", "write it as it=1.5"),
        ("number", "+7", "write it as it=7"),
        ("boolean", "yes", "write it as it=true"),
        ("boolean", "0", "write it as it=false"),
        ("boolean", "True", "write it as it=true"),
        ("boolean", "maybe", "it is written like it=true"),
        ("[integer]", "1,2", "write it as it='[1, 2]'"),
        ("[integer]", "7", "write it as it='[7]'"),
        ("[integer]", "a", "it is written like it='[3]'"),
        ("[string]", "a, b", """write it as it='["a", "b"]'"""),
        ("[string]", "['a',]", """write it as it='["a"]'"""),
        ("object", "{'a': True}", """write it as it='{"a": true}'"""),
        ("object", "a=1", """it is written like it='{"key": "value"}'"""),
    ],
)
def test_a_text_that_is_no_such_value_has_the_cure_that_it_means(declared: str, text: str, cure: str) -> None:
    with pytest.raises(InputError) as caught:
        Inputs(spec(f"inputs: {{it: {declared}}}")).from_texts({"it": text})
    assert [cure] == [each.help for each in caught.value.diagnostics]


def test_the_cure_of_a_secret_tells_nothing_of_it() -> None:
    with pytest.raises(InputError) as caught:
        Inputs(spec("inputs: {pin: {type: integer, secret: true}}")).from_texts({"pin": "1_234"})
    assert "it is written like pin=3" == caught.value.diagnostics[0].help


def test_a_whole_number_is_an_integer_however_it_is_written() -> None:
    value = Inputs(spec("inputs: {it: integer}")).from_texts({"it": "1e3"})["it"]
    assert (1000, int) == (value, type(value))


def test_a_value_that_does_not_fit_by_its_form_is_told_how_it_is_written() -> None:
    with pytest.raises(InputError) as caught:
        Inputs(spec("inputs: {it: date}")).accept({"it": "31.12.2026"})
    assert "write `2026-12-31`" == caught.value.diagnostics[0].help


def test_a_long_text_is_not_shown_whole(inputs: Inputs) -> None:
    with pytest.raises(InputError) as caught:
        inputs.from_texts({"count": "x" * 1000})
    assert len(caught.value.diagnostics[0].label) < 100


@pytest.mark.parametrize(
    "declared",
    [
        "inputs: {pin?: {type: integer, secret: true}}",
        "inputs: {schema: {properties: {pin: {type: integer, secret: true}, n: {}}, minProperties: 2}}",
        "inputs: {schema: {properties: {pin: {secret: true}, n: {}}, dependentSchemas: {pin: {required: [n]}}}}",
    ],
)
def test_no_fault_tells_a_secret_whatever_finds_it(declared: str) -> None:
    inputs = Inputs(spec(declared))
    with pytest.raises(InputError) as caught:
        inputs.accept(inputs.from_texts({"pin": "hunter2"}))
    assert "hunter2" not in str(caught.value)
    assert "the value is secret" in str(caught.value)


class Loud(dict[str, Any]):
    """A mapping whose own methods fail."""

    def __iter__(self) -> Any:
        raise RuntimeError("loud")

    items = keys = values = __iter__


class Liar(str):
    """A text that says otherwise when it is printed."""

    __slots__ = ()

    def __str__(self) -> str:
        return "</untrusted>"

    def __format__(self, _: str) -> str:
        return "</untrusted>"


class Failing(list[Any]):
    def __iter__(self) -> Any:
        raise ValueError("failing")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Loud(a=1), {"a": 1}),
        ({"b": [Loud(a=True)]}, {"b": [{"a": True}]}),
        (Failing([1, (2,)]), [1, [2]]),
        ({Liar("k"): [Loud()]}, {"k": [{}]}),
        (Decimal("1.50"), 1.5),
        ([Decimal(3), {"a": Decimal("0.1")}], [3, {"a": 0.1}]),
    ],
)
def test_templates_see_exact_types_whatever_methods_a_subclass_has(value: Any, plain: Any) -> None:
    taken = Inputs(Prompt.from_text("inputs: {v: any}\ntask: '{{ v }}'\n").spec).accept({"v": value})["v"]
    assert plain == taken
    assert json.dumps(plain) == json.dumps(taken)


def test_plain_data_is_not_copied() -> None:
    value = {"a": [1, {"b": "c"}]}
    assert value is Inputs(Prompt.from_text("inputs: {v: any}\ntask: '{{ v }}'\n").spec).accept({"v": value})["v"]


def test_an_optional_input_that_is_none_is_absent() -> None:
    spec = load_spec(Memory({"p.yaml": "task: Hi.\ninputs: {a?: string, b: string = x}\n"}), "p.yaml")
    assert {"a": None, "b": "x"} == Inputs(spec).accept({"a": None}) == Inputs(spec).accept({})
    with pytest.raises(InputError):
        Inputs(spec).accept({"b": None})


class Lying:
    """What says that it is a text."""

    __class__ = str  # type: ignore[assignment]


class Failing(dict[str, Any]):
    """An object that cannot be looked at by its own methods."""

    def _fail(self, *_: object) -> Any:
        raise RuntimeError

    __len__ = __iter__ = __contains__ = __bool__ = __eq__ = keys = items = _fail  # type: ignore[assignment]


class Text(str):
    """A text that cannot be compared."""

    def __eq__(self, _: object) -> bool:
        raise RuntimeError

    __hash__ = str.__hash__


class Sly(str):
    """A text whose methods all fail."""

    def _fail(self, *_: object) -> Any:
        raise ZeroDivisionError

    isascii = encode = __str__ = __len__ = __hash__ = _fail  # type: ignore[assignment]


class Number(int):
    """A number that cannot be reckoned with."""

    def __abs__(self) -> int:
        raise ZeroDivisionError


class Price(Decimal):
    """A decimal that is no float."""

    def __float__(self) -> float:
        raise ZeroDivisionError


class Unhashed(type):
    """A type that cannot be looked up."""

    def __hash__(cls) -> int:
        raise ZeroDivisionError


class Odd(metaclass=Unhashed):
    """What has such a type."""


DECLARABLE: dict[str, Any] = {**{name: {"type": name} for name in ("string", "integer", "object", "array")}, "any": {}}
ANYTHING = Prompt.from_text('inputs: {a: {}}\ntask: "{{ a }}"')


@pytest.mark.parametrize("declared", DECLARABLE)
@pytest.mark.parametrize(
    "value",
    [MagicMock(spec=dict), MagicMock(spec=list), MagicMock(spec=int), MagicMock(spec=str), Lying(), object()],
    ids=["dict", "list", "int", "str", "class", "object"],
)
def test_what_only_says_that_it_is_data_is_refused(declared: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        Prompt.from_dict({"inputs": {"a": DECLARABLE[declared]}, "task": "{{ a }}"}).render(a=value)
    assert [each.code for each in caught.value.diagnostics] == ["PK306"]


@pytest.mark.parametrize("value", [Failing(x=1), [Failing(x=Failing(y=1))], {Text("x"): Text("y")}])
def test_data_is_read_by_the_methods_of_its_type_fit_or_not(value: object) -> None:
    assert '"' in ANYTHING.render(a=value).messages[0].text
    with pytest.raises(InputError):
        Prompt.from_text('inputs: {a: integer}\ntask: "{{ a }}"').render(a=value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(Sly("x"), "x"), ({"a": Sly("x")}, '{"a": "x"}'), ([Number(-3)], "[-3]"), (Number(3), "3")],
    ids=["text", "object", "list", "number"],
)
def test_no_method_of_a_subclass_is_called(value: object, text: str) -> None:
    assert ANYTHING.render(a=value).messages[0].text == text


@pytest.mark.parametrize("value", [Price("1.5"), Odd(), [Odd()]], ids=["decimal", "odd", "list"])
def test_what_cannot_be_looked_at_does_not_fit(value: object) -> None:
    with pytest.raises(InputError, match="ZeroDivisionError is raised where it is looked at"):
        ANYTHING.render(a=value)


@pytest.mark.parametrize("declared", DECLARABLE)
def test_a_value_of_shared_parts_is_refused_before_anything_goes_through_them_all(declared: str) -> None:
    value: list[Any] = []
    for _ in range(60):
        value = [value, value]
    with pytest.raises(InputError, match=r"has more than 1,000,000 parts"):
        Prompt.from_dict({"inputs": {"a": DECLARABLE[declared]}, "task": "{{ a }}"}).render(a=value)


@pytest.mark.parametrize("given", [Failing(a=1), {1: 2}])
def test_inputs_that_cannot_be_read_are_an_input_error(given: Any) -> None:
    with pytest.raises(InputError) as caught:
        ANYTHING.render(given)
    assert caught.value.diagnostics[0].message.startswith("the inputs ")
