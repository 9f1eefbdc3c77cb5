"""What a text means where the schema has a number, a truth value or one of several words."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from promptkit.output.assertion import is_asserted
from promptkit.output.denials import DENIALS
from promptkit.output.phrasing import any_of, without_contractions
from promptkit.output.place import NULLS, plain_word, words_of
from promptkit.output.strict_json import MAX_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CURRENCY = "$€£¥₹"
_AMOUNT = re.compile(
    rf"[{_CURRENCY}]?\s?(?P<sign>[-+−]?)\s?[{_CURRENCY}]?\s?"
    rf"(?P<digits>\d[\d.,'\u00a0\u202f _]*?|\.\d+)\s?(?P<unit>[%{_CURRENCY}]?)\Z"
)
_CODE = re.compile(r"(?:USD|EUR|GBP|JPY|CNY|INR|CHF|CAD|AUD)\s|\s(?:USD|EUR|GBP|JPY|CNY|INR|CHF|CAD|AUD)\Z")
"""Codes of currencies (ISO 4217)."""
_SIMPLE = re.compile(r"(?:\d*|[1-9]\d{0,2}(?:[,'_\u00a0\u202f]\d{3})+)(?:\.\d*)?(?:[eE][-+]?\d+)?")
_EUROPEAN = re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d+,\d{1,2}")
_THREE_DECIMALS = re.compile(r"\d{1,3}\.\d{3}")
_IN_TEXT = re.compile(r"(?<![\w.,])[-+−]?\d[\d,]*(?:\.\d+)?(?![\w%]|[.,]\d)")
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


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
    return _TRUTHS.get(plain_word(text))


_NOTHINGS = {*NULLS, "", "-", "nothing", "nil", "na", "n/a"}


def is_null(text: str) -> bool:
    """Whether a text says null."""
    return plain_word(text) in NULLS


def is_nothing(text: str) -> bool:
    """Whether a text says that there is nothing to list: `none`, `n/a`, `no tags`."""
    return plain_word(text) in _NOTHINGS or _NOTHING_SAID.fullmatch(text.strip().lower()) is not None


_NOTHING_SAID = re.compile(
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


_NUMBERS_APART = re.compile(r"(?<!\d)(?:\d+(?:[.,:/\u2010-\u2014-]\d+)+|\d+(?: \d+)+)")
"""Numbers that are joined to others: `1.5`, `1-2`, `1 000`."""
_LEADING = re.compile(r"[*_`\"']*([^\n.,:;!*_`\"']{1,100})[*_`\"']*(?:[.,:;!]|\s*\n|\Z)")


_FOREIGN_DENIALS = re.compile("不是|不属于|并非|並非|没有|沒有|ではな|ではあり|じゃな|아니|아닙|ไม่ใช่|नहीं|[❌🚫✗✘]")
"""What denies inside of a word, in writing that sets no spaces, or joins it to the noun."""
_SIGNED = re.compile(
    r"\?|\w-ish\b|\b\w (?:plus|minus)\b|\bto be \w+\Z"
    r"|\b(?:un|non|anti)-\w|\w[+#%]|(?:[<~¬@$]|(?<![-=])>|[<>=!~]=|=<)\s*\w|!\w|(?<!\w)[-−]\w|\w-(?!\w)"
)
"""Signs beside a word that may make another word of it: `C++`, `-1`, `!done`."""


_SURE = re.compile(r"\((?:[5-9]\d|100)(?:\.\d{1,9})?\s?%\)")
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


_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")


def _is_one(declared: Iterable[Any]) -> bool:
    """Whether declared words have no parts: `inactive` is not said by `in active use`."""
    return all(len(_PARTS.findall(str(word))) == 1 for word in declared)


_MOST_WORDS = 2_000
_LONGEST_NAME = 12


def number_in(text: str, *, whole: bool) -> int | float | None:
    """The one number that a sentence gives, behind a word such as `is`; None for none, and for several."""
    found = set(_IN_TEXT.findall(text))
    given = _GIVEN.search(text)
    if len(found) != 1 or given is None or not DENIALS.isdisjoint(words_of(text)) or _NOT_THE_ONE.search(text):
        return None
    return number_of(given[1], whole=whole)


_GIVEN = re.compile(
    rf"(?:\b(?:is|are|equals)|['’]s|:|(?<![<>!~=])=)\s*\**([-+−]?[{_CURRENCY}]?\d[\d,]*(?:\.\d+)?)"
    r"(?:\s+(?:of them|in total|altogether|overall))?"
    r"(?=[*_`\"')\]]*\s*(?:[.!,]?\s*(?:\n|\Z)|[.!]\s))"
)
"""A number that ends its sentence."""
_NOT_THE_ONE = re.compile(
    r"\b(?:first|initial|old|original|previous)\s+(?:answer|attempt|estimate|guess)\b", re.IGNORECASE
)
"""What says that a number is an earlier one."""


def truth_in(text: str) -> bool | None:
    """What a text says that begins with yes, no, true or false, or that ends by giving one of them as its answer."""
    head = _FIRST_LINE.match(text.strip())
    said = words_of(text)
    if head is not None and truth_of(head[0]) is not None:
        rest = text.strip()[head.end() :]
        if "?" in text or not _stands_alone(head[0], said) or _takes_up("", rest, truth=truth_of(head[0]) is True):
            return None
        text, said = head[0], words_of(head[0])
    begun = _TRUTH_FIRST.match(text.strip())
    truth = None if begun is None else truth_of(begun["truth"])
    if begun is not None and truth is not None and _takes_up(begun["sign"], begun["rest"], truth=truth):
        return None
    found = {_TRUTHS[word] for word in said if word in _TRUTHS}
    several = sum(word in _TRUTHS for word in said) > 1
    if "?" in text or not _SECOND_THOUGHTS.isdisjoint(said) or (several and not _NOT.isdisjoint(said)):
        return None
    if len(found) != 1:
        return None
    given = (_LEADING.match(text.strip()), _GIVEN_TRUTH.search(text))
    return next((_TRUTHS[word] for each in given if each and (word := plain_word(each[1])) in _TRUTHS), None)


_FIRST_LINE = re.compile(r"[^\w\n]{0,4}[^\W\d_]{2,5}[^\w\n?]{0,4}(?=\n\s*\n)")
"""One word alone above what explains it."""
_TAKEN_UP = frozenset("actually but correction hmm however meant oops or reconsider reflection scratch wait".split())  # noqa: SIM905


def _stands_alone(head: str, said: list[str]) -> bool:
    """Whether what stands below a truth only explains it: nothing says the other one, or takes it up again."""
    truth = truth_of(head)
    following = zip(said, [*said[1:], "."], strict=True)
    answers = (word for word, behind in following if word != "no" or not behind.isalpha())  # `no rule` is no answer
    others = {_TRUTHS[word] for word in answers if word in _TRUTHS} - {truth}
    doubts = _TAKEN_UP | (_WRONGS if truth else frozenset())
    goes_on = len(said) > 1 and said[1] in _GOING_ON
    return not others and not goes_on and doubts.isdisjoint(said)


_TRUTH_FIRST = re.compile(
    r"[^\w\n]{0,4}(?P<truth>[^\W\d_]{2,5})[^\w\n]{0,4}(?P<sign>[,;:.!\n])\s*(?P<rest>.+)", re.DOTALL
)
_CONVERSED = r"""
    i (?:cannot|could not) (?:access|answer|assist|comply|help|open|tell)\b
    i (?:do not know|do not have (?:access|enough)|am (?:afraid|not able|sorry|unable)|can help|need)\b
    i understand[.!]?\Z
    please (?:attach|give|paste|provide|send|share)\b
    (?:you|there) (?:did|have|has|was|were) (?:not|no) (?:\w+ )?(?:attach|give|provide|sen[dt])\w*
    sorry\b
    of course\b[^.!]{0,10}[.!,] please\b
    (?:insufficient|not enough) (?:context|data|information)\b
"""
_CONVERSATION = re.compile(rf"\W*(?:{any_of(_CONVERSED)})", re.IGNORECASE)
"""What begins what is said to the one who asked, and explains no truth."""
_CONDITION = re.compile(
    r"\W*(?:but\s+)?(?:(?:only\s+)?if|unless|provided(?!\s+by)|assuming|as\s+long\s+as|in\s+case|partly|partially|in\s+part)\b",
    re.IGNORECASE,
)
_AGAINST = {
    True: re.compile(
        r"\W*(?:it|that|this|they)\s+(?:(?:is|are|was|does|do|did|has|have)\s+not|(?:is|was)\s+(?:false|incorrect|not\s+right|wrong))"
        r"\W*\Z",
        re.IGNORECASE,
    ),
    False: re.compile(r"\W*(?:it|that|this|they)\s+(?:is|are|was)\s+(?:correct|right|true)\W*\Z", re.IGNORECASE),
}
"""What says the contrary of a truth, and no more."""


def _takes_up(sign: str, rest: str, *, truth: bool) -> bool:
    """Whether what follows a truth speaks to the one who asked, makes a condition of it, or says the contrary."""
    said = without_contractions(rest)
    condition = sign == "," and _CONDITION.match(said) is not None
    return condition or any(each.match(said) for each in (_CONVERSATION, _AGAINST[truth]))


_WRONGS = frozenset(("wrong", "incorrect"))
_GOING_ON = frozenset("i maybe never nope not sorry strike that".split())  # noqa: SIM905
"""What begins a second thought."""
_NOT = frozenset(("not", "never", "isn", "isnt", "wasnt", "doesnt", "t"))
_SECOND_THOUGHTS = frozenset("actually correction however incorrect reconsider reflection wait".split())  # noqa: SIM905
_GIVEN_TRUTH = re.compile(
    r"\b(?:answer|result|verdict|value|conclusion)\s*(?:is|:|=)\s*\W{0,3}(\w+)\W{0,3}\Z", re.IGNORECASE
)
