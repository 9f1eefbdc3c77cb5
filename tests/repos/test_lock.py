"""The lock: what it pins, that it needs nothing else, and that whatever moves is named."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from command_line import process, promptkit
from git_repos import GitRepo, project, prompt
from hypothesis import given, settings
from hypothesis import strategies as st

from promptkit import Prompt
from promptkit.errors import LockError, RepoError
from promptkit.repos.git import command as git
from promptkit.repos.lock import Lock, Locked, Part
from promptkit.repos.opening import project_source
from promptkit.repos.using import Relocked

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
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(RepoError, match="git is not installed"):
        git.command()
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
    assert (ran.code, f"{TRIAGE}@^1: it is wanted, and locked as ~1.1" in ran.err) == (8, True)
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
        Relocked(Lock(path), entries).write()
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


def test_what_is_removed_at_once_by_many_is_no_longer_locked(service: Path, team: GitRepo) -> None:
    from concurrent.futures import ThreadPoolExecutor

    names = [f"acme/support/p{number}" for number in range(5)]
    team.commit({f"support/p{number}.yaml": prompt(f"support/p{number}") for number in range(5)}, "v1.5.0")
    assert [promptkit("lock", "add", f"{name}@^1.5", "-q").code for name in names] == [0] * 5
    cache = {"PROMPTKIT_CACHE_DIR": os.environ["PROMPTKIT_CACHE_DIR"]}
    with ThreadPoolExecutor(5) as pool:
        ran = list(pool.map(lambda name: process("lock", "remove", name, cwd=service, **cache), names))
    assert [each.code for each in ran] == [0] * 5, ran
    assert [entry.name for entry in Lock(service / "promptkit.lock")] == [TRIAGE]


def test_what_a_repo_did_not_have_yet_is_fetched_to_be_locked(service: Path, team: GitRepo) -> None:
    team.commit({"support/triage.yaml": prompt("support/triage", "2.0.0")}, "support/triage@2.0.0")
    toml = (service / "promptkit.toml").read_text()
    (service / "promptkit.toml").write_text(toml.replace("~1.1", "^2"))
    ran = promptkit("lock")
    assert (ran.code, f"{TRIAGE}@^2: 1.1.0 -> 2.0.0" in ran.err, "fetching" in ran.err) == (0, True, True), ran.err
    (service / "promptkit.toml").write_text(toml.replace("~1.1", "^3"))
    ran = promptkit("lock")
    assert (ran.code, f"`{TRIAGE}` has no `^3`" in ran.err, "2.0.0" in ran.err) == (2, True, True), ran.err
    shutil.rmtree(team.path)
    ran = promptkit("lock")
    assert (ran.code, f"`{TRIAGE}` has no `^3`" in ran.err) == (2, True), ran.err


def test_a_file_of_the_project_may_be_called_as_a_prompt_of_a_repo(service: Path) -> None:
    toml = (service / "promptkit.toml").read_text()
    (service / "promptkit.toml").write_text(toml + '"acme/support/reply.yaml" = "*"\n')
    (service / "acme/support").mkdir(parents=True)
    text = prompt("acme/support/reply") + "extends: acme/_base.yaml@v1.0.0\n"
    (service / "acme/support/reply.yaml").write_text(text)
    assert promptkit("lock").code == 0
    assert promptkit("lock", "verify").code == 0
    names = [(entry.name, entry.is_own) for entry in Lock(service / "promptkit.lock")]
    assert names == [("acme/support/reply.yaml", False), ("acme/support/reply.yaml", True), (TRIAGE, False)]
    assert promptkit("lock", "update").code == 0


def test_what_cannot_all_be_removed_is_not_removed_in_part(service: Path) -> None:
    (service / "mine.yaml").write_text(prompt("mine") + "extends: acme/_base.yaml@v1.0.0\n")
    assert promptkit("lock").code == 0
    before = {path: path.read_text() for path in service.glob("promptkit.*")}
    ran = promptkit("lock", "remove", TRIAGE, "mine.yaml")
    assert (ran.code, "`mine.yaml` is not in use" in ran.err) == (2, True), ran.err
    assert {path: path.read_text() for path in service.glob("promptkit.*")} == before
    ran = promptkit("repo", "remove", "acme")
    cure = f"first: promptkit lock remove {TRIAGE}; change mine.yaml"
    assert (ran.code, cure in ran.err) == (2, True), ran.err


def test_what_is_in_use_and_not_in_the_lock_is_told_by_the_check(service: Path, team: GitRepo) -> None:
    GitRepo(service).git("init", "-q", "-b", "main")
    GitRepo(service).commit()
    assert promptkit("repo", "check", "--against", "HEAD").code == 0
    (service / "promptkit.lock").write_text("version = 1\n")
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert (ran.code, f"error[PK612]: `{TRIAGE}` is in use at `~1.1`, and not locked" in ran.out) == (1, True), ran


def test_what_is_looked_for_is_looked_for_in_every_repo_that_can_be_reached(
    service: Path, team: GitRepo, tmp_path: Path
) -> None:
    dead = GitRepo.at(tmp_path / "a-dead")
    dead.commit({"promptkit.toml": ""}, "v1.0.0")
    toml = (service / "promptkit.toml").read_text() + f'\n[repos.a-dead]\nurl = "{dead.path}"\nrev = "v1.0.0"\n'
    (service / "promptkit.toml").write_text(toml)
    assert promptkit("repo", "update").code == 0
    shutil.rmtree(dead.path)
    team.commit({"support/triage.yaml": prompt("support/triage", "2.0.0")}, "support/triage@2.0.0")
    (service / "mine.yaml").write_text(prompt("mine") + "extends: acme/support/triage@^2\n")
    ran = promptkit("lock")
    told = "there is no such folder" in ran.err
    assert (ran.code, told, "mine.yaml: of this project" in ran.err) == (0, True, True), ran.err


def test_a_version_that_was_mended_is_found_where_all_others_were_yanked(service: Path, team: GitRepo) -> None:
    toml = (team.path / "promptkit.toml").read_text()
    team.commit({"promptkit.toml": f'{toml}\n[yanked]\n"support/triage@1.1.0" = "x"\n'})
    assert promptkit("repo", "update").code == 0
    (service / "promptkit.lock").unlink()
    team.commit({"support/triage.yaml": prompt("support/triage", "1.1.1")}, "support/triage@1.1.1")
    ran = promptkit("lock")
    assert (ran.code, f"{TRIAGE}@~1.1: 1.1.1" in ran.err) == (0, True), ran.err


def test_an_update_brings_the_files_of_what_is_locked(
    service: Path, team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = (service / "promptkit.toml").read_text().replace("[prompts]", 'fetch = "partial"\n\n[prompts]', 1)
    (service / "promptkit.toml").write_text(toml)
    monkeypatch.setenv("PROMPTKIT_CACHE_DIR", str(tmp_path / "other-machine"))
    assert promptkit("repo", "update").code == 0
    shutil.rmtree(team.path)
    ran = promptkit("render", TRIAGE, "-p", "ticket=x")
    assert (ran.code, "Send x" in ran.out) == (0, True), ran


def test_a_lock_that_is_a_pipe_is_never_waited_for(service: Path) -> None:
    (service / "promptkit.lock").unlink()
    os.mkfifo(service / "promptkit.lock")
    ran = promptkit("lock", "--frozen")
    assert (ran.code, "it is no file" in ran.err) == (8, True), ran


def test_without_git_nothing_has_drifted(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    ran = promptkit("lock", "--frozen")
    assert (ran.code, "error[PK600]: git is not installed" in ran.err) == (2, True), ran


@pytest.mark.parametrize("mode", ["shallow", "partial"])
def test_a_repo_that_is_not_fetched_whole_serves_what_is_locked(
    mode: str, team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path / "service", {"acme": team.path}, {TRIAGE: "~1.1"}, rev="v1.0.0", fetch=mode))
    assert promptkit("lock").code == 0
    shutil.rmtree(team.path)
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"
    assert promptkit("list", "acme").code == 0


def edited(service: Path, *changes: tuple[str, str]) -> None:
    """The lock, changed by hand."""
    path = service / "promptkit.lock"
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def told(words: str) -> None:
    """The lock is refused with these words, whether it is verified or frozen."""
    for command in (("lock", "verify"), ("lock", "--frozen")):
        ran = promptkit(*command)
        assert (ran.code, words in ran.err) == (8, True), ran.err


def relocked_at(service: Path, team: GitRepo, version: str, rev: str) -> None:
    """A lock with the block of another commit in the place of the one that is locked, all digests right."""
    toml = service / "promptkit.toml"
    wanted = toml.read_text()
    toml.write_text(wanted.replace("~1.1", rev))
    assert promptkit("lock").code == 0
    toml.write_text(wanted)
    path = service / "promptkit.lock"
    text = re.sub('version = "[0-9.]+"\n', "", path.read_text())
    path.write_text(text.replace(f'wanted = "{rev}"\n', f'wanted = "~1.1"\nversion = "{version}"\n'))


def test_an_edited_lock_is_told_though_all_its_digests_fit(service: Path, team: GitRepo) -> None:
    first = team.git("rev-parse", "v1.0.0^{commit}")
    relocked_at(service, team, "1.1.0", first)
    told("tag v1.1.0: it was moved to another commit")
    relocked_at(service, team, "1.1.9", first)
    told("version 1.1.9: no tag of the repo names it any more")
    relocked_at(service, team, "1.0.0", first)
    told("`~1.1` is wanted, and 1.0.0 is locked")
    assert promptkit("lock", "update").code == 0
    assert promptkit("lock", "verify").code == 0


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ("main", "branch main: what is locked is not in its history"),
        ("HEAD", "branch HEAD: what is locked is not in its history"),
        ("main~1", "branch main~1: what is locked is not in its history"),
        ("spring", "tag spring: it was moved to another commit after it was locked"),
        ("production", "what is locked is in the history of no branch and no tag"),
        ("1.1", "version 1.1: no tag in this range stands at what is locked"),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_name_proves_where_it_can_have_led(wish: str, words: str, nested: bool, service: Path, team: GitRepo) -> None:
    team.git("tag", "spring", "v1.1.0^{commit}")
    lost = team.git("commit-tree", "v1.0.0^{tree}", "-p", "v1.0.0^{commit}", "-m", "lost")
    team.git("branch", "side", lost)
    toml = service / "promptkit.toml"
    toml.write_text(toml.read_text().replace("~1.1", "v1.0.0" if nested else wish))
    if nested:
        (service / "mine.yaml").write_text(f"extends: acme/support/triage@{wish}\ntask: Greet.\n")
    assert promptkit("repo", "update").code == 0
    team.git("branch", "-D", "side")
    assert promptkit("repo", "update").code == 0  # the commit is still in the cache, and no name leads to it
    assert promptkit("lock").code == 0
    assert promptkit("lock", "verify").code == 0
    path = service / "promptkit.lock"
    text = path.read_text()
    pinned = r"(triage@\S+) [0-9a-f]{40}" if nested else r'(commit =) "[0-9a-f]{40}"'
    forged = re.sub(pinned, rf"\1 {lost}" if nested else rf'\1 "{lost}"', text)
    assert forged != text
    if not nested:
        forged = re.sub(r'\nversion = "1.[01].0"', "", forged)
    path.write_text(forged)
    told(f"mine.yaml: pin {TRIAGE}@{wish}: it leads to another commit" if nested else words)


def test_a_yank_is_told_of_what_a_locked_prompt_uses(service: Path, team: GitRepo) -> None:
    (service / "mine.yaml").write_text("extends: acme/support/triage@1.1.0\ntask: Greet.\n")
    assert promptkit("lock").code == 0
    toml = (team.path / "promptkit.toml").read_text()
    team.commit({"promptkit.toml": f'[yanked]\n"support/triage@1.1.0" = "too harsh"\n{toml}'})
    assert promptkit("repo", "update").code == 0
    ran = promptkit("lock", "verify")
    assert f"warning[PK607]: mine.yaml: {TRIAGE}@1.1.0: 1.1.0 was yanked: too harsh" in ran.err
    assert "1.1.0 was yanked: too harsh" in promptkit("lock", "list").out


def test_two_blocks_of_one_prompt_are_refused(service: Path) -> None:
    path = service / "promptkit.lock"
    text = path.read_text()
    path.write_text(f"{text}\n{text[text.index('[[prompt]]') :]}")
    told(f"there are two blocks of `{TRIAGE}@~1.1`")
    with pytest.raises(LockError, match="two blocks"):
        Prompt.load(TRIAGE)


def test_another_rev_of_a_repo_is_another_wish(team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project(tmp_path / "service", {"acme": team.path}, {TRIAGE: "*"}, rev="v1.0.0")
    monkeypatch.chdir(folder)
    assert promptkit("lock").code == 0
    toml = folder / "promptkit.toml"
    toml.write_text(toml.read_text().replace("v1.0.0", "v1.1.0"))
    told("rev `v1.1.0` is wanted, and 1.0.0 is locked")
    assert promptkit("lock").code == 0
    assert promptkit("lock", "verify").code == 0
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"


def test_a_tag_that_was_deleted_after_locking_is_told(service: Path, team: GitRepo) -> None:
    team.git("tag", "-d", "v1.1.0")
    update = promptkit("repo", "update")
    assert (update.code, "warning[PK611]: acme: the tag `v1.1.0` was deleted" in update.err) == (1, True)
    told("version 1.1.0: no tag of the repo names it any more")
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"


def test_a_version_that_was_yanked_after_locking_is_told_and_can_still_be_loaded(service: Path, team: GitRepo) -> None:
    toml = (team.path / "promptkit.toml").read_text()
    team.commit({"promptkit.toml": f'[yanked]\n"support/triage@1.1.0" = "too harsh"\n{toml}'})
    for command in (("repo", "update"), ("repo", "verify"), ("lock", "verify"), ("lock", "--frozen"), ("lock",)):
        ran = promptkit(*command)
        assert (ran.code, f"warning[PK607]: {TRIAGE}@~1.1: 1.1.0 was yanked: too harsh" in ran.err) == (0, True), ran
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"


def test_what_no_version_leads_to_is_locked_by_its_commit_alone(service: Path, team: GitRepo) -> None:
    (service / "promptkit.toml").write_text((service / "promptkit.toml").read_text().replace("~1.1", "main"))
    team.commit({"_base.yaml": "persona: You are calm.\n"})
    assert promptkit("repo", "update").code == 0
    assert promptkit("lock").code == 0
    assert [entry.version for entry in Lock(service / "promptkit.lock")] == [""]
    assert promptkit("lock", "verify").code == 0


def test_a_pin_that_its_reference_cannot_have_led_to_is_told(service: Path, team: GitRepo) -> None:
    (service / "mine.yaml").write_text("extends: acme/_base.yaml@^1.0\ntask: Greet.\n")
    assert promptkit("lock").code == 0
    last = team.git("rev-parse", "support/triage@1.2.0^{commit}")
    edited(service, (f"_base.yaml@^1.0 {team.git('rev-parse', 'v1.1.0^{commit}')}", f"_base.yaml@^1.0 {last}"))
    told("mine.yaml: pin acme/_base.yaml@^1.0: it leads to another commit")


def test_a_repo_whose_newest_file_is_broken_still_serves_what_is_locked(service: Path, team: GitRepo) -> None:
    team.commit({"promptkit.toml": "= broken"})
    ran = promptkit("repo", "update")
    assert (ran.code, "the file is not TOML" in ran.err) == (0, True), ran.err
    assert promptkit("lock", "verify").code == 0
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"
    assert "no repo is declared" not in promptkit("list").err


def test_what_is_in_use_at_another_version_than_is_locked_is_not_loaded(service: Path) -> None:
    toml = service / "promptkit.toml"
    toml.write_text(toml.read_text().replace("~1.1", "^1.2"))
    with pytest.raises(LockError, match=r"in use at `\^1.2`, and locked at `~1.1`"):
        Prompt.load(TRIAGE)
    assert promptkit("lock").code == 0
    assert Prompt.load(TRIAGE).spec.version == "1.2.0"


@pytest.mark.parametrize("wanted", ["1.1.0", "v1.1.0", "=1.1.0", "^1.1", "~1.1"])
def test_every_spelling_of_what_is_locked_is_locked(
    wanted: str, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    assert Prompt.load(f"{TRIAGE}@{wanted}").spec.version == "1.1.0"


@pytest.mark.parametrize(
    "text", ["repos.acme.url = '{url}'", "[ repos.acme ]\nurl = '{url}'", "[repos]\nacme = {{url = '{url}'}}"]
)
def test_a_repo_may_be_declared_in_any_way_that_toml_has(
    text: str, team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "promptkit.toml").write_text(text.format(url=team.path) + "\n")
    (tmp_path / "mine.yaml").write_text("extends: acme/_base.yaml@^1.0\ntask: Greet.\n")
    assert promptkit("repo", "update").code == 0
    assert promptkit("render", "acme/support/reply", "-p", "ticket=x").code == 0
    assert promptkit("render", "mine.yaml").code == 0


def test_updating_a_prompt_of_the_project_fetches_what_it_uses(service: Path, team: GitRepo) -> None:
    (service / "mine.yaml").write_text("extends: acme/_base.yaml@^1.0\ntask: Greet.\n")
    assert promptkit("lock").code == 0
    team.commit({"_base.yaml": "persona: You are calm.\n"}, "v1.4.0")
    assert promptkit("lock", "update", "mine.yaml").code == 0
    assert Prompt.from_yaml(service / "mine.yaml").render().messages[0].content == "You are calm."


def test_a_prompt_is_added_at_what_is_there_now_and_only_if_it_can_be_used(service: Path, team: GitRepo) -> None:
    toml = service / "promptkit.toml"
    team.commit({"support/bad.yaml": "name: support/bad\ntask: '{{ nobody }}'\n"}, "support/bad@1.0.0")
    team.commit({"support/new.yaml": prompt("support/new")}, "support/new@1.0.0")
    before = toml.read_text()
    assert promptkit("lock", "add", "acme/support/bad@^1").code == 2
    assert toml.read_text() == before
    assert promptkit("lock", "add", "acme/support/new@1.0.0").code == 0
    shutil.rmtree(team.path)
    ran = promptkit("lock", "add", "acme/support/reply@^1")
    assert (ran.code, "what was fetched before is used" in ran.err) == (0, True), ran.err


def broken_prompt_of(service: Path) -> dict[Path, bytes]:
    """Let the project have a prompt of its own that uses a repo and cannot be loaded; its files as they are then."""
    (service / "mine.yaml").write_text("extends: acme/_base.yaml@v1.0.0\ntask: '{{ nobody }}'\n")
    return {path: path.read_bytes() for path in service.glob("promptkit.*")}


def test_what_cannot_be_locked_is_not_taken_into_use(service: Path) -> None:
    before = broken_prompt_of(service)
    ran = promptkit("lock", "add", "acme/support/reply")
    assert (ran.code, "mine.yaml" in ran.err) == (2, True), ran.err
    assert {path: path.read_bytes() for path in service.glob("promptkit.*")} == before


def test_what_is_wrong_with_one_prompt_keeps_no_other_in_use(service: Path, team: GitRepo) -> None:
    broken_prompt_of(service)
    shutil.rmtree(team.path)
    ran = promptkit("lock", "remove", TRIAGE)
    assert (ran.code, f"{TRIAGE}@~1.1: no longer locked" in ran.err) == (0, True), ran.err
    assert TRIAGE not in (service / "promptkit.toml").read_text()
    assert not list(Lock(service / "promptkit.lock"))


def test_the_file_and_the_lock_change_together_or_not_at_all(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from promptkit.repos.git import moving

    before = {path: path.read_bytes() for path in service.glob("promptkit.*")}
    real = moving.replace_file

    def full(path: Path, data: bytes) -> None:
        if path.name == "promptkit.lock":
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(moving, "replace_file", full)
    ran = promptkit("lock", "add", "acme/support/reply")
    assert (ran.code, "the lock cannot be written: No space left on device" in ran.err) == (2, True), ran.err
    assert {path: path.read_bytes() for path in service.glob("promptkit.*")} == before
    assert "in use at" not in ran.err


def test_what_is_locked_and_was_taken_out_by_hand_can_be_removed(service: Path) -> None:
    toml = service / "promptkit.toml"
    toml.write_text(toml.read_text().split("[prompts]")[0])
    assert promptkit("lock", "remove", TRIAGE).code == 0
    assert not list(Lock(service / "promptkit.lock"))


def test_the_removal_of_what_was_never_locked_makes_no_lock(service: Path) -> None:
    (service / "promptkit.lock").unlink()
    assert promptkit("lock", "remove", TRIAGE).code == 0
    assert not (service / "promptkit.lock").exists()


def test_a_repo_that_a_prompt_of_the_project_uses_is_not_removed(service: Path) -> None:
    toml = service / "promptkit.toml"
    toml.write_text(toml.read_text().split("[prompts]")[0])
    (service / "mine.yaml").write_text("extends: acme/_base.yaml@^1.0\ntask: Greet.\n")
    ran = promptkit("repo", "remove", "acme")
    assert (ran.code, "`acme` is in use: mine.yaml" in ran.err) == (2, True)
    (service / "mine.yaml").unlink()
    assert promptkit("repo", "remove", "acme").code == 0


@pytest.mark.parametrize("name", ["release/7", "vnext", "v2.0", "prod@7", "20240115"])
def test_a_tag_of_any_name_that_was_deleted_or_moved_is_told(name: str, service: Path, team: GitRepo) -> None:
    team.git("tag", name, "v1.1.0^{commit}")
    toml = service / "promptkit.toml"
    toml.write_text(toml.read_text().replace("~1.1", name))
    for words in (("repo", "update"), ("lock",), ("lock", "verify")):
        assert promptkit(*words).code == 0
    team.git("tag", "-f", name, "v1.0.0^{commit}")
    promptkit("repo", "update")
    assert promptkit("lock", "verify").code == 8
    team.git("tag", "-d", name)
    promptkit("repo", "update")
    assert promptkit("lock", "verify").code == 8


def test_a_frozen_lock_that_is_not_there_is_told_of_prompts_of_the_project_too(service: Path) -> None:
    (service / "promptkit.lock").unlink()
    toml = service / "promptkit.toml"
    toml.write_text(toml.read_text().replace(f'"{TRIAGE}" = "~1.1"\n', ""))
    assert promptkit("lock", "--frozen").code == 0
    (service / "mine.yaml").write_text("extends: acme/_base.yaml@^1.0\ntask: Greet.\n")
    ran = promptkit("lock", "--frozen")
    assert (ran.code, "mine.yaml: it is not locked" in ran.err) == (8, True)


def test_a_part_that_was_damaged_in_the_cache_is_kept_anew(
    service: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (cache / "repos/parts").rglob("*"):
        if path.is_file():
            path.write_text("damaged")
    assert promptkit("lock").code == 0
    monkeypatch.setenv("PATH", os.devnull)
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"


def test_a_lock_that_cannot_be_read_stops_an_addition_before_anything_is_written(service: Path) -> None:
    (service / "promptkit.lock").write_text("version = 1\n<<<<<<< ours\n")
    before = (service / "promptkit.toml").read_text()
    assert promptkit("lock", "add", "acme/support/reply").code == 8
    assert (service / "promptkit.toml").read_text() == before


@pytest.mark.parametrize(
    ("pattern", "otherwise"),
    [
        ("^name = ", "name    = "),
        ("^name = ", "  name = "),
        (f'^name = "{TRIAGE}"', f"name = '{TRIAGE}'"),
        (r"^\[\[prompt\]\]", "[[ prompt ]]"),
        (r"^\[\[prompt\]\]", "[[prompt]] # mine"),
    ],
)
def test_a_block_that_is_written_otherwise_is_still_what_is_locked(
    pattern: str, otherwise: str, service: Path, team: GitRepo
) -> None:
    path = service / "promptkit.lock"
    path.write_text(re.sub(pattern, otherwise, path.read_text(), flags=re.MULTILINE))
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"


def test_what_is_in_use_and_not_locked_is_had_as_it_is_wanted(service: Path) -> None:
    (service / "promptkit.lock").unlink()
    assert Prompt.load(TRIAGE).spec.version == "1.1.0"  # ~1.1, and not the rev of the repo
    assert Prompt.load("acme/support/reply@1.0.0").spec.version == "1.0.0"


def assert_loaded_as_locked(folder: Path) -> None:
    """The law of the project's own prompts: what is read of other repos is what their blocks have, byte by byte."""
    source = project_source(folder)
    for entry in Lock(folder / "promptkit.lock"):
        for part in entry.parts if entry.is_own else ():
            assert hashlib.sha256(source.read(part.path)).hexdigest() == part.sha256, (entry.name, part)


@given(st.lists(st.sampled_from(["move", "a", "b", "c", "all", "lock"]), max_size=8))
@settings(max_examples=8, deadline=None)
def test_prompts_of_the_project_are_loaded_from_what_is_locked(steps: list[str]) -> None:
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        parts = GitRepo.at(Path(place) / "parts")
        parts.commit({"promptkit.toml": "", "x.md": "0", "y.md": "0"})
        folder = project(Path(place) / "own", {"acme": parts.path})
        patch.chdir(folder)
        assert promptkit("repo", "update").code == 0
        for number, step in enumerate(steps, 1):
            if step == "move":
                parts.commit({"x.md": str(number), "y.md": str(number)})
                assert promptkit("repo", "update").code == 0
            elif step in ("a", "b", "c"):
                named = {"a": "acme/x.md", "b": "acme/y.md", "c": "acme/x.md"}[step]
                text = prompt(step) + f"persona: |\n  {{% include '{named}' %}}\n"
                known = (folder / f"{step}.yaml").exists()
                (folder / f"{step}.yaml").write_text(text)
                assert promptkit("lock", *(("update", f"{step}.yaml") if known else ())).code == 0
            else:
                assert promptkit("lock", *(("update",) if step == "all" else ())).code == 0
            if (folder / "promptkit.lock").exists():
                assert_loaded_as_locked(folder)
                assert promptkit("lock", "verify").code == 0


def test_a_lock_that_pins_two_states_of_one_thing_is_told_and_mended(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path / "own", {"acme": team.path}, rev="v1.0.0")
    monkeypatch.chdir(folder)
    body = "persona: |\n  {% include 'acme/_partials/rules.md' %}\n"
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text(prompt(name) + body)
    assert promptkit("lock").code == 0
    path = folder / "promptkit.lock"
    pins = re.findall(r'rules.md [0-9a-f]{40}"', path.read_text())
    other = team.git("rev-parse", "v1.1.0^{commit}")
    path.write_text(path.read_text()[::-1].replace(pins[-1][::-1], f'rules.md {other}"'[::-1], 1)[::-1])
    ran = promptkit("lock", "verify")
    assert (ran.code, "two states of `acme/_partials/rules.md` are pinned" in ran.err) == (8, True), ran
    assert promptkit("render", "a.yaml", "-p", "ticket=x").code == 8
    assert promptkit("lock").code == 0
    assert promptkit("lock", "verify").code == 0
    assert_loaded_as_locked(folder)


@pytest.mark.parametrize("locked", [TRIAGE, f"{TRIAGE}.yaml"])
def test_a_prompt_is_the_locked_one_with_and_without_the_ending_of_its_file(
    locked: str, team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path / "service", {"acme": team.path}, {locked: "~1.1"}))
    assert promptkit("lock").code == 0
    monkeypatch.setenv("PROMPTKIT_FROZEN", "1")
    for name in (TRIAGE, f"{TRIAGE}.yaml", f"{TRIAGE}@~1.1", f"{TRIAGE}.yaml@1.1.0"):
        assert Prompt.load(name).spec.version == "1.1.0"
    for name in (f"{TRIAGE}.yml", f"{TRIAGE}@1.0.0"):
        with pytest.raises(LockError):
            Prompt.load(name)
    monkeypatch.delenv("PROMPTKIT_FROZEN")
    assert promptkit("lock", "add", f"{TRIAGE}.yaml@1.0.0").code == 0
    assert [entry.name for entry in Lock(Path("promptkit.lock"))] == [locked]
    assert Prompt.load(TRIAGE).spec.version == "1.0.0"


def test_a_file_in_another_state_is_looked_for_in_the_project_that_is_named(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("support/triage.yaml@v1.1.0", "support/triage@v1.1.0"):
        assert Prompt.load(name, root=team.path).spec.version == "1.1.0"


def test_a_prompt_of_which_all_versions_were_yanked_is_not_taken_from_the_branch(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.commit({"promptkit.toml": '[yanked]\n"support/reply@1.0.0" = "leaks"\n"support/reply@1.1.0" = "leaks"\n'})
    folder = project(tmp_path / "service", {"acme": team.path})
    monkeypatch.chdir(folder)
    before = (folder / "promptkit.toml").read_text()
    ran = promptkit("lock", "add", "acme/support/reply")
    assert (ran.code, "was yanked: leaks" in ran.err) == (2, True), ran.err
    assert (folder / "promptkit.toml").read_text() == before


def test_a_prompt_in_use_is_added_as_it_is_wanted_and_another_wish_is_told(service: Path) -> None:
    assert promptkit("lock", "add", TRIAGE).code == 0
    assert f'"{TRIAGE}" = "~1.1"' in (service / "promptkit.toml").read_text()
    ran = promptkit("lock", "add", f"{TRIAGE}@1.0.0")
    assert f"{TRIAGE}: in use at 1.0.0 now, before at ~1.1" in ran.err


@pytest.mark.parametrize("words", [("lock", "--frozen"), ("lock", "verify")])
def test_a_repo_that_cannot_be_reached_is_no_difference(
    words: tuple[str, ...], service: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("promptkit.toml", "promptkit.lock"):
        path = service / name
        path.write_text(re.sub('url = ".*"', 'url = "https://127.0.0.1:9/x.git"', path.read_text()))
    shutil.rmtree(cache / "repos")
    ran = promptkit(*words)
    assert (ran.code, "127.0.0.1:9" in ran.err, "PK610" in ran.err) == (2, True, False), ran.err


def test_a_lock_that_was_edited_is_not_taken_up_in_silence(service: Path, team: GitRepo) -> None:
    other = team.git("rev-parse", "v1.0.0^{commit}")
    entry = next(iter(Lock(service / "promptkit.lock")))
    edited(service, (entry.commit, other))
    ran = promptkit("lock")
    assert (ran.code, "error[PK611]" in ran.err, f"promptkit lock update {TRIAGE}" in ran.err) == (8, True, True), ran
    assert promptkit("lock", "update", TRIAGE).code == 0
    assert promptkit("lock", "verify").code == 0


def test_an_update_says_how_to_see_what_changed_and_a_branch_warns(service: Path, team: GitRepo) -> None:
    team.commit({"support/triage.yaml": prompt("support/triage", "1.1.5", "Newer")}, "support/triage@1.1.5")
    ran = promptkit("lock", "update")
    (line,) = re.findall("what changed: promptkit (.*)", ran.err)
    assert line == f"diff {TRIAGE}@1.1.0 {TRIAGE}@1.1.5"
    assert "callers get another kind of answer" in promptkit(*line.split()).out
    toml = service / "promptkit.toml"
    toml.write_text(toml.read_text().replace("~1.1", "main"))
    assert f"warning[PK612]: `{TRIAGE}@main` follows what moves" in promptkit("lock").err


def test_versions_with_other_parts_are_ambiguous_though_the_prompt_s_file_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = GitRepo.at(tmp_path / "repo")
    text = prompt("a", "1.1.0") + "persona: |\n  {% include '/_r.md' %}\n"
    repo.commit({"promptkit.toml": "", "a.yaml": text, "_r.md": "ONE"}, "v1.1.0")
    repo.commit({"_r.md": "TWO"}, "a@1.1.0", "1.1")
    monkeypatch.chdir(project(tmp_path / "service", {"acme": repo.path}))
    assert promptkit("repo", "update").code == 0
    for wanted in ("1.1.0", "^1", "1.1"):
        with pytest.raises(RepoError, match=r"ambiguous|a range and a tag"):
            Prompt.load(f"acme/a@{wanted}")


def test_several_things_that_moved_are_told_together_and_the_cure_cures(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [TRIAGE, "acme/support/reply"]
    monkeypatch.chdir(project(tmp_path / "service", {"acme": team.path}, dict.fromkeys(names, "1.1.0")))
    assert promptkit("lock").code == 0
    team.commit({"support/reply.yaml": prompt("support/reply", text="Other")})
    team.git("tag", "-f", "v1.1.0")
    assert promptkit("repo", "update").code == 1
    assert promptkit("lock", "update", TRIAGE).code == 0
    ran = promptkit("lock")
    assert (ran.code, "promptkit lock update acme/support/reply" in ran.err) == (8, True), ran.err
    assert promptkit("lock", "update", "acme/support/reply").code == 0
    assert promptkit("lock").code == 0
    assert promptkit("lock", "remove", f"{TRIAGE}.yaml").code == 0


@pytest.fixture
def mine(service: Path) -> Path:
    """The service with a locked prompt of its own that extends one of the repo."""
    (service / "mine.yaml").write_text("extends: acme/_base.yaml@^1.0\nname: mine\ntask: Greet.\n")
    assert promptkit("lock").code == 0
    return service


def test_a_prompt_of_the_project_loads_from_the_lock_without_git(
    mine: Path, cache: Path, team: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = promptkit("render", "mine.yaml").out
    assert promptkit("check", "mine.yaml").code == 0
    for copy in cache.glob("repos/*/git"):
        shutil.rmtree(copy)
    shutil.rmtree(team.path)
    monkeypatch.setenv("PATH", "/nowhere")
    for frozen in ("0", "1"):
        monkeypatch.setenv("PROMPTKIT_FROZEN", frozen)
        ran = promptkit("render", "mine.yaml")
        assert (ran.code, ran.out) == (0, told), ran.err
        assert promptkit("check", "mine.yaml").code == 0


@pytest.mark.parametrize("kept", [True, False])
def test_a_part_of_the_project_s_prompts_that_is_not_what_was_locked_is_never_used(
    mine: Path, cache: Path, *, kept: bool
) -> None:
    told = promptkit("render", "mine.yaml").out
    if kept:
        for part in (path for path in (cache / "repos/parts").rglob("*") if path.is_file()):
            part.write_text("persona: You are evil.\n")
    else:
        shutil.rmtree(cache / "repos/parts")
    assert promptkit("render", "mine.yaml").out == told  # out of the repo, at the locked commit
    lock = mine / "promptkit.lock"
    text = lock.read_text()
    (line,) = (each for each in text.splitlines() if "parent acme/_base.yaml@^1.0" in each)
    lock.write_text(text.replace(line.split()[-1], "0" * 64 + '",'))
    ran = promptkit("render", "mine.yaml")
    assert (ran.code, "is not what the lock pins" in ran.err) == (8, True), ran.err


def test_an_object_that_holds_something_else_than_its_id_says_is_damaged(
    service: Path, team: GitRepo, cache: Path
) -> None:
    import zlib

    blob = team.git("rev-parse", "v1.1.0:support/triage.yaml")
    (copy,) = cache.glob("repos/*/git")
    if pack := next((copy / "objects/pack").glob("*.pack"), None):
        moved = cache / "moved.pack"
        pack.rename(moved)
        with moved.open("rb") as given_:
            subprocess.run(["git", f"--git-dir={copy}", "unpack-objects", "-q"], stdin=given_, check=True)
    path = copy / "objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(zlib.compress(b"blob 17\0task: You are evil"[:25]))
    shutil.rmtree(cache / "repos/parts")
    ran = promptkit("lock")
    assert (ran.code, "promptkit repo update --anew" in ran.err) == (2, True), ran.err
    assert promptkit("repo", "update", "--anew").code == 0
    assert promptkit("lock").code == 0


def test_what_is_not_locked_exits_as_a_lock_that_does_not_fit(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (service / "mine.yaml").write_text("extends: acme/_base.yaml@^1.0\ntask: Greet.\n")
    monkeypatch.setenv("CI", "1")
    assert promptkit("render", "mine.yaml").code == 8


def test_a_prompt_that_cannot_be_read_any_more_keeps_its_lock(mine: Path) -> None:
    before = (mine / "promptkit.lock").read_text()
    (mine / "mine.yaml").write_text("")
    assert promptkit("lock").code == 2
    assert (mine / "promptkit.lock").read_text() == before
    (mine / "mine.yaml").unlink()
    assert promptkit("lock").code == 0
    assert "mine.yaml" not in (mine / "promptkit.lock").read_text()


def test_a_local_repo_that_is_gone_is_no_difference(service: Path, team: GitRepo, cache: Path) -> None:
    shutil.rmtree(cache / "repos")
    team.path.rename(team.path.parent / "away")
    for words in (("lock", "--frozen"), ("lock", "verify")):
        ran = promptkit(*words)
        assert (ran.code, "there is no such folder" in ran.err) == (2, True), ran.err


def test_an_update_that_goes_back_says_so(service: Path, team: GitRepo) -> None:
    assert promptkit("lock", "add", f"{TRIAGE}@^1").code == 0
    assert "1.1.0 -> 1.2.0\n" in promptkit("lock", "update").err
    team.git("tag", "-d", "support/triage@1.2.0")
    ran = promptkit("lock", "update")
    assert (ran.code, f"{TRIAGE}@^1: 1.2.0 -> 1.1.0 (goes back)" in ran.err) == (0, True), ran.err
