"""The project's own templates are a template repo: versions, aliases and a changelog that agree."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from command_line import promptkit
from git_repos import GitRepo, project

from promptkit import Prompts
from promptkit.repos.folder_repo import folder_facts

TEMPLATES = Path(__file__).parents[2] / "templates"


def test_every_template_has_its_name_a_version_and_an_entry_in_the_changelog() -> None:
    entries = re.findall(
        r"^## (\S+) (\S+) \(\d{4}-\d\d-\d\d\)$", (TEMPLATES / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    prompts = Prompts.from_folder(TEMPLATES)
    assert {name: prompt.spec.name for name, prompt in prompts.items()} == {name: name for name in prompts}
    assert {(name, prompt.spec.version) for name, prompt in prompts.items()} <= set(entries)


def test_every_alias_leads_to_a_version_that_was_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    repo = GitRepo.at(tmp_path / "templates")
    repo.commit()
    repo.git("config", "user.name", "me")
    repo.git("config", "user.email", "me@here")
    monkeypatch.chdir(repo.path)
    assert promptkit("release", "-q").code == 0
    assert promptkit("repo", "check", "--against", "HEAD").code == 0
    monkeypatch.chdir(project(tmp_path / "service", {"own": repo.path}, rev="main"))
    assert promptkit("repo", "update").code == 0
    aliases = folder_facts(TEMPLATES).aliases
    assert aliases
    for name, targets in aliases.items():
        for alias in targets:
            assert promptkit("schema", "--inputs", f"own/{name}@{alias}").code == 0
