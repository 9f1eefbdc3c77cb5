"""What is wrong with a file, where, and how to cure it.

A `Diagnostic` is a value: the loader, the renderer and the checks of examples and inputs make them, and one
text form prints them in every command and in every exception. Lines and columns are 1-based and columns
count characters, not bytes; the end is exclusive.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from promptkit.phrases import one_line, steady

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Severity = Literal["error", "warning", "note"]

DEBUG_VARIABLE = "PROMPTKIT_DEBUG"
BUG_CURE = f"this is a bug of promptkit; set {DEBUG_VARIABLE}=1 to see where, and report it"

_WIDEST_EXCERPT = 140
_LONGEST_WORD = 100
_MOST_WORDS = 1_000


@dataclass(frozen=True, slots=True)
class Fix:
    """The one cure of a fault: the text that stands from one 0-based character of the file to another is replaced.

    A byte order mark at the beginning of the file is not counted.
    """

    start: int
    end: int
    text: str


class Details(TypedDict, total=False):
    """What may be said of a fault beside its message, as `Diagnostic` has it."""

    severity: Severity
    label: str
    help: str


class DetailsWithFix(Details, total=False):
    """The same with what else a finding may have; a `fix` that is a text replaces what is wrong."""

    notes: tuple[str, ...]
    fix: str | Fix | None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault: its stable code, its place, what is wrong and the cure.

    `message` says what is wrong in one line. `label` stands beside the caret under the quoted line,
    `help` and `notes` follow it. `line` is 0 when the fault belongs to a file (or to no file) as a whole.
    """

    code: str
    severity: Severity
    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    label: str = ""
    help: str = ""
    notes: tuple[str, ...] = ()
    excerpt: str = ""
    """The line, or of a very long one what stands around the place: `excerpt_from` characters stand before it."""
    excerpt_from: int = 0
    fix: Fix | None = None

    @property
    def place(self) -> str:
        """`path:line:column`, as far as it is known."""
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path

    def to_dict(self) -> dict[str, Any]:
        """The form that `check --format json` prints."""
        message = f"{self.message}: {self.label}" if self.label else self.message
        return {
            "code": self.code,
            "severity": self.severity,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "end_line": self.end_line,
            "end_column": self.end_column,
            "message": message,
            "help": self.help,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        return steady("\n".join(_lines(self)))


def by_place(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The same diagnostics in order of place, equal ones once."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda d: (d.path, d.line, d.column, d.code)))


def to_text(diagnostics: Iterable[Diagnostic]) -> str:
    """The text form of several diagnostics, a blank line between them."""
    return "\n\n".join(map(str, diagnostics))


def nearest(word: str, known: Iterable[str], *, slips: bool = True) -> str | None:
    """The known word that was most likely meant; None when none is near. With `slips`, it must be a few signs away."""
    from difflib import get_close_matches

    if len(word) > _LONGEST_WORD:
        return None
    listed = dict.fromkeys(known)
    folded = {each.casefold(): each for each in reversed(listed)}
    same = folded.get(word.casefold())
    if same is not None and same != word:
        return same
    words = list(folded)[-_MOST_WORDS:]
    if len(words) > _MANY_WORDS:
        words = sorted(_one_sign_apart(word.casefold(), frozenset(words)))
    if exchanged := [each for each in _with_two_exchanged(word.casefold()) if each in folded and each != word]:
        return folded[exchanged[0]]
    near = get_close_matches(word.casefold(), words, n=1, cutoff=0.6)
    return folded[near[0]] if near and (not slips or _is_slip(word.casefold(), near[0])) else None


_MANY_WORDS = 200


def _one_sign_apart(word: str, known: frozenset[str]) -> set[str]:
    """The known words that differ in one sign, or in two that are exchanged."""
    shorter = _shorter(known)
    found = {each for less in (word, *_with_one_less(word)) for each in shorter.get(less, ())}
    return found | (known & set(_with_one_less(word)))


def _with_two_exchanged(word: str) -> Iterator[str]:
    """The word with two letters beside each other exchanged, each pair in turn."""
    return (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1))


def _with_one_less(word: str) -> list[str]:
    return [word[:at] + word[at + 1 :] for at in range(len(word))]


@lru_cache(maxsize=8)
def _shorter(known: frozenset[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in known:
        for less in _with_one_less(each):
            found.setdefault(less, []).append(each)
    return found


def _is_slip(word: str, meant: str) -> bool:
    """Whether one word can be another one mistyped: some signs too many, too few, other ones or exchanged.

    Part of a word for the whole of it, or a word with more to it, is a slip too: `temp`, `max_token_count`.
    """
    if len(word) > 3 and len(meant) > 3 and (word in meant or meant in word):
        return True
    return _distance(word, meant) <= max(1, (max(len(word), len(meant)) + 1) // 3)


def _distance(one: str, other: str) -> int:
    """How many signs are to be added, taken away, changed or exchanged (Damerau and Levenshtein)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, sign in enumerate(one, 1):
        older, before, row = before, row, [at]
        for to, wanted in enumerate(other, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (sign != wanted))
            if at > 1 and to > 1 and sign == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, older[to - 2] + 1)
            row.append(cost)
    return row[-1]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean `x`?`` for the nearest known word, or nothing when none is near."""
    near = nearest(word, known)
    return "" if near is None else f"did you mean `{near}`?"


def _lines(diagnostic: Diagnostic) -> Iterable[str]:
    yield f"{diagnostic.severity}[{diagnostic.code}]: {one_line(diagnostic.message)}"
    gutter = " " * len(str(diagnostic.line or ""))
    if diagnostic.place:
        yield f"{gutter}--> {diagnostic.place}"
    if diagnostic.excerpt.strip():
        text, underline = _excerpt(diagnostic)
        yield f"{gutter} |"
        yield f"{diagnostic.line} | {text}"
        yield f"{gutter} | {underline} {one_line(diagnostic.label)}".rstrip()
    elif diagnostic.label:
        yield f"{gutter} = {one_line(diagnostic.label)}"
    if diagnostic.help:
        yield f"{gutter} = help: {diagnostic.help}"
    for note in diagnostic.notes:
        yield f"{gutter} = note: {note}"


def _excerpt(diagnostic: Diagnostic) -> tuple[str, str]:
    """The quoted line, cut to a readable width around the fault, and the carets under it."""
    line = "".join(
        " " if c == "\t" else c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in diagnostic.excerpt
    )
    shift = 1 + diagnostic.excerpt_from
    start = min(max(diagnostic.column - shift, 0), len(line))
    ends_here = diagnostic.end_line <= diagnostic.line
    end = min(max(diagnostic.end_column - shift, start), len(line)) if ends_here else len(line)
    before, after = "", ""
    if len(line) > _WIDEST_EXCERPT:
        left = max(0, start - _WIDEST_EXCERPT // 3)
        right = left + _WIDEST_EXCERPT
        before, after = ("..." if left or diagnostic.excerpt_from else ""), ("..." if right < len(line) else "")
        line, start, end = line[left:right], start - left, min(end, right) - left
    marked = max(1, _width(line[start:end].rstrip()))
    return before + line.rstrip() + after, " " * (len(before) + _width(line[:start])) + "^" * marked


def _width(text: str) -> int:
    """How many terminal columns a text fills: wide characters (UAX #11) take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
