"""Exact counts of tokens, for models whose vocabulary comes with the extra `tokens` (the package `rs-bpe`)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_REPLY = 3  # tokens with which an answer begins (OpenAI Cookbook, "How to count tokens with tiktoken")
_HARMONY = 75  # the system message that the harmony format of gpt-oss begins with: its channels, its date, its effort


class Vocabulary(NamedTuple):
    """Counts the tokens of a vocabulary, exactly. What a server adds to a request, `fixed`, stays an estimate."""

    name: str
    fixed: int = _REPLY
    error: float = 0.0

    def count(self, text: str) -> int:
        """The tokens of a text; chat markup in it is text, as in a request."""
        clean = text if text.isascii() else text.encode("utf-8", "replace").decode()
        return _counter(self.name)(clean)


_MODELS = (
    (r"gpt-oss\b", Vocabulary("o200k_base", _HARMONY)),  # its own vocabulary has more marks, and the same words
    (r"(chat)?gpt-(4o|4\.1|4\.5|5)|o[134]\b", Vocabulary("o200k_base")),
    (r"gpt-(4|3\.5)", Vocabulary("cl100k_base")),
)
"""Which vocabulary the models have whose names begin so (OpenAI's list in tiktoken)."""

NEAREST = Vocabulary("o200k_base")
"""The one by whose counts those of a model with another vocabulary are learned: the broadest that there is."""


def vocabulary_of(model: str) -> Vocabulary | None:
    """The vocabulary of a model by its name; None where none is known, or the package is not installed."""
    last = model.rpartition("/")[2].lower()
    found = next((vocabulary for pattern, vocabulary in _MODELS if re.match(pattern, last)), None)
    return found if found is not None and installed() else None


def installed() -> bool:
    """Whether the package with the vocabularies is there."""
    from importlib.util import find_spec

    return find_spec("rs_bpe") is not None


@cache
def _counter(name: str) -> Callable[[str], int]:
    from rs_bpe.bpe import openai

    vocabulary: Any = getattr(openai, name)()
    counted: Callable[[str], int] = vocabulary.count
    return counted
