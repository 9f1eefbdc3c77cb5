"""Words in a row, as a sentence lists them: what they are, and where each of them stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEM = r"(?:`[^`\n]{1,60}`|\"[^\"\n]{1,60}\"|'[^'\n]{1,60}'|[A-Za-z][\w-]{0,60})"
"""A word of a row as a pattern, in quotes or without."""
_SEPARATOR = r"(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+|\s*/\s*|\s*\|\s*)"
ROW = rf"{ITEM}(?:{_SEPARATOR}{ITEM})*"
_QUOTED = r"(?:`[^`\n]{1,60}`|\"[^\"\n]{1,60}\")"
QUOTED_ROW = re.compile(rf"({_QUOTED}(?:{_SEPARATOR}{_QUOTED})+)")
"""At least two words, all of them in quotes."""
_WORDS = re.compile(ITEM)
_JOINS = """
    a also an and any each either exactly finally following if in of one only optionally or plus the then these with
"""
_JOINING = frozenset(_JOINS.split())


class Word(NamedTuple):
    """A word of a row, its span in the sentence, and whether it stands in quotes."""

    text: str
    span: tuple[int, int]
    quoted: bool


def words_of(found: re.Match[str], group: int | str = 1) -> Iterator[Word]:
    """The words of a row that a pattern has found."""
    last = False  # behind an `and` or an `or` stands the last word: what follows is the sentence
    for word in _WORDS.finditer(found[group]):
        quoted = word.group()[0] in "`\"'"
        text = word.group()[1:-1] if quoted else word.group()
        if quoted or text.lower() not in _JOINING:
            start = found.start(group) + word.start() + quoted
            yield Word(text, (start, start + len(text)), quoted)
            if last:
                return
        last = text.lower() in ("and", "or") and not quoted
