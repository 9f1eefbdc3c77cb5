"""Comparisons of values while rendering: what looks at all of a list, an object or a text is counted first."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.template.measured_operators import count_division
from promptkit.template.metering import HOLDING, weighed
from promptkit.template.printing import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_COMPARED = (str, *HOLDING)
_LONG = 1_000


def is_in(value: Any, container: Any) -> bool:
    """`value in container`, which looks at all of it."""
    weighed(container)
    return value in container


def is_equal(one: Any, other: Any) -> bool:
    """`one == other`; of lists and objects, and of what looks into these, all parts are compared."""
    if isinstance(one, _COMPARED) and isinstance(other, _COMPARED):
        compared(one)
        compared(other)
    return bool(one == other)


def compared(value: Any) -> Any:
    """The same value, which is compared: all of it may be looked at."""
    if isinstance(value, HOLDING) or (isinstance(value, str) and len(value) > _LONG):
        weighed(value)
    return value


def _ordering(name: str) -> Callable[[Any, Any], bool]:
    compare: Callable[[Any, Any], bool] = getattr(operator, name)
    return lambda one, other: compare(compared(one), compared(other))


def _remainder(value: Any, by: Any, test: str) -> Any:
    """What is left of a division: of numbers alone, since a text would be formatted by `%`."""
    for each in (value, by):
        if not isinstance(each, (int, float)):
            raise RenderError(f"`{test}` takes a number, not {kind_of(each)}", code="PK223")
    count_division(value, by)
    return value % by


_EQUAL, _UNEQUAL = ("eq", "equalto", "=="), ("ne", "!=")
_ORDERS = {"gt": ("gt", "greaterthan", ">"), "ge": ("ge", ">="), "lt": ("lt", "lessthan", "<"), "le": ("le", "<=")}
COMPARING: Mapping[str, Callable[..., bool]] = {
    "in": is_in,
    **dict.fromkeys(_EQUAL, is_equal),
    **dict.fromkeys(_UNEQUAL, lambda one, other: not is_equal(one, other)),
    "divisibleby": lambda value, by: _remainder(value, by, "divisibleby") == 0,
    "even": lambda value: _remainder(value, 2, "even") == 0,
    "odd": lambda value: _remainder(value, 2, "odd") == 1,
    **{name: _ordering(order) for order, names in _ORDERS.items() for name in names},
}
"""Tests that compare two values, under all their names, or divide one by the other."""
