"""Functions as tools: what a model is told of one, and which functions can be none."""

from __future__ import annotations

import datetime as dt
import functools
import pickle
import sys
import typing
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from promptkit.errors import ConfigError
from promptkit.tools import Tool, tool


class Point(BaseModel):
    x: int
    y: int = 0


@tool
def get_weather(city: str, unit: Literal["celsius", "fahrenheit"] = "celsius", days: int | None = None) -> str:
    """The weather in a city now.

    It comes from a station nearby.

    Args:
        city: Its English
            name.
        unit (str): In what degrees.
    """
    return f"{city} {unit} {days}"


def plain(number: int) -> int:
    """Twice a number."""
    return 2 * number


def parameters(made: Tool) -> Any:
    return made.to_openai()["function"]["parameters"]


def test_the_signature_and_the_docstring_are_what_the_model_is_told() -> None:
    assert {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city now.\n\nIt comes from a station nearby.",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Its English name."},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "description": "In what degrees."},
                    "days": {"type": "integer"},
                },
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    } == get_weather.to_openai()


@pytest.mark.parametrize(
    "docstring",
    [
        "Do it.\n\nArgs:\n    what: The thing.",
        "Do it.\n\n:param what: The thing.",
        "Do it.\n\nParameters\n----------\nwhat : str\n    The thing.",
        "Do it.\n\n@param what: The thing.",
    ],
    ids=["google", "sphinx", "numpy", "epydoc"],
)
def test_a_docstring_describes_parameters_in_any_of_the_usual_styles(docstring: str) -> None:
    def act(what: str) -> None: ...

    act.__doc__ = docstring
    made = tool(act)
    assert ("Do it.", "The thing.") == (made.description, parameters(made)["properties"]["what"]["description"])


@pytest.mark.parametrize("rest", ["", "\n    Returns:\n        Nothing.\n    "])
def test_a_docstring_may_begin_with_its_parameters(rest: str) -> None:
    def act(what: str) -> None: ...

    act.__doc__ = f"Args:\n        what: The thing.\n{rest}"
    made = tool(act)
    assert ("", "The thing.") == (made.description, parameters(made)["properties"]["what"]["description"])


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="typing's own can be read from Python 3.12 on")
def test_the_typed_dict_that_cannot_be_read_is_named_with_the_cure() -> None:
    class Place(typing.TypedDict):
        city: str

    def act(place: Place) -> None: ...

    act.__annotations__["place"] = Place
    with pytest.raises(ConfigError, match=r"typing\.TypedDict") as caught:
        tool(act)
    assert "typing_extensions" in caught.value.help


def test_a_tool_is_still_the_function() -> None:
    assert "Rome celsius 3" == get_weather("Rome", days=3)


def test_arguments_are_seen_as_the_function_declares_them() -> None:
    @tool
    def visit(day: dt.date, at: Point, schema: str = "x", times: Annotated[int, Field(ge=1)] = 1) -> None:
        """Names that pydantic has itself are names like others."""

    value = {"day": "2026-11-28", "at": {"x": 1}, "schema": "s"}
    assert {"day": dt.date(2026, 11, 28), "at": Point(x=1), "schema": "s"} == visit.arguments(value)
    assert {"minimum": 1, "type": "integer"} == parameters(visit)["properties"]["times"]


def test_parameters_that_inputs_fill_are_hidden_from_the_model() -> None:
    def look_up(number: int, token: str) -> None: ...

    assert ["number"] == list(parameters(tool(from_inputs=["token"])(look_up))["properties"])


def test_a_tool_may_have_another_name_and_description() -> None:
    made = tool(name="double", description="Doubles.", confirm=True, timeout=None)(plain)
    assert ("double", "Doubles.", True, None) == (made.name, made.description, made.confirm, made.timeout)


def test_methods_and_functions_without_parameters_are_tools() -> None:
    class Shop:
        def close(self) -> None:
            """Close the shop."""

    made = tool(Shop().close)
    assert {"type": "object", "properties": {}, "additionalProperties": False} == parameters(made)


def positional(a: int, /) -> None: ...
def many(*a: int) -> None: ...
def keywords(**a: int) -> None: ...
def untyped(a) -> None: ...  # type: ignore[no-untyped-def]
def unresolved(a: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821
def shapeless(a: type[Any] | functools.partial[int]) -> None: ...


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (positional, "cannot be passed by name"),
        (many, "cannot be passed by name"),
        (keywords, "cannot be passed by name"),
        (untyped, "the parameter `a` of the tool `untyped` has no type"),
        (unresolved, "the types of the tool `unresolved` cannot be resolved"),
        (shapeless, "takes what has no JSON Schema"),
        (get_weather, "is a tool already"),
        (Point, "cannot be a tool"),
        ("get_weather", "cannot be a tool"),
        (lambda x: x, "cannot be a tool"),
    ],
)
def test_a_function_that_can_be_no_tool_is_refused_in_words(function: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        tool(function)


ODD = [
    {"from_inputs": ["nobody"]},
    {"from_inputs": 5},
    {"from_inputs": [5]},
    {"timeout": 0},
    {"timeout": -1},
    {"timeout": "5"},
    {"timeout": True},
    {"name": "a b"},
    {"name": "a\n"},
    {"name": 5},
    {"description": 5},
    {"confirm": "no"},
]


@pytest.mark.parametrize("told", ODD)
def test_what_is_told_of_a_tool_has_to_fit(told: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        tool(**told)(plain)


def test_a_decorated_function_is_pickled_by_its_place() -> None:
    assert get_weather is pickle.loads(pickle.dumps(get_weather))


def test_a_tool_that_stands_nowhere_is_pickled_with_what_was_told_of_it() -> None:
    again = pickle.loads(pickle.dumps(tool(name="double", timeout=3)(plain)))
    assert ("double", 3, 8) == (again.name, again.timeout, again(4))


def two(x: int, y: str = "") -> str:
    """Two."""
    return f"{x}{y}"


def test_a_function_of_which_some_is_given_is_a_tool() -> None:
    made = tool(name="one")(functools.partial(two, y="b"))
    assert ["x"] == parameters(made)["required"]
    assert "1b" == made(1)


def test_a_method_in_its_class_is_told_how_to_become_one() -> None:
    with pytest.raises(ConfigError) as caught:
        tool(two_of_self)
    assert "tool(object.method)" in caught.value.help


def two_of_self(self, x: int) -> None: ...  # type: ignore[no-untyped-def]
