"""Small phrases that many messages are made of."""

from __future__ import annotations

from promptkit.late_pattern import LatePattern

_UNSEEN = LatePattern(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What ends a line, steers a terminal, or turns the order of what is read (Unicode's bidirectional controls)."""


_STEERING = LatePattern(_UNSEEN.pattern.replace(r"\x00-\x1f", r"\x00-\x08\x0b-\x1f", 1))


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 file`, `1,200 files`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters; dots stand for the end of a longer one."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def one_line(text: str) -> str:
    """A text of somebody else on one line, that cannot pretend: what is not seen is written as Python writes it."""
    return _UNSEEN.sub(lambda match: repr(match[0])[1:-1], text)


def steady(text: str) -> str:
    """A text of lines in which nothing steers a terminal, or turns the order of what is read."""
    return _STEERING.sub(lambda match: repr(match[0])[1:-1], text)
