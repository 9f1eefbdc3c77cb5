"""Fetching with the real git: what is kept, what is left as it was, who waits for whom."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import promptkit
from git_repos import GitRepo, project, prompt

from promptkit.errors import RepoError, SourceError
from promptkit.limits import limited
from promptkit.repos.git import store as store_module
from promptkit.repos.git.snapshot import Snapshot
from promptkit.repos.git.store import FETCHES, Store, changed_tags
from promptkit.repos.git.urls import RepoUrl
from promptkit.repos.workspace import Workspace


def store_of(repo: GitRepo, cache: Path, mode: str = "full") -> Store:
    return Store(RepoUrl.of(str(repo.path)), cache, mode)


@pytest.mark.parametrize("mode", FETCHES)
def test_a_fetch_brings_branches_tags_and_files(team: GitRepo, cache: Path, mode: str) -> None:
    store = store_of(team, cache, mode)
    assert store.state() is None
    _, state = store.update()
    assert state == store.state()
    assert state.head == team.git("rev-parse", "HEAD")
    assert state.refs["refs/tags/v1.0.0"] == team.git("rev-parse", "v1.0.0^{commit}")
    files = Snapshot(store.get, state.head)
    found = dict(files.files())
    assert found.keys() == set(team.git("ls-files").splitlines())
    if mode == "partial":
        with pytest.raises(SourceError, match="not on this machine"):
            files.read("_base.yaml")
        store.fill([found["_base.yaml"].id])
    assert files.read("_base.yaml") == (team.path / "_base.yaml").read_bytes()
    store.close()


def test_what_was_fetched_needs_the_repo_no_more(team: GitRepo, cache: Path) -> None:
    store = store_of(team, cache)
    _, state = store.update()
    shutil.rmtree(team.path)
    assert Snapshot(store.get, state.head).read("_partials/rules.md") == b"Be brief."
    with pytest.raises(RepoError, match="can still be used"):
        store.update()
    assert store.state() == state
    store.close()


def test_moved_and_removed_references_follow_and_are_told(team: GitRepo, cache: Path) -> None:
    store = store_of(team, cache)
    store.update()
    team.git("tag", "-f", "v1.0.0", "main")
    team.git("tag", "-d", "v1.1.0")
    before, now = store.update()
    assert changed_tags(before, now) == (["v1.0.0"], ["v1.1.0"], [])
    assert "refs/tags/v1.1.0" not in now.refs
    assert now.refs["refs/tags/v1.0.0"] == now.head
    store.close()


def test_a_commit_that_no_branch_leads_to_any_more_can_be_fetched(team: GitRepo, cache: Path) -> None:
    lost = team.commit({"x.md": "lost"})
    team.git("reset", "-q", "--hard", "HEAD~1")
    for mode in FETCHES:
        store = store_of(team, cache, mode)
        store.update()
        assert store.get(f"{lost}^{{commit}}", 10_000) is None
        store.want(lost)
        assert store.get(f"{lost}^{{commit}}", 10_000) is not None
        store.close()


def test_a_repo_without_commits_and_a_folder_without_repo_are_told(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(RepoError, match="no commits yet"):
        store_of(GitRepo.at(tmp_path / "empty"), cache).update()
    with pytest.raises(RepoError, match="no git repository"):
        Store(RepoUrl.of(str(tmp_path)), cache).update()
    with pytest.raises(RepoError, match="no such folder"):
        Store(RepoUrl.of(str(tmp_path / "nowhere")), cache).update()


def test_a_branch_that_is_no_default_is_enough(tmp_path: Path, cache: Path) -> None:
    repo = GitRepo.at(tmp_path / "r")
    repo.commit({"a.yaml": prompt("a")}, "v1.0.0")
    repo.git("symbolic-ref", "HEAD", "refs/heads/other")
    _, state = store_of(repo, cache).update()
    assert state.head == ""
    assert set(state.refs) == {"refs/heads/main", "refs/tags/v1.0.0"}


def test_a_server_that_cannot_be_reached_is_a_clear_error_without_secrets(cache: Path) -> None:
    started = time.monotonic()
    store = Store(RepoUrl.of("https://someone@127.0.0.1:1/x"), cache)
    with pytest.raises(RepoError, match="cannot be fetched") as raised:
        store.update()
    assert "someone@127" not in "".join(raised.value.details)
    assert time.monotonic() - started < 30


def test_a_repository_with_sha256_objects_is_read(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "long"
    path.mkdir()
    repo = GitRepo(path)
    repo.git("init", "-q", "-b", "main", "--object-format=sha256")
    repo.commit({"a.yaml": prompt("a")}, "v1.0.0")
    store = store_of(repo, cache)
    _, state = store.update()
    assert len(state.head) == 64
    assert Snapshot(store.get, state.head).read("a.yaml").startswith(b"name: a")
    store.close()


@pytest.mark.parametrize("kinds", [("sha1", "sha256"), ("sha256", "sha1")], ids="-".join)
def test_an_owner_who_changes_the_kind_of_ids_is_followed(tmp_path: Path, cache: Path, kinds: tuple[str, str]) -> None:
    path = tmp_path / "team"
    states = []
    for number, kind in enumerate(kinds):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        repo = GitRepo(path)
        repo.git("init", "-q", "-b", "main", f"--object-format={kind}")
        store = store_of(repo, cache)
        if number:  # a fetch that fails leaves the old state, which can be read
            with pytest.raises(RepoError):
                store.update()
            assert Snapshot(store.get, states[0].head).read("a.yaml").startswith(b"name: a0")
        repo.commit({"a.yaml": prompt(f"a{number}")}, "v1.0.0")
        states.append(store.update()[1])
        store.close()
        store = store_of(repo, cache)
        assert store.state() == states[-1]
        assert Snapshot(store.get, states[-1].head).read("a.yaml").startswith(f"name: a{number}".encode())
        store.close()
    assert len(states[0].head) != len(states[1].head)


def test_a_partial_copy_keeps_its_old_state_until_it_has_the_files(team: GitRepo, cache: Path) -> None:
    store = store_of(team, cache, "partial")
    _, before = store.update()
    team.commit({"new.yaml": prompt("new")}, "v9.0.0")

    def killed(_: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.update(needed=killed)
    assert store.state() == before
    store.close()


def test_a_linked_worktree_and_a_shallow_clone_are_read(team: GitRepo, tmp_path: Path, cache: Path) -> None:
    team.git("worktree", "add", "-q", str(tmp_path / "tree"), "v1.0.0")
    linked = Store(RepoUrl.of(str(tmp_path / "tree")), cache)
    assert linked.update()[1].head == team.git("rev-parse", "v1.0.0^{commit}")
    team.git("clone", "-q", "--depth=1", f"file://{team.path}", str(tmp_path / "shallow"))
    shallow = Store(RepoUrl.of(str(tmp_path / "shallow")), cache)
    assert shallow.update()[1].head == team.git("rev-parse", "HEAD")


def test_a_partial_copy_has_the_files_of_the_states_that_are_used_each_brought_by_one_fetch(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = GitRepo.at(tmp_path / "many")
    names = [f"p{number}" for number in range(20)]
    toml = {"promptkit.toml": "[aliases.p0]\nproduction = '1.0.0'\n"}
    repo.commit({f"{name}.yaml": prompt(name, text=f"One {name}") for name in names} | toml, "v1.0.0")
    repo.commit({f"{name}.yaml": prompt(name, "1.1.0", f"Two {name}") for name in names}, "v1.1.0")
    repo.commit({f"{name}.yaml": prompt(name, "1.2.0", f"Three {name}") for name in names})
    fetches: list[tuple[str, ...]] = []
    transfer = store_module.transfer

    def counted(git_dir: Path, *arguments: str, **more: Any) -> None:
        fetches.append(arguments)
        transfer(git_dir, *arguments, **more)

    monkeypatch.setattr(store_module, "transfer", counted)
    folder = project(tmp_path / "service", {"acme": repo.path}, rev="v1.1.0", fetch="partial")
    monkeypatch.chdir(folder)
    assert promptkit("repo", "update").code == 0
    assert len(fetches) == 3  # commits, the files of the newest, those of v1.1.0
    assert "Two p3 x" in promptkit("render", "acme/p3", "-p", "ticket=x").out
    assert " error" not in promptkit("list", "acme").out
    asked = promptkit("render", "acme/p0@production", "-p", "ticket=x")
    assert (asked.code, "not on this machine" in asked.err) == (2, True), asked.err
    assert len(fetches) == 3
    project(folder, {"acme": repo.path}, {f"acme/{name}": "1.0.0" for name in names}, rev="v1.1.0", fetch="partial")
    assert promptkit("lock").code == 0
    assert len(fetches) == 4
    assert "One p7 x" in promptkit("render", "acme/p7", "-p", "ticket=x").out
    assert promptkit("repo", "update").code == 0
    assert len(fetches) == 5


def test_what_a_partial_copy_lacks_of_the_repos_own_file_is_told_and_not_taken_for_nothing(
    team: GitRepo, cache: Path, tmp_path: Path
) -> None:
    folder = project(tmp_path / "service", {"acme": team.path}, rev="v1.0.0", fetch="partial")
    with Workspace.at(folder) as workspace:
        workspace.store(workspace.declared.repo("acme")).update()
        with pytest.raises(RepoError, match="not on this machine"):
            _ = workspace.repo("acme").facts


@pytest.mark.parametrize("name", ["HEAD", "FETCH_HEAD", "packed-refs.lock", "refs/heads/main.lock", "shallow.lock"])
def test_what_a_killed_fetch_leaves_behind_stops_no_later_one(team: GitRepo, cache: Path, name: str) -> None:
    store = store_of(team, cache)
    store.update()
    (store.git_dir / name).write_text("half of what")
    (store.git_dir / "objects/pack/tmp_pack_xyz").write_text("half")
    team.commit({"new.yaml": prompt("new")})
    assert store.update()[1].head == team.git("rev-parse", "HEAD")
    assert not list(store.git_dir.glob("objects/pack/tmp_*"))


FETCH = """
import sys
from pathlib import Path
from promptkit.repos.git.store import Store
from promptkit.repos.git.urls import RepoUrl
print("begun", flush=True)
print(Store(RepoUrl.of(sys.argv[1]), Path(sys.argv[2])).update()[1].head)
"""


def test_a_fetch_killed_at_any_moment_leaves_the_old_state_or_the_new_one(team: GitRepo, cache: Path) -> None:
    store = store_of(team, cache)
    _, old = store.update()
    chance = random.Random(7)
    for number in range(12):
        team.commit({f"many/{number}-{i}.md": str(chance.random()) * 50 for i in range(40)})
        new = team.git("rev-parse", "HEAD")
        command = [sys.executable, "-c", FETCH, str(team.path), str(cache)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.random() * 0.06)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        state = store.state()
        assert state is not None
        assert state.head in (old.head, new)
        assert len(dict(Snapshot(store.get, state.head).files())) > 5
        old = state
    assert store.update()[1].head == team.git("rev-parse", "HEAD")
    store.close()


def test_processes_that_fetch_at_once_wait_for_each_other(team: GitRepo, cache: Path) -> None:
    command = [sys.executable, "-c", FETCH, str(team.path), str(cache)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert {text.splitlines()[-1] for text in said} == {team.git("rev-parse", "HEAD")}


def test_a_state_of_another_kind_is_as_none(team: GitRepo, cache: Path) -> None:
    store = store_of(team, cache)
    store.update()
    for broken in ("", "[]", "{}", '{"version": 9}', '{"version": 1, "refs": []}', "\x00"):
        (store.path / "state.json").write_text(broken)
        assert store.state() is None
    assert store.update()[1].head == team.git("rev-parse", "HEAD")


def test_more_files_or_folders_than_a_repo_may_hold_are_refused(team: GitRepo, cache: Path) -> None:
    team.commit({"/".join("abcdef") + "/x.md": "deep"})
    store = store_of(team, cache)
    _, state = store.update()
    for limit in ({"repo_files": 4}, {"repo_depth": 3}):
        with limited(**limit), pytest.raises(RepoError, match="PK615"):
            list(Snapshot(store.get, state.head).files())
    store.close()


def test_ssh_is_that_of_the_users_git_and_nobody_is_asked_where_nobody_watches(
    team: GitRepo, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for ssh, named as users name theirs: it runs what the other side would, without a terminal."""
    ssh, told = tmp_path / "ssh.sh", tmp_path / "told"
    ssh.write_text(
        f'#!/bin/sh\n(tty -s </dev/tty && echo tty; echo "$@" "$GIT_TERMINAL_PROMPT") >> {told} 2>&1\neval "$2"\n'
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as a hook has it that calls promptkit
    store = Store(RepoUrl.of(f"ssh://host{team.path}"), cache)
    assert store.update()[1].head == team.git("rev-parse", "HEAD")
    assert f"host git-upload-pack '{team.path}' 0" in told.read_text()
    assert "\ntty" not in f"\n{told.read_text()}"


def test_a_server_that_asks_for_a_password_ends_a_run_that_nobody_watches(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = tmp_path / "ssh.sh"
    ssh.write_text(
        "#!/bin/sh\nread answer </dev/tty || { echo 'Permission denied (publickey,password).' >&2; exit 255; }\n"
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    with pytest.raises(RepoError, match="cannot be fetched") as raised:
        Store(RepoUrl.of("git@host:x/y.git"), cache).update()
    assert any("Permission denied" in line for line in raised.value.details)


def test_a_damaged_copy_is_found_and_its_cure_cures(
    team: GitRepo, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path / "service", {"acme": team.path}, rev="v1.1.0"))
    assert promptkit("repo", "update").code == 0
    assert promptkit("repo", "verify").code == 0
    blob = team.git("rev-parse", "v1.1.0:support/triage.yaml")
    (copy,) = (path for path in (cache / "repos").iterdir() if (path / "git").is_dir())
    pack = next((copy / "git/objects/pack").glob("*.pack"), None)
    if pack is not None:  # as loose objects, of which one can be damaged
        moved = tmp_path / "moved.pack"
        pack.rename(moved)
        for other in (copy / "git/objects/pack").iterdir():
            other.unlink()
        subprocess.run(["git", f"--git-dir={copy / 'git'}", "unpack-objects", "-q"], stdin=moved.open("rb"), check=True)
    damaged = copy / "git/objects" / blob[:2] / blob[2:]
    damaged.unlink()
    cure = "promptkit repo update --anew acme"
    ran = promptkit("repo", "verify")
    assert (ran.code, cure in ran.out) == (1, True), ran
    assert cure in promptkit("render", "acme/support/triage", "-p", "ticket=x").err
    team.path.rename(tmp_path / "away")
    assert promptkit("repo", "update", "--anew", "acme").code == 2
    assert (copy / "git/objects" / blob[:2]).exists()  # what could not be fetched anew is as it was
    (tmp_path / "away").rename(team.path)
    ran = promptkit("repo", "update")
    assert (ran.code, "its copy in the cache is damaged; it is fetched anew" in ran.err) == (0, True), ran.err
    assert not (copy / "aside").exists()
    assert promptkit("repo", "verify").code == 0
    assert "is damaged" not in promptkit("repo", "update").err


def emptied(copy: Path) -> None:
    for path in (copy / "objects").glob("*/*"):
        path.chmod(0o644)
        path.write_bytes(b"")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "objects gone": lambda copy: shutil.rmtree(copy / "objects"),
    "objects empty": emptied,
    "no configuration": lambda copy: (copy / "config").write_text("[[["),
    "no references": lambda copy: shutil.rmtree(copy / "refs"),
}


@pytest.mark.parametrize("mode", ["full", "shallow", "partial"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_an_update_mends_what_was_damaged(
    damage: str, mode: str, team: GitRepo, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path / "service", {"acme": team.path}, rev="v1.1.0", fetch=mode))
    assert promptkit("repo", "update").code == 0
    listed = promptkit("list").out
    (copy,) = (path for path in (cache / "repos").iterdir() if (path / "git").is_dir())
    DAMAGES[damage](copy / "git")
    for path in copy.glob("index-*.json"):
        path.unlink()
    ran = promptkit("repo", "update")
    assert (ran.code, "Traceback" in ran.err) == (0, False), ran.err
    assert promptkit("list").out == listed
    assert promptkit("repo", "verify").code == 0


@pytest.mark.parametrize("mode", ["full", "shallow", "partial"])
def test_a_copy_that_is_fetched_anew_is_as_the_old_one(mode: str, team: GitRepo, cache: Path) -> None:
    store = Store(RepoUrl.of(str(team.path)), cache, mode)
    first = store.update()[1]
    assert store.get(f"{first.head}^{{tree}}", 1 << 20) is not None
    again = store.update(anew=True)[1]
    assert (again.head, again.refs) == (first.head, first.refs)
    assert store.get(f"{first.head}^{{tree}}", 1 << 20) is not None
    store.close()


def test_a_commit_that_is_gone_from_the_copy_is_no_deleted_tag(
    team: GitRepo, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path / "service", {"acme": team.path}))
    team.commit({"support/triage.yaml": prompt("support/triage", "1.3.0")}, "support/triage@1.3.0")
    assert promptkit("repo", "update").code == 0
    (copy,) = cache.glob("repos/*/git")
    if pack := next((copy / "objects/pack").glob("*.pack"), None):
        moved = tmp_path / "moved.pack"
        pack.rename(moved)
        for other in (copy / "objects/pack").iterdir():
            other.unlink()
        with moved.open("rb") as given:
            subprocess.run(["git", f"--git-dir={copy}", "unpack-objects", "-q"], stdin=given, check=True)
    commit = team.git("rev-parse", "v1.1.0^{commit}")
    (copy / "objects" / commit[:2] / commit[2:]).unlink()
    ran = promptkit("repo", "update")
    assert (ran.code, "was deleted" in ran.err, "is damaged; it is fetched anew" in ran.err) == (0, False, True), (
        ran.err
    )
    assert promptkit("lock", "add", "acme/support/triage@1.1.0").code == 0


def test_a_copy_that_is_gone_is_told_with_its_cure(
    team: GitRepo, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path / "service", {"acme": team.path}))
    assert promptkit("repo", "update").code == 0
    (copy,) = cache.glob("repos/*/git")
    shutil.rmtree(copy)
    ran = promptkit("repo", "verify")
    assert (ran.code, "promptkit repo update acme" in ran.out) == (1, True), ran
    assert promptkit("repo", "update").code == 0
    assert promptkit("repo", "verify").code == 0
    assert promptkit("search", "support triage").out == promptkit("search", "triage", "support").out != ""
