"""Keys that stand around an answer, and say nothing of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.output.place import plain_word

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_wrapper", "wraps_whole"]

_GENERAL = """
    answer answers array data elements entries final finalanswer items json list objects output records response result
    results return rows selections text value
"""
_WRAPPERS = frozenset(_GENERAL.split())
"""Names of keys that say no more than that a value follows."""
_OTHERS = """
    before context default draft error errors example examples expected format input inputs metadata old original
    previous query reference request sample schema template usage wrong
"""
_NO_ANSWERS = frozenset(_OTHERS.split())
"""Names of what is no answer, whatever stands under them."""
_MANY_FIELDS = 2


def is_wrapper(name: str) -> bool:
    """Whether a key says no more than that a value follows."""
    return plain_word(name) in _WRAPPERS


def wraps_whole(name: str, value: Any, form: Mapping[str, Any]) -> bool:
    """Whether an object under a key of its own has all the fields that an answer needs, as under its class's name."""
    if not isinstance(value, dict) or plain_word(name) in _NO_ANSWERS:
        return False
    needed = form.get("required") or ()
    return len(needed) >= _MANY_FIELDS and all(isinstance(each, str) and each in value for each in needed)
