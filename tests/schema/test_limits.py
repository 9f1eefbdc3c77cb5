"""What is no JSON value, or too much of one."""

from __future__ import annotations

import enum
import math
import struct
from collections import ChainMap
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from promptkit.schema.limits import first_fault

ODD_NAN = struct.unpack("<d", b"\x01\x00\x00\x00\x00\x00\xf4\x7f")[0]


@dataclass
class Point:
    """Data of Python's own."""

    x: int


class Colour(enum.Enum):
    """One whose values are no enums of Python's own types."""

    RED = "red"


class Level(enum.IntEnum):
    HIGH = 1


def nested(depth: int, innermost: Any = 0) -> Any:
    value = innermost
    for _ in range(depth):
        value = [value]
    return value


def circle() -> list[Any]:
    value: list[Any] = []
    value += [value, value]
    return value


class Objects(dict[str, Any]):
    """An object of another type."""


def shared(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value, value]
    return value


@pytest.mark.parametrize(
    ("value", "location", "why"),
    [
        (math.nan, (), "no JSON number"),
        ([1, -math.inf], (1,), "no JSON number"),
        ({"a": [ODD_NAN]}, ("a", 0), "no JSON number"),
        (Decimal("NaN"), (), "no JSON number"),
        ([b"x"], (0,), "of type bytes"),
        ({"a": {1}}, ("a",), "of type set"),
        ({"a": {1: 2}}, ("a",), "a key that is no text"),
        ({"\ud800": 1}, (), "has a key that holds half"),
        (["a\ud800"], (0,), "half of a surrogate pair"),
        (10**4000, (), "more than 4,000 digits"),
        (nested(65), (0,) * 8, "nested deeper than 64"),
        (circle(), (), "has more than 1,000,000 parts"),
        (shared(40), (), "has more than 1,000,000 parts"),
        ((shared(40),), (), "has more than 1,000,000 parts"),
        (Objects(a=shared(40)), (), "has more than 1,000,000 parts"),
        ([0] * 1_000_001, (), "has more than 1,000,000 parts"),
        (Decimal("sNaN"), (), "no JSON number"),
        (Decimal("0.12345678901234567890"), (), "is kept by no JSON number as it is: give `float(value)`"),
        ([Decimal("1e-400")], (0,), "1E-400 is kept by no JSON number as it is"),
        (Decimal("1e999999"), (), "is a number of more than 4,000 digits"),
        (date(2026, 1, 2), (), "is no JSON value, but of type date: give `value.isoformat()`"),
        ({"at": datetime(2026, 1, 2, tzinfo=UTC)}, ("at",), "of type datetime: give `value.astimezone().isoformat()`"),
        (Path("a"), (), "give `str(value)`"),
        ({1}, (), "of type set: give `list(value)`"),
        (b"a", (), "of type bytes: give `value.decode()`"),
        (Colour.RED, (), "of type Colour: give `value.value`"),
        (ChainMap({"a": 1}), (), "of type ChainMap: give `dict(value)`"),
        (Point(1), (), "of type Point: give `dataclasses.asdict(value)`"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_json_is_found(value: Any, location: tuple[Any, ...], why: str) -> None:
    found = first_fault(value)

    assert found is not None
    assert location == found[0]
    assert why in found[1]


@pytest.mark.parametrize(
    "value",
    [
        10**4000 - 1,
        nested(64),
        (1, 2),
        Level.HIGH,
        Decimal("1.5"),
        Decimal("0.10"),
        Decimal(10) ** 30,
        {"größe": "\U0001f600"},
        shared(18),
        None,
        True,
    ],
    ids=[
        *("digits", "depth", "tuple", "enum", "decimal", "cents", "large", "unicode", "shared", "null", "true"),
    ],
)
def test_all_of_json_passes(value: Any) -> None:
    assert first_fault(value) is None
