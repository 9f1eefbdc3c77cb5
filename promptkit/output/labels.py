"""What a line, a label or a tag before a value calls it: the answer, an example, a draft, an input."""

from __future__ import annotations

import re

from promptkit.output.phrasing import any_of, without_contractions

__all__ = ["announces_other", "is_labelled", "role_of", "set_aside"]

_NEAR = 120
"""How many characters before a value are looked at."""
_ASIDE = r"""
    \b(?:is|was|should|must) not(?: be)?
    \b(?:cannot be|instead of|rather than)
    (?:\A|[.!?] )\W{0,4}not
    \A\W{0,4}(?:an? |for )?example(?=\s*:)
    \A\W{0,4}(?:bad|incorrect|wrong)(?=\s*:)
    <(?:context|draft|example|input|user_input|wrong)>
    (?:\A|[.!?] )\W{0,4}i (?:first|initially|originally) (?:answered|guessed|said|thought|wrote)
    \A\W{0,6}(?:reasoning|thoughts?|thinking)\W{0,4}(?<=:)\W{0,4}(?:maybe|perhaps)?
"""
_SET_ASIDE = re.compile(rf"(?:{any_of(_ASIDE)})\s*:?\s*[`\"']*\Z|~~\Z", re.IGNORECASE)
"""What says that the value behind it is not the one that is given."""
_LABEL = re.compile(r"(?:\A|[.!?]\s)\W*(?P<label>[^\n.!?]{1,60}?)\W*:\W*\Z")
_ANSWERS = ("answer", "corrected", "final", "final answer", "output", "result", "revised")
_OF_ANSWERS = re.compile(rf"\b(?:{'|'.join(_ANSWERS)}|correct|correction|json|now|response|right)\Z", re.IGNORECASE)
_INPUTS = r"""
    before|context|default|input|observation|original|previously|question|source|task
    reasoning|thinking
    draft|(?:first|initial) (?:answer|attempt|draft|guess|thought|try|version)|initial
    (?:an? |here is (?:an? |the )?)?example(?: of the (?:format|output))?
    incorrect|wrong
"""
_ANSWER, _INPUT = "|".join(_ANSWERS), any_of(_INPUTS)
_ROLE = re.compile(
    rf"(?:(?:\A|\n|[.!?]\s)[ \t#*_-]{{0,9}}"
    rf"(?:here\s+is\s+)?(?:(?:the|my)\s+)?(?P<word>(?:{_ANSWER})(?:\s+(?:json|object))?|(?:{_INPUT})\b[^\n]{{0,60}}?)"
    rf"[ \t]*(?:[:\uff1a*][ \t*_]{{0,4}}|(?=\n))|<(?P<tag>{_ANSWER}|{_INPUT})>)\s*(?:```\w*\s*)?\Z",
    re.IGNORECASE,
)
"""A line, or a tag, that says what the value under it is."""


_ALONE = re.compile(
    rf"(?:\A|\n)[ \t#*_-]{{0,9}}(?:{_INPUT})[*_]{{0,3}}[ \t]*[:\uff1a][*_]{{0,3}}\s*(?:```\w*\s*)?\Z", re.IGNORECASE
)
"""A label of something else than the answer, and nothing between it and the value."""


def set_aside(text: str, start: int) -> str:
    """The words before a value that set it aside where another one stands beside it, such as `Example:`; or none."""
    found = _SET_ASIDE.search(without_contractions(_before(text, start)))
    return "" if found is None else found[0].strip()


def announces_other(text: str, start: int) -> bool:
    """Whether what stands before a value calls it something else than the answer, if it is not the only one."""
    return bool(set_aside(text, start)) or _ALONE.search(text[max(0, start - _NEAR) : start]) is not None


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
