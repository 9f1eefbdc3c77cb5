"""What the words beside an object say of its fields: that one has another value, or a wrong one."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.output.place import constants_of, plain_word
from promptkit.output.retractions import is_verdict

if TYPE_CHECKING:
    from promptkit.output.place import Place

__all__ = ["contradicted"]

_SAID_BEHIND = 300
"""How many characters behind an object are looked at."""
_SAID_ABOVE = 300
_PARAGRAPH_ABOVE = LatePattern(r"(?:\A|\n\s*\n|(?<=\n))(?P<lines>(?:[^\n{}\[\]`]+\n)+)\s*(?:```\w*\s*)?\Z")
"""The lines above a value, or above its fence, up to an empty one."""
_MOST_FIELDS, _LONGEST_NAME = 50, 80
_JOINTS = LatePattern(r"[\s_-]+")
"""What stands between the words of a name."""
_BEFORE_A_FIELD = (
    r"(?:\A|[.!?;(]\s|[\n,(]|\b(?:apologies|that))[^\w\n]*"
    r"(?:(?:actually|but|edit|hmm|note|so|sorry|wait|on\s+(?:closer|second)\s+look|p\.?\s?s\.?|update)\s*[,:]?\s+){0,3}"
)
"""What stands before the name of a field where a clause begins."""
_FAULTY = frozenset(("wrong", "incorrect", "inaccurate", "notright", "notcorrect"))
_ACTUALLY = LatePattern(
    r"[\s.]{0,9}[Aa]ctually,? (?:it|that)(?: is|['’]s) (?P<said>[A-Z\"'\d]\S{0,40}?)[.!]?\s*(?:\n|\Z)"
)
"""`Actually it is Paris.`"""
_CORRECTS = LatePattern(r"\W*(?:sorry|apologies|my mistake)\b", re.IGNORECASE)
"""What begins a clause that gives a text another value, whatever texts there are."""


def contradicted(text: str, start: int, end: int, value: Any, place: Place) -> str:
    """The words beside an object that give one of its fields another value, such as `The age should be 3.`; or none.

    Only a clause that says no more than that counts, of a number or of one of several declared words; or one that
    calls the field wrong. Before an object it stands in the lines right above it.
    """
    behind = text[end : end + _SAID_BEHIND]
    if (other := _ACTUALLY.match(behind)) is not None and plain_word(other["said"]) not in plain_word(str(value)):
        return other[0].strip()
    if not isinstance(value, dict):
        return ""
    above = _PARAGRAPH_ABOVE.search(text, max(0, start - _SAID_ABOVE), start)
    around = (behind, "" if above is None else above["lines"])
    return next((words for words in (_of_fields(each, value, place) for each in around if each.strip()) if words), "")


def _of_fields(spoken: str, value: dict[str, Any], place: Place) -> str:
    """The words of a text that give a field another value than an object does."""
    lowered, verdict = spoken.lower(), is_verdict(value)
    for name, given in islice(value.items(), _MOST_FIELDS):
        if len(name) > _LONGEST_NAME or _JOINTS.split(name)[0].lower() not in lowered:
            continue
        said = [(found[0].strip(), found["said"]) for found in _saying(name).finditer(spoken)]
        inner = place.inside(name)
        others = [words for words, each in said if _is_other(given, each, words, inner, verdict=verdict)]
        if others and len(others) == len(said):
            return others[0]
    return ""


@lru_cache(maxsize=_MOST_FIELDS)
def _saying(name: str) -> re.Pattern[str]:
    """A clause that gives a field a value, and says no more."""
    spelt = r"[\s_-]?".join(map(re.escape, _JOINTS.split(name)))
    verbs = r"=|:|(?:should|must)\s+be|(?:was\s+)?changed\s+to|is(?:\s+(?:actually|now|really))?"
    verbs = verbs if len(name) > 1 else r"=|:"
    the = r"(?:the\s+)?(?:(?:actual|correct|real|right|true)\s+)?"
    named = rf"{the}{spelt}[*`\"']{{0,3}}(?:\s+(?:field|key|value))?(?:\s+above)?"
    mine = r"\bi\s+(?:(?:have|should|will|would)\s+)?(?:now\s+)?"
    changed = rf"{mine}(?:change|correct|set|update)[sd]?\s+{named}\s+(?:from\s+\S{{1,20}}\s+)?to"
    return re.compile(
        rf"(?:{_BEFORE_A_FIELD}{named}\s*(?:{verbs})|{changed})\s*[*`\"']{{0,3}}[ \t]*"
        r"(?P<said>-?\d+(?:\.\d+)?|[^\W\d_][\w -]{0,40}?)[*`\"']{0,3}(?:[ \t]*(?:/|out[ \t]of)[ \t]*\d+)?"
        r"(?:\s+instead|\s+(?:as|because|since)\b[^\n]*)?\s*[.!)]{0,2}\s*(?:\n|\Z|(?<=\.\s)(?=[A-Z]))",
        re.IGNORECASE,
    )


def _is_other(given: Any, said: str, clause: str, place: Place, *, verdict: bool) -> bool:
    """Whether what is said of a field is surely another value than the given one."""
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        return False
    words = {plain_word(word) for form in place.forms for word in constants_of(form) or () if isinstance(word, str)}
    if plain_word(said) in _FAULTY - words:
        return not verdict
    if isinstance(given, str):
        other = plain_word(said) != plain_word(given)
        names = not words and said[0].isupper() and _CORRECTS.match(clause) is not None
        return other and (plain_word(said) in words or names)
    if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", said) is None:
        return False
    number = float(said)
    return round(number) != given and number not in (given, given * 100, round(given), round(given, 1), round(given, 2))
