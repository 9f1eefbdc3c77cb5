"""Exact counts of tokens, for models whose vocabulary comes with the extra `tokens` (the package `toktok-rs`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MODELS = (
    (r"gpt-oss\b", "o200k_harmony"),
    (r"(chat)?gpt-(4o|4\.1|4\.5|5)|o[134]\b", "o200k_base"),
    (r"gpt-(4|3\.5)", "cl100k_base"),
    (r"qwen-?3\.5\b", "qwen3.5"),
)
"""Which vocabulary the models have whose names begin so (toktok's own list, and OpenAI's in tiktoken)."""

_FIXED = {"o200k_harmony": 75}
"""What a server adds to a request: for gpt-oss the system message of the harmony format, its channels and its date."""

NEAREST = "o200k_base"
"""The vocabulary by whose counts those of a model with another one are learned: the broadest that there is."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Counts the tokens of one vocabulary, exactly; what the server adds to a request stays an estimate."""

    name: str
    error: float = 0.0

    @property
    def fixed(self) -> int:
        """The tokens that a server adds to each request; for most it is the beginning of the answer."""
        return _FIXED.get(self.name, 3)

    def count(self, text: str) -> int:
        """The tokens of a text; chat markup in it is text, as in a request."""
        clean = text if text.isascii() else text.encode("utf-8", "replace").decode()
        counted: int = _batch_count()([clean], self.name, 1)[0]
        return counted


def vocabulary_of(model: str) -> Vocabulary | None:
    """The vocabulary of a model by its name; None where none is known, or the package is not installed."""
    last = model.rpartition("/")[2].lower()
    names = (vocabulary for pattern, vocabulary in _MODELS if re.match(pattern, last))
    name = next(names, None)
    return Vocabulary(name) if name is not None and installed() else None


def installed() -> bool:
    """Whether the package with the vocabularies is there."""
    from importlib.util import find_spec

    return find_spec("toktok") is not None


@cache
def _batch_count() -> Callable[..., Any]:
    from toktok import batch_count

    counted: Callable[..., Any] = batch_count
    return counted
