"""Equality of JSON values: what has one key is equal, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptkit.schema.equality import among, key_of, same_json, without

scalars = st.sampled_from([None, True, False, 0, 1, 1.0, 0.0, -0.0, "", "a", "1", 2**70, float(2**70), "null"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)


@given(values, values)
def test_values_are_equal_exactly_when_their_keys_are(one: Any, other: Any) -> None:
    assert (key_of(one) == key_of(other)) == same_json(one, other)
    if same_json(one, other):
        assert hash(key_of(one)) == hash(key_of(other))


@given(st.lists(values, max_size=6), st.lists(values, max_size=6))
def test_what_is_without_others_is_what_is_not_among_them(some: list[Any], others: list[Any]) -> None:
    assert without(some, others) == [value for value in some if not among(value, others)]
