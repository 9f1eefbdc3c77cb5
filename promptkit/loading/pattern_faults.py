"""Why a text is no regular expression of JSON Schema: what is broken in it, or what other dialects have."""

from __future__ import annotations

import re
import warnings

from promptkit.late_pattern import LatePattern

__all__ = ["why_no_pattern"]

_OF_A_SHELL = LatePattern(r"\*\.?[\w*]")
_POSIX = LatePattern(r"\[\[:\^?\w+:\]")
_CLASS = LatePattern(r"\[\^?\]?[^\[\]]+\]")
_FOREIGN = (
    (LatePattern(r"\(\?P<(\w+)>"), "a group is named by `(?<name>...)`"),
    (LatePattern(r"\(\?P="), "a pattern cannot ask for what a group has found"),
    (LatePattern(r"^\(\?[aiLmsux]+\)"), "a pattern has no flags: write both cases, as in `[Aa]`"),
    (LatePattern(r"\\[AZz]"), "the ends of a text are `^` and `$`"),
    (LatePattern(r"[^\\]\{,\d+\}"), "a repetition has a least number: `{0,3}`"),
    (LatePattern(r"(?<!\\)[*+?}]\+"), "two repetitions follow each other"),
)
"""What other dialects of regular expressions have, and JSON Schema's (ECMA-262, section 22.2.1) has not."""
_OF_PYTHON = {
    "unterminated character set": "a `[` is never closed",
    "missing ), unterminated subpattern": "a `(` is never closed",
    "unbalanced parenthesis": "a `)` closes nothing",
    "nothing to repeat": "a repetition has nothing before it; a sign that is meant has a `\\` before it",
    "multiple repeat": "two repetitions follow each other",
    "bad character range": "a range runs backwards",
    "min repeat greater than max repeat": "a repetition has its larger number first",
    "bad escape": "there is no such escape; a letter needs no `\\` before it",
}
"""What Python says of a pattern that is none in any dialect, by how it begins."""


def why_no_pattern(pattern: str) -> str:
    """Why a text is no regular expression of JSON Schema, with what is written there; nothing where nobody knows."""
    if _OF_A_SHELL.match(pattern):
        return "`*` repeats what stands before it: any text is `.*`, and a dot `\\.`"
    if _POSIX.search(pattern):
        return "classes are written `a-z`, `0-9`, `\\s`, `\\p{L}`"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a later Python may read otherwise
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        said = str(error)
        return next((why for begin, why in _OF_PYTHON.items() if said.startswith(begin)), "")
    outside = _CLASS.sub("[a]", pattern)
    return next((cure for foreign, cure in _FOREIGN if foreign.search(outside)), "")
