"""Choosing a model by what it is for, over facts that are known and facts that are not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit import Client, Prompt
from promptkit.completion import ModelFacts
from promptkit.errors import ConfigError
from promptkit.models.catalog import Catalog, facts_for, save_catalog
from promptkit.models.choosing import choose, price_of, size_of
from promptkit.models.evidence import Finding, evidence_path, load_evidence, save_findings
from promptkit.settings import Settings, load_settings
from promptkit.spec import ModelChoice

MARA = "https://mara.example/v1"
BIG = ModelFacts("big-400B", context_length=100_000, prompt_price=9e-6, completion_price=9e-6)
MIDDLE = ModelFacts("middle-100B", context_length=200_000, prompt_price=2e-6, completion_price=4e-6)
SMALL = ModelFacts("small-8b-it", context_length=8_000, prompt_price=1e-7, completion_price=4e-7)
NEW = ModelFacts("brand-new")


def settings_with(tmp_path: Path, *models: ModelFacts, **said: Any) -> Settings:
    settings = load_settings(base_url=MARA, cache_dir=str(tmp_path / "cache"), models=said)
    save_catalog(Catalog(MARA, "2026-11-24T10:00:00+00:00", models), settings)
    return settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    abilities = {
        "big-400B": {"reasoning": True, "tools": False},
        "middle-100B": {"reasoning": True, "tools": True, "active_parameters": 50e9},
        "small-8b-it": {"reasoning": False, "tools": True},
    }
    return settings_with(tmp_path, BIG, MIDDLE, SMALL, NEW, **abilities)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"purpose": "accuracy"}, "big-400B"),
        ({"purpose": "reasoning"}, "big-400B"),
        ({"purpose": "reasoning", "needs": ("tools",)}, "middle-100B"),
        ({"purpose": "accuracy", "context": 150_000}, "middle-100B"),
        ({"purpose": "speed"}, "small-8b-it"),
        ({"purpose": "speed", "needs": ("reasoning",)}, "middle-100B"),
        ({"purpose": "cost"}, "small-8b-it"),
        ({"purpose": "cost", "context": 50_000}, "middle-100B"),
        ({}, "small-8b-it"),
    ],
)
def test_a_model_is_chosen_by_what_it_is_for(settings: Settings, wanted: Any, expected: str) -> None:
    assert expected == choose(ModelChoice(**wanted), settings).name


def test_an_ability_that_nobody_knows_of_stands_behind_one_that_is_known(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, BIG, SMALL, **{"small-8b-it": {"tools": True}})
    choice = choose(ModelChoice(purpose="accuracy", needs=("tools",)), settings)
    assert ["small-8b-it", "big-400B"] == [each.facts.name for each in choice.candidates]
    assert ("tools",) == choice.candidates[1].unsure


def test_a_window_that_nobody_knows_does_not_do(settings: Settings) -> None:
    out = {each.facts.name: each.rejected for each in choose(ModelChoice(context=1), settings).candidates}
    assert ("its window is not known",) == out["brand-new"]


@pytest.mark.parametrize(
    "name", ["text-embedding-3-small", "E5-Mistral-7B-Instruct", "Whisper-Large-v3", "bge-m3", "tts-1"]
)
def test_a_model_that_does_not_chat_is_never_chosen(tmp_path: Path, name: str) -> None:
    cheap = replace(SMALL, name=name, prompt_price=0.0, completion_price=0.0)
    choice = choose(ModelChoice(purpose="cost"), settings_with(tmp_path, cheap, BIG))
    assert "big-400B" == choice.name
    assert ("by its name it does not chat",) == choice.candidates[-1].rejected


@pytest.mark.parametrize("name", ["one50-chat", "Whittle-7b", "Haiku-e50", "letts-7b"])
def test_a_name_that_only_looks_so_is_no_reason(tmp_path: Path, name: str) -> None:
    choice = choose(ModelChoice(), settings_with(tmp_path, replace(SMALL, name=name)))
    assert () == choice.candidates[0].rejected


def test_where_no_model_fits_the_error_says_why_of_each(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="no known model") as caught:
        _ = choose(ModelChoice(needs=("tools",), context=300_000), settings).name
    assert "PK523" == caught.value.code
    assert 4 == len(caught.value.details)
    assert any("big-400B: no tools; a window of 100,000 tokens" == detail for detail in caught.value.details)


def test_what_was_measured_goes_over_what_the_size_lets_expect(settings: Settings) -> None:
    for name, speed in (("big-400B", 900.0), ("small-8b-it", 80.0)):
        save_findings(settings, "", name, {"tokens_per_second": Finding.now(speed, "measured")})
    choice = choose(ModelChoice(purpose="speed"), settings)
    assert ["big-400B", "small-8b-it"] == [each.facts.name for each in choice.candidates[:2]]
    assert "900 tokens a second, measured" == choice.candidates[0].measure


@given(
    st.permutations(["big-400B", "middle-100B", "small-8b-it", "brand-new"]),
    st.sampled_from(["speed", "cost", "accuracy"]),
)
def test_the_order_in_which_a_server_lists_its_models_changes_nothing(names: list[str], purpose: Any) -> None:
    from unittest.mock import patch

    known = {facts.name: facts for facts in (BIG, MIDDLE, SMALL, NEW)}
    with patch("promptkit.models.choosing.listed_models", lambda _: [known[name] for name in names]):
        choice = choose(ModelChoice(purpose=purpose), load_settings())
    with patch("promptkit.models.choosing.listed_models", lambda _: list(known.values())):
        assert choose(ModelChoice(purpose=purpose), load_settings()) == choice


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("gemma-4-31B-it", 31e9),
        ("qwen2.5-0.5b", 0.5e9),
        ("m-70b", 70e9),
        ("gpt-4b2", None),
        ("b52", None),
        ("7Bx", None),
    ],
)
def test_an_id_may_say_how_large_a_model_is(name: str, size: float | None) -> None:
    assert size == size_of(ModelFacts(name))


def test_prices_are_compared_by_three_tokens_in_for_one_out() -> None:
    assert price_of(MIDDLE) == pytest.approx(2.5e-6)
    assert price_of(NEW) is None


def test_a_prompt_that_describes_its_model_is_asked_of_the_one_that_is_chosen(settings: Settings) -> None:
    prompt = Prompt.from_text("task: x\nmodel: {for: accuracy}").using(client=Client(settings=settings))
    assert "big-400B" == prompt.model == prompt.request().model
    assert "small-8b-it" == prompt.using(model="small-8b-it").request().model


# Evidence


def test_evidence_goes_over_the_servers_list_and_under_the_settings(settings: Settings) -> None:
    assert facts_for("brand-new", settings).json_schema is True  # as MARA's API has it
    save_findings(settings, "", "brand-new", {"json_schema": Finding.now(False, "it was ignored")})
    facts = facts_for("brand-new", settings)
    assert facts.json_schema is False
    assert "json_schema: measured on mara.example" in facts.source
    save_findings(settings, "", "small-8b-it", {"tools": Finding.now(False, "not called")})
    assert facts_for("small-8b-it", settings).tools is True


def test_evidence_of_one_server_says_nothing_of_another(settings: Settings) -> None:
    save_findings(settings, "https://other.example/v1", "brand-new", {"tools": Finding.now(False, "no")})
    assert facts_for("brand-new", settings).tools is None
    assert facts_for("openai+https://other.example/v1#brand-new", settings).tools is False


def test_what_stayed_open_is_no_fact(settings: Settings) -> None:
    save_findings(settings, "", "brand-new", {"tools": Finding.now(None, "cut")})
    assert facts_for("brand-new", settings).tools is None


@pytest.mark.parametrize("damage", [b"", b"[]", b"{", b'{"version": 9}', b'{"version": 1, "models": {"m": {"a": 1}}}'])
def test_a_damaged_file_counts_as_none_and_is_made_anew(settings: Settings, damage: bytes) -> None:
    path = evidence_path(settings)
    path.write_bytes(damage)
    assert {} == load_evidence(settings)
    save_findings(settings, "", "m", {"seed": Finding.now(True, "equal")})
    assert {"m": ["seed"]} == {model: list(found) for model, found in load_evidence(settings).items()}
    assert 0o600 == path.stat().st_mode & 0o777
    assert 1 == json.loads(path.read_text())["version"]
