"""Releases with the real git: what is tagged, what is refused, and that nothing else of a repository is touched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command_line import promptkit
from git_repos import GitRepo, prompt

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
    assert (refused.code, "git commit first" in refused.err or "released already" in refused.err) == (2, True)
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
    assert (ran.code, "error[PK604]" in ran.err, "needs" in ran.err or "2.0.0" in ran.err) == (2, True, True)
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
    own.write({"promptkit.toml": text, "big.md": "x" * 2_000_000})
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
