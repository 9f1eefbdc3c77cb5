"""Keys that are the same but for how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.output.place import plain_word
from promptkit.schema.references import walk

if TYPE_CHECKING:
    from collections.abc import Iterable


def may_be_renamed(value: Any, schema: Any) -> bool:
    """Whether a value that fits has a key that no schema declares, and that is one of the declared but for its writing.

    An object that takes any key takes that one too, and the field that was meant would be lost without a word.
    """
    others = _keys_in(value)
    if not others:
        return False
    declared = {name for _, each in walk(schema) if isinstance(each, dict) for name in _properties(each)}
    others -= declared
    return bool(others) and not {plain_word(name) for name in declared}.isdisjoint(map(plain_word, others))


def _properties(schema: dict[str, Any]) -> Iterable[str]:
    declared = schema.get("properties")
    return declared if isinstance(declared, dict) else ()


def _keys_in(value: Any) -> set[str]:
    """The keys of all objects in a value."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            found.update(each)
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


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
