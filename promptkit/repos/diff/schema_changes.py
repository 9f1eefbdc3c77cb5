"""What changed between two JSON Schemas, place by place, seen from both sides: who writes values, and who reads them.

Callers write inputs: what they wrote before must still be accepted. Callers read outputs: what comes now must be what
they could read before. Whether it is, is proved by `promptkit.schema.compat`; the places say it in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.completion import canonical_json
from promptkit.repos.diff.changes import LEVELS, Change
from promptkit.repos.diff.tolerance import closed, tolerant
from promptkit.schema.compat import accepts
from promptkit.schema.equality import key_of, same_json, without
from promptkit.schema.references import references, refers_alone, resolve, with_children
from promptkit.schema.violations import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.repos.diff.changes import Level
    from promptkit.schema.compat import Mismatch

__all__ = ["READ", "TAKEN", "WRITTEN", "Side", "schema_changes"]

_DEEPEST = 12
_MOST_LISTED = 8
_MOST_TRIALS, _MOST_STEPS, _THICKET = 100, 10_000, 500
"""How many differences are weighed one by one; how many pairs of schemas are looked at to find them; from how many on
the references are a thicket."""

_SAYS_NOTHING = ("title", "description", "default", "examples", "$comment", "$schema", "$id", "deprecated", "$defs")
_TO_PEOPLE = ("title", "description", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly")
_TO_MODELS = ("title", "description", "default", "examples")
_WORDS = {"description": "what it says of itself", "title": "its title", "default": "its default"}


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
        for place in _Places(before, after).between(before, after, name):
            yield Change(part, place.sign, place.name, wording if place.is_shown else "patch", place.words)
        return
    found = side.compare(before, after)
    level: Level = _worst(found) if found else "minor"
    places = _Places(before, after)
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
    place: _Place,
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


@dataclass(frozen=True, slots=True)
class _Place:
    """One place at which two schemas differ. `trial` are the schemas there, with that one difference between them.

    What `is_shown` stands where a model reads it, if it is shown the schema.
    """

    sign: Any
    name: str
    kind: str
    words: str
    trial: tuple[Any, Any] | None = None
    is_shown: bool = False


class _Places:
    """Where two schemas differ, from the outside to the inside.

    References are followed, each pair of them once on a way, and in a thicket of them once altogether: what is below
    them the second time was told the first time.
    """

    def __init__(self, before: Any, after: Any) -> None:
        self.roots = (before, after)
        self._same_roots = same_json(before, after)
        self._left = _MOST_STEPS
        self._entered: set[tuple[str, str]] = set()
        self._known: set[tuple[str, str]] = set()

    @property
    def exhausted(self) -> bool:
        """Whether there were more pairs than are looked at."""
        return self._left < 0

    def between(self, before: Any, after: Any, path: str, depth: int = 0) -> Iterator[_Place]:
        """The places at and below one pair of schemas."""
        references = (_reference(before), _reference(after))
        self._left -= 1
        passed = self._entered if self._left > _MOST_STEPS - _THICKET else self._known
        if self.exhausted or (any(references) and references in passed):
            return
        old, new = (_seen(root, schema) for root, schema in zip(self.roots, (before, after), strict=True))
        if self._same_roots and same_json(old, new):
            return
        if not isinstance(old, dict) or not isinstance(new, dict) or depth > _DEEPEST:
            if not same_json(old, new):
                yield _Place("~", path, "type", f"{_brief(old)} -> {_brief(new)}", _alone(self.roots, (old, new)))
            return
        self._entered.add(references)
        self._known.add(references)
        yield from self._fields(old, new, path, depth)
        for keyword in sorted((old.keys() | new.keys()) - _TOLD_ELSEWHERE):
            one, other = old.get(keyword), new.get(keyword)
            if keyword in _FOLLOWED and isinstance(one, dict) and isinstance(other, dict):
                yield from self.between(one, other, f"{path}{_FOLLOWED[keyword]}", depth + 1)
            elif keyword in _ALTERNATIVES and (pairs := _paired(one, other)):
                for pair in pairs:
                    yield from self.between(*pair, path, depth + 1)
            elif not same_json(one, other):
                yield _keyword(keyword, old, new, path, self.roots)
        self._entered.discard(references)

    def _fields(self, old: dict[str, Any], new: dict[str, Any], path: str, depth: int) -> Iterator[_Place]:
        one, other = old.get("properties", {}), new.get("properties", {})
        needs, needs_now = set(old.get("required", ())), set(new.get("required", ()))
        for name in one:
            if name not in other:
                if name not in self._in_parts(new):
                    yield _Place("-", f"{path}.{name}", "field", "removed")
                continue
            if (name in needs) != (name in needs_now):
                words = "now optional" if name in needs else "now required"
                yield _Place("~", f"{path}.{name}", "required", words)
            yield from self.between(one[name], other[name], f"{path}.{name}", depth + 1)
        for name in other:
            if name not in one:
                need = "required" if name in needs_now else "optional"
                yield _Place("+", f"{path}.{name}", "added", f"added, {need}")

    def _in_parts(self, schema: Any, depth: int = 3) -> set[str]:
        """The fields of the parts that a schema is made of: what moved into one of them is still there."""
        names: set[str] = set()
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()) if isinstance(schema.get(keyword, ()), list) else ():
                seen = _seen(self.roots[1], part)
                if isinstance(seen, dict):
                    names |= seen.get("properties", {}).keys()
                    names |= self._in_parts(seen, depth - 1) if depth else set()
        return names


_FOLLOWED = {"items": "[]", "additionalProperties": ".*"}
_ALTERNATIVES = ("anyOf", "oneOf")
_TOLD_ELSEWHERE = frozenset({"properties", "required", "$defs", "definitions", "$ref"})


def _paired(before: Any, after: Any) -> list[tuple[Any, Any]]:
    """The parts of two alternatives that stand for each other: equal ones, and the others in their order.

    There are none when there are more of them on one side.
    """
    if not isinstance(before, list) or not isinstance(after, list) or len(before) != len(after):
        return []
    known = set(map(key_of, after))
    alike = [each for each in before if key_of(each) in known]
    one, other = (sorted(pair, key=_tag) for pair in (without(before, after), without(after, before)))
    return [*((each, each) for each in alike), *zip(one, other, strict=True)] if len(one) == len(other) else []


def _tag(schema: Any) -> str:
    """What tells an alternative from the others: the fields that are fixed to one value; else nothing."""
    fields = schema.get("properties", {}) if isinstance(schema, dict) else {}
    fixed = {name: each["const"] for name, each in fields.items() if isinstance(each, dict) and "const" in each}
    return canonical_json(fixed) if fixed else ""


def _reference(schema: Any) -> str:
    found = schema.get("$ref", "") if isinstance(schema, dict) else ""
    return found if isinstance(found, str) else ""


def _keyword(keyword: str, old: dict[str, Any], new: dict[str, Any], path: str, roots: Any) -> _Place:
    one, other = old.get(keyword), new.get(keyword)
    if keyword in _SAYS_NOTHING:
        words = f"{_WORDS.get(keyword, keyword)} changed"
        return _Place("~", path, "words", words, is_shown=keyword in _TO_MODELS)
    trial = _trial(keyword, old, new, roots)
    if keyword == "enum" and isinstance(one, list) and isinstance(other, list):
        gone, come = (without(*pair) for pair in ((one, other), (other, one)))
        told = [f"no longer {_listed(gone)}"] if gone else []
        told += [f"also {_listed(come)}"] if come else []
        if not told:
            return _Place("~", path, "words", "the values in another order")
        return _Place("~", path, "enum", "; ".join(told), trial)
    if keyword not in old:
        return _Place("+", path, keyword, f"{keyword} {_brief(other)} added", trial)
    if keyword not in new:
        return _Place("-", path, keyword, f"{keyword} {_brief(one)} removed", trial)
    return _Place("~", path, keyword, f"{keyword}: {_brief(one)} -> {_brief(other)}", trial)


def _listed(values: list[Any]) -> str:
    more = len(values) - _MOST_LISTED
    return ", ".join(map(shown, values[:_MOST_LISTED])) + (f" and {more:,} more" if more > 0 else "")


def _trial(keyword: str, old: dict[str, Any], new: dict[str, Any], roots: Any) -> tuple[Any, Any]:
    """The old schema of a place, and the same with one keyword as it is now; definitions come along."""
    changed = {key: value for key, value in old.items() if key != keyword}
    changed |= {keyword: new[keyword]} if keyword in new else {}
    return _alone(roots, (old, changed))


def _alone(roots: Any, pair: tuple[Any, Any]) -> tuple[Any, Any]:
    """Two schemas of a place by themselves: the definitions of their documents come along, if they lead there."""
    found = []
    for root, schema in zip(roots, pair, strict=True):
        keys = ("$schema", "$defs", "definitions") if any(True for _ in references(schema)) else ("$schema",)
        known = {key: root[key] for key in keys if isinstance(root, dict) and key in root}
        found.append(known | schema if isinstance(schema, dict) else schema)
    return found[0], found[1]


def _seen(root: Any, schema: Any) -> Any:
    """What a reference leads to, with what stands beside it."""
    for _ in range(_DEEPEST):
        if not isinstance(schema, dict) or not isinstance(schema.get("$ref"), str):
            return schema
        found = resolve(root, schema["$ref"])
        if not isinstance(found, dict):
            return found if isinstance(found, bool) else schema
        beside = {} if refers_alone(root) else {key: value for key, value in schema.items() if key != "$ref"}
        schema = _both(found, beside)
    return schema


def _both(found: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to with what stands beside it; fields of both are fields of it."""
    fields, needed = ([each.get(key, kind()) for each in (found, beside)] for key, kind in _FIELDS)
    both = {**found, **beside}
    if all(fields):
        both["properties"] = fields[0] | fields[1]
    if all(needed):
        both["required"] = [*needed[0], *(each for each in needed[1] if each not in needed[0])]
    return both


_FIELDS = (("properties", dict), ("required", list))


def _brief(value: Any) -> str:
    return "nothing" if value is None else shown(value)


def _bare(schema: Any) -> Any:
    """A schema without what it says to people alone."""
    if not isinstance(schema, dict):
        return schema
    copy = with_children(schema, _bare)
    return {key: value for key, value in copy.items() if key not in _TO_PEOPLE and key[:2] != "x-"}
