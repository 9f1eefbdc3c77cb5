"""Keys that are the same but for how they are written."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from promptkit.output.place import plain_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.schema import Schema


def may_be_renamed(value: Any, schema: Schema) -> bool:
    """Whether a value that fits has a key that no schema declares, and that is a declared one in another writing.

    An object that takes any key takes that one too, and the field that was meant would be lost without a word. A sign
    at an end of the key makes another name of it.
    """
    declared = schema.open_names
    if not declared:
        return False
    others = _keys_in(value) - declared
    return not _plain_words(declared).isdisjoint(
        plain_word(key) for key in others if key[:1].isalnum() and key[-1:].isalnum()
    )


@lru_cache(maxsize=128)
def _plain_words(names: frozenset[str]) -> frozenset[str]:
    return frozenset(map(plain_word, names))


def _keys_in(value: Any) -> set[str]:
    """The keys of the objects in a value; of a list the first items tell, since a model writes them alike."""
    found: set[str] = set()
    level = [value]
    while level:
        objects = [each for each in level if type(each) is dict]
        lists = (each[:_MOST_ITEMS] for each in level if type(each) is list)
        found.update(*objects)
        inner = chain(chain.from_iterable(map(dict.values, objects)), chain.from_iterable(lists))
        level = [each for each in inner if type(each) in _HOLDERS]
    return found


_HOLDERS = frozenset((dict, list))
_MOST_ITEMS = 50


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
