"""Conversation: what a turn costs after 10 and after 1,000, with a model that answers at once."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import repeat
from typing import TYPE_CHECKING

from benchmarks.measure import Side, calls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.setting import Setting

PROMPT = "persona: You are kind.\ninputs: {{message: string}}\ntask: '{{{{ message }}}}'\nmemory: {memory}"
ANSWER = "An answer of some words. " * 8
GOAL = 4.0


@contextmanager
def sides(setting: Setting) -> Iterator[list[Side]]:
    """A turn at the end of a short conversation, and of long ones under each memory."""
    long = 20 if setting.quick else 1_000
    yield [
        _turn("a turn after 10", 10, "full", setting),
        _turn(f"after {long:,}, tokens: 2000", long, "{tokens: 2000}", setting, GOAL),
        _turn(f"after {long:,}, last: 20", long, "{last: 20}", setting, GOAL),
        _turn(f"after {long:,}, full", long, "full", setting),
    ]


def _turn(name: str, turns: int, memory: str, setting: Setting, goal: float | None = None) -> Side:
    from promptkit import Prompt
    from promptkit.testing import ScriptedModel

    model = ScriptedModel(repeat(ANSWER))
    chat = Prompt.from_text(PROMPT.format(memory=memory)).using(model=model).chat()
    for number in range(turns):
        chat = chat.send(f"A question, number {number}").conversation

    def send(number: int) -> None:
        model.requests.clear()
        chat.send(f"Another question, number {number}")

    return calls(name, send, block=setting.block, goal=goal)
