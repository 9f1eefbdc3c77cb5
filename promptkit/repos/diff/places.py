"""Where two JSON Schemas differ, from the outside to the inside, and what to try to see how much a place weighs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.completion import canonical_json
from promptkit.schema.equality import key_of, same_json, without
from promptkit.schema.keywords import ANNOTATIONS, SILENT
from promptkit.schema.references import references, refers_alone, resolve
from promptkit.schema.violations import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Place", "Places"]

_DEEPEST = 12
_MOST_LISTED = 8
_MOST_STEPS, _THICKET = 10_000, 500
"""How many pairs of schemas are looked at; from how many on the references are a thicket."""

_SAYS_NOTHING = ANNOTATIONS | SILENT
_TO_MODELS = ("title", "description", "default", "examples")
_WORDS = {"description": "what it says of itself", "title": "its title", "default": "its default"}


@dataclass(frozen=True, slots=True)
class Place:
    """One place at which two schemas differ. `trial` are the schemas there, with that one difference between them.

    What `is_shown` stands where a model reads it, if it is shown the schema.
    """

    sign: Any
    name: str
    kind: str
    words: str
    trial: tuple[Any, Any] | None = None
    is_shown: bool = False


class Places:
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

    def between(self, before: Any, after: Any, path: str, depth: int = 0) -> Iterator[Place]:
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
                yield Place("~", path, "type", f"{_brief(old)} -> {_brief(new)}", _alone(self.roots, (old, new)))
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

    def _fields(self, old: dict[str, Any], new: dict[str, Any], path: str, depth: int) -> Iterator[Place]:
        one, other = old.get("properties", {}), new.get("properties", {})
        needs, needs_now = set(old.get("required", ())), set(new.get("required", ()))
        for name in one:
            if name not in other:
                if name not in self._in_parts(new):
                    yield Place("-", f"{path}.{name}", "field", "removed")
                continue
            if (name in needs) != (name in needs_now):
                words = "now optional" if name in needs else "now required"
                yield Place("~", f"{path}.{name}", "required", words)
            yield from self.between(one[name], other[name], f"{path}.{name}", depth + 1)
        for name in other:
            if name not in one:
                need = "required" if name in needs_now else "optional"
                yield Place("+", f"{path}.{name}", "added", f"added, {need}")

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


def _keyword(keyword: str, old: dict[str, Any], new: dict[str, Any], path: str, roots: Any) -> Place:
    one, other = old.get(keyword), new.get(keyword)
    if keyword in _SAYS_NOTHING:
        words = f"{_WORDS.get(keyword, keyword)} changed"
        return Place("~", path, "words", words, is_shown=keyword in _TO_MODELS)
    trial = _trial(keyword, old, new, roots)
    if keyword == "enum" and isinstance(one, list) and isinstance(other, list):
        gone, come = (without(*pair) for pair in ((one, other), (other, one)))
        told = [f"no longer {_listed(gone)}"] if gone else []
        told += [f"also {_listed(come)}"] if come else []
        if not told:
            return Place("~", path, "words", "the values in another order")
        return Place("~", path, "enum", "; ".join(told), trial)
    if keyword not in old:
        return Place("+", path, keyword, f"{keyword} {_brief(other)} added", trial)
    if keyword not in new:
        return Place("-", path, keyword, f"{keyword} {_brief(one)} removed", trial)
    return Place("~", path, keyword, f"{keyword}: {_brief(one)} -> {_brief(other)}", trial)


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
