"""What was done to an answer, as steps for people: the same things together, the place by line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.result import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.output.mends import Mend

__all__ = ["mended", "shown_place"]


def mended(text: str, mends: Sequence[Mend]) -> list[Step]:
    """What was done to a text, the same things told together."""
    by_what: dict[str, list[Mend]] = {}
    for each in mends:
        by_what.setdefault(each.what, []).append(each)
    steps = []
    for what, several in by_what.items():
        more = f", and {len(several) - 1} more" if len(several) > 1 else ""
        first, changed = several[0].offset, sum(each.changed for each in several)
        steps.append(Step(what, f"at {shown_place(text, first)}{more}", True, first, changed))
    return steps


def shown_place(text: str, offset: int) -> str:
    """An offset as line and column, from 1."""
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"
