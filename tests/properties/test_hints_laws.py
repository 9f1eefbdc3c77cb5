"""Laws of the checker: pydantic, in its strict mode, is of the same opinion; what fits comes back the same."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from promptkit import Prompt
from promptkit.parts import build
from promptkit.spec import PromptSpec
from promptkit.type_hints import Bounds, Fault, checker

WORDS = ("a", "b", "a\n", "ab1", "1", "", "ä")
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 5), st.floats(allow_nan=False), st.sampled_from(WORDS))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=8,
)
BOUNDED = (
    (int, {"gt": 0}),
    (int, {"ge": 1, "le": 3}),
    (float, {"gt": 0}),
    (str, {"pattern": "^[a-z]+[0-9]*$", "max_length": 2}),
)
PLAIN = (Any, str, bool, int, float, Literal["a", "b"])  # in a `Literal` pydantic takes 1 for true, strict or not
Pair = tuple[Any, Any]
"""The same hint for us and for pydantic."""


def of_two(made: Any, *parts: Pair) -> Pair:
    return made(*(ours for ours, _ in parts)), made(*(theirs for _, theirs in parts))


PAIRS: st.SearchStrategy[Pair] = st.recursive(
    st.one_of(
        st.sampled_from(PLAIN).map(lambda hint: (hint, hint)),
        st.sampled_from(BOUNDED).map(lambda it: (Annotated[it[0], Bounds(**it[1])], Annotated[it[0], Field(**it[1])])),
    ),
    lambda inner: st.one_of(
        inner.map(lambda one: of_two(lambda hint: dict[str, hint], one)),  # type: ignore[valid-type]
        inner.map(lambda one: of_two(lambda hint: tuple[hint, ...], one)),  # type: ignore[valid-type]
        st.tuples(inner, inner).map(lambda two: of_two(lambda one, other: tuple[one, other], *two)),  # type: ignore[valid-type]
        inner.map(lambda one: of_two(lambda hint: hint | None, one)),
        st.tuples(inner, inner).map(lambda two: of_two(lambda one, other: one | other, *two)),
    ),
    max_leaves=4,
)


@given(PAIRS, VALUES)
def test_what_fits_is_what_pydantic_takes(pair: Pair, value: Any) -> None:
    faults: list[Fault] = []
    checker(pair[0])(value, (), faults)
    try:
        TypeAdapter(pair[1], config=ConfigDict(strict=True)).validate_python(value)
    except ValidationError:
        assert faults
    else:
        assert [] == faults


@given(PAIRS, VALUES)
def test_a_fault_stands_at_a_place_that_there_is(pair: Pair, value: Any) -> None:
    faults: list[Fault] = []
    checker(pair[0])(value, (), faults)
    for fault in faults:
        found = value
        for step in fault.location:
            found = found[step]


GOOD = [Prompt.from_yaml(path).spec for path in sorted(Path("templates").rglob("[!_]*.yaml"))]


@pytest.mark.parametrize("spec", GOOD, ids=lambda spec: spec.path)
def test_a_spec_s_data_make_it_again(spec: PromptSpec) -> None:
    again, faults = build(PromptSpec, spec.data())
    assert [] == faults
    assert again is not None
    assert spec == again.with_(path=spec.path, origins=spec.origins, files=spec.files)


def leaves(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of the texts that a spec's own fields hold."""
    return [(*at, key) for key, value in data.items() if isinstance(value, str) and key not in ("extends",)]


@given(st.sampled_from(GOOD), st.data())
def test_every_text_that_is_none_is_a_fault_of_its_own(spec: PromptSpec, draw: st.DataObject) -> None:
    data = spec.data()
    broken = draw.draw(st.sets(st.sampled_from(leaves(data))))
    _, faults = build(PromptSpec, data | {key: 7 for (key,) in broken})
    assert broken == {fault.location for fault in faults}
