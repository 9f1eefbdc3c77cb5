"""Keys that stand on one line, each with its value, where YAML has a line for each, or braces around all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.spec import PromptSpec

if TYPE_CHECKING:
    from promptkit.diagnostics import Diagnostic
    from promptkit.yaml_nodes import Document

__all__ = ["TOGETHER", "keys_together"]

TOGETHER = "where no braces are"
"""What is said of keys with commas between them: what was meant by the value of the first is not known then."""
_KEYS = frozenset(PromptSpec.__annotations__)
_HOLDING = frozenset(
    (
        *("assert", "budget", "checks", "conversation", "examples", "fields", "inputs", "layout", "memory", "messages"),
        *("metadata", "models", "options", "output", "schema", "tests", "tools"),
    )
)
"""Keys under which others stand, and no text does."""
_SHORT = frozenset(("format", "for", "input", "last", "mode", "name", "path", "role", "trust", "type"))
"""Keys whose value is a word or two."""
_BESIDE = frozenset(
    (
        *("arguments", "assert", "content", "description", "fields", "inputs", "name", "needs", "output", "parameters"),
        *("path", "reasoning", "role", "task", "that", "type", "value"),
    )
)
"""Keys that often stand beside those."""
_BEFORE_A_COLON = re.compile(
    r"(?P<indent>\s*(?:- +)*)(?P<first>[A-Za-z_]\w*):[ \t]+"
    r"(?:(?P<value>.*?\S)??(?P<comma>,?)[ \t]+)?(?P<key>[A-Za-z_]\w*)"
)
_BEHIND_BRACES = re.compile(
    r"\s*(?:- +)*[\w-]+:[ \t]+(?P<value>[{\[].*?[}\]])[ \t]*(?P<comma>,)[ \t]*(?P<key>[A-Za-z_]\w*):(?=\s|$)"
)


def keys_together(document: Document, line: int, column: int, problem: str, _: int | None) -> Diagnostic | None:
    """`role: user, content: hello`, `options: temperature: 0`, `task: Say it. output: {...}`."""
    for number in (line, line - 1) if line > 1 else (line,):
        found = _BEHIND_BRACES.match(document.line(number))
        if found and all(found["value"].count(one) == found["value"].count(other) for one, other in ("{}", "[]")):
            return _comma(document, number, found)
    found = _BEFORE_A_COLON.fullmatch(document.line(line)[:column])
    if "mapping values are not allowed" not in problem or found is None:
        return None
    start = document.start(line)
    span = start + found.start("key"), start + column + 1
    if found["comma"] and found["first"] in _SHORT and found["key"] in _BESIDE:
        return _comma(document, line, found)
    if not found["value"] and found["first"] in _HOLDING:
        message = f"not valid YAML: `{found['key']}:` stands on the line of `{found['first']}:`"
        cure = f"put it on the next line, indented; or write `{found['first']}: {{{found['key']}: ...}}`"
        return document.diagnostic("PK100", message, span, help=cure)
    if found["value"] and found["key"] in _KEYS - {found["first"]} and not found["indent"] and found["first"] in _KEYS:
        message = f"not valid YAML: `{found['key']}:` stands on the line of `{found['first']}:`"
        cure = "put it on a line of its own; if it belongs to the text, quote the whole value, or write it under `|`"
        return document.diagnostic("PK100", message, span, help=cure)
    return None


def _comma(document: Document, line: int, found: re.Match[str]) -> Diagnostic:
    at = document.start(line) + found.start("comma")
    message = f"not valid YAML: a comma, and the key `{found['key']}` behind it, {TOGETHER}"
    cure = "put each key on a line of its own, or braces around all of them: `{...: ..., ...: ...}`"
    return document.diagnostic("PK100", message, (at, at + 1), help=cure)
