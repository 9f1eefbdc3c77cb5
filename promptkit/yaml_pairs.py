r"""Characters that JSON escapes in two halves, `"\ud83d\ude00"`, as Python's `json.dumps` writes them.

YAML has such an escape for whole characters alone (YAML 1.2.2, section 5.7), and libyaml refuses a half. So it reads
escapes of private characters in their place, of the same length, and what it has read is put right again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["disguised", "has_pairs", "restoring"]

_A_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_PAIR = LatePattern(_A_PAIR)
_PAIRS = LatePattern(rf"(?<!\\)(?:\\\\)*((?:{_A_PAIR})+)")
"""Pairs, one behind the other; a backslash that is escaped itself begins none."""
_HIGH, _LOW = 0xD800, 0xDC00
_HIGH_AS, _LOW_AS = 0xE000, 0xE400
"""Of each half there are 1,024 (Unicode 16.0, section 3.8); the private area begins at U+E000."""


def has_pairs(text: str) -> bool:
    """Whether a text has such escapes."""
    return ("\\ud" in text or "\\uD" in text) and _PAIRS.search(text) is not None


def disguised(text: str) -> str:
    """The text as libyaml reads it; every offset stays."""
    kept, at = [], 0
    for found in _PAIRS.finditer(text):
        kept += [text[at : found.start(1)], _PAIR.sub(lambda pair: _escaped(pair[0]), found[1])]
        at = found.end()
    return "".join((*kept, text[at:]))


def restoring(next_event: Callable[[], Any], of_texts: type[Any], text: str) -> Callable[[], Any]:
    """Gives libyaml's events, with texts in which the halves are put together; where none were escaped, as written."""

    def restored() -> Any:
        event = next_event()
        if event.__class__ is of_texts:
            pairs = _within(text, event.start_mark.index, event.end_mark.index)
            read = ((_pair_of(pair), _joined(pair)) if event.style == '"' else (_escaped(pair), pair) for pair in pairs)
            event.value = _put_right(event.value, read)
        return event

    return restored


def _within(text: str, start: int, end: int) -> Iterator[str]:
    """The pairs in a part of the text."""
    for found in _PAIRS.finditer(text, start, end):
        yield from _PAIR.findall(found[1])


def _put_right(value: str, pairs: Iterator[tuple[str, str]]) -> str:
    """A value with what stands for each pair put right, in the order in which they stand."""
    kept, at = [], 0
    for read, meant in pairs:
        place = value.find(read, at)
        if place >= 0:
            kept += [value[at:place], meant]
            at = place + len(read)
    return "".join((*kept, value[at:])) if kept else value


def _halves(pair: str) -> tuple[int, int]:
    return int(pair[2:6], 16), int(pair[8:12], 16)


def _escaped(pair: str) -> str:
    high, low = _halves(pair)
    return rf"\u{high - _HIGH + _HIGH_AS:04x}\u{low - _LOW + _LOW_AS:04x}"


def _pair_of(pair: str) -> str:
    high, low = _halves(pair)
    return chr(high - _HIGH + _HIGH_AS) + chr(low - _LOW + _LOW_AS)


def _joined(pair: str) -> str:
    high, low = _halves(pair)
    return chr(0x10000 + ((high - _HIGH) << 10) + low - _LOW)
