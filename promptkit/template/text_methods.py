"""Methods of texts that can build more than they are given, or take more time than their length: measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.template.metering import MAX_MARKED, MAX_PARTS, built, check_clock, check_size, count_built, made_list
from promptkit.template.printing import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_STRIPPED = 50
"""How many characters may be named that are taken off the ends of a text: each one there is looked for among them."""
_ITEMS_A_LOOK = 1_024
_MOST_BACKWARDS = 20_000_000
"""Steps of a search from the end: the text's length by that of what is searched."""


def replaced(text: str, old: str, new: str, count: int | None = None) -> str:
    """`text.replace`, measured before it is done."""
    most = -1 if count is None else count
    "".replace(old, new, most)  # Python's own words on arguments of wrong types
    many = text.count(old) if most < 0 else min(text.count(old), most)
    check_size(len(text) + many * max(len(new) - len(old), 0))
    return str(built(text.replace(old, new, most)))


def joined(separator: str, texts: Iterable[str]) -> str:
    """`separator.join`, measured before it is done."""
    listed, size = [], 0
    for number, text in enumerate(texts):
        if number % _ITEMS_A_LOOK == 0:
            check_clock()
        if not isinstance(text, str):
            raise RenderError(f"texts are joined, not {kind_of(text)}", code="PK226")
        listed.append(text)
        size += len(text) + len(separator)
        check_size(size - len(separator))
    return str(built(separator.join(listed)))


def _stripping(name: str) -> Callable[..., Any]:
    def strip(text: str, chars: str | None = None) -> str:
        if chars is not None and not isinstance(chars, str):
            raise RenderError(f"`{name}` takes a text, not {kind_of(chars)}", code="PK226")
        if chars is not None and len(chars) > MAX_STRIPPED:
            raise RenderError(f"`{name}` takes up to {MAX_STRIPPED:,} characters", code="PK221")
        return str(built(getattr(str, name)(text, chars)))

    return strip


def _backwards(name: str) -> Callable[..., Any]:
    """A search from the end, which takes time by the product of both lengths where one from the beginning does not."""

    def search(text: str, *args: Any, **kwargs: Any) -> Any:
        sought = args[0] if args else kwargs.get("sep")
        if isinstance(sought, str) and len(text) * len(sought) > _MOST_BACKWARDS:
            raise RenderError(f"`{name}` would search too long a text from its end", code="PK221")
        if name == "rsplit":
            return _split(name, text, *args, **kwargs)
        return taken_apart(getattr(str, name)(text, *args, **kwargs))

    return search


def _splitting(name: str) -> Callable[..., list[str]]:
    def split(text: str, sep: str | None = None, maxsplit: int = -1) -> list[str]:
        return _split(name, text, sep, maxsplit)

    return split


def _split(name: str, text: str, sep: str | None = None, maxsplit: int = -1) -> list[str]:
    """A list of the parts of a text, of which no more are made than a list may have."""
    getattr("", name)(sep, maxsplit)  # Python's own words on arguments of wrong types
    most = MAX_PARTS if maxsplit < 0 else min(maxsplit, MAX_PARTS)
    return made_list(getattr(str, name)(text, sep, most), text)


def split_lines(text: str, keepends: bool = False) -> list[str]:
    """`text.splitlines`, measured."""
    return made_list(text.splitlines(keepends), text)


def taken_apart(made: Any) -> Any:
    """What a method of a text gives: a text, or a few that it is taken apart into. Their characters count."""
    if isinstance(made, (str, tuple)):
        count_built(len(made) if isinstance(made, str) else sum(map(len, made)))
    return made


def concatenated(pieces: Iterable[str]) -> str:
    """What a macro, or a block that is kept, prints: measured before it is put together."""
    return joined("", pieces)


METHODS: Mapping[str, Callable[..., Any]] = {
    "replace": replaced,
    "join": joined,
    "split": _splitting("split"),
    "splitlines": split_lines,
    **{name: _stripping(name) for name in ("strip", "lstrip", "rstrip")},
    **{name: _backwards(name) for name in ("rfind", "rindex", "rpartition", "rsplit")},
}
"""Methods of texts that can build more than they are given, or take time by the square of it, measured."""


def _looking(name: str) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        text = str(value)
        if len(text) > MAX_MARKED:
            check_clock()
        return bool(getattr(text, name)())

    return test


TESTS: dict[str, Callable[[Any], bool]] = {name: _looking(f"is{name}") for name in ("lower", "upper")}
"""Tests that look at all of a text: of one that is long, at the clock first."""

for _name, _method in METHODS.items():
    _method.__qualname__ = f"str.{_name}"  # by which Python's errors speak of it
