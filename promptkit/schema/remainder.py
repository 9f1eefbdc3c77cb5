"""What a faulty JSON Schema still says of a value: all that its faulty keywords leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.schema.references import MANY_SCHEMAS, NAMED_SCHEMAS, ONE_SCHEMA, REFERENCES, walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.schema.references import Location

_TURNING = frozenset(("not", "oneOf", "if", "contains"))
"""Keywords that may refuse more, the less is asked by the schemas in them."""
_FAR_REACHING = frozenset(("unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef"))
"""Keywords that lean on schemas elsewhere."""
_LEANT_ON = frozenset((*ONE_SCHEMA, *MANY_SCHEMAS, *NAMED_SCHEMAS, *REFERENCES, "minContains", "maxContains"))
"""Keywords that others beside them lean on, as `additionalProperties` does on `properties`."""


def remainder(schema: Any, faulty: Iterable[Location]) -> Any:
    """A schema that takes every value which this one may take, once its faults at some places are mended.

    A faulty keyword is left out; where others lean on it, the schema around it says nothing: it is True then.
    """
    keywords = {keyword for _, each in walk(schema) for keyword in each}
    if keywords & _FAR_REACHING or (keywords & _TURNING and not keywords.isdisjoint(REFERENCES)):
        return True
    return _left(schema, set(faulty))


def _left(schema: Any, faulty: set[Location]) -> Any:
    if () in faulty or not isinstance(schema, dict):
        return True
    left = dict(schema)
    for keyword in {place[0] for place in faulty}:
        below = {place[1:] for place in faulty if place[0] == keyword}
        if keyword in _TURNING or (keyword in _LEANT_ON and () in below):
            return True
        value = schema.get(str(keyword))
        if keyword in NAMED_SCHEMAS and isinstance(value, dict):
            left[str(keyword)] = {name: _inside(each, name, below) for name, each in value.items()}
        elif keyword in MANY_SCHEMAS and isinstance(value, list):
            left[str(keyword)] = [_inside(each, index, below) for index, each in enumerate(value)]
        elif keyword in ONE_SCHEMA:
            left[str(keyword)] = _left(value, below)
        else:
            left.pop(str(keyword), None)
    return left


def _inside(schema: Any, step: str | int, places: set[Location]) -> Any:
    """One of several schemas below a keyword; one without faults as it is."""
    inner = {place[1:] for place in places if place[0] == step}
    return _left(schema, inner) if inner else schema
