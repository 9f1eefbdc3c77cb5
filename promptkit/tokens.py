"""How many tokens a text has: an estimate with its error, and what a request has of them.

A counter that is exact is in `promptkit.vocabularies`, one that has learned from a server's own counts in
`promptkit.token_calibration`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

from promptkit.completion import canonical_json
from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.completion import Request
    from promptkit.messages import Message

MESSAGE_OVERHEAD = 4
"""Tokens that a chat format adds to each message: its frame and its role (OpenAI's harmony format has four)."""


class TokenCounter(Protocol):
    """Counts the tokens of texts."""

    @property
    def error(self) -> float:
        """The largest error to expect, as a share of the count. 0 is exact."""

    @property
    def fixed(self) -> int:
        """The tokens that the server adds to each request, whatever is in it."""

    def count(self, text: str) -> int:
        """The tokens of a text."""


class PieceEstimate(NamedTuple):
    """Tokens from the pieces of a text: words, numbers, signs and ends of lines, about a token each.

    That is how vocabularies take a text apart before they look anything up. Measured with o200k over pieces of 100 to
    8,000 characters in 24 languages, code, markup, JSON, tables of numbers, logs and Base64, the true count is between
    0.68 and 1.34 of this, in 96 % of them between 0.73 and 1.13; in rare scripts up to 1.5. Other vocabularies may be
    further off where they are poor: up to 1.8 times this in tables of numbers for one that takes digits one by one
    (Qwen 3.5), up to 2.5 times in Hindi or Greek for one of 2023 (cl100k).
    """

    tokens_per_piece: float = 1.1
    error: float = 0.35
    fixed: int = 3

    def count(self, text: str) -> int:
        """The estimated tokens of a text."""
        return math.ceil(len(_PIECE.findall(text)) * self.tokens_per_piece)

    def cut(self, text: str, most: int) -> str:
        """The beginning of a text that has so many tokens at most."""
        left = int(most / self.tokens_per_piece)
        if left < 1:
            return ""
        for number, piece in enumerate(_PIECE.finditer(text)):
            if number == left:
                return text[: piece.start()]
        return text


_PIECE = LatePattern(
    r"[A-Z]?[a-z]{1,8}|[A-Z]{1,4}(?![a-z])|[0-9]{1,3}|[!-/:-@\[-`{-~]{1,3}|\n"
    r"|[\u0370-\u03ff\u1f00-\u1fff]{1,3}|[\u0400-\u052f]{1,4}|[\u0590-\u109f]{1,3}"  # Greek, Cyrillic, Hebrew on
    r"|[\u1100-\u11ff\u2c00-\u2fff\u3040-\ud7ff\uf900-\ufaff]{1,2}"  # Korean, Japanese, Chinese
    r"|[\u00a1-\u00bf\u2000-\u2bff\u3000-\u303f\U00010000-\U0010ffff]"  # signs
    r"|(?<![A-Za-z])[\u00c0-\u024f\u1e00-\u1eff](?![a-z])|[^\S\n]{4,}"  # accents among themselves; runs of blanks
    r"|[\u0530-\u058f\u10a0-\u10ff]{1,3}|[\u1780-\u17ff]{1,2}"  # Armenian, Georgian; Khmer
    r"|(?=[\u1200-\u167f])|[\x00-\x08\x0b-\x1f\x7f-\xa0]"  # two for each of what is rarest; what steers terminals
    r"|[^\x00-\u024f\u1e00-\u1eff]"  # all that is left
)


def count_messages(messages: Iterable[Message], counter: TokenCounter) -> list[int]:
    """The tokens of each message with the frame that a chat format adds."""
    return [counter.count(all_text(message)) + MESSAGE_OVERHEAD for message in messages]


def count_request(request: Request, counter: TokenCounter) -> int:
    """The tokens of a request with its tools and the form that it asks for."""
    rest = sum(counter.count(text) for _, text in beside_messages(request))
    return sum(count_messages(request.messages, counter)) + rest + counter.fixed


def most_tokens(request: Request, counter: TokenCounter) -> int:
    """The most tokens that a request may have."""
    return at_most(count_request(request, counter), counter.error)


def beside_messages(request: Request) -> Iterator[tuple[str, str]]:
    """What a request sends beside its messages, by its name: each tool, and the answer's form."""
    for tool in request.tools:
        yield f"tool {tool.get('function', {}).get('name', '')}", canonical_json(tool)
    if request.response_format:
        yield "response_format", canonical_json(request.response_format)


def at_most(counted: int, error: float) -> int:
    """The most tokens that there may be where so many were counted by a counter with this error."""
    return math.ceil(counted * (1 + error))


def at_least(counted: int, error: float) -> int:
    """The least tokens that there may be."""
    return math.floor(counted * (1 - error))


def all_text(message: Message) -> str:
    """A message's text, the calls of tools in it, and the reasoning that goes back with them."""
    thought = message.reasoning if message.reasoning_key else ""
    return "".join((message.text, thought, *(f"{call.name}{call.arguments}" for call in message.tool_calls)))
