"""What a line, a label, a tag or a fence before a value calls it: the answer, an example, a draft, an input.

One list of names serves a value that stands alone and one beside which another stands.
"""

from __future__ import annotations

import re
from typing import Any

from promptkit.late_pattern import LatePattern
from promptkit.output.phrasing import any_of, without_contractions
from promptkit.output.place import plain_word

__all__ = ["announces_other", "is_labelled", "names_other", "names_value", "role_of", "set_aside"]

_NEAR = 120
"""How many characters before a value are looked at."""
_NO_ANSWERS = r"""
    (?:(?:first|rough|early|initial|old|preliminary|working) )?drafts?(?: (?:ANSWER|version))?
    (?:(?:first|initial|naive|preliminary) )(?:attempt|guess|thought|try|version|ANSWER)
    (?:preliminary|tentative|wip|work in progress|not final|hypothetical(?:ly)?)
    counter-?examples?(?: ANSWER)?
    (?:(?:bad|good|negative|one|positive|short|typical) )?(?:example|sample)s?(?: (?:ANSWER|data|format|input|record))?
    (?:examples?|samples?)(?: of)? (?:the |your )?(?:ANSWER|format|input)
    (?:for )?(?:example|instance)
    (?:(?:answer|expected|output|required|requested|response) )?(?:format|schema|shape|structure|template)
    (?:(?:example|my|original|raw|test|the|user|user's|your) )?(?:inputs?|prompt)
    (?:user|human|system) (?:message|prompt|said|turn|wrote)
    (?:old|previous|earlier|former|original|outdated|obsolete|prior|stale|superseded) (?:ANSWER|label|version|class)s?
    (?:rejected|discarded|deleted|withdrawn|deprecated|obsolete|outdated|superseded)(?: (?:ANSWER|version)s?)?
    UNTRUE(?: (?:ANSWER|data|example|record))?
    (?:(?:this is|here is) )?something like this
    what not to (?:answer|do|output|reply|return|say|write)
    (?:(?:please )?do not (?:do|write|return|output|answer) )(?:this|it like this)
    (?:(?:the|your|my) )?(?:ANSWER )?(?:could|might|may) look(?: something)? like(?: this)?
    observation|tool (?:output|response|result)|given|test data|illustration|(?:the )?user's data|the format is
    (?:expected|required) output \([^()\n]{0,30}\)
    entwurf|vorlage|muster|eingabe|falsch|(?:zum |ein )?beispiele?|falsches beispiel|falsche antwort|so nicht
    brouillon|modèle|entrée|exemple|(?:faux|incorrect)|par exemple|mauvais exemple
    borrador|plantilla|entrada|(?:por )?ejemplo|incorrecto|mal ejemplo
    rascunho|(?:por )?exemplo|bozza|(?:per )?esempio
    例|例如|比如|例子|示例|例句|样例|范例|範例|草稿|初稿|模板|格式|输入|輸入|用户输入|错误|错误示例|错误答案|反例|旧答案
    下書き|草案|入力|テンプレート|誤り|誤答|悪い例|たとえば|例えば|출력 예시|예시|초안|입력|пример|черновик|например
"""
"""What names a value that is not given as the answer, whatever else stands in the text."""
_BESIDE_ANOTHER = r"""
    before|context|default|original(?:ly)?|previously|question|source|task|reasoning|thinking|initial|old|bad|plan
"""
"""What does so only where another value stands beside it, since it may be what was asked for."""
_OF_WORDS = r"""
    (?:allowed|available|possible|valid) (?:answers|categories|choices|classes|labels|options|values)
    choices|options|question|context|text|source
"""
"""What does so of a word or a number, which stands for less than an object does."""
_PARTS = {
    "ANSWER": "(?:answer|class|json|label|object|output|result|response|value)",
    "UNTRUE": "(?:bad|dummy|fake|false|incorrect|invalid|made-up|mock|not correct|placeholder|wrong)",
}
_MARKS = r"[\s#*_>`~\-\u2013\u2014\u2022\u274c\u2717\u2718\U0001f6ab\u26a0\ufe0f]{0,9}"
"""What may stand around the words of a label."""
_LEAD = r"(?:(?:this\s+is|here\s+is|here\s+are|below\s+is)\s+)?(?:(?:an?|the|my|your|some|one)\s+)?"
_COLON = r"\s*[*_`]{0,3}\s*[:\uff1a]\s*[*_`]{0,3}"
_NO_DRAFT = r"(?!here\s+is\s+(?:an?|my|the|your)\s+(?:\w+\s+)?draft\b)"
_NAMED = rf"{_NO_DRAFT}{_LEAD}(?P<said>{any_of(_NO_ANSWERS, _PARTS)})(?:\s*\([^()\n]{{0,30}}\))?"
_NO_ANSWER = LatePattern(
    rf"(?:\A|[\n.!?\u3002]){_MARKS}{_NAMED}(?:{_COLON}|(?:\*\*|__)(?=\s*\n))\s*(?:```\w*\s*)?[`\"']?\Z",
    re.IGNORECASE,
)
_OF_A_WORD = LatePattern(
    rf"(?:\A|[\n.!?\u3002]){_MARKS}(?:{_NAMED}|{_LEAD}(?:{any_of(_OF_WORDS)})){_COLON}\s*[`\"']?\Z",
    re.IGNORECASE,
)
_TAGS = (
    "bad|context|document|draft|example|function_results?|human|incorrect|input|observation|original|question|rejected"
    "|sample|schema|template|tool_(?:response|result)s?|user|user_input|wrong"
)
_MARKED = LatePattern(
    rf"(?:<(?P<tag>{_TAGS})>|<summary>\s*(?P<summary>reasoning|thinking|thoughts?|draft|example)\s*</summary>"
    r"|(?:```|~~~)(?P<fence>draft|example|input|reasoning|thinking|thought)[ \t]*\n"
    r"|[(\[](?P<mark>draft|example|sample|placeholder|wrong|incorrect|not final|old|outdated|input|template)[)\]][ :]*"
    r"|(?:\A|\n)[ \t]*[*_]{0,3}(?P<speaker>human|user)[*_]{0,3}[:\uff1a][*_]{0,3}[ \t]*(?=[{\[]|\Z)(?<!\n)"
    r"|(?:\A|\n)[ \t]*(?P<cross>[\u274c\u2717\u2718\U0001f6ab]))\s*(?:```\w*\s*)?\Z",
    re.IGNORECASE,
)
"""A tag, a fence or a mark that says so."""

_ASIDE = r"""
    \b(?:is|was|should|must) not(?: be)?
    \b(?:cannot be|instead of|rather than)
    (?:\A|[.!?] )\W{0,4}not
    \A\W{0,4}(?:an? |for )?example(?=\s*:)
    \A\W{0,4}(?:bad|incorrect|wrong)(?=\s*:)
    <(?:context|draft|example|input|plan|tool_(?:response|result)s?|user_input|wrong)>
    <summary>(?:draft|reasoning|thinking|thoughts?)</summary>
    (?:\A|[.!?] )\W{0,4}i (?:first|initially|originally) (?:answered|guessed|said|thought|wrote)
    \A\W{0,6}(?:reasoning|thoughts?|thinking)\W{0,4}(?<=:)\W{0,4}(?:maybe|perhaps)?
"""
_SET_ASIDE = LatePattern(rf"(?:{any_of(_ASIDE)})\s*:?\s*[`\"']*\Z|~~\Z", re.IGNORECASE)
"""What says that the value behind it is not the one that is given."""
_LABEL = LatePattern(r"(?:\A|[.!?]\s)\W*(?P<label>[^\n.!?]{1,60}?)\W*:\W*\Z")
_ANSWERS = (
    *("after", "answer", "antwort", "assistant", "corrected", "corrected version", "endgültige antwort", "final"),
    *("final answer", "fixed", "good", "improved", "my answer", "my output", "new", "output", "réponse", "respuesta"),
    *("result", "revised", "updated", "最終回答", "最终答案", "答案", "回答"),
)
_OF_ANSWERS = LatePattern(rf"\b(?:{'|'.join(_ANSWERS)}|correct|correction|json|now|response|right)\Z", re.IGNORECASE)
_ANSWER, _OTHER = "|".join(_ANSWERS), f"{any_of(_BESIDE_ANOTHER)}|{any_of(_NO_ANSWERS, _PARTS)}"
_ROLE = LatePattern(
    rf"(?:(?:\A|\n|[.!?]\s)[ \t#*_-]{{0,9}}"
    rf"(?:here\s+is\s+)?(?:(?:an?|the|my)\s+)?"
    rf"(?P<word>(?:{_ANSWER})(?:\s+(?:json|object))?|(?:{_OTHER})\b[^\n]{{0,60}}?)"
    rf"[ \t]*(?:[:\uff1a*][ \t*_]{{0,4}}|(?=\n))|<(?P<tag>{_ANSWER}|{_OTHER})>)\s*(?:```\w*\s*)?\Z",
    re.IGNORECASE,
)
"""A line, or a tag, that says what the value under it is."""
_ALONE = LatePattern(
    rf"(?:\A|\n)[ \t#*_-]{{0,9}}(?:{_OTHER})[*_]{{0,3}}[ \t]*[:\uff1a][*_]{{0,3}}\s*(?:```\w*\s*)?\Z", re.IGNORECASE
)
"""A label of something else than the answer, and nothing between it and the value."""


def names_value(text: str, start: int, value: Any) -> str:
    """The words before a value that call it something else than the answer, where it is the only one; or none.

    What is also a key of the value names what was asked for: `Draft: {"draft": ...}`.
    """
    before = without_contractions(text[max(0, start - _NEAR) : start])
    found = _NO_ANSWER.search(before) or _MARKED.search(before)
    if found is None:
        return ""
    said = plain_word(next(filter(None, found.groupdict().values()), ""))
    if isinstance(value, list) and said.endswith(("s", "beispiele")):
        return ""  # several examples are a list that was asked for
    keys = frozenset(map(plain_word, value)) if isinstance(value, dict) else frozenset()
    composed = not _COMPOSED.isdisjoint(keys) and re.search(_OF_COMPOSED, said) is not None
    return "" if composed or said in keys else found[0].strip()


_KEYS_OF_TEXTS = "body content email letter message poem post reply response sentence subject text title translation"
_COMPOSED = frozenset(_KEYS_OF_TEXTS.split())
"""Names of texts that somebody may have asked for a draft, or an example, of."""
_OF_COMPOSED = "borrador|bozza|brouillon|draft|entwurf|example|muster|plantilla|sample|template|vorlage|例句|模板|草稿"


def names_other(before: str) -> str:
    """The words before a word or a number that call it something else than the answer; or none."""
    near = without_contractions(before[-_NEAR:])
    found = _OF_A_WORD.search(near) or _MARKED.search(near)
    return "" if found is None else found[0].strip()


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
