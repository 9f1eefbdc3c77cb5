"""What the words beside a value say of it: that it is none, that it is an example, or that it was a mistake.

A value that stands alone is refused where the words just before it, or behind it, take it back. Of several values, one
is passed over only where words say so plainly. Phrases stand one a line; see `phrasing`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from promptkit.output.phrasing import any_of
from promptkit.output.place import constants_of, plain_word

if TYPE_CHECKING:
    from promptkit.output.place import Place

__all__ = ["announces_draft", "contradicted", "is_labelled", "role_of", "set_aside", "taken_back"]

_NEAR = 120
"""How many characters before a value are looked at."""
_FAR = 60
"""How much white space may stand between a value and words that take it back."""
_PARTS = {
    "EXAMPLE": "(?:example|beispiel|exemple|ejemplo|esempio)",
    "CANNOT": "i (?:cannot|can't|can not|could not)",
    "WRONG": "(?:wrong|incorrect|invalid|not (?:right|correct|valid))\\b",
    "AWRY": "(?:bad|fake|incorrect|invalid|mock|obsolete|outdated|rejected|wrong|dummy|placeholder)",
    "ANSWER": "(?:answer|json|output|response|result|value)",
    "UNREAL": "(?:dummy|fictional|fictitious|hypothetical|invented|made[- ]up|placeholder|sample)s?\\b",
    "OWN": "(?! (?:of|(?:data|values?) (?:of|from)))",
    "ONLY": "(?:(?:all|just|merely|only|an?) ){0,2}",
    "START": "\\A\\W{0,4}",
    "COLON": "(?= ?[:\uff1a])",
    "ENDS": "\\s*(?:[.!,;]|\\Z)",
    "NOTED": "(?:(?:please )?note ?(?:that\\b|:)? ?|disclaimer ?: ?)?",
    "THIS": "(?:that|this|it|the above)",
}
"""What stands in several phrases."""


_AS_THOUGHT = r"""
    \A\W{0,6}(?:reasoning|thoughts?|thinking)\W{0,4}(?<=:)\W{0,4}(?:maybe|perhaps)?
"""
_BEFORE = r"""
    \b(?:is|was|are) not
    \b(?:isn't|wasn't|never|instead of|rather than|unlike|but not)
    (?:\A|[.!?]\s+)not
    \b(?:nicht|niet|inte|ikke|no es|n[aã]o é|non è|n'est pas|не)
    不是

    \b(?:this|that|it) (?:is|was) (?:wrong|incorrect)
    das ist falsch
    START(?:the )?(?:wrong|incorrect)(?: ANSWER)?(?: is\b|COLON)
    START(?:the |an? )?(?:(?:previously )?AWRY) ANSWER(?: is\b|COLON)
    START(?:dummy|mock|placeholder)COLON
    \b(?:here is|here's|this is|that is|it is) (?:an?|the) AWRY ANSWER(?=[: ]|\Z)
    STARTthe (?:previous|earlier|old) ANSWER (?:was|is)\b
    \b(?:this|that|it) is (?:an? )?(?:dummy|placeholder|sample)s?\b
    START(?:the )?(?:validator|checker|parser|server) (?:rejected|refused|discarded)
    STARTavoid(?= ?\Z)
    \b(?:ignore|disregard|forget|never ?mind) (?:the )?following
    \b(?:bad|incorrect|wrong) (?:answer|output|response) would be
    \b(?:bad|invalid|wrong) input
    \b(?:error|failed|failure) (?:at|for|in|with)

    \b(?:do not|don't|never|i will not|i won't) (?:answer|say|use|return|output|give)(?: with)?
    \b(?:cannot|can't|can not|unable to) (?:give|output|produce|provide|return)
    CANNOT (?:answer(?: (?:that|this|it))?|comply|help (?:you )?with (?:that|this))[.!]
    \bi (?:do not|don't) know[.!]

    START(?:an? |for )?(?:EXAMPLE|e\.g\.|例)(?: ANSWER)?(?:COLON|(?=\s*\Z))
    STARTfor instanceCOLON
    STARTfor EXAMPLE\b[^.:\n]{0,40}\bis
    START(?:zum beispiel|z\. ?b\.|par exemple|por ejemplo|per esempio|例如|比如|например|たとえば|例えば)COLON
    \bEXAMPLE (?:of the (?:format|output)|would be|might be)
    START(?:the )?schema EXAMPLE[^.:\n]{0,40}
    START(?:hypothetically|templateCOLON)
    \be\.g\.,?
    \btypical (?:answer|response)
    \bsomething like

    \b(?:would|could|might) (?:look like|(?:normally|otherwise|typically|usually) (?:answer|be|output|return|say))
    \bwas going to (?:answer|say|write)
    \bi(?: will|'ll) (?:answer|reply|respond) (?:like|with something)
    STARTif\b[^.\n]{1,80},? ?then
    STARTif\b[^.\n]{1,60}\b(?:were|was|knew)\b[^.\n]{0,40},? ?it would be
    \b(?:suppose|assume|assuming|imagine|pretend)(?: that)? (?:the )?ANSWER (?:is|was|were)
    STARTi (?:previously|initially|originally|first) (?:thought|said|answered|wrote)
    \b(?:expected|required|requested) (?:format|schema|shape) (?:is|looks like)
    \bthe (?:input was|format would be)
    STARTinput was
    \b(?:error|failed)\b[^\n]{0,60}[.!?;] default(?: value)?COLON

    START(?:you|(?:the )?user) (?:gave|wrote|said|sent|provided)(?: me)?
    \b(?:asks|says|told) (?:me )?to (?:answer|output|reply|return|say)
    <(?:document|draft|example|input|schema|template|tool_response|user)>
"""
"""What takes a value back that stands behind it: it is denied, wrong, refused, an example, a condition, a quote."""
_BEHIND = r"""
    actually\b[^.\n]{0,60}\b(?:should|wrong|incorrect|not|must be|instead)\b
    actually,? no\b[^.\n]{0,9}:
    wait\b[,.!\s-]{1,9}(?:that|this|it|no|i)\b
    (?:no|nein)[,.]? (?:wait|warte)(?=\W*(?:\n|\Z|[.!,]))
    (?:never ?mind|hold on|(?:cancel|scratch|strike) that|oops|my mistake|erratum)\b
    (?:on second thought|(?:up)?on reflection)\b
    rather ?:
    edit ?:(?! ?(?:format|typo|spell|gramm))
    err,
    correction ?(?::(?! ?none)|[\u2013\u2014-])
    apologies, (?:the|it|that|i)\b
    (?:sorry,? )?i meant [\d"\x27{\[-]
    hmm\b[^.\n]{0,60}\b(?:should be|wrong|instead)\b
    no, (?:-?\d|(?:it|that|this) (?:is WRONG|should be\b))
    i take (?:that|it|this) back\b
    i (?:need|have|want) to (?:change|correct|fix|redo) (?:this|that|it|the (?:answer|json|output|value))\b
    (?:(?:sorry|please),? )?(?:ignore|disregard|forget) THIS\s*[.!]
    \(?(?:an? )?(?:EXAMPLE|draft|dummy|obsolete|outdated|placeholder)\)
    (?:<-+|\u2190|#|//) ?(?:this|that) is (?:the|an?) EXAMPLE(?: from the prompt| only)?ENDS

    (?:but )?THIS (?:is|was) WRONG
    is WRONGENDS
    this (?:does not|doesn't) match\b
    (?:das ist falsch|eso es incorrecto|c'est faux|это неверно)\b
    (?:but|and) (?:i )?(?:rejected|discarded)(?: (?:it|that))?ENDS
    cannot be (?:produced|right|correct)ENDS
    (?:is|was|has been) (?:deleted|discarded|obsolete|outdated|rejected|removed|replaced|superseded|withdrawn)\b

    (?:but )?CANNOT (?:answer|comply|say|tell|decide)(?: (?:that|this|it))? ?(?:[.!]|\Z)
    (?:but )?CANNOT do (?:that|this|it) ?(?:[.!]|\Z)
    (?:but )?CANNOT (?:determine (?:it|that|this)|help (?:you )?with (?:that|this)) ?(?:[.!]|\Z)
    (?:but )?CANNOT provide (?:it|that|this|one|an answer) ?(?:[.!]|\Z)
    (?:but )?i (?:do not|don't) know\b

    is what (?:i|they|he|she|we) (?:would|might|could) have\b
    is what an? [\w\s]{1,30}\b(?:would|might|could)\s[^.\n]{1,30}\bbut\b
    is what [^.\n]{1,40}\b(?:asks?|told|wants?)\b

    THIS (?:is|was) (?:only|just) an? EXAMPLE\b
    NOTED(?:these|the (?:data|values?)|THIS)(?: \w+){0,2}? (?:is|are) ONLYUNREALOWN
    以上仅为(?:示例|例子|举例|假设)
    replace (?:the|these) values\b
    todo\b
    still thinking\b
    (?:this|that) is not (?:my|the) final\b
    the (?:\w+ of the )?final (?:answer|version) will be (?:the same|different|given|provided|sent)\b
"""
"""What takes a value back that stands before it: second thoughts, corrections, refusals, and that it is not real."""
_ON_ITS_LINE = r"""
    if (?:i|it|the|there|we|you) (?:could|had|was|were)\b
"""
_TAKEN_BACK_BEFORE = re.compile(
    rf"(?:(?:{any_of(_BEFORE + _AS_THOUGHT, _PARTS)})\s*[:\uff1a]?\s*[`\"']*|~~)\Z", re.IGNORECASE
)
_HESITATION = r"(?:(?:hmm+|oh|ah|uh)\b[,.!\u2026\s]{1,4})?"
_TAKEN_BACK_BEHIND = re.compile(
    rf"[ \t`\"']{{0,9}}(?:\?(?=\s|\Z)|{any_of(_ON_ITS_LINE)})"
    rf"|[\s`.,;(*_#]{{0,{_FAR}}}{_HESITATION}(?:{any_of(_BEHIND, _PARTS)})",
    re.IGNORECASE,
)
_AGAIN = r"""
    another try
    try again
    (?:correct|fix|redo) (?:it|that|this)
"""
_BEGINS_ANEW = re.compile(rf"\b(?:{any_of(_AGAIN)})\b[^.\n]{{0,20}}:\W*\Z", re.IGNORECASE)
"""What announces another value that never came."""
_FENCED = re.compile(r"\s*\n(?:[ \t]*```\w*[ \t]*\n)?\s*\Z|\s*```\w*\s*\n\s*\Z")
"""What stands between a line and the value under it."""


def taken_back(text: str, start: int, end: int) -> str:
    """The words beside a value that take it back, as in `It is not {...}` and `{...} Wait, it is wrong`; or none."""
    above = _FENCED.sub("", text[max(0, start - _NEAR) : start])
    found = (
        _TAKEN_BACK_BEFORE.search(above[above.rfind("\n") + 1 :])
        or _TAKEN_BACK_BEHIND.match(text, end)
        or _BEGINS_ANEW.search(text, max(end, len(text) - _NEAR))
    )
    return "" if found is None else found[0].strip()


# Another value for one of its fields


def contradicted(text: str, end: int, value: Any, place: Place) -> str:
    """The words behind an object that give one of its fields another value, such as `The age should be 3.`; or none.

    Only a clause that says no more than that counts, of a number or of one of several declared words.
    """
    behind = text[end : end + _SAID_BEHIND]
    if not isinstance(value, dict) or not behind.strip():
        return ""
    spoken = behind.lower()
    for name, given in islice(value.items(), _MOST_FIELDS):
        if len(name) > _LONGEST_NAME or _JOINTS.split(name)[0].lower() not in spoken:
            continue
        said = [(found[0].strip(), found["said"]) for found in _saying(name).finditer(behind)]
        others = [words for words, each in said if _is_other(given, each, place.inside(name))]
        if others and len(others) == len(said):
            return others[0]
    return ""


_SAID_BEHIND = 300
_MOST_FIELDS, _LONGEST_NAME = 50, 80
_JOINTS = re.compile(r"[\s_-]+")
"""What stands between the words of a name."""


@lru_cache(maxsize=_MOST_FIELDS)
def _saying(name: str) -> re.Pattern[str]:
    """A clause that gives a field a value, and says no more."""
    spelt = r"[\s_-]?".join(map(re.escape, _JOINTS.split(name)))
    verbs = r"=|:|should\s+be|must\s+be|is(?:\s+(?:actually|really))?" if len(name) > 1 else r"=|:"
    return re.compile(
        r"(?:\A|[.!?;(]\s|[\n,(]|\b(?:apologies|that))[^\w\n]*(?:(?:note|p\.?\s?s\.?)\s*:?\s+)?"
        r"(?:the\s+)?(?:(?:actual|correct|real|right|true)\s+)?"
        rf"{spelt}[*`\"']{{0,3}}\s*(?:{verbs})\s*[*`\"']{{0,3}}(?P<said>-?\d+(?:\.\d+)?|[^\W\d_][\w -]{{0,40}}?)"
        r"[*`\"']{0,3}\s*[.!)]{0,2}\s*(?:\n|\Z|(?<=\.\s)(?=[A-Z]))",
        re.IGNORECASE,
    )


def _is_other(given: Any, said: str, place: Place) -> bool:
    """Whether what is said of a field is surely another value than the given one."""
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        return False
    if isinstance(given, str):
        words = {plain_word(word) for form in place.forms for word in constants_of(form) or () if isinstance(word, str)}
        return plain_word(said) in words - {plain_word(given)}
    if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", said) is None:
        return False
    number = float(said)
    return number not in (given, given * 100, round(given), round(given, 1), round(given, 2))


# Of several values


_ASIDE = r"""
    \b(?:is|was) not
    \b(?:isn't|instead of|rather than)
    START(?:an? |for )?EXAMPLE(?=\s*:)
"""
_SET_ASIDE = re.compile(
    rf"(?:{any_of(_ASIDE + _AS_THOUGHT, _PARTS)})\s*:?\s*[`\"']*\Z|~~\Z",
    re.IGNORECASE,
)
"""What says that the value behind it is not the one that is given."""
_LABEL = re.compile(r"(?:\A|[.!?]\s)\W*(?P<label>[^\n.!?]{1,60}?)\W*:\W*\Z")
_OF_ANSWERS = re.compile(r"\b(?:answer|final|json|now|output|response|result|right)\Z", re.IGNORECASE)
_ANSWERS = ("answer", "output", "result", "final answer")
_INPUTS = ["before", "context", "default", "input", "original", "question", "reasoning", "source", "task", "thinking"]
_ANSWER, _INPUT = "|".join(_ANSWERS), "|".join(_INPUTS)
_ROLE = re.compile(
    rf"(?:(?:\A|\n)[ \t#*_-]{{0,9}}(?P<word>(?:{_ANSWER})(?:\s+(?:json|object))?|(?:{_INPUT})\b[^\n]{{0,60}}?)"
    rf"[ \t]*(?:[:\uff1a*][ \t*_]{{0,4}}|(?=\n))|<(?P<tag>{_ANSWER}|{_INPUT})>)\s*(?:```\w*\s*)?\Z",
    re.IGNORECASE,
)
"""A line, or a tag, that says what the value under it is."""


def set_aside(text: str, start: int) -> str:
    """The words before a value that set it aside where another one stands beside it, such as `Example:`; or none."""
    found = _SET_ASIDE.search(_before(text, start))
    return "" if found is None else found[0].strip()


def announces_draft(text: str, start: int) -> bool:
    """Whether the words before a value, or what is told of it on the line above, say that it is no answer."""
    above = _FENCED.sub("", text[max(0, start - _NEAR) : start])
    return (_TAKEN_BACK_BEFORE.search(above[above.rfind("\n") + 1 :]) or _SET_ASIDE.search(above)) is not None


def is_labelled(text: str, start: int) -> bool:
    """Whether a value stands behind a label that names no answer: `Counterexample:`."""
    found = _LABEL.search(_before(text, start))
    return found is not None and _OF_ANSWERS.search(found["label"]) is None


def role_of(text: str, start: int) -> tuple[str, bool]:
    """What the line or the tag before a value calls it, such as `Input`, and whether that names an answer."""
    found = _ROLE.search(text[max(0, start - _NEAR) : start])
    said = "" if found is None else found["tag"] or found["word"]
    return said, said.lower().removesuffix(" json").removesuffix(" object") in _ANSWERS


def _before(text: str, start: int) -> str:
    """What stands before a value on its line, or just before it."""
    return text[max(text.rfind("\n", 0, start) + 1, start - _NEAR) : start]
