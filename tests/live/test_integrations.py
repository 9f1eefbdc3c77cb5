"""What others run for us: the pre-commit hooks by pre-commit itself, the steps of the GitHub Action by a real shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
GOOD = "task: Greet.\n"
BAD = "tsk: Greet.\n"

pytestmark = pytest.mark.live


def git(*arguments: str, at: Path) -> None:
    named = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=at, env=os.environ | named, check=True, capture_output=True)


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our hooks in a git repository of their own, as they stand in the working tree."""
    repo = tmp_path_factory.mktemp("hooks")
    shipped = ["promptkit", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"]
    listing = ["git", "ls-files", "-co", "--exclude-standard", *shipped]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in listed:
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_bytes((ROOT / name).read_bytes())
    git("init", "-q", at=repo)
    git("add", "-A", at=repo)
    git("commit", "-qm", "Hooks", at=repo)
    return repo


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


def pre_commit(
    hook: str, files: dict[str, str], at: Path, hooks: Path, store: Path
) -> subprocess.CompletedProcess[str]:
    """A hook run by pre-commit, which installs it once for all tests that share a store."""
    git("init", "-q", at=at)
    for name, text in files.items():
        (at / name).write_text(text)
    git("add", "-A", at=at)
    revision = (hooks / ".git/HEAD").read_text().strip().removeprefix("ref: ")
    config = store / f"{hook}.yaml"
    known = {"repo": str(hooks), "rev": (hooks / ".git" / revision).read_text().strip(), "hooks": [{"id": hook}]}
    config.write_text(yaml.safe_dump({"repos": [known]}))
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--config", str(config), hook, "--verbose", "--all-files"],
        cwd=at,
        env=os.environ | {"PRE_COMMIT_HOME": str(store)},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


def test_the_hook_stops_a_commit_with_a_mistake_and_lets_a_good_one_pass(
    tmp_path: Path, hooks: Path, store: Path
) -> None:
    ran = pre_commit("promptkit-check", {"good.yaml": GOOD, "bad.yaml": BAD}, tmp_path, hooks, store)
    assert 1 == ran.returncode, ran.stdout + ran.stderr
    assert "bad.yaml:1:1" in ran.stdout
    (tmp_path / "bad.yaml").write_text(GOOD)
    git("add", "-A", at=tmp_path)
    again = pre_commit("promptkit-check", {}, tmp_path, hooks, store)
    assert 0 == again.returncode, again.stdout + again.stderr


def test_the_fixing_hook_cures_the_file_and_says_so(tmp_path: Path, hooks: Path, store: Path) -> None:
    ran = pre_commit("promptkit-fix", {"bad.yaml": BAD}, tmp_path, hooks, store)
    assert 1 == ran.returncode, ran.stdout + ran.stderr
    assert "files were modified by this hook" in ran.stdout
    assert GOOD == (tmp_path / "bad.yaml").read_text()


def test_the_hook_of_versions_stops_a_change_that_none_announces(tmp_path: Path, hooks: Path, store: Path) -> None:
    prompt = "name: a\nversion: 1.0.0\ntask: Say hello.\n"
    first = pre_commit("promptkit-repo-check", {"promptkit.toml": "", "a.yaml": prompt}, tmp_path, hooks, store)
    assert 0 == first.returncode, first.stdout + first.stderr  # before the first commit all is new
    git("commit", "-qm", "First", at=tmp_path)
    changed = prompt.replace("hello", "goodbye")
    for text, code in ((changed, 1), (changed.replace("1.0.0", "1.1.0"), 0)):
        ran = pre_commit("promptkit-repo-check", {"a.yaml": text}, tmp_path, hooks, store)
        assert code == ran.returncode, ran.stdout + ran.stderr


def test_the_hook_of_locks_stops_what_is_not_locked(tmp_path: Path, hooks: Path, store: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/promptkit.toml").touch()
    (tmp_path / "parts/p.yaml").write_text(GOOD)
    (tmp_path / "service").mkdir()
    toml = '[repos.parts]\npath = "../parts"\n[prompts]\n"parts/p" = "*"\n'
    ran = pre_commit("promptkit-lock", {"promptkit.toml": toml}, tmp_path / "service", hooks, store)
    assert 1 == ran.returncode, ran.stdout + ran.stderr
    assert "parts/p: it is not locked" in ran.stdout


def run_action(place: Path, temp: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """The steps of the composite action in order, as a runner does them; the first that fails ends it."""
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    known = {f"inputs.{name}": given.get(name, each["default"]) for name, each in action["inputs"].items()}
    known |= {"github.action_path": str(ROOT), "runner.temp": str(temp)}

    def filled(text: str) -> str:
        def value(found: re.Match[str]) -> str:
            return next(filter(None, (known[name.strip()] for name in found[1].split("||"))), "")

        return re.sub(r"\$\{\{(.*?)\}\}", value, text)

    assert "composite" == action["runs"]["using"]
    done = None
    for step in action["runs"]["steps"]:
        environment = {name: filled(text) for name, text in step["env"].items()}
        assert "${{" not in step["run"], "what callers give reaches a script as a variable only"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=place,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
        if done.returncode:
            break
    assert done is not None
    return done


def test_the_action_annotates_each_mistake_and_fails(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "good.yaml").write_text(GOOD)
    (place / "bad.yaml").write_text(BAD)
    ran = run_action(place, tmp_path, python=sys.executable)
    assert 1 == ran.returncode, ran.stdout + ran.stderr
    assert "::error file=bad.yaml,line=1,col=1,title=PK120::" in ran.stdout
    assert 0 == run_action(place, tmp_path, python=sys.executable, paths="good.yaml").returncode
    ignored = run_action(place, tmp_path, python=sys.executable, args="--ignore PK120,PK122")
    assert (0, "") == (ignored.returncode, ignored.stdout)
