r"""Characters that JSON escapes in two halves, `"\ud83d\ude00"`, as Python's `json.dumps` writes them.

YAML has such an escape for whole characters alone (YAML 1.2.2, section 5.7), and libyaml refuses a half. So it reads
private characters in their place, of the same length, and what it has read is put together again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["disguised", "has_pairs", "restoring"]

_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_HIGH, _LOW = 0xD800, 0xDC00
_HIGH_AS, _LOW_AS = 0xE000, 0xE400
"""Of each half there are 1,024 (Unicode 16.0, section 3.8); the private area begins at U+E000."""
_CHARACTERS = re.compile("([\ue000-\ue3ff])([\ue400-\ue7ff])")
_WRITTEN = re.compile(r"\\u([eE][0-3][0-9a-fA-F]{2})\\u([eE][4-7][0-9a-fA-F]{2})")


def has_pairs(text: str) -> bool:
    """Whether a text has such escapes."""
    return ("\\ud" in text or "\\uD" in text) and _PAIR.search(text) is not None


def disguised(text: str) -> str:
    """The text as libyaml reads it; every offset stays."""
    return _PAIR.sub(lambda pair: rf"\u{_moved(pair[1], _HIGH, _HIGH_AS)}\u{_moved(pair[2], _LOW, _LOW_AS)}", text)


def _moved(half: str, of: int, to: int) -> str:
    return f"{int(half, 16) - of + to:04{'X' if half[0].isupper() else 'x'}}"


def restoring(next_event: Callable[[], Any], of_texts: type[Any]) -> Callable[[], Any]:
    """Gives libyaml's events, with texts in which the halves are put together; where none were escaped, as written."""

    def restored() -> Any:
        event = next_event()
        if event.__class__ is of_texts:
            text = _CHARACTERS.sub(lambda pair: _joined(ord(pair[1]) - _HIGH_AS, ord(pair[2]) - _LOW_AS), event.value)
            event.value = _WRITTEN.sub(_as_written, text)
        return event

    return restored


def _joined(high: int, low: int) -> str:
    return chr(0x10000 + (high << 10) + low)


def _as_written(pair: re.Match[str]) -> str:
    return rf"\u{_moved(pair[1], _HIGH_AS, _HIGH)}\u{_moved(pair[2], _LOW_AS, _LOW)}"
