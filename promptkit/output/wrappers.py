"""Keys that stand around an answer, and say nothing of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.output.place import plain_word

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_label", "is_wrapper", "names_list", "names_reasoning", "wraps_whole"]

_GENERAL = """
    answer answers array data elements entries final finalanswer items json list objects output records response result
    results return rows selections text value
"""
_WRAPPERS = frozenset(_GENERAL.split())
"""Names of keys that say no more than that a value follows."""


_OF_LABELS = """
    category choice class classification decision emotion grade intent label language mood predictedlabel prediction
    priority rating sentiment severity status tone topic type verdict
"""
_LABELS = frozenset(_OF_LABELS.split())


def is_label(name: str) -> bool:
    """Whether a key names what one of some words is: `{"sentiment": "positive"}`."""
    return plain_word(name) in _LABELS


def is_wrapper(name: str) -> bool:
    """Whether a key says no more than that a value follows."""
    return plain_word(name) in _WRAPPERS


def names_list(name: str, form: Mapping[str, Any]) -> bool:
    """Whether the only key of an object names the list under it, and says nothing against it: `{"tags": [...]}`."""
    title = form.get("title")
    return plain_word(name) in _LISTS or (isinstance(title, str) and plain_word(name) == plain_word(title))


_OF_LISTS = """
    categories cities countries customers documents entities events facts ids integers keywords labels lines names
    numbers objects orders people persons products questions sentences steps strings tags tasks texts topics users
    values words
"""
_LISTS = frozenset(_OF_LISTS.split())


def names_reasoning(name: str) -> bool:
    """Whether a key names what comes before an answer."""
    return plain_word(name) in _REASONING


_REASONING = frozenset("analysis explanation rationale reason reasoning thinking thought thoughts".split())  # noqa: SIM905


def wraps_whole(name: str, value: Any, form: Mapping[str, Any]) -> bool:
    """Whether an object stands under the title of its schema, which is the name of its class."""
    title = form.get("title")
    return isinstance(value, dict) and isinstance(title, str) and plain_word(name) == plain_word(title)
