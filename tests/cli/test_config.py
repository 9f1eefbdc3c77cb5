from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from promptkit.limits import ROWS
from promptkit.setting_table import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "user.toml").write_text('[endpoints."https://other.host/v1"]\nkey_env = "OTHER_KEY"\n')
    return tmp_path


def run(place: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MARA_", "PROMPTKIT_"))}
    return subprocess.run(
        [sys.executable, "-c", "from promptkit.cli.main import entry; entry()", "config", *arguments],
        cwd=place,
        env=kept | {"PROMPTKIT_CONFIG": str(place / "user.toml")} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_setting_is_printed_with_its_origin(place: Path) -> None:
    (place / "promptkit.toml").write_text('model = "from-project"\n')
    ran = run(place)
    lines = {line.split()[0]: line.split()[1:] for line in ran.stdout.splitlines()}
    assert (0, "") == (ran.returncode, ran.stderr)
    assert [*SETTINGS, *ROWS] == list(lines)
    assert ["from-project", str(place / "promptkit.toml")] == lines["model"]
    assert ["not", "set", "default"] == lines["api_key"]
    assert ["-", "default"] == lines["trusted_hosts"]


def test_json_holds_a_version_and_every_setting(place: Path) -> None:
    told = json.loads(run(place, "--format", "json", PROMPTKIT_MAX_TOKENS="99").stdout)
    assert 1 == told["version"]
    assert list(SETTINGS) == [row["name"] for row in told["settings"]]
    assert {"name": "max_tokens", "value": 99, "origin": "environment PROMPTKIT_MAX_TOKENS"} in told["settings"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_key_is_ever_printed(place: Path, form: str) -> None:
    ran = run(place, "--format", form, MARA_API_KEY="secret-word", OTHER_KEY="other-word")
    assert "environment MARA_API_KEY" in ran.stdout
    assert "-word" not in ran.stdout + ran.stderr


def test_a_setting_that_does_not_fit_ends_with_code_2(place: Path) -> None:
    ran = run(place, PROMPTKIT_LOG="perhaps")
    assert (2, "") == (ran.returncode, ran.stdout)
    assert "PROMPTKIT_LOG must be true or false" in ran.stderr
