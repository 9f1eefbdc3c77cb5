"""`PromptSpec`: frozen, strict, and told apart by its digest."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from promptkit.loader import load_spec
from promptkit.parts import build
from promptkit.source import Memory
from promptkit.spec import NAME_PATTERN, SEMVER_PATTERN, Origin, PromptSpec
from promptkit.yamlfile import read_yaml

BASE = "task: Greet {{ n }}.\ninputs: {n: string}\n"


def spec(text: str) -> PromptSpec:
    return load_spec(Memory(), "x.yaml", text)


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="a PromptSpec is frozen: `task` cannot be set"):
        spec(BASE).task = "other"  # type: ignore[misc]


def test_an_unknown_key_is_refused() -> None:
    _, (fault,) = build(PromptSpec, {"task": "x", "tsak": "y"})
    assert "`tsak`: there is no such key" == str(fault)


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


@pytest.mark.parametrize(
    ("text", "location", "words"),
    [
        ("model: {for: sped}", ("model", "for"), "one of `reasoning`, `speed`, `cost` or `accuracy` is expected"),
        ("model: 3", ("model",), "a text or a mapping is expected"),
        ("tools: [{name: a}, 3]", ("tools", 1), "a mapping is expected"),
        ("budget: {usd: 0}", ("budget", "usd"), "it must be greater than 0"),
        ("models: {m: {options: 1}}", ("models", "m", "options"), "a mapping is expected"),
    ],
)
def test_a_fault_deep_inside_is_told_at_its_place(text: str, location: tuple[Any, ...], words: str) -> None:
    built, faults = build(PromptSpec, read_yaml(text.encode(), "x").root.value)  # type: ignore[union-attr]
    assert built is None
    assert [(location, words)] == [(fault.location, fault.words) for fault in faults]


def test_a_whole_number_of_usd_is_a_number_to_the_digest_too() -> None:
    assert spec(BASE + "budget: {usd: 1}").digest == spec(BASE + "budget: {usd: 1.0}").digest


def test_the_place_a_spec_came_from_does_not_change_its_digest() -> None:
    whole = spec(BASE)
    assert whole.digest == whole.with_(path="other.yaml", origins={}).digest


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
