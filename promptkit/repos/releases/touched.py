"""Which prompts two states may have made others, told without loading any.

A prompt is made of its file and of what that names, and so on. So it is another one only where its file is, or where
some text on that way has the name of a file that is: whoever mentions none of them need not be loaded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.errors import SourceError
from promptkit.late_pattern import LatePattern
from promptkit.settings import PROJECT_FILE
from promptkit.template_paths import LOCK_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.repos.releases.states import RepoState

__all__ = ["touched"]

_PLAIN = LatePattern(r"[A-Za-z0-9_.-]+")
"""Names that are written one way alone, where nothing is escaped: no blank to be folded, no quote to be doubled."""

_SPELLED_OTHERWISE = LatePattern(rb"\\[xuUN0-9\r\n]|%[0-9a-fA-F]{2}")
"""What may spell a name in other letters: escapes of YAML, Jinja and URLs."""

_JOINED = LatePattern(rb"""["'](?:\s|\\.|[\x80-\xff])*["']""")
"""What may be two texts that Jinja joins to a name, with any blanks between them, or none."""


def touched(before: RepoState, after: RepoState) -> set[str]:
    """The prompts of a state that may not be what they were in the one before; those that are new among them."""
    old, new = before.ids(), after.ids()
    changed = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    if not changed.isdisjoint((PROJECT_FILE, LOCK_FILE)):
        return set(after.prompts)
    reached, found = changed & new.keys(), changed
    while found:
        names = set(map(_stem, found))
        if not all(map(_PLAIN.fullmatch, names)):
            return set(after.prompts)
        found = set(_mentioning(after, new.keys() - reached, names))
        reached |= found
    return {name for name, file in after.prompts.items() if file in reached or before.prompts.get(name) != file}


def _stem(path: str) -> str:
    """The name of a file up to its first point, by which others may refer to it."""
    name = path.rpartition("/")[2]
    return (name.lstrip(".").partition(".")[0] or name).lower()


def _mentioning(state: RepoState, paths: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    wanted = re.compile("|".join(map(re.escape, sorted(names))).encode())
    for path in paths:
        try:
            text = state.source.read(path)
        except SourceError:
            continue
        joins = b"{%" in text and _JOINED.search(text)
        if wanted.search(text.lower()) or _SPELLED_OTHERWISE.search(text) or joins:
            yield path
