"""What is wrong with a text that is no YAML, or that would take too long to read as such."""

from __future__ import annotations

import re
from typing import Any

from promptkit.diagnostics import Diagnostic
from promptkit.late_pattern import LatePattern
from promptkit.yaml_nodes import Document
from promptkit.yaml_traps import trap
from promptkit.yaml_wording import in_plain_words

MOST_DIRECTIVES = 20
_DEEPEST_SCAN = 1_000
_DIRECTIVE = LatePattern(r"^%\w", re.MULTILINE)
_HALF = LatePattern("[\ud800-\udfff]")
_OTHER_LINE_ENDS = LatePattern("[\x85\u2028\u2029]")


def decoded(data: bytes | str, path: str) -> str | Document:
    """The text of a file in UTF-8; else an empty document with the fault. A text may hold half of a character."""
    if isinstance(data, str):
        half = None if data.isascii() else _HALF.search(data)
        if half is None:
            return data
        whole = Document(data.replace(half[0], "\N{REPLACEMENT CHARACTER}"), path)
        message = f"the file is not text: it holds U+{ord(half[0]):04X}, half of a character"
        return Document("", path, faults=[whole.diagnostic("PK101", message, half.span())])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        kind = "a binary file" if b"\0" in data[:4096] else "not UTF-8"
        fault = Diagnostic(
            "PK101",
            "error",
            f"the file is {kind}: byte {data[error.start]:#04x}",
            path,
            line,
            column,
            line,
            column + 1,
            help="a template is YAML in UTF-8",
        )
        return Document("", path, faults=[fault])


def too_much(document: Document) -> Diagnostic | None:
    """What would crash libyaml or keep it busy, found in linear time before it is called.

    It compares each `%TAG` with all before it, and old versions of it looked at every open bracket for every token.
    """
    text = document.text
    many = text.count("%") > MOST_DIRECTIVES
    directives = [match.start() for match in _DIRECTIVE.finditer(text)][: MOST_DIRECTIVES + 1] if many else []
    if len(directives) > MOST_DIRECTIVES:
        message = f"the file has more directives than the limit of {MOST_DIRECTIVES}"
        return document.diagnostic("PK105", message, (directives[-1], directives[-1] + 1))
    if text.count("[") + text.count("{") > _DEEPEST_SCAN and (deep := _bracket_depth(text)):
        message = "the file is nested deeper than can be read: too many brackets are open"
        return document.diagnostic("PK105", message, (deep, deep + 1))
    return None


_BLOCK = LatePattern(
    r"(?P<indent> *(?:- +)*)(?P<key>[A-Za-z0-9_./$-]+ *: +)?(?:[!&][^\s#]+ +)*"
    r"[|>][-+]?(?P<deep>[1-9])?[-+]?[ \t]*(?:#.*)?\r?\n?"
)
"""A line that begins a text of many lines, whose brackets open nothing; its key stands behind `indent`."""


def _bracket_depth(text: str) -> int | None:
    """Where more brackets are open than any file has; those in quotes count too, since most of them are closed."""
    depth = start = 0
    least = 0  # how far a line of the text is indented that is open here; 0 where none is
    is_first = False
    for line in text.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip(" "))
        if least and line.strip():
            least = 0 if indent < least else indent if is_first else least
            is_first = False
        if not least:
            for found in re.finditer(r"[\[{]+|[\]}]+", line):
                signs = len(found.group())
                depth = depth + signs if found.group()[0] in "[{" else max(0, depth - signs)
                if depth > _DEEPEST_SCAN:
                    return start + found.start() + signs - 1
            header = _BLOCK.fullmatch(line) if depth == 0 else None
            if header is not None and (header["key"] or "-" in header["indent"]):
                above = header.end("indent") if header["key"] else header["indent"].rindex("-")
                least, is_first = above + int(header["deep"] or 1), header["deep"] is None
        start += len(line)
    return None


def syntax_fault(document: Document, error: Any) -> Diagnostic:
    """A diagnostic for libyaml's error, at the cause where that is one of the known traps."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        at = min(getattr(error, "position", 0) or 0, len(document.text))
        reason = getattr(error, "reason", None) or "unreadable character"
        return document.diagnostic("PK101", f"the file is not YAML text: {reason}", (at, at + 1))
    offset = min(mark.index, len(document.text))
    line, column = document.place(offset)
    problem = getattr(error, "problem", None) or "it cannot be read"
    if "nesting depth" in problem:
        return document.diagnostic("PK105", "the file is nested deeper than can be read", (offset, offset + 1))
    known = _unclosed(document, error, problem) or _other_line_end(document, offset)
    if known is None:
        opening = getattr(error, "context_mark", None)
        said = f"{problem}; {getattr(error, 'context', None) or ''}"
        begun = min(opening.index, len(document.text)) if opening is not None else None
        known = trap(document, line, column - 1, said, begun) or _misplaced(document, offset, problem)
    return known or in_plain_words(document, offset, error, problem)


def _unclosed(document: Document, error: Any, problem: str) -> Diagnostic | None:
    """A quoted text that runs to the end of the file: what is wrong stands where it begins."""
    opening = getattr(error, "context_mark", None)
    if opening is None or "end of stream" not in problem or "quoted scalar" not in (error.context or ""):
        return None
    start = min(opening.index, len(document.text))
    quote = document.text[start : start + 1]
    message = f"not valid YAML: the text that this `{quote}` begins has no end"
    return document.diagnostic("PK100", message, (start, start + 1), help=f"end it with another `{quote}`")


def _other_line_end(document: Document, offset: int) -> Diagnostic | None:
    """A line end that only libyaml takes for one (YAML 1.1): no editor shows it."""
    before = document.text[max(0, offset - 200) : offset]
    found = [match.start() for match in _OTHER_LINE_ENDS.finditer(before)]
    if not found or "\n" in before[found[-1] :]:
        return None
    at = offset - len(before) + found[-1]
    message = f"not valid YAML: U+{ord(document.text[at]):04X} ends a line here, though it does not look so"
    return document.diagnostic("PK100", message, (at, at + 1), help="write it as an escape in double quotes")


def _misplaced(document: Document, offset: int, problem: str) -> Diagnostic | None:
    """A character that YAML does not take where it stands: a tab as indentation, or a sign of its own."""
    char, span = document.text[offset : offset + 1], (offset, offset + 1)
    if char == "\t" and ("cannot start any token" in problem or "tab character" in problem):
        return document.diagnostic("PK100", "not valid YAML: a tab stands here", span, help="indent with spaces")
    if char and char in "[{" and "did not find expected ','" in problem and document.text[offset - 1].isalnum():
        message = f"not valid YAML: between braces, `{char}` ends a text that is not quoted"
        return document.diagnostic("PK100", message, span, help="quote the whole value; a list is written `[string]`")
    if "cannot start any token" in problem and document.text.startswith("```", offset):
        message = "not valid YAML: a fence of Markdown's stands around the file"
        return document.diagnostic("PK100", message, (offset, offset + 3), help="take its first and its last line away")
    if "cannot start any token" in problem:
        if document.text.startswith("{%", offset - 1):
            message, span = "not valid YAML: a tag of a template stands outside of a text", (offset - 1, offset + 1)
            cure = "templates make texts, no YAML: write the keys and items out, or the tag inside of a text under `|`"
            return document.diagnostic("PK100", message, span, help=cure)
        message = f"not valid YAML: a value that is not quoted cannot begin with `{char}` here"
        return document.diagnostic("PK100", message, span, help="quote the whole value")
    return None
