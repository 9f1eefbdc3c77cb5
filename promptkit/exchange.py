"""A turn of a conversation that has ended, as it is sent again and as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from promptkit.completion import Usage
from promptkit.messages import Message
from promptkit.tokens import at_most, count_messages

if TYPE_CHECKING:
    from promptkit.result import Step
    from promptkit.tokens import TokenCounter


@dataclass(frozen=True, slots=True)
class Summary:
    """What is sent in the place of the first `upto` turns.

    `without` are the turns among them that it does not hold, by their index, since they were pinned. `tokens` is the
    most that its messages have; `usage` and `cost` (USD) are what it took to make it.
    """

    text: str
    upto: int
    tokens: int
    without: tuple[int, ...] = ()
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    record_id: str = ""

    @classmethod
    def of(cls, text: str, upto: int, counter: TokenCounter, **told: Any) -> Self:
        """A summary from its text."""
        return cls(text, upto, most_of(_summarised(text, upto), counter), **told)

    def holds(self, index: int) -> bool:
        """Whether a turn is in it."""
        return index < self.upto and index not in self.without

    @property
    def messages(self) -> tuple[Message, ...]:
        """The summary as it is sent: said by the user, marked as what it is, and acknowledged."""
        return _summarised(self.text, self.upto)


def _summarised(text: str, upto: int) -> tuple[Message, ...]:
    turns = f"turns 1 to {upto}" if upto > 1 else "turn 1"
    said = f"[A summary of {turns} of our conversation, written by a model in their place]\n\n{text}"
    return Message("user", said), Message("assistant", "[The summary is noted.]")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn that has ended: what the user said, and the messages that are sent again.

    `tokens` is the most that these have. `steps` tell what of the turns before was left out, `summary` is the one that
    was made of them for this turn, `time` is when the answer was there (ISO 8601, UTC).
    """

    text: str
    messages: tuple[Message, ...]
    tokens: int
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    steps: tuple[Step, ...] = ()
    summary: Summary | None = None
    time: str = ""
    record_id: str = ""

    @classmethod
    def of(cls, messages: tuple[Message, ...], counter: TokenCounter, text: str | None = None, **told: Any) -> Self:
        """A turn from its messages."""
        said = messages[0].text if text is None else text
        return cls(said, messages, most_of(messages, counter), **told)

    def counted(self, counter: TokenCounter) -> Self:
        """The same turn, counted anew."""
        summary = self.summary and replace(self.summary, tokens=most_of(self.summary.messages, counter))
        return replace(self, tokens=most_of(self.messages, counter), summary=summary)

    @property
    def answer(self) -> str:
        """What the model answered."""
        return self.messages[-1].text


def most_of(messages: tuple[Message, ...], counter: TokenCounter) -> int:
    """The most tokens that messages may have."""
    return at_most(sum(count_messages(messages, counter)), counter.error)
