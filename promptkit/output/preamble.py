"""What may stand before a JSON value in an answer that arrives in pieces: reasoning in tags, a fence, words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.output.reasoning import CLOSINGS, OPENING, TAGS, closing_of, is_spoken_of, opening_like
from promptkit.output.retractions import announces_draft

if TYPE_CHECKING:
    from collections.abc import Callable

_SPACE = LatePattern(r"\s*")
_VALUE = LatePattern(r'["{\[\-0-9tfn]')
_LONGEST = 30
"""So much of reasoning is kept, to see its end: no closing tag is longer."""
_LONGEST_HEADING = 120
_LONGEST_LABEL = 20
_LONGEST_OPENING = 230
"""A tag may have attributes."""
_PART_OF_A_CHANNEL = LatePattern(
    r"(?:<\|end\|>)?(?:<\|start\|>[a-z]{0,9}(?:<[|a-z]{0,9}|<\|channel\|>\s{0,5}[a-z]{0,10})?"
    r"|<\|channel\|>\s{0,5}[a-z]{0,10}|<[|a-z]{0,9})?"
)
_LONGEST_INFO = 200
_TICKS = LatePattern(r"`{3,}|~{3,}")
_NO_FENCE = LatePattern(r"`{1,2}(?=[^`])|~{1,2}(?=[^~])|`{3,}[^`]+(?=`)")
"""The beginning of a line that shows it to be no opening fence (CommonMark 0.31, section 4.5)."""
_LONE = LatePattern(CLOSINGS, re.IGNORECASE)
_LITERAL_OPENINGS = (
    *("◁think▷", "&lt;think&gt;", "[think]", "analysis"),
    *("here is my thought process:", "here's my thought process:"),
)
"""What opens reasoning and is no tag in angle brackets, in lower case."""
_OF_SEVERAL_TAGS = "<|open|>think<|sep|>"
"""What opens reasoning and goes on behind a first `>`."""
_CHANNELS = (
    (
        LatePattern(r"(?:<\|end\|>)?(?:<\|start\|>assistant)?<\|channel\|>\s{0,5}(?:analysis|commentary)\b"),
        LatePattern(r"<\|channel\|>\s{0,5}final\b[^<]{0,50}(?:<\|constrain\|>[^<]{0,50})?<\|message\|>"),
    ),
    (LatePattern(r"analysis(?=[A-Z])"), LatePattern("assistantfinal")),
    (LatePattern(r"Here(?: is|'s) my thought process:"), LatePattern(r"Here(?: is|'s) my response:")),
)
"""What opens reasoning in channels, and what opens the final one (see `promptkit.output.channels`)."""
_IN_PROSE = LatePattern(
    rf"(?P<closing>{CLOSINGS})|(?P<opening><(?:{'|'.join(TAGS)})>)"
    r"|(?P<fence>(?<=\n)[ \t]{0,3}(?:```|~~~))"
    r"|(?P<value>\{\s{0,20}(?:[\"']|[A-Za-z_]\w{0,30}\s{0,5}:|/[/*]|#)"
    r"|\[\s{0,20}(?:[\"'{\[]|/[/*]|#|(?:-?\d[\d.]{0,20}|true|false|null|none)\s{0,5},))",
    re.IGNORECASE,
)
"""What ends words before a value; behind a bracket that convinces stands a quote, a key, a comment, or the like.
No match is longer than what is kept between pieces."""
_KEPT_OF_PROSE = 160
_OF_THOUGHT = ("thoughts", "thinking", "reasoning")
_MARKS = "*_# \t"
_LABELLED_THOUGHT = LatePattern(r"[*_#\s]{0,5}(?:thoughts?|thinking|reasoning)[*_]{0,3}:", re.IGNORECASE)
"""What begins reasoning that stands in no tag, as agents write it, and what ends it."""
_LABELLED_ANSWER = LatePattern(
    r"\n[*_#\s]{0,5}(?:(?:final )?answer|json|output|result)[*_]{0,3}:[*_]{0,3}(?=[^*_])"
    r"|\n(?=[ \t]{0,3}(?:```|~~~))|\n(?=[ \t]{0,9}[{\[])",
    re.IGNORECASE,
)
_CALL = LatePattern(
    r"(?:<(?:tool_calls?|function_calls?|tool_use)>|\[TOOL_CALLS\]|<\|python_tag\|>)\s*(?:```\w*\s*)?\Z", re.IGNORECASE
)
"""What stands before a call, whose own name may be that of a field too."""
_QUOTES = ("`", "'", '"')
_NEVER = LatePattern(r"(?!)")


class Preamble:
    """Reads up to where a value begins.

    A text that begins with neither a tag, a fence nor a value can be reasoning whose opening tag is missing: then
    the value begins behind a closing tag. With `prose`, it can also be words before a value, which begins in the next
    fence or with the next bracket that looks like one; `in_prose` says that this was so. `fence` is the fence that the
    value stands in. Between pieces no more than some characters are kept, so that each is looked at a bounded number
    of times.
    """

    def __init__(self, *, prose: bool = False) -> None:
        self.fence = ""
        self.in_prose = False
        self._prose = prose
        self._begun = False
        self._kept = ""
        self._before = ""
        """What stands before the text that is looked at, as far as it can say something of a value."""
        self._state: Callable[[str, int], int | None] = self._start
        self._closing = _LONE.compiled
        self._again = _NEVER.compiled
        """What opens reasoning inside of reasoning, and how often it has."""
        self._depth = 0
        self._longest = _LONGEST

    def feed(self, chunk: str) -> str | None:
        """The text from the value's first character on, once that has arrived."""
        text, at = self._kept + chunk, 0
        self._kept = ""
        while at < len(text):
            stopped = self._state(text, at)
            if stopped is None:
                break
            at = stopped
            if self._begun:
                return text[at:]
        gone = text[: len(text) - len(self._kept)]
        self._before = (self._before + gone)[-_KEPT_OF_PROSE:]
        return None

    def lost(self) -> None:
        """What seemed to be a value was none."""
        self.fence = ""
        self._closing, self._again, self._longest = _LONE.compiled, _NEVER.compiled, _LONGEST
        self._state = self._words if self._prose else self._inside

    # States: each returns where it stopped, or None when it has to wait for more.

    def _start(self, text: str, at: int) -> int | None:
        at = _end_of(_SPACE.match(text, at), at)
        if at == len(text):
            return at
        if text[at] in "`~":
            self._state = self._ticks
        elif text[at] == "<" or self._is_opening(text, at):
            return self._tag(text, at)
        elif _VALUE.match(text, at):
            self._begun = True
        else:
            return self._prose_begins(text, at)
        return at

    def _prose_begins(self, text: str, at: int) -> int | None:
        """At the beginning of words: of an answer, or of reasoning that a label announces."""
        rest = text[at : at + _LONGEST_LABEL].lstrip(_MARKS).rstrip(_MARKS).lower()
        if any(word.startswith(rest) for word in _OF_THOUGHT) and len(text) - at < _LONGEST_LABEL:
            self._kept = text[at:]  # which may become a label
            return None
        self.lost()
        if self._prose and _LABELLED_THOUGHT.match(text, at):
            self._closing, self._longest = _LABELLED_ANSWER.compiled, _LONGEST_HEADING
            self._state = self._inside
        return at

    def _is_opening(self, text: str, at: int) -> bool:
        """Whether what opens reasoning without angle brackets stands here, or may once more has come."""
        begun = text[at : at + len(max(_LITERAL_OPENINGS, key=len))].lower()
        return any(begun.startswith(each) or each.startswith(begun) for each in _LITERAL_OPENINGS)

    def _tag(self, text: str, at: int) -> int | None:
        opened = OPENING.match(text, at)
        found = [(opening, closing.compiled) for pattern, closing in _CHANNELS if (opening := pattern.match(text, at))]
        if opened is not None or found:
            opening, self._closing = found[0] if opened is None else (opened, closing_of(opened))
            self._again, self._depth = _NEVER.compiled if opened is None else opening_like(opened), 0
            self._longest = _LONGEST_HEADING if found else _LONGEST
            self._state = self._inside
            return opening.end()
        rest = text[at:]
        begun = _OF_SEVERAL_TAGS.startswith(rest.lower()) or _PART_OF_A_CHANNEL.fullmatch(rest)
        waits = len(rest) < _LONGEST_OPENING and (">" not in rest or begun)
        if waits if rest[0] == "<" else any(each.startswith(rest.lower()) for each in _LITERAL_OPENINGS):
            self._kept = rest
            return None
        self._begun = rest[0] == "["
        if not self._begun:
            self.lost()
        return at

    def _inside(self, text: str, at: int) -> int | None:
        """In reasoning."""
        closing, again = self._closing.search(text, at), self._again.search(text, at)
        if (
            closing is not None
            and closing.end() == len(text)
            and text[closing.start() - 1 : closing.start()] in _QUOTES
        ):
            self._kept = text[max(closing.start() - 1, at) :]  # what follows tells whether it is spoken of
            return None
        if closing is not None and is_spoken_of(text, closing.start(), closing.end()):
            return closing.end()
        if again is not None and (closing is None or again.start() < closing.start()):
            self._depth += 1
            return again.end()
        if closing is None:
            self._kept = text[max(len(text) - self._longest, at) :]
            return None
        behind = _end_of(_SPACE.match(text, closing.end()), closing.end())
        if self._depth and behind == len(text):
            self._kept = text[closing.start() :]  # what follows tells whether more was opened, or only spoken of
            return None
        self._depth = 0 if text[behind : behind + 1] in ("{", "[", "`", "~") else self._depth
        self._depth -= 1
        if self._depth < 0:
            self._state = self._start
        return closing.end()

    def _draft(self, text: str, _: int) -> int:
        """In what is no answer, or holds it: what stands in it is for the whole to tell."""
        return len(text)

    def _words(self, text: str, at: int) -> int | None:
        """In words before a value, or in reasoning whose opening tag is missing."""
        found = _IN_PROSE.search(text, at)
        if found is None:
            self._kept = text[max(len(text) - _KEPT_OF_PROSE, at) :]
            return None
        self.in_prose = not found["closing"]
        if found["opening"]:
            return self._tag(text, found.start())
        before = self._before + text[: found.start()]
        if not found["closing"] and (_CALL.search(before) or announces_draft(before, len(before))):
            self._state = self._draft
            return len(text)
        if found["value"]:
            self._begun = True
            return found.start()
        self._state = self._ticks if found["fence"] else self._start
        return found.end() - len("```") if found["fence"] else found.end()

    def _ticks(self, text: str, at: int) -> int | None:
        """In an opening fence's first line."""
        known = len(self.fence)
        end = text.find("\n", at)
        self.fence += text[at : end if end >= 0 else at + _LONGEST_INFO + 1]
        wrong = _NO_FENCE.match(self.fence)
        if wrong is not None or len(self.fence) > _LONGEST_INFO:
            self.lost()
            return at + (wrong.end() if wrong else _LONGEST_INFO) - known
        if end < 0:
            return len(text)
        return self._line_ended(end)

    def _line_ended(self, end: int) -> int:
        ticks = _TICKS.match(self.fence)
        if ticks is None:
            self.lost()
            return end
        self.fence = ticks[0]
        self._state = self._within
        return end + 1

    def _within(self, text: str, at: int) -> int | None:
        """In a fence, before the value."""
        at = _end_of(_SPACE.match(text, at), at)
        if at < len(text):
            self._begun = True
        return at


def _end_of(match: re.Match[str] | None, otherwise: int) -> int:
    return match.end() if match else otherwise
