"""Yanking: a version is named as data in the repo, and what names none is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import promptkit
from git_repos import GitRepo, project, prompt


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    repo = GitRepo.at(tmp_path / "own")
    repo.git("config", "user.name", "Own")
    repo.git("config", "user.email", "own@here")
    repo.commit({"promptkit.toml": "# ours\n", "a/b.yaml": prompt("a/b")}, "a/b@1.0.0", "v1.0.0")
    repo.commit({"a/b.yaml": prompt("a/b", "1.1.0", "Send")}, "a/b@1.1.0")
    monkeypatch.chdir(repo.path)
    return repo


@pytest.mark.parametrize("version", ["a/b@1.0.0", "1.0.0", "v1.0.0", "a/b.yaml@1.0.0"])
def test_what_is_yanked_cannot_be_had_until_it_is_undone(
    version: str, own: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = promptkit("yank", version, "--reason", "wrong language", "--commit")
    assert (ran.code, "was yanked: wrong" in ran.err, own.git("status", "--short")) == (0, True, "")
    assert promptkit("repo", "check", "--against", "HEAD").code == 0
    service = project(tmp_path / "service", {"own": own.path})
    monkeypatch.chdir(service)
    assert promptkit("repo", "update").code == 0
    asked = promptkit("render", "own/a/b@1.0.0", "-p", "ticket=x")
    assert (asked.code, "PK607" in asked.err, "wrong language" in asked.err) == (2, True, True)
    monkeypatch.chdir(own.path)
    assert promptkit("yank", version, "--undo", "--commit").code == 0
    assert "1.0.0" not in (own.path / "promptkit.toml").read_text()
    monkeypatch.chdir(service)
    assert promptkit("repo", "update").code == 0
    assert promptkit("render", "own/a/b@1.0.0", "-p", "ticket=x").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a/b@2.0.0", "--reason", "x"), "no version 2.0.0 of `a/b` was released"),
        (("a/c@1.0.0", "--reason", "x"), "no version 1.0.0 of `a/c` was released"),
        (("a/b@v1.0.0", "--reason", "x"), 'write it as "a/b@1.0.0"'),
        (("a/b", "--reason", "x"), "no version that could be yanked"),
        (("a/b@^1", "--reason", "x"), "no version that could be yanked"),
        (("@1.0.0", "--reason", "x"), "no version that could be yanked"),
        (("a/b@1.0.0",), "say why with --reason"),
        (("a/b@1.0.0", "--undo"), "is not yanked"),
    ],
)
def test_what_cannot_be_yanked_is_told_and_nothing_written(
    arguments: tuple[str, ...], words: str, own: GitRepo
) -> None:
    ran = promptkit("yank", *arguments)
    assert (ran.code, words in ran.err) == (2, True), ran.err
    assert own.git("status", "--short") == ""


@pytest.mark.parametrize("key", ["a/b@v1.1.0", "a/b", "a/b@9.9.9", "9.9.9", "a/c@1.0.0", "", "@"])
def test_a_yank_that_names_no_version_is_an_error_of_the_check(key: str, own: GitRepo) -> None:
    own.commit({"promptkit.toml": f'[yanked]\n"{key}" = "x"\n'})
    ran = promptkit("repo", "check", "--against", "HEAD")
    assert (ran.code, "error[PK616]" in ran.out) == (1, True), ran.out


def test_an_alias_that_leads_to_what_is_yanked_is_told(own: GitRepo) -> None:
    assert promptkit("alias", "set", "production", "a/b@1.1.0").code == 0
    ran = promptkit("yank", "a/b@1.1.0", "--reason", "x")
    assert "the alias `production` of `a/b` leads to what was yanked" in ran.err
    assert "warning[PK607]: 1.1.0 was yanked: x" in promptkit("alias", "set", "staging", "a/b@1.1.0").err


def test_what_can_be_had_is_not_marked_as_yanked(own: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own.git("tag", "v1.1.0", "HEAD~1")
    own.commit({"promptkit.toml": '[yanked]\n"v1.1.0" = "too harsh"\n'})
    monkeypatch.chdir(project(tmp_path / "service", {"acme": own.path}, rev="HEAD"))
    assert promptkit("repo", "update").code == 0
    (row,) = json.loads(promptkit("list", "acme", "--format", "json").out)["prompts"]
    assert (row["version"], row["yanked"]) == ("1.1.0", "")
    own.commit({"promptkit.toml": '[yanked]\n"a/b@1.1.0" = "too harsh"\n'})
    assert promptkit("repo", "update").code == 0
    (row,) = json.loads(promptkit("list", "acme", "--format", "json").out)["prompts"]
    assert row["yanked"] == "too harsh"


def test_keys_with_the_ending_of_a_file_mean_the_prompt(
    own: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.commit({"promptkit.toml": '[aliases."a/b.yaml"]\nprod = "1.0.0"\n\n[yanked]\n"a/b.yaml@1.1.0" = "x"\n'})
    assert promptkit("repo", "check", "--against", "HEAD").code == 0
    monkeypatch.chdir(project(tmp_path / "service", {"acme": own.path}, {"acme/a/b": "^1", "acme/a/b.yaml": "prod"}))
    ran = promptkit("lock")
    assert (ran.code, ran.err.count("1.0.0")) == (0, 2), ran.err


def test_an_alias_is_removed_by_the_name_that_it_was_set_by(own: GitRepo) -> None:
    for name in ("a/b", "a/b.yaml"):
        assert promptkit("alias", "set", "stage", f"{name}@1.1.0").code == 0
        assert promptkit("alias", "remove", "stage", name).code == 0


def test_what_a_person_wrote_with_the_ending_of_a_file_can_be_changed_by_commands(own: GitRepo) -> None:
    path = own.path / "promptkit.toml"
    path.write_text('[aliases."a/b.yaml"]\nprod = "1.0.0"\n\n[yanked]\n"a/b.yaml@1.1.0" = "x"\n')
    assert promptkit("yank", "a/b@1.1.0", "--undo").code == 0
    assert promptkit("alias", "set", "prod", "a/b@1.1.0").code == 0
    assert promptkit("alias", "list").out.split()[-3:] == ["a/b", "prod", "1.1.0"]
    assert path.read_text() == '[aliases."a/b.yaml"]\nprod = "1.1.0"\n\n[yanked]\n'
    assert promptkit("alias", "remove", "prod", "a/b").code == 0
    assert promptkit("alias", "list").code == 9


def test_an_alias_that_is_set_already_can_still_be_committed(own: GitRepo) -> None:
    assert promptkit("alias", "set", "prod", "a/b@1.0.0").code == 0
    assert own.git("status", "--short", "--untracked-files=no")
    for _ in range(2):
        assert promptkit("alias", "set", "prod", "a/b@1.0.0", "--commit").code == 0
        assert not own.git("status", "--short", "--untracked-files=no")


def test_aliases_of_all_prompts_are_told_where_a_version_of_the_whole_repo_is_yanked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = GitRepo.at(tmp_path)
    toml = '[aliases.a]\nlive = "1.0.0"\n[aliases.b]\nlive = "1.0.0"\nold = "0.9.0"\n'
    files = {"a.yaml": prompt("a"), "b.yaml": prompt("b"), "promptkit.toml": toml}
    repo.commit(files, "v0.9.0")
    repo.commit({"a.yaml": prompt("a", text="Sort")}, "v1.0.0")
    monkeypatch.chdir(repo.path)
    told = promptkit("yank", "1.0.0", "--reason", "x").err
    assert [f"`live` of `{name}`" in told for name in ("a", "b")] == [True, True], told
    assert told.count("warning[PK613]") == 2


def test_a_yank_of_what_is_asked_for_is_told_though_another_version_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = GitRepo.at(tmp_path / "team")
    team.commit({"promptkit.toml": "", "_base.yaml": "persona: You.\n"}, "v2.0.0", "v2.1.0")
    own = GitRepo(project(tmp_path / "service", {"acme": team.path}))
    own.write({"mine.yaml": "extends: acme/_base.yaml@v2.0.0\ntask: Greet.\n"})
    monkeypatch.chdir(own.path)
    assert promptkit("lock").code == 0
    assert "yanked" not in promptkit("lock", "verify").err
    team.commit({"promptkit.toml": '[yanked]\n"2.0.0" = "leaks"\n'})
    assert "2.0.0 was yanked: leaks" in promptkit("repo", "update").err
    assert "2.0.0 was yanked: leaks" in promptkit("lock", "verify").err
