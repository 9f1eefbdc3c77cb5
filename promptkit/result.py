"""What promptkit gives back: rendered messages, parsed output, attempts and results. All frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from promptkit.completion import ABANDONED, Completion, Request, Usage, canonical_json, sha256
from promptkit.messages import Message, ToolCall

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Confidence = Literal["native", "reasked", "repaired"]
"""How much was done to get a valid answer, best first: nothing; asked again; its text repaired."""

CONFIDENCES: tuple[Confidence, ...] = ("native", "reasked", "repaired")


@dataclass(frozen=True, slots=True)
class Rendered:
    """The messages that a prompt renders to; a pure function of spec, inputs and model facts.

    `notes` says what rendering did to values (a neutralised chat marker, say).
    """

    messages: tuple[Message, ...]
    notes: tuple[str, ...] = ()

    def to_openai(self) -> list[dict[str, Any]]:
        """Plain message dicts, usable with any client."""
        return [message.to_openai() for message in self.messages]

    @property
    def digest(self) -> str:
        """SHA-256 over the messages."""
        return sha256(canonical_json(self.to_openai()))

    def _repr_html_(self) -> str:
        """The messages in a notebook, every text as text."""
        from html import escape

        style = "white-space: pre-wrap; border: 1px solid #8888; border-radius: 6px; padding: .6em; margin: 0 0 .8em"
        shown = (f'<b>{each.role}</b><pre style="{style}">{escape(each.shown)}</pre>' for each in self.messages)
        return "".join((*shown, *(f"<p>note: {escape(note)}</p>" for note in self.notes)))


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a value does not fit: where (a JSON path such as `$.tags[2]`), what, by which keyword.

    `name` is the field that is missing, or that is not allowed; `meant` is the field or the word that was probably
    meant, for which the message asks at its end.
    """

    path: str
    message: str
    keyword: str = ""
    location: tuple[str | int, ...] = ()
    name: str = field(default="", repr=False)
    meant: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"at {self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to an answer; `repairs` is False for what keeps the answer native.

    `offset` is where in the answer's text it was done first, if it was done to the text, and `changed` how many
    characters it changed.
    """

    name: str
    detail: str
    repairs: bool = False
    offset: int | None = None
    changed: int = 0

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Output(Generic[T_co]):
    """A valid value and the steps that led to it from the model's text."""

    value: T_co
    reasoning: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def repaired(self) -> bool:
        """Whether the text had to be changed to become a value."""
        return any(step.repairs for step in self.steps)


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one of the spec's `checks`. A failed `asserted` check makes the answer invalid."""

    name: str
    passed: bool
    asserted: bool = False
    message: str = ""


ToolStatus = Literal["ok", "unknown", "invalid", "refused", "failed", "late"]
"""What came of a tool's call: it ran; there is no such tool; its arguments do not fit; nobody agreed to it; it raised;
it took too long."""


@dataclass(frozen=True, slots=True)
class ToolRun:
    """A tool's call that the model asked for, and what came of it.

    `arguments` are the valid ones that the tool was called with (None where it was not), `told` is what the model was
    answered, `steps` what was done to its text of the arguments. `seconds` is how long the tool took.
    """

    call: ToolCall
    status: ToolStatus
    told: str
    arguments: Any = None
    steps: tuple[Step, ...] = ()
    seconds: float = 0.0

    def message(self) -> Message:
        """The answer to the call."""
        return Message("tool", self.told, tool_call_id=self.call.id)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what became of it: the answer, what was wrong with it, how long it took (seconds).

    Where the answer called `tools`, these are their runs, and the next attempt goes on from there. `lost` says that no
    answer came although one may have been generated, and has to be paid for.
    """

    request: Request
    completion: Completion | None = None
    violations: tuple[Violation, ...] = ()
    steps: tuple[Step, ...] = ()
    error: str = ""
    seconds: float = 0.0
    tools: tuple[ToolRun, ...] = ()
    lost: bool = False

    @property
    def usage(self) -> Usage:
        """The tokens of this attempt."""
        return self.completion.usage if self.completion else Usage()


@dataclass(frozen=True, slots=True)
class Result(Generic[T_co]):
    """A validated answer with its receipt. `cost` is USD, None when the price is not known.

    It prints without what was sent and received: that is in `attempts`, `text` and `reasoning`.
    """

    output: T_co
    text: str = field(repr=False)
    reasoning: str = field(repr=False)
    attempts: tuple[Attempt, ...] = field(repr=False)
    model: str
    confidence: Confidence = "native"
    checks: tuple[Check, ...] = ()
    cost: float | None = None
    steps: tuple[Step, ...] = ()
    rendered: Rendered | None = field(default=None, repr=False)
    record_id: str = ""

    @property
    def usage(self) -> Usage:
        """The tokens of all attempts together."""
        return total_usage(self.attempts)

    @property
    def tool_calls(self) -> tuple[ToolRun, ...]:
        """Every tool's call that the model asked for, in order, and what came of it."""
        return tuple(run for attempt in self.attempts for run in attempt.tools)

    @property
    def tokens_saved(self) -> int | None:
        """About how many tokens were not generated, since answers were abandoned as soon as they could not be valid.

        Each is taken to have been on its way to the length of the answer that was accepted, at as many characters a
        token. None when none was abandoned, or the server told no count.
        """
        return tokens_saved(self.attempts)


def total_usage(attempts: tuple[Attempt, ...]) -> Usage:
    """The usage of several attempts, added up."""
    return sum((attempt.usage for attempt in attempts), Usage())


def tokens_saved(attempts: tuple[Attempt, ...]) -> int | None:
    """See `Result.tokens_saved`; the last attempt is the accepted one."""
    answers = [attempt.completion for attempt in attempts if attempt.completion]
    # One with a count had been generated to its end when that showed.
    abandoned = [answer for answer in answers if answer.finish_reason == ABANDONED and answer.usage.unreported]
    stopped = [len(answer.text) for answer in abandoned]
    if not stopped or not answers[-1].text:
        return None
    accepted = answers[-1].usage.completion_tokens - answers[-1].usage.reasoning_tokens
    left = (max(0.0, 1 - characters / len(answers[-1].text)) for characters in stopped)
    return round(sum(accepted * share for share in left)) if accepted > 0 else None
