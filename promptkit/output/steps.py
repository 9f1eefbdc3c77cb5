"""The steps that several stages tell of, in the same words; repairs of one kind together, by line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.phrases import counted
from promptkit.result import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.output.repairs import Repair

__all__ = ["answer_tags_off", "out_of_call", "reasoning_off", "repair_steps", "shown_place", "turn_ended"]

SPLIT = "reasoning split off"


def reasoning_off(name: str, size: int) -> Step:
    """So many characters of reasoning were split off."""
    return Step(name, f"{counted(size, 'character')} of reasoning")


def answer_tags_off(tag: str) -> Step:
    """The answer stood in a tag."""
    return Step("answer tags removed", f"the answer stood in <{tag}>", repairs=True)


def turn_ended(what: str) -> Step:
    """What ends a turn was left out."""
    return Step("end of turn left out", what, repairs=True)


def out_of_call(detail: str) -> Step:
    """The answer was an argument, or all arguments, of what the model took for a tool."""
    return Step("taken out of a call", detail, repairs=True)


def repair_steps(text: str, repairs: Sequence[Repair]) -> list[Step]:
    """What was done to a text, the same things told together."""
    by_what: dict[str, list[Repair]] = {}
    for each in repairs:
        by_what.setdefault(each.what, []).append(each)
    steps = []
    for what, several in by_what.items():
        more = f", and {len(several) - 1} more" if len(several) > 1 else ""
        first, changed = several[0].offset, sum(each.changed for each in several)
        place = f"at {shown_place(text, first)}{more}"
        steps.append(Step(what, place, repairs=True, offset=first, changed=changed))
    return steps


def shown_place(text: str, offset: int) -> str:
    """An offset as line and column, from 1."""
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"
