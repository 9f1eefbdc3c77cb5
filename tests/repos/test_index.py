"""The index: what a list shows is what is there, and only what became another one is looked at again."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from command_line import promptkit
from git_repos import GitRepo, project, prompt
from hypothesis import given, settings
from hypothesis import strategies as st

from promptkit.limits import limited
from promptkit.repos import index
from promptkit.repos.index import Row, folder_rows, repo_rows
from promptkit.repos.releases.states import worktree
from promptkit.repos.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST, SECOND = 1_700_000_000, 1_710_000_000
FILES = {
    "promptkit.toml": "",
    "a.yaml": prompt("a") + "context: '{% include \"/_part.md\" %}'\n",
    "b.yaml": prompt("b"),
}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each prompt was loaded to make its row."""
    counts: Counter[str] = Counter()
    real = index._row

    def counted(source: Any, name: str, *rest: Any) -> Row:
        counts[name] += 1
        return real(source, name, *rest)

    monkeypatch.setattr(index, "_row", counted)
    return counts


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    repo = GitRepo.at(tmp_path / "own")
    repo.commit({**FILES, "_part.md": "Be kind.\n"}, date=FIRST)
    monkeypatch.chdir(repo.path)
    return repo


def own_rows() -> dict[str, Row]:
    with Workspace.at() as workspace:
        state = worktree(workspace)
        return {row.name: row for row in folder_rows(workspace, workspace.folder, state.source, state.prompts)}


def test_a_prompt_of_the_project_is_looked_at_again_when_a_part_of_it_is_another(
    own: GitRepo, looked_at: Counter[str]
) -> None:
    for part, names in (("", "ab"), ("", ""), ("_part.md", "a"), ("b.yaml", "b")):
        looked_at.clear()
        if part:
            own.write({part: prompt("b", text="Sort") if part == "b.yaml" else "Be brief.\n"})
        own_rows()
        assert "".join(sorted(looked_at.elements())) == names


def test_a_prompt_was_changed_when_it_was_committed_or_else_when_its_file_was(own: GitRepo) -> None:
    assert {name: row.changed for name, row in own_rows().items()} == {"a": FIRST, "b": FIRST}
    own.commit({"b.yaml": prompt("b", "1.1.0", "Sort")}, date=SECOND)
    assert {name: row.changed for name, row in own_rows().items()} == {"a": FIRST, "b": SECOND}
    own.write({"a.yaml": prompt("a", "2.0.0"), "new.yaml": prompt("new")})
    for name in ("a", "new"):
        os.utime(f"{name}.yaml", (SECOND + 5, SECOND + 5))
    rows = own_rows()
    changed = {name: row.changed for name, row in rows.items()}
    assert changed == {"a": SECOND + 5, "b": SECOND, "new": SECOND + 5}
    own.git("checkout", "-q", "a.yaml")
    assert own_rows()["a"].changed == FIRST


def test_where_there_is_no_history_the_files_say_when_they_were_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    GitRepo(tmp_path).write(FILES)
    os.utime(tmp_path / "b.yaml", (FIRST, FIRST))
    monkeypatch.chdir(tmp_path)
    assert own_rows()["b"].changed == FIRST
    ran = promptkit("list", "--format", "json")
    rows = {each["name"]: each for each in json.loads(ran.out)["prompts"]}
    assert rows["b"]["changed"] == "2023-11-14T22:13:20+00:00"
    assert rows["a"]["checks"]["errors"] == 1  # its part is not there


@pytest.mark.parametrize(
    "broken", [lambda _: "{", lambda text: text.replace('"rows": [', '"rows": [5, '), lambda _: "[]"]
)
@pytest.mark.usefixtures("own")
def test_an_index_that_is_damaged_is_made_anew(broken: Callable[[str], str], cache: Path) -> None:
    rows = own_rows()
    (kept,) = cache.glob("repos/index-*.json")
    kept.write_text(broken(kept.read_text()))
    assert own_rows() == rows


STEPS = st.sampled_from(["part", "edit", "commit", "add", "drop", "revert", "list"])


@settings(max_examples=10, deadline=None)
@given(st.lists(STEPS, min_size=2, max_size=6))
def test_a_kept_index_is_the_one_that_is_made_now(steps: list[str]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTKIT_CACHE_DIR", f"{folder}/cache")
        repo = GitRepo.at(Path(folder) / "team")
        repo.commit({**FILES, "_part.md": "Be kind.\n"}, date=FIRST)
        patch.chdir(repo.path)
        service = project(Path(folder) / "service", {"acme": repo.path})
        for number, step in enumerate(steps, 1):
            text = prompt("x", f"1.{number}.0")
            if step == "commit":
                repo.commit(date=FIRST + number)
            elif step == "drop":
                (repo.path / "b.yaml").unlink(missing_ok=True)
            elif step == "revert":
                repo.git("checkout", "-q", ".")
            elif step != "list":
                repo.write({{"part": "_part.md", "edit": "a.yaml"}.get(step, f"n{number}.yaml"): text})
            kept, fetched = own_rows(), fetched_rows(service)
            with pytest.MonkeyPatch.context() as fresh:
                fresh.setenv("PROMPTKIT_CACHE_DIR", f"{folder}/fresh{number}")
                assert own_rows() == kept
                assert fetched_rows(service) == fetched


def fetched_rows(service: Path) -> list[Row]:
    with Workspace.at(service, online=True) as workspace:
        workspace.fetch(workspace.declared.repo("acme"))
        return repo_rows(workspace, "acme")


def test_a_merge_changes_what_it_brings_whatever_was_known_before(own: GitRepo, cache: Path) -> None:
    own.git("checkout", "-q", "-b", "side")
    own.commit({"b.yaml": prompt("b", "1.1.0", "Sort")}, date=FIRST + 1)
    own.git("checkout", "-q", "main")
    own.commit({"a.yaml": FILES["a.yaml"].replace("1.0.0", "1.1.0")}, date=FIRST + 2)
    known = own_rows()
    own.git("merge", "-q", "side", "-m", "merge", date=SECOND)
    warm = own_rows()
    shutil.rmtree(cache / "repos")
    assert {name: row.changed for name, row in known.items()} == {"a": FIRST + 2, "b": FIRST}
    assert {name: row.changed for name, row in warm.items()} == {"a": FIRST + 2, "b": SECOND}
    assert own_rows() == warm


def test_of_a_history_that_was_cut_nothing_is_told_that_is_not_there(own: GitRepo, tmp_path: Path) -> None:
    own.commit({"b.yaml": prompt("b", "1.1.0", "Sort")}, date=FIRST + 1)
    own.commit({"a.yaml": FILES["a.yaml"].replace("1.0.0", "1.1.0")}, date=SECOND)
    clone = GitRepo(tmp_path / "clone")
    own.git("clone", "-q", "--depth=2", f"file://{own.path}", str(clone.path))
    with Workspace.at(clone.path) as workspace:
        state = worktree(workspace)
        rows = folder_rows(workspace, clone.path, state.source, state.prompts)
    assert {row.name: row.changed for row in rows} == {"a": SECOND, "b": 0}
    clone.git("fetch", "-q", "--unshallow")
    with Workspace.at(clone.path) as workspace:
        state = worktree(workspace)
        rows = folder_rows(workspace, clone.path, state.source, state.prompts)
    assert {row.name: row.changed for row in rows} == {"a": SECOND, "b": FIRST + 1}


def test_a_prompt_is_looked_at_again_when_what_it_looked_for_in_vain_is_there(own: GitRepo) -> None:
    own.write({"b.yaml": prompt("b") + "context: \"{% include 'more.md' ignore missing %}\"\n"})
    assert own_rows()["b"].checks == "ok"
    own.write({"more.md": "{{ nobody }}\n"})
    assert own_rows()["b"].checks == "1 error"
    (own.path / "more.md").unlink()
    assert own_rows()["b"].checks == "ok"


def test_what_else_a_check_depends_on_is_looked_at_again(own: GitRepo) -> None:
    assert own_rows()["b"].checks == "ok"
    with limited(file_bytes=20):
        assert own_rows()["b"].checks == "1 error"
    own.write({"b.yaml": "extends: acme/_b.yaml\n", "acme/_b.yaml": "task: Greet.\n"})
    assert own_rows()["b"].checks == "ok"
    own.write({"promptkit.toml": '[repos.acme]\nurl = "https://example.org/x.git"\n'})
    assert own_rows()["b"].checks == "1 error"  # it is a file here, and a repo


def test_above_a_project_that_has_no_history_its_prompts_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert promptkit("init", "triage").code == 0
    ran = promptkit("list")
    assert (ran.code, "triage/triage" in ran.out) == (0, True), ran
