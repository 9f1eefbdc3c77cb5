"""What a stream tells while an answer arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promptkit.messages import ToolCall
    from promptkit.result import ToolRun

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text, as the model wrote it, without reasoning in tags before it."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the model's reasoning: told apart by the server, or in tags such as `<think>` before the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class PartialValue:
    """The answer's value so far. The same object grows from event to event: copy it to keep it."""

    partial: Any


@dataclass(frozen=True, slots=True)
class FieldComplete:
    """A value inside the answer has ended: its location, such as `("tags", 0)`, and the value (not yet validated)."""

    location: Location
    value: Any


@dataclass(frozen=True, slots=True)
class AttemptAbandoned:
    """What was streamed so far is void: the model is asked again. `reason` says why."""

    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model calls a tool, which runs next if it is there and takes the arguments."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A tool's call has come to something, which the model is told next."""

    run: ToolRun


Event = TextDelta | ReasoningDelta | PartialValue | FieldComplete | AttemptAbandoned | ToolCalled | ToolReturned
