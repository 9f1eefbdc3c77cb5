"""YAML nodes that know their place: the value of a file that has been read, without the reader."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import StringIO
from itertools import accumulate
from typing import Any

from promptkit.diagnostics import Diagnostic, Fix, Severity
from promptkit.late_pattern import LatePattern


@dataclass(slots=True, eq=False)  # as the others, not frozen: a file has hundreds, and freezing takes most of the time
class Scalar:
    """A text. `style` is YAML's own sign: `|`, `>`, `'`, `"`, or empty for a plain scalar."""

    text: str
    style: str
    start: int
    end: int

    @property
    def value(self) -> Any:
        """The value by YAML 1.2's core schema; only plain scalars are anything but text."""
        return resolve(self.text) if self.style == "" else self.text


@dataclass(slots=True, eq=False)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    start: int
    end: int
    flow: bool = False

    @property
    def value(self) -> Any:
        """The plain data."""
        return [item.value for item in self.items]


@dataclass(slots=True, eq=False)
class Mapping:
    """Pairs of a key and a node, in the file's order; keys are unique."""

    pairs: tuple[tuple[Scalar, Node], ...]
    start: int
    end: int
    flow: bool = False

    @property
    def value(self) -> Any:
        """The plain data."""
        return {key.text: node.value for key, node in self.pairs}

    def get(self, name: str) -> Node | None:
        """The node under a key."""
        for key, node in self.pairs:
            if key.text == name:
                return node
        return None

    def key(self, name: str) -> Scalar | None:
        """The key's own node."""
        for key, _ in self.pairs:
            if key.text == name:
                return key
        return None


Node = Scalar | Sequence | Mapping

_MOST_EXCERPT = 2_000


@dataclass(eq=False)
class Document:
    """A YAML text that has been read: its root node, and the faults of its syntax.

    `path` is for people, `origin` is the path under the source's root.
    """

    text: str
    path: str
    origin: str = ""
    root: Node | None = None
    faults: list[Diagnostic] = field(default_factory=list)
    lost: list[tuple[int, int]] = field(default_factory=list)
    """The spans of aliases that stand for nothing, and of tags: told once, so that nothing else is told of them."""
    meant: dict[int, str] = field(default_factory=dict)
    """Values that are no YAML, told once and read as what was meant, by the offset at which each begins."""
    aside: frozenset[str] = frozenset()
    """Keys at the top whose entries cannot be read, told once and set aside: nobody knows what they say."""

    masked: list[tuple[int, int]] = field(default_factory=list)
    """The spans of secrets, which no diagnostic may quote."""

    def is_lost(self, offset: int) -> bool:
        """Whether an offset lies in an alias that stands for nothing, or in a tag."""
        return any(start <= offset < end for start, end in self.lost)

    @cached_property
    def _starts(self) -> list[int]:
        # With `newline=""`, LF, CRLF and CR end a line, and nothing else does.
        starts = [0, *accumulate(map(len, StringIO(self.text, newline="")))]
        return starts if not self.text or self.text.endswith(("\n", "\r")) else starts[:-1]

    def place(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a character."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self._starts)

    def start(self, number: int) -> int:
        """The offset at which a line begins."""
        return self._starts[number - 1]

    def line(self, number: int) -> str:
        """A line's text, without its end."""
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end].rstrip("\r\n")

    def diagnostic(
        self,
        code: str,
        message: str,
        span: tuple[int, int],
        *,
        severity: Severity = "error",
        label: str = "",
        help: str = "",
        notes: tuple[str, ...] = (),
        fix: str | Fix | None = None,
    ) -> Diagnostic:
        """A diagnostic over a span of offsets. A `fix` that is a text replaces the span."""
        line, column = self.place(span[0])
        end_line, end_column = self.place(max(span))
        excerpt, before = self._excerpt(line, column)
        if isinstance(fix, str):
            fix = Fix(*span, self._quoted_alike(span, fix))
        place = self.path, line, column, end_line, end_column
        return Diagnostic(code, severity, message, *place, label, help, notes, excerpt, before, fix)

    def _quoted_alike(self, span: tuple[int, int], word: str) -> str:
        """A word in the quotes of what it stands for, if that has some."""
        quote = self.text[span[0] : span[0] + 1]
        quoted = quote in ("'", '"') and self.text[span[1] - 1 : span[1]] == quote and span[1] - span[0] > 1
        return f"{quote}{word}{quote}" if quoted and re.fullmatch(r"[\w.-]+", word) and resolve(word) == word else word

    def showing(self, told: Diagnostic) -> Diagnostic:
        """A diagnostic of a text that is this one but for some characters, with what stands here."""
        excerpt, before = self._excerpt(told.line, told.column)
        return replace(told, excerpt=excerpt, excerpt_from=before)

    def _excerpt(self, line: int, column: int) -> tuple[str, int]:
        """A line, or of a very long one what stands around a column, and how many characters stand before that."""
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        before = max(0, column - _MOST_EXCERPT // 2) if end - start > _MOST_EXCERPT else 0
        start, end = start + before, min(end, start + before + _MOST_EXCERPT)
        text = self.text[start:end]
        for span in self.masked:
            first, last = (min(max(offset, start), end) - start for offset in span)
            text = text[:first] + "*" * (last - first) + text[last:]
        return text.rstrip("\r\n"), before

    def offsets(self, scalar: Scalar, most: int | None = None) -> list[int]:
        """For each character of a scalar's text, its offset in the file; one more for the text's end.

        With `most`, as many of them are enough.
        """
        start = scalar.start + bool(scalar.style)
        if scalar.style in ("", "'", '"') and self.text.startswith(scalar.text, start):
            return list(range(start, start + len(scalar.text) + 1))
        if scalar.style == "|" and (found := _of_literal(self.text, scalar)):
            return found
        if scalar.style == '"' and (found := _of_double_quoted(self.text, scalar)):
            return found
        return _aligned(self.text, scalar, most)


def is_empty(node: Node) -> bool:
    """Whether a node is a null or nothing at all."""
    return isinstance(node, Scalar) and node.value is None


SWITCHES = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
"""What YAML 1.1 reads as true and false, in lower case (its type repository, "Boolean"); YAML 1.2 reads texts."""

_CORE = (
    (LatePattern(r"(?:~|null|Null|NULL|)\Z"), lambda _: None),
    (LatePattern(r"(?:true|True|TRUE)\Z"), lambda _: True),
    (LatePattern(r"(?:false|False|FALSE)\Z"), lambda _: False),
    (LatePattern(r"[-+]?[0-9]+\Z"), int),
    (LatePattern(r"0o[0-7]+\Z"), lambda text: int(text[2:], 8)),
    (LatePattern(r"0x[0-9a-fA-F]+\Z"), lambda text: int(text, 16)),
    (LatePattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"), float),
)
_MAYBE_NOT_TEXT = frozenset("~nNtTfF-+.0123456789")


def resolve(text: str) -> Any:
    """The value of a plain scalar by YAML 1.2.2, section 10.3; `.inf` and `.nan` stay text, since JSON has neither."""
    if text and text[0] not in _MAYBE_NOT_TEXT:
        return text
    for pattern, convert in _CORE:
        if pattern.match(text):
            value = convert(text)
            return text if value in (float("inf"), float("-inf")) else value
    return text


def _of_literal(text: str, scalar: Scalar) -> list[int]:
    """The offsets of a literal text, line by line; nothing where a line is not simply indented."""
    at = text.find("\n", scalar.start) + 1
    lines = scalar.text.split("\n")
    found: list[int] = []
    for number, line in enumerate(lines):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if line:
            start = end - (text[end - 1 : end] == "\r") - len(line)
            if start < at or not text.startswith(line, start) or text[at:start].strip(" "):
                return []
            found.extend(range(start, start + len(line)))
        if number < len(lines) - 1:
            found.append(end)
        elif not line:
            found.append(min(at, len(text)))
            return found
        at = end + 1
    found.append(found[-1] + 1 if found else at)
    return found


_BREAK = r"(?:\r\n?|\n)"
_IN_DOUBLE_QUOTES = LatePattern(
    rf"(?P<plain>[^\\\"\r\n \t]+)|(?P<escape>\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|x..|u.{{4}}|U.{{8}}|[^\r\n]))"
    rf"|(?P<end>\\?){_BREAK}[ \t]*(?P<breaks>(?:{_BREAK}[ \t]*)*)|(?P<space>[ \t]+)(?P<folds>(?={_BREAK}))?"
)
"""The pieces of a text in double quotes (YAML 1.2.2, section 7.3.1)."""
_A_BREAK = LatePattern(_BREAK)


def _of_double_quoted(text: str, scalar: Scalar) -> list[int]:
    """The offsets of a text in double quotes, piece by piece; nothing where it is read otherwise."""
    found: list[int] = []
    for piece in _IN_DOUBLE_QUOTES.finditer(text, scalar.start + 1, scalar.end - 1):
        if piece["plain"] or (piece["space"] and piece["folds"] is None):
            found += range(*piece.span())
        elif piece["escape"]:
            found.append(piece.start())
        elif not piece["space"]:  # which is dropped at the end of a line
            breaks = [each.start() for each in _A_BREAK.finditer(text, piece.start("breaks"), piece.end("breaks"))]
            found += breaks or ([] if piece["end"] else [piece.start()])
    return [*found, scalar.end - 1] if len(found) == len(scalar.text) else []


_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}
_PAIR_LENGTH = len("\\ud83d\\ude00")


_PHRASES = LatePattern(r"\s+|\S+(?: \S+)*")
_WORDS = LatePattern(r"\s+|\S+")


def _aligned(text: str, scalar: Scalar, most: int | None) -> list[int]:
    """Walk the source beside the value: whitespace folds, quotes double, escapes shrink; all else is equal."""
    at = scalar.start
    if scalar.style in ("|", ">"):
        at = text.find("\n", at) + 1 or len(text)
    elif scalar.style:
        at += 1
    found: list[int] = []
    # Most of it stands in the source as it is: a phrase in one piece, else words, else characters.
    waiting = [match.group() for match in _PHRASES.finditer(scalar.text)][::-1]
    changed = {"'": "'", '"': "\\"}.get(scalar.style, "\0")
    while waiting and (most is None or len(found) < most):
        part = waiting.pop()
        at = _past_line_ends(text, at, scalar.style)
        start = at if part.isspace() else _past_space(text, at)
        if not part.isspace() and changed not in part and text.startswith(part, start):
            at = start + len(part)
            found.extend(range(start, at))
        elif " " in part and not part.isspace():
            waiting += _WORDS.findall(part)[::-1]
        else:
            for char in part:
                at, width = _match(text, _past_line_ends(text, at, scalar.style), char, scalar.style)
                found.append(at)
                at += width
    found.append(at)
    return found


def _past_line_ends(text: str, at: int, style: str) -> int:
    """Past escaped ends of lines, in double quotes."""
    while style == '"' and (text.startswith("\\\n", at) or text.startswith("\\\r", at)):
        at = _past_space(text, at + 1)
    return at


def _match(text: str, at: int, char: str, style: str) -> tuple[int, int]:
    if style == '"' and text.startswith("\\", at):
        is_pair = char > "\uffff" and text[at + 1] == "u"
        return at, _PAIR_LENGTH if is_pair else _ESCAPE_LENGTHS.get(text[at + 1 : at + 2], 2)
    if char.isspace():
        return at, int(text[at : at + 1].isspace())
    at = _past_space(text, at)
    return at, 2 if style == "'" and char == "'" else 1


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
