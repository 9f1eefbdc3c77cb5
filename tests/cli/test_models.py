"""`promptkit models` lists, shows and refreshes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from raw_server import RawServer, reply

from promptkit.cli.models import command
from promptkit.errors import AuthError, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

LIST = {
    "object": "list",
    "data": [
        {"id": "gpt-oss-120b", "context_length": 131072, "pricing": {"prompt": "0.00000022", "completion": 5.9e-7}},
        {"id": "odd\x1b[31m"},
        {"id": "local:x", "context_length": 8192, "max_completion_tokens": 4096},
    ],
}


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROMPTKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, **environ: str) -> Result:
    result = CliRunner().invoke(command, arguments, env=environ)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def refreshed(*arguments: str) -> Result:
    with RawServer(reply(LIST)) as server:
        environ = {"MARA_BASE_URL": server.base_url, "MARA_API_KEY": "sk-mara-1"}
        asked = run("refresh", **environ)
        return run(*arguments, **environ) if arguments else asked


def test_the_documented_models_are_listed_aligned() -> None:
    lines = run("list").stdout.splitlines()
    assert lines[0].split() == ["id", "window", "max", "output", "USD", "per", "1M", "in/out", "source"]
    assert len({line.index("MARA docs") for line in lines if " MARA docs" in line}) == 1


def test_a_list_from_documentation_says_so_beside_it() -> None:
    assert "promptkit models refresh" in run("list").stderr


def test_the_list_is_data_for_machines() -> None:
    listed: Any = json.loads(run("list", "--format", "json").stdout)
    window = {model["id"]: model["context_length"] for model in listed["models"]}
    assert (listed["version"], window["gpt-oss-120b"]) == (1, 131072)


def test_a_refresh_keeps_the_servers_list() -> None:
    result = refreshed("list")
    assert "0.22/0.59" in result.stdout
    assert "GET /v1/models of 127.0.0.1:" in result.stdout
    assert result.stderr == ""


def test_a_servers_id_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in refreshed("list").stdout


def test_a_refresh_says_what_it_got() -> None:
    assert refreshed().stdout.startswith("2 models from http://127.0.0.1:")


def test_a_refresh_is_data_for_machines() -> None:
    with RawServer(reply(LIST)) as server:
        result = run("refresh", "--format", "json", MARA_BASE_URL=server.base_url)
    assert [model["id"] for model in json.loads(result.stdout)["models"]] == ["gpt-oss-120b", "local:x"]


def test_a_refresh_without_a_key_is_refused() -> None:
    with pytest.raises(AuthError, match="no key for MARA Cloud"):
        run("refresh")


def test_all_that_is_known_of_a_model_is_shown() -> None:
    lines = dict(line.split(maxsplit=1) for line in run("show", "gpt-oss-120b").stdout.splitlines())
    assert (lines["context_length"], lines["prompt_price"], lines["json_schema"]) == ("131,072", "not known", "yes")


def test_a_price_is_shown_for_a_token() -> None:
    assert "0.00000022 USD a token" in refreshed("show", "gpt-oss-120b").stdout


def test_a_model_is_data_for_machines() -> None:
    shown: Any = json.loads(run("show", "local:", "--format", "json").stdout)
    assert (shown["version"], shown["model"]["id"], shown["model"]["context_length"]) == (1, "local:", 4096)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("name", "cure"),
    [("gpt-oss-120B", "did you mean `gpt-oss-120b`?"), ("frob", "`promptkit models list` shows those that are known")],
)
def test_an_unknown_model_is_an_error_with_a_suggestion(name: str, cure: str, form: str) -> None:
    with pytest.raises(ConfigError) as caught:
        run("show", name, "--format", form)
    assert (f"nothing is known of the model `{name}`", cure) == (caught.value.message, caught.value.help)


def test_a_refresh_without_a_key_names_no_other_model() -> None:
    with pytest.raises(AuthError) as caught:
        run("refresh", MARA_API_KEY="")
    assert caught.value.help.startswith("export MARA_API_KEY=...   or name another server")


def test_a_name_that_cannot_be_meant_is_an_error() -> None:
    with pytest.raises(ConfigError):
        run("show", "replay:")


@pytest.mark.parametrize("arguments", [[], ["list"], ["show"], ["refresh"]])
def test_every_help_has_examples(arguments: list[str]) -> None:
    assert "Examples:\n" in run(*arguments, "--help").stdout
