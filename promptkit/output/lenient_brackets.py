"""Brackets too much, too early and too late in JSON that is almost JSON: what shows by the keys that are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from promptkit.output.lenient_json import Loose
    from promptkit.output.place import Place

__all__ = ["goes_on", "is_member", "is_stray"]

_KEY_BEHIND = LatePattern(r"\"([^\"\n]{1,100})\"\s*:")
_MEMBER_BEHIND = LatePattern(r"\}\s*,\s*\"([^\"\n]{1,100})\"\s*:")
_TOO_MUCH = LatePattern(r"\]\s*(?:\}[\s}`]*\Z|,\s*\"(?P<key>[^\"\n]{1,100})\"\s*:)")


def goes_on(reader: Loose) -> bool:
    """Whether the `}` here comes too early, since another key that the only open object declares follows."""
    further = _MEMBER_BEHIND.match(reader.text, reader.at)
    return reader.opened == ["{"] and further is not None and _is_new(reader, further[1])


def is_stray(reader: Loose, at: int) -> bool:
    """Whether a `]` stands behind a member while no list is open, and the object surely goes on, or ends, behind."""
    if reader.innermost != "{" or reader.inside("[") or reader.inside("("):
        return False
    found = _TOO_MUCH.match(reader.text, at)
    return found is not None and (found["key"] is None or _is_new(reader, found["key"]))


def _is_new(reader: Loose, key: str) -> bool:
    return reader.declares(key) and key not in reader.keys_read


def is_member(reader: Loose, item: Place) -> bool:
    """Whether a further key of the whole begins in the place of an item: the list before it has not been closed.

    Then the list is ended, where its last item does.
    """
    text = reader.text
    member = _KEY_BEHIND.match(text, reader.at)
    if member is None or reader.opened != ["{", "["] or member[1] not in reader.declared[0]:
        return False
    is_open = "object" in item.kinds and not item.names
    if member[1] in reader.keys_read or member[1] in item.names or not item.kinds or is_open:
        return False  # an item may have lost its brace
    if text.count("]", reader.at) != text.count("[", reader.at):
        return False  # it is closed further below
    before = text[: reader.at].rstrip()
    reader.at = len(before) - before.endswith(",")  # which stands before the member then
    reader.repair("`]` added", reader.at)
    return True
