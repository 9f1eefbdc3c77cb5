"""What a text means where the schema has a number, a truth value or one of several words."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.output.assertion import is_asserted
from promptkit.output.denials import DENIALS
from promptkit.output.place import NULLS, plain_word, words_of
from promptkit.output.strict_json import MAX_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CURRENCY = "$€£¥₹"
_AMOUNT = LatePattern(
    rf"[{CURRENCY}]?\s?(?P<sign>[-+−]?)\s?[{CURRENCY}]?\s?"
    rf"(?P<digits>\d[\d.,'\u00a0\u202f _]*?|\.\d+)\s?(?P<unit>[%{CURRENCY}]?)\Z"
)
_CODE = LatePattern(r"(?:USD|EUR|GBP|JPY|CNY|INR|CHF|CAD|AUD)\s|\s(?:USD|EUR|GBP|JPY|CNY|INR|CHF|CAD|AUD)\Z")
"""Codes of currencies (ISO 4217)."""
_SIMPLE = LatePattern(r"(?:\d*|[1-9]\d{0,2}(?:[,'_\u00a0\u202f]\d{3})+)(?:\.\d*)?(?:[eE][-+]?\d+)?")
_EUROPEAN = LatePattern(r"\d{1,3}(?:\.\d{3})+,\d+|\d+,\d{1,2}")
_THREE_DECIMALS = LatePattern(r"\d{1,3}\.\d{3}")
TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def number_of(text: str, *, whole: bool, most: float | None = None) -> int | float | None:
    """The number that a text is: `12,111`, `$1,200.50`, `75%`; None when it is none, or not a `whole` one.

    A percentage is the number before its sign, unless the schema's maximum, `most`, is 1 or less.
    """
    stripped = _CODE.sub("", text.strip().strip("*").strip(), count=1).strip()
    amount = _AMOUNT.match(stripped)
    if amount is None:
        return _power(stripped, whole=whole)
    digits = amount["digits"].strip()
    if (
        _THREE_DECIMALS.fullmatch(digits)
        and not digits.startswith("0.")
        and (whole or text.strip().strip("*").strip() != digits)
    ):
        return None  # a thousand in one country, one in another
    if _SIMPLE.fullmatch(digits):
        plain = re.sub(r"[^\d.]", "", digits)
    elif _EUROPEAN.fullmatch(digits):
        plain = digits.replace(".", "").replace(",", ".")
    else:
        return None
    if "." in plain and len(plain) > _EXACT_DIGITS and Decimal(plain) != Decimal(repr(float(plain))):
        return None
    value = float(plain) if "." in plain else int(plain) if len(plain) <= MAX_DIGITS else float("inf")
    value = -value if amount["sign"] in ("-", "−") else value
    if amount["unit"] == "%" and most is not None and most <= 1:
        value = value / 100 if len(plain) <= _MOST_OF_FLOAT else float("inf")
    return _kept(value, whole=whole)


_EXACT_DIGITS = 15
"""So many decimal digits a float always holds (IEEE 754, binary64)."""
_MOST_OF_FLOAT = 300


def style_of(text: str) -> str:
    """How the sign between thousands, or before decimals, is written: empty where a text leaves no doubt.

    `1.234,5` and `1,5` are written with a decimal comma. In `1,234` it may be one, in `1.234` a point may be none.
    """
    digits = _AMOUNT.match(text.strip())
    written = "" if digits is None else digits["digits"].strip()
    if _EUROPEAN.fullmatch(written):
        return "decimal comma"
    return "doubtful" if re.fullmatch(r"\d{1,3},\d{3}|\d{1,3}\.\d{3}", written) else ""


def _power(text: str, *, whole: bool) -> int | float | None:
    if not re.fullmatch(r"[-+]?\d+(?:\.\d+)?[eE][-+]?\d{1,3}", text):
        return None
    value = float(text)
    lost = not value and re.search("[1-9]", re.split("[eE]", text)[0])  # too small for a float
    return None if lost else _kept(value, whole=whole)


def _kept(value: float, *, whole: bool) -> int | float | None:
    """The number, if nothing of it is lost."""
    if value in (float("inf"), float("-inf")):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value) if whole else value
    return None if whole and isinstance(value, float) else value


def truth_of(text: str) -> bool | None:
    """Whether a text says yes or no, and nothing else."""
    return TRUTHS.get(plain_word(text))


_NOTHINGS = {*NULLS, "", "-", "nothing", "nil", "na", "n/a"}


def is_null(text: str) -> bool:
    """Whether a text says null."""
    return plain_word(text) in NULLS


def is_nothing(text: str) -> bool:
    """Whether a text says that there is nothing to list: `none`, `n/a`, `no tags`."""
    return plain_word(text) in _NOTHINGS or _NOTHING_SAID.fullmatch(text.strip().lower()) is not None


_NOTHING_SAID = LatePattern(
    r"(?:no|none) \w+(?: \w+)?|unknown|unspecified"
    r"|not (?:applicable|available|found|given|known|mentioned|provided|reported|specified|stated)"
)


def word_of(text: str, words: Mapping[str, Mapping[Any, str]]) -> tuple[Any, str] | None:
    """The value that a text names, and how; `words` are the plain names, each with the values that it may mean.

    Case, accents, spaces and the marks around a word do not count; signs that make another word of it do (`C++`). In
    a longer text, exactly one of the words must stand, and nothing that denies, weighs or asks.
    """
    plain = plain_word(text)
    numbers = _NUMBERS_APART.findall(text)
    if plain in words:
        (value, name), *others = words[plain].items()
        same = all(each in name for each in numbers)
        return (value, "written as declared") if not others and same else None
    text = _without_contrast(text, words)
    found, beside = _mentioned(words_of(text), words)
    if (
        len(found) != 1
        or not DENIALS.isdisjoint(beside)
        or _SIGNED.search(_SURE.sub("", text))
        or _FOREIGN_DENIALS.search(text)
    ):
        return None
    (value, name), *others = words[found.pop()].items()
    if others or not all(each in name for each in numbers if any(map(str.isdigit, name))):
        return None
    return (value, "taken from the text around it") if is_asserted(name, text) else None


def _without_contrast(text: str, words: Mapping[str, Iterable[Any]]) -> str:
    """A text without the declared words that it sets against the one it gives: `negative, not positive`."""
    if len(text) > _LONGEST_CONTRAST or not _CONTRASTS.search(text):
        return text
    spelt = {str(each) for declared in words.values() for each in declared}
    if any(_CONTRASTS.search(each.replace("_", " ").replace("-", " ")) for each in spelt):
        return text
    other = rf"(?:{'|'.join(sorted(map(re.escape, spelt), key=len, reverse=True))})"
    marked = rf"[*_`\"']{{0,3}}{other}[*_`\"']{{0,3}}(?![\w-])"
    verb = r"(?:(?:it|this|that|the (?:\w+ ){1,2})(?:['’]s | ?is )|\w{1,20}: ?)?(?:an? |clearly |overall |rather )?"
    given, against = rf"{verb}(?P<given>{marked})", rf"(?:an? )?(?P<against>{marked})"
    instead = "and not|but not|not|rather than|instead of|as opposed to"
    forms = (
        rf"\W{{0,3}}{verb}not {against}[\s.,;:\u2014-]+(?:but )?{given}[.!]?\s*",
        rf"\W{{0,3}}neither {against} n?or (?:an? )?(?P<other>{marked}),?[\s\u2014-]*(?:but |so )?{given}[.!]?\s*",
        rf"\W{{0,3}}{given}[\s,;(\u2014-]+(?:{instead}) {against}[.!)]{{0,2}}\s*",
    )
    found = next(filter(None, (re.fullmatch(form, text, re.IGNORECASE) for form in forms)), None)
    if found is None:
        return text
    others = [_bare(said) for name, said in found.groupdict().items() if name != "given"]
    return text if _bare(found["given"]) in others else found["given"]


def _bare(word: str) -> str:
    return re.sub(r"[\W_]", "", word).casefold()


_LONGEST_CONTRAST = 300
_CONTRASTS = LatePattern(r"\b(?:not|neither|rather than|instead of|as opposed to)\b", re.IGNORECASE)
_NUMBERS_APART = LatePattern(r"(?<!\d)(?:\d+(?:[.,:/\u2010-\u2014-]\d+)+|\d+(?: \d+)+)")
"""Numbers that are joined to others: `1.5`, `1-2`, `1 000`."""


_FOREIGN_DENIALS = LatePattern("不是|不属于|并非|並非|没有|沒有|ではな|ではあり|じゃな|아니|아닙|ไม่ใช่|नहीं|[❌🚫✗✘]")
"""What denies inside of a word, in writing that sets no spaces, or joins it to the noun."""
_SIGNED = LatePattern(
    r"\?|\w-ish\b|\b\w (?:plus|minus)\b|\bto be \w+\Z"
    r"|\b(?:un|non|anti)-\w|\w[+#%]|(?:[<~¬@$]|(?<![-=])>|[<>=!~]=|=<)\s*\w|!\w|(?<!\w)[-−]\w|\w-(?!\w)"
)
"""Signs beside a word that may make another word of it: `C++`, `-1`, `!done`."""


_SURE = LatePattern(r"\((?:[5-9]\d|100)(?:\.\d{1,9})?\s?%\)")
"""A probability above one half."""


def _mentioned(said: list[str], words: Mapping[str, Iterable[Any]]) -> tuple[set[str], list[str]]:
    """The words that stand in a text, the longer before those inside of them, and what else is said there.

    None are found in a text of thousands.
    """
    if len(said) > _MOST_WORDS:
        return set(), said
    bare: dict[str, set[str]] = {}
    for name in words:
        bare.setdefault("".join(filter(str.isalnum, name)), set()).add(name)
    longest = max(map(len, bare), default=0)
    found: set[str] = set()
    beside: list[str] = []
    at = 0
    while at < len(said):
        joined, best = "", 0
        taken: set[str] = set()
        for end in range(at, min(at + _LONGEST_NAME, len(said))):
            joined += said[end] if said[end].isalnum() else ""
            if joined in bare and said[end].isalnum():
                signs = {sign for sign in said[at : end + 1] if not sign.isalnum() and sign not in "-_'’"}
                apart = end > at and all(word.isalnum() for word in said[at : end + 1])
                names = {
                    name
                    for name in bare[joined]
                    if all(sign in name for sign in signs) and not (apart and _is_one(words[name]))
                }
                best, taken = (end + 1 - at, names) if names else (best, taken)
            if len(joined) > longest:
                break
        if best:
            found |= taken
        else:
            beside.append(said[at])
        at += max(best, 1)
    return found, beside


_PARTS = LatePattern(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")


def _is_one(declared: Iterable[Any]) -> bool:
    """Whether declared words have no parts: `inactive` is not said by `in active use`."""
    return all(len(_PARTS.findall(str(word))) == 1 for word in declared)


_MOST_WORDS = 2_000
_LONGEST_NAME = 12
