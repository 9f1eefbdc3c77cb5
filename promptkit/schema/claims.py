"""What two compared schemas are said to differ in, and what a value looks like that would show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from promptkit.schema.violations import json_path

__all__ = ["Claim", "Other", "Path", "Plant", "claim", "keys", "planted", "shown_at", "unsure"]


@dataclass(frozen=True, slots=True)
class Other:
    """A step to any of the items, or fields, that are not named one by one; `key` is one that may stand for them."""

    key: str | int


Path = tuple[str | int | Other, ...]


@dataclass(frozen=True, slots=True)
class Plant:
    """What stands at a place of a value that shows a claim: a schema without references, `False` for nothing.

    `within` are the writer's alternatives in which it is, each with its place, the outermost first.
    """

    path: Path
    schema: Any
    within: tuple[tuple[Path, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """Where a value may fit the writer and not the reader, and why. Without any plants it can never be shown."""

    path: Path
    message: str
    plants: tuple[Plant, ...] = ()

    def inside(self, path: Path, alternative: Any) -> Claim:
        """The same of one alternative of the writer's."""
        plants = (replace(each, within=((path, alternative), *each.within)) for each in self.plants)
        return replace(self, plants=tuple(plants))


def claim(path: Path, message: str, *plants: Any) -> Claim:
    """A claim with plants at its own place."""
    return Claim(path, message, tuple(Plant(path, each) for each in plants))


def unsure(path: Path, message: str) -> Claim:
    """What cannot be told."""
    return Claim(path, message)


def shown_at(path: Path) -> str:
    """A place in words: `$.tags[*]`."""
    return "$" + "".join(map(_step, path))


def _step(step: str | int | Other) -> str:
    if isinstance(step, Other):
        return "[*]" if isinstance(step.key, int) else ".*"
    return json_path((step,))[1:]


def keys(path: Path) -> tuple[str | int, ...]:
    """A place with one key for every step."""
    return tuple(step.key if isinstance(step, Other) else step for step in path)


def planted(path: Path, schema: Any) -> Any:
    """The schema of whole values in which something stands at a place."""
    for key in reversed(keys(path)):
        if isinstance(key, int):
            schema = {"type": "array", "minItems": key + 1, "prefixItems": [*[True] * key, schema]}
        else:
            there = {"required": [key]} if schema is not False else {}
            schema = {"type": "object", "properties": {key: schema}, **there}
    return schema
