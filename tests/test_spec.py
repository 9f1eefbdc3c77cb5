"""`PromptSpec`: frozen, strict, and told apart by its digest."""

from __future__ import annotations

import pickle

import pytest
from pydantic import ValidationError

from promptkit.loader import load_spec
from promptkit.source import Memory
from promptkit.spec import NAME_PATTERN, SEMVER_PATTERN, Origin, PromptSpec

BASE = "task: Greet {{ n }}.\ninputs: {n: string}\n"


def spec(text: str) -> PromptSpec:
    return load_spec(Memory(), "x.yaml", text)


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        spec(BASE).task = "other"  # type: ignore[misc]


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        PromptSpec.model_validate({"task": "x", "tsak": "y"})


def test_a_spec_survives_pickling() -> None:
    whole = spec(BASE)
    copy = pickle.loads(pickle.dumps(whole))
    assert whole == copy
    assert whole.digest == copy.digest


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("Greet", "Meet"),
        BASE.replace("string", "integer"),
        BASE + "persona: You are kind.",
        BASE + "options: {temperature: 0}",
        BASE + "version: 1.0.0",
        BASE + "chain_of_thought: true",
        BASE + "output: {fields: {a: string}}",
    ],
)
def test_what_changes_the_prompt_changes_its_digest(other: str) -> None:
    assert spec(BASE).digest != spec(other).digest


@pytest.mark.parametrize("same", [BASE + "\n# a comment\n", "inputs: {n: string}\ntask: 'Greet {{ n }}.'"])
def test_how_it_is_written_does_not_change_its_digest(same: str) -> None:
    assert spec(BASE).digest == spec(same).digest


def test_the_digest_stands_for_ever() -> None:
    """Locks and logs hold digests: changing how they are made needs a new format version."""
    assert "22dbbc7e" == spec(BASE).digest[:8]


@pytest.mark.parametrize("name", ["triage", "support/triage-2", "a_b/c/0"])
def test_a_name_is_a_path_of_small_letters(name: str) -> None:
    assert name == spec(f"{BASE}name: {name}").name


@pytest.mark.parametrize("name", ["Triage", "a//b", "/a", "a/", "-a", "a b", "ä", "a.b"])
def test_what_is_no_name_does_not_match(name: str) -> None:
    import re

    assert not re.match(NAME_PATTERN, name)


@pytest.mark.parametrize("version", ["0.1.0", "1.2.3-rc.1", "1.0.0+build.5", "10.20.30"])
def test_a_version_is_semantic(version: str) -> None:
    assert version == spec(f"{BASE}version: {version}").version


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.02.3", "1.2.3-", "1.2.3.4"])
def test_what_is_no_version_does_not_match(version: str) -> None:
    import re

    assert not re.match(SEMVER_PATTERN, version)


def test_an_origin_gives_the_place_of_a_template_s_line() -> None:
    origin = spec("task: |\n  one\n  two\n").origins["task"]
    assert [(2, 3), (3, 3)] == [origin.place(1), origin.place(2)]
    assert (0, 0) == Origin().place(1)
