"""Keys that stand on one line, each with its value, where YAML has a line for each, or braces around all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.yaml_strays import KEYS

if TYPE_CHECKING:
    from promptkit.diagnostics import Diagnostic
    from promptkit.yaml_nodes import Document

__all__ = ["TOGETHER", "keys_together"]

TOGETHER = "where no braces are"
"""What is said of keys with commas between them: what was meant by the value of the first is not known then."""
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
_LISTS = frozenset(("assert", "checks", "examples", "messages", "tests", "tools"))
_FIRST = LatePattern(r"(?P<indent>\s*(?:- +)*)(?P<key>[A-Za-z_]\w*):(?=[ \t])")
_LAST = LatePattern(r"(?<=[ \t])[A-Za-z_]\w*\Z")
_ENDS = tuple(".!?}\"'")
"""What ends a text before a key, and no part of a sentence."""
_BEHIND_BRACES = LatePattern(
    r"\s*(?:- +)*[\w-]+:[ \t]+(?P<value>[{\[].*?[}\]])[ \t]*(?P<comma>,)[ \t]*(?P<key>[A-Za-z_]\w*):(?=\s|$)"
)


def keys_together(document: Document, line: int, column: int, problem: str, _: int | None) -> Diagnostic | None:
    """`role: user, content: hello`, `options: temperature: 0`, `task: Say it. output: {...}`."""
    text, start = document.line(line), document.start(line)
    found = _BEHIND_BRACES.match(text)
    parts = (found["value"], text) if found else ()
    if found and all(part.count(one) == part.count(other) for part in parts for one, other in ("{}", "[]")):
        return _comma(document, start + found.start("comma"), found["key"])
    before = text[:column]
    first, last = _FIRST.match(before), _LAST.search(before)
    if "mapping values are not allowed" not in problem or first is None or last is None:
        return None
    name, key, value = first["key"], last[0], before[first.end() : last.start()].strip()
    if value.endswith(",") and name in _SHORT and key in _BESIDE:
        return _comma(document, start + len(before[: last.start()].rstrip()) - 1, key)
    said, span = f"not valid YAML: `{key}:` stands on the line of `{name}:`", (start + last.start(), start + column + 1)
    if not value and name in _HOLDING:
        braces = f"[{{{key}: ...}}]" if name in _LISTS else f"{{{key}: ...}}"
        begun = "below, behind `- `" if name in _LISTS else "on the next line, indented"
        return document.diagnostic("PK100", said, span, help=f"put it {begun}; or write `{name}: {braces}`")
    if value.endswith(_ENDS) and key in KEYS - {name} and name in KEYS and not first["indent"]:
        cure = "put it on a line of its own; if it belongs to the text, quote the whole value, or write it under `|`"
        return document.diagnostic("PK100", said, span, help=cure)
    return None


def _comma(document: Document, at: int, key: str) -> Diagnostic:
    message = f"not valid YAML: a comma, and the key `{key}` behind it, {TOGETHER}"
    cure = "put each key on a line of its own, or braces around all of them: `{...: ..., ...: ...}`"
    return document.diagnostic("PK100", message, (at, at + 1), help=cure)
