"""What the words beside a value say of it: that it is none, that it is an example, or that it was a mistake.

A value is refused where the words just before it, or behind it, take it back.
"""

from __future__ import annotations

import re
from typing import Any

from promptkit.late_pattern import LatePattern
from promptkit.output.labels import announces_other, names_other, names_value
from promptkit.output.phrasing import any_of, without_contractions
from promptkit.output.place import plain_word, words_of
from promptkit.output.retraction_phrases import (
    AS_THOUGHT,
    BEFORE,
    BEHIND,
    IN_OTHER_LANGUAGES,
    OF_INABILITY,
    OF_NOTHING,
    OF_WRONG,
    ON_ITS_LINE,
    PARTS,
)

__all__ = ["announces_draft", "called_other", "is_verdict", "taken_back", "taken_back_in_words"]

_NEAR = 120
"""How many characters before a value are looked at."""
_FAR = 60
"""How much white space may stand between a value and words that take it back."""
_SAID_BEHIND = 300
"""How many characters behind a value are looked at."""
_WRONG_ON_ITS_LINE = LatePattern(
    r"[ \t`\"'.,]{0,9}(?:[\u274c\u2717\u2718\U0001f6ab]"
    r"|(?:[\[(] ?(?:wrong|incorrect|invalid|not (?:correct|right|valid)) ?[\])]"
    r"|(?:<-+|\u2190|\n{1,3}\^) ?(?:wrong|incorrect|invalid)(?=[.!]?[ \t]*(?:\n|\Z))))",
    re.IGNORECASE,
)
_TAKEN_BACK_BEFORE = LatePattern(
    rf"(?:(?:{any_of(BEFORE + AS_THOUGHT, PARTS)})\s*[:\uff1a]?\s*[`\"']*|~~)\Z", re.IGNORECASE
)
_BETWEEN = rf"(?:[ \t]{{1,3}}(?:-{{1,3}}|//)[ \t]|[\s`.,;(*_#\u2013\u2014]{{0,{_FAR}}})"
_HESITATION = r"(?:(?:hmm+|oh|ah|uh)\b[,.!\u2026\s]{1,4})?"
_TAKEN_BACK_BEHIND = LatePattern(
    rf"[ \t`\"']{{0,9}}(?:\?(?=\s|\Z)|{any_of(ON_ITS_LINE, PARTS)})"
    rf"|{_BETWEEN}{_HESITATION}(?:{any_of(BEHIND + IN_OTHER_LANGUAGES, PARTS)})",
    re.IGNORECASE,
)
_CALLED_WRONG = LatePattern(rf"{_BETWEEN}(?:{any_of(OF_WRONG, PARTS)})", re.IGNORECASE)
_HAD_NOTHING = LatePattern(rf"{_BETWEEN}(?:{any_of(OF_NOTHING, PARTS)})", re.IGNORECASE)
_UNABLE = LatePattern(rf"\b(?:{any_of(OF_INABILITY, PARTS)})\s*\Z", re.IGNORECASE)
_AGAIN = r"""
    another try
    try again
    (?:correct|fix|redo) (?:it|that|this)
"""
_BEGINS_ANEW = LatePattern(rf"\b(?:{any_of(_AGAIN)})\b[^.\n]{{0,20}}:\W*\Z", re.IGNORECASE)
"""What announces another value that never came."""
_FENCED = LatePattern(r"\s*\n(?:[ \t]*```\w*[ \t]*\n)?\s*\Z|\s*```\w*\s*\n\s*\Z")
"""What stands between a line and the value under it."""


def taken_back(text: str, start: int, end: int, value: Any) -> str:
    """The words beside a value that take it back, as in `It is not {...}` and `{...} Wait, it is wrong`; or none."""
    behind = without_contractions(text[end : end + _SAID_BEHIND])
    found = (
        _TAKEN_BACK_BEFORE.search(_line_above(text, start))
        or _TAKEN_BACK_BEHIND.match(behind)
        or _BEGINS_ANEW.search(text, max(end, len(text) - _NEAR))
    )
    if found is None and not is_verdict(value):
        found = _CALLED_WRONG.match(behind) or _WRONG_ON_ITS_LINE.match(behind)
    if found is None and not _says_nothing(value):
        found = _HAD_NOTHING.match(behind) or (None if is_verdict(value) else _UNABLE.search(_line_above(text, start)))
    return "" if found is None else found[0].strip()


def called_other(text: str, start: int, value: Any) -> str:
    """The label before a value that calls it something else than the answer, such as `Draft:`; or none."""
    said = names_value(text, start, value)
    return "" if said and is_verdict(value) and not _VERDICTS.isdisjoint(words_of(said)) else said


def taken_back_in_words(text: str, value: Any) -> str:
    """The words of a text without JSON that take back what it says: the label before it, a mark, a sentence behind it.

    What else stands behind a word, or a number, explains it.
    """
    if len(text) > _MOST_WORDS:
        return ""
    for colon in _COLONS.finditer(text):
        said = names_other(text[: colon.end()]) if _begins_with(text[colon.end() :], value) else ""
        counts = not isinstance(value, str) and _ENDS_PLURAL.search(said)
        if said and not counts and not _ANSWER_FOLLOWS.search(text, colon.end()):
            return said
    for ended in _SENTENCE_ENDS.finditer(text):
        behind = without_contractions(text[ended.end() : ended.end() + _SAID_BEHIND])
        if (taken := _WORDS_TAKEN_BACK.match(behind)) is not None:
            return taken[0].strip()
    found = _MARKED_BEHIND.search(text)
    return "" if found is None or plain_word(found[0]) == plain_word(str(value)) else found[0]


def _begins_with(text: str, value: Any) -> bool:
    """Whether a text begins with what a value was read from."""
    words = words_of(text[:_NEAR])
    if isinstance(value, bool) or not words:
        return bool(words) and words[0] in ("yes", "no", "true", "false")
    return plain_word(text[:_NEAR]).startswith(plain_word(str(value)))


_MOST_WORDS = 5_000
_COLONS = LatePattern("[:\uff1a]")
_ANSWER_FOLLOWS = LatePattern(
    r"\b(?:answer|final|output|result|verdict)\b\W{0,4}(?:[:\uff1a]|is\b)|\n[^\n:.]{1,40}[:\uff1a]", re.IGNORECASE
)
_ENDS_PLURAL = LatePattern(r"[^s\W]s\W*\Z", re.IGNORECASE)
"""A label of several, behind which a number is their count."""
_SENTENCE_ENDS = LatePattern(r"[.!\u3002](?=\s|[^\x00-\x7f])|\n+")
_OF_WORDS_BEHIND = r"""
    (?:sorry,? )?(?:actually|no|oops|wait),? (?:i meant|i was wrong|it (?:is|should be)|make (?:it|that)|that is wrong)
    (?:sorry,? )?i (?:meant|take (?:it|that) back|was wrong|am (?:joking|kidding))
    (?:just|only) (?:joking|kidding)\b
    (?:scratch|strike|cancel) that\b|never ?mind\b|on second thought\b
    this (?:is|was) (?:just |only |merely )?an? (?:draft|example|guess|placeholder|sample)ENDS
    (?:please )?(?:discard|disregard|forget|ignore) (?:IT|the above|this)ENDS
    please (?:paste|provide|send|share) (?:me )?(?:the|your) \w+(?: first)?ENDS
    (?:or|but|hmm,?) (?:maybe|it could be|it may be|it might be|should be|perhaps|possibly)\b
"""
_WORDS_TAKEN_BACK = LatePattern(rf"\W{{0,9}}(?:{any_of(_OF_WORDS_BEHIND, PARTS)})", re.IGNORECASE)
_MARKED_BEHIND = LatePattern(r"[(\[](?:draft|example|sample|placeholder|not final)[)\]]", re.IGNORECASE)


def is_verdict(value: Any) -> bool:
    """Whether a value judges something else: it holds a false, a word such as `wrong`, or a key such as `valid`."""
    if isinstance(value, dict):
        return not _OF_VERDICTS.isdisjoint(map(plain_word, value)) or any(map(is_verdict, value.values()))
    if isinstance(value, list):
        return any(map(is_verdict, value))
    return value is False or (isinstance(value, str) and plain_word(value) in _VERDICTS)


_OF_VERDICTS = frozenset("correct grade isvalid iscorrect ok pass passed score valid verdict".split())  # noqa: SIM905
_VERDICTS = frozenset("bad error fail failed fake false incorrect invalid no rejected wrong".split())  # noqa: SIM905


def _says_nothing(value: Any) -> bool:
    """Whether a part of a value says that there was nothing to read it from."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
    if value in ([], {}) or any(part in (None, False, "", [], {}) for part in parts):
        return True
    return any(isinstance(part, str) and _NOTHING.search(part) is not None for part in parts)


_NOTHING = LatePattern(
    r"\b(?:cannot|can['’]?t|denied|error|failed|missing|no|none|not|refused?|unable|unknown|unsafe)\b", re.IGNORECASE
)
"""What a text in a value says of something that was not there, or was refused."""


def _line_above(text: str, start: int) -> str:
    """The words before a value on its line, or on the line above a value, or a fence, that begins one."""
    above = _FENCED.sub("", text[max(0, start - _NEAR) : start])
    return without_contractions(above[above.rfind("\n") + 1 :])


def announces_draft(text: str, start: int) -> bool:
    """Whether what stands before a value says that it is no answer, or need not be the one."""
    return _TAKEN_BACK_BEFORE.search(_line_above(text, start)) is not None or announces_other(text, start)
