"""What is the same but for how it is written: keys, and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.output.place import plain_word

if TYPE_CHECKING:
    from collections.abc import Iterable


def meant_keys(value: dict[str, Any], named: Iterable[str]) -> dict[str, str]:
    """For keys that are not declared, the one declared key that is spelt so but for case, accents and signs."""
    absent = [name for name in named if name not in value]
    others = [key for key in value if key not in named]
    if not absent or not others:
        return {}
    by_word: dict[str, list[str]] = {}
    for name in absent:
        by_word.setdefault(plain_word(name), []).append(name)
    wanted: dict[str, list[str]] = {}
    for key in others:
        wanted.setdefault(plain_word(key), []).append(key)
    return {
        keys[0]: by_word[word][0] for word, keys in wanted.items() if len(keys) == 1 and len(by_word.get(word, ())) == 1
    }


def is_same(written: str, value: float) -> bool:
    """Whether a number that is written somewhere is a certain one."""
    try:
        return float(written) == value
    except ValueError:
        return False
