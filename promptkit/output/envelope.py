"""Finding values in a text: around them prose and code fences, before them reasoning.

The text is gone through once, from value to value, so that a tag, a brace or a fence inside of a value's texts is the
value's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.limits import current_limits
from promptkit.output.lenient_json import Loose
from promptkit.output.reasoning import CLOSING, OPENING, TAG, closing_of, has_tags, opening_like
from promptkit.output.repairs import Cut, Repair, Unreadable
from promptkit.output.strict_json import NotJson, fast_json, read_at

if TYPE_CHECKING:
    import re

    from promptkit.output.place import Place

_BRACKET = LatePattern(r"[{\[]")
_STRICT_READS = 200
"""How many values are first tried as JSON: each failure may cost time by the length of the text."""
_CANDIDATES_A_PASS, _CHARACTERS_A_CANDIDATE = 5_000, 50
_WORK_OF_ANY = 10_000
"""How much a short text may cost before its length counts."""
_MOST_NESTED = 20
"""How many ends of reasoning are looked at, in search of the one that ends all that was begun."""
_REST = LatePattern(r"[\s}\]`~]*\Z")
_BEFORE_ALONE = LatePattern(r"\s*(?:`{3,}\w*\s*)?")
"""What may stand before a value that is alone in its text."""
_JSON_SPACE = LatePattern(r"[ \t\r\n]+")
_SCALAR = r"(?:-?\d[\d.]{0,30}|\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'|true|false|null|True|False|None)"
_GOES_ON = LatePattern(
    r"\s*(?:,\s*[\"'“][^\"'\n]{0,200}[\"'”]\s*(?::|[\"'\d{\[])|:"
    r"|\"[^\"\n]{1,100}\"\s*:[^\n]{0,200}\}|,\s*[A-Za-z_]\w{0,60}\s*:[^\n{}]{1,200}\}"
    rf"|(?:,\s*{_SCALAR}\s*){{1,20}}\])"
)
_OF_A_WHOLE = LatePattern(r"(?:[\"'“”]\s*[:=]|[}\]\"'\d]\s*,)\s*\Z")
"""What stands before a value inside of another one."""
_CLOSES_MORE = LatePattern(r"\s*[}\]]")
_INTERVAL = LatePattern(r"\[\s*-?[\d.]+(?:\s*,\s*-?[\d.∞]+\s*[)\[]|\s+[A-Za-z]{2,})")
"""A bracket of mathematics, `[0, 1)`, or one before a number in prose."""
_STRAY = LatePattern(r"[}\]]")
_MOST_BEFORE = 200
_VISIBLE = LatePattern(r"\S")
_LEAST_CUT = LatePattern(
    r"\s*[{\[]\s*\Z|\s*(?:\{\s*(?:[\"'“‘`«]|[\w$]+\"?\s*:)"
    r"|\[\s*(?:[\"{\[“‘«]|\(\s*[\d\"']|[ubrUBR]?'[^'\n]*'?\s*(?:,|\]|\Z)|-?\.?\d|(?i:true|false|null|none|nan)\b|\w+\s*,\s*[{\[\"]))"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value in the text, from `start` to `end`, and what was done to read it."""

    value: Any
    start: int
    end: int
    repairs: tuple[Repair, ...] = ()


@dataclass(slots=True)
class Found:
    """What there is in a text: values, reasoning, where a value begins that has no end, and why nothing was read."""

    candidates: list[Candidate] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    unclosed: bool = False
    cut: int | None = None
    fault: Unreadable | None = None
    exhausted: bool = False
    broken: list[tuple[int, int]] = field(default_factory=list)
    """Where values stand that cannot be read."""
    headless: bool = False
    """Whether a value is inside of one whose beginning is missing."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """Where reasoning stood, its tags included."""

    def left_over(self, text: str, candidate: Candidate) -> int:
        """How many characters stand outside of a value and of the reasoning, white space of JSON's not counted."""
        at = count = 0
        for start, end in sorted([*self.spans, (candidate.start, candidate.end)]):
            count += len(_JSON_SPACE.sub("", text[at:start])) if start > at else 0
            at = max(at, end)
        return count + len(_JSON_SPACE.sub("", text[at:]))


def read_alone(text: str, place: Place) -> Candidate | None:
    """A text that is nothing but one loosely written value; None when it is more, or none."""
    start = len(text) - len(text.lstrip())
    reader = Loose(text, start, place, alone=True)
    try:
        value = reader.read()
    except Unreadable:
        return None
    rest = text[reader.at :].strip()
    if rest == ",":
        reader.repair("comma left out", reader.at)
    return Candidate(value, start, len(text), tuple(reader.repairs)) if rest in ("", ",") else None


def find(text: str, place: Place, *, repair: bool = True) -> Found:
    """The values of a text. Without `repair`, only those that are JSON as they stand."""
    search = _Search(text, place, repair=repair)
    search.run()
    return search.found


def end_of_brackets(text: str, start: int) -> int | None:
    """Where the bracket that opens at an offset is closed, by counting; None where it is not."""
    depth = 0
    for sign in _STRUCTURE.finditer(text, start):
        depth += (sign[0] in "{[") - (sign[0] in "}]")
        if depth == 0:
            return sign.end()
    return None


_STRUCTURE = LatePattern(r'"(?:[^"\\\n]|\\.)*+"|[\[\]{}]')


class _Search:
    """One walk through a text."""

    def __init__(self, text: str, place: Place, *, repair: bool) -> None:
        self.text = text
        self.place = place
        self.repair = repair
        self.found = Found()
        self.strict_reads = 0
        self.lone_end = 0
        self.first = _BEFORE_ALONE.match(text).end()  # type: ignore[union-attr]
        self.work = 0
        passes = current_limits().answer_passes
        self.most_work = passes * len(text) + _WORK_OF_ANY
        self.most_candidates = passes * max(_CANDIDATES_A_PASS, len(text) // _CHARACTERS_A_CANDIDATE)

    def run(self) -> None:
        """Go through the text."""
        self._go_through()
        self.found.reasoning = self._thoughts()
        if self.lone_end:
            self.found.spans.insert(0, (0, self.lone_end))

    def _go_through(self) -> None:
        at = 0
        marked = has_tags(self.text)
        bracket = _BRACKET.search(self.text)
        while True:
            if bracket is not None and bracket.start() < at:
                bracket = _BRACKET.search(self.text, at)
            tag = TAG.search(self.text, at, bracket.end() if bracket else len(self.text)) if marked else None
            if marked and bracket and (tag is None or tag.start() >= bracket.start()):
                tag = TAG.match(self.text, bracket.start())
            if tag is None and bracket is None:
                return
            at = self._value(bracket.start()) if tag is None and bracket else self._marked(tag)  # type: ignore[arg-type]
            if len(self.found.candidates) > self.most_candidates:
                self.found.exhausted = True
            if self.found.cut is not None or self.found.unclosed or self.found.exhausted:
                return

    def _marked(self, tag: re.Match[str]) -> int:
        opening = OPENING.match(self.text, tag.start())
        if opening is not None:
            return self._reasoning(opening)
        if _VISIBLE.search(self.text, tag.end()) or not self.lone_end:
            # All before was reasoning, whose beginning was left out; a second such tag, at the end, ends nothing.
            self.found.candidates.clear()
            self.found.spans.clear()
            self.lone_end = tag.start()
        self.found.spans.append((tag.start(), tag.end()))
        return tag.end()

    def _reasoning(self, opening: re.Match[str]) -> int:
        """Go past reasoning, with what is nested in it; where it has no end, no answer was given."""
        depth, at = 1, opening.end()
        ends = list(islice(closing_of(opening).finditer(self.text, at), _MOST_NESTED))
        if not ends:
            self.found.unclosed = True
            return len(self.text)
        end = ends[0].end()  # where what was begun is never ended in full, its first end counts
        for each in ends:
            depth += len(opening_like(opening).findall(self.text, at, each.start())) - 1
            at = each.end()
            if not depth:
                end = at
                break
        self.found.spans.append((opening.start(), end))
        return end

    def _thoughts(self) -> list[str]:
        """The reasoning, without its tags."""
        spans = [(0, self.lone_end), *self.found.spans] if self.lone_end else self.found.spans
        texts = (TAG.sub("", self.text[start:end]).strip() for start, end in spans)
        return [each for each in texts if each]

    def _value(self, start: int) -> int:
        """Read a value that may begin here; where to go on."""
        if self.text.startswith("{{", start):
            return start + 1  # no object begins so
        strict = self._strict(start)
        if strict is not None and self._is_headless(start, strict[1]):
            return strict[1]
        if strict is not None and not self._goes_on(strict[1]):
            self.found.candidates.append(Candidate(strict[0], start, strict[1]))
            return strict[1]
        if not self.repair:
            return start + 1
        reader = Loose(self.text, start, self.place, alone=start <= self.first)
        try:
            value = reader.read()
        except Cut as cut:
            self.work += len(self.text) - start
            if (draft := self._end_of_draft(start)) is not None:
                return draft
            if _LEAST_CUT.match(self.text, start) and not _INTERVAL.match(self.text, start):
                self.found.cut, self.found.fault = start, cut
            return self._after_failure(start)
        except Unreadable as fault:
            self.work += max(fault.offset, reader.at) - start
            self.found.exhausted = reader.exhausted
            return len(self.text) if reader.exhausted else self._after_broken(start, fault)
        if self._goes_on(reader.at):
            return self._after_broken(start, Unreadable("more members follow the end of an object", reader.at))
        if self._is_headless(start, reader.at):
            return reader.at
        repairs = list(reader.repairs)
        end = self._past_strays(reader.at, repairs)
        if end > reader.at and self.found.broken:  # what is left over may close what could not be read
            self.found.headless = True
            return end
        self.found.candidates.append(Candidate(value, start, end, tuple(repairs)))
        return end

    def _end_of_draft(self, start: int) -> int | None:
        """Where reasoning ends in which a value was begun only; None where no value follows."""
        closing = CLOSING.search(self.text, start)
        return closing.start() if closing is not None and _BRACKET.search(self.text, closing.end()) else None

    def _is_headless(self, start: int, end: int) -> bool:
        """Whether a value stands inside of another one of which only the end is there."""
        inside = _OF_A_WHOLE.search(self.text, max(0, start - _MOST_BEFORE), start) is not None
        inside = inside and _CLOSES_MORE.match(self.text, end) is not None
        if inside and self.found.candidates and self.text[self.found.candidates[-1].end : start].strip() == ",":
            return False  # an item behind another one
        self.found.headless |= inside
        return inside

    def _goes_on(self, end: int) -> bool:
        """Whether what stands behind a value looks as if it were part of it: another member, or a colon."""
        return _GOES_ON.match(self.text, end) is not None

    def _after_broken(self, start: int, fault: Unreadable) -> int:
        """Go on behind a value that cannot be read, since what stands inside of it is no answer of its own."""
        if not _LEAST_CUT.match(self.text, start) or _INTERVAL.match(self.text, start):
            return self._after_failure(start)
        self.found.fault = self.found.fault or fault
        end = end_of_brackets(self.text, start)
        if end is None:
            if (draft := self._end_of_draft(start)) is not None:
                return draft
            self.found.cut = start
            return self._after_failure(start)
        self.work += end - start
        self.found.broken.append((start, end))
        return end

    def _after_failure(self, start: int) -> int:
        self.found.exhausted = self.work > self.most_work
        return start + 1

    def _strict(self, start: int) -> tuple[Any, int] | None:
        self.strict_reads += 1
        if self.strict_reads > _STRICT_READS:
            return None
        if self.strict_reads == 1:
            # Most often one value stands in the text, and its last bracket is the last in the text.
            last = self.text.rfind("}" if self.text[start] == "{" else "]") + 1
            whole = fast_json(self.text[start:last])
            if whole is not None and not _STRAY.search(self.text, last):
                return whole[0], last
        try:
            value, end = read_at(self.text, start)
        except (NotJson, JSONDecodeError, RecursionError):
            return None
        stray = _REST.match(self.text, end)
        return None if stray and _STRAY.search(stray[0]) and self.repair else (value, end)

    def _past_strays(self, end: int, repairs: list[Repair]) -> int:
        """Behind brackets that close nothing, at the end of the text."""
        rest = _REST.match(self.text, end)
        if rest is None:
            return end
        strays = _STRAY.finditer(rest[0])
        repairs += [Repair(f"`{stray[0]}` left out", end + stray.start()) for stray in strays]
        return rest.end() if _STRAY.search(rest[0]) else end
