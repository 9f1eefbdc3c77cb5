"""Documents with addresses inside: what is made of them allows the same values, as the validator says."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit.repos.diff.schema_changes import READ, schema_changes
from promptkit.schema.embedded import without_embedded
from promptkit.schema.references import references, resolve
from promptkit.schema.schema import Schema

INNER: dict[str, Any] = {
    "$defs": {"v": {"type": "string"}},
    "type": "object",
    "properties": {"v": {"$ref": "#/$defs/v"}},
}
BASES: dict[str, dict[str, Any]] = {
    "relative": {
        "$id": "https://e.example/root",
        "$defs": {"v": {"type": "integer"}, "n": {"$id": "n", **INNER}},
        "$ref": "n",
    },
    "absolute": {
        "$defs": {"v": {"type": "integer"}, "n": {"$id": "https://e.example/n", **INNER}},
        "$ref": "https://e.example/n",
    },
    "urn": {"$defs": {"v": {"type": "integer"}, "n": {"$id": "urn:x:n", **INNER}}, "$ref": "urn:x:n"},
    "anchors": {
        "$id": "https://e.example/root",
        "$defs": {
            "v": {"$anchor": "v", "type": "integer"},
            "n": {
                "$id": "n",
                "$defs": {"v": {"$anchor": "v", "type": "string"}},
                "type": "object",
                "properties": {"v": {"$ref": "#v"}, "w": {"$ref": "root#v"}},
            },
        },
        "$ref": "n",
    },
    "back to the root": {
        "$id": "https://e.example/root",
        "type": "object",
        "properties": {"v": {"$id": "a/b", "anyOf": [{"$ref": "../root"}, {"type": "string"}]}},
    },
    "nested": {
        "$id": "https://e.example/a/",
        "properties": {
            "v": {"$id": "b/", "$defs": {"s": {"$id": "s", "$defs": {"t": {"type": "string"}}, "$ref": "#/$defs/t"}}},
            "w": {"$ref": "b/s"},
        },
    },
    "below a keyword that says nothing": {
        "$id": "https://e.example/root",
        "$ref": "n",
        "$defs": {
            "v": {"type": "integer"},
            "n": {"$id": "n", "$ref": "#/x-own/at/0", "x-own": {"at": [{"$ref": "#/$defs/v"}]}, **INNER},
        },
    },
    "odd keys": {
        "$id": "https://e.example/root",
        "$ref": "n",
        "$defs": {"n": {"$id": "n", "$defs": {"a/b ~%": {"type": "string"}}, "$ref": "#/$defs/a~1b%20~0%25"}},
    },
    "draft 7": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "http://e.example/root.json",
        "definitions": {
            "v": {"type": "integer"},
            "n": {
                "$id": "n.json#",
                "definitions": {"v": {"$id": "#v", "type": "string"}},
                "properties": {"v": {"$ref": "#v"}, "w": {"$ref": "#/definitions/v"}, "x": {"$ref": "root.json"}},
            },
        },
        "allOf": [{"$ref": "n.json"}],
    },
    "draft 7 with a reference at its root": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": "#/definitions/n",
        "definitions": {
            "v": {"type": "integer"},
            "n": {
                "$id": "http://e.example/n",
                "definitions": {"v": {"type": "string"}},
                "properties": {"v": {"$ref": "#/definitions/v"}},
            },
        },
    },
    "draft 4": {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "id": "http://e.example/root.json",
        "definitions": {
            "v": {"type": "integer"},
            "n": {"id": "n.json", "definitions": {"v": {"type": "string"}}, "$ref": "#/definitions/v"},
            "m": {"id": "m.json", "definitions": {"v": {"type": "string"}}, "allOf": [{"$ref": "#/definitions/v"}]},
        },
        "properties": {"v": {"$ref": "#/definitions/n"}, "w": {"$ref": "m.json"}},
    },
}

values = st.recursive(
    st.sampled_from(["x", 1, None, True, 1.5]),
    lambda inner: st.dictionaries(st.sampled_from("vwx"), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", BASES)
@given(values)
def test_the_same_values_are_allowed(name: str, value: Any) -> None:
    given_, made = BASES[name], without_embedded(BASES[name])
    assert Schema(made).is_valid(value) == Schema(given_).is_valid(value)


@pytest.mark.parametrize("name", BASES)
def test_every_reference_counts_from_the_root_and_the_document_stays_as_it_was(name: str) -> None:
    before = deepcopy(BASES[name])
    made = without_embedded(BASES[name])
    assert BASES[name] == before
    assert made != before
    for _, reference in references(made):
        assert reference[0] == "#"
        assert resolve(made, reference) is not None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        True,
        {"$id": "https://e.example/a", "$defs": {"v": {"$anchor": "v"}}, "$ref": "#v"},
        {"$defs": {"n": {"$id": "n", "$ref": "elsewhere"}}},
        {"$defs": {"n": {"$id": "n", "$dynamicRef": "#v"}}},
        {"properties": {"$id": {"type": "string"}}, "enum": [{"$id": "n"}]},
    ],
)
def test_a_document_without_them_is_left_alone(schema: Any) -> None:
    assert without_embedded(schema) is schema


def test_a_change_below_an_address_is_seen() -> None:
    before, after = BASES["relative"], deepcopy(BASES["relative"])
    after["$defs"]["n"]["$defs"]["v"]["type"] = "integer"
    changes = schema_changes(READ, "output", "output", without_embedded(before), without_embedded(after))
    assert [(change.name, change.level) for change in changes] == [("output.v", "major")]
