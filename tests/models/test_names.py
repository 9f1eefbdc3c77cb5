"""What a model's name means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from promptkit.completion import Request
from promptkit.errors import ConfigError, RecordingMissing
from promptkit.messages import Message
from promptkit.model_names import ModelName, parse_model_name, wire_name
from promptkit.models import OPENERS, open_model
from promptkit.models.chat_api import ChatApi
from promptkit.redact import Redactor
from promptkit.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MiniMax-M2.5", ModelName("chat", "MiniMax-M2.5")),
        ("  MiniMax-M2.5 ", ModelName("chat", "MiniMax-M2.5")),
        ("llama3:8b", ModelName("chat", "llama3:8b")),
        ("local-llama:8b", ModelName("chat", "local-llama:8b")),
        ("localhost-tuned", ModelName("chat", "localhost-tuned")),
        ("openai/gpt-oss-120b", ModelName("chat", "openai/gpt-oss-120b")),
        ("local:", ModelName("local", "")),
        ("local:smollm2", ModelName("local", "smollm2")),
        ("replay:a/b.jsonl", ModelName("replay", "a/b.jsonl")),
        ("replay:C:/b.jsonl", ModelName("replay", "C:/b.jsonl")),
        ("simulate:", ModelName("simulate", "")),
        ("openai+http://localhost:8000/v1#qwen3:8b", ModelName("openai", "qwen3:8b", "http://localhost:8000/v1")),
        ("openai+https://HOST#a#b", ModelName("openai", "a#b", "https://host/v1")),
        ("openai+https://host/v1/chat/completions/#m", ModelName("openai", "m", "https://host/v1")),
    ],
)
def test_a_name_is_a_scheme_or_an_id(name: str, expected: ModelName) -> None:
    assert expected == parse_model_name(name)


@pytest.mark.parametrize(
    ("name", "words", "cure"),
    [
        ("", "a text in one line", "MiniMax-M2.5"),
        ("   ", "a text in one line", "MiniMax-M2.5"),
        ("a\nb", "a text in one line", "MiniMax-M2.5"),
        ("replay:", "needs a file", "replay:answers.jsonl"),
        ("simulate:x", "takes no name", "simulate:"),
        ("openai+https://host/v1", "which model at https://host/v1", "openai+https://host/v1#NAME"),
        ("openai+https://host/v1#", "which model", "#NAME"),
        ("local", "nearly one", "did you mean `local:`?"),
        ("Simulate", "nearly one", "did you mean `simulate:`?"),
        ("replay", "nearly one", "did you mean `replay:FILE`?"),
        ("loacl:", "nearly one", "did you mean `local:`?"),
        ("Local:smollm2", "nearly one", "did you mean `local:smollm2`?"),
        ("simulated:", "nearly one", "did you mean `simulate:`?"),
        ("openai:gpt-4", "no scheme", "openai+https://HOST/v1#gpt-4"),
        ("https://host/v1", "no model's name", "openai+https://host/v1#NAME"),
        ("http://host/v1#x", "no model's name", "openai+http://host/v1#x"),
        ("localhost:8000/v1", "no model's name", "openai+http://localhost:8000/v1#NAME"),
        ("https://me:hunter22@host/v1", "no model's name", "openai+https://HOST/v1#NAME"),
        ("openai+127.0.0.1:8000/v1#x", "the whole URL", "openai+http://127.0.0.1:8000/v1#x"),
        ("openai+api.example.com/v1#x", "the whole URL", "openai+https://api.example.com/v1#x"),
        ("openai+gpt", "the whole URL", "openai+https://gpt#NAME"),
        ("openai+ftp://host/v1#m", "not the base URL", "https://HOST/v1"),
        ("openai+https://#m", "not the base URL", "https://HOST/v1"),
        ("openai+https://host/v1?key=1#m", "not the base URL", "https://HOST/v1"),
        ("openai+https://me:hunter22@host/v1#m", "user name, password", "environment variable"),
    ],
)
def test_a_name_that_cannot_be_meant_is_refused_with_its_cure(name: str, words: str, cure: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_model_name(name)
    assert (words in caught.value.message, cure in caught.value.help) == (True, True)
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MiniMax-M2.5", "MiniMax-M2.5"),
        ("openai+https://host/v1#m", "m"),
        ("local:", "local:"),
        ("local:smollm2", "local:smollm2"),
        ("simulate:", "simulate:"),
        ("replay:a.jsonl", "replay:"),
    ],
)
def test_the_wire_carries_the_id(name: str, expected: str) -> None:
    assert expected == wire_name(name)


def opened(name: str, settings: Settings) -> Any:
    """The model of a name, without the gate before it."""
    model = open_model(name, settings, redactor=Redactor())
    return getattr(model, "inner", model)


def test_every_scheme_has_an_opener() -> None:
    assert {"chat", "openai", "local", "replay", "simulate"} == set(OPENERS)


def test_an_id_belongs_to_the_configured_endpoint_and_gets_its_key() -> None:
    settings = load_settings(base_url="https://mara.example", api_key="sk-mara-1", max_temperature=2.0, gap_timeout=5.0)
    endpoint = opened("llama3:8b", settings).endpoint
    assert (
        endpoint.base_url,
        endpoint.api_key,
        endpoint.requires_key,
        endpoint.max_temperature,
        endpoint.deadlines.gap,
    ) == ("https://mara.example/v1", "sk-mara-1", True, 2.0, 5.0)


def test_the_documented_host_is_called_mara_cloud() -> None:
    assert opened("MiniMax-M2.5", load_settings()).endpoint.name == "MARA Cloud"


def test_this_machine_needs_no_key() -> None:
    assert not opened("m", load_settings(base_url="http://127.0.0.1:9/v1")).endpoint.requires_key


def test_another_server_gets_no_key_of_mara() -> None:
    endpoint = opened("openai+https://other.example/v1#m", load_settings(api_key="sk-mara-1")).endpoint
    assert (
        endpoint.base_url,
        endpoint.api_key,
        endpoint.requires_key,
        endpoint.max_temperature,
    ) == ("https://other.example/v1", "", False, None)


def test_another_server_gets_the_key_that_is_named_for_it() -> None:
    settings = load_settings(
        endpoints={"https://other.example/v1": {"key_env": "OTHER_KEY"}},
        environ={"OTHER_KEY": "sk-other-1", "MARA_API_KEY": "sk-mara-1"},
    )
    endpoint = opened("openai+https://other.example/v1#m", settings).endpoint
    assert (endpoint.api_key, endpoint.key_variable) == ("sk-other-1", "OTHER_KEY")


def test_mara_under_another_name_still_gets_its_key() -> None:
    settings = load_settings(base_url="https://mara.example/v1", api_key="sk-mara-1")
    assert opened("openai+https://MARA.example/v1/#m", settings).endpoint.api_key == "sk-mara-1"


def test_the_redactor_knows_the_key_of_an_opened_model() -> None:
    redactor = Redactor()
    open_model("m", load_settings(api_key="sk-mara-1"), redactor=redactor)
    assert redactor.text("sk-mara-1") == "[redacted]"


def test_a_replay_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.touch()
    with pytest.raises(RecordingMissing):
        list(opened(f"replay:{file}", load_settings()).send(Request("m", (Message("user", "Hi"),))))


def test_an_opened_server_is_asked_only_when_something_is_sent() -> None:
    assert isinstance(opened("openai+http://nowhere.invalid/v1#m", load_settings()), ChatApi)
