"""Code fences: what stands in the one fence that encloses a text."""

from __future__ import annotations

from promptkit.late_pattern import LatePattern

_OPENING = LatePattern(r"\s*(`{3,}|~{3,})(?![`~])([^\n`]*)\n")


_OF_REASONING = ("reasoning", "scratchpad", "thinking", "thought", "thoughts")
"""What the first line of a fence says around what is no answer."""


def unfenced(text: str, *infos: str) -> str | None:
    """What stands in the one code fence that encloses a text; None when there is no such fence.

    With `infos`, only a fence whose first line says one of them counts.
    """
    opening = _OPENING.match(text)
    whole = text.rstrip()
    if (
        opening is None
        or opening[2].strip().lower() in _OF_REASONING
        or (infos and opening[2].strip().lower() not in infos)
    ):
        return None
    fence = opening[1]
    if not whole.endswith(fence) or len(whole) < opening.end() + len(fence):
        return None
    inner = whole[opening.end() : -len(fence)]
    return None if _has_line(inner, fence) else inner.rstrip(" \t").removesuffix("\n")


def _has_line(text: str, fence: str) -> bool:
    """Whether a fence like the enclosing one begins or ends in a text."""
    return any(line.lstrip(" ").startswith(fence) for line in text.split("\n"))
