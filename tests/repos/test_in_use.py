"""What a service is told of the prompts of repos that it has in use, when its lock moved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import promptkit
from git_repos import GitRepo, project, prompt

SORT = "acme/support/sort"
TEXT = prompt("support/sort") + "context: '{% include \"/_part.md\" %}'\n"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A committed service that uses a prompt at 1.0.0, of which there is 1.1.0 with another part."""
    team = GitRepo.at(tmp_path / "team")
    team.commit({"promptkit.toml": "", "other.yaml": prompt("other")})
    team.commit({"support/sort.yaml": TEXT, "_part.md": "Be kind.\n"}, "support/sort@1.0.0", "other@1.0.0")
    team.commit({"support/sort.yaml": TEXT.replace("1.0.0", "1.1.0"), "_part.md": "Be brief.\n"}, "support/sort@1.1.0")
    own = GitRepo.at(tmp_path / "service")
    project(own.path, {"acme": team.path}, {SORT: "1.0.0"})
    own.write({"mine.yaml": prompt("mine")})
    monkeypatch.chdir(own.path)
    assert promptkit("lock").code == 0
    own.commit()
    return own


def test_a_diff_of_a_service_speaks_of_what_its_lock_moved(service: GitRepo) -> None:
    assert promptkit("diff").err == "no prompt changed\n"
    assert promptkit("lock", "add", f"{SORT}@1.1.0").code == 0
    ran = promptkit("diff", "HEAD")
    assert [words in ran.out for words in (f"{SORT}\n", "[-kind-]{+brief+}")] == [True, True], ran.out
    assert promptkit("affected").out == f"{SORT}: prompt acme/support/sort.yaml, include acme/_part.md\n"
    (found,) = json.loads(promptkit("diff", "--format", "json").out)["moved"]
    assert (found["name"], found["before"], found["after"]) == (SORT, "1.0.0", "1.1.0")
    service.commit()
    assert promptkit("diff").err == "no prompt changed\n"
    assert promptkit("affected").out == ""
    assert promptkit("affected", "--since", "HEAD~1").out.startswith(f"{SORT}: ")


def test_another_wish_for_the_same_text_touches_nothing(service: GitRepo) -> None:
    assert promptkit("lock", "add", f"{SORT}@~1.0.0").code == 0
    assert "~1.0.0" in (service.path / "promptkit.lock").read_text()
    assert promptkit("diff").err == "no prompt changed\n"
    assert promptkit("affected").out == ""


def test_what_is_taken_into_use_and_given_up_is_told(service: GitRepo) -> None:
    assert promptkit("lock", "add", "acme/other").code == 0
    assert promptkit("lock", "remove", SORT).code == 0
    ran = promptkit("diff", "--exit-code")
    assert (ran.code, ran.err) == (0, f"{SORT}: in use no more\nacme/other: in use now\n")
    assert (
        promptkit("diff", "--format", "markdown").out == f"- `{SORT}`: in use no more\n\n- `acme/other`: in use now\n"
    )
    told = json.loads(promptkit("affected", "--format", "json").out)["prompts"]
    assert told == {
        "acme/other": ["prompt acme/other.yaml"],
        SORT: ["prompt acme/support/sort.yaml, which is in use no more"],
    }


def test_what_was_locked_and_is_nowhere_any_more_has_no_diff(service: GitRepo, cache: Path) -> None:
    text = (service.path / "promptkit.lock").read_text()
    assert promptkit("lock", "add", f"{SORT}@1.1.0").code == 0
    now = (service.path / "promptkit.lock").read_text()
    (commit,) = (line.split('"')[1] for line in text.splitlines() if line.startswith("commit"))
    for each in (path for path in (cache / "repos/parts").rglob("*") if path.is_file()):
        if each.name[:12] not in now:
            each.unlink()
    service.write({"promptkit.lock": text.replace(commit, "0" * 40)}).commit()
    service.write({"promptkit.lock": now})
    ran = promptkit("diff")
    assert ran.code == 0
    told = f"{SORT}: 1.0.0 -> 1.1.0, which cannot be compared: "
    assert told in ran.err
    assert f"- `{SORT}`: 1.0.0 -> 1.1.0, which cannot be compared" in promptkit("diff", "--format", "markdown").out


def test_a_service_may_move_its_lock_back(service: GitRepo) -> None:
    assert promptkit("lock", "add", f"{SORT}@1.1.0").code == 0
    service.commit()
    ran = promptkit("diff", "HEAD", "HEAD~1", "--exit-code")
    assert (ran.code, "1.1.0 -> 1.0.0, which others released" in ran.out) == (0, True), ran
    assert ran.out.startswith(f"{SORT}\n")


def test_a_lock_that_cannot_be_read_is_told(service: GitRepo) -> None:
    (service.path / "promptkit.lock").write_text("version = 9\n")
    for words in (("diff",), ("affected",)):
        ran = promptkit(*words)
        assert (ran.code, "no lockfile of version 1" in ran.err) == (8, True), ran.err


def test_a_repo_that_is_gone_hinders_nothing_that_is_kept(service: GitRepo, tmp_path: Path) -> None:
    assert promptkit("lock", "add", f"{SORT}@1.1.0").code == 0
    shutil.rmtree(tmp_path / "team")
    assert "brief" in promptkit("diff").out


def test_a_locked_prompt_that_its_repo_has_no_more_is_told(service: GitRepo, tmp_path: Path) -> None:
    assert "no more" not in promptkit("lock", "list").out
    team = GitRepo(tmp_path / "team")
    (team.path / "support/sort.yaml").unlink()
    team.commit()
    assert promptkit("repo", "update").code == 0
    (row,) = json.loads(promptkit("lock", "list", "--format", "json").out)["prompts"]
    assert (row["note"], row["newest"]) == ("it is in the newest commit of `acme` no more", "1.1.0")


def test_a_lock_of_another_time_that_cannot_be_read_hinders_nothing_else(service: GitRepo) -> None:
    good = (service.path / "promptkit.lock").read_text()
    service.commit({"promptkit.lock": good.replace("version = 1\n", "version = 9\n")})
    service.write({"promptkit.lock": good, "mine.yaml": prompt("mine", "1.0.1", "Sort")})
    ran = promptkit("diff")
    told = "promptkit.lock: in HEAD it is no lockfile of version 1, and so nothing is told of what is in use"
    assert (ran.code, "{+Sort+}" in ran.out, told in ran.err) == (0, True, True), ran
    assert promptkit("affected").out.splitlines()[0] == "mine: prompt mine.yaml"


@pytest.fixture
def drafts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A released project whose prompt extends one of a plain folder, which has changed its contract since."""
    folder = GitRepo(tmp_path / "drafts").write({"promptkit.toml": "", "x.yaml": prompt("x")}).path
    own = GitRepo.at(tmp_path / "own")
    toml = f'[repos.d]\npath = "{folder}"\n[prompts]\n"d/x" = "*"\n'
    own.write({"promptkit.toml": toml, "own.yaml": "extends: d/x\nname: own\nversion: 1.0.0\n"})
    monkeypatch.chdir(own.path)
    assert promptkit("lock").code == 0
    own.git("config", "user.name", "me")
    own.git("config", "user.email", "me@here")
    own.commit()
    assert promptkit("release").code == 0
    (folder / "x.yaml").write_text(prompt("x").replace("ticket", "letter"))
    assert "what changed" not in promptkit("lock").err
    own.commit()
    return folder


def test_a_plain_folder_that_changes_what_was_released_is_told(drafts: Path, cache: Path) -> None:
    ran = promptkit("diff", "HEAD~1", "HEAD", "--exit-code")
    assert (ran.code, ran.out.count("callers that give it will fail")) == (1, 2), ran
    assert "include" not in promptkit("affected", "--since", "HEAD~1").out
    assert promptkit("affected", "--since", "HEAD~1").out.splitlines() == [
        "own: parent d/x > x",
        "d/x: prompt d/x.yaml",
    ]
    assert "PK603" in promptkit("repo", "check", "--against", "HEAD~1").out
    assert "2.0.0" in promptkit("bump", "own.yaml", "--dry-run").err
    shutil.rmtree(cache / "repos/parts")  # as on another machine
    ran = promptkit("diff", "HEAD~1", "HEAD")
    assert "own: it cannot be compared: in HEAD~1 " in ran.err, ran
    assert "as it was locked, is not on this machine" in ran.err


def test_a_prompt_that_is_in_use_by_the_name_of_its_file_is_the_same(service: GitRepo) -> None:
    toml = service.path / "promptkit.toml"
    toml.write_text(toml.read_text().replace(f'"{SORT}"', f'"{SORT}.yaml"'))
    assert promptkit("lock").code == 0
    assert promptkit("diff").err == "no prompt changed\n"
    assert promptkit("affected").out == ""
    assert promptkit("lock", "remove", SORT).code == 0
    assert promptkit("lock", "verify").code == 0
    assert SORT not in toml.read_text()


def test_a_prompt_of_the_project_is_not_the_one_of_a_repo_that_is_called_so(service: GitRepo) -> None:
    service.write({f"{SORT}.yaml": prompt("own")})
    rows = json.loads(promptkit("list", "--format", "json").out)["prompts"]
    assert [(row["name"], row["locked"]) for row in rows if row["name"] == SORT] == [(SORT, ""), (SORT, "1.0.0")]
    assert promptkit("lock", "add", f"{SORT}@1.1.0").code == 0
    lines = promptkit("affected").out.splitlines()
    assert lines[0] == f"{SORT}: prompt {SORT}.yaml"
    assert lines[1].startswith(f"{SORT} (in use): prompt {SORT}.yaml, include")
