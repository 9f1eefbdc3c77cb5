"""Why a name has no declaration: the likely slips, each with its cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.loading.findings import no_colon, without_colon
from promptkit.schema.keywords import KEYWORDS
from promptkit.yaml_nodes import Scalar, is_empty

if TYPE_CHECKING:
    from promptkit.loading.findings import Findings
    from promptkit.yaml_nodes import Document, Mapping


def is_of_others(findings: Findings, document: Document, node: Mapping) -> bool:
    """Report `{type string}`, where a keyword has no colon, and `{type: enum}`; whether there is such."""
    kind = node.get("type")
    if isinstance(kind, Scalar) and kind.text in ("enum", "literal", "choice"):
        message = f"there is no type `{kind.text}`"
        cure = "write the words alone: `a | b`, or `{enum: [a, b]}`"
        findings.add(document, "PK125", message, kind, help=cure)
        return True
    for key, value in node.pairs:
        if is_empty(value) and (first := without_colon(key, KEYWORDS)):
            label, cure = no_colon(first, key)
            findings.add(document, "PK125", f"there is no keyword `{key.text}`", key, label=label, help=cure)
            return True
    return False


def missing_declaration(findings: Findings, document: Document, key: Scalar) -> None:
    """Report a name behind which nothing stands."""
    message = f"`{key.text}` has no declaration"
    if ".." in key.text or " " in key.text:
        last = findings.diagnostics[-1] if findings.diagnostics else None
        if last is not None and last.label == _COMMA and last.path == document.path:
            begun = document.start(last.line) + last.column - 1
            if 0 <= begun < key.start and ":" not in document.text[begun : key.start]:
                return  # the commas of one text
        findings.add(document, "PK125", message, key, label=_COMMA, help=f"quote the whole declaration: {_QUOTED}")
    else:
        findings.add(document, "PK125", message, key, help=f"say what it holds: `{key.text}: string`")


_COMMA = "a comma in `{...}` begins the next key"
_QUOTED = "`urgency: 'integer, 1..5'`, or write one key a line"


def braced_declaration(findings: Findings, document: Document, key: Scalar, node: Mapping) -> None:
    """`{integer, 1..5}`: braces around a shorthand make keys of its parts."""
    meant = ", ".join(part.text for part, _ in node.pairs)
    label = "keys without declarations; a shorthand stands without braces"
    findings.add(
        document, "PK125", f"`{key.text}` has no declaration", node, label=label, help=f"`{key.text}: {meant}`"
    )
