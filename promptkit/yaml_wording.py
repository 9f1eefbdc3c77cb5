"""What libyaml says where it could not go on, in the words of an author, if no known mistake is behind it.

Its own words name the rules of YAML's grammar, as in `did not find expected node content while parsing a flow node`
(https://github.com/yaml/libyaml, `src/scanner.c` and `src/parser.c`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from promptkit.diagnostics import Diagnostic
    from promptkit.yaml_nodes import Document

_QUOTE = "quote the whole value, or write it under `|`"
_OPENED = {"]": "[", "}": "{"}

_SAID = (
    ("comment or line break.*block scalar", "behind `|` or `>` nothing else may stand on its line", _QUOTE),
    ("indentation indicator equal to 0", "a text cannot be indented by 0", "take the `0` away"),
    ("alphabetic or numeric character.*anchor", "`&` begins the name of an anchor, and none follows", _QUOTE),
    ("alphabetic or numeric character.*alias", "`*` repeats an anchor, and no name follows", _QUOTE),
    ("a tag$|tag handle|tag URI", "`!` begins a tag, and prompts have none", _QUOTE),
    ("directive|YAML document", "a line that begins with `%` is a directive of YAML's", "indent it, or quote the text"),
    ("document indicator", "this line ends the file's value inside of a quoted text", "indent the line"),
    ("Unicode character escape", "there is no character of this number", "write the character itself"),
    ("<document start>", "what stands above is all of the file's value", "write the lines above as `key: value`"),
    ("block sequence entries", "no item of a list can begin here", "begin it on a line of its own, below its key"),
    ("mapping keys are not allowed", "no key can begin here", "`?` and a space begin a key: quote the text"),
    ("'-' indicator", "this line belongs to none of the items above", "indent it like the rest of its item"),
)
"""Patterns of what libyaml says, with what it was doing; what that means, and the cure."""


def in_plain_words(document: Document, offset: int, error: Any, problem: str) -> Diagnostic:
    """A diagnostic for a syntax error of libyaml's at an offset."""
    opening = getattr(error, "context_mark", None)
    begun = min(opening.index, len(document.text)) if opening is not None else None
    told = f"{problem}; {getattr(error, 'context', None) or ''}"
    message, cure = _meaning(document, offset, told, begun) or (problem, "")
    span = offset, min(offset + 1, len(document.text))
    return document.diagnostic("PK100", f"not valid YAML: {message}", span, help=cure)


def _meaning(document: Document, offset: int, told: str, begun: int | None) -> tuple[str, str] | None:
    sign = document.text[offset : offset + 1]
    if re.search("expected node content|expected key", told):
        return _nothing_before(document, offset, sign)
    if re.search("expected ',' or", told):
        return _not_separated(document, offset, sign, begun)
    return next(((message, cure) for pattern, message, cure in _SAID if re.search(pattern, told)), None)


def _nothing_before(document: Document, offset: int, sign: str) -> tuple[str, str] | None:
    """A sign of YAML's where a key or a value should begin."""
    before = document.text[:offset].rstrip()[-1:]
    if sign == ",":
        if before and before in "[{,:":
            return f"nothing stands between `{before}` and this comma", "take the comma away, or write what is missing"
        return "no comma can stand here", "take it away"
    if sign in _OPENED:
        return f"there is no `{_OPENED[sign]}` that this `{sign}` could close", "take it away, or quote the text"
    if sign == ":":
        return "no key stands before this colon", "write `key: value`, or quote the text"
    if before in ("'", '"'):
        return "the quoted text has ended before this", "quote the whole value"
    if sign.isalnum():
        return "this belongs to nothing above it", "indent it like what it belongs to"
    return (f"`{sign}` begins neither a key nor a value here", _QUOTE) if sign.strip() else None


def _not_separated(document: Document, offset: int, sign: str, begun: int | None) -> tuple[str, str]:
    """Something behind a value in brackets that is neither a comma nor the end."""
    before = document.text[:offset].rstrip()[-1:]
    quoted = before in "'\"" and sign in "'\"" and _NEXT_TEXT.match(document.text, offset)
    if quoted or (before in "]}'\"" and _NEXT_KEY.match(document.text, offset)):
        return "a comma is missing before this", "separate it with a comma from what stands before it"
    if before == "'":
        return "the quoted text has ended at the `'` before this", "double it: `''` inside of quotes"
    if before == '"':
        return 'the quoted text has ended at the `"` before this', 'write `\\"` inside of quotes'
    is_list = begun is not None and document.text.startswith("[", begun)
    what = (
        f"`{sign}` cannot stand here in {'a list' if is_list else 'braces'}" if sign.strip() else "a comma is missing"
    )
    return f"{what}: behind a value comes a comma or the end", "put a comma before it, or quote the whole value"


_NEXT_KEY = LatePattern(r"[A-Za-z_][\w?-]*:\s|\"[^\"\n]*\":")
_NEXT_TEXT = LatePattern(r"(?:\"[^\"\n]*\"|'[^'\n]*')\s*[,\]}:]")
