"""What changed between two JSON Schemas, place by place, seen from both sides: who writes values, and who reads them.

Callers write inputs: what they wrote before must still be accepted. Callers read outputs: what comes now must be what
they could read before. Whether it is, is proved by `promptkit.schema.compat`; the places say it in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.repos.diff.changes import LEVELS, Change
from promptkit.repos.diff.places import Place, Places
from promptkit.repos.diff.tolerance import closed, tolerant
from promptkit.schema.compat import accepts
from promptkit.schema.equality import same_json
from promptkit.schema.keywords import ANNOTATIONS
from promptkit.schema.references import with_children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.repos.diff.changes import Level
    from promptkit.schema.compat import Mismatch

__all__ = ["READ", "TAKEN", "WRITTEN", "Side", "schema_changes"]

_MOST_TRIALS = 100
"""How many differences are weighed one by one."""

_TO_PEOPLE = ANNOTATIONS | {"$comment"}

Compare = Callable[[Any, Any], "tuple[Mismatch, ...]"]


@dataclass(frozen=True, slots=True)
class Side:
    """A side of a contract: how two schemas are compared for it, and what a change of a field means to it."""

    compare: Compare
    says: Mapping[str, tuple[Level, str]]


WRITTEN = Side(
    lambda old, new: accepts(new, old),
    {
        "removed": ("major", "callers that give it give it in vain"),
        "added, required": ("major", "callers do not give it"),
        "added, optional": ("minor", "callers may give it"),
        "now required": ("major", "it must be given now"),
        "now optional": ("minor", "it need not be given any more"),
        "breaks": ("major", "what callers give may be refused"),
    },
)
"""What callers write: what the old schema allows must be accepted by the new one."""

READ = Side(
    lambda old, new: accepts(tolerant(old), new),
    {
        "removed": ("major", "callers that read it find nothing"),
        "added, required": ("minor", "callers get more"),
        "added, optional": ("minor", "callers may get more"),
        "now required": ("minor", "it always comes now"),
        "now optional": ("major", "it may be missing now"),
        "breaks": ("major", "callers may read what they never had to"),
    },
)
"""What callers read: what comes now must fit what they could read, more fields excepted."""


TAKEN = Side(
    lambda old, new: accepts(closed(tolerant(old)), closed(new)),
    {
        "removed": ("minor", "functions are not given it any more"),
        "added, required": ("major", "functions that do not take it are given it"),
        "added, optional": ("major", "functions that do not take it may be given it"),
        "now required": ("minor", "it always comes now"),
        "now optional": ("major", "it may be missing now"),
        "breaks": ("major", "functions may be given what they never had to take"),
    },
)
"""What callers' functions take: what the model may give now must be what they took before, and no parameter more."""


def schema_changes(
    side: Side, part: str, name: str, before: Any, after: Any, *, wording: Level = "patch"
) -> Iterator[Change]:
    """The changes of a schema for one side of the contract, place by place; the proof over the whole is what holds.

    A place weighs no more than that, but for a field that is gone; where no place weighs as much, the whole is told.
    `wording` is what other descriptions, titles and examples weigh: more than a patch where a model is shown them.
    """
    if same_json(before, after):
        return
    if same_json(_bare(before), _bare(after)):
        for place in Places(before, after).between(before, after, name):
            yield Change(part, place.sign, place.name, wording if place.is_shown else "patch", place.words)
        return
    found = side.compare(before, after)
    level: Level = _worst(found) if found else "minor"
    places = Places(before, after)
    trials = iter(range(_MOST_TRIALS))
    told = []
    for place in places.between(before, after, name):
        tried = side.compare if place.trial is not None and next(trials, None) is not None else None
        told.append(_weighed(part, place, level, tried, side.says, wording))
    if places.exhausted:
        told.append(Change(part, "~", name, "unknown", "cannot tell: there are too many places to look at all"))
    yield from told
    if found and level not in [change.level for change in told] and "major" not in [change.level for change in told]:
        yield Change(part, "~", name, level, _why(found, side.says["breaks"][1]))
    elif not told:
        why = "it says the same in another way" if not side.compare(after, before) else ""
        yield Change(part, "~", name, "minor" if found or not why else "patch", why)


def _weighed(
    part: str,
    place: Place,
    most: Level,
    compare: Compare | None,
    says: Mapping[str, tuple[Level, str]],
    wording: Level,
) -> Change:
    if place.kind == "words":
        return Change(part, place.sign, place.name, wording if place.is_shown else "patch", place.words)
    level, why = says.get(place.words, ("minor", ""))
    if place.trial is not None and compare is None:
        level = most
    elif place.trial is not None and compare is not None:
        found = compare(*place.trial)
        level, why = (_worst(found), _why(found, says["breaks"][1])) if found else ("minor", "")
    if place.words != "removed" and LEVELS.index(level) > LEVELS.index(most):
        level, why = most, "" if most == "minor" else "cannot tell"
    return Change(part, place.sign, place.name, level, "; ".join(filter(None, (place.words, why))))


def _worst(found: tuple[Mismatch, ...]) -> Level:
    return "major" if any(mismatch.certain for mismatch in found) else "unknown"


def _why(found: tuple[Mismatch, ...], words: str) -> str:
    certain = [mismatch for mismatch in found if mismatch.certain]
    return f"{words}: {certain[0].message}" if certain else f"cannot tell: {found[0].message}"


def _bare(schema: Any) -> Any:
    """A schema without what it says to people alone."""
    if not isinstance(schema, dict):
        return schema
    copy = with_children(schema, _bare)
    return {key: value for key, value in copy.items() if key not in _TO_PEOPLE and key[:2] != "x-"}
