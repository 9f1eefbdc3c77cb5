"""The mistakes after which libyaml stops somewhere else: told at their cause, with the cure.

libyaml tells where it could not go on. What was meant shows in the lines around: prose that begins with a sign of
YAML's, a colon or a `#` inside of it, a bracket that is never closed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.diagnostics import Fix
from promptkit.late_pattern import LatePattern
from promptkit.yaml_braces import SLIPS_IN_BRACES, never_closed
from promptkit.yaml_keys import keys_together
from promptkit.yaml_strays import (
    ENTRY,
    ITEM,
    LOOK_BACK,
    STRAY_LINES,
    WRONG_INDENTS,
    beside_above,
    html_comment,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from promptkit.diagnostics import Diagnostic
    from promptkit.yaml_nodes import Document

QUOTE = "quote the whole value, or write it under `|`"


def trap(document: Document, line: int, column: int, problem: str, opening: int | None) -> Diagnostic | None:
    """The mistake behind a syntax error at a 1-based line and 0-based column; `opening` is where its context begins."""
    for find in _TRAPS:
        found = find(document, line, column, problem, opening)
        if found is not None:
            return found
    return None


def quoted_value(document: Document, line: int) -> Fix | None:
    """The cure of a value that is prose: quotes around it, or `|` where it goes on below; None inside of `{...}`."""
    found = ENTRY.match(document.line(line)) or ITEM.match(document.line(line))
    if found is None or not found["value"].strip() or found["value"][0] in "'\"|>":
        return None
    start, value = document.start(line) + found.start("value"), found["value"].rstrip()
    if any(value.count(one) != value.count(other) for one, other in ("{}", "[]")):
        return None  # what stands in brackets is no prose
    if re.search(r"\s#\s", value):
        return None  # which may be a comment, or not
    indent = len(found["indent"].replace("-", " "))
    below = document.line(line + 1) if line < document.lines else ""
    further = len(below) - len(below.lstrip())
    if below.strip() and further > indent:
        if _has_comment_below(document, line, indent):
            return None  # which would be read as part of the text
        return Fix(start, start + len(value), f"|\n{' ' * further}{value}")
    return Fix(start, start + len(value), "'" + value.replace("'", "''") + "'")


def _has_comment_below(document: Document, line: int, indent: int) -> bool:
    """Whether what may be a comment stands on a line that continues a value."""
    for number in range(line + 1, document.lines + 1):
        text = document.line(number)
        if text.strip() and len(text) - len(text.lstrip()) <= indent:
            return False
        if re.search(r"(?:^|\s)#(?:\s|$)", text):
            return True
    return False


def braces_fault(document: Document, span: tuple[int, int]) -> Diagnostic:
    """The trap of a value that begins with `{{`: YAML takes it for a mapping."""
    sign = document.text[span[0] : span[0] + 2]
    message = f"a value that begins with `{sign}` is read as YAML, not as text"
    fix = quoted_value(document, document.place(span[0])[0])
    return document.diagnostic("PK111", message, span, help=QUOTE, fix=fix if fix and fix.start == span[0] else None)


def _statement(document: Document, line: int) -> Iterator[tuple[int, str, int]]:
    """The value that a line can belong to: the line that it begins in, its text there, and its offset."""
    for number in range(line, max(0, line - LOOK_BACK), -1):
        text = document.line(number)
        found = ENTRY.match(text) or ITEM.match(text)
        if found:
            yield number, found["value"], document.start(number) + found.start("value")
            return


def _brace_first(document: Document, line: int, _: int, __: str, ___: int | None) -> Diagnostic | None:
    for number in (line, line - 1):
        for at, value, start in _statement(document, number) if number else ():
            if at == number and value.startswith(("{{", "{%")):
                return braces_fault(document, (start, start + 2))
    return None


_SIGNS = {
    "@": "YAML keeps `@` for itself",
    "`": "YAML keeps the backtick for itself",
    "%": "YAML keeps `%` for itself",
    "&": "`&` names an anchor",
    "*": "`*` repeats an anchor",
    "!": "`!` begins a tag",
    "|": "`|` begins a text on the lines below",
    ">": "`>` begins a text on the lines below",
    "[": "`[` begins a list",
    "{": "`{` begins a mapping",
    "}": "`}` ends a mapping",
    "]": "`]` ends a list",
    ",": "`,` separates the parts of a list",
}
_BLOCK_HEADER = LatePattern(r"[|>][-+0-9]*\s*(?:#.*)?$")


def _sign_first(document: Document, line: int, _: int, problem: str, __: int | None) -> Diagnostic | None:
    """Prose that begins with a sign of YAML's: `[INST] ...`, `**Bold** ...`, `@team`, `> quoted`."""
    for number in (line, line - 1):
        for at, value, start in _statement(document, number) if number else ():
            sign = value[:1]
            if (
                "escape" in problem
                or at != number
                or sign not in _SIGNS
                or _BLOCK_HEADER.match(value)
                or not _is_prose(value, problem)
            ):
                continue
            message = f"a value that begins with `{sign}` is not read as text: {_SIGNS[sign]}"
            cure = "begin the text on the next line, or quote all of it" if sign in "|>" else QUOTE
            return document.diagnostic("PK116", message, (start, start + 1), help=cure, fix=quoted_value(document, at))
    return None


def _is_prose(value: str, problem: str) -> bool:
    """Whether what begins with a sign goes on as text does."""
    sign = value[0]
    if "escape" in problem:
        return False  # which is told by itself
    if sign in "[{":
        closing = _closing(value)
        return closing > 0 and bool(re.match(r"[ \t]*(?:[^\s,#\]}:]|,\s*[\d.])", value[closing + 1 :]))
    if sign in "&*!":
        return "alphabetic or numeric" in problem or "tag" in problem or bool(_WORDS_BEHIND.match(value))
    return True


def _closing(value: str) -> int:
    """Where the bracket that begins a value is closed; -1 where it is not."""
    depth = 0
    for sign in re.finditer(r"[\[{\]}]", value):
        depth += 1 if sign[0] in "[{" else -1
        if not depth:
            return sign.start()
    return -1


_WORDS_BEHIND = LatePattern(r"[*!]\S*\s+[^\s\[{'\"|>].*\s")
"""An alias or a tag with words behind it. Collections and quoted texts may have a tag, and words may have an anchor."""


def _no_space(document: Document, line: int, _: int, problem: str, opening: int | None) -> Diagnostic | None:
    """`task:Greet`: a key and its value in one word."""
    begun = document.place(opening)[0] if opening is not None and "simple key" in problem else 0
    lines = [begun, line, line - 1] if "expected ':'" in problem or "expected key" in problem else []
    if "mapping values are not allowed" in problem:
        lines = beside_above(document, line)
    for number in lines:
        found = _ONE_WORD.match(document.line(number)) if number > 0 else None
        if found:
            start = document.start(number) + found.start(2)
            behind = start + len(found[2]) + 1
            if found["blank"]:
                message, fix = (
                    f"not valid YAML: no plain space stands behind `{found[2]}:`",
                    Fix(behind, behind + 1, " "),
                )
                return document.diagnostic("PK100", message, (start, behind), help="write a plain space", fix=fix)
            message = f"not valid YAML: `{found[2]}:` and its value are one word"
            span = start, start + len(found[2]) + 1
            return document.diagnostic("PK100", message, span, help=f"put a space behind the colon: `{found[2]}: ...`")
    return None


_ONE_WORD = LatePattern(r"^(\s*(?:- +)*)([A-Za-z_][\w-]*):(?:(?P<blank>[\u00a0\u2007\u202f\u3000])|(?=[^\s/]))")
"""A key and what stands behind its colon without a space, or behind one that is none of YAML's."""


def _quote_inside(document: Document, line: int, column: int, problem: str, __: int | None) -> Diagnostic | None:
    """`'Don't'`: an apostrophe, or another quote, that ends the quoted text, on its line or on one further below."""
    before = document.line(line)[:column].rstrip()
    if not before.endswith(("'", '"')) or not re.search("expected key|'-' indicator", problem):
        return None
    if document.line(line)[column:].strip() == ",":
        at = document.start(line) + document.line(line).index(",", column)
        message = "not valid YAML: a comma ends no line here"
        return document.diagnostic("PK100", message, (at, at + 1), help="take it away", fix=Fix(at, at + 1, ""))
    sign = before[-1]
    if document.line(line).startswith(sign, column) and _ONLY_QUOTES.search(before):
        at = document.start(line) + len(before) - 2
        cure = "write the text under `|`, on the lines below"
        return document.diagnostic("PK100", "not valid YAML: there are no triple quotes", (at, at + 3), help=cure)
    for number in range(line, max(0, line - LOOK_BACK), -1):
        found = ENTRY.match(document.line(number)) or ITEM.match(document.line(number))
        if found and found["value"].startswith(sign):
            start = document.start(number) + found.start("value")
            behind = document.line(line)[column:]
            if number == line and before.count(sign) == len("''") and sign not in behind and behind[:1].isalnum():
                at = document.start(line) + column
                message = "not valid YAML: the text goes on behind the quote that ends it"
                cure = "put quotes of the other kind around the whole value, or write it under `|`"
                return document.diagnostic("PK100", message, (at, at + len(behind.rstrip())), help=cure)
            if number == line and found.start("value") == len(before) - 1:
                continue  # it ends a text that has begun further above
            if number < line and found["value"].count(sign) % 2 == 0:
                return None  # that text ends on its line
            if number == line:
                at = document.start(line) + column
                cure = "double it: `''`" if sign == "'" else 'write `\\"`'
                message = f"not valid YAML: the quoted text has ended at the `{sign}` before this"
                return document.diagnostic("PK100", message, (at, at + 1), help=f"{cure} inside of quotes")
            message = f"not valid YAML: the text that this `{sign}` begins has no end on its line"
            cure = f"end it with another `{sign}`"
            return document.diagnostic("PK100", message, (start, start + 1), help=cure)
    return None


_ONLY_QUOTES = LatePattern(r":[ \t]+(?:\"{2}|'{2})\Z")


def _item_first(document: Document, line: int, _: int, problem: str, __: int | None) -> Diagnostic | None:
    """`task: - Read it`: a list's item on the line of its key."""
    found = ENTRY.match(document.line(line))
    if "block sequence entries are not allowed" not in problem or not found or not found["value"].startswith("- "):
        return None
    at = document.start(line) + found.start("value")
    message = "a value that begins with `- ` is not read as text: `-` begins an item of a list"
    return document.diagnostic("PK116", message, (at, at + 1), help=f"{QUOTE}; a list begins on the next line")


def _comment_cuts(document: Document, line: int, _: int, __: str, opening: int | None) -> Diagnostic | None:
    """A `#` in prose or in a list, after which the line below no longer fits."""
    begun = document.place(opening)[0] if opening is not None else line
    for number in (line, line - 1, begun):
        for at, value, start in _statement(document, number) if number else ():
            found = re.search(r"(?<![^\s\[{,])(#(?=[^\s#!]).*)$", value)
            if at in (number, number - 1) and found and value[:1] not in "'\"|>#":
                span = start + found.start(1), start + found.end(1)
                message = "a comment begins here and cuts the text off"
                label = "this part is not read"
                fix = quoted_value(document, at)
                return document.diagnostic("PK110", message, span, label=label, help=QUOTE, fix=fix)
    return None


def _no_colon_above(document: Document, line: int, _: int, problem: str, __: int | None) -> Diagnostic | None:
    """The first key of a file, alone on its line and without its colon, with its entries below it."""
    above = next((number for number in range(line - 1, 0, -1) if document.line(number).strip()), 0)
    key = re.fullmatch(r"(?P<key>[A-Za-z_][\w-]*)\s*(?:#.*)?", document.line(above)) if above else None
    if "mapping values are not allowed" not in problem or key is None or not document.line(line).startswith(" "):
        return None
    start = document.start(above)
    message = f"not valid YAML: there is no colon behind `{key['key']}`"
    span = start, start + key.end("key")
    return document.diagnostic("PK100", message, span, help=f"write `{key['key']}:`", fix=Fix(span[1], span[1], ":"))


def _colon(document: Document, line: int, column: int, problem: str, __: int | None) -> Diagnostic | None:
    """A `: ` in plain prose, on its first line or on one that continues it; a key that is indented too far."""
    if "mapping values are not allowed" not in problem:
        return None
    text, start = document.line(line), document.start(line)
    if re.fullmatch(r"\s+(?:- +)?[A-Za-z_][\w-]*", text[:column]) and _continues(document, line):
        first = start + len(text) - len(text.lstrip())
        message = "not valid YAML: this line is indented further than the keys beside it"
        return document.diagnostic("PK100", message, (first, start + column), help="give it their indentation")
    at = start + column
    number = next((number for number, _, _ in _statement(document, line)), line)
    fix = quoted_value(document, number)
    return document.diagnostic("PK112", "a `: ` inside plain text ends it", (at, at + 1), help=QUOTE, fix=fix)


def _continues(document: Document, line: int) -> bool:
    """Whether a line stands below a plain value of a few words on the line of its key, which no sentence goes on."""
    before = next((document.line(n) for n in range(line - 1, 0, -1) if document.line(n).strip()), "")
    found = ENTRY.match(before)
    value = found["value"].strip() if found is not None else ""
    return bool(value) and value[0] not in "'\"|>{[" and len(value.split()) < _FEWEST_OF_PROSE


_FEWEST_OF_PROSE = 4
"""So many words are a sentence, which the lines below it go on with."""


def _escape(document: Document, line: int, column: int, problem: str, _: int | None) -> Diagnostic | None:
    r"""`"C:\users"`: in double quotes a backslash begins an escape."""
    if "hexdecimal" not in problem and "unknown escape" not in problem:
        return None
    at = document.line(line).rfind("\\", 0, column + 1)
    start = document.start(line) + max(at, 0)
    message = "not valid YAML: in double quotes a backslash begins an escape, and this is none"
    return document.diagnostic(
        "PK100", message, (start, start + 2), help="use single quotes, or write it twice: `\\\\`"
    )


_TRAPS: tuple[Callable[[Document, int, int, str, int | None], Diagnostic | None], ...] = (
    html_comment,
    keys_together,
    _brace_first,
    _sign_first,
    _item_first,
    _no_space,
    *STRAY_LINES,
    _quote_inside,
    _comment_cuts,
    _no_colon_above,
    _colon,
    *SLIPS_IN_BRACES,
    never_closed,
    *WRONG_INDENTS,
    _escape,
)
