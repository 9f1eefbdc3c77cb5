"""From a type hint to a check: what fits, and in which words the rest is refused."""

from typing import Annotated, Any, Literal

import pytest

from promptkit.parts import Part
from promptkit.type_hints import Bounds, Fault, checker


class Cat(Part):
    lives: int


class Dog(Part):
    tricks: tuple[str, ...]
    age: int = 1


def checked(hint: Any, value: Any) -> tuple[Any, list[Fault]]:
    faults: list[Fault] = []
    return checker(hint)(value, (), faults), faults


@pytest.mark.parametrize(
    ("hint", "value", "kept"),
    [
        (Any, None, None),
        (str, "a", "a"),
        (bool, False, False),
        (int, 0, 0),
        (float, 0.5, 0.5),
        (float, 2, 2.0),
        (str | None, None, None),
        (Literal["a", 1, True], 1, 1),
        (Literal["a", 1, True], True, True),
        (str | dict[str, Any], {"a": []}, {"a": []}),
        (dict[str, Any] | bool, True, True),
        (tuple[int, ...], [1, 2], (1, 2)),
        (tuple[int, ...], (), ()),
        (tuple[str, int], ("a", 1), ("a", 1)),
        (dict[str, tuple[float, ...]], {"a": [1]}, {"a": (1.0,)}),
        (Annotated[int, Bounds(ge=1, le=3)], 3, 3),
        (Annotated[int, Bounds(gt=0)] | None, None, None),
        (Annotated[str, Bounds(pattern="[a-z]+", max_length=3)], "abc", "abc"),
        (Cat | Dog, {"tricks": []}, Dog(tricks=())),
        (Cat | Dog, Dog(tricks=()), Dog(tricks=())),
    ],
)
def test_what_fits_is_kept(hint: Any, value: Any, kept: Any) -> None:
    found, faults = checked(hint, value)
    assert (kept, type(kept), []) == (found, type(found), faults)


@pytest.mark.parametrize(
    ("hint", "value", "words"),
    [
        (str, 1, "a text is expected"),
        (str, None, "a text is expected"),
        (bool, 1, "true or false is expected"),
        (int, True, "a whole number is expected"),
        (int, 1.0, "a whole number is expected"),
        (float, True, "a number is expected"),
        (float, "1", "a number is expected"),
        (float, 10**400, "a number is expected"),
        (dict[str, Any], [], "a mapping is expected"),
        (dict[str, Any], {1: 2}, "a text is expected"),
        (tuple[int, ...], "12", "a list is expected"),
        (tuple[int, int], [1], "a list of 2 is expected"),
        (Cat, "a", "a mapping is expected"),
        (Literal["a", "b", "c"], "d", "one of `a`, `b` or `c` is expected"),
        (Literal[1], True, "1 is expected"),
        (Literal[True], 1, "true is expected"),
        (str | None, 1, "a text is expected"),
        (str | dict[str, Any], 1, "a text or a mapping is expected"),
        (Cat | Dog, 1, "a mapping is expected"),
        (Literal["a"] | dict[str, Any], "b", "`a` or a mapping is expected"),
        (Annotated[int, Bounds(gt=0)], 0, "it must be greater than 0"),
        (Annotated[int, Bounds(ge=1, le=10)], 0, "it must be at least 1"),
        (Annotated[int, Bounds(ge=1, le=10)], 11, "it must be at most 10"),
        (Annotated[float, Bounds(gt=0)], float("nan"), "it must be greater than 0"),
        (Annotated[int, Bounds(gt=0)], "x", "a whole number is expected"),
        (Annotated[str, Bounds(max_length=3)], "abcd", "it must have at most 3 characters"),
        (Annotated[str, Bounds(pattern="^[a-z]+$")], "a\n", "not a valid value"),
        (Annotated[str, Bounds(pattern="a|b")], "ab", "not a valid value"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(hint: Any, value: Any, words: str) -> None:
    assert [words] == [fault.words for fault in checked(hint, value)[1]]


def test_a_fault_inside_a_list_and_a_mapping_has_its_place() -> None:
    _, faults = checked(dict[str, tuple[int, ...]], {"a": (1, "x"), "b": ("y",)})
    assert [("a", 1), ("b", 0)] == [fault.location for fault in faults]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"lives": "nine"}, ["`lives`: a whole number is expected"]),
        ({"tricks": ["sit", 1]}, ["`tricks.1`: a text is expected"]),
        ({"tricks": 1, "age": 2}, ["`tricks`: a list is expected"]),
        (3, ["``: a mapping or a text is expected"]),
    ],
)
def test_the_alternative_that_is_nearest_tells_what_is_wrong_inside(value: Any, told: list[str]) -> None:
    assert told == [str(fault) for fault in checked(Cat | Dog | str, value)[1]]


def test_a_word_that_is_none_of_the_allowed_ones_comes_with_them() -> None:
    (fault,) = checked(Literal["a", "b"] | None, "c")[1]
    assert ("c", ("a", "b")) == (fault.value, fault.allowed)


def test_a_fault_shows_its_place_and_its_words() -> None:
    _, faults = checked(dict[str, int], {"a": "x"})
    assert "[Fault(`a`: a whole number is expected)]" == repr(faults)
