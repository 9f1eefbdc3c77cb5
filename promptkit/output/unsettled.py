"""What shows that a value in a text is not settled: thinking goes on behind it, it is part of a list, code changes it.

A model whose reasoning stands in no tags, or was cut, writes the value that it thinks of in the middle of its thoughts.
"""

from __future__ import annotations

import re
from typing import Any

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
    (?:but |hmm+,? |oh,? )?wait\b(?! (?:for|list|period|time|until|while)\b)
    (?:but |now,? )?let me (?:double ?-? ?|re ?-? ?)?(?:check|confirm|consider|find|look|read|refine|think|verify)\b
    now (?:i (?:need|should)|(?:check|refin|think|verify)\w*)\b
    i will now (?:check|refine|reconsider|rework|think|verify)\b
    hmm+,? (?:but|is (?:it|that|this)|let me|wait)\b
"""
_THINKS_ALOUD = re.compile(rf"[\W_]{{0,9}}(?:{any_of(_ALOUD)})", re.IGNORECASE)
_HEDGED = re.compile(rf"\b(?:{any_of(_HEDGES)})[\s:\uff1a`\"'*]{{0,9}}(?:```\w*\s*)?\Z", re.IGNORECASE)
_TURNED = re.compile(rf"[\s`\"'.,;:)*_\u2013\u2014-]{{0,60}}(?:{any_of(_TURNS)})", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_]{2,}")
_ENDS = re.compile(r"[.!?:\u2026\u3002\uff01\uff1f)\]}>`*\"'|]\s*\Z|[^\x00-\u2fff]\s*\Z")
"""How a text ends that is whole: with a sign, or in a script whose sentences need none."""
_OPEN_TAG = re.compile(r"\s*<(?P<name>[A-Za-z][\w:|-]{1,40})>(?!\s*(?:```\w*\s*)?[{\[])")
_NO_TAGS = frozenset(("answer", "br", "final", "final_answer", "hr", "json", "output", "p", "response", "result", "s"))
"""Names of tags that stand for no thinking, be they closed or not."""
_MORE = r"""
    \(?(?:partial|incomplete|truncated)(?: (?:array|list|output|result)s?)?\)?
    \(?(?:the )?(?:list|output|array|rest) (?:is |was )?(?:cut off|incomplete|omitted|partial|truncated)\b
    \(?(?:the )?list continues ?(?:[.!)]|\Z|below|in the next)
    (?:the )?(?:remainder|rest) (?:of (?:it|the \w+) )?(?:follows|is (?:cut|left out|omitted)|will follow)\b
    (?:\.{3}|\u2026) ?(?:and )?\d+ (?:more|others)\b
    (?:,? ?and )\d+ (?:more|others)\b
    , ?etc\b
"""
_IS_PARTIAL = re.compile(rf"[\s`.;()/#*_-]{{0,20}}(?:{any_of(_MORE)})", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?:\A|[\n;])[ \t]*(?:(?:const|let|var)\s+)?(?P<name>[A-Za-z_]\w{0,60})\s*(?::[^=\n]{1,60})?=\s*\Z"
)
_MOST_CODE = 2_000
"""How many characters behind a value are looked through for what changes it."""


def unsettled(text: str, start: int, end: int, value: Any) -> str:
    """Why a value between two offsets is not settled, in words of the text; or none."""
    behind = without_contractions(text[end : end + _BEGINNING])
    if (turned := _TURNED.match(behind)) is not None:
        return turned[0].strip()
    if isinstance(value, list) and (partial := _IS_PARTIAL.match(behind)) is not None:
        return partial[0].strip()
    if _is_unfinished(text, end) and (thinking := _thinking(text, start)):
        return thinking
    return _changed(text, start, end)


def _is_unfinished(text: str, end: int) -> bool:
    """Whether words stand behind a value, and the text breaks off in them."""
    behind = text[end:].rstrip()
    return _WORDS.search(behind[-_BEGINNING:]) is not None and _ENDS.search(behind[-2:]) is None


def _thinking(text: str, start: int) -> str:
    """The words before a value that think aloud, or the tag around it that is no answer's and has no end."""
    tag = _OPEN_TAG.match(text)
    if tag is not None and tag["name"].lower() not in _NO_TAGS and f"</{tag['name']}" not in text:
        return tag[0].strip()
    found = _THINKS_ALOUD.match(without_contractions(text[: min(start, _BEGINNING)]))
    found = found or _HEDGED.search(without_contractions(text[max(0, start - _NEAR) : start]))
    return "" if found is None else found[0].strip()


def _changed(text: str, start: int, end: int) -> str:
    """What changes a value in the code behind it that gives it a name: `data["age"] += 1`."""
    name = _ASSIGNED.search(text, max(0, start - _NEAR), start)
    if name is None:
        return ""
    said = re.escape(name["name"])
    part = r"(?:\[[^\]\n]{1,60}\]|\.\w{1,60}){1,5}"
    changes = rf"^[ \t]*{said}(?:{part}\s*[-+*/|]?=(?!=)|\.(?:append|extend|pop|push|update)\()"
    found = re.compile(changes, re.MULTILINE).search(text, end, end + _MOST_CODE)
    return "" if found is None else found[0].strip()
