"""Which state a reference means: versions, ranges, aliases, tags, commits, branches; and what is said where none is."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from command_line import promptkit
from git_repos import GitRepo, project, prompt

from promptkit.errors import RepoError
from promptkit.repos.references import Reference
from promptkit.repos.workspace import Workspace


@pytest.fixture
def opened(team: GitRepo, tmp_path: Path, cache: Path) -> Workspace:
    folder = project(tmp_path / "service", {"acme": team.path}, rev="v1.0.0")
    return Workspace.at(folder, online=True)


def version(workspace: Workspace, text: str) -> str:
    source, path, pin = workspace.source(Reference.of(text))
    lines = source.read(path).decode().splitlines()
    stated = next(line.removeprefix("version: ") for line in lines if line.startswith("version:"))
    return f"{pin.version or pin.branch or 'commit'} says {stated}"


MEANT = {
    "acme/support/triage": "1.0.0 says 1.0.0",
    "acme/support/triage@1.0.0": "1.0.0 says 1.0.0",
    "acme/support/triage@^1": "1.2.0 says 1.2.0",
    "acme/support/triage@~1.1": "1.1.0 says 1.1.0",
    "acme/support/triage@<1.2": "1.1.0 says 1.1.0",
    "acme/support/triage@*": "1.2.0 says 1.2.0",
    "acme/support/triage@production": "1.0.0 says 1.0.0",
    "acme/support/triage@v1.1.0": "1.1.0 says 1.1.0",
    "acme/support/triage@HEAD": "HEAD says 1.2.0",
    "acme/support/triage@main": "main says 1.2.0",
    "acme/support/reply@^1": "1.1.0 says 1.0.0",
    "acme/support/triage.yaml@1.1.0": "1.1.0 says 1.1.0",
}


@pytest.mark.parametrize("text", MEANT)
def test_a_reference_means_one_state(text: str, opened: Workspace) -> None:
    assert version(opened, text) == MEANT[text]


def test_a_commit_is_meant_by_its_id_or_the_beginning_of_it(opened: Workspace, team: GitRepo) -> None:
    commit = team.git("rev-parse", "v1.1.0^{commit}")
    for text in (commit, commit[:7], commit[:20]):
        assert version(opened, f"acme/support/triage@{text}") == "commit says 1.1.0"


MISSED = {
    "acme/support/triag": ("PK605", "did you mean `acme/support/triage`?"),
    "acme/triage": ("PK605", "acme/support/triage"),
    "acme/support/triage@2.0.0": ("PK605", "versions: 1.2.0, 1.1.0, 1.0.0; aliases: production"),
    "acme/support/triage@prodution": ("PK605", "did you mean `production`?"),
    "acme/support/triage@deadbeef": ("PK605", "versions: 1.2.0"),
    "acmee/support/triage": ("PK605", "did you mean `acme`?"),
    "acme/_bas": ("PK605", ""),
    "acme/support/triage@support/triage@1.3.0": ("PK605", "versions: 1.2.0"),
    "acme/support/triage@a/../b": ("PK602", ""),
    "acme/support/triage@a//b": ("PK602", ""),
}


@pytest.mark.parametrize("text", MISSED)
def test_what_is_not_there_is_told_with_what_may_be_meant(text: str, opened: Workspace) -> None:
    code, hint = MISSED[text]
    with pytest.raises(RepoError) as raised:
        version(opened, text)
    assert (raised.value.code, hint in str(raised.value)) == (code, True)


def test_a_tag_on_what_is_no_commit_is_no_version(team: GitRepo, opened: Workspace, tmp_path: Path) -> None:
    team.git("tag", "v9.0.0", "v1.0.0^{tree}")
    team.git("tag", "-a", "-m", "x", "v9.1.0", "v1.0.0:promptkit.toml")
    opened.store(opened.declared.repo("acme")).update()
    assert version(opened, "acme/support/triage@*") == "1.2.0 says 1.2.0"
    with Workspace.at(team.path) as own:
        assert [str(each) for each in own.own().versions("support/triage")] == ["1.2.0", "1.1.0", "1.0.0"]


def test_versions_that_differ_in_their_build_alone_are_told_apart_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = GitRepo.at(tmp_path / "built")
    for build in "ab":
        repo.commit({"p.yaml": prompt("p", text=f"Built {build}")}, f"v1.0.0+{build}")
    monkeypatch.chdir(project(tmp_path / "service", {"acme": repo.path}, {"acme/p": "1.0.0+b"}))
    assert promptkit("repo", "update").code == 0
    for wanted in ("1.0.0", "^1"):
        ran = promptkit("render", f"acme/p@{wanted}", "-p", "ticket=x")
        assert (ran.code, "PK606" in ran.err) == (2, True), ran
    assert promptkit("lock").code == 0
    assert promptkit("lock", "verify").code == 0
    for build in "ab":
        assert f"Built {build} x" in promptkit("render", f"acme/p@1.0.0+{build}", "-p", "ticket=x").out
    assert promptkit("render", "acme/p@1.0.0+c", "-p", "ticket=x").code == 2


def test_a_prompt_is_named_with_its_ending_where_two_have_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = GitRepo.at(tmp_path / "two")
    repo.commit({"a/b.yaml": prompt("b", text="Long"), "a/b.yml": prompt("b", text="Short")}, "v1.0.0")
    monkeypatch.chdir(project(tmp_path / "service", {"acme": repo.path}, rev="v1.0.0"))
    assert promptkit("repo", "update").code == 0
    ran = promptkit("render", "acme/a/b", "-p", "ticket=x")
    assert (ran.code, "name it with its ending" in ran.err) == (2, True)
    for name, text in (("b.yaml", "Long x"), ("b.yml", "Short x"), ("b.yml@1.0.0", "Short x")):
        assert text in promptkit("render", f"acme/a/{name}", "-p", "ticket=x").out


NAMES = ["feature/x", "7.x", "2.0", "1.x-dev", "1.2-rc1", "2024.01-final", "rel/1.0", "support/triage@1.1.9-branch"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["branch", "tag"])
def test_what_git_can_name_can_be_wanted(
    name: str, kind: str, team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = team.git("rev-parse", "v1.0.0^{commit}")
    team.git(kind, name, commit)
    monkeypatch.chdir(project(tmp_path / "a", {"acme": team.path}, {"acme/support/triage": name}, rev=name))
    assert promptkit("lock").code == 0
    assert promptkit("lock", "verify").code == 0
    assert "Route x" in promptkit("render", f"acme/support/triage@{name}", "-p", "ticket=x").out
    monkeypatch.chdir(team.path)
    if "@" not in name:  # which names a prompt's own tag, and no state of the whole
        assert "support/triage" in promptkit("diff", name).out
    assert promptkit("repo", "check", "--against", name).code == 0


def test_a_version_that_two_tags_give_to_two_contents_is_ambiguous(team: GitRepo, opened: Workspace) -> None:
    team.git("tag", "support/triage@1.0.0", "main")
    opened.store(opened.declared.repo("acme")).update()
    with pytest.raises(RepoError, match="PK606") as raised:
        version(opened, "acme/support/triage@1.0.0")
    assert "support/triage@1.0.0 and v1.0.0 differ" in raised.value.message


def test_two_tags_of_one_content_are_not_ambiguous(team: GitRepo, opened: Workspace) -> None:
    team.git("tag", "support/triage@1.0.0", "v1.0.0^{commit}")
    opened.store(opened.declared.repo("acme")).update()
    assert version(opened, "acme/support/triage@1.0.0") == "1.0.0 says 1.0.0"


def test_a_yanked_version_is_passed_over_by_ranges_and_refused_by_name(team: GitRepo, opened: Workspace) -> None:
    text = '[yanked]\n"support/triage@1.2.0" = "sorts into the wrong team"\n"v1.1.0" = ""\n'
    team.commit({"promptkit.toml": text})
    opened.store(opened.declared.repo("acme")).update()
    assert version(opened, "acme/support/triage@^1") == "1.0.0 says 1.0.0"
    with pytest.raises(RepoError, match=r"PK607.*sorts into the wrong team"):
        version(opened, "acme/support/triage@1.2.0")
    with pytest.raises(RepoError, match=r"PK607.*no reason is given"):
        version(opened, "acme/support/reply@1.1.0")


ALIASES = {"gone": "9.9.9", "chained": "production", "broken": "::", "branch": "main"}


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_that_leads_to_no_version_is_dangling(alias: str, team: GitRepo, opened: Workspace) -> None:
    lines = ['[aliases."support/triage"]', 'production = "1.0.0"', f'{alias} = "{ALIASES[alias]}"']
    team.commit({"promptkit.toml": "\n".join(lines)})
    opened.store(opened.declared.repo("acme")).update()
    with pytest.raises(RepoError, match="PK613"):
        version(opened, f"acme/support/triage@{alias}")


def test_a_subfolder_is_the_root_of_a_repo(tmp_path: Path, cache: Path) -> None:
    repo = GitRepo.at(tmp_path / "mono")
    repo.commit(
        {
            "prompts/a.yaml": prompt("a", text='{% include "/x.md" %} {% include "../secret.md" ignore missing %}'),
            "prompts/x.md": "x",
            "secret.md": "secret",
        },
        "v1.0.0",
    )
    folder = project(tmp_path / "service", {"mono": repo.path}, rev="^1", folder="prompts")
    source, path, _ = Workspace.at(folder, online=True).source(Reference.of("mono/a"))
    assert path == "a.yaml"
    assert source.read("x.md") == b"x"


def test_nothing_is_fetched_unless_it_is_asked_for(team: GitRepo, tmp_path: Path, cache: Path) -> None:
    folder = project(tmp_path / "service", {"acme": team.path})
    with pytest.raises(RepoError, match=r"PK609.*has not been fetched") as raised:
        Workspace.at(folder).repo("acme")
    assert raised.value.help == "promptkit repo update acme"


def test_a_fault_that_was_mended_is_no_longer_listed(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.commit({"support/reply.yaml": prompt("support/reply", text='{% include "/_partials/new.md" %}')})
    monkeypatch.chdir(project(tmp_path / "service", {"acme": team.path}, rev="main"))
    assert promptkit("repo", "update").code == 0
    assert "1 error" in promptkit("list", "acme").out
    team.commit({"_partials/new.md": "Be kind."})
    assert promptkit("repo", "update").code == 0
    assert "error" not in promptkit("list", "acme").out
    assert promptkit("repo", "verify").code == 0


def test_the_day_of_a_change_is_that_of_the_state_that_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, day = GitRepo.at(tmp_path / "team"), 24 * 60 * 60
    for number, version in enumerate(("1.0.0", "1.1.0")):
        repo.commit({"a.yaml": prompt("a", version)}, f"v{version}", date=1_790_000_000 + number * 10 * day)
    days = []
    for rev in ("v1.0.0", "v1.1.0", "v1.0.0"):
        monkeypatch.chdir(project(tmp_path / "service", {"acme": repo.path}, rev=rev))
        assert promptkit("repo", "update").code == 0
        days.append(json.loads(promptkit("list", "acme", "--format", "json").out)["prompts"][0]["changed"][:10])
    assert days == ["2026-09-21", "2026-10-01", "2026-09-21"]


def test_a_yanked_version_is_not_what_a_repo_is_added_at(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.commit({"promptkit.toml": '[yanked]\n"v1.1.0" = "too harsh"\n'})
    (tmp_path / "promptkit.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert promptkit("repo", "add", "acme", team.path).code == 0
    assert 'rev = "v1.0.0"' in (tmp_path / "promptkit.toml").read_text()


def test_numbers_without_end_in_a_file_of_strangers_are_no_versions(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "1" * 5_000
    text = f'[aliases."support/triage"]\nlong = "{long}.0.0"\nrange = "^{long}"\n[yanked]\n"{long}.0.0" = "x"\n'
    team.commit({"promptkit.toml": text}, f"v{'9' * 100}.0.0")
    monkeypatch.chdir(project(tmp_path / "service", {"acme": team.path}, rev="v1.0.0"))
    assert promptkit("repo", "update").code == 0
    assert promptkit("repo", "verify").code == 1
    for wanted, code in (("long", 2), ("range", 2), ("9.9.9", 2), ("^1.0", 0)):
        assert promptkit("render", f"acme/support/triage@{wanted}", "-p", "ticket=x").code == code


def test_tags_that_give_one_version_to_two_states_of_the_whole_are_ambiguous(team: GitRepo) -> None:
    team.git("tag", "1.0.0", "HEAD")
    with contextlib.chdir(team.path):
        assert "PK606" in promptkit("diff", "=1.0.0", "HEAD").err


def test_a_repo_that_was_declared_once_and_is_gone_hinders_no_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = GitRepo.at(tmp_path / "own")
    files = {"promptkit.toml": '[repos.x]\npath = "shared"\n', "shared/promptkit.toml": "", "a.yaml": prompt("a")}
    own.commit(files)
    own.git("rm", "-rq", "shared")
    own.write({"promptkit.toml": ""})
    monkeypatch.chdir(own.path)
    assert promptkit("repo", "check", "--against", "HEAD").code == 0
    own.commit()
    assert promptkit("diff", "HEAD~1", "HEAD").code == 0
    assert promptkit("affected", "--since", "HEAD~1").code == 0


def test_a_list_is_right_as_soon_as_what_a_prompt_lacked_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://parts.example/parts"
    parts = GitRepo.at(tmp_path / "parts")
    parts.commit({"promptkit.toml": "", "x.md": "Be brief."}, "v1.0.0")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{parts.path}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", url)
    users = GitRepo.at(tmp_path / "users")
    body = prompt("p") + "persona: |\n  {% include 'parts/x.md' %}\n"
    users.commit({"promptkit.toml": f'[repos.parts]\nurl = "{url}"\n', "p.yaml": body}, "v1.0.0")
    folder = project(tmp_path / "project", {"users": users.path}, rev="v1.0.0")
    monkeypatch.chdir(folder)
    assert promptkit("repo", "update").code == 0
    for declared, errors in (({}, 1), ({"parts": url}, 0), ({}, 1)):
        project(folder, {"users": users.path, **declared}, rev="v1.0.0")
        assert promptkit("repo", "update").code == 0
        (row,) = json.loads(promptkit("list", "users", "--format", "json").out)["prompts"]
        assert row["checks"]["errors"] == errors
        assert promptkit("repo", "verify", "users").code == errors


def test_a_repo_that_cannot_be_opened_keeps_no_other_from_being_listed_and_verified(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path / "project", {"aaa": "https://127.0.0.1:9/none.git", "team": team.path}, rev="v1.0.0")
    monkeypatch.chdir(folder)
    assert promptkit("repo", "update", "team").code == 0
    ran = promptkit("repo", "verify")
    assert (ran.code, "aaa: 1 fault" in ran.out, "team: all good" in ran.out) == (1, True, True), ran
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/promptkit.toml").write_text("[[[")
    (folder / "promptkit.toml").write_text(f'[repos.b]\npath = "../broken"\n[repos.team]\nurl = "{team.path}"\n')
    ran = promptkit("repo", "list")
    assert (ran.code, "team" in ran.out) == (0, True), ran


def test_files_that_are_no_prompts_hinder_no_lock(
    team: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path / "service", {"acme": team.path}, {"acme/support/triage": "^1.0"})
    (folder / "compose.yaml").write_text("services:\n  app:\n    image: ghcr.io/acme/app@sha256:0123\n")
    monkeypatch.chdir(folder)
    assert promptkit("lock").code == 0
