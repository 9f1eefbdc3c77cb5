"""Texts of which YAML has read something else: braces at the beginning, and a `#` that begins a comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.yaml_nodes import Mapping, Scalar
from promptkit.yaml_traps import QUOTE, quoted_value

if TYPE_CHECKING:
    from promptkit.loading.findings import Findings
    from promptkit.loading.inheritance import Entry
    from promptkit.yaml_nodes import Document, Node


def is_braced(entry: Entry) -> bool:
    """Whether `{{` at the beginning made a mapping of a text; that has been reported where it was read."""
    return isinstance(entry.node, Mapping) and entry.document.text.startswith("{{", entry.node.start)


def warn_of_lost_prose(findings: Findings, name: str, entry: Entry, *, is_template: bool = False) -> bool:
    """Report a comment that cuts a text off, and line ends that are none; whether something is cut off."""
    span = cut_off(entry.document, entry.node, is_template=is_template)
    if span is not None:
        message = f"a comment cuts the text of `{name}` off"
        fix = quoted_value(entry.document, entry.document.place(entry.node.start)[0]) if is_template else None
        findings.add(entry.document, "PK110", message, span, label="this part is not read", help=QUOTE, fix=fix)
    node = entry.node
    if isinstance(node, Scalar) and node.style in ("", "'") and _is_escaped(node.text):
        at = entry.document.text.index("\\n", node.start)
        message = f"`\\n` stands in the text of `{name}` as it is written, and ends no line"
        cure = "write the text under `|`, or in double quotes"
        findings.add(entry.document, "PK117", message, (at, at + 2), severity="warning", help=cure)
    warn_of_typographic_quotes(findings, name, entry.document, node)
    return span is not None


_TYPOGRAPHIC = LatePattern("(?:[“„][^“”„]*[”“]|[\u2018\u201a][^\u2018\u201a]*[\u2019\u2018]|«[^«»]*»)\\Z")
"""A whole text in quotes that an editor has made of straight ones."""


def warn_of_typographic_quotes(findings: Findings, name: str, document: Document, node: Node) -> None:
    """Report a text that stands in quotes which to YAML are letters."""
    if isinstance(node, Scalar) and not node.style and _TYPOGRAPHIC.match(node.text):
        message = f"the typographic quotes are a part of the text of `{name}`"
        cure = "YAML's quotes are `\"` and `'`; where the model is to read these, write the text under `|`"
        findings.add(document, "PK118", message, node, severity="warning", help=cure)


_LINE_END = LatePattern(r"(?<=[^\s`\"'(])\\n(?=\\n|[A-Z\s\d#*{-]|\Z)")


def _is_escaped(text: str) -> bool:
    """Whether a text has line ends written as escapes, by what follows, and no other backslashes."""
    return "\\n" in text and "\\" not in _LINE_END.sub("", text)


def cut_off(document: Document, node: Node, *, is_template: bool = False) -> tuple[int, int] | None:
    """The comment behind a plain text that is no comment by its look: `Fix #12`, and not `Fix it # soon`.

    Behind a template that ends no sentence, a comment with a tag or a heading in it is the rest of that template.
    """
    if not isinstance(node, Scalar) or node.style:
        return None
    line_end = document.text.find("\n", node.end)
    rest = document.text[node.end : line_end if line_end >= 0 else len(document.text)].rstrip()
    goes_on = is_template and not node.text.rstrip().endswith((".", "!", "?")) and _GOES_ON.match(rest)
    if not goes_on and not re.match(r"[ \t]+#[^\s#]", rest):
        return None
    return node.end + rest.index("#"), node.end + len(rest)


_GOES_ON = LatePattern(r" (?:## +\w|#.*(?:\{\{|\{%| ## +\w))")
"""With more than one space before its sign, a comment is one."""


def without_open_tag(text: str) -> str:
    """What is left of a text that a comment cuts off: without the tag that has lost its end."""
    last = max(text.rfind(sign) for sign in ("{{", "{%", "{#"))
    return text if last < 0 or re.search(r"[}%#]\}", text[last:]) else text[:last]
