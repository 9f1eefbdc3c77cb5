"""Whether a sentence asserts the word of an enum that stands in it, or only speaks of it.

No list of denials is ever complete: `whether it is a bug`, `partially done`, `similar to a bug`. So a word counts where
it stands as an answer does: at the beginning, in marks of emphasis or quotes, or behind `is`, a colon, or a verb of
judging. Words that make it a condition, or somebody else's opinion, undo that.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.output.phrasing import any_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_asserted"]

_MOST_PLACES = 50
_MOST_BEFORE = 300


def is_asserted(word: str, text: str) -> bool:
    """Whether a text asserts a word that stands in it once or several times."""
    if word.lower() == "one" and _PRONOUN.search(text):
        return False
    if _is_short(word) and not _is_said(word, text):
        return False
    places = list(islice(_places(word, text), _MOST_PLACES))
    return not places or any(_is_asserted(word, text, *place) for place in places)


def _places(word: str, text: str) -> Iterator[tuple[int, int]]:
    spelt = r"[\s_\-'’]{0,3}".join(map(re.escape, re.findall(r"[^\W_]+", word)))
    for found in re.finditer(rf"(?<![^\W_]){spelt}(?![^\W_])", text, re.IGNORECASE):
        yield found.span()


def _is_asserted(word: str, text: str, start: int, end: int) -> bool:
    before, behind = text[max(0, start - _MOST_BEFORE) : start], text[end : end + _MOST_BEFORE]
    if _JOINED_BEFORE.search(before) or _JOINED_BEHIND.match(behind) or _CONDITION_BEHIND.match(behind):
        return False
    if _NO_SCORE_BEHIND.match(behind) and word.casefold() not in _OF_ZERO:
        return False
    if word.casefold() in _NEW_NAMES and before.casefold().endswith("new "):
        return False
    clause = _CLAUSE_ENDS.split(before)[-1]
    if _IS_HYPOTHETICAL.search(clause):
        return False
    emphasised = _OPENING.search(clause) and _CLOSING.match(behind)
    return bool(emphasised) or _FRAME.search(clause) is not None


_CLAUSE_ENDS = LatePattern(
    r"(?<!e\.g)(?<!i\.e)[.!?](?=\s)|[\n;,():]|\s[-\u2013\u2014]\s|\b(?:so|therefore|hence|thus|because|and)\b",
    re.IGNORECASE,
)
_OPENING, _CLOSING = LatePattern(r"(?:\*{1,3}|__?|[`\"“‘«])\Z"), LatePattern(r"[.,!]?(?:\*{1,3}|__?|[`\"”’»])")
_JOINED_BEFORE = LatePattern(r"[^\W_][-\u2010-\u2014]\Z")
_JOINED_BEHIND = LatePattern(r"[-\u2010-\u2014][^\W_]|\.[a-z]")
_NO_SCORE_BEHIND = LatePattern(r"\s*[:(=]\s*\(?0(?:\.(?:0{1,9}|[01]\d{0,9}))?\s?%?\)?[.!]?\s*\Z")
_OF_ZERO = frozenset(("low", "minimal", "neutral", "nil", "none", "zero"))
"""Words that a score of nothing bears out."""
_CONDITION_BEHIND = LatePattern(
    r"\W{0,3}\s(?:(?:if|unless|until|once|when|after|before)\b|(?:appears?|occurs?)\W{0,2}(?:\s+(?:in|here|twice|once)\b|\Z)"
    r"|is (?:mentioned|used|written) (?:in|once|twice)\b|(?:ironically|sarcastically)\b"
    r"|(?:would|might|could) be (?:(?:an? )?(?:over|mis|exagg|stretch|error)|too|wrong|incorrect|premature))",
    re.IGNORECASE,
)
_HYPOTHETICAL = r"""
    if|whether|ob|wenn|si
    (?<!\w\s)would be|would have|used to|told to
    (?:was|were|been) (?:told|asked)
    (?:asked?|wants?|wanted) (?:me|us|it)
    (?:will|going to|yet to|soon) be
    until|till|when|once|before|after
    (?:some|others|critics) (?:would|might|may|could)
    an? naive (?:\w+ )?(?:classifier|model) (?:would|might|may|could)
    unlike|similar|outside|beyond|below|above
    (?:hard|difficult|impossible|wrong|unfair|tempting) to|hesitate to|reluctant to
    (?:pretend|wish|hope|want|try|tries|aim|claim)\w*
    \Ashould be
    e\.g|for example|such as
"""
"""What makes of a clause a condition, a comparison, an example, or what somebody else wants."""
_NOT_QUITE = "allegedly|barely|formerly|hardly|nearly|partially|partly|possibly|previously|rarely|supposedly"
_NEUTRAL = rf"""
    an?|the|as|der|die|das|eine?[rnms]?|un[ea]?|le|la|el|il
    (?!(?:{_NOT_QUITE})\b)\w+ly
    most|more|very|quite|indeed|just|new|real|overall|eindeutig|claramente|clairement
    category|class|label|option|type|value|word
"""
"""What may stand between a verb of judging and the word."""
_JUDGING = r"""
    is|are|am|be|'s|it|this|to be|remains?|becomes?|turned out|ist|est|es|è|é|är|er|jest|это
    (?<=\w\s)(?:was|were)
    with|choose|chose|chosen|pick(?:ed)?|select(?:ed)?|say|answer|answered|prefer|opt for|call (?:it|this|that)
    think|believe|guess|find|detect|see|sense|left|makes?
    (?:assess|assign|categori|classif|consider|deem|describ|identif|judg)\w*(?: \w+){0,3}
    (?:label|mark|rank|rat|read|regard|tagg?|treat|view)\w*(?: \w+){0,3}
    (?:look|sound|seem|appear|feel)s?(?: (?:like|to be))?
    (?:comes?|across|leans|counts|qualifies|predicts|carries|signals|uses|gives?|gave|gets?)
    fall(?:s|ing)? (?:under|into|in)|belong(?:s|ing)? (?:to|in|under)|category of|points?(?: to(?:wards)?)
    should go to
    correspond(?:s|ing)? to|match(?:es)?|mean(?:s|ing)?|ha(?:s|ve)|about
    (?:concern|contain|convey|describ|express|indicat|reflect|report|represent|show|suggest)\w*
"""
"""What stands before a word that somebody takes for the answer."""
_IS_HYPOTHETICAL = LatePattern(rf"\b(?:{any_of(_HYPOTHETICAL)})\b", re.IGNORECASE)
_FRAME = LatePattern(
    rf"(?:\A\W*(?:\w+[.\[(])?|[:=>\uff1a\u2192|#是は为為]\W*|\b(?:{any_of(_JUDGING)})\W+)(?:(?:{any_of(_NEUTRAL)})\b\W+)*\Z",
    re.IGNORECASE,
)

_NEW_NAMES = frozenset("caledonia delhi england guinea hampshire jersey mexico york zealand".split())  # noqa: SIM905
"""Places beside which there is a new one of the name."""
_COMMON = frozenset("a am an as at be by do go he i if in is it may me my of on or so to up us we".split())  # noqa: SIM905
_SHORT = 3


def _is_short(word: str) -> bool:
    return word.isalpha() and len(word) <= _SHORT


def _is_said(word: str, text: str) -> bool:
    """Whether a short word is meant in a sentence: `us` is no country, and `a` no grade unless it ends something."""
    ends = r"(?=\s*(?:[.,:;!?)\]*\"'`]|\n|\Z))" if word.lower() in _COMMON else ""
    spelt = f"{re.escape(word)}|{re.escape(word.capitalize())}" if word.islower() and not ends else re.escape(word)
    if re.search(rf"(?<!\w)(?:{spelt})(?!\w){ends}", text):
        return True
    marked = rf"[*_\"'`“”]*{re.escape(word)}[*_\"'`“”]*"
    given = rf"\b(?:answer|result|verdict|choice)\s*(?:is|:|=)\s*{marked}\s*[.!]?\s*\Z"
    return re.search(rf"{given}|\A\s*{marked} is (?:the|my) (?:\w+ )?answer\b", text, re.IGNORECASE) is not None


_PRONOUN = LatePattern(
    r"\b(?:th[ei]s|that|the|which|each|first|second|third|last|another|other|same|right|correct|wrong|best|only|any|every)"
    r"\s+one\b(?!\s+is\b)",
    re.IGNORECASE,
)
