"""A spec that is written down and read again is the same spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit.loader import load, load_spec, to_yaml
from promptkit.source import Folder, Memory, Source
from promptkit.spec_writer import authored_data

ROOT = Path(__file__).parent.parent
GOOD = sorted((Path(__file__).parent / "cases" / "load" / "good").iterdir())
SHIPPED = sorted(path for path in (ROOT / "templates").rglob("*.yaml") if not path.name.startswith("_"))


def assert_reads_back(source: Source, path: str) -> None:
    spec = load_spec(source, path)
    text = to_yaml(authored_data(spec))
    again = load(source, path, text)
    assert again.spec is not None, "\n\n".join(map(str, again.errors))
    if spec.templates() == again.spec.templates():  # else a parent's includes have paths from the root now
        assert spec.digest == again.spec.digest
    assert text == to_yaml(authored_data(again.spec))


@pytest.mark.parametrize("folder", GOOD, ids=lambda folder: folder.name)
def test_what_is_written_of_a_spec_reads_back_as_the_same_spec(folder: Path) -> None:
    assert_reads_back(Folder(folder), "prompt.yaml")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_our_own_templates_read_back_too(path: Path) -> None:
    assert_reads_back(Folder(ROOT / "templates"), path.relative_to(ROOT / "templates").as_posix())


# Any spec

NAMES = ("a", "b", "long_name", "x1")
WORDS = st.text(st.sampled_from("ab \n'\":-#|>\t\N{LATIN SMALL LETTER E WITH ACUTE}\N{GRINNING FACE}"), max_size=20)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
DECLARATIONS = st.sampled_from(
    [
        "string",
        "integer, 1..5",
        "yes | no",
        "[string]",
        {"type": "string", "trust": "user"},
        {"type": "string", "secret": True},
        {"type": ["string", "null"], "default": None},
        {"type": "integer", "minimum": 0, "default": 3},
        {"type": "array", "items": {"type": "number"}, "maxItems": 4},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    ]
)
INPUTS = st.dictionaries(st.tuples(st.sampled_from(NAMES), st.sampled_from(["", "?"])).map("".join), DECLARATIONS)
OUTPUTS = st.one_of(
    st.just({}),
    st.just({"format": "markdown", "headings": ["One", "Two"]}),
    st.lists(st.sampled_from(NAMES), min_size=2, unique=True).map(lambda names: {"choices": names}),
    DECLARATIONS.filter(lambda kind: isinstance(kind, str)).map(lambda kind: {"items": kind}),
    st.dictionaries(st.sampled_from(NAMES), DECLARATIONS.filter(lambda kind: isinstance(kind, str)), min_size=1).map(
        lambda fields: {"fields": fields, "attempts": 3, "checks": [{"name": "some", "that": "value"}]}
    ),
)
PROMPTS = st.fixed_dictionaries(
    {"task": WORDS.map(lambda words: f"Do {words}.")},
    optional={
        "name": st.sampled_from(["a", "team/route"]),
        "version": st.sampled_from(["1.0.0", "0.2.0-rc.1"]),
        "description": WORDS,
        "persona": WORDS.map(lambda words: f"You are {words}."),
        "context": st.sampled_from(["Plain.", "{# told #} {{ 'a' }} {% if true %}b{% endif %}"]),
        "options": st.fixed_dictionaries({}, optional={"temperature": st.just(0.5), "max_tokens": st.just(99)}),
        "metadata": st.dictionaries(WORDS, DATA, max_size=3),
        "inputs": INPUTS,
        "output": OUTPUTS,
        "chain_of_thought": st.booleans(),
        "x-own": DATA,
    },
)


@given(PROMPTS)
def test_whatever_a_spec_holds_is_read_back(data: dict[str, Any]) -> None:
    source = Memory({"prompt.yaml": to_yaml(data)})
    if load(source, "prompt.yaml").spec is not None:  # else a name stands twice, optional and not
        assert_reads_back(source, "prompt.yaml")


def test_most_of_what_is_drawn_is_a_spec() -> None:
    """Else the law above would hold for nothing."""
    held: list[bool] = []

    @given(PROMPTS)
    def look(data: dict[str, Any]) -> None:
        held.append(load(Memory(), "prompt.yaml", to_yaml(data)).spec is not None)

    look()
    assert sum(held) * 2 > len(held)
