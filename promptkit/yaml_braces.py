"""Slips between braces and brackets, behind which libyaml stops: commas, colons and ends that are missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.diagnostics import Fix
from promptkit.late_pattern import LatePattern
from promptkit.yaml_strays import ENTRY

if TYPE_CHECKING:
    from promptkit.diagnostics import Diagnostic
    from promptkit.yaml_nodes import Document

__all__ = ["SLIPS_IN_BRACES", "TYPE_WORDS", "never_closed"]


def _colon_in_braces(document: Document, line: int, column: int, problem: str, __: int | None) -> Diagnostic | None:
    """`{description: One of: x}`: a second colon in a value between braces."""
    text = document.line(line)
    inside = re.search(r":[ \t]+(?P<value>[^\s\"'\[{,:][^,{}\[\]]*)\Z", text[:column])
    if "expected ',' or" not in problem or text[column : column + 1] != ":" or inside is None:
        return None
    start = document.start(line)
    if (two := _TWO_ENTRIES.fullmatch(inside["value"])) is not None:
        at = start + inside.start("value") + two.start("key")
        fix = Fix(at - len(two["blanks"]), at - len(two["blanks"]), ",")
        message = "not valid YAML: a comma is missing before this"
        return document.diagnostic("PK100", message, (at, start + column), help=f"write `, {two['key']}: ...`", fix=fix)
    span = start + inside.start("value"), start + column + 1
    message = "a `: ` inside plain text ends it"
    return document.diagnostic("PK112", message, span, help="quote the whole value")


_WHOLE_VALUES = (
    *("any", "array", "boolean", "date", "datetime", "email", "integer", "null", "number", "object", "string", "time"),
    *("uri", "uuid", "true", "false", "system", "user", "assistant", "tool"),
)
_TWO_ENTRIES = LatePattern(rf"(?:-?\d[\d.]*|{'|'.join(_WHOLE_VALUES)})\??(?P<blanks>[ \t]+)(?P<key>[A-Za-z_][\w-]*\??)")
"""A value that is no prose, and the next key behind it."""


def _no_colon_in_braces(document: Document, line: int, column: int, problem: str, _: int | None) -> Diagnostic | None:
    """`{inputs {q: a}}`: a key between braces whose colon is missing."""
    text = document.line(line)
    key = re.search(r"[{,]\s*(?P<key>[A-Za-z_][\w-]*) +\Z", text[:column])
    if "expected ',' or" not in problem or text[column : column + 1] not in ("{", "[") or key is None:
        return None
    start = document.start(line)
    message = f"not valid YAML: there is no colon behind `{key['key']}`"
    span = start + key.start("key"), start + key.end("key")
    closing = "{...}" if text[column] == "{" else "[...]"
    fix = Fix(span[1], span[1], ":")
    return document.diagnostic("PK100", message, span, help=f"write `{key['key']}: {closing}`", fix=fix)


def _words_in_quotes(document: Document, line: int, _: int, problem: str, __: int | None) -> Diagnostic | None:
    """`"formal" | "friendly"`: words as they stand in TypeScript, each in quotes of its own."""
    found = ENTRY.match(document.line(line))
    words = _QUOTED_WORDS.match(found["value"]) if found else None
    if found is None or words is None or not re.search("block scalar|expected key", problem):
        return None
    start = document.start(line) + found.start("value")
    quoted = re.findall(r"[\w-]+", found["value"].split(" #")[0])
    listed = " | ".join(quoted)
    if not TYPE_WORDS.isdisjoint(quoted):
        literals = " | ".join(map(repr, quoted))
        listed = f'"{literals}"'
    message = "not valid YAML: the quoted text has ended before the `|`"
    span = start, start + words.end()
    return document.diagnostic("PK100", message, span, help=f"write `{listed}`", fix=listed)


_QUOTED_WORDS = LatePattern(r"""(?:"[\w-]+"|'[\w-]+')(?:\s*\|\s*(?:"[\w-]+"|'[\w-]+'))+(?=\s*(?:#|$))""")
TYPE_WORDS = frozenset(
    "any array boolean date datetime email integer null number object string time uri uuid".split()  # noqa: SIM905
)
"""The names of types in shorthand, which are words only in quotes."""


def never_closed(document: Document, line: int, column: int, problem: str, opening: int | None) -> Diagnostic | None:
    """A bracket that is still open where the next key begins."""
    if opening is None or not re.search(r"expected ',' or '[\]}]'", problem):
        return None
    sign = document.text[opening : opening + 1]
    begun = document.place(opening)[0]
    later = any(ENTRY.match(document.line(number)) for number in range(begun + 1, line + 1))
    ended = not document.text[document.start(line) + column :].strip()
    if sign not in "[{" or not (later or ended):
        return None
    closing = "]" if sign == "[" else "}"
    message = f"not valid YAML: the `{sign}` that begins here has no end"
    return document.diagnostic("PK100", message, (opening, opening + 1), help=f"end it with `{closing}`")


SLIPS_IN_BRACES = (_colon_in_braces, _no_colon_in_braces, _words_in_quotes)
