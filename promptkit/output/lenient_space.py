"""White space and comments in JSON that is almost JSON: how far they reach, and what is said of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.output.phrasing import any_of
from promptkit.output.repairs import Repair, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["space_at", "space_repairs"]

_HASH = r"#(?![\w-])[^\n]*"
"""A comment as in Python; `#sports` is a word."""
_BLOCK = r"/\*[^*]{0,5000}\*+(?:[^/*][^*]{0,5000}\*+){0,500}/"
_SPACE = LatePattern(rf"(?:[\s\ufeff\u200b]+|//[^\n]*|{_BLOCK}|{_HASH})+")
_SPACE_WITHOUT_BLOCKS = LatePattern(rf"(?:[\s\ufeff\u200b]+|//[^\n]*|{_HASH})+")
_ODD_SPACE = LatePattern(r"[^ \t\r\n]")
_COMMENT = LatePattern(rf"//[^\n]*|{_BLOCK}|{_HASH}")
_CLOSING = LatePattern(r"[}\]]")
_OMITTED = r"""
    \b(?:\d+ )?more (?:elements|entries|items?|lines|results|rows|values)\b
    \betc\b
    \band so on\b
    \bthe rest\b
    \A(?:\.\.\.|…)? ?\+? ?\d+ (?:more|omitted|others)\Z
    \A(?:and )\+? ?\d+ (?:more|others)\b
    \A\d+ ?\.\. ?\d+ (?:left out|omitted|skipped)\Z
    \A\(?(?:omitted|truncated)\)?\Z
    \Aadd (?:the )?(?:others|rest)\b
    (?:其他|其余|更多)[^\n]{0,6}(?:省略|略)|(?:以下|残り)[^\n]{0,6}省略
    \b(?:entries|items?|others|rest|rows) (?:(?:are|were) )?(?:left out|omitted|truncated)\b
    \A(?:omitted|truncated)\Z
    \A(?:\.\.\.|…)(?:\Z| (?:etc|more)\b)
    \A(?:(?:add|and|with) )?more(?:\Z| (?:as needed|here)\b)
    \A(?:the )?(?:other|remaining) (?:elements|entries|items|objects|records|results|rows|values)\b
    \Acontinue (?:for|with) (?:the )?(?:others?|remaining|rest)\b
    \bund weitere\b
"""
_MOST_SAID = 300
"""So much of a comment is looked at."""
_OMITTING = LatePattern(any_of(_OMITTED), re.IGNORECASE)
_DOUBTED = r"""
    \A(?:an? |the )?(?:dummy|fake|invented|made[ -]up|placeholder)(?: (?:data|value))?\Z
    \A(?:an? |for )?example(?: (?:data|value))?\Z
    \Anot (?:correct|right|sure)\Z
    \Aor (?:maybe|perhaps|possibly) \S{1,40}\Z
    \A(?:maybe|perhaps|possibly) (?-i:[A-Z"\x27\d-]\S{0,40})\Z
    \Aor -?\d[\d.,]*\Z
    \A\?+\Z
    \A(?:an? |my |just an? )?guess\Z
    \A(?:fixme|todo|xxx)(?:\Z|:| (?:add|change|check|confirm|fill|fix|replace|update|verify)\b)
    \A(?:change|replace|update) (?:it|me|this)\Z
    \Areplace with\b
    \A(?:this )?(?:is )?(?:incorrect|wrong)\Z
    \A(?:this )?should be (?-i:["\x27A-Z\d-]\S*)\Z
    \A(?:this )?(?:is )?(?:incorrect|wrong), should be\b
"""
_TAKES_BACK = LatePattern(any_of(_DOUBTED), re.IGNORECASE)
"""A comment at a value that says that it is another one, or none."""


def space_at(text: str, at: int) -> re.Match[str] | None:
    """The white space and the comments that begin at an offset."""
    return (_SPACE if at < _last_block(text) else _SPACE_WITHOUT_BLOCKS).match(text, at)


@lru_cache(maxsize=1)
def _last_block(text: str) -> int:
    """Where the last comment between signs ends; asked for each of the values that a text may hold."""
    return text.rfind("*/")


def space_repairs(space: re.Match[str], *, in_list: bool) -> Iterator[Repair]:
    """What is done to comments, and to white space that is none in JSON.

    Raises `Unreadable` for a comment that may hold more of the value, that says that items of a list are left out, or
    that takes the value back.
    """
    if not _ODD_SPACE.search(space[0]):
        return
    for comment in _COMMENT.finditer(space.string, space.start(), space.end()):
        if comment.end() == len(space.string) and comment[0][:2] != "/*" and _CLOSING.search(comment[0]):
            raise Unreadable("a comment that runs to the end, over brackets", space.start())
        said = comment[0][:_MOST_SAID].strip("/*# \t\r\n")
        said = said if said.startswith("..") else said.rstrip(".!,;")
        if in_list and _OMITTING.search(said):
            raise Unreadable("a comment says that items are left out", comment.start())
        if not in_list and _TAKES_BACK.search(said):
            raise Unreadable("a comment takes the value back", comment.start())
        yield Repair("comment left out", comment.start(), len(comment[0]))
    if _ODD_SPACE.search(_COMMENT.sub("", space[0])):
        yield Repair("space written as in JSON", space.start())
