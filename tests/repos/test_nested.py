"""A template repo that uses another one: what was released is the text that it was released with."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import promptkit
from git_repos import GitRepo, project, prompt

from promptkit import Prompt

URL = "https://common.example/common"


@pytest.fixture
def common(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A repo of shared parts, which git finds on this machine under a URL."""
    repo = GitRepo.at(tmp_path / "common")
    repo.commit({"promptkit.toml": "", "_voice.md": "loud"}, "v1.0.0")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{repo.path}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", URL)
    return repo


def using(place: Path, url: str) -> GitRepo:
    """A template repo whose prompt includes a shared part, locked and released as 1.0.0."""
    repo = GitRepo.at(place)
    repo.git("config", "user.name", "Own")
    repo.git("config", "user.email", "own@here")
    project(place, {"common": url}, rev="^1")
    repo.write({"support/mail.yaml": prompt("support/mail", text='{% include "common/_voice.md" %}')})
    assert promptkit("repo", "update").code == 0
    return repo


@pytest.mark.parametrize("local", [False, True])
def test_what_a_lock_moves_is_a_change_of_the_prompt(
    local: bool, common: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "team").mkdir()
    monkeypatch.chdir(tmp_path / "team")
    repo = using(tmp_path / "team", str(common.path) if local else URL)
    repo.commit()
    ran = promptkit("release")
    assert (ran.code, "error[PK612]: it uses `common/_voice.md`, which is not locked" in ran.err) == (2, True), ran.err
    assert "error[PK612]: it uses `common/_voice.md`" in promptkit("repo", "check", "--against", "HEAD").out
    assert promptkit("lock").code == 0
    repo.commit()
    assert promptkit("release").code == 0

    common.commit({"_voice.md": "whisper"}, "v1.1.0")
    assert promptkit("repo", "update").code == 0
    assert "no prompt changed" in promptkit("diff", "HEAD").err
    assert promptkit("lock", "update").code == 0
    assert "support/mail" in promptkit("affected").out
    assert "[-loud-]{+whisper+}" in promptkit("diff", "support/mail.yaml").out
    checked = promptkit("repo", "check", "--against", "HEAD")
    assert (checked.code, "changed since its release 1.0.0, and its version did not" in checked.out) == (1, True)
    repo.commit()
    assert "changed since its release 1.0.0" in promptkit("repo", "check", "--against", "HEAD~1").out
    assert promptkit("release").code == 2
    assert promptkit("bump", "support/mail.yaml").code == 0
    repo.commit()
    assert promptkit("release").code == 0
    for version, voice in (("1.0.0", "loud"), ("1.1.0", "whisper")):
        rendered = promptkit("render", f"support/mail@{version}", "-p", "ticket=x").out
        assert f"{voice} x" in rendered


def test_a_consumer_gets_the_text_that_was_released(
    common: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "team").mkdir()
    monkeypatch.chdir(tmp_path / "team")
    repo = using(tmp_path / "team", URL)
    assert promptkit("lock").code == 0
    repo.commit()
    assert promptkit("release").code == 0
    common.commit({"_voice.md": "whisper"}, "v1.1.0")

    service = project(tmp_path / "service", {"team": repo.path, "common": URL}, {"team/support/mail": "^1"})
    monkeypatch.chdir(service)
    (service / "mine.yaml").write_text("extends: team/support/mail.yaml@^1\npersona: You are kind.\n")
    assert promptkit("repo", "update").code == 0
    assert Prompt.load("team/support/mail").render(ticket="x").messages[-1].content == "loud x"
    assert promptkit("lock").code == 0
    assert promptkit("lock", "verify").code == 0
    assert Prompt.load("team/support/mail").render(ticket="x").messages[-1].content == "loud x"


def test_the_outermost_lock_says_what_is_used_however_deep_it_lies(
    common: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    middle = GitRepo.at(tmp_path / "middle")
    url = "https://middle.example/middle"
    for key, value in (("COUNT", "2"), ("KEY_1", f"url.{middle.path}.insteadOf"), ("VALUE_1", url)):
        monkeypatch.setenv(f"GIT_CONFIG_{key}", value)
    project(middle.path, {"common": URL}, rev="^1")
    middle.commit({"_tone.md": '{% include "common/_voice.md" %}'}, "v1.0.0")  # it locks nothing itself

    team = GitRepo.at(tmp_path / "team")
    project(team.path, {"middle": url, "common": URL}, rev="^1")
    team.write({"support/mail.yaml": prompt("support/mail", text='{% include "middle/_tone.md" %}')})
    monkeypatch.chdir(team.path)
    for words in (("repo", "update"), ("lock",)):
        assert promptkit(*words).code == 0
    team.commit(None, "support/mail@1.0.0")
    common.commit({"_voice.md": "whisper"}, "v1.1.0")
    assert promptkit("repo", "update").code == 0
    for state in ("support/mail.yaml", "support/mail.yaml@HEAD"):
        assert "loud x" in promptkit("render", state, "-p", "ticket=x").out
    assert "no prompt changed" in promptkit("diff", "HEAD").err

    service = project(
        tmp_path / "service", {"team": team.path, "middle": url, "common": URL}, {"team/support/mail": "^1"}
    )
    (service / "mine.yaml").write_text("extends: team/support/mail.yaml@^1\npersona: You are kind.\n")
    monkeypatch.chdir(service)
    assert promptkit("repo", "update").code == 0
    for _ in range(2):  # as it is wanted, and from the lock
        for name in ("team/support/mail", "mine.yaml"):
            assert "loud x" in promptkit("render", name, "-p", "ticket=x").out
        assert promptkit("lock").code == 0
        assert promptkit("lock", "verify").code == 0


def test_a_plain_folder_uses_its_own_repo_and_not_one_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        GitRepo.at(tmp_path / name).commit({"promptkit.toml": "", "v.md": f"from {name}"}, "v1.0.0")
    shared = project(tmp_path / "shared", {"common": tmp_path / "b"}, rev="v1.0.0")
    (shared / "p.yaml").write_text(prompt("p", text='{% include "common/v.md" %}'))
    folder = project(tmp_path / "mine", {"common": tmp_path / "a"}, rev="v1.0.0")
    text = (folder / "promptkit.toml").read_text() + '\n[repos.shared]\npath = "../shared"\n'
    (folder / "promptkit.toml").write_text(text)
    monkeypatch.chdir(folder)
    assert promptkit("repo", "update").code == 0
    ran = promptkit("render", "shared/p", "-p", "ticket=x")
    assert (ran.code, "PK608" in ran.err, "from a" in ran.out) == (2, True, False), ran
    (folder / "promptkit.toml").write_text(f'{text}\n[repos.other]\nurl = "{tmp_path / "b"}"\n')
    assert promptkit("repo", "update").code == 0
    assert "from b" in promptkit("render", "shared/p", "-p", "ticket=x").out
