r"""Answers that a text marks as such: LaTeX's `\boxed{42}`, GSM8K's `#### 42`, `Answer: 42`, `The answer is 42`."""

from __future__ import annotations

import re

from promptkit.output.denials import denied
from promptkit.output.place import plain_word

__all__ = ["DISPUTED", "marked"]

DISPUTED = ""
"""What is returned for marks that contradict each other, or that are denied."""
_MARK = re.compile(
    r"\\boxed\{(?:\\text\{)?(?P<box>[^{}\n]{1,200})\}{1,2}"
    r"|^#{4}[ \t]+(?P<hashes>[^\n]{1,200})"
    r"|^[ \t>]{0,9}(?:#{1,6}[ \t]+)?[*_]{0,3}(?:(?:my|the)[ \t]+)?(?:final[ \t]+)?answer[*_]{0,3}[ \t]*"
    r"(?:[:\uff1a][*_]{0,3}|(?=\n))(?!\s{0,9}\$?\\boxed)\s{0,9}(?P<line>[^\n]{1,200})"
    r"|\b(?:the|my)[ \t]+(?:correct[ \t]+|final[ \t]+)?answer[ \t]+is:?(?![ \t]{0,9}\$?\\boxed)[ \t]{1,9}"
    r"(?P<told>\S[^\n]{0,59}?)[.!]?[ \t]{0,9}$",
    re.MULTILINE | re.IGNORECASE,
)
_NOTHING_BEHIND = re.compile(r"[\s$.*)\\]*\Z")
_FIRST_SENTENCE = re.compile(r"(?P<said>[^.!?\n]{1,60}|-?\d+\.\d+)[.!]\s+[A-Z]")
_TURNS = re.compile(
    r"\b(?:actually|but|correct(?:ed|ing|ion)?|finally|final|hence|however|instead|recomput\w*|so|step \d+|then"
    r"|therefore|thus|wait)\b",
    re.IGNORECASE,
)
"""What may stand between a first result and the one that counts."""


def marked(text: str) -> str | None:
    """The words that are marked as the answer, at the end of a text; None for none, `DISPUTED` for several."""
    marks = list(_MARK.finditer(text))
    if not marks:
        return None
    said = [_said(each) for each in marks]
    others = [each for each, words in zip(marks, said, strict=True) if plain_word(words) != plain_word(said[-1])]
    if others and not _TURNS.search(text, others[-1].end(), marks[-1].start()):
        return DISPUTED
    last = marks[-1]
    if not _NOTHING_BEHIND.match(text, last.end()) and last["line"] is None:
        return None if last["box"] is None and last["hashes"] is None and not others else DISPUTED
    return DISPUTED if denied(text[: last.start()]) else said[-1]


def _said(mark: re.Match[str]) -> str:
    """The words of a mark; of a line, its first sentence where more of them follow."""
    words = next(filter(None, mark.groups()), "").rstrip("$. \t")
    first = _FIRST_SENTENCE.match(words) if mark["line"] else None
    return first["said"] if first is not None else words
