"""What is wrong with a text that is no YAML, said at its cause: libyaml often stops far behind it."""

from __future__ import annotations

import re
from typing import Any

from promptkit.diagnostics import Diagnostic
from promptkit.yaml_nodes import Document


def decoded(data: bytes, path: str) -> str | Document:
    """The text of a file in UTF-8; else an empty document with the fault."""
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
            help="a template is YAML in UTF-8",
        )
        return Document("", path, faults=[fault])


def syntax_fault(document: Document, error: Any) -> Diagnostic:
    """A diagnostic for libyaml's error, at the cause where that is one of the known traps."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        at = min(getattr(error, "position", 0) or 0, len(document.text))
        reason = getattr(error, "reason", None) or "unreadable character"
        return document.diagnostic("PK101", f"the file is not YAML text: {reason}", (at, at + 1))
    offset = min(mark.index, len(document.text))
    line, _ = document.place(offset)
    trap = _trap(document, line, mark.column)
    if trap:
        return trap
    problem = getattr(error, "problem", None) or "it cannot be read"
    if "nesting depth" in problem:
        return document.diagnostic("PK105", "the file is nested deeper than can be read", (offset, offset + 1))
    known = _unclosed(document, error, problem) or _misplaced(document, offset, problem)
    return known or document.diagnostic(
        "PK100", f"not valid YAML: {problem}", (offset, offset + 1), label=_context(document, error)
    )


def braces_fault(document: Document, span: tuple[int, int]) -> Diagnostic:
    """The trap of a value that begins with `{{`: YAML takes it for a mapping."""
    message = "a value that begins with `{{` is read as YAML, not as text"
    return document.diagnostic("PK111", message, span, help=_QUOTE)


def _context(document: Document, error: Any) -> str:
    if not (getattr(error, "context", None) and getattr(error, "context_mark", None)):
        return ""
    line, _ = document.place(min(error.context_mark.index, len(document.text)))
    return f"{error.context} that begins at line {line}"


def _unclosed(document: Document, error: Any, problem: str) -> Diagnostic | None:
    """A quoted text that runs to the end of the file: what is wrong stands where it begins."""
    opening = getattr(error, "context_mark", None)
    if opening is None or "end of stream" not in problem or "quoted scalar" not in (error.context or ""):
        return None
    start = min(opening.index, len(document.text))
    quote = document.text[start : start + 1]
    message = f"not valid YAML: the text that this `{quote}` begins has no end"
    return document.diagnostic("PK100", message, (start, start + 1), help=f"end it with another `{quote}`")


def _misplaced(document: Document, offset: int, problem: str) -> Diagnostic | None:
    """A character that YAML does not take where it stands: a tab as indentation, or a sign of its own."""
    char, span = document.text[offset : offset + 1], (offset, offset + 1)
    if char == "\t" and ("cannot start any token" in problem or "tab character" in problem):
        return document.diagnostic("PK100", "not valid YAML: a tab stands here", span, help="indent with spaces")
    if "cannot start any token" in problem:
        message = f"not valid YAML: a value that is not quoted cannot begin with `{char}` here"
        return document.diagnostic("PK100", message, span, help="quote the whole value")
    return None


_QUOTE = "quote the whole value, or write it under `|`"
_BRACES = re.compile(r"^\s*(?:- )?(?:[^\s:]+:\s+)?(\{\{)")
_COLON = re.compile(r"^\s*(?:- )?[^\s:]+:\s+[^\s'\"|>{\[&*!%@`#][^#]*?(:)(?:\s|$)")


def _trap(document: Document, line: int, column: int) -> Diagnostic | None:
    """The two mistakes that end in a syntax error far from their cause: `{{` first, and `: ` in plain prose."""
    for number in (line, line - 1):
        if number < 1:
            continue
        text = document.line(number)
        start = document.start(number)
        if found := _BRACES.match(text):
            return braces_fault(document, (start + found.start(1), start + found.end(1)))
        if number == line and (found := _COLON.match(text)) and found.start(1) >= column - 1:
            span = start + found.start(1), start + found.end(1)
            return document.diagnostic("PK112", "a `: ` inside plain text ends it", span, help=_QUOTE)
    return None
