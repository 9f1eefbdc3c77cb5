"""`promptkit local` says what there is, and does what it says."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from promptkit.cli.local import command
from promptkit.cli.progress import shown_progress
from promptkit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = b"GGUF" + bytes(1_999_996)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of weights, beside an engine that is only there to be found."""
    engine = tmp_path / "site" / "xllamacpp"
    engine.mkdir(parents=True)
    (engine / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(engine.parent)
    monkeypatch.setenv("PROMPTKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("PROMPTKIT_LOCAL_MODEL", raising=False)
    models = tmp_path / "cache" / "models"
    models.mkdir(parents=True)
    return models


def run(*arguments: str, **environ: str) -> Result:
    result = CliRunner().invoke(command, arguments, env=environ)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def status(**environ: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run("status", "--format", "json", **environ).stdout)
    return told


def test_nothing_is_ready_before_the_set_up(folder: Path) -> None:
    told = status()
    assert (1, False, "the local model is not set up", None, []) == tuple(
        told[name] for name in ("version", "ready", "problem", "means", "models")
    )


def test_weights_and_engine_are_ready(folder: Path) -> None:
    path = folder / "SmolLM2-135M-Instruct.gguf"
    path.write_bytes(WEIGHTS)
    told = status()
    assert (True, "", str(path)) == (told["ready"], told["problem"], told["means"])
    assert [{"name": path.stem, "path": str(path), "bytes": len(WEIGHTS)}] == told["models"]


def test_weights_without_an_engine_are_not_ready(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "SmolLM2-135M-Instruct.gguf").write_bytes(WEIGHTS)
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    told = status()
    assert (False, None) == (told["ready"], told["engine"])
    assert "xllamacpp" in told["problem"]


def test_the_status_is_a_line_for_each_fact_and_each_model(folder: Path) -> None:
    for name in ("SmolLM2-135M-Instruct", "other"):
        (folder / f"{name}.gguf").write_bytes(WEIGHTS)
    lines = run("status").stdout.splitlines()
    assert ["ready", "problem", "means", "engine", "folder", "model", "model"] == [line.split()[0] for line in lines]
    assert f"model     local:other  2 MB  {folder / 'other.gguf'}" == lines[-1]


def test_a_set_up_downloads_nothing_where_the_weights_are_your_own(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(WEIGHTS)
    result = run("setup", PROMPTKIT_LOCAL_MODEL=str(own))
    assert (0, "", []) == (result.exit_code, result.stdout, list(folder.iterdir()))
    assert f"own is ready: {own}" in result.stderr


def test_a_quiet_set_up_says_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "own.gguf").write_bytes(WEIGHTS)
    result = run("setup", "--quiet", PROMPTKIT_LOCAL_MODEL=str(tmp_path / "own.gguf"))
    assert (0, "") == (result.exit_code, result.output)


def test_a_set_up_refuses_weights_of_your_own_that_are_not_there(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no such file of weights"):
        run("setup", PROMPTKIT_LOCAL_MODEL="/nowhere/own.gguf")


def test_removing_says_what_went_and_how_the_engine_goes(folder: Path) -> None:
    path = folder / "SmolLM2-135M-Instruct.gguf"
    path.write_bytes(WEIGHTS)
    result = run("remove")
    assert not path.exists()
    assert f"removed {path}" in result.stderr
    assert "python -m pip uninstall xllamacpp" in result.stderr
    assert "there was nothing to remove" in run("remove").stderr


def test_off_a_terminal_each_step_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as progress:
        for done in (0, 1_000_000, 93_000_000):
            progress("downloading it", done, 93_000_000)
        progress("waiting", 0, 0)
    assert ("", "downloading it (93 MB)\nwaiting\n") == capsys.readouterr()


@pytest.mark.parametrize("name", ["setup", "status", "remove"])
def test_each_help_has_examples(name: str) -> None:
    assert f"promptkit local {name}" in run(name, "--help").output
