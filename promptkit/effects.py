"""What a flow wants done: send a request, run tools, wait. Drivers do it and send back what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptkit.completion import Completion
from promptkit.result import ToolRun

if TYPE_CHECKING:
    from promptkit.answer_reader import AnswerReader
    from promptkit.completion import Request
    from promptkit.errors import ModelError
    from promptkit.events import AttemptAbandoned
    from promptkit.toolbox import Prepared


@dataclass(frozen=True, slots=True)
class Send:
    """The effect: send a request and feed its deltas to the reading. `abandons` is told before."""

    request: Request
    reading: AnswerReader
    abandons: AttemptAbandoned | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    """The effect: wait, because of an error that the next try may not meet."""

    seconds: float
    error: ModelError


@dataclass(slots=True)
class RunTools:
    """The effect: run tools, which may take so many seconds in all; sent back: the runs.

    `took` is how many seconds that took, and `runs` are those that ended: whoever runs them keeps both.
    """

    calls: tuple[Prepared, ...]
    left: float
    took: float = 0.0
    runs: list[ToolRun] = field(default_factory=list)


Effect = Send | Sleep | RunTools
Reply = Completion | tuple[ToolRun, ...] | None
