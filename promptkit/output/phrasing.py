"""Phrases written one a line, as one pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def any_of(phrases: str, parts: Mapping[str, str] | None = None) -> str:
    """The pattern of any of some phrases.

    Each stands on a line of its own, as a regular expression in which a space is any white space, ` ?` any or none,
    and an apostrophe may be left out. `parts` are names in capitals for what stands in several of them.
    """
    for name, part in (parts or {}).items():
        phrases = phrases.replace(name, part)
    lines = (line.strip() for line in phrases.splitlines())
    return "|".join(line.replace(" ?", r"\s*").replace(" ", r"\s+").replace("'", "['’]?") for line in lines if line)
