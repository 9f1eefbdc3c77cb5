"""A clock that does not wait, and the prompt that the tests of the running half ask."""

from __future__ import annotations

from typing import Any

from promptkit import Prompt
from promptkit.drive import Clock

TRIAGE = """
name: triage
task: Route {{ ticket }}
inputs:
  ticket: string
  token?: {type: string, secret: true}
output:
  fields:
    team: billing | platform
    urgency: integer, 1..5
"""
GOOD = {"team": "billing", "urgency": 2}
BAD = {"team": "biling", "urgency": 7}


class Waitless(Clock):
    """Time that passes only when somebody sleeps, or when it is told to: `pauses` are the sleeps in order."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


def triage(**output: Any) -> Prompt[Any]:
    """The prompt, with other keys under `output`."""
    import yaml

    data = yaml.safe_load(TRIAGE)
    data["output"] |= output
    return Prompt.from_dict(data)
