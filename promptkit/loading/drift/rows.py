"""Words in a row, as a sentence lists them: what they are, and where each of them stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEM = r"(?:`[^`\n]{1,60}`|\"[^\"\n]{1,60}\"|'[^'\n]{1,60}'|[A-Za-z][\w-]{0,60})"
"""A word of a row as a pattern, in quotes or without."""
_SEPARATOR = r"(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+|\s*/\s*|\s*\|\s*)"
ROW = rf"{ITEM}(?:{_SEPARATOR}{ITEM})*"
_QUOTED = r"(?:`[^`\n]{1,60}`|\"[^\"\n]{1,60}\")"
QUOTED_ROW = LatePattern(rf"({_QUOTED}(?:{_SEPARATOR}{_QUOTED})+)")
"""At least two words, all of them in quotes."""
_WORDS = LatePattern(ITEM)
_JOINS = """
    a also an and any each either exactly finally following if in of one only optionally or plus the then these with
"""
_JOINING = frozenset(_JOINS.split())
_CLAUSES = """
    according as based because between but containing depending filled given like never no none not nothing preferring
    separated so unless using where which while whose without
"""
_BEGINNING = frozenset(_CLAUSES.split())
"""Words that begin another clause when words follow them."""
_CLOSING = frozenset(("both", "etc", "otherwise", "please", "respectively"))
"""Words that close a row, and are none of it."""
_RUNS_ON = LatePattern(r"[ \t]+(?!(?:and|as|based|depending|for|if|in|only|or|to|when)\b)\w", re.IGNORECASE)
_WORD_BEHIND = LatePattern(r"[ \t]+(?!(?:and|or)\b)[\"'`(]?\w", re.IGNORECASE)
_IN_JSON = LatePattern(r"[\"']\s*:\s*\Z")
_BEFORE_COLON = LatePattern(r"\s*:")


class Word(NamedTuple):
    """A word of a row, its span in the sentence, and whether it stands in quotes.

    One that `runs_on` stands behind a comma and before other words: it may be the first of a clause.
    """

    text: str
    span: tuple[int, int]
    quoted: bool
    runs_on: bool


def words_of(found: re.Match[str], group: int | str = 1) -> Iterator[Word]:
    """The words of a row that a pattern has found."""
    last = False  # behind an `and` or an `or` stands the last word: what follows is the sentence
    for word in _WORDS.finditer(found[group]):
        quoted = word.group()[0] in "`\"'"
        text = word.group()[1:-1] if quoted else word.group()
        if not quoted and word.start() and _is_behind(text.lower(), found.string, found.start(group) + word.end()):
            return
        if quoted or text.lower() not in _JOINING:
            start = found.start(group) + word.start() + quoted
            open_ended = not quoted and not last and word.start() > 0
            runs_on = open_ended and _RUNS_ON.match(found.string, start + len(text)) is not None
            yield Word(text, (start, start + len(text)), quoted, runs_on)
            if last:
                return
        last = text.lower() in ("and", "or") and not quoted


def _is_behind(word: str, sentence: str, end: int) -> bool:
    """Whether a word in small letters that ends at an offset stands behind the row, and is none of it."""
    return word in _CLOSING or (word in _BEGINNING and _WORD_BEHIND.match(sentence, end) is not None)


def is_in_json(found: re.Match[str]) -> bool:
    """Whether words in quotes are values and keys of an object that the sentence shows: `"a": "b", "c": ...`."""
    before = found.string[max(0, found.start() - 20) : found.start()]
    return _IN_JSON.search(before) is not None or _BEFORE_COLON.match(found.string, found.end()) is not None
