"""What a request fills of its model's window, part by part, and what could be cut so that it fits. Pure.

Each message is counted whole, and its tokens are shared out among what it is made of: the parts add up to the request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from promptkit.tokens import MESSAGE_OVERHEAD, all_text, at_least, at_most, beside_messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from promptkit.completion import ModelFacts, Request
    from promptkit.explanation import Explained, Piece
    from promptkit.messages import Message
    from promptkit.tokens import TokenCounter

PartKind = Literal["section", "input", "example", "turn", "call", "tool", "format", "frame"]
"""The author's and promptkit's own words; an input's value; an example; an earlier turn; calls of tools in messages;
a tool that is offered; the form that is asked for; what the chat format and the server add."""

_LEAST_ANSWER = 64
_MOST_CUTS = 6


@dataclass(frozen=True, slots=True)
class FitPart:
    """A part of a request with its tokens. `name` says which: `context`, `{ticket} in task`, `example 2`, `turn 1`."""

    kind: PartKind
    name: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Something that could be cut: in words, how many tokens that saves, and which share of it is lost (0 to 1)."""

    what: str
    saves: int
    loses: float

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True, slots=True)
class Fit:
    """How a request fits the window of a model: its parts, and `reserved` tokens for the answer.

    `window` is None where nobody knows it. `error` is how far off the counts may be, as a share of them; `cacheable`
    counts the tokens at the beginning that are the same for every call. Prices are USD for one token.
    """

    model: str
    parts: tuple[FitPart, ...]
    window: int | None
    reserved: int
    error: float
    cacheable: int
    prompt_price: float | None = None
    completion_price: float | None = None

    @property
    def tokens(self) -> int:
        """The tokens of the request, as counted."""
        return sum(part.tokens for part in self.parts)

    @property
    def most(self) -> int:
        """The most tokens that it may have."""
        return at_most(self.tokens, self.error)

    @property
    def fits(self) -> bool | None:
        """Whether request and answer fit the window; None where the window, or the count, does not say."""
        if self.window is None:
            return None
        if self.most + self.reserved <= self.window:
            return True
        return False if at_least(self.tokens, self.error) + self.reserved > self.window else None

    @property
    def over(self) -> int:
        """How many tokens too many there may be."""
        return 0 if self.window is None else max(0, self.most + self.reserved - self.window)

    @property
    def cost(self) -> float | None:
        """USD to ask, without the answer."""
        return None if self.prompt_price is None else self.tokens * self.prompt_price

    @property
    def most_cost(self) -> float | None:
        """USD to ask, with the longest answer that there may be."""
        asked = self.cost
        return None if asked is None or self.completion_price is None else asked + self.reserved * self.completion_price

    def cuts(self, over: int | None = None, others: Iterable[ModelFacts] = ()) -> tuple[Cut, ...]:
        """What could be cut so that it fits (or has `over` tokens less), what loses least of it first.

        Last come `others`: models with a window that is large enough.
        """
        most = self.over if over is None else over
        if not most:
            return ()
        cuts = sorted(self._cuts(most, answer=over is None), key=lambda cut: cut.loses)[:_MOST_CUTS]
        wide = [each for each in others if (each.context_length or 0) >= self.most + self.reserved]
        wide.sort(key=lambda each: each.context_length or 0)
        return (
            *cuts,
            *(Cut(f"ask {each.name}: its window has {each.context_length:,} tokens", 0, 1) for each in wide[:2]),
        )

    def _cuts(self, most: int, *, answer: bool) -> Iterator[Cut]:
        if answer and self.reserved - most >= _LEAST_ANSWER:
            words = f"ask for an answer of at most {self.reserved - most:,} tokens in the place of {self.reserved:,}"
            yield Cut(words, most, most / self.reserved)
        needed = math.ceil(most / (1 + self.error))  # a token that is cut as counted takes its error along
        for name, tokens in self._texts().items():
            if tokens > needed:
                yield Cut(f"shorten {name} by ~{needed:,} of its ~{tokens:,} tokens", needed, needed / tokens)
        for kind, oldest_first in (("example", False), ("turn", True), ("tool", False)):
            yield from self._whole(kind, needed, oldest_first=oldest_first)

    def _texts(self) -> dict[str, int]:
        """What can be shortened: each section's own words, and each input wherever it is printed."""
        texts: dict[str, int] = {}
        for part in self.parts:
            if part.kind in ("section", "input"):
                name = part.name.partition(" in ")[0] if part.kind == "input" else f"`{part.name}`"
                texts[name] = texts.get(name, 0) + part.tokens
        return texts

    def _whole(self, kind: str, needed: int, *, oldest_first: bool) -> Iterator[Cut]:
        """The fewest of several examples, turns or tools that are enough."""
        listed = [part for part in self.parts if part.kind == kind]
        saved = 0
        for count, part in enumerate(listed if oldest_first else reversed(listed), 1):
            saved += part.tokens
            if saved >= needed:
                which = listed[:count] if oldest_first else listed[-count:]
                named = which[0].name if count == 1 else f"{which[0].name} to {which[-1].name}"
                yield Cut(f"leave out {named}: ~{saved:,} tokens", saved, count / len(listed))
                return

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        told = (
            "model",
            "tokens",
            "most",
            "error",
            "window",
            "reserved",
            "fits",
            "over",
            "cacheable",
            "cost",
            "most_cost",
        )
        parts = [{"kind": part.kind, "name": part.name, "tokens": part.tokens} for part in self.parts]
        return {"version": 1, **{name: getattr(self, name) for name in told}, "parts": parts}


def fit_of(explained: Explained, request: Request, facts: ModelFacts, counter: TokenCounter, *, reserved: int) -> Fit:
    """How a request fits; `explained` is what its messages are made of."""
    counted: dict[tuple[PartKind, str], int] = {}
    turn = 0
    for message, told in zip(request.messages, explained.messages, strict=True):
        earlier = any(piece.kind == "history" for piece in told.pieces) or (not told.pieces and turn)
        turn += bool(earlier and message.role == "user")
        for key, tokens in _shares(message, told.pieces, counter, turn):
            counted[key] = counted.get(key, 0) + tokens
    for name, text in beside_messages(request):
        counted["format" if name == "response_format" else "tool", name] = counter.count(text)
    counted["frame", "chat format"] = MESSAGE_OVERHEAD * len(request.messages) + counter.fixed
    return Fit(
        facts.name,
        tuple(FitPart(kind, name, tokens) for (kind, name), tokens in counted.items()),
        facts.context_length,
        reserved,
        counter.error,
        explained.cacheable(counter),
        facts.prompt_price,
        facts.completion_price,
    )


def _shares(
    message: Message, pieces: Sequence[Piece], counter: TokenCounter, turn: int
) -> Iterator[tuple[tuple[PartKind, str], int]]:
    """The tokens of a message, shared out among its pieces by what each has alone; what is left is the last one's."""
    keys = [_key(piece, turn) for piece in pieces]
    alone = [counter.count(piece.text) for piece in pieces]
    if message.tool_calls or message.reasoning_key:
        history = bool(keys) and keys[0][0] == "turn"
        keys.append(("turn", f"turn {turn}") if history or (turn and not keys) else ("call", "calls of tools"))
        alone.append(max(1, counter.count(all_text(message)) - sum(alone)))
    whole, summed, given = counter.count(all_text(message)), sum(alone) or 1, 0
    reached = 0
    for key, own in zip(keys, alone, strict=True):
        reached += own
        upto = whole * reached // summed
        yield key, upto - given
        given = upto


def _key(piece: Piece, turn: int) -> tuple[PartKind, str]:
    if piece.example:
        return "example", f"example {piece.example}"
    if piece.kind == "history":
        return "turn", f"turn {turn}"
    if piece.inputs:
        return "input", f"{{{', '.join(piece.inputs)}}} in {piece.section}"
    return "section", piece.section or "layout"
