"""Operators while rendering: what would make too large a value, or take too long, is refused before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.template.metering import CHARACTERS_AN_ITEM, check_parts, check_size, count_built, step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_REPEAT = 1_000_000
"""Characters or items that one `*` may make."""
_MOST_BITS = 100_000
_BITS_A_STEP = 1_000


def _repeated(left: Any, right: Any) -> None:
    for many, times in ((left, right), (right, left)):
        if isinstance(many, (str, list, tuple)) and isinstance(times, int):
            if len(many) * times > MAX_REPEAT:
                raise RenderError(f"a repetition makes more than {MAX_REPEAT:,} characters or items", code="PK221")
            if isinstance(many, (list, tuple)):
                check_parts(many, times=times)
            count_built(len(many) * times * (1 if isinstance(many, str) else CHARACTERS_AN_ITEM))


def _powered(base: Any, exponent: Any) -> None:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * max(exponent, 0) > 10_000:
        raise RenderError("a power is too large to compute", code="PK221")
    if isinstance(base, (int, float)) and base < 0 and isinstance(exponent, float) and not exponent.is_integer():
        raise RenderError("a negative number is raised to a fraction", code="PK226")


def _worked(left: int, right: int, what: str) -> None:
    """Count the work of multiplying or dividing large numbers."""
    bits = left.bit_length() + right.bit_length()
    if bits > _MOST_BITS:
        raise RenderError(f"{what} too large to compute", code="PK221")
    if bits > _BITS_A_STEP:
        step(bits // _BITS_A_STEP)


def _multiplied(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _worked(left, right, "a product is")
    _repeated(left, right)


def count_division(left: Any, right: Any) -> None:
    """Count the work of dividing one number by another. Raises `RenderError` for numbers that are too large."""
    if isinstance(left, int) and isinstance(right, int):
        _worked(left, right, "a quotient is")


def _formatted(left: Any, right: Any) -> None:
    if isinstance(left, str):
        raise RenderError("`%` does not format texts here", code="PK225", help="use `~` to join, or filters")
    count_division(left, right)


def _added(left: Any, right: Any) -> None:
    if isinstance(left, (str, list, tuple)) and isinstance(right, (str, list, tuple)):
        check_size(len(left) + len(right))
        if not isinstance(left, str):
            check_parts(left, right)
        else:
            count_built(len(left) + len(right))


OPERATORS: Mapping[str, Callable[[Any, Any], None]] = {
    "*": _multiplied,
    "**": _powered,
    "%": _formatted,
    "/": count_division,
    "//": count_division,
    "+": _added,
}
"""What is checked before an operator runs."""
