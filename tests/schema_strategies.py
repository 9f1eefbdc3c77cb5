"""Hypothesis strategies for JSON Schemas and for the values that are held against them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

names = st.sampled_from(["a", "b", "c"])
_few = st.integers(0, 3)
_bounds = st.integers(-3, 4)
_types = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
_FIXED: list[Any] = [
    *({}, True, False),
    *({"const": 1}, {"const": "a"}, {"const": None}, {"const": {"a": 1}}),
    *({"enum": [1, "a"]}, {"enum": [1, True]}, {"enum": [1.0]}, {"enum": ["a", "b"]}, {"enum": [[1], [1, 2]]}),
    *({"pattern": "^a"}, {"type": "string", "pattern": "a"}, {"type": "string", "format": "date"}),
    *({"minimum": 1}, {"minLength": 2}, {"required": ["a"]}, {"maxItems": 1}),
]
_REFERENCES = [{"$ref": "#/$defs/X"}, {"$ref": "#/$defs/Y"}, {"$ref": "#"}]


def _given(**keywords: Any) -> dict[str, Any]:
    return {keyword: value for keyword, value in keywords.items() if value is not None}


def _between(kind: str, low: int, more: int, least: str, most: str) -> dict[str, Any]:
    return {"type": kind, least: low, most: low + more}


_ranges = st.one_of(
    st.builds(_between, st.just("string"), _few, _few, st.just("minLength"), st.just("maxLength")),
    st.builds(_between, st.sampled_from(["integer", "number"]), _bounds, _few, st.just("minimum"), st.just("maximum")),
    st.builds(
        lambda kind, keyword, bound: {"type": kind, keyword: bound},
        st.sampled_from(["integer", "number"]),
        st.sampled_from(["exclusiveMinimum", "exclusiveMaximum", "minimum"]),
        _bounds,
    ),
    st.builds(lambda step: {"type": "number", "multipleOf": step}, st.sampled_from([1, 2, 0.5])),
)
leaves = st.one_of(
    st.sampled_from(_FIXED),
    st.builds(lambda kinds: {"type": kinds}, _types | st.lists(_types, min_size=1, max_size=3, unique=True)),
    _ranges,
)


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        _given,
        type=st.none() | st.just("object"),
        properties=st.dictionaries(names, inner, max_size=3),
        required=st.none() | st.lists(names, unique=True, max_size=2),
        additionalProperties=st.none() | st.just(False) | inner,
        patternProperties=st.none() | st.builds(lambda each: {"^a": each}, inner),
        minProperties=st.none() | _few,
        maxProperties=st.none() | _few,
        dependentRequired=st.none() | st.dictionaries(names, st.lists(names, unique=True, max_size=2), max_size=2),
        dependentSchemas=st.none() | st.dictionaries(names, inner, max_size=1),
    )


def _arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        _given,
        type=st.none() | st.just("array"),
        items=st.none() | inner,
        prefixItems=st.none() | st.lists(inner, min_size=1, max_size=2),
        minItems=st.none() | _few,
        maxItems=st.none() | _few,
        uniqueItems=st.none() | st.just(True),
        contains=st.none() | inner,
        minContains=st.none() | _few,
        maxContains=st.none() | _few,
    )


def _combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    branches = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda keyword, each: {keyword: each}, st.sampled_from(["anyOf", "oneOf", "allOf"]), branches),
        st.builds(lambda keyword, each: {keyword: each}, st.sampled_from(["not", "contains", "propertyNames"]), inner),
        st.builds(lambda one, two, three: {"if": one, "then": two, "else": three}, inner, inner, inner),
    )


def _grown(start: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(start, lambda inner: _objects(inner) | _arrays(inner) | _combined(inner), max_leaves=6)


def _with_definitions(schema: Any, one: Any, other: Any) -> Any:
    refers = isinstance(schema, dict) and "$ref" in json.dumps(schema)
    return {**schema, "$defs": {"X": one, "Y": other}} if refers else schema


_referring = _grown(leaves | st.sampled_from(_REFERENCES))
closed_schemas = _grown(leaves)
"""Schemas without references."""

schemas = closed_schemas | st.builds(_with_definitions, _referring, _referring, _referring)
"""Schemas with references, circles among them: some lead back to themselves without end."""

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 5) | st.sampled_from([0.5, 1.0, "", "a", "ab", "ba", "2020-01-31"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "ab", "d"]), inner),
    max_leaves=6,
)
"""JSON values of the kinds that these schemas speak of."""


@st.composite
def narrowed_and_wide(draw: st.DrawFn) -> tuple[Any, Any]:
    """A schema, and one that accepts all that it accepts and perhaps more."""
    narrow = draw(schemas)
    return narrow, _widened(narrow, draw)


def _widened(schema: Any, draw: st.DrawFn) -> Any:
    if not isinstance(schema, dict):
        return schema
    wide = dict(schema)
    _WIDENINGS[draw(st.sampled_from(list(_WIDENINGS)))](wide, draw)
    for keyword in ("anyOf", "allOf", "prefixItems"):
        if keyword in wide:
            wide[keyword] = [_widened(each, draw) for each in wide[keyword]]
    if "properties" in wide:
        wide["properties"] = {name: _widened(each, draw) for name, each in wide["properties"].items()}
    return wide


_ASKING = ("minimum", "exclusiveMinimum", "minLength", "minItems", "maxItems", "multipleOf", "pattern", "not", "enum")


def _ask_less(wide: dict[str, Any], draw: st.DrawFn) -> None:
    if asking := [keyword for keyword in wide if keyword in (*_ASKING, "required", "uniqueItems", "maxProperties")]:
        del wide[draw(st.sampled_from(asking))]


def _bound_less(wide: dict[str, Any], draw: st.DrawFn) -> None:
    for keyword in {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"} & wide.keys():
        wide[keyword] += draw(_few)
    for keyword in {"minimum", "exclusiveMinimum"} & wide.keys():
        wide[keyword] -= draw(_few)


def _allow_another(wide: dict[str, Any], draw: st.DrawFn) -> None:
    definitions = {"$defs": wide.pop("$defs")} if "$defs" in wide else {}
    branches = draw(st.permutations([dict(wide), draw(closed_schemas)]))
    # `#` would lead to the union instead of the branch, so such schemas stay as they are.
    if '"#"' not in json.dumps([wide, definitions]):
        wide.clear()
        wide["anyOf"] = branches
    wide |= definitions


_WIDENINGS = {"same": lambda wide, draw: None, "ask": _ask_less, "bound": _bound_less, "another": _allow_another}
