"""What a text means where the schema has a number, a truth value or one of several words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.output.place import plain_word, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CURRENCY = "$€£¥₹"
_AMOUNT = re.compile(
    rf"[{_CURRENCY}]?\s?(?P<sign>[-+−]?)\s?[{_CURRENCY}]?\s?"
    rf"(?P<digits>\d[\d.,'\u00a0\u202f _]*?)\s?(?P<unit>[%{_CURRENCY}]?)\Z"
)
_SIMPLE = re.compile(r"(?:\d+|\d{1,3}(?:[,'_\u00a0\u202f ]\d{3})+)(?:\.\d*)?(?:[eE][-+]?\d+)?")
_EUROPEAN = re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d+,\d{1,2}")
_FRACTION = re.compile(r"([-+]?\d{1,9})\s?/\s?([1-9]\d{0,8})\Z")
_IN_TEXT = re.compile(r"(?<![\w.,])[-+−]?\d[\d,]*(?:\.\d+)?(?![\w%]|[.,]\d)")
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
_DENIED = """
    arent cannot doesnt dont either instead isn isnt neither never no nor not rather wasnt without
"""
_DENIALS = frozenset(_DENIED.split())


def number_of(text: str, *, whole: bool, most: float | None = None) -> int | float | None:
    """The number that a text is: `12,111`, `$1,200.50`, `75%`, `1/4`; None when it is none, or not a `whole` one.

    A percentage is the number before its sign, unless the schema's maximum, `most`, is 1 or less.
    """
    stripped = text.strip()
    fraction = _FRACTION.match(stripped)
    if fraction:
        value: float = int(fraction[1]) / int(fraction[2])
        return _kept(value, whole=whole)
    amount = _AMOUNT.match(stripped)
    if amount is None:
        return _power(stripped, whole=whole)
    digits = amount["digits"].strip()
    if _SIMPLE.fullmatch(digits):
        plain = re.sub(r"[^\d.]", "", digits)
    elif _EUROPEAN.fullmatch(digits):
        plain = digits.replace(".", "").replace(",", ".")
    else:
        return None
    value = float(plain) if "." in plain else int(plain) if len(plain) <= _MOST_DIGITS else float("inf")
    value = -value if amount["sign"] in ("-", "−") else value
    if amount["unit"] == "%" and most is not None and most <= 1:
        value = value / 100
    return _kept(value, whole=whole)


_MOST_DIGITS = 4_000


def _power(text: str, *, whole: bool) -> int | float | None:
    return _kept(float(text), whole=whole) if re.fullmatch(r"[-+]?\d+(?:\.\d+)?[eE][-+]?\d{1,3}", text) else None


def _kept(value: float, *, whole: bool) -> int | float | None:
    """The number, if nothing of it is lost."""
    if value in (float("inf"), float("-inf")):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value) if whole else value
    return None if whole and isinstance(value, float) else value


def truth_of(text: str) -> bool | None:
    """Whether a text says yes or no, and nothing else."""
    return _TRUTHS.get(plain_word(text))


def word_of(text: str, words: Mapping[str, Iterable[Any]]) -> tuple[Any, str] | None:
    """The value that a text names, and how; `words` are the plain names, each with the values that it may mean.

    Case, accents, spaces and punctuation do not count. In a longer text, exactly one of the words must stand, and no
    word that denies or weighs.
    """
    plain = plain_word(text)
    if plain in words:
        meant = list(words[plain])
        return (meant[0], "written as declared") if len(meant) == 1 else None
    leading = _LEADING.match(text.strip())
    if leading and plain_word(leading[1]) in words and not _mentioned(words_of(text), words) - {plain_word(leading[1])}:
        found = {plain_word(leading[1])}
    else:
        found = _exactly(text, words) or _named(words_of(text), words)
    if len(found) != 1:
        return None
    meant = list(words[found.pop()])
    return (meant[0], "taken from the text around it") if len(meant) == 1 else None


_LEADING = re.compile(r"[*_`\"']*([^\n.,:;!*_`\"']{1,100})[*_`\"']*(?:[.,:;!]|\s*\n|\Z)")


def _exactly(text: str, words: Mapping[str, Iterable[Any]]) -> set[str]:
    """The one word in capitals that stands in a text as it is declared: `TWO` in "TWO is one of them"."""
    said = set(re.findall(r"[^\W_]+", text))
    if not _DENIALS.isdisjoint(word.casefold() for word in said):
        return set()
    return {name for name, meant in words.items() for each in meant if each in said and str(each).isupper()}


def _named(said: list[str], words: Mapping[str, Iterable[Any]]) -> set[str]:
    """The words that stand in a text; none where something is denied."""
    return _mentioned(said, words) if _DENIALS.isdisjoint(said) else set()


def _mentioned(said: list[str], words: Mapping[str, Iterable[Any]]) -> set[str]:
    """The words that stand in a text, the longer before those inside of them; none in a text of thousands."""
    if len(said) > _MOST_WORDS:
        return set()
    longest = max(map(len, words), default=0)
    found: set[str] = set()
    at = 0
    while at < len(said):
        joined, best = "", 0
        for end in range(at, min(at + _LONGEST_NAME, len(said))):
            joined += said[end] if said[end].isalnum() else ""
            if joined in words and said[end].isalnum():
                best, name = end + 1 - at, joined
            if len(joined) > longest:
                break
        if best:
            found.add(name)
        at += max(best, 1)
    return found


_MOST_WORDS = 2_000
_LONGEST_NAME = 12


def number_in(text: str, *, whole: bool) -> int | float | None:
    """The one number that a sentence names; None for none, and for several."""
    found = {number_of(each, whole=whole) for each in _IN_TEXT.findall(text)}
    return found.pop() if len(found) == 1 else None


def truth_in(text: str) -> bool | None:
    """What a sentence says that names one of yes, no, true and false."""
    said = words_of(text)
    found = {_TRUTHS[word] for word in said if word in _TRUTHS}
    leading = _LEADING.match(text.strip())
    led = bool(leading) and plain_word(leading[1]) in _TRUTHS  # type: ignore[index]
    denied = (_DENIALS - {"no"}) & set(said)
    return found.pop() if len(found) == 1 and (led or not denied) else None
