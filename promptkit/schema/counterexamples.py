"""What a value looks like that breaks one keyword of a schema: tried where nobody can tell whether the keyword holds.

Each is a schema without references. That a value of it is allowed and refused is for the validators to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.schema.references import references
from promptkit.schema.validators import UnusableSchemaError, validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["UNUSUAL", "breaking"]

UNUSUAL = "some_other_field"
"""A name that hardly any schema declares."""

_VALUES: tuple[Any, ...] = (0.5, -1, 10**6, "a", "A b-1", "", True, None, [], [None], {}, {UNUSUAL: None})
"""One of each kind and more, of which those are tried that a schema refuses."""


def breaking(keyword: str, keywords: Mapping[str, Any]) -> tuple[Any, ...]:
    """Schemas of values that break a keyword, which stands among others of one schema; none where it has references."""
    value = keywords[keyword]
    if keyword not in _BREAKING or any(True for _ in references({**keywords, keyword: value})):
        return ()
    return tuple(_BREAKING[keyword](value, keywords))


def _against(schema: Any) -> Iterator[Any]:
    """Schemas of values that do not fit one."""
    yield {"not": schema}
    try:
        checked = validator(schema)
        refused = [value for value in _VALUES if not checked.is_valid(value)]
    except (UnusableSchemaError, ValueError):
        return
    if refused:
        yield {"enum": refused}


def _not(schema: Any, _: Mapping[str, Any]) -> Iterator[Any]:
    yield schema
    yield {"enum": [value for value in _VALUES if value not in (None, True)]}


def _if(condition: Any, keywords: Mapping[str, Any]) -> Iterator[Any]:
    for broken in _against(keywords.get("then", True)):
        yield {"allOf": [condition, broken]}
    for broken in _against(keywords.get("else", True)):
        yield {"allOf": [{"not": condition}, broken]}


def _contains(schema: Any, keywords: Mapping[str, Any]) -> Iterator[Any]:
    if keywords.get("minContains", 1):
        yield {"type": "array", "maxItems": 0}
        for broken in _against(schema):
            yield {"type": "array", "minItems": 1, "items": broken}
        if (least := int(keywords.get("minContains", 1))) > 1:
            yield {"type": "array", "minItems": least - 1, "maxItems": least - 1, "items": schema}
    if "maxContains" in keywords:
        most = int(keywords["maxContains"])
        yield {"type": "array", "minItems": most + 1, "maxItems": most + 1, "items": schema}


def _patterns(patterns: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[Any]:
    for pattern, schema in patterns.items():
        for broken in _against(schema):
            yield {
                "type": "object",
                "minProperties": 1,
                "patternProperties": {pattern: broken},
                "propertyNames": {"type": "string", "pattern": pattern},
            }


def _names(schema: Any, _: Mapping[str, Any]) -> Iterator[Any]:
    for broken in _against(schema):
        yield {"type": "object", "minProperties": 1, "propertyNames": {"allOf": [{"type": "string"}, broken]}}
    yield {"type": "object", "required": [UNUSUAL]}


def _required(needs: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[Any]:
    for name, needed in needs.items():
        for each in needed:
            yield {"type": "object", "required": [name], "properties": {each: False}}


def _schemas(needs: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[Any]:
    for name, schema in needs.items():
        for broken in _against(schema):
            yield {"allOf": [{"type": "object", "required": [name]}, broken]}


def _closed(schema: Any, _: Mapping[str, Any]) -> Iterator[Any]:
    if schema is False:
        yield {"type": "object", "required": [UNUSUAL]}
    for broken in _against(schema):
        yield {"type": "object", "required": [UNUSUAL], "properties": {UNUSUAL: broken}}


_BREAKING: dict[str, Callable[[Any, Mapping[str, Any]], Iterator[Any]]] = {
    "not": _not,
    "if": _if,
    "contains": _contains,
    "patternProperties": _patterns,
    "propertyNames": _names,
    "dependentRequired": _required,
    "dependentSchemas": _schemas,
    "unevaluatedProperties": _closed,
    "additionalProperties": _closed,
}
