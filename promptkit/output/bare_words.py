"""What a word means that stands without quotes in an answer that arrives: a number, a literal, a declared word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.output.strict_json import NotJson, parse_json

if TYPE_CHECKING:
    from collections.abc import Collection

_INTEGER = LatePattern(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_LITERALS = {"true": True, "false": False, "null": None}
_PYTHON = {"True": True, "False": False, "None": None}


def number_goes_on(text: str, at: int, *, alone: bool) -> bool:
    """Whether what follows a number makes it another one, as in `12,111` and, of one that stands `alone`, `75%`."""
    return not text[at].isspace() if alone else text.startswith(",", at) and text[at + 1].isdigit()


def meaning_of(word: str, declared: Collection[Any], *, repair: bool) -> tuple[Any, bool]:
    """The value of a word, and whether it was repaired: Python's words, and those that are declared there.

    Raises `NotJson`, which shows behind the word.
    """
    if word in _LITERALS:
        return _LITERALS[word], False
    if _INTEGER.match(word):
        return int(word), False
    if repair and (word in declared or word in _PYTHON):
        return (word if word in declared else _PYTHON[word]), True
    try:
        return parse_json(word), False
    except NotJson as error:
        raise NotJson(error.message) from None
