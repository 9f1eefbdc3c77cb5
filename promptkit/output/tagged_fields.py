"""Objects whose fields stand in markup of their own: a tag for each, the parameters of a call, DSPy's headings.

MiniMax and Claude write `<parameter name="team">`, Qwen's coders `<parameter=team>`, by their chat templates.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.late_pattern import LatePattern
from promptkit.output.markdown_lists import SCALARS
from promptkit.output.place import plain_word
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.result import Step

if TYPE_CHECKING:
    from promptkit.output.acceptance import Judge, Judged
    from promptkit.output.place import Place

__all__ = ["tagged"]


class _Form(NamedTuple):
    """How a field begins, and how it ends."""

    begins: LatePattern[str]
    ends: str


_FORMS = (
    _Form(LatePattern(r"<parameter name=\"(?P<name>[^\"\n]{1,80})\"[^<>\n]{0,80}>"), "</parameter>"),
    _Form(LatePattern(r"<parameter=(?P<name>[^<>\n]{1,80})>"), "</parameter>"),
    _Form(LatePattern(r"\[\[ ## (?P<name>\w{1,64}) ## \]\]"), ""),
    _Form(LatePattern(r"<(?P<name>[A-Za-z_][\w-]{0,60})>"), "</{name}>"),
)
_AROUND = LatePattern(
    r"</?(?P<tag>answer|function_calls?|minimax:tool_call|output|response|result|root|tool_calls?)>"
    r"|<(?P<call>invoke|function)(?: name=\"[^\"<>\n]{1,80}\"|=[^<>\n]{1,80})>|</(?P<end>invoke|function)>"
    r"|```(?:html|text|xml)?(?=\s|\Z)",
    re.IGNORECASE,
)
"""What may stand around the fields."""
_COMPLETED = "completed"
"""DSPy's heading at the end of an answer."""
_ESCAPED = LatePattern(r"&#?\w{1,10};|<!\[CDATA\[|\A\{\w+\}\Z")
"""What stands for something else in a value, or for what is to be filled in."""


def tagged(text: str, judge: Judge) -> Judged | None:
    """The object of which each field stands in markup; None where anything else stands there, or a name is unknown."""
    place = judge.place
    if judge.field or not judge.coerces or place.kinds != {"object"} or not place.names:
        return None
    declared = {plain_word(name): name for name in place.names}
    for form in _FORMS:
        fields = _fields(text, form, declared)
        value = _object(fields, declared, place) if fields else None
        told = Step("read from its markup", f"{len(fields)} fields, each in markup of its own", repairs=True)
        if value is not None and (judged := judge.accepted(value, text, told)) is not None:
            return judged
    return None


def _fields(text: str, form: _Form, declared: dict[str, str]) -> list[tuple[str, str]]:
    """The names and values of fields, one behind the other; none where anything else stands between them."""
    found: list[tuple[str, str]] = []
    around: list[str] = []
    at = 0
    for begin in form.begins.finditer(text):
        if begin.start() < at or (form.ends and plain_word(begin["name"]) not in declared):
            continue  # inside of a value, or around the fields
        end = text.find(form.ends.format(name=begin["name"]), begin.end()) if form.ends else _next(form, text, begin)
        if end < 0:
            return []
        around.append(text[at : begin.start()])
        found.append((begin["name"], _without_margins(text[begin.end() : end])))
        at = end + len(form.ends.format(name=begin["name"]))
    return found if found and _holds_nothing("".join((*around, text[at:]))) else []


def _next(form: _Form, text: str, begin: re.Match[str]) -> int:
    """Where a value ends that goes on to the next heading."""
    following = form.begins.search(text, begin.end())
    return len(text) if following is None else following.start()


def _without_margins(value: str) -> str:
    """A value without the line ends that set it apart from its tags; one on a line of its own also without blanks."""
    inner = re.sub(r"\A(?:[ \t]{0,99}\r?\n)+|(?:\r?\n[ \t]{0,99})+\Z", "", value)
    return inner if "\n" in inner else inner.strip()


def _holds_nothing(around: str) -> bool:
    """Whether only whole pairs of tags stand around the fields, and no more than one call."""
    opened: Counter[str] = Counter()
    calls = 0
    for tag in _AROUND.finditer(around):
        name = (tag["tag"] or tag["call"] or tag["end"] or "```").lower()
        calls += tag["call"] is not None
        opened[name] += 1 if name != "```" and not tag[0].startswith("</") else -1
    unclosed = any(count for name, count in opened.items() if name != "```") or opened["```"] % 2
    return not unclosed and calls <= 1 and not _AROUND.sub("", around).strip()


def _object(fields: list[tuple[str, str]], declared: dict[str, str], place: Place) -> dict[str, Any] | None:
    """The fields by their declared names; None where one is unknown, stands twice, or cannot be read."""
    found: dict[str, Any] = {}
    for written, value in fields:
        name = declared.get(plain_word(written))
        if name is None and written == _COMPLETED and not value:
            continue
        if name is None or name in found or _ESCAPED.search(value):
            return None
        inner = place.inside(name)
        if inner.takes("string"):
            found[name] = value
            continue
        try:
            found[name] = parse_json(value)
            if isinstance(found[name], dict) and name in found[name]:
                return None  # a heading above the whole
        except NotJson:
            if not inner.kinds <= SCALARS:
                return None
            found[name] = value
    if fields[-1][0] != _COMPLETED and "\n\n" in fields[-1][1]:
        return None  # what follows the last value may be no part of it
    return found
