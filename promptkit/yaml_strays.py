"""Lines that are no YAML where they stand: without a colon, wrongly indented, comments of others, marks of a merge."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from promptkit.diagnostics import Diagnostic, Fix
from promptkit.late_pattern import LatePattern
from promptkit.spec import PromptSpec

if TYPE_CHECKING:
    from promptkit.yaml_nodes import Document

__all__ = ["ENTRY", "ITEM", "KEYS", "LOOK_BACK", "STRAY_LINES", "WRONG_INDENTS", "beside_above", "html_comment"]

ENTRY = LatePattern(
    r"^(?P<indent>\s*(?:- +)*)(?P<key>[\w$./?-]+|'[^']*'|\"[^\"]*\")[ \t]*:(?=\s|$)[ \t]*(?P<value>.*)$"
)
ITEM = LatePattern(r"^(?P<indent>\s*)- +(?P<value>.*)$")
LOOK_BACK = 50
"""How many lines are looked back at, for what a line belongs to."""
_TEXT = LatePattern(r"^[|>][-+0-9]*\s*(?:#.*)?$")
KEYS = frozenset(PromptSpec.__annotations__)
"""The keys at the top of a prompt."""
_COMMENT = LatePattern(r"\s*(//|/\*|--(?= )|;(?= ))")
_CONFLICT = LatePattern(r"(<{7}|={7}|>{7}|\|{7})(?: |$)")


def _other_line(text: str) -> tuple[str, str] | None:
    """What a line is that belongs to another language or tool, and the cure."""
    if found := _CONFLICT.match(text):
        cure = "settle the merge: keep one side, or both, and take the lines with <<<<<<<, ======= and >>>>>>> out"
        return f"`{found[1]}` is git's mark of a merge that is not settled", cure
    if found := _COMMENT.match(text):
        return f"`{found[1]}` begins no comment", "begin it with `#`"
    return None


def html_comment(document: Document, _: int, __: int, ___: str, ____: int | None) -> Diagnostic | None:
    """`<!-- ... -->` at the top of the file."""
    at = len(document.text) - len(document.text.lstrip())
    if not document.text.startswith("<!--", at):
        return None
    return document.diagnostic(
        "PK100", "not valid YAML: `<!--` begins no comment", (at, at + 4), help="begin it with `#`"
    )


def _no_colon(document: Document, _: int, __: int, problem: str, opening: int | None) -> Diagnostic | None:
    """`task Greet`: a line that is no key, since its colon is missing, or is one of another script."""
    if "expected ':'" not in problem or opening is None:
        return None
    begun = document.place(opening)[0]
    text = document.line(begun)
    start = document.start(begun) + len(text) - len(text.lstrip())
    other = re.search("[\N{FULLWIDTH COLON}\N{RATIO}\N{MODIFIER LETTER COLON}]", text)
    if other:
        at = document.start(begun) + other.start()
        cure = f"write `:` and a space, not `{document.text[at]}`"
    elif above := _text_above(document, begun):
        cure = f"indent it, if it belongs to the text of `{above}`; or write `key: value`"
    else:
        cure = "write `key: value`, with a space behind the colon"
    message = "this line is no key and value, since it has no colon"
    message, cure = _other_line(text) or (message, cure)
    return document.diagnostic("PK100", f"not valid YAML: {message}", (start, start + len(text.strip())), help=cure)


def beside_above(document: Document, line: int) -> list[int]:
    """The lines above one that begins with a key, and indented as it is, as far as nothing is a key there.

    To YAML all of it is one plain text: at the top of the file, or below a key without a value.
    """
    indent = _indent(document.line(line))
    if not ENTRY.match(document.line(line)):
        return []
    above = range(line - 1, max(0, line - LOOK_BACK) if indent else 0, -1)
    until = next((number for number in above if ENTRY.match(document.line(number))), 0)
    found = ENTRY.match(document.line(until)) if indent and until else None
    if indent and (found is None or found["value"].split("#")[0].strip()):
        return []
    return [number for number in above if number > until and _indent(document.line(number)) == indent]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _flush_line(document: Document, line: int, column: int, problem: str, __: int | None) -> Diagnostic | None:
    """A line above a key that is none: YAML takes both for one text."""
    is_key = "mapping values are not allowed" in problem and document.line(line)[:column].strip().isidentifier()
    above = beside_above(document, line) if is_key else []
    above = list(takewhile(lambda number: re.match(r"\s*[^\s#]", document.line(number)), above))
    if not above:
        return None
    text = document.line(above[-1]).strip()
    message, cure = _other_line(text) or (
        "this line is no key and value, since it has no colon",
        "write `key: value`, with a space behind the colon; a comment begins with `#`",
    )
    start = document.start(above[-1]) + _indent(document.line(above[-1]))
    return document.diagnostic("PK100", f"not valid YAML: {message}", (start, start + len(text)), help=cure)


def _other_colon(document: Document, line: int, _: int, problem: str, opening: int | None) -> Diagnostic | None:
    """A line that is no entry, since its colon is one of another script."""
    before = next((number for number in range(line - 1, 0, -1) if document.line(number).strip()), 0)
    is_within = before and _indent(document.line(before)) < _indent(document.line(line))
    around = [before] if is_within and "mapping values are not allowed" in problem else []
    around += [document.place(opening)[0]] if opening is not None and "expected ':'" in problem else []
    for number in filter(None, (line, *beside_above(document, line)[-1:], *around)):
        found = _OTHER_COLON.match(document.line(number))
        if found and not _text_above(document, number):
            start, sign = document.start(number) + found.start("key"), found["sign"]
            message = f"not valid YAML: `{sign}` is no colon of YAML's"
            cure = f"write `:` and a space: `{found['key']}: ...`"
            ended = found.end() == len(document.line(number))
            at, end = document.start(number) + found.start("sign"), document.start(number) + found.end()
            fix = Fix(at, end, ":" if ended else ": ")
            span = start, start + len(found["key"]) + 1
            return document.diagnostic("PK100", message, span, help=cure, fix=fix)
    return None


_OTHER_COLON = LatePattern(
    "\\s*(?:- +)*(?P<key>[A-Za-z_][\\w-]*)[ \t]*(?P<sign>[\N{FULLWIDTH COLON}\N{RATIO}\N{MODIFIER LETTER COLON}])[ \t]*"
)


def _json_comment(document: Document, line: int, _: int, problem: str, opening: int | None) -> Diagnostic | None:
    """`// ...` in JSON, or in what stands in braces."""
    if opening is None or not re.search(r"expected ',' or '[\]}]'", problem):
        return None
    for number in range(document.place(opening)[0], line + 1):
        found = re.match(r"\s*(//|/\*)", document.line(number))
        if found:
            at = document.start(number) + found.start(1)
            message = f"not valid YAML: `{found[1]}` begins no comment"
            return document.diagnostic("PK100", message, (at, at + 2), help="begin it with `#`; JSON itself has none")
    return None


def _wrong_bracket(document: Document, line: int, column: int, problem: str, opening: int | None) -> Diagnostic | None:
    """`[a, b}`: what is opened with one bracket and closed with another."""
    closing = {"[": "]", "{": "}"}.get(document.text[opening : opening + 1] if opening is not None else "")
    sign = document.line(line)[column : column + 1]
    if closing is None or not sign or sign not in "]}" or not re.search(r"expected ',' or '[\]}]'", problem):
        return None
    at, begun = document.start(line) + column, document.place(opening or 0)
    message = f"not valid YAML: `{sign}` does not close the `{document.text[opening or 0]}` of {begun[0]}:{begun[1]}"
    return document.diagnostic("PK100", message, (at, at + 1), help=f"write `{closing}`")


def _no_space_behind_dash(
    document: Document, line: int, _: int, problem: str, opening: int | None
) -> Diagnostic | None:
    """`-inputs: {}`: the dash of an item and its first key in one word, above a line that fits neither."""
    for number in range(line, document.place(opening)[0] - 1 if opening is not None else line, -1):
        found = _DASHED.match(document.line(number)) if "expected" in problem or "not allowed" in problem else None
        if found is not None:
            at = document.start(number) + found.start("dash")
            message = "not valid YAML: the `-` of an item and its first key are one word"
            fix = Fix(at + 1, at + 1, " ")
            return document.diagnostic("PK100", message, (at, at + 1), help="put a space behind the `-`", fix=fix)
    return None


_DASHED = LatePattern(r"\s*(?:- +)*(?P<dash>-)[A-Za-z_][\w-]*:(?=\s|$)")


def _no_comma(document: Document, line: int, _: int, problem: str, opening: int | None) -> Diagnostic | None:
    """A line between braces that lacks the comma at its end, before another one."""
    if opening is None or not re.search(r"expected ',' or '[\]}]'", problem) or not _is_closed(document, opening):
        return None
    before = next((number for number in range(line - 1, 0, -1) if document.line(number).strip()), 0)
    above = document.line(before).split(" #")[0].rstrip() if before else ""
    if document.start(before or 1) + len(above) <= opening or not above or above.endswith((",", ":", "{", "[")):
        return None
    if not _MEMBER.match(document.line(line)):
        return None
    at, end = document.start(line) + _indent(document.line(line)), document.start(before) + len(above)
    found = _MEMBER.match(document.line(line))
    span = at, at + (len(found["key"]) if found else 1)
    fix = Fix(end, end, ",")
    message = "not valid YAML: a comma is missing before this"
    return document.diagnostic("PK100", message, span, help="end the line above with a comma", fix=fix)


_MEMBER = LatePattern(r"\s*(?P<key>\"[^\"\n]*\"|'[^'\n]*'|[A-Za-z_][\w?-]*)\s*:(?:\s|$)")
_BRACKETS = LatePattern(r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[\[\]{}]")


def _is_closed(document: Document, opening: int) -> bool:
    """Whether the bracket at an offset is closed, by counting."""
    depth = 0
    for sign in _BRACKETS.finditer(document.text, opening):
        depth += (sign[0] in "{[") - (sign[0] in "}]")
        if depth == 0:
            return True
    return False


def _indented_otherwise(document: Document, line: int, _: int, problem: str, opening: int | None) -> Diagnostic | None:
    """A key, or an item, that stands further left or right than those beside it."""
    if opening is None or not re.search(r"expected key|expected '-' indicator", problem):
        return None
    text = document.line(line)
    indent, beside = len(text) - len(text.lstrip(" ")), document.place(opening)[1] - 1
    if not (ENTRY.match(text) or ITEM.match(text)):
        return None
    above = next((document.line(n) for n in range(line - 1, 0, -1) if document.line(n).strip()), "")
    near = {beside, len(above) - len(above.lstrip(" "))} - {indent}
    if not indent or not near:
        return None
    at = document.start(line) + indent
    wanted = " or ".join(str(each) for each in sorted(near))
    message = f"not valid YAML: this line is indented by {indent}, and those beside it by {wanted}"
    return document.diagnostic("PK100", message, (at, at + 1), help="give it the indentation of what it belongs to")


def _outdented(document: Document, line: int, _: int, problem: str, __: int | None) -> Diagnostic | None:
    """A line of a text under `|` that is indented less than the lines before it, and so ends the text."""
    above = _text_above(document, line) if "did not find expected key" in problem else ""
    if not above:
        return None
    text = document.line(line)
    start = document.start(line) + len(text) - len(text.lstrip())
    cure = f"indent it as far as the first line of `{above}`, if it belongs to that text"
    message = "not valid YAML: this line is indented less than the text above it, and no key"
    return document.diagnostic("PK100", message, (start, start + len(text.strip())), help=cure)


def _text_above(document: Document, line: int) -> str:
    """The key of the text of many lines to which a line may be meant to belong; empty where there is none."""
    here = document.line(line)
    indent = len(here) - len(here.lstrip())
    for number in range(line - 1, max(0, line - LOOK_BACK), -1):
        text = document.line(number)
        if not text.strip() or len(text) - len(text.lstrip()) > indent:
            continue
        found = ENTRY.match(text)
        return found["key"] if found is not None and _TEXT.match(found["value"].strip()) else ""
    return ""


def _comment_in_text(document: Document, line: int, _: int, __: str, ___: int | None) -> Diagnostic | None:
    """A line of a text under `|` that is commented out further left than the text, and so ends it."""
    entry = ENTRY.match(document.line(line))
    if entry is not None and entry["key"] in KEYS:
        return None  # which is indented too far
    here, comment = _indent(document.line(line)), 0
    for number in range(line - 1, max(0, line - LOOK_BACK), -1):
        text = document.line(number)
        if text.strip() and not (text.lstrip().startswith("#") and _indent(text) < here):
            break
        comment = number if text.strip() else comment
    above = _text_above(document, comment) if comment else ""
    if not above:
        return None
    text = document.line(comment)
    start = document.start(comment) + _indent(text)
    message = f"not valid YAML: this comment ends the text of `{above}`, and lines of it follow"
    cure = "indent it like the text, if it belongs to it; else take it out, or write `{# ... #}` as far right"
    return document.diagnostic("PK100", message, (start, start + len(text.strip())), help=cure)


STRAY_LINES = (
    _no_space_behind_dash,
    _comment_in_text,
    _other_colon,
    _flush_line,
    _json_comment,
    _wrong_bracket,
    _no_comma,
    _no_colon,
)
WRONG_INDENTS = (_outdented, _indented_otherwise)
