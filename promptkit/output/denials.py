"""Words that deny what they stand beside: a value in a text, a word of an enum, a list."""

from __future__ import annotations

import re

from promptkit.output.place import words_of

__all__ = ["DENIALS", "denied", "doubted", "is_labelled", "set_aside", "taken_back"]

_DENIED = """
    absent aint almost against anything arent barely but cannot cant could couldnt didnt disagree doesnt dont doubt
    either except fail failed fails false falsely far formerly free hardly if incorrect instead isn isnt lack lacking
    lacks less maybe might nearly neither nah never no non nope nor not nothing once opposite overly previously rarely
    rather eliminate eliminated eliminates exclude excluded excludes excluding refuse ruled scarcely
    seldom perhaps possibly shouldnt than too unless unlikely wasnt werent without wont wouldnt wrong
    aucun aucune degil ei eivat geen inte ikke ingen kein keine keinen keiner keinerlei nao nicht nie niente nim
    non nunca pas senza sans sin ne не нет 不 没 非 ohne nem nije neni bukan khong ليس لא οχι नहीं
"""
DENIALS = frozenset(_DENIED.split())
_DOUBTS = "not no without except exclude excluded excluding avoid wrong incorrect but however actually wait instead"
_DOUBTFUL = frozenset(_DOUBTS.split())
"""What doubts a list when it stands around it."""


def denied(text: str) -> bool:
    """Whether the last line of a text has a word that denies what follows."""
    lines = text.rstrip().splitlines()
    return bool(lines) and not DENIALS.isdisjoint(words_of(lines[-1]))


def doubted(around: str) -> bool:
    """Whether the lines around a list say that it is not what was asked for."""
    return not _DOUBTFUL.isdisjoint(words_of(around))


_CANNOT = r"i\s+(?:cannot|can['’]t|can not|could not)\s+"
_UNABLE = (
    rf"{_CANNOT}(?:(?:answer|comply|say|tell|decide)(?:\s+(?:that|this|it))?|do\s+(?:that|this|it)"
    r"|determine\s+(?:it|that|this)|help\s+(?:you\s+)?with\s+(?:that|this)|provide\s+(?:it|that|this|one|an answer))"
)
_FAR = 60
"""How much white space may stand before words that take a value back."""
_EXAMPLE = r"(?:example|beispiel|exemple|ejemplo|esempio)"
_AS_THOUGHT = r"\A\W{0,6}(?:reasoning|thoughts?|thinking)\W{0,4}(?<=:)\W{0,4}(?:maybe|perhaps)?"
_BEFORE = (
    r"(?:\b(?:is|was|are)\s+not|\bisn['’]?t|\bwasn['’]?t|\bnever|\binstead of|\brather than|\bunlike)",
    r"(?:\A|[.!?]\s+)not",
    r"\b(?:(?:this|that|it)\s+(?:is|was)\s+(?:wrong|incorrect)|das\s+ist\s+falsch)",
    r"\b(?:do\s+not|don['’]t|never|i\s+will\s+not|i\s+won['’]t)\s+(?:answer|say|use|return|output|give)(?:\s+with)?",
    r"\A\W{0,4}(?:the\s+)?(?:wrong|incorrect)(?:\s+(?:answer|json|output|response|value))?(?:\s+is\b|(?=\s*:))",
    r"\bthe\s+(?:input\s+was|format\s+would\s+be)",
    rf"\b{_EXAMPLE}\s+of\s+the\s+(?:format|output)",
    rf"\A\W{{0,4}}(?:an?\s+|for\s+)?(?:{_EXAMPLE}|e\.g\.|例)(?=\s*(?:[:\uff1a]|\Z))",
    rf"\A\W{{0,4}}for\s+{_EXAMPLE}\b[^.:\n]{{0,40}}\bis",
    rf"\b{_EXAMPLE}\s+(?:would\s+be|might\s+be)",
    rf"{_CANNOT}(?:answer(?:\s+(?:that|this|it))?|comply|help\s+(?:you\s+)?with\s+(?:that|this))[.!]",
    r"\bi\s+(?:do\s+not|don['’]t)\s+know[.!]",
    r"\A\W{0,4}(?:you|the\s+user)\s+(?:gave|wrote|said|sent|provided)(?:\s+me)?",
    _AS_THOUGHT,
)
_TAKEN_BACK_BEFORE = re.compile(rf"(?:(?:{'|'.join(_BEFORE)})\s*[:\uff1a]?\s*[`\"']*|~~)\Z", re.IGNORECASE)
_WRONG = r"(?:wrong|incorrect|invalid|not\s+(?:right|correct|valid))\b"
_ENDS = r"\s*(?:[.!,;]|\Z)"
_BEHIND = (
    r"actually\b[^.\n]{0,60}\b(?:should|wrong|incorrect|not|must be|instead)\b|actually,?\s+no\b[^.\n]{0,9}:",
    r"wait\b[,.!\s-]{1,9}(?:that|this|it|no|i)\b",
    r"correction\s*:(?!\s*none)|scratch that\b|oops\b|on second thought\b|i\s+take\s+(?:that|it|this)\s+back\b",
    r"(?:sorry,?\s+)?i\s+meant\s+[\d\"'{\[-]|hmm\b[^.\n]{0,60}\b(?:should\s+be|wrong|instead)\b",
    rf"no,\s+(?:-?\d|(?:it|that|this)\s+(?:is\s+{_WRONG}|should\s+be\b))",
    r"(?:(?:please\s+)?(?:ignore|disregard|forget)\s+(?:that|this|it|the\s+above)\s*[.!])",
    rf"(?:but\s+)?{_UNABLE}\s*(?:[.!]|\Z)",
    r"is\s+what\s+(?:i|they|he|she|we)\s+(?:would|might|could)\s+have\b",
    r"is\s+what\s+an?\s+[\w\s]{1,30}\b(?:would|might|could)\s[^.\n]{1,30}\bbut\b",
    r"(?:but\s+)?i\s+(?:do\s+not|don['’]t)\s+know\b",
    rf"(?:but\s+)?(?:that|this|it|the\s+above)\s+(?:is|was)\s+{_WRONG}|is\s+{_WRONG}{_ENDS}",
    rf"(?:that|this|it|the\s+above)\s+(?:is|was)\s+(?:only|just)\s+an?\s+{_EXAMPLE}\b",
    rf"(?:but|and)\s+(?:i\s+)?(?:rejected|discarded)(?:\s+(?:it|that))?{_ENDS}|cannot\s+be\s+(?:produced|right|correct){_ENDS}",
)
_TAKEN_BACK_BEHIND = re.compile(
    rf"[ \t`\"']{{0,9}}\?(?=\s|\Z)|[\s`.,;]{{0,{_FAR}}}(?:{'|'.join(_BEHIND)})", re.IGNORECASE
)
_NEAR = 120
"""How far before a value on its line the words stand that are looked at."""
_SET_ASIDE = re.compile(
    r"(?:\b(?:is|was)\s+not|\bisn['’]?t|\binstead of|\brather than"
    rf"|\A\W{{0,4}}(?:an?\s+|for\s+)?{_EXAMPLE}(?=\s*:)"
    rf"|{_AS_THOUGHT})\s*:?\s*[`\"']*\Z|~~\Z",
    re.IGNORECASE,
)
"""What says that the value behind it is not the one that is given."""
_LABEL = re.compile(r"(?:\A|[.!?]\s)\W*(?P<label>[^\n.!?]{1,60}?)\W*:\W*\Z")
_OF_ANSWERS = re.compile(r"\b(?:answer|final|json|now|output|response|result|right)\Z", re.IGNORECASE)


def set_aside(text: str, start: int) -> str:
    """The words before a value that set it aside where another one stands beside it, such as `Example:`; or none."""
    found = _SET_ASIDE.search(_before(text, start))
    return "" if found is None else found[0].strip()


def is_labelled(text: str, start: int) -> bool:
    """Whether a value stands behind a label that names no answer: `Counterexample:`."""
    found = _LABEL.search(_before(text, start))
    return found is not None and _OF_ANSWERS.search(found["label"]) is None


def _before(text: str, start: int) -> str:
    """What stands before a value on its line, or just before it."""
    return text[max(text.rfind("\n", 0, start) + 1, start - _NEAR) : start]


def taken_back(text: str, start: int, end: int) -> str:
    """The words beside a value that take it back, as in `It is not {...}` and `{...} Wait, it is wrong`; or none."""
    found = _TAKEN_BACK_BEFORE.search(_before(text, start)) or _TAKEN_BACK_BEHIND.match(text, end)
    return "" if found is None else found[0].strip()
