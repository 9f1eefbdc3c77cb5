"""A turn of a conversation that has ended, as it is sent again and as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.completion import Usage
from promptkit.tokens import BytesEstimate, at_most, count_messages

if TYPE_CHECKING:
    from promptkit.messages import Message
    from promptkit.result import Step

COUNTER = BytesEstimate()
"""What counts the tokens of turns, and of what stands beside them."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn that has ended: what the user said, and the messages that are sent again.

    `tokens` is the most that these have. `steps` tell what of the turns before was left out, `time` is when the answer
    was there (ISO 8601, UTC).
    """

    text: str
    messages: tuple[Message, ...]
    tokens: int
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    steps: tuple[Step, ...] = ()
    time: str = ""
    record_id: str = ""

    @classmethod
    def of(cls, messages: tuple[Message, ...], text: str | None = None, **told: Any) -> Exchange:
        """A turn from its messages."""
        said = messages[0].text if text is None else text
        return cls(said, messages, at_most(sum(count_messages(messages, COUNTER)), COUNTER), **told)

    @property
    def answer(self) -> str:
        """What the model answered."""
        return self.messages[-1].text
