"""What a reference leads to: a commit's id is that commit, no version is hidden, and what is yanked is not had."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from command_line import promptkit
from git_repos import GitRepo, project, prompt

from promptkit.errors import RepoError
from promptkit.repos.references import Reference
from promptkit.repos.workspace import Workspace

TRIAGE = "acme/support/triage"


def pinned(team: GitRepo, place: Path, wanted: str, **more: str) -> str:
    """The commit to which a reference leads."""
    workspace = Workspace.at(project(place, {"acme": team.path}, **more), online=True)
    with workspace:
        workspace.store(workspace.declared.repo("acme")).update()
        return workspace.source(Reference.of(f"{TRIAGE}{'@' if wanted else ''}{wanted}"))[2].commit


def test_a_commit_is_that_commit_whatever_is_called_like_it(team: GitRepo, tmp_path: Path) -> None:
    wanted, other = team.git("rev-parse", "v1.0.0^{commit}"), team.git("rev-parse", "v1.1.0^{commit}")
    toml = (team.path / "promptkit.toml").read_text()
    team.commit({"promptkit.toml": f'{toml}{wanted} = "1.1.0"\n{wanted[:12]} = "1.1.0"\n'})
    assert pinned(team, tmp_path / "a", wanted[:12]) == wanted
    team.git("update-ref", f"refs/tags/{wanted}", other)
    team.git("update-ref", f"refs/heads/{wanted}", other)
    assert pinned(team, tmp_path / "b", wanted) == wanted
    assert pinned(team, tmp_path / "c", "", rev=wanted) == wanted


@pytest.mark.parametrize("kind", ["tags", "heads"])
def test_the_beginning_of_a_commit_that_is_also_a_name_is_ambiguous(kind: str, team: GitRepo, tmp_path: Path) -> None:
    wanted = team.git("rev-parse", "v1.0.0^{commit}")
    team.git("update-ref", f"refs/{kind}/{wanted[:12]}", "v1.1.0^{commit}")
    with pytest.raises(RepoError, match="PK606"):
        pinned(team, tmp_path / "service", wanted[:12])


def test_a_commit_that_is_not_there_is_no_tag_of_that_name(team: GitRepo, tmp_path: Path) -> None:
    team.git("update-ref", f"refs/tags/{'a' * 40}", "v1.1.0^{commit}")
    with pytest.raises(RepoError, match=r"cannot be fetched|has no"):
        pinned(team, tmp_path / "service", "a" * 40)


@pytest.mark.parametrize(("wanted", "version"), [("^1.0", "1.2.0"), ("1.1.0", "1.1.0"), ("=1.0.0", "1.0.0")])
def test_an_alias_cannot_stand_for_a_version(wanted: str, version: str, team: GitRepo, tmp_path: Path) -> None:
    toml = (team.path / "promptkit.toml").read_text()
    head = team.git("rev-parse", "HEAD")
    team.commit({"promptkit.toml": f'{toml}"{wanted}" = "{head}"\nHEAD = "1.0.0"\n'})
    tag = "support/triage@1.2.0" if version == "1.2.0" else f"v{version}"
    assert pinned(team, tmp_path / "a", wanted) == team.git("rev-parse", f"{tag}^{{commit}}")
    assert pinned(team, tmp_path / "b", "HEAD") == team.git("rev-parse", "HEAD")


@pytest.mark.parametrize("wanted", ["1.0.0", "v1.0.0", "=1.0.0", "1.0"])
@pytest.mark.parametrize("tag", ["1.0.0", "v1.0.0"])
def test_a_yanked_version_is_refused_however_it_is_spelt(wanted: str, tag: str, tmp_path: Path) -> None:
    repo = GitRepo.at(tmp_path / "team")
    repo.commit({"support/triage.yaml": prompt("support/triage")}, tag)
    repo.commit({"promptkit.toml": '[yanked]\n"support/triage@1.0.0" = "wrong language"\n'})
    code = "PK607" if wanted != "v1.0.0" or tag == wanted else "PK605"
    with pytest.raises(RepoError, match=code):
        pinned(repo, tmp_path / "service", wanted)


@pytest.mark.parametrize(
    ("tag", "yanked", "wanted"),
    [
        ("support/triage@1.1.0+b1", "support/triage@1.1.0", "support/triage@1.1.0+b1"),
        ("support/triage@1.1.0+b1", "support/triage@1.1.0+b1", "1.1.0"),
        ("support/triage@1.1.0+b1", "support/triage@1.1.0", "^1"),
        ("v1.1.0+b1", "1.1.0", "1.1.0"),
        ("v1.1.0+b1", "v1.1.0", "v1.1.0+b1"),
    ],
)
def test_what_was_yanked_was_so_in_all_its_builds(tag: str, yanked: str, wanted: str, tmp_path: Path) -> None:
    repo = GitRepo.at(tmp_path / "team")
    repo.commit({"support/triage.yaml": prompt("support/triage")}, tag)
    repo.commit({"promptkit.toml": f'[yanked]\n"{yanked}" = "wrong language"\n'})
    with pytest.raises(RepoError, match="PK607"):
        pinned(repo, tmp_path / "service", wanted)


def test_another_build_than_the_one_that_was_yanked_can_be_had(tmp_path: Path) -> None:
    repo = GitRepo.at(tmp_path / "team")
    first = repo.commit({"support/triage.yaml": prompt("support/triage")}, "v1.1.0+b1")
    repo.commit({"promptkit.toml": '[yanked]\n"1.1.0+b2" = "wrong language"\n'}, "v1.1.0+b2")
    assert pinned(repo, tmp_path / "service", "^1") == first


def test_of_two_tags_of_a_version_the_one_that_was_not_yanked_can_be_had(tmp_path: Path) -> None:
    repo = GitRepo.at(tmp_path / "team")
    repo.commit({"support/triage.yaml": prompt("support/triage")}, "v1.2.0")
    own = repo.commit({"support/triage.yaml": prompt("support/triage", text="Sort")}, "support/triage@1.2.0")
    repo.commit({"promptkit.toml": '[yanked]\n"1.2.0" = "wrong language"\n'})
    for number, wanted in enumerate(("1.2.0", "^1.0", "1.2", "support/triage@1.2.0")):
        assert pinned(repo, tmp_path / str(number), wanted) == own
    with pytest.raises(RepoError, match="PK607"):
        pinned(repo, tmp_path / "whole", "v1.2.0")
    with pytest.raises(RepoError, match="PK607"):
        pinned(repo, tmp_path / "rev", "", rev="v1.2.0")


def test_what_is_told_of_a_yank_is_told_of_its_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = GitRepo.at(tmp_path / "team")
    for build in ("b1", "b2"):
        repo.commit({"support/triage.yaml": prompt("support/triage", text=build)}, f"support/triage@1.1.0+{build}")
    for yanked, told in (("b1", False), ("b2", True)):
        repo.commit({"promptkit.toml": f'[yanked]\n"support/triage@1.1.0+{yanked}" = "wrong language"\n'})
        commit = repo.git("rev-parse", "support/triage@1.1.0+b2^{commit}")
        monkeypatch.chdir(project(tmp_path / yanked, {"acme": repo.path}, {TRIAGE: commit}))
        assert promptkit("repo", "update").code == 0
        assert ("was yanked" in promptkit("lock").err) == told
        assert ("was yanked" in promptkit("lock", "list").out) == told


@pytest.mark.parametrize("wanted", ["1.1.0", "^1", "support/triage@1.1.0"])
def test_what_the_whole_repo_yanked_is_not_a_prompt_that_was_released_by_itself(wanted: str, tmp_path: Path) -> None:
    repo = GitRepo.at(tmp_path / "team")
    repo.commit({"support/reply.yaml": prompt("support/reply")}, "v1.1.0")
    own = repo.commit({"support/triage.yaml": prompt("support/triage")}, "support/triage@1.1.0")
    repo.commit({"promptkit.toml": '[yanked]\n"v1.1.0" = "wrong language"\n'})
    assert pinned(repo, tmp_path / "service", wanted) == own
    repo.git("tag", "-f", "v1.1.0", own)  # now it was in it
    with pytest.raises(RepoError, match="PK607"):
        pinned(repo, tmp_path / "other", wanted)


def test_a_version_whose_two_tags_differ_is_ambiguous_until_one_of_them_is_named(team: GitRepo, tmp_path: Path) -> None:
    team.git("tag", "1.1.0", "v1.0.0^{commit}")
    with pytest.raises(RepoError, match="PK606"):
        pinned(team, tmp_path / "a", "1.1.0")
    assert pinned(team, tmp_path / "b", "v1.1.0") == team.git("rev-parse", "v1.1.0^{commit}")


def test_tags_that_are_no_semantic_versions_can_be_named_and_never_hide_a_range(team: GitRepo, tmp_path: Path) -> None:
    first = team.git("rev-parse", "v1.0.0^{commit}")
    team.git("tag", "2026.01.15", first)
    team.git("tag", "20260115", first)
    team.git("tag", "1.1", first)
    assert pinned(team, tmp_path / "a", "2026.01.15") == first
    assert pinned(team, tmp_path / "b", "20260115") == first
    with pytest.raises(RepoError, match="PK606"):
        pinned(team, tmp_path / "c", "1.1")


def test_names_with_dots_are_names(tmp_path: Path) -> None:
    repo = GitRepo.at(tmp_path / "team")
    repo.commit({"promptkit.toml": "", "gpt4.5.yaml": prompt("gpt4.5")}, "gpt4.5@1.0.0")
    with Workspace.at(project(tmp_path / "a", {"acme": repo.path}), online=True) as workspace:
        _, file, pin = workspace.source(Reference.of("acme/gpt4.5@^1"))
    assert (file, pin.version) == ("gpt4.5.yaml", "1.0.0")


def test_one_name_for_two_files_is_told_and_the_files_can_be_named(team: GitRepo, tmp_path: Path) -> None:
    team.commit({"support/reply.yml": prompt("support/reply", text="Another")})
    with Workspace.at(project(tmp_path / "a", {"acme": team.path}), online=True) as workspace:
        with pytest.raises(RepoError, match=r"PK606.*reply\.yaml and support/reply\.yml"):
            workspace.source(Reference.of("acme/support/reply@HEAD"))
        assert workspace.source(Reference.of("acme/support/reply.yml@HEAD"))[1] == "support/reply.yml"
    with contextlib.chdir(team.path):
        ran = promptkit("list")
    assert "support/reply.yaml" in ran.out
    assert "support/reply.yml" in ran.out


def test_projects_in_one_repository_have_tags_of_their_own(tmp_path: Path) -> None:
    repo = GitRepo.at(tmp_path / "mono")
    files = {f"{team}/promptkit.toml": "" for team in "ab"}
    files |= {f"{team}/triage.yaml": prompt("triage", text=team) for team in "ab"}
    commit = repo.commit(files)
    repo.git("config", "user.name", "Own")
    repo.git("config", "user.email", "own@here")
    for team in "ab":
        with contextlib.chdir(repo.path / team):
            assert promptkit("release", "-q").code == 0
    assert repo.git("tag").split() == ["a/triage@1.0.0", "b/triage@1.0.0"]
    for team in "ab":
        (tmp_path / team).mkdir()
        (tmp_path / team / "promptkit.toml").write_text(
            f'[repos.acme]\nurl = "{repo.path}"\nrev = "HEAD"\nfolder = "{team}"\n'
        )
        with Workspace.at(tmp_path / team, online=True) as workspace:
            source, file, pin = workspace.source(Reference.of("acme/triage@^1"))
            assert f"task: |\n  {team} " in source.read(file).decode()
            assert pin.commit != commit
