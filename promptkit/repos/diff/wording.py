"""What a prompt says and how it is run: sections word by word, examples, options and model, and what nobody sends."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from promptkit.completion import canonical_json
from promptkit.late_pattern import LatePattern
from promptkit.parts import as_data
from promptkit.repos.diff.changes import Change, same_data, same_key, sign_of, whole
from promptkit.source_paths import mount_shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.repos.diff.changes import Policy
    from promptkit.spec import PromptSpec

__all__ = ["Words", "content_changes", "words"]

Words = tuple[tuple[str, str], ...]
"""Pieces of a text in order, each with `=` for kept, `-` for removed, `+` for added."""

_WORD = LatePattern(r"\s+|\w+|[^\w\s]")
_MOST_CHARACTERS = 100_000
_RUN = ("model", "options", "models", "chain_of_thought", "layout", "memory", "budget", "examples_from")
_TOLD = ("description", "metadata", "tests", "extras")


def words(before: str, after: str, most: int = _MOST_CHARACTERS) -> Words:
    """The difference of two texts, word by word; line by line where one has more than so many characters.

    Lines that are the same are set aside first, and what is between words is never what two texts are aligned by: else
    every blank of one text is held against every one of the other.
    """
    lines = _differences(*(text.splitlines(keepends=True) for text in (before, after)))
    found: list[tuple[str, str]] = []
    for one, other in lines:
        if one == other:
            _add(found, "=", one)
        elif max(len(before), len(after)) > most:
            _changed(found, one, other)
        else:
            for old, new in _differences(*(_WORD.findall(text) for text in (one, other))):
                _add(found, "=", old) if old == new else _changed(found, old, new)
    return tuple(found)


def _differences(one: list[str], other: list[str]) -> Iterator[tuple[str, str]]:
    """Two texts in pieces that are equal, and such as are not, in turn."""
    for _, i, j, k, m in SequenceMatcher(str.isspace, one, other).get_opcodes():
        yield "".join(one[i:j]), "".join(other[k:m])


def _changed(found: list[tuple[str, str]], one: str, other: str) -> None:
    _add(found, "-", one)
    _add(found, "+", other)


def _add(found: list[tuple[str, str]], sign: str, text: str) -> None:
    if text and found and found[-1][0] == sign:
        found[-1] = (sign, found[-1][1] + text)
    elif text:
        found.append((sign, text))


def content_changes(before: PromptSpec, after: PromptSpec, policy: Policy) -> Iterator[Change]:
    """The changes of everything but the contract."""
    yield from _sections(before, after, policy)
    yield from _files(before, after, policy)
    yield from _examples(before, after, policy)
    for key, one, other in _differing(before, after, _RUN):
        yield from _keys(key, one, other)
    if (before.summariser and before.summariser.digest) != (after.summariser and after.summariser.digest):
        yield Change("memory", "~", "summariser", policy.wording, "summaries are asked for in other words")
    for key, one, other in _differing(before, after, _TOLD):
        yield Change(key, "~", key, "patch", "nobody is sent it", _plain(one), _plain(other))


def _differing(before: PromptSpec, after: PromptSpec, keys: Iterable[str]) -> Iterator[tuple[str, Any, Any]]:
    """The keys whose values are not the same, with both values."""
    for key in keys:
        held = getattr(before, key), getattr(after, key)
        same = held[0] is held[1] or same_key(key, before, after)
        if not same and not same_data(*map(whole, held)):
            yield key, *held


def _sections(before: PromptSpec, after: PromptSpec, policy: Policy) -> Iterator[Change]:
    old, new = before.templates(), after.templates()
    for name in [*old, *(name for name in new if name not in old)]:
        one, other = old.get(name, ""), new.get(name, "")
        if one == other:
            continue
        filled = [{name for name, text in each.items() if text} for each in (old, new)]
        yield Change("sections", sign_of(name, *filled), name, _weight(one, other, policy), "", one, other)
    roles = [[_frame(message) for message in spec.messages or ()] for spec in (before, after)]
    if roles[0] != roles[1]:
        yield Change("sections", "~", "messages", "minor", "other messages, in another order", *roles)


def _files(before: PromptSpec, after: PromptSpec, policy: Policy) -> Iterator[Change]:
    for path in sorted(before.files.keys() | after.files.keys()):
        one, other = before.files.get(path, ""), after.files.get(path, "")
        if one != other:
            sign = sign_of(path, before.files, after.files)
            yield Change("includes", sign, mount_shown(path), _weight(one, other, policy), "", one, other)


def _weight(one: str, other: str, policy: Policy) -> Any:
    """White space alone is a patch."""
    return "patch" if one.split() == other.split() else policy.wording


def _frame(message: Any) -> str:
    data = _plain(message)
    data.pop("content", None)
    return canonical_json(data)


def _examples(before: PromptSpec, after: PromptSpec, policy: Policy) -> Iterator[Change]:
    if same_key("examples", before, after):
        return
    old, new = ([canonical_json(_plain(example)) for example in spec.examples] for spec in (before, after))
    gone = {number: _plain(before.examples[number - 1]) for number in _more(old, new)}
    come = {number: _plain(after.examples[number - 1]) for number in _more(new, old)}
    for number in sorted(gone.keys() | come.keys()):
        sign = sign_of(number, gone, come)
        yield Change("examples", sign, f"example {number}", policy.wording, "", gone.get(number), come.get(number))
    if sorted(old) == sorted(new) and old != new:
        yield Change("examples", "~", "order", policy.wording, "the same examples in another order")


def _more(texts: list[str], others: list[str]) -> Iterator[int]:
    """The numbers of the texts that are not among others, each of which stands for one."""
    left = Counter(others)
    for number, text in enumerate(texts, 1):
        if not left[text]:
            yield number
        left[text] -= bool(left[text])


def _keys(part: str, one: Any, other: Any) -> Iterator[Change]:
    old, new = _plain(one), _plain(other)
    if not isinstance(old, dict) or not isinstance(new, dict):
        yield Change(part, "~", part, "minor", "", old, new)
        return
    held, holds = whole(one), whole(other)
    for key in sorted(old.keys() | new.keys()):
        if key not in held or key not in holds or not same_data(held[key], holds[key]):
            yield Change(part, sign_of(key, old, new), str(key), "minor", "", old.get(key), new.get(key))


def _plain(value: Any) -> Any:
    return value.data() if hasattr(value, "data") else as_data(value)
