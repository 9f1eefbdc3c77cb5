"""The editor's schema accepts what the loader accepts, and knows every key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptkit.file_schema import authored_schema
from promptkit.loader import KEYS
from promptkit.schema import Schema
from promptkit.yamlfile import read_yaml

ROOT = Path(__file__).parent.parent
GOOD = sorted([*ROOT.glob("templates/**/*.yaml"), *ROOT.glob("tests/cases/load/good/*/prompt.yaml")])


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema(authored_schema())


def test_the_schema_is_sound(schema: Schema) -> None:
    assert () == schema.problems()


def test_every_key_stands_in_it_with_words_of_its_own(schema: Schema) -> None:
    assert set(KEYS) == set(schema.json["properties"])
    bare = [name for name, part in schema.json["properties"].items() if not described(part, schema.json)]
    assert [] == bare


def described(part: dict[str, Any], whole: dict[str, Any]) -> bool:
    inner = [part, *part.get("anyOf", ())]
    refs = [whole["$defs"][each["$ref"].rpartition("/")[2]] for each in inner if "$ref" in each]
    return any("description" in each for each in inner + refs)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_loads_fits_the_schema(schema: Schema, path: Path) -> None:
    root = read_yaml(path.read_bytes(), path.name).root
    assert root is not None
    assert () == schema.validate(root.value)


@pytest.mark.parametrize(
    "data",
    [
        {"tsak": "x"},
        {"task": [1]},
        {"task": "x", "inputs": {"t": {"type": "string", "trust": "usr"}}},
        {"task": "x", "messages": [{"histry": True}]},
        {"task": "x", "memory": {"lst": 3}},
        {"task": "x", "options": {"top_p": 2}},
        {"task": "x", "output": {"format": "jsn"}},
        {"task": "x", "inputs": {"first-name": "string"}},
        {"task": "x", "chain_of_thought": "loud"},
        {"task": "x", "examples": {"a": 1}},
        {"task": "x", "examples": [{"inputs": {}}]},
        {"task": "x", "layout": {"stile": "xml"}},
        {"task": "x", "promptkit": 2},
        {"task": "x", "name": "A b"},
        {"task": "x", "budget": {"usd": 0}},
        {"task": "x", "output": {"attempts": 11}},
        {"task": "x", "models": {"m": {"options": 1}}},
        {"task": "x", "tools": [1]},
        {"task": "x", "messages": [{"role": "user", "content": "y"}]},
        {"task": "x", "output": {"fields": {"a": "string"}, "schema": {"type": "object"}}},
        {"task": "x", "output": {"format": "choice", "headings": ["a"]}},
        {"task": "x", "tools": [{"name": "t", "fields": {"a": "string"}, "parameters": {"type": "object"}}]},
        {"task": "x", "inputs": {"a": "strng"}},
        {"task": "x", "inputs": {"a": {"type": "integer", "minimun": 3}}},
        {"task": "x", "inputs": {"a": {"type": "string", "trsut": "web"}}},
        {"task": "x", "output": {"fields": {"a": {"type": "string", "maxlength": 3}}}},
        {"task": "x", "tests": [{"assert": [{"type": "contains", "valu": "a"}]}]},
        {"task": "x", "inputs": {"a": "String, 1..5"}},
        {"task": "x", "output": {"fields": {"a": ["strin"]}}},
    ],
)
def test_a_mistake_that_an_editor_can_see_does_not_fit(schema: Schema, data: dict[str, Any]) -> None:
    assert schema.validate(data)
