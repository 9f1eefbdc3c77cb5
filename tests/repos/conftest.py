"""What the tests of template repos share: a cache of their own, and a team's repo."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_repos import GitRepo, prompt


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that no other test has."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("PROMPTKIT_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def team(tmp_path: Path) -> GitRepo:
    """A template repo: whole versions 1.0.0 and 1.1.0, one of a prompt alone, an alias, shared parts, a schema."""
    repo = GitRepo.at(tmp_path / "team")
    triage = prompt("support/triage") + "extends: ../_base.yaml\noutput: {schema: {$ref: ../schemas/t.json}}\n"
    triage = triage.replace("Route", '{% include "/_partials/rules.md" %} Route')
    repo.commit(
        {
            "promptkit.toml": '[aliases."support/triage"]\nproduction = "1.0.0"\n',
            "_base.yaml": "persona: You are kind.\n",
            "_partials/rules.md": "Be brief.",
            "schemas/t.json": '{"type": "object", "properties": {"team": {"type": "string"}}, "required": ["team"]}',
            "support/triage.yaml": triage,
            "support/reply.yaml": prompt("support/reply", text="Answer"),
        },
        "v1.0.0",
    )
    repo.commit({"support/triage.yaml": triage.replace("1.0.0", "1.1.0").replace("Route", "Send")}, "v1.1.0")
    repo.commit(
        {"support/triage.yaml": triage.replace("1.0.0", "1.2.0").replace("Route", "Sort")}, "support/triage@1.2.0"
    )
    return repo
