"""Types that see a value as they would see its JSON, and those that must be given the JSON."""

from __future__ import annotations

import datetime as dt
import enum
import json
from typing import Any, Literal

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from promptkit.schema import Schema
from promptkit.schema.views import sees_as_json


class Inner(pydantic.BaseModel):
    word: Literal["a", "b"]
    count: int | None = None
    share: float = 0.5


class Outer(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=5)
    inner: list[Inner] = []
    more: dict[str, Inner | bool | str] = {}
    below: Outer | None = None


class Record(TypedDict):
    name: str
    tags: list[str]


class Strict(pydantic.BaseModel, strict=True):
    due: dt.date


class Colour(enum.Enum):
    red = "red"


class Started(pydantic.BaseModel):
    name: str

    def model_post_init(self, _: Any) -> None:
        self.name = self.name.upper()


class Checked(pydantic.BaseModel):
    name: str

    @pydantic.field_validator("name")
    @classmethod
    def _of_json(cls, name: str, info: pydantic.ValidationInfo) -> str:
        return f"{name} from {info.mode}"


@pytest.mark.parametrize("tp", [Inner, Outer, Record, list[int], dict[str, float], str, int | None, Any])
def test_types_of_plain_parts_see_the_value(tp: Any) -> None:
    assert sees_as_json(TypeAdapter(tp).core_schema)


@pytest.mark.parametrize(
    ("tp", "value", "seen"),
    [
        (Strict, {"due": "2026-01-31"}, Strict(due=dt.date(2026, 1, 31))),
        (dict[int, int], {"1": 2}, {1: 2}),
        (tuple[int, int], [1, 2], (1, 2)),
        (Colour, "red", Colour.red),
        (dt.date, "2026-01-31", dt.date(2026, 1, 31)),
        (Started, {"name": "a"}, Started(name="a")),
        (Checked, {"name": "a"}, Checked.model_construct(name="a from json")),
        (list[Strict], [{"due": "2026-01-31"}], [Strict(due=dt.date(2026, 1, 31))]),
    ],
)
def test_types_with_rules_of_their_own_are_given_the_json(tp: Any, value: Any, seen: Any) -> None:
    assert not sees_as_json(TypeAdapter(tp).core_schema)
    assert seen == Schema.from_type(tp).view(value)


INNER = st.fixed_dictionaries(
    {"word": st.sampled_from(["a", "b"])}, optional={"count": st.none() | st.integers(), "share": st.floats(0, 1)}
)
OUTER = st.recursive(
    st.fixed_dictionaries(
        {"name": st.text(max_size=5)},
        optional={
            "inner": st.lists(INNER, max_size=2),
            "more": st.dictionaries(st.text(max_size=2), INNER | st.booleans() | st.text(max_size=2), max_size=2),
        },
    ),
    lambda inner: st.fixed_dictionaries({"name": st.text(max_size=5), "below": inner | st.none()}),
    max_leaves=3,
)


@given(OUTER)
def test_what_is_seen_of_a_value_is_what_is_seen_of_its_json(value: Any) -> None:
    assert Outer.model_validate_json(json.dumps(value)) == Schema.from_type(Outer).view(value)
