"""What a sentence says where the schema has a number or a truth value."""

from __future__ import annotations

import re

from promptkit.late_pattern import LatePattern
from promptkit.output.denials import DENIALS
from promptkit.output.phrasing import any_of, without_contractions
from promptkit.output.place import plain_word, words_of
from promptkit.output.scalars import CURRENCY, TRUTHS, number_of, truth_of

__all__ = ["explained", "number_in", "truth_in", "without_courtesy"]

_LEADING = LatePattern(r"[*_`\"']*([^\n.,:;!*_`\"']{1,100}?)[*_`\"']*(?:[.,:;!]|\s+[-\u2013\u2014]\s|\s*\n|\Z)")
_IN_TEXT = LatePattern(r"(?<![A-Za-z\d_.,])[-+−]?\d[\d,]*(?:\.\d+)?(?![A-Za-z\d_%]|[.,]\d)")


def number_in(text: str, *, whole: bool) -> int | float | None:
    """The one number that a sentence gives, behind a word such as `is`; None for none, and for several."""
    found = set(_IN_TEXT.findall(text))
    given = _GIVEN.search(text)
    if len(found) != 1 or given is None or not DENIALS.isdisjoint(words_of(text)) or _NOT_THE_ONE.search(text):
        return None
    return number_of(given[1], whole=whole)


_CJK = r"\A\W*(?:最终|最終|正确|正解の)?(?:一共|合计|合計|回答|总数|总计|答え|答案|結果|结果)(?:は|为|是|為)"
"""What gives a result in Chinese and in Japanese."""
_GIVEN = LatePattern(
    rf"(?:\b(?:is|are|equals|ist|est|es|è|é)\b|['’]s|[:\uff1a]|{_CJK}|(?<![<>!~=])=|\A(?:[Hh]ence|[Ss]o|[Tt]hus|[Tt]herefore),?)"
    rf"\s{{0,9}}(?:\*{{1,3}}\s{{0,9}})?([-+−]?[{CURRENCY}]?\d[\d,]*(?:\.\d+)?)"
    r"(?:\s+(?:of them|in total|altogether|overall)|\s?です)?"
    r"(?=[*_`\"')\]]*\s*(?:[.!,\u3002]?\s*(?:\n|\Z)|[.!]\s))"
)
"""A number that ends its sentence."""
_COURTESY = LatePattern(
    r"(?:absolutely|certainly|good question|great question|no problem|of course|ok|okay|sure(?: thing)?)[!.:]\s+(?=\S)",
    re.IGNORECASE,
)


def without_courtesy(text: str) -> str:
    """A sentence without the word of courtesy before it: `Sure! 42`."""
    return _COURTESY.sub("", text, count=1) if _COURTESY.match(text) else text


def explained(text: str) -> str:
    """The first line of a text that explains it below: `42`, an empty line, and `Explanation: ...`; or all of it."""
    found = _EXPLAINED.match(text)
    rest = words_of(text[found.end("said") :]) if found is not None and not found["courtesy"] else ()
    return found["said"] if found is not None and _DOUBTS.isdisjoint(rest) and DENIALS.isdisjoint(rest) else text


_DOUBTS = frozenset("actually correction example guess however placeholder sample should unclear wait".split())  # noqa: SIM905


_EXPLAINED = LatePattern(
    r"(?P<said>[^\n]{1,60})\n\s*\n\W{0,4}"
    r"(?:(?P<courtesy>feel free|(?:i )?hope|let me know)|because|explanation|justification|note|rationale"
    r"|reason(?:ing)?|step)\b",
    re.IGNORECASE,
)
_NOT_THE_ONE = LatePattern(
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
    found = {TRUTHS[word] for word in said if word in TRUTHS}
    several = sum(word in TRUTHS for word in said) > 1
    if "?" in text or not _SECOND_THOUGHTS.isdisjoint(said) or (several and not _NOT.isdisjoint(said)):
        return None
    if len(found) != 1:
        return None
    given = (_LEADING.match(text.strip()), _GIVEN_TRUTH.search(text))
    return next(
        (TRUTHS[word] for each in given if each and (word := plain_word(each[each.lastindex or 1])) in TRUTHS), None
    )


_FIRST_LINE = LatePattern(r"[^\w\n]{0,4}[^\W\d_]{2,5}[^\w\n?]{0,4}(?=\n\s*\n)")
"""One word alone above what explains it."""
_TAKEN_UP = frozenset("actually but correction hmm however meant oops or reconsider reflection scratch wait".split())  # noqa: SIM905


def _stands_alone(head: str, said: list[str]) -> bool:
    """Whether what stands below a truth only explains it: nothing says the other one, or takes it up again."""
    truth = truth_of(head)
    following = zip(said, [*said[1:], "."], strict=True)
    answers = (word for word, behind in following if word != "no" or not behind.isalpha())  # `no rule` is no answer
    others = {TRUTHS[word] for word in answers if word in TRUTHS} - {truth}
    doubts = _TAKEN_UP | (_WRONGS if truth else frozenset())
    goes_on = len(said) > 1 and said[1] in _GOING_ON
    return not others and not goes_on and doubts.isdisjoint(said)


_TRUTH_FIRST = LatePattern(
    r"[^\w\n]{0,4}(?P<truth>[^\W\d_]{2,5})[^\w\n]{0,4}(?P<sign>[,;:.!\n]|\s[-\u2013\u2014](?=\s))\s*(?P<rest>.+)",
    re.DOTALL,
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
_CONVERSATION = LatePattern(rf"\W*(?:{any_of(_CONVERSED)})", re.IGNORECASE)
"""What begins what is said to the one who asked, and explains no truth."""
_CONDITION = LatePattern(
    r"\W*(?:but\s+)?(?:(?:only\s+)?if|unless|provided(?!\s+by)|assuming|as\s+long\s+as|in\s+case|partly|partially|in\s+part)\b",
    re.IGNORECASE,
)
_AGAINST = {
    True: LatePattern(
        r"\W*(?:it|that|this|they)\s+(?:(?:is|are|was|does|do|did|has|have)\s+not|(?:is|was)\s+(?:false|incorrect|not\s+right|wrong))"
        r"\W*\Z",
        re.IGNORECASE,
    ),
    False: LatePattern(r"\W*(?:it|that|this|they)\s+(?:is|are|was)\s+(?:correct|right|true)\W*\Z", re.IGNORECASE),
}
"""What says the contrary of a truth, and no more."""


def _takes_up(sign: str, rest: str, *, truth: bool) -> bool:
    """Whether what follows a truth speaks to the one who asked, makes a condition of it, or says the contrary."""
    said = without_contractions(rest)
    dash = bool(sign.strip(" \t\n,;:.!"))
    condition = (sign == "," or dash) and _CONDITION.match(said) is not None
    condition = condition or (dash and not _UNSURE.isdisjoint(words_of(said)))
    return condition or any(each.match(said) for each in (_CONVERSATION, _AGAINST[truth]))


_UNSURE = frozenset("but if maybe not or perhaps unless unsure wrong".split())  # noqa: SIM905
"""Words behind a truth and a dash after which it may be no answer."""
_WRONGS = frozenset(("wrong", "incorrect"))
_GOING_ON = frozenset("i maybe never nope not sorry strike that".split())  # noqa: SIM905
"""What begins a second thought."""
_NOT = frozenset(("not", "never", "isn", "isnt", "wasnt", "doesnt", "t"))
_SECOND_THOUGHTS = frozenset("actually correction however incorrect reconsider reflection wait".split())  # noqa: SIM905
_GIVEN_TRUTH = LatePattern(
    r"(?:\b(?:answer|result|verdict|value|conclusion)\s*(?:is|[:\uff1a]|=)\s*:?\s*\W{0,3}(\w+)"
    r"|\A\W*(?:the\s+)?(?:assertion|claim|it|sentence|statement|that|this)(?:\s+is|['’]s)\s+(true|false))\W{0,3}\Z",
    re.IGNORECASE,
)
