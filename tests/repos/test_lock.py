"""The lock: what it pins, that it needs nothing else, and that whatever moves is named."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from command_line import process, promptkit
from git_repos import GitRepo, project, prompt
from hypothesis import given
from hypothesis import strategies as st

from promptkit import Prompt
from promptkit.errors import LockError
from promptkit.repos import git
from promptkit.repos.lock import Lock, Locked, Part

TRIAGE = "acme/support/triage"


@pytest.fixture
def service(team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = project(tmp_path / "service", {"acme": team.path}, {TRIAGE: "~1.1"}, rev="v1.0.0")
    monkeypatch.chdir(folder)
    assert promptkit("lock").code == 0
    return folder


def test_a_lock_pins_every_part_and_is_written_the_same_again(service: Path) -> None:
    text = (service / "promptkit.lock").read_text()
    entry = next(iter(Lock(service / "promptkit.lock")))
    assert (entry.name, entry.wanted, entry.version) == (TRIAGE, "~1.1", "1.1.0")
    assert [(part.kind, part.path) for part in entry.parts] == [
        ("include", "_partials/rules.md"),
        ("parent", "_base.yaml"),
        ("prompt", "support/triage.yaml"),
        ("schema", "schemas/t.json"),
    ]
    assert promptkit("lock").code == 0
    assert (service / "promptkit.lock").read_text() == text


def test_a_locked_prompt_is_loaded_without_git_and_without_the_repo(
    service: Path, team: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(team.path)
    monkeypatch.setattr(git, "command", lambda: pytest.fail("git was started"))
    found = Prompt.load(TRIAGE)
    entry = next(iter(Lock(service / "promptkit.lock")))
    assert found.spec.version == "1.1.0"
    assert found.digest == entry.sha256
    assert "Be brief." in found.render(ticket="x").messages[-1].content
    assert Prompt.load(f"{TRIAGE}@^1.0").digest == found.digest
    assert Prompt.load(f"{TRIAGE}@{entry.commit[:10]}").digest == found.digest


def test_what_is_locked_stays_where_it_is_until_it_is_updated(service: Path, team: GitRepo) -> None:
    team.commit({"support/triage.yaml": prompt("support/triage", "1.1.5", "Newer")}, "support/triage@1.1.5")
    assert promptkit("repo", "update").code == 0
    assert promptkit("lock").code == 0
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"
    ran = promptkit("lock", "update", TRIAGE)
    assert (ran.code, f"{TRIAGE}@~1.1: 1.1.0 -> 1.1.5" in ran.err) == (0, True)
    assert Prompt.load(TRIAGE).spec.version == "1.1.5"


@pytest.mark.parametrize("kept", [True, False])
def test_a_changed_cache_is_never_used(service: Path, cache: Path, *, kept: bool) -> None:
    for path in (cache / "repos" / "parts").rglob("*"):
        if path.is_file() and kept:
            path.write_bytes(b"task: something else")
    if not kept:
        shutil.rmtree(cache / "repos" / "parts")
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"


PARTS = {
    "_partials/rules.md": "include _partials/rules.md",
    "_base.yaml": "parent _base.yaml",
    "support/triage.yaml": "prompt support/triage.yaml",
    "schemas/t.json": "schema schemas/t.json",
}


@pytest.mark.parametrize("path", PARTS)
def test_a_part_that_moved_in_a_plain_folder_is_named(
    path: str, team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "promptkit.toml").write_text(f'[repos.acme]\npath = "{team.path}"\n[prompts]\n"{TRIAGE}" = "*"\n')
    monkeypatch.chdir(folder)
    assert promptkit("lock").code == 0
    assert promptkit("lock", "verify").code == 0
    file = team.path / path
    file.write_text(f"{file.read_text()}\n")
    for command in (("lock", "verify"), ("lock", "--frozen")):
        ran = promptkit(*command)
        assert (ran.code, f"{TRIAGE}: {PARTS[path]}: it was changed" in ran.err) == (8, True)
    with pytest.raises(LockError, match=f"`{path}`"):
        Prompt.load(TRIAGE)


def test_a_moved_tag_is_told_and_the_locked_commit_still_used(service: Path, team: GitRepo) -> None:
    team.git("tag", "-f", "v1.1.0", "main")
    update = promptkit("repo", "update")
    assert (update.code, "warning[PK611]: acme: the tag `v1.1.0` was moved" in update.err) == (1, True)
    verify = promptkit("lock", "verify")
    assert (verify.code, "tag v1.1.0: it was moved to another commit" in verify.err) == (8, True)
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"


def test_in_ci_only_what_is_locked_is_used(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert promptkit("render", "acme/support/reply", "-p", "ticket=x").code == 0
    for variable in ("CI", "PROMPTKIT_FROZEN"):
        monkeypatch.setenv(variable, "true")
        assert promptkit("render", TRIAGE, "-p", "ticket=x").code == 0
        ran = promptkit("render", "acme/support/reply", "-p", "ticket=x")
        assert (ran.code, '"acme/support/reply" = "*"' in ran.err) == (8, True)
        monkeypatch.delenv(variable)
    monkeypatch.setenv("CI", "true")
    toml = service / "promptkit.toml"
    toml.write_text(toml.read_text().replace("~1.1", "^1"))
    ran = promptkit("lock")
    assert (ran.code, f"{TRIAGE}@^1: it is not locked" in ran.err) == (8, True)
    assert promptkit("lock", "--no-frozen").code == 0


def test_prompts_of_the_project_that_use_a_repo_are_locked_too(service: Path, team: GitRepo) -> None:
    own = prompt("own/reply", text='{% include "acme/_partials/rules.md@^1" %}') + "extends: acme/_base.yaml@v1.0.0\n"
    (service / "own").mkdir()
    (service / "own/reply.yaml").write_text(own)
    (service / "own/other.yaml").write_text(prompt("own/other"))
    assert promptkit("lock").code == 0
    entries = {entry.name: entry for entry in Lock(service / "promptkit.lock")}
    assert entries.keys() == {TRIAGE, "own/reply.yaml"}
    assert list(entries["own/reply.yaml"].pins) == ["acme/_base.yaml@v1.0.0", "acme/_partials/rules.md@^1"]
    team.commit({"_partials/rules.md": "Be long."}, "v1.3.0")
    promptkit("repo", "update")
    rendered = Prompt.from_yaml(service / "own/reply.yaml").render(ticket="x").messages
    assert [message.content for message in rendered] == ["You are kind.", "Be brief. x"]
    promptkit("lock", "update")
    assert Prompt.from_yaml(service / "own/reply.yaml").render(ticket="x").messages[-1].content == "Be long. x"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no lockfile of version 1"),
        ("version = 2\n", "no lockfile of version 1"),
        ("version = 1\n<<<<<<< ours\n", "both sides of a merge"),
        ('version = 1\n[[prompt]]\nname = "acme/support/triage"\n', "acme/support/triage"),
        ('version = 1\n[[prompt]]\nname = "acme/support/triage"\nsha256 = "x"\n', "cannot be read"),
        ('version = 1\n[[prompt]]\nname = "acme/support/triage"\n=\n', "cannot be read"),
    ],
)
def test_a_broken_lock_is_an_error_and_no_absent_one(service: Path, text: str, words: str) -> None:
    (service / "promptkit.lock").write_text(text)
    with pytest.raises(LockError, match=re.escape(words)):
        Prompt.load(TRIAGE)
    ran = promptkit("lock", "verify")
    assert (ran.code, words in ran.err) == (8, True)


names = st.from_regex(r"[a-z][a-z0-9_-]{0,8}(/[a-z][a-z0-9_-]{0,8}){1,3}", fullmatch=True)
digests = st.from_regex("[0-9a-f]{64}", fullmatch=True)
paths = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
parts = st.builds(Part, st.sampled_from(["prompt", "include"]), paths, digests)
blocks = st.builds(
    Locked,
    names,
    st.sampled_from(["", "^1.2", "production"]),
    st.sampled_from(["", "1.2.3"]),
    st.sampled_from(["", "a" * 40]),
    digests,
    paths,
    st.lists(parts, max_size=4, unique_by=lambda part: (part.kind, part.path)).map(tuple),
    st.dictionaries(paths, st.just("b" * 40), max_size=2),
)


@given(st.lists(blocks, max_size=5, unique_by=lambda block: block.key))
def test_what_is_written_is_read_as_it_was(entries: list[Locked]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "promptkit.lock"
        Lock(path).write(entries)
        found = list(Lock(path))
        assert [entry.text() for entry in found] == [entry.text() for entry in sorted(entries, key=lambda e: e.key)]
        assert Lock.text(found) == path.read_text()


def test_two_processes_that_lock_at_once_both_succeed(service: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    cache = {"PROMPTKIT_CACHE_DIR": os.environ["PROMPTKIT_CACHE_DIR"]}
    with ThreadPoolExecutor(4) as pool:
        ran = list(pool.map(lambda _: process("lock", "update", cwd=service, **cache), range(4)))
    assert [each.code for each in ran] == [0] * 4, ran
    assert promptkit("lock", "verify").code == 0


@pytest.mark.parametrize("mode", ["shallow", "partial"])
def test_a_repo_that_is_not_fetched_whole_serves_what_is_locked(
    mode: str, team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path / "service", {"acme": team.path}, {TRIAGE: "~1.1"}, rev="v1.0.0", fetch=mode))
    assert promptkit("lock").code == 0
    shutil.rmtree(team.path)
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"
    assert promptkit("list", "acme").code == 0
