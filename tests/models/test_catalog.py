"""What is known of models, from documentation and from the server."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from raw_server import RawServer, reply

from promptkit.completion import ModelFacts
from promptkit.errors import AuthError, BadResponse, ConfigError
from promptkit.models.catalog import (
    Catalog,
    catalog_path,
    facts_for,
    fetch_models,
    listed_models,
    load_catalog,
    near_model,
    save_catalog,
)
from promptkit.models.documented import DOCUMENTED, RATE_LIMITS
from promptkit.models.endpoint import Endpoint
from promptkit.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

MARA = "https://mara.example/v1"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(base_url=MARA, api_key="sk-mara-1", cache_dir=str(tmp_path / "cache"))


def keep(settings: Settings, *models: ModelFacts, base_url: str = MARA) -> Path:
    return save_catalog(Catalog(base_url, "2026-11-24T10:00:00+00:00", models), settings)


def fetched(body: Any) -> tuple[ModelFacts, ...]:
    with RawServer(reply(body)) as server:
        return fetch_models(Endpoint(server.base_url, "sk-mara-1")).models


# Documentation


def test_a_documented_model_has_its_window_and_its_source() -> None:
    facts = facts_for("gpt-oss-120b", load_settings())
    assert (facts.context_length, facts.max_output, facts.json_schema, facts.tools) == (131_072, 131_072, True, True)
    assert "2026-11-22" in facts.source


@pytest.mark.parametrize("facts", DOCUMENTED.values(), ids=DOCUMENTED)
def test_every_documented_fact_names_its_date_and_no_price(facts: ModelFacts) -> None:
    assert ("2026-" in facts.source, facts.prompt_price, facts.completion_price) == (True, None, None)


def test_every_rate_limit_belongs_to_a_documented_model() -> None:
    assert set(RATE_LIMITS) <= set(DOCUMENTED)


def test_an_id_in_another_case_is_not_taken_for_it() -> None:
    assert facts_for("gpt-oss-120B", load_settings()).context_length is None


def test_an_unknown_id_on_mara_is_unknown_but_for_what_the_api_does() -> None:
    expected = ModelFacts("new-model", json_schema=True, json_mode=True)
    assert expected == facts_for("new-model", load_settings())


def test_nothing_is_known_of_another_server() -> None:
    name = "openai+https://other.example/v1#gpt-oss-120b"
    assert ModelFacts(name) == facts_for(name, load_settings())


@pytest.mark.parametrize(("name", "window"), [("local:", 4096), ("local:smollm2", 4096), ("simulate:", None)])
def test_models_of_our_own_take_any_schema_and_cost_nothing(name: str, window: int | None) -> None:
    facts = facts_for(name, load_settings())
    assert (name, window, True, True, 0.0) == (
        facts.name,
        facts.context_length,
        facts.json_schema,
        facts.any_schema_root,
        facts.completion_price,
    )


def test_nothing_is_known_of_a_replay() -> None:
    assert ModelFacts("replay:a.jsonl") == facts_for("replay:a.jsonl", load_settings())


def test_facts_are_found_without_the_network_and_without_the_sdk() -> None:
    code = (
        "import sys; from promptkit.models.catalog import facts_for; from promptkit.settings import load_settings;"
        "facts_for('MiniMax-M2.5', load_settings());"
        "print([name for name in ('openai', 'httpx2', 'pydantic', 'asyncio') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# The server's list


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"id": "a"}, ModelFacts("a")),
        (
            {
                "id": "a",
                "context_length": 131072,
                "max_completion_tokens": 4096,
                "pricing": {"prompt": "0.00000500", "completion": 6e-6, "duration_per_hour": "0"},
            },
            ModelFacts("a", 131_072, 4096, prompt_price=5e-6, completion_price=6e-6),
        ),
        ({"id": "a", "context_length": "8192", "max_output_length": 100}, ModelFacts("a", 8192, 100)),
        ({"id": "a", "max_model_len": 77}, ModelFacts("a", 77)),
        ({"id": "a", "context_length": None, "pricing": None}, ModelFacts("a")),
        ({"id": "a", "context_length": "much", "pricing": {"prompt": "free", "completion": -1}}, ModelFacts("a")),
        ({"id": "a", "context_length": True, "pricing": ["odd"]}, ModelFacts("a")),
        ({"id": "a", "pricing": {"prompt": "NaN", "completion": "0"}}, ModelFacts("a", completion_price=0.0)),
    ],
)
def test_an_entry_may_lack_everything_but_its_id(entry: Any, expected: ModelFacts) -> None:
    assert (expected,) == fetched({"object": "list", "data": [entry]})


def test_entries_without_a_usable_id_are_left_out() -> None:
    entries = [{"id": 5}, "odd", None, {"id": ""}, {"id": "\x1b[31m"}, {"id": "a"}]
    assert fetched({"data": entries}) == (ModelFacts("a"),)


def test_a_bare_list_is_a_list_too() -> None:
    assert (ModelFacts("a"),) == fetched([{"id": "a"}])


@pytest.mark.parametrize("body", [{"data": None}, {}, "text", b"<html></html>", 5])
def test_what_is_no_list_is_refused(body: Any) -> None:
    with pytest.raises(BadResponse):
        fetched(body)


def test_asking_needs_a_key() -> None:
    with pytest.raises(AuthError, match="no key for MARA Cloud"):
        fetch_models(Endpoint("https://mara.example/v1"))


# The cache


def test_what_the_server_said_comes_back_from_the_cache(settings: Settings) -> None:
    keep(settings, ModelFacts("a", 8192, 100, prompt_price=5e-6), ModelFacts("b"))
    expected = Catalog(
        MARA, "2026-11-24T10:00:00+00:00", (ModelFacts("a", 8192, 100, prompt_price=5e-6), ModelFacts("b"))
    )
    assert expected == load_catalog(settings)


def test_a_cache_that_was_never_written_is_none(settings: Settings) -> None:
    assert load_catalog(settings) is None


BROKEN = ["", "{", "[]", "{}", '{"version": 99}', '{"version": 1, "models": [{}]}', "[" * 9999]


@pytest.mark.parametrize("text", BROKEN)
def test_a_cache_that_cannot_be_read_is_none(settings: Settings, text: str) -> None:
    keep(settings, ModelFacts("a")).write_text(text)
    assert load_catalog(settings) is None


def test_a_newer_cache_is_read_anew(settings: Settings) -> None:
    keep(settings, ModelFacts("a"))
    load_catalog(settings)
    keep(settings, ModelFacts("longer-name"))
    assert [model.name for model in listed_models(settings)] == ["longer-name"]


def test_the_cache_is_its_owners_alone_and_leaves_nothing_beside_it(settings: Settings) -> None:
    path = keep(settings, ModelFacts("a"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path] == list(path.parent.iterdir())


def test_each_server_has_a_cache_of_its_own(settings: Settings) -> None:
    others = {catalog_path(settings, url) for url in (MARA, "https://other.example/v1", "http://mara.example/v1")}
    assert len(others) == 3


def test_a_cache_that_cannot_be_written_is_a_bad_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = load_settings(base_url=MARA, cache_dir=str(tmp_path / "file" / "cache"))
    with pytest.raises(ConfigError) as caught:
        keep(settings, ModelFacts("a"))
    assert "PROMPTKIT_CACHE_DIR" in caught.value.help


def test_what_the_server_said_goes_over_what_documentation_says(settings: Settings) -> None:
    keep(settings, ModelFacts("gpt-oss-120b", 65_536, prompt_price=1e-6))
    facts = facts_for("gpt-oss-120b", settings)
    assert (facts.context_length, facts.max_output, facts.prompt_price, facts.tools) == (65_536, 131_072, 1e-6, True)
    assert facts.source.startswith("GET /v1/models of mara.example, 2026-11-24; else MARA docs")


def test_another_servers_list_is_used_for_its_models(settings: Settings) -> None:
    keep(settings, ModelFacts("m", 8192), base_url="https://other.example/v1")
    assert facts_for("openai+https://other.example/v1#m", settings).context_length == 8192
    assert facts_for("m", settings).context_length is None


def test_the_list_is_the_servers_once_it_is_known(settings: Settings) -> None:
    documented = [model.name for model in listed_models(settings)]
    keep(settings, ModelFacts("b"), ModelFacts("A"))
    assert (sorted(DOCUMENTED, key=str.casefold), ["A", "b"]) == (
        documented,
        [model.name for model in listed_models(settings)],
    )


def test_a_servers_id_that_looks_like_a_scheme_is_listed_as_an_id(settings: Settings) -> None:
    keep(settings, ModelFacts("local:x", 8192), ModelFacts("replay:"))
    assert [model.context_length for model in listed_models(settings)] == [8192, None]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-oss-120B", "did you mean `gpt-oss-120b`?"),
        ("minimax-m2.5", "did you mean `MiniMax-M2.5`?"),
        ("DeepSeek-V31", "did you mean `DeepSeek-V3.1`?"),
        ("something else", ""),
    ],
)
def test_a_near_id_is_suggested(name: str, expected: str) -> None:
    assert expected == near_model(name)


def test_the_cached_file_holds_no_key(settings: Settings) -> None:
    text = keep(settings, ModelFacts("a")).read_text()
    assert {"version", "base_url", "fetched", "models"} == set(json.loads(text))
    assert "sk-mara-1" not in text
