"""Values that show a difference between two schemas, and parts of a document as documents of their own."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError
from promptkit.schema.claims import keys, planted
from promptkit.schema.references import REFERENCES, references, with_children
from promptkit.schema.validators import UnusableSchemaError, validator

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.schema.claims import Claim, Plant
    from promptkit.schema.making.fitting import Fitting
    from promptkit.schema.schema import Schema

__all__ = ["Witnesses", "standing_alone"]

_MOST_PLANTS = 12
_MOST_STEPS = 20_000
_ROUNDS = 32
_DEEPEST = 0
"""A witness has nothing that it need not have: what is small is soon made, and soon refused."""
_HOME = "urn:promptkit:document"


class Witnesses:
    """Values that fit the writer and not the reader, each made when it is asked for.

    Some 20,000 parts of values are made altogether, at most; then nothing more is shown.
    """

    def __init__(self, reader: Any, writer: Any) -> None:
        self._reader = reader
        self._writer = writer

    @cached_property
    def _made(self) -> Fitting:
        from promptkit.schema.making.fitting import Fitting

        return Fitting(self._writer, _DEEPEST)

    @cached_property
    def _read(self) -> Schema:
        from promptkit.schema.schema import Schema

        return Schema(self._reader)

    def show(self, claim: Claim) -> bool:
        """Whether there is a value that shows a claim: the reader refuses it, and for what stands there."""
        return any(self._shows(claim, way, plant) for plant in claim.plants[:_MOST_PLANTS] for way in self._ways(plant))

    def _ways(self, plant: Plant) -> tuple[Callable[[Plant], Any], ...]:
        return (self._at_once, self._inside_out) if plant.within else (self._at_once,)

    def _shows(self, claim: Claim, way: Callable[[Plant], Any], plant: Plant) -> bool:
        from promptkit.schema.making.fitting import UnmakeableError

        try:
            refused = self._read.validate(way(plant)) if self._made.steps < _MOST_STEPS else ()
        except (UnmakeableError, ConfigError, RecursionError):
            return False
        there = keys(claim.path)
        return any(each.location[: len(there)] == there[: len(each.location)] for each in refused)

    def _at_once(self, plant: Plant) -> Any:
        """A value of the whole schema with the plant in it, whichever alternatives that takes."""
        return self._made.value(beside=planted(plant.path, plant.schema), rounds=_ROUNDS)

    def _inside_out(self, plant: Plant) -> Any:
        """The innermost alternative's value first, which is then planted in the next one."""
        path, schema = plant.path, plant.schema
        for place, alternative in reversed(plant.within):
            inner = planted(path[len(place) :], schema)
            path, schema = place, {"enum": [self._made.unchecked({"allOf": [alternative, inner]})]}
        return self._made.value(beside=planted(path, schema), rounds=1)


def standing_alone(root: Any, part: Any) -> Any:
    """The validator of a part of a document, whose references lead into the document; None when there is none.

    Both are in the words of the newest draft.
    """
    if not isinstance(part, dict) or part is root or not any(True for _ in references(part)):
        alone = part
    elif not isinstance(root, dict) or "$id" in root or _is_dynamic(part) or _is_dynamic(root):
        return None
    else:
        alone = {"allOf": [_led_home(part)], "definitions": {"document": {**root, "$id": _HOME}}}
    try:
        return validator(alone)
    except UnusableSchemaError:
        return None


def _is_dynamic(schema: Any) -> bool:
    """Whether what a reference leads to depends on the way to it."""
    return any(place[-1] in REFERENCES[1:] for place, _ in references(schema))


def _led_home(part: Any) -> Any:
    """A copy of a schema whose references name the document that they lead into."""
    if not isinstance(part, dict):
        return part
    copy = with_children(part, _led_home)
    if isinstance(copy.get("$ref"), str) and copy["$ref"].startswith("#"):
        copy["$ref"] = _HOME + copy["$ref"]
    return copy
