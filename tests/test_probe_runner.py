"""Probes against a server on a real socket: what is found is what the server does, and it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptkit.completion import Completion, Usage
from promptkit.errors import AuthError, ConfigError, QuotaExhausted
from promptkit.messages import ToolCall
from promptkit.models.catalog import facts_for
from promptkit.models.evidence import load_evidence
from promptkit.probe_runner import plan_probing
from promptkit.probes import PROBES, Answer, names_of
from promptkit.settings import Settings, load_settings
from promptkit.testing import MaraServer

MODEL = "gemma-4-31B-it"


@pytest.fixture
def settings(tmp_path: Path) -> Callable[[MaraServer], Settings]:
    def made(server: MaraServer) -> Settings:
        return load_settings(base_url=server.base_url, api_key="planted-key-1", cache_dir=str(tmp_path / "cache"))

    return made


def found(settings: Settings, model: str = MODEL, *only: str, **told: Any) -> dict[str, Any]:
    probing = plan_probing(model, settings, only, **told)
    return {name: each.value for _, findings in probing.run(settings) for name, each in findings.items()}


def test_all_probes_are_at_most_eight_requests(settings: Any) -> None:
    with MaraServer() as server:
        probing = plan_probing(MODEL, settings(server))
        assert (tuple(PROBES), 8) == (probing.left, probing.requests)
        values = found(settings(server))
        assert 8 == len(server.requests)
    assert {name for probe in PROBES for name in names_of(probe)} >= set(values)
    assert {
        "streaming_usage": True,
        "reasoning": False,
        "reasoning_form": "none",
        "json_mode": True,
        "json_schema": True,
        "tools": False,
        "forced_tools": True,
        "seed": True,
        "max_temperature": 1.0,
    } == {name: value for name, value in values.items() if name != "tokens_per_second"}
    assert values["tokens_per_second"] > 0


@pytest.mark.parametrize(("model", "form"), [("MiniMax-M2.5", "tags"), ("gpt-oss-120b", "field"), (MODEL, "none")])
def test_how_reasoning_comes_is_found(settings: Any, model: str, form: str) -> None:
    with MaraServer() as server:
        values = found(settings(server), model, "stream")
    assert (form, form != "none") == (values["reasoning_form"], values["reasoning"])


@pytest.mark.parametrize(
    ("fault", "probe", "name", "value"),
    [
        ("not_json", "json_schema", "json_schema", False),
        ("not_json", "json_mode", "json_mode", False),
        ("fenced", "json_mode", "json_mode", True),
        ("prose", "json_mode", "json_mode", False),
        ("out_of_range", "json_schema", "json_schema", False),
        ("cut", "json_schema", "json_schema", None),
        ("tool_called", "tools", "tools", True),
        ("tool_bad_json", "tools", "tools", False),
        ("tool_not_called", "forced_tools", "forced_tools", False),
        ("stream_no_usage", "stream", "streaming_usage", False),
        ("lone_think", "stream", "reasoning_form", "lone_tag"),
        ("out_of_range", "seed", "seed", False),
    ],
)
def test_what_a_server_does_is_what_is_found(settings: Any, fault: str, probe: str, name: str, value: Any) -> None:
    with MaraServer(faults=[fault]) as server:
        assert value == found(settings(server), MODEL, probe)[name]


def test_everything_else_goes_by_what_was_found(settings: Any) -> None:
    with MaraServer(faults=["not_json"]) as server:
        found(settings(server), MODEL, "json_schema")
        facts = facts_for(MODEL, settings(server))
    assert facts.json_schema is False
    assert "measured on 127.0.0.1" in facts.source


def test_a_probing_that_is_stopped_goes_on_where_it_was(settings: Any) -> None:
    with MaraServer(faults=[{"fault": "day_limit", "requests": [3]}]) as server:
        with pytest.raises(QuotaExhausted) as caught:
            found(settings(server))
        assert any("the same command goes on from here" in detail for detail in caught.value.details)
        assert "json_mode" in load_evidence(settings(server))[MODEL]
        left = plan_probing(MODEL, settings(server)).left
    assert ("json_schema", "tools", "forced_tools", "seed", "temperature") == left


def test_what_is_known_is_asked_again_only_on_request(settings: Any) -> None:
    with MaraServer() as server:
        found(settings(server), MODEL, "tools")
        assert ("tools",) == plan_probing(MODEL, settings(server), ["tools"]).known
        assert {} == found(settings(server), MODEL, "tools")
        assert {"tools": False} == found(settings(server), MODEL, "tools", again=True)
        assert 2 == len(server.requests)


def test_a_key_that_is_refused_finds_nothing(settings: Any) -> None:
    with MaraServer(api_key="another") as server:
        with pytest.raises(AuthError):
            found(settings(server))
        assert {} == load_evidence(settings(server))


@pytest.mark.parametrize("model", ["local:", "simulate:", "replay:x"])
def test_a_model_on_no_server_has_nothing_to_find_out(model: str) -> None:
    with pytest.raises(ConfigError, match="is on no server"):
        plan_probing(model, load_settings())


def test_reasoning_that_is_neither_shown_nor_counted_stays_open() -> None:
    unreported = PROBES["stream"].findings([Answer(Completion("one, two"), 1.0)])
    assert unreported["reasoning"].value is None
    counted = Completion("one, two", usage=Usage(5, 50, reasoning_tokens=40, requests=1))
    assert PROBES["stream"].findings([Answer(counted, 2.0)])["reasoning"].value is True
    assert 25.0 == PROBES["stream"].findings([Answer(counted, 2.0)])["tokens_per_second"].value


def test_throughput_is_counted_from_usage_alone() -> None:
    assert "tokens_per_second" not in PROBES["stream"].findings([Answer(Completion("one, two"), 1.0)])


def test_another_tool_than_the_one_that_was_offered_is_none() -> None:
    called = Completion("", tool_calls=(ToolCall("a", "other", "{}"),))
    assert PROBES["tools"].findings([Answer(called)])["tools"].value is False


def test_the_command_knows_every_probe() -> None:
    from promptkit.cli.probe import _NAMES

    assert tuple(PROBES) == _NAMES
