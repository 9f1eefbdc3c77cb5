"""Headings of a Markdown text: which it lacks of those that it should have, in their order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def misplaced_headings(text: str, wanted: Sequence[str]) -> Iterator[str]:
    """What is wrong with the headings: one is missing, or stands before those that it should follow."""
    written = [title for line in outside_fences(text) if (title := _title(line)) is not None]
    at = 0
    for heading in wanted:
        if heading not in written:
            yield f"the heading `{heading}` is missing"
        elif heading in written[at:]:
            at = written.index(heading, at) + 1
        else:
            yield f"the heading `{heading}` is not in its place"


def _title(line: str) -> str | None:
    """The text of a Markdown heading (CommonMark 0.31, section 4.2)."""
    match = re.match(r" {0,3}#{1,6}[ \t]+(.*)", line)
    if match is None:
        return None
    title = match[1].strip(" \t")
    bare = title.rstrip("#")
    return bare.rstrip(" \t") if bare.endswith((" ", "\t")) else title


def outside_fences(text: str) -> list[str]:
    """The lines of a text that stand in no code fence."""
    kept: list[str] = []
    fence = ""
    for line in text.splitlines():
        mark = re.match(r" {0,3}(`{3,}|~{3,})(.*)", line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) and not mark[2].strip() else fence
        elif mark:
            fence = mark[1]
        else:
            kept.append(line)
    return kept
