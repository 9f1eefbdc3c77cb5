"""Comments that switch a warning off in its place: `# promptkit: ignore PK217`, or in a template `{# ... #}`.

Such a comment is for its own line; one that stands alone on a line is for the next line too. Errors cannot be
switched off.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.diagnostics import Diagnostic, did_you_mean
from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.yaml_nodes import Document

_COMMENT = LatePattern(r"(?:#|\{#-?)[ \t]*promptkit:[ \t]*(ignore|\w+)\b[ \t]*([A-Z0-9, \t]*)")
_NO_COLON = LatePattern(r"(?:#|\{#-?)[ \t]*promptkit ignore[ \t]*:?[ \t]*(PK\d{3})\b")
_ALONE = LatePattern(r"[ \t]*(?:#[^\n]*|\{#[^\n]*#\}[ \t]*)\Z")


def without_ignored(
    diagnostics: Iterable[Diagnostic], documents: Iterable[Document], main: Document
) -> Iterator[Diagnostic]:
    """The diagnostics that no comment switches off; a comment of the main file that is for none is told."""
    wanted = {document.path: _ignored(document) for document in documents if "promptkit:" in document.text}
    used: set[tuple[str, int, str]] = set()
    for diagnostic in diagnostics:
        own = diagnostic.path, diagnostic.line, diagnostic.code
        comment = wanted.get(diagnostic.path, {}).get((diagnostic.line, diagnostic.code))
        if comment is None or diagnostic.severity == "error":
            yield diagnostic
        else:
            used.add((own[0], comment, own[2]))
    if main.path in wanted:
        yield from _without_effect(main, used)
    for written in _NO_COLON.finditer(main.text) if "promptkit ignore" in main.text else ():
        message, cure = (
            "this comment to promptkit has no colon, and is not read",
            f"write `promptkit: ignore {written[1]}`",
        )
        yield main.diagnostic("PK133", message, written.span(), severity="warning", help=cure)


def _ignored(document: Document) -> dict[tuple[int, str], int]:
    """For each line and code that is switched off: the offset of the comment that does so."""
    found: dict[tuple[int, str], int] = {}
    for comment in _COMMENT.finditer(document.text):
        line, _ = document.place(comment.start())
        lines = [line, line + 1] if _ALONE.match(document.line(line)) else [line]
        found |= {(each, code): comment.start() for each in lines for code in _codes(comment)}
    return found


def _codes(comment: re.Match[str]) -> list[str]:
    return re.findall(r"\bPK\d{3}\b", comment[2]) if comment[1] == "ignore" else []


def _without_effect(document: Document, used: set[tuple[str, int, str]]) -> Iterator[Diagnostic]:
    for comment in _COMMENT.finditer(document.text):
        codes = _codes(comment)
        idle = [code for code in codes if (document.path, comment.start(), code) not in used]
        if codes and not idle:
            continue
        if codes:
            message = f"nothing here is ignored by {', '.join(idle)}"
            label = ""
        else:
            message = "this comment to promptkit says nothing that is read"
            label = did_you_mean(comment[1], ["ignore"]) if comment[1] != "ignore" else ""
        cure = _IDLE if codes else "write `promptkit: ignore PK217`, with the code of a warning"
        span = comment.start(), comment.start() + len(comment.group().rstrip())
        yield document.diagnostic("PK133", message, span, severity="warning", label=label, help=cure)


_IDLE = "take it away; only warnings and notes of its own line, or of the next, are ignored"
