"""What `promptkit repo init` gives to GitHub and to pre-commit, tested by running what they run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import promptkit
from git_repos import GitRepo


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A clone of a new template repo, as CI has it."""
    assert promptkit("repo", "init", tmp_path / "origin").code == 0
    origin = GitRepo.at(tmp_path / "origin")
    origin.commit()
    origin.git("clone", "-q", str(origin.path), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    return GitRepo(tmp_path / "clone")


def workflow(repo: GitRepo) -> list[str]:
    """The commands of the workflow, but for the installation of promptkit."""
    data: dict[str, Any] = yaml.safe_load((repo.path / ".github/workflows/prompts.yaml").read_text())
    steps = data["jobs"]["check"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0  # the state that is compared with must be there
    return [step["run"] for step in steps if step.get("run", "").startswith("promptkit")]


def hooks(repo: GitRepo) -> list[str]:
    """The commands of pre-commit's configuration."""
    data: dict[str, Any] = yaml.safe_load((repo.path / ".pre-commit-config.yaml").read_text())
    found = [hook for each in data["repos"] for hook in each["hooks"]]
    return [f"{hook['entry']}{'' if hook.get('pass_filenames') is False else ' support/triage.yaml'}" for hook in found]


def codes(lines: list[str], before: str = "origin/main") -> list[int]:
    """How each ends, run as by a shell in which `BEFORE` is the state that GitHub names."""
    paths = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": paths, "CI": "true", "BEFORE": before}
    return [
        subprocess.run(["bash", "-c", line], env=environment, capture_output=True, check=False).returncode
        for line in lines
    ]


def test_a_push_of_what_no_version_announces_is_refused(clone: GitRepo) -> None:
    lines, first = workflow(clone), clone.git("rev-parse", "HEAD")
    path = clone.path / "support/triage.yaml"
    path.write_text(path.read_text().replace("right team", "best team"))
    clone.git("commit", "-q", "-a", "-m", "other words")
    clone.git("push", "-q", "origin", "HEAD:refs/heads/next")
    assert codes(lines, first) == [0, 1]
    assert codes(lines, "0" * 40) == [0, 0]  # the first push of a branch
    assert codes(lines, "f" * 40) == [0, 2]
    ran = promptkit("repo", "check", "--against", "main")
    assert "note: main is the last commit: what is committed was compared with nothing" in ran.err


@pytest.mark.parametrize("commands", [workflow, hooks], ids=["workflow", "pre-commit"])
def test_what_ci_runs_passes_what_is_sound_and_refuses_what_is_not(commands: Any, clone: GitRepo) -> None:
    lines = commands(clone)
    assert len(lines) == 2
    assert codes(lines) == [0, 0]
    path = clone.path / "support/triage.yaml"
    text = path.read_text()
    path.write_text(text.replace("right team", "best team"))
    assert codes(lines) == [0, 1]
    path.write_text(text.replace("right team", "best team").replace("0.1.0", "0.1.1"))
    assert codes(lines) == [0, 0]
    path.write_text(text.replace("{{ ticket }}", "{{ tikcet }}"))
    assert codes(lines) == [1, 1]
