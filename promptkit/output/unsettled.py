"""What shows that a value in a text is not settled: thinking goes on behind it, it is part of a list, code changes it.

A model whose reasoning stands in no tags, or was cut, writes the value that it thinks of in the middle of its thoughts.
"""

from __future__ import annotations

import re
from typing import Any

from promptkit.late_pattern import LatePattern
from promptkit.output.phrasing import any_of, without_contractions

__all__ = ["unsettled"]

_BEGINNING = 400
"""How many characters at the beginning of a text are looked at, and behind a value."""
_NEAR = 80
"""How many characters before a value are looked at."""
_ALOUD = r"""
    (?:ok|okay|alright|hmm+|so|well|now),? (?:let me|let us|let's|the user|so )
    (?:ok|okay|alright|hmm+|so|well|now),? (?:i|we) (?:need|have|think|should)
    hmm+\b
    let (?:me|us) (?:think|see)
    let's (?:think|see|work)
    we need to (?:answer|give|output|produce|respond|return|write)\b
    (?:so )?the user (?:asks|is asking|wants|has asked|needs)\b
    (?:here is (?:a|my) )?(?:thinking|thought|reasoning) process\b
    first guess\b
    the required output is\b
"""
_HEDGES = r"""
    (?:could|may|might) be(?: \w{1,20})?
    would be(?!\s*[:\uff1a])
    (?:maybe|perhaps|possibly)
    (?:guess|format|draft) ?:?
    (?:format|json|output|something) like
    (?:that gives|i think)
"""
_TURNS = r"""
    (?:but|hmm+|oh),? wait\b(?!,? (?:for|there|until|while)\b)
    wait(?=[,:.!\u2026]|\s*\Z)(?!, (?:let|one|should|then|there)\b|! before\b)
    (?:but |now,? )?let me (?:reconsider|rethink|think)\b
    (?:but |now,? )?let me (?:try (?:it |that |this )?again|start (?:over|again))\b(?![^.\n]{0,40} if\b)
    (?:but |now,? )?let me (?:redo|refine|revise)\b(?! it in\b)(?![^.\n]{0,40} if\b)
    i will now (?:reconsider|redo|refine|rethink|revise|rework)\b(?![^.\n]{0,40} if\b)
    now think\b
"""
_LOOKS_AGAIN = r"""
    (?:but |now,? )?let me (?:double ?-? ?|re ?-? ?)?(?:check|confirm|consider|read|verify)\b
    (?:i will )?now (?:checking|refining|thinking|verifying)\b
"""
_DOUBTS = LatePattern(r"\b(?:actually|hmm+|however|incorrect|mistake|should\s+be|wait|wrong)\b", re.IGNORECASE)
_CONFIRMS = LatePattern(
    r"(?:\b(?:confirmed|correct|good|match(?:es)?|met|ok)|[\u2713\u2714\u2705])\W*\Z", re.IGNORECASE
)
"""What a second look has found."""
_THINKS_ALOUD = LatePattern(rf"[\W_]{{0,9}}(?:{any_of(_ALOUD)})", re.IGNORECASE)
_HEDGED = LatePattern(rf"\b(?:{any_of(_HEDGES)})[\s:\uff1a`\"'*]{{0,9}}(?:```\w*\s*)?\Z", re.IGNORECASE)
_BETWEEN = r"[\s`.,;:)*_\u2013\u2014]{0,60}"
_TURNED = LatePattern(rf"{_BETWEEN}(?:{any_of(_TURNS)})", re.IGNORECASE)
_LOOKED_AGAIN = LatePattern(rf"{_BETWEEN}(?:{any_of(_LOOKS_AGAIN)})", re.IGNORECASE)
_DANGLING = r"""
    (?:a|an|and|are|as|at|because|be|but|by|from|if|is|of|or|the|their|then|to|wait|was|we|which|will)
    let me(?: (?!know\b)\w{2,12})?
    now (?:check|think|verif)\w*
"""
_BREAKS_OFF = LatePattern(rf"(?:,|[,.!?\n]\s*so|\b(?:{any_of(_DANGLING)}))\s*\Z", re.IGNORECASE)
"""How a text ends in the middle of a sentence."""
_POINT = LatePattern(r"(?:\A|\n)\s*\d{1,2}\.\s+\w+(?: \w+){0,2}\s*\Z")
"""The first words of the next point, where points stand before the value."""
_OPEN_TAG = LatePattern(r"\s*<(?P<name>[A-Za-z][\w:|-]{1,40})>(?!\s*(?:```\w*\s*)?[{\[])")
_CLOSED_TAG = LatePattern(r"</[\w:|]{1,40}>")
_MORE = r"""
    \(?(?:partial|incomplete|truncated)(?: (?:array|list|output|result)s?)?\)? ?[.!]?(?:\s*\Z|\n)
    \(?(?:the )?(?:array|list|output) (?:is |was )?(?:cut off|incomplete|partial|truncated)ENDS
    \(?(?:the )?list continues ?(?:[.!)]|\Z|below|in the next)
    REST (?:follows|will follow)(?:ENDS| (?:below|in|later|next|soon)\b)
    REST is (?:cut|left out|omitted)ENDS
    (?:\.{3}|\u2026) ?(?:and )?\d+ (?:more|others)(?: (?:entries|items|results))?ENDS
    (?:,? ?and )\d+ (?:more|others)(?: (?:entries|items|results))?ENDS
    , ?etc\b
"""
_PARTS = {
    "ENDS": r" ?(?:[.!)]|\Z|\n)",
    "REST": "(?:the )?(?:remainder|rest)(?: of (?:it|the (?:items|list|output)))?",
}
_IS_PARTIAL = LatePattern(rf"[\s`.;()/#*_-]{{0,20}}(?:{any_of(_MORE, _PARTS)})", re.IGNORECASE)
_ASSIGNED = LatePattern(
    r"(?:\A|[\n;])[ \t]*(?:(?:const|let|var)\s+)?(?P<name>[A-Za-z_]\w{0,60})\s*(?::[^=\n]{1,60})?=\s*\Z"
)
_IF_LATER = LatePattern(
    r"\b(?:add|change|custom|example|later|overrides?|to (?:set|update)|usage|use)\b", re.IGNORECASE
)
_MOST_CODE = 2_000
"""How many characters behind a value are looked through for what changes it."""


def unsettled(text: str, start: int, end: int, value: Any) -> str:
    """Why a value between two offsets is not settled, in words of the text; or none."""
    behind = without_contractions(text[end : end + _BEGINNING])
    if (turned := _TURNED.match(behind)) is not None:
        return turned[0].strip()
    breaks_off = _breaks_off(text, end)
    again = _LOOKED_AGAIN.match(behind)
    doubts = again is not None and _DOUBTS.search(behind, again.end()) and not _CONFIRMS.search(behind)
    if again is not None and (breaks_off or doubts):
        return again[0].strip()
    if isinstance(value, list) and (partial := _IS_PARTIAL.match(behind)) is not None:
        return partial[0].strip()
    if breaks_off and (thinking := _thinking(text, start)):
        return thinking
    return _changed(text, start, end, value)


def _breaks_off(text: str, end: int) -> bool:
    """Whether the text ends in the middle of the words behind a value."""
    last = text[max(end, len(text) - _NEAR) :].rstrip()
    in_points = _POINT.search(last) is not None and re.search(r"^\s*1\.", text[:end], re.MULTILINE) is not None
    return in_points or _BREAKS_OFF.search(last) is not None


def _thinking(text: str, start: int) -> str:
    """The words before a value that think aloud, or the tag around it that is no answer's and has no end."""
    tag = _OPEN_TAG.match(text)
    if tag is not None and f"</{tag['name']}" not in text:
        return tag[0].strip()
    closed = max((found.end() for found in _CLOSED_TAG.finditer(text, 0, start)), default=0)
    found = _THINKS_ALOUD.match(without_contractions(text[closed : min(start, closed + _BEGINNING)]))
    found = found or _HEDGED.search(without_contractions(text[max(closed, start - _NEAR) : start]))
    return "" if found is None else found[0].strip()


def _changed(text: str, start: int, end: int, value: Any) -> str:
    """What changes a value in the code behind it that gives it a name: `data["age"] += 1`."""
    name = _ASSIGNED.search(text, max(0, start - _NEAR), start)
    if name is None or not isinstance(value, (dict, list)):
        return ""
    closing = text.find("```", end)
    until = min(end + _MOST_CODE, closing if closing >= 0 else len(text))
    said = re.escape(name["name"])
    part = r"(?:\[[\"']?(?P<key>[^\]\n]{1,60}?)[\"']?\]|\.(?P<field>\w{1,60}))"
    changes = re.compile(
        rf"^[ \t]*{said}(?:{part}\s*[-+*/|]?=(?!=)|\.(?:append|extend|pop|push|update)\()", re.MULTILINE
    )
    found = changes.search(text, end, until)
    if found is None or _IF_LATER.search(
        text, end, text.find("\n", found.end()) if "\n" in text[found.end() :] else len(text)
    ):
        return ""
    key = found["key"] or found["field"]
    return found[0].strip() if key is None or not isinstance(value, dict) or key in value else ""
