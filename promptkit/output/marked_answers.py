r"""Answers that a text marks as such: LaTeX's `\boxed{42}`, GSM8K's `#### 42`, `Answer: 42`, `The answer is 42`."""

from __future__ import annotations

import re

from promptkit.late_pattern import LatePattern
from promptkit.output.denials import denied
from promptkit.output.place import plain_word, words_of

__all__ = ["DISPUTED", "marked"]

DISPUTED = ""
"""What is returned for marks that contradict each other, or that are denied."""
_MARK = LatePattern(
    r"\\boxed\{(?:\\text\{)?(?P<box>[^{}\n]{1,200})\}{1,2}"
    r"|^#{4}[ \t]+(?P<hashes>[^\n]{1,200})"
    r"|^[ \t>]{0,9}(?:#{1,6}[ \t]+)?[*_]{0,3}(?:(?:my|the)[ \t]+)?(?:final[ \t]+)?answer[*_]{0,3}[ \t]*"
    r"(?:[:\uff1a][*_]{0,3}|(?=\n))(?!\s{0,9}\$?\\boxed)\s{0,9}(?P<line>[^\n]{1,200})"
    r"|\b(?:the|my)[ \t]+(?:correct[ \t]+|final[ \t]+)?answer[ \t]+is:?(?![ \t]{0,9}\$?\\boxed)[ \t]{1,9}"
    r"(?P<told>\S[^\n]{0,59}?)[.!]?[ \t]{0,9}$",
    re.MULTILINE | re.IGNORECASE,
)
_NOTHING_BEHIND = LatePattern(r"[\s$.*)\\]*\Z")
_FIRST_SENTENCE = LatePattern(r"(?P<said>[^.!?\n]{1,60}|-?\d+\.\d+)[.!]\s+(?=[A-Z])")
_TURNS = LatePattern(
    r"\b(?:actually|but|correct(?:ed|ing|ion)?|finally|final|however|instead|recomput\w*|wait)\b", re.IGNORECASE
)
"""What may stand between a first result and the one that counts."""
_GOES_ON = LatePattern(r"\b(?:hence|so|step \d+|then|therefore|thus)\b", re.IGNORECASE)
"""What may do so between two boxes."""
_ANOTHER_TASK = LatePattern(r"\b(?:case|example|input|part|problem|q|question|task)\b[^\n]{0,20}[:(\d]", re.IGNORECASE)
_SUPPOSED = LatePattern(
    r"(?:\b(?:assum\w+|example|if|imagine|most|others|perhaps|say|some|suppose)\b[^.!?\n]{0,60}|\b(?:example|sample)\s*:\s*)\Z",
    re.IGNORECASE,
)
"""What makes of an answer a supposition, an opinion of others, or an example."""
_OF_DOUBT = "actually but hmm however maybe not oops or perhaps possibly redo should unclear unsure wait wrong"
_DOUBTS = frozenset(_OF_DOUBT.split())
"""Words behind an answer after which it may be another one."""


def marked(text: str) -> str | None:
    """The words that are marked as the answer, at the end of a text; None for none, `DISPUTED` for several."""
    marks = list(_MARK.finditer(text))
    if not marks:
        return None
    said = [_said(each) for each in marks]
    last = marks[-1]
    others = [each for each, words in zip(marks, said, strict=True) if plain_word(words) != plain_word(said[-1])]
    if others and not _is_revised(text[others[-1].end() : last.start()], boxed=last["box"] is not None):
        return DISPUTED
    behind = text[last.start("line") + len(said[-1]) if last["line"] else last.end() :]
    if not _NOTHING_BEHIND.match(behind) and (last["line"] is None or _is_doubted(behind)):
        return None if last["told"] is not None and not others else DISPUTED
    before = text[: last.start()]
    return DISPUTED if denied(before) or _SUPPOSED.search(before.rstrip()) else said[-1]


def _is_revised(between: str, *, boxed: bool) -> bool:
    """Whether the words between two results say that the second one counts."""
    revised = _TURNS.search(between) is not None or (boxed and _GOES_ON.search(between) is not None)
    return revised and not _ANOTHER_TASK.search(between)


def _is_doubted(behind: str) -> bool:
    """Whether what stands behind an answer may change it: it holds a number, or a word of doubt."""
    return (
        any(map(str.isdigit, behind)) or not _DOUBTS.isdisjoint(words_of(behind)) or bool(_ANOTHER_TASK.search(behind))
    )


def _said(mark: re.Match[str]) -> str:
    """The words of a mark; of a line, its first sentence where more of them follow."""
    words = next(filter(None, mark.groups()), "").rstrip("$. \t")
    first = _FIRST_SENTENCE.match(words) if mark["line"] else None
    return first["said"] if first is not None else words
