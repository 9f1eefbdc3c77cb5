"""Releases with the real git: what is tagged, what is refused, and that nothing else of a repository is touched."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from command_line import Ran, process, promptkit
from git_repos import GitRepo, prompt

from promptkit.repos.releases.release import Release, with_entries

FILE = "support/triage.yaml"


@pytest.fixture
def own(team: GitRepo, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A clone in which somebody works; triage is released as 1.2.0."""
    monkeypatch.chdir(team.path)
    team.git("config", "user.name", "Own Name")
    team.git("config", "user.email", "own@here")
    return team


def change(repo: GitRepo, old: str, new: str, file: str = FILE) -> None:
    path = repo.path / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_bump_writes_the_version_that_the_changes_ask_for_and_nothing_else(own: GitRepo) -> None:
    change(own, "version: 1.2.0\n", "version: '1.2.0'   # the contract\n")
    change(own, "{ticket: string}", "{ticket: string, tone: string}")
    before = (own.path / FILE).read_bytes()
    ran = promptkit("bump", FILE)
    assert (ran.code, "1.2.0 -> 2.0.0 (major change since 1.2.0)" in ran.err) == (0, True)
    assert (own.path / FILE).read_bytes() == before.replace(b"'1.2.0'", b"2.0.0")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("task: Greet.\n", "version: 1.0.0\ntask: Greet.\n"),
        ("# first\nname: a\ntask: Greet.\n", "# first\nname: a\nversion: 1.0.0\ntask: Greet.\n"),
        ("name: a\r\ntask: Greet.\r\n", "name: a\r\nversion: 1.0.0\r\ntask: Greet.\r\n"),
        ('{"task": "Greet.", "version": "0.1.0"}', '{"task": "Greet.", "version": 1.0.0}'),
    ],
)
def test_bump_splices_a_version_into_any_file(text: str, made: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(text.encode())
    assert promptkit("bump", path, "1.0.0").code == 0
    assert path.read_bytes() == made.encode()


def test_a_release_tags_what_is_committed_and_writes_the_changelog(own: GitRepo) -> None:
    own.write({"notes.txt": "not committed"})
    change(own, "version: 1.2.0", "version: 1.3.0")
    change(own, "Sort", "Assign")
    refused = promptkit("release", "support/triage")
    assert (refused.code, "1.2.0 is released already" in refused.err) == (2, True)
    own.git("commit", "-q", "-a", "-m", "other words")
    head = own.git("rev-parse", "HEAD")

    ran = promptkit("release", "support/triage")

    assert ran.code == 0, ran.err
    assert own.git("cat-file", "-t", "support/triage@1.3.0") == "tag"
    assert own.git("rev-parse", "support/triage@1.3.0^{commit}", "HEAD", "HEAD~1").split("\n")[1:] == [
        own.git("rev-parse", "HEAD"),
        head,
    ]
    assert own.git("log", "-1", "--format=%an <%ae> %s") == "Own Name <own@here> Release support/triage 1.3.0"
    assert own.git("show", "--stat", "--format=", "HEAD").split()[0] == "CHANGELOG.md"
    text = (own.path / "CHANGELOG.md").read_text()
    assert re.search(r"## support/triage 1\.3\.0 \(\d{4}-\d\d-\d\d\)\n\n- task: `.*Sort.*Assign", text)
    assert own.git("status", "--short") == "?? notes.txt"
    assert own.git("fsck", "--strict") == ""
    again = promptkit("release", "support/triage")
    assert (again.code, "released already" in again.err) == (2, True)


def test_a_release_whose_version_is_too_small_is_refused_and_nothing_is_written(own: GitRepo) -> None:
    change(own, "version: 1.2.0", "version: 1.2.1")
    change(own, "{ticket: string}", "{ticket: string, tone: string}")
    own.git("commit", "-q", "-a", "-m", "break")
    before = own.git("for-each-ref")
    ran = promptkit("release", "support/triage")
    assert (ran.code, "error[PK604]" in ran.err, "promptkit bump support/triage.yaml 2.0.0" in ran.err) == (
        2,
        True,
        True,
    )
    assert own.git("for-each-ref") == before
    assert not (own.path / "CHANGELOG.md").exists()


def test_a_dry_run_shows_the_entry_and_writes_nothing(own: GitRepo) -> None:
    own.commit({"new/one.yaml": prompt("new/one", "0.1.0")})
    before = own.git("for-each-ref")
    ran = promptkit("release", "new/one", "--dry-run")
    assert ran.code == 0
    assert ran.out.endswith("\n\n- First release.\n")
    assert own.git("for-each-ref") == before


def test_the_hooks_of_a_repository_are_not_run_by_a_release(own: GitRepo) -> None:
    mark = own.path.parent / "mark"
    for name in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"):
        hook = own.path / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
        hook.chmod(0o755)
    mark.unlink(missing_ok=True)
    change(own, 'production = "1.0.0"', 'production = "1.1.0"', "promptkit.toml")
    own.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-a", "-m", "1.1.0")
    assert promptkit("alias", "set", "production", "support/triage@1.2.0", "--commit").code == 0
    assert not mark.exists()


def test_an_alias_moves_as_data_and_keeps_the_file_as_people_wrote_it(own: GitRepo) -> None:
    path = own.path / "promptkit.toml"
    path.write_text(
        '# ours\n[aliases."support/triage"]\nproduction = "1.0.0"   # since May\n\n[check]\nignore = ["PK203"]\n'
    )
    own.git("commit", "-q", "-a", "-m", "comments")
    ran = promptkit("alias", "set", "production", "support/triage@1.2.0", "--commit")
    assert ran.code == 0, ran.err
    assert path.read_text().splitlines()[2] == 'production = "1.2.0"   # since May'
    assert own.git("show", "HEAD", "--format=%s", "--unified=0").count("\n+production") == 1
    assert own.git("status", "--short") == ""
    assert promptkit("alias", "set", "staging", "support/triage@1.1.0").code == 0
    listed = json.loads(promptkit("alias", "list", "--format", "json").out)
    assert listed["aliases"] == {"support/triage": {"production": "1.2.0", "staging": "1.1.0"}}


@pytest.mark.parametrize(
    "target", ["support/triage@9.0.0", "support/triage@main", "support/none@1.0.0", "support/triage"]
)
def test_an_alias_leads_to_a_version_that_is_there(target: str, own: GitRepo) -> None:
    before = (own.path / "promptkit.toml").read_text()
    assert promptkit("alias", "set", "production", target).code == 2
    assert (own.path / "promptkit.toml").read_text() == before


FOUND = {
    "unchanged version": ([("Sort", "Assign")], "PK603"),
    "too small": (
        [("Sort", "Assign"), ("version: 1.2.0", "version: 1.2.1"), ("string}", "string, b: string}")],
        "PK604",
    ),
    "below": ([("Sort", "Assign"), ("version: 1.2.0", "version: 1.1.9")], "PK604"),
    "broken": ([("task:", "tsak:")], "PK120"),
}


@pytest.mark.parametrize("name", FOUND)
def test_repo_check_refuses_what_a_version_does_not_announce(name: str, own: GitRepo) -> None:
    assert promptkit("repo", "check", "--against", "HEAD").code == 0
    changes, code = FOUND[name]
    for old, new in changes:
        change(own, old, new)
    ran = promptkit("repo", "check", "--against", "HEAD", "--format", "json")
    assert ran.code == 1
    assert code in [each["code"] for each in json.loads(ran.out)["diagnostics"]]


def test_a_changed_include_is_a_change_of_every_prompt_that_includes_it(own: GitRepo) -> None:
    (own.path / "_partials/rules.md").write_text("Be long.")
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert (ran.code, ran.out.count("PK603")) == (1, 1)
    affected = promptkit("affected", "--format", "json")
    assert json.loads(affected.out)["prompts"] == {"support/triage": ["include _partials/rules.md"]}


def test_repo_check_tells_dangling_aliases_branches_and_large_files(own: GitRepo) -> None:
    text = f'[aliases."support/triage"]\nproduction = "7.0.0"\n[repos.x]\nurl = "{own.path}"\nrev = "main"\n'
    own.write({"promptkit.toml": text, "big.md": "x" * 2_000_000, ".venv/x.txt": "x" * 2_000_000})
    own.write({"new.yaml": prompt("new"), "not-ours.txt": "x" * 2_000_000})
    own.git("add", "big.md")  # pre-commit looks before there is a commit
    ran = promptkit("repo", "check", "--against", "HEAD", "--format", "json")
    codes = sorted(each["code"] for each in json.loads(ran.out)["diagnostics"])
    assert (ran.code, codes) == (1, ["PK612", "PK613", "PK615"])


def test_diff_speaks_of_files_states_and_the_working_tree(own: GitRepo) -> None:
    change(own, "Sort", "Assign")
    rows = {
        (FILE,): "[-Sort-]{+Assign+}",
        (f"{FILE}@v1.0.0", FILE): "1.0.0 -> 1.2.0",
        ("support/triage@1.1.0", "support/triage@1.2.0"): "1.1.0 -> 1.2.0",
        ("v1.0.0", "v1.1.0"): "1.0.0 -> 1.1.0",
        ("HEAD",): "[-Sort-]{+Assign+}",
        ("HEAD~1", "HEAD"): "1.1.0 -> 1.2.0",
        ("HEAD", "HEAD"): "",
    }
    for arguments, said in rows.items():
        ran = promptkit("diff", *arguments)
        assert (ran.code, said in ran.out) == (0, True), (arguments, ran)
    assert promptkit("diff", FILE, "--exit-code").code == 1
    assert promptkit("diff", "HEAD~1", "HEAD", "--exit-code").code == 0


def test_the_graph_names_parts_and_who_shares_them(own: GitRepo) -> None:
    own.write({"support/other.yaml": prompt("support/other") + "extends: ../_base.yaml\n"})
    text = promptkit("graph").out
    assert "  parent     _base.yaml\n" in text
    assert "shared\n  _base.yaml: support/other, support/triage\n" in text
    dot = promptkit("graph", "--format", "dot").out
    assert '"support/triage" -> "_partials/rules.md" [label="include"];' in dot
    assert dot.count("{") == dot.count("}")
    edges = json.loads(promptkit("graph", "support/other", "--format", "json").out)["edges"]
    assert [(edge["kind"], edge["path"]) for edge in edges] == [
        ("prompt", "support/other.yaml"),
        ("parent", "_base.yaml"),
    ]


def test_a_reference_that_another_git_holds_is_left_alone(own: GitRepo) -> None:
    own.commit({"new/one.yaml": prompt("new/one", "0.1.0")})
    (own.path / ".git/refs/heads/main.lock").touch()
    ran = promptkit("release", "new/one")
    assert (ran.code, "is locked by another git" in ran.err) == (2, True)
    assert own.git("tag", "-l", "new/*") == ""


def state(repo: GitRepo) -> tuple[str, str, str]:
    """All that a release may change: references, what git says of the worktree, the changelog."""
    path = repo.path / "CHANGELOG.md"
    text = path.read_bytes().decode("latin-1") if path.is_file() else ""
    return repo.git("for-each-ref"), repo.git("status", "--short"), text


def changelog(data: bytes, mode: int = 0o644) -> Callable[[GitRepo], None]:
    def make(repo: GitRepo) -> None:
        path = repo.path / "CHANGELOG.md"
        path.write_bytes(data)
        path.chmod(mode)
        repo.git("add", "-A")
        repo.git("commit", "-q", "-m", "changelog")

    return make


def linked(repo: GitRepo) -> None:
    outside = repo.path.parent / "outside.md"
    outside.write_text("# Outside\n")
    (repo.path / "CHANGELOG.md").symlink_to(outside)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "link")


def edited(repo: GitRepo) -> None:
    changelog(b"# Changelog\n")(repo)
    (repo.path / "CHANGELOG.md").write_text("# Changelog\n\nnot committed\n")


def merging(repo: GitRepo) -> None:
    repo.git("branch", "side")
    repo.commit({"notes.md": "ours"})
    repo.git("switch", "-q", "side")
    repo.commit({"notes.md": "theirs"})
    with pytest.raises(subprocess.CalledProcessError):
        repo.git("merge", "-q", "main")


HINDRANCES: dict[str, tuple[Callable[[GitRepo], object], str]] = {
    "a tag that would be a folder": (lambda repo: repo.git("tag", "new"), "tag `new/a@1.0.0` and a tag `new`"),
    "a tag in a folder of its name": (
        lambda repo: repo.git("tag", "new/a@1.0.0/x"),
        "tag `new/a@1.0.0` and a tag `new/a@1.0.0/x`",
    ),
    "an index that is locked": (lambda repo: (repo.path / ".git/index.lock").touch(), "`index` is locked"),
    "a branch that is locked": (lambda repo: (repo.path / ".git/refs/heads/main.lock").touch(), "`main` is locked"),
    "a tag that is locked": (
        lambda repo: [
            (repo.path / ".git/refs/tags/new").mkdir(parents=True),
            (repo.path / ".git/refs/tags/new/b@1.0.0.lock").touch(),
        ],
        "`b@1.0.0` is locked",
    ),
    "a folder": (lambda repo: (repo.path / "CHANGELOG.md").mkdir(), "`CHANGELOG.md` is no plain file"),
    "a link": (linked, "`CHANGELOG.md` is no plain file"),
    "bytes that are no text": (changelog(b"# Caf\xe9\n"), "the changelog is no UTF-8"),
    "edits that are not committed": (edited, "`CHANGELOG.md` has changes that are not committed"),
    "a changelog that is staged as removed": (
        lambda repo: (changelog(b"# Changelog\n")(repo), repo.git("rm", "-q", "--cached", "CHANGELOG.md")),
        "`CHANGELOG.md` has changes that are not committed",
    ),
    "a changelog that is staged": (
        lambda repo: (
            repo.write({"CHANGELOG.md": "mine"}).git("add", "CHANGELOG.md"),
            (repo.path / "CHANGELOG.md").unlink(),
        ),
        "`CHANGELOG.md` has changes that are not committed",
    ),
    "a merge": (merging, "a merge is not finished here"),
    "a branch that stands for another": (
        lambda repo: (
            repo.git("branch", "other"),
            repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/other"),
            repo.git("symbolic-ref", "HEAD", "refs/heads/alias"),
        ),
        "`refs/heads/alias` stands for another reference",
    ),
    "a file in the place of the tags' folder": (
        lambda repo: (repo.path / ".git/refs/tags/new").write_text("x"),
        "a file is in the place of a folder",
    ),
    "a name that no tag can have": (lambda repo: repo.commit({"new/a..b.yaml": prompt("x")}), "`new/a..b@1.0.0`"),
    "a name that nobody can write": (lambda repo: repo.commit({"new/my prompt.yaml": prompt("x")}), "PK602"),
    "two files of one name": (
        lambda repo: repo.commit({"new/a.yml": prompt("new/a")}),
        "two files have the name `new/a`",
    ),
}


@pytest.mark.parametrize("what", HINDRANCES)
def test_a_release_that_cannot_be_done_whole_is_not_begun(what: str, own: GitRepo) -> None:
    own.commit({f"new/{name}.yaml": prompt(f"new/{name}") for name in "abc"})
    hinder, words = HINDRANCES[what]
    hinder(own)
    before = state(own)
    ran = promptkit("release")
    assert (ran.code, words in ran.err) == (2, True), ran.err
    assert state(own) == before
    assert not [path for path in (own.path / ".git").rglob("*.lock") if "locked" not in what]


@pytest.mark.parametrize("fails_at", range(6))
def test_a_release_that_is_interrupted_leaves_all_as_it_was(
    fails_at: int, own: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.commit({f"new/{name}.yaml": prompt(f"new/{name}") for name in "abc"})
    before = state(own)
    replace, done = Path.replace, []

    def interrupted(self: Path, target: Path) -> Path:
        done.append(self)
        if len(done) == fails_at + 1:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        assert promptkit("release").code == 130
    assert state(own) == before
    assert not list((own.path / ".git").rglob("*.lock"))
    assert promptkit("release").code == 0
    assert own.git("tag", "--list", "new/*", "--points-at", "HEAD").split() == [f"new/{name}@1.0.0" for name in "abc"]
    assert own.git("status", "--short") == ""


@pytest.mark.parametrize("fails_at", range(6))
def test_a_release_that_is_killed_leaves_no_tag_outside_the_branch_and_can_be_ended(
    fails_at: int, own: GitRepo
) -> None:
    own.commit({f"new/{name}.yaml": prompt(f"new/{name}") for name in "abc"})
    killed = f"""
import os, signal, sys
from pathlib import Path
from promptkit.cli.main import entry
replace, left = Path.replace, [None] * {fails_at}

def dying(self, target):
    os.kill(os.getpid(), signal.SIGKILL) if not left else left.pop()
    return replace(self, target)

Path.replace = dying
sys.argv = ["promptkit", "release"]
entry()
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", killed], cwd=own.path, env=environment, capture_output=True, check=False
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    for tag in own.git("tag", "--list", "new/*").split():
        own.git("merge-base", "--is-ancestor", tag, "HEAD")
    again = promptkit("release")
    for _ in range(6):  # what the killed one held is told, one after the other, with the cure
        if again.code == 0:
            break
        (held,) = re.findall(r"if no other git runs, remove (\S+)", again.err)
        Path(held).unlink()
        again = promptkit("release")
    assert again.code == 0, again.err
    left = own.git("status", "--short").splitlines()
    assert [line for line in left if not re.fullmatch(r"\?\? \.CHANGELOG\.md\..*\.part", line)] == []
    tags = own.git("tag", "--list", "new/*", "--merged", "HEAD").split()
    assert tags == [f"new/{name}@1.0.0" for name in "abc"]
    assert (own.path / "CHANGELOG.md").read_text().count("## new/") == 3


def test_what_a_killed_release_left_beside_the_changelog_is_removed_by_a_later_one(own: GitRepo) -> None:
    own.commit({"new/a.yaml": prompt("new/a")})
    own.write({f".CHANGELOG.md.{name}.part": "half" for name in ("old", "new")})
    os.utime(own.path / ".CHANGELOG.md.old.part", (0, 0))
    assert promptkit("release").code == 0
    assert own.git("status", "--short") == "?? .CHANGELOG.md.new.part"


def test_what_the_branch_was_before_a_release_can_be_found_again(own: GitRepo) -> None:
    before = own.commit({"new/a.yaml": prompt("new/a")})
    assert promptkit("release").code == 0
    for name in ("HEAD", "main"):
        newest, last = own.git("reflog", "--format=%H %gs", name).splitlines()[:2]
        assert newest == f"{own.git('rev-parse', 'HEAD')} commit: Release new/a 1.0.0"
        assert last.startswith(before)


@pytest.mark.parametrize("text", ["{", "[1]", '"x"', "[" * 100_000, '{"ticket": NaN}', '{"ticket": 1e999}'])
def test_saved_inputs_that_cannot_be_read_are_told(text: str, own: GitRepo) -> None:
    own.write({"support/triage.inputs.json": text})
    ran = promptkit("diff", FILE)
    assert (ran.code, "triage.inputs.json" in ran.err) == (2, True), ran
    own.commit()
    own.write({"support/triage.inputs.json": '{"ticket": "x"}'})  # in an old state nobody can mend it
    assert promptkit("diff", FILE).code == 0
    assert promptkit("diff", f"{FILE}@HEAD~1", f"{FILE}@HEAD").code == 0


@pytest.mark.parametrize("kind", ["folder", "link that leads nowhere", "pipe", "link out of the repo"])
def test_what_has_the_name_of_saved_inputs_and_is_no_file_is_told(kind: str, own: GitRepo) -> None:
    path = own.path / "support/triage.inputs.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/etc/hostname" if kind == "link out of the repo" else "gone.json")
    ran = promptkit("diff", FILE)
    assert (ran.code, "triage.inputs.json" in ran.err) == (2, True), ran


def test_saved_inputs_are_found_among_any_number_of_files(own: GitRepo) -> None:
    many = {f"support/{number}.txt": "" for number in range(2_000)}
    own.commit({**many, "support/triage.inputs.json": '{"ticket": "x"}'})
    change(own, "Sort", "Assign")
    assert "messages for 1 saved input: 1 differs" in promptkit("diff", FILE).out


def test_saved_inputs_that_cannot_be_read_are_a_finding_of_the_check(own: GitRepo) -> None:
    change(own, "Sort", "Assign")
    own.write({"support/triage.inputs.json": "{", "support/reply.yaml": prompt("support/reply", text="Reply to")})
    ran = promptkit("repo", "check", "--against", "HEAD", "--format", "json")
    found = {each["path"]: each["code"] for each in json.loads(ran.out)["diagnostics"]}
    assert (ran.code, found) == (1, {"support/triage.inputs.json": "PK510", "support/reply.yaml": "PK603"}), ran


@pytest.mark.parametrize("place", ['path = "../parts"', 'url = "PARTS"\nrev = "v1.0.0"'], ids=["folder", "local URL"])
def test_what_uses_a_place_of_this_machine_is_told_before_it_is_released(
    place: str, own: GitRepo, tmp_path: Path
) -> None:
    parts = GitRepo.at(tmp_path / "parts")
    parts.commit({"promptkit.toml": "", "_rules.md": "Be brief."}, "v1.0.0")
    toml = (own.path / "promptkit.toml").read_text() + "\n[repos.parts]\n" + place.replace("PARTS", str(parts.path))
    text = '{% include "parts/_rules.md" %}'
    own.commit({"promptkit.toml": toml, "new/a.yaml": prompt("new/a", text=text)})
    own.commit({"new/b.yaml": prompt("new/b", text=text).replace("version: 1.0.0\n", "")})
    assert promptkit("repo", "update").code == 0
    assert promptkit("lock").code == 0
    own.commit()
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert (ran.code, ran.out.count("warning[PK608]: `parts` is a place of this machine")) == (0, 1), ran
    assert "warning[PK608]: `parts` is a place of this machine" in promptkit("release", "--dry-run").err


def test_an_index_in_two_files_is_understood(own: GitRepo) -> None:
    own.commit({"new/a.yaml": prompt("new/a"), "CHANGELOG.md": "# Changelog\n"})
    own.git("update-index", "--split-index")
    (own.path / "new/a.yaml").touch()
    own.git("status")
    assert promptkit("release").code == 0
    assert own.git("status", "--short") == ""
    own.git("fsck")


def test_empty_folders_in_the_place_of_a_tag_are_removed_as_git_does(own: GitRepo) -> None:
    own.commit({"new/a.yaml": prompt("new/a")})
    (own.path / ".git/refs/tags/new/a@1.0.0/x/y").mkdir(parents=True)
    assert promptkit("release").code == 0
    assert own.git("tag", "--points-at", "HEAD") == "new/a@1.0.0"


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        ("# Ours\n\n```md\n## an example 1.0.0\n```\n", "## old 1.0.0\n"),
        ("# Ours\n\n````md\n```\n## x\n```\n````\n", "## old 1.0.0\n"),
        ("# Ours\n\n~~~\n```\n## x\n~~~\n", "## old 1.0.0\n\n```\n## y\n```\n"),
        ("# Ours\n\n<!-- entries look so:\n## x\n-->\n", "## old 1.0.0\n"),
        ("# Ours\n<!-- one --> and <!-- two -->\n", "## old 1.0.0\n"),
        ("# Ours\n\n```\n## never closed\n", ""),
        ("", "## old 1.0.0\n"),
    ],
)
def test_an_entry_stands_above_the_others_and_never_within_code(head: str, rest: str) -> None:
    made = with_entries(head + rest, [Release("a", "2.0.0", "a@2.0.0", None)])
    assert made.startswith(head)
    assert made.endswith(rest)
    assert made[len(head) : len(made) - len(rest)].strip().startswith("## a 2.0.0 (")


def test_what_a_release_left_in_the_changelog_is_not_written_twice(own: GitRepo) -> None:
    own.commit({"new/a.yaml": prompt("new/a")})
    assert promptkit("release").code == 0
    own.git("tag", "-d", "new/a@1.0.0")
    before = state(own)
    assert promptkit("release").code == 0
    assert state(own)[1:] == before[1:]
    assert own.git("tag", "--points-at", "HEAD") == "new/a@1.0.0"


@pytest.mark.parametrize("mode", [0o644, 0o755])
@pytest.mark.parametrize("text", ["", "# Ours\r\n\r\n## old 1.0.0\r\n", "# Ours\n\nline\r\n\n## old\n"])
def test_a_changelog_keeps_its_mode_and_all_its_bytes(text: str, mode: int, own: GitRepo) -> None:
    changelog(text.encode(), mode)(own)
    own.commit({"new/a.yaml": prompt("new/a")})
    assert promptkit("release").code == 0
    path = own.path / "CHANGELOG.md"
    made = path.read_bytes().decode()
    assert path.stat().st_mode & 0o777 == mode
    assert own.git("ls-tree", "HEAD", "CHANGELOG.md").startswith(f"100{mode:o} ")
    assert own.git("status", "--short") == ""
    assert [line for line in text.split("\n") if line not in made.split("\n")] == []
    if "\r\n" in text.split("\n\n", maxsplit=1)[0]:
        assert made.count("\n") == made.count("\r\n")


def test_a_version_that_was_released_already_is_passed_over(own: GitRepo) -> None:
    text = (own.path / FILE).read_text()
    own.commit({FILE: text.replace("Sort", "Sort well").replace("1.2.0", "1.3.0")})
    assert promptkit("release", "support/triage").code == 0
    own.commit({FILE: text.replace("Sort", "Sort at once")})  # somebody took an old file for a new one
    ran = promptkit("bump", "--all")
    assert (ran.code, "1.2.0 -> 1.4.0 (minor change since 1.2.0)" in ran.err) == (0, True), ran.err
    own.commit()
    assert promptkit("release", "support/triage").code == 0


def test_a_fix_of_an_old_version_is_compared_with_that_version(own: GitRepo) -> None:
    text = (own.path / FILE).read_text()
    own.commit(
        {FILE: text.replace("1.2.0", "2.0.0").replace("{ticket: string}", "{text: string}").replace("ticket", "text")}
    )
    assert promptkit("release", "support/triage").code == 0
    own.git("switch", "-q", "-c", "fixes", "support/triage@1.2.0")
    change(own, "Sort", "Sort well")
    ran = promptkit("bump", FILE)
    assert (ran.code, "1.2.0 -> 1.3.0 (minor change since 1.2.0)" in ran.err) == (0, True), ran.err
    own.git("commit", "-q", "-a", "-m", "fix")
    assert promptkit("release", "support/triage").code == 0


def test_aliases_that_are_moved_at_once_are_all_moved_and_committed(own: GitRepo) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def move(number: int) -> Ran:
        target = "support/triage@1.2.0"
        return process("alias", "set", f"ring{number}", target, "--commit", cwd=own.path, **environment)

    environment = {"PROMPTKIT_CACHE_DIR": os.environ["PROMPTKIT_CACHE_DIR"]}
    with ThreadPoolExecutor(4) as pool:
        ran = list(pool.map(move, range(4)))
    assert [each.code for each in ran] == [0] * 4, ran
    assert own.git("status", "--short") == ""
    listed = json.loads(promptkit("alias", "list", "--format", "json").out)["aliases"]["support/triage"]
    assert listed.keys() == {"production", *(f"ring{number}" for number in range(4))}


def test_an_alias_in_a_linked_or_edited_file_is_not_committed(own: GitRepo) -> None:
    path = own.path / "promptkit.toml"
    path.write_text(f"# mine\n{path.read_text()}")
    before = state(own), path.read_text()
    ran = promptkit("alias", "set", "stage", "support/triage@1.2.0", "--commit")
    assert (ran.code, "has changes that are not committed" in ran.err) == (2, True)
    assert (state(own), path.read_text()) == before


UNWRITABLE = {
    "a block": "name: a\nversion: >-\n  1.0.0\ntask: Greet.\n",
    "an alias": "metadata: {was: &v 1.0.0}\nversion: *v\ntask: Greet.\n",
    "an anchor": "version: &v 1.0.0\nmetadata: {was: *v}\ntask: Greet.\n",
}
WRITABLE = {
    "\ufeffname: a\nversion: 1.0.0\ntask: Greet.\n": "\ufeffname: a\nversion: 2.0.0\ntask: Greet.\n",
    "\ufeffname: a\ntask: Greet.\n": "\ufeffname: a\nversion: 2.0.0\ntask: Greet.\n",
    'version: "1.0.0" # ours\ntask: Greet.': "version: 2.0.0 # ours\ntask: Greet.",
    "task: Greet.\nversion: 1.0.0": "task: Greet.\nversion: 2.0.0",
}


@pytest.mark.parametrize("what", UNWRITABLE)
def test_a_bump_that_would_change_anything_else_is_refused(what: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(UNWRITABLE[what])
    ran = promptkit("bump", path, "2.0.0")
    assert (ran.code, "cannot be written into this file" in ran.err) == (2, True)
    assert path.read_text() == UNWRITABLE[what]


@pytest.mark.parametrize("text", WRITABLE)
def test_a_bump_changes_the_version_alone_whatever_the_file_begins_or_ends_with(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(text.encode())
    assert promptkit("bump", path, "2.0.0").code == 0
    assert path.read_bytes().decode() == WRITABLE[text]


def test_a_check_tells_names_that_lead_to_two_things(own: GitRepo) -> None:
    own.write({"support/triage.yml": prompt("support/triage", "1.2.0", "Another")})
    toml = (own.path / "promptkit.toml").read_text()
    own.write({"promptkit.toml": f'{toml}"^1.0" = "1.0.0"\n"1.1.0" = "1.0.0"\nHEAD = "1.0.0"\n'})
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert ran.code == 1
    assert ran.out.count("error[PK606]: two files have the name `support/triage`") == 2
    for name in ("^1.0", "1.1.0", "HEAD"):
        assert f"error[PK613]: `{name}` can be no alias of `support/triage`" in ran.out


@pytest.mark.parametrize("target", ["production", "^1.0", "main", "9.9.9"])
def test_an_alias_that_leads_to_something_that_moves_is_told_and_not_set(target: str, own: GitRepo) -> None:
    assert promptkit("alias", "set", "stage", f"support/triage@{target}").code == 2
    toml = (own.path / "promptkit.toml").read_text()
    own.write({"promptkit.toml": f'{toml}stage = "{target}"\n'})
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert (ran.code, "error[PK613]: the alias `stage`" in ran.out) == (1, True)


def test_an_alias_of_a_prompt_that_is_gone_is_told_with_its_cure(own: GitRepo) -> None:
    assert promptkit("alias", "set", "stage", "support/triage@1.1.0").code == 0
    own.commit()
    (own.path / FILE).unlink()
    ran = promptkit("repo", "check", "--against", "HEAD")
    said = "warning[PK613]: the alias `stage` leads to 1.1.0 of `support/triage`, which is here no more"
    assert (ran.code, said in ran.out) == (0, True), ran.out
    assert promptkit("alias", "remove", "stage", "support/triage").code == 0
    assert "`stage`" not in promptkit("repo", "check", "--against", "HEAD").out


@pytest.mark.parametrize("changed", [False, True])
def test_a_prompt_that_was_renamed_is_released_as_such(own: GitRepo, *, changed: bool) -> None:
    own.git("mv", FILE, "support/sort.yaml")
    change(own, "support/triage\nversion: 1.2.0", "support/sort\nversion: 2.0.0", "support/sort.yaml")
    if changed:
        change(own, "Sort", "Assign", "support/sort.yaml")
    own.commit()
    ran = promptkit("release", "support/sort", "--dry-run")
    was = "first release: 2.0.0" if changed else "before support/triage 1.2.0: 2.0.0"
    assert (ran.code, f"support/sort: {was}" in ran.err) == (0, True), ran.err
    assert ("First release under this name; before it was support/triage 1.2.0." in ran.out) != changed


def test_a_copy_of_a_prompt_that_stays_is_a_first_release(own: GitRepo) -> None:
    own.write({"support/sort.yaml": (own.path / FILE).read_text().replace("1.2.0", "1.0.0")}).commit()
    assert "First release.\n" in promptkit("release", "support/sort", "--dry-run").out


def test_prompts_are_named_by_their_files_or_without_the_ending(own: GitRepo) -> None:
    change(own, "Sort", "Assign")
    for name in ("support/triage", FILE):
        assert f"{FILE}: 1.2.0 -> would be 1.3.0" in promptkit("bump", name, "--dry-run").err
        assert "{+Assign+}" in promptkit("diff", name).out
        assert "{+Assign+}" in promptkit("diff", f"{name}@HEAD", name).out
        assert promptkit("alias", "set", "stage", f"{name}@1.1.0").code == 0
        assert promptkit("alias", "remove", "stage", name).code == 0
        assert promptkit("yank", f"{name}@1.1.0", "--reason", "x").code == 0
        assert promptkit("yank", f"{name}@1.1.0", "--undo").code == 0


def test_a_bump_of_what_has_no_version_of_its_own_is_refused(own: GitRepo) -> None:
    own.write({"support/triage.yml": prompt("support/triage", "1.2.0")})
    for words, said in ((("_base.yaml",), "no prompt by itself"), ((FILE,), "two files have the name")):
        ran = promptkit("bump", *words)
        assert (ran.code, said in ran.err) == (2, True), ran.err
    ran = promptkit("bump", FILE, "unknown")
    assert (ran.code, "`unknown` is no version" in ran.err) == (2, True)


def test_a_check_refuses_what_a_release_would(own: GitRepo) -> None:
    own.write({FILE: (own.path / FILE).read_text().replace("1.2.0", "1.1.0").replace("Sort", "Assign")})
    own.git("commit", "-q", "-a", "-m", "back")
    ran = promptkit("repo", "check", "--against", "HEAD~1")
    assert (ran.code, "1.1.0 is released already" in ran.out) == (1, True), ran.out


def test_a_changelog_that_git_checks_out_with_other_line_ends_is_unchanged(own: GitRepo) -> None:
    own.commit(
        {".gitattributes": "*.md text eol=crlf\n", "CHANGELOG.md": "# Ours\n\n## old\n", "new/a.yaml": prompt("new/a")}
    )
    (own.path / "CHANGELOG.md").unlink()
    own.git("checkout", "CHANGELOG.md")
    assert b"\r\n" in (own.path / "CHANGELOG.md").read_bytes()
    assert promptkit("release").code == 0
    assert own.git("status", "--short") == ""
    here = (own.path / "CHANGELOG.md").read_bytes()
    assert here.count(b"\n") == here.count(b"\r\n")
    assert "\r" not in own.git("cat-file", "-p", "HEAD:CHANGELOG.md")


def test_a_prompt_at_the_top_can_be_named_in_another_state(own: GitRepo) -> None:
    own.commit({"top.yaml": prompt("top")}, "top@1.0.0")
    ran = promptkit("diff", "top@1.0.0", "top@HEAD")
    assert (ran.code, "nothing changed" in ran.out) == (0, True), ran.err


def test_an_alias_that_leads_to_a_yanked_version_is_told(own: GitRepo) -> None:
    toml = (own.path / "promptkit.toml").read_text()
    own.write({"promptkit.toml": f'{toml}stage = "1.2.0"\n\n[yanked]\n"support/triage@1.2.0" = "too harsh"\n'})
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert (ran.code, "`stage` of `support/triage` leads to 1.2.0, which was yanked: too harsh" in ran.out) == (1, True)


def test_a_release_amid_several_picks_is_refused(own: GitRepo) -> None:
    own.commit({"new/a.yaml": prompt("new/a")})
    (own.path / ".git/sequencer").mkdir()
    ran = promptkit("release")
    assert (ran.code, "is not finished here" in ran.err) == (2, True)


def test_who_commits_is_who_git_says(own: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own.git("config", "--unset", "user.name")
    own.git("config", "--unset", "user.email")
    (tmp_path / "more").write_text("[user]\n\tname = Included\n\temail = in@cluded\n")
    (tmp_path / "global").write_text(f"[include]\n\tpath = {tmp_path / 'more'}\n[author]\n\tname = Writer\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "robot@here")
    for variable in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME"):
        monkeypatch.delenv(variable, raising=False)
    own.commit({"new/a.yaml": prompt("new/a")})
    assert promptkit("release").code == 0
    assert own.git("log", "-1", "--format=%an <%ae> %cn <%ce>") == "Writer <in@cluded> Included <robot@here>"


@pytest.mark.parametrize("command", [("repo", "check", "--against"), ("affected", "--since")])
def test_a_state_that_is_named_by_nothing_is_refused(command: tuple[str, ...], own: GitRepo) -> None:
    ran = promptkit(*command, "")
    assert (ran.code, "named by nothing" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("version", "refusal"),
    [("1.2.1", ""), ("2.0.0", ""), ("1.1.9", "1.2.0 -> 1.1.9 goes back"), (None, "1.2.0 -> no version goes back")],
)
def test_a_version_that_alone_changes_may_be_any_that_is_higher(
    version: str | None, refusal: str, own: GitRepo
) -> None:
    change(own, "version: 1.2.0\n", f"version: {version}\n" if version else "")
    for commit in (False, True):
        if commit:
            own.commit()
        ran = promptkit("repo", "check", "--against", "HEAD~1" if commit else "HEAD")
        assert (ran.code, refusal in ran.out) == (1 if refusal else 0, True), ran
    shown = promptkit("diff", f"{FILE}@HEAD~1", f"{FILE}@HEAD")
    assert f"nothing changed but the version: 1.2.0 -> {version or 'none'}" in shown.out


def test_a_change_that_was_bumped_for_the_next_release_needs_no_second_bump(own: GitRepo) -> None:
    change(own, "Sort", "Assign")
    assert promptkit("bump", "--all").code == 0
    own.commit()
    change(own, "Assign", "Please assign")
    for _ in range(2):
        assert promptkit("repo", "check", "--against", "HEAD").code == 0  # 1.3.0 is not released, and says enough
        own.commit()
    change(own, "ticket: string", "ticket: string, tone: string")
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert "`support/triage` 1.2.0 -> 1.3.0 is too small for a major change" in ran.out
    assert "inputs + tone: callers do not give it" in ran.out
    assert promptkit(*re.findall("promptkit (bump .*)", ran.out)[0].split()).code == 0
    assert promptkit("repo", "check", "--against", "HEAD").code == 0


def test_the_cure_of_a_check_cures_also_what_was_never_released(own: GitRepo) -> None:
    own.commit({"new/a.yaml": prompt("new/a", "0.1.0")})
    own.commit({"new/a.yaml": prompt("new/a", "0.1.0", text="Other words")})
    ran = promptkit("repo", "check", "--against", "HEAD~1")
    assert "error[PK603]: `new/a` changed since HEAD~1, and its version did not" in ran.out
    assert promptkit(*re.findall("promptkit (bump .*)", ran.out)[0].split()).code == 0
    assert promptkit("repo", "check", "--against", "HEAD~1").code == 0


def test_words_that_were_taken_back_before_a_release_ask_for_nothing(own: GitRepo) -> None:
    change(own, "Sort", "Assign")
    assert promptkit("bump", FILE).code == 0
    own.commit()
    change(own, "Assign", "Sort")
    ran = promptkit("bump", "--all")
    assert (ran.code, ran.err) == (0, "every version announces its changes\n")
    assert promptkit("repo", "check", "--against", "HEAD").code == 0
    own.commit()
    assert promptkit("release", "--dry-run").code == 0


def test_a_bump_that_is_not_committed_is_what_a_release_asks_for(own: GitRepo) -> None:
    change(own, "Sort", "Assign")
    own.commit()
    assert promptkit("bump", FILE).code == 0
    ran = promptkit("release")
    assert (ran.code, "1.2.0 is released already, and 1.3.0 is not committed" in ran.err) == (2, True)
    assert "git commit first" in ran.err


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_each_form_of_a_check_says_what_asks_for_the_version(form: str, own: GitRepo) -> None:
    change(own, "{ticket: string}", "{ticket: string, tone: string}")
    ran = promptkit("repo", "check", "--against", "HEAD", "--format", form)
    assert (ran.code, "inputs + tone: callers do not give it" in ran.out) == (1, True), ran.out


def test_a_prerelease_hides_nothing_that_broke_since_the_release_before_it(own: GitRepo) -> None:
    change(own, "version: 1.2.0", "version: 1.2.1-rc.1")
    change(own, " Sort", "  Sort")
    own.commit()
    assert promptkit("release").code == 0
    change(own, "{ticket: string}", "{ticket: string, tone: string}")
    ran = promptkit("bump", FILE, "--dry-run")
    assert "1.2.1-rc.1 -> would be 2.0.0 (major change since 1.2.0)" in ran.err
    for version in ("1.2.1-rc.1", "1.2.1-rc.2", "1.2.1", "1.9.0"):
        assert promptkit("bump", FILE, version).code == 0
        own.commit()
        assert promptkit("release").code == 2
        assert promptkit("repo", "check", "--against", "v1.1.0").code == 1
    for version in ("2.0.0-rc.1", "2.0.0"):
        assert promptkit("bump", FILE, version).code == 0
        own.commit()
        assert promptkit("repo", "check", "--against", "v1.1.0").code == 0
        assert promptkit("release").code == 0


def test_a_released_prerelease_is_not_written_over(own: GitRepo) -> None:
    change(own, "version: 1.2.0", "version: 1.3.0-rc.1")
    change(own, "Sort", "Assign")
    own.commit()
    assert promptkit("release").code == 0
    change(own, "Assign", "Please assign")
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert (ran.code, "1.3.0-rc.1 is released already, and was another prompt" in ran.out) == (1, True)
    assert "1.3.0-rc.1 -> would be 1.3.0" in promptkit("bump", FILE, "--dry-run").err


def test_the_first_commit_of_a_repo_is_checked_as_all_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert promptkit("repo", "init", tmp_path / "new").code == 0
    new = GitRepo.at(tmp_path / "new")
    monkeypatch.chdir(new.path)
    assert promptkit("repo", "check", "--against", "HEAD").code == 0
    new.write({"support/triage.yaml": "task: {{ x"})
    assert promptkit("repo", "check", "--against", "HEAD").code == 1
    ran = promptkit("release")
    assert (ran.code, "git commit the prompts first" in ran.err) == (2, True)


def test_a_level_that_is_misspelt_is_told_as_one(own: GitRepo) -> None:
    ran = promptkit("bump", FILE, "mayor")
    assert (ran.code, "did you mean `major`?" in ran.err) == (2, True)
    ran = promptkit("bump", FILE, "1.1.0")
    assert "PK604" in ran.err
    assert "None" not in ran.err


def test_an_alias_that_is_ahead_of_its_tag_is_told(own: GitRepo) -> None:
    change(own, "version: 1.2.0", "version: 1.3.0")
    toml = (own.path / "promptkit.toml").read_text()
    own.write({"promptkit.toml": toml.replace('production = "1.0.0"', 'production = "1.3.0"')})
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert (ran.code, "leads to 1.3.0, which has no tag yet" in ran.out) == (0, True), ran
    own.commit()
    assert promptkit("release").code == 0
    assert "no tag yet" not in promptkit("repo", "check", "--against", "HEAD~1").out


def test_a_state_that_had_faults_hinders_nothing(own: GitRepo) -> None:
    own.commit({"z.yaml": "version: 1.0.0\ntask: '{{ nope }}'\n"})
    own.write({"z.yaml": "version: 1.0.0\ntask: Hello\n"})
    change(own, "Sort", "Assign")
    ran = promptkit("diff", "HEAD")
    assert (ran.code, "z: it cannot be compared: in HEAD " in ran.err, "support/triage" in ran.out) == (
        0,
        True,
        True,
    ), ran
    assert promptkit("bump", "--all").code == 0


def test_a_prompt_that_is_a_link_is_told_and_is_none_of_the_repo_s(own: GitRepo) -> None:
    (own.path / "support/alias.yaml").symlink_to("triage.yaml")
    (own.path / "away.yaml").symlink_to("/etc/hostname")
    own.commit()
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert (ran.code, ran.out.count("warning[PK602]"), "`support/alias.yaml` is a link" in ran.out) == (0, 2, True)
    assert promptkit("affected").out == ""
    assert promptkit("diff").err == "no prompt changed\n"
    assert "support/alias" not in promptkit("list").out


def test_a_path_that_cannot_be_read_is_not_its_own_suggestion(own: GitRepo) -> None:
    (own.path / "away.yaml").symlink_to("/etc/hostname")
    ran = promptkit("render", "away.yaml")
    assert (ran.code, "did you mean" in ran.err) == (2, False), ran.err


def test_a_checkout_with_other_line_ends_changes_nothing(own: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "Be short.\nBe kind.\n"
    own.commit(
        {"_partials/rules.md": long, FILE: (own.path / FILE).read_text().replace("1.2.0", "1.3.0")}, date=1_700_000_000
    )
    assert promptkit("release").code == 0
    clone = GitRepo(own.path.parent / "clone")
    own.git("clone", "-q", "-c", "core.autocrlf=true", str(own.path), str(clone.path))
    monkeypatch.chdir(clone.path)
    assert b"\r\n" in (clone.path / "_partials/rules.md").read_bytes()
    assert promptkit("affected").out == ""
    assert promptkit("diff").err == "no prompt changed\n"
    assert "all good" in promptkit("repo", "check", "--against", "HEAD").err
    assert promptkit("release").code == 9
    changed = {
        each["name"]: each["changed"] for each in json.loads(promptkit("list", "--format", "json").out)["prompts"]
    }
    assert changed["support/triage"] == "2023-11-14T22:13:20+00:00"


def test_what_is_new_and_not_yet_added_is_seen_and_what_is_ignored_is_not(own: GitRepo) -> None:
    text = (own.path / FILE).read_text() + "context: \"{% include 'more.md' ignore missing %}\"\n"
    own.commit({FILE: text, ".gitignore": "build/\n"})
    assert promptkit("diff").err == "no prompt changed\n"
    own.write({"build/x.yaml": prompt("x")})
    assert promptkit("diff").err == "no prompt changed\n"
    own.write({"support/more.md": "Be kind.\n"})
    assert promptkit("affected").out == "support/triage: include support/more.md\n"
    assert "more.md" in promptkit("diff").out


def test_a_prompt_that_is_too_large_to_be_read_is_there_all_the_same(own: GitRepo) -> None:
    own.write({FILE: "task: " + "x" * 2_000_000})
    assert promptkit("affected").out.startswith("support/triage: prompt support/triage.yaml")
    assert "gone" not in promptkit("affected").out.split(",")[0]


def test_a_chain_of_renames_is_told_step_by_step(own: GitRepo) -> None:
    for number, (old, new) in enumerate(pairwise(["support/triage", "support/a", "support/b"]), 2):
        own.git("mv", f"{old}.yaml", f"{new}.yaml")
        text = (own.path / f"{new}.yaml").read_text()
        text = re.sub("name: .*", f"name: {new}", re.sub("version: .*", f"version: {number}.0.0", text))
        own.commit({f"{new}.yaml": text})
        ran = promptkit("release", new)
        assert (ran.code, f"before {old} " in ran.err) == (0, True), ran.err


def test_a_prompt_with_other_parents_is_none_under_another_name(own: GitRepo) -> None:
    text = "extends: _base.yaml\nversion: 1.0.0\n"
    own.commit({"x/_base.yaml": prompt("x"), "x/p.yaml": text, "y/_base.yaml": prompt("y", text="Sort")})
    own.git("mv", "x/p.yaml", "y/p.yaml")
    assert promptkit("diff").err.splitlines() == ["x/p: removed (MAJOR: callers that load it will fail)", "y/p: new"]


def test_a_file_that_has_its_name_for_itself_again_is_the_same_prompt(own: GitRepo) -> None:
    own.commit({"x.yaml": prompt("x"), "x.yml": prompt("x")})
    (own.path / "x.yml").unlink()
    own.write({"x.yaml": prompt("x", "1.0.1", "Sort")})
    ran = promptkit("diff")
    assert ran.err == "x.yml: removed (MAJOR: callers that load it will fail)\n"
    assert "{+Sort+}" in ran.out


def test_two_states_of_a_repository_are_told_prompt_by_prompt(own: GitRepo) -> None:
    change(own, "Sort", "Assign")
    own.commit()
    assert promptkit("diff", "HEAD~1", "HEAD").out.startswith("support/triage\n")


def test_a_name_that_is_a_branch_and_a_prompt_is_refused(own: GitRepo) -> None:
    own.commit({"topic.yaml": prompt("topic")})
    own.git("branch", "topic")
    ran = promptkit("diff", "topic")
    assert (ran.code, "`topic` is a state of the repository, and a prompt" in ran.err) == (2, True), ran.err


def test_prompts_outside_of_any_repository_are_compared_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(GitRepo(tmp_path).write({"x.yaml": prompt("x"), "y.yaml": prompt("y", text="Sort")}).path)
    assert "{+Sort+}" in promptkit("diff", "x", "y").out


def test_before_the_first_commit_there_is_nothing_to_compare_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(GitRepo.at(tmp_path).write({"x.yaml": prompt("x")}).path)
    ran = promptkit("diff")
    assert (ran.code, "commit" in ran.err) == (2, True), ran.err


def test_what_leads_through_a_link_is_told(own: GitRepo) -> None:
    own.write({"real/house.md": "Be kind."})
    (own.path / "linked").symlink_to("real")
    (own.path / "house.md").symlink_to("real/house.md")
    own.commit()
    assert promptkit("repo", "check", "--against", "HEAD").out.count("warning[PK602]") == 2


def test_above_a_project_one_is_led_to_it(own: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(own.path / ".git")
    parent = GitRepo.at(own.path.parent)
    parent.commit()
    monkeypatch.chdir(parent.path)
    for words in (("list",), ("affected",), ("graph",), ("bump", "--all")):
        ran = promptkit(*words)
        assert (ran.code, f"cd {own.path.name}" in ran.err) == (2, True), ran.err
    parent.write({"mine.yaml": prompt("mine")})
    assert promptkit("list").code == 0


def test_a_prompt_is_renamed_to_another_depth(own: GitRepo) -> None:
    own.commit({"a/x.yaml": "extends: ../_base.yaml\nname: x\ntask: Greet.\n"})
    (own.path / "a/x.yaml").unlink()
    own.write({"a/b/y.yaml": "extends: ../../_base.yaml\nname: y\ntask: Greet.\n"})
    assert promptkit("diff").err == "a/x: renamed to a/b/y (MAJOR: callers that load it will fail)\n"


def test_a_state_that_is_not_there_is_told_as_such(own: GitRepo) -> None:
    for words in (("HEAD~9",), ("HEAD~9", "HEAD")):
        ran = promptkit("diff", *words)
        assert (ran.code, "has no `HEAD~9`" in ran.err) == (2, True), ran.err


def test_a_check_takes_the_name_of_a_prompt(own: GitRepo) -> None:
    assert promptkit("check", "support/triage").code == 0
