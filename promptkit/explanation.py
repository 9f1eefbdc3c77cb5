"""Messages taken apart: each piece with where it is written, from which inputs it comes, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from promptkit.tokens import PieceEstimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.messages import Role
    from promptkit.tokens import TokenCounter

Kind = Literal["template", "value", "example", "promptkit", "history"]
"""The author's own text; what an expression printed; an example's answer; promptkit's words; an earlier turn."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message's text.

    `section` is what it belongs to, such as `task`. `file`, `line` and `column` (from 1; 0 where not known) say where
    it is written; `includes` are the places of the includes that lead there, the outermost first. `inputs` are those
    that a value can come from, or that decide what it is; `trust` is whom it comes from if not the caller. The chat
    markers in it that were made harmless are `neutralised`. `example` counts from 1.
    """

    text: str
    kind: Kind
    section: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    inputs: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    trust: str = ""
    neutralised: tuple[str, ...] = ()
    example: int = 0
    cacheable: bool = False
    """Whether it, and all before it, is the same for every call of the prompt."""

    @property
    def place(self) -> str:
        """`file:line:column`, as far as it is known."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    @property
    def origin(self) -> str:
        """What it comes from, in a few words: `input ticket`, `example 2`, `template`, `promptkit`, `history`."""
        if self.example:
            return f"example {self.example}"
        return f"input {', '.join(self.inputs)}" if self.inputs else "template" if self.kind == "value" else self.kind

    def to_dict(self) -> dict[str, Any]:
        """JSON data, without what is not known of it."""
        told = {name: getattr(self, name) for name in type(self).__slots__}
        listed = {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}
        return {name: value for name, value in listed.items() if value or name == "text"}


@dataclass(frozen=True, slots=True)
class ExplainedMessage:
    """A message's role and pieces; joined, their texts are the message's text. `called` is `Message.called`."""

    role: Role
    pieces: tuple[Piece, ...]
    called: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The message's text."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def shown(self) -> str:
        """See `Message.shown`."""
        return "\n".join(filter(None, (self.text, *self.called)))


@dataclass(frozen=True, slots=True)
class Explained:
    """What a prompt renders to, taken apart."""

    messages: tuple[ExplainedMessage, ...]
    notes: tuple[str, ...] = ()

    def pieces(self) -> Iterator[tuple[int, Piece]]:
        """Every piece with the index of its message."""
        for index, message in enumerate(self.messages):
            yield from ((index, piece) for piece in message.pieces)

    def untrusted(self) -> Iterator[tuple[int, Piece]]:
        """The pieces that come from somebody else than the caller."""
        return ((index, piece) for index, piece in self.pieces() if piece.trust)

    def tokens(self, counter: TokenCounter | None = None) -> dict[str, int]:
        """About how many tokens come from each origin, the most first; the frames of messages are not counted."""
        counter = counter or PieceEstimate()
        texts: dict[str, list[str]] = {}
        for _, piece in self.pieces():
            texts.setdefault(piece.origin, []).append(piece.text)
        called = [line for message in self.messages for line in message.called]
        if called:
            texts["tools"] = called
        counted = {origin: counter.count("".join(listed)) for origin, listed in texts.items()}
        return dict(sorted(counted.items(), key=lambda each: -each[1]))

    def cacheable(self, counter: TokenCounter | None = None) -> int:
        """About how many tokens at the beginning are the same for every call."""
        counter = counter or PieceEstimate()
        return counter.count("".join(piece.text for _, piece in self.pieces() if piece.cacheable))

    def to_dict(self) -> dict[str, Any]:
        """JSON data: the messages with their pieces, and the tokens by origin."""
        return {
            "version": 1,
            "messages": [
                {
                    "role": message.role,
                    "pieces": [piece.to_dict() for piece in message.pieces],
                    **({"called": list(message.called)} if message.called else {}),
                }
                for message in self.messages
            ],
            "tokens": self.tokens(),
            "cacheable_tokens": self.cacheable(),
            "notes": list(self.notes),
        }
