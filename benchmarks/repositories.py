"""Template repos: a locked prompt beside its file on disk, listing from the index, a diff beside its renderings."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from benchmarks.measure import Side, calls, process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.setting import Setting

LOCKED_GOAL, DIFF_GOAL = 2.0, 3.0
_PATH = "support/triage.yaml"
_PROMPT = """\
name: {name}
version: 1.0.0
description: Prompt number {number}.
inputs: {{ticket: string}}
task: |
  Route {{{{ ticket }}}}
"""


def make_repo(folder: Path, prompts: int, tags: int) -> None:
    """A repository with the project's own template for support and many small prompts, at one commit with many tags."""
    templates = Path(__file__).parent.parent / "templates"
    for path in ("promptkit.toml", "_base.yaml", "_partials/house_rules.md", _PATH):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes((templates / path).read_bytes())
    for number in range(prompts):
        name = f"team{number // 100}/p{number}"
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(_PROMPT.format(name=name, number=number), encoding="utf-8")
    people = {f"GIT_{who}_{what}": "bench" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **people, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}

    def git(*arguments: str, given: str = "") -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment, input=given, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "all")
    head = git("rev-parse", "HEAD")
    git("update-ref", "--stdin", given="".join(f"create refs/tags/v1.{tag}.0 {head}\n" for tag in range(tags)))


@contextmanager
def _project(setting: Setting, prompts: int, tags: int) -> Iterator[Path]:
    """A project that has fetched such a repo, and locked a prompt of it; the working folder while it lasts."""
    from promptkit.repos.locking import make_lock, project_lock
    from promptkit.repos.using import Relocked
    from promptkit.repos.workspace import Workspace

    repo, service = setting.folder / "repo", setting.folder / "service"
    make_repo(repo, prompts, tags)
    service.mkdir()
    text = f'[repos.acme]\nurl = "{repo}"\nrev = "^1"\n[prompts]\n"acme/support/triage" = "^1"\n'
    (service / "promptkit.toml").write_text(text, encoding="utf-8")
    with patch.dict(os.environ, {"PROMPTKIT_CACHE_DIR": str(setting.folder / "cache")}), chdir(service):
        with Workspace.at(online=True) as workspace:
            lock = project_lock(workspace)
            Relocked(lock, make_lock(workspace, lock)).write()
        yield service


@contextmanager
def locked_sides(setting: Setting) -> Iterator[list[Side]]:
    """The same prompt, from its file and by the lock."""
    from promptkit import Prompt

    with _project(setting, 10, 10 if setting.quick else 1_000):
        path = setting.folder / "repo" / _PATH
        assert Prompt.load("acme/support/triage").digest == Prompt.from_yaml(path).digest
        yield [
            calls("promptkit, from the file", lambda _: Prompt.from_yaml(path), block=setting.block),
            calls(
                "promptkit, by the lock",
                lambda _: Prompt.load("acme/support/triage"),
                block=setting.block,
                goal=LOCKED_GOAL,
            ),
        ]


@contextmanager
def list_sides(setting: Setting) -> Iterator[list[Side]]:
    """The command, when the index is there. Its goal is a second of CPU, which is no ratio."""
    start = "from promptkit.cli.main import entry; entry(['list', 'acme'])"
    with _project(setting, *((20, 5) if setting.quick else (10_000, 1_000))) as service:
        root = str(Path(__file__).parent.parent)
        environment = {**os.environ, "PYTHONPATH": root}

        def side(name: str, code: str) -> Side:
            return process(name, [sys.executable, "-c", code], environment=environment, folder=service)

        side("once", start).sample()
        yield [side("python -c pass", "pass"), side("promptkit list", start)]


@contextmanager
def diff_sides(setting: Setting) -> Iterator[list[Side]]:
    """Rendering both states over the saved inputs, and the whole diff of them."""
    from promptkit import Prompt
    from promptkit.repos.diff.diff import Case, diff

    text = (Path(__file__).parent.parent / "templates" / _PATH).read_text(encoding="utf-8")
    text = text.replace("extends: ../_base.yaml\n", "")
    before = Prompt.from_text(text)
    after = Prompt.from_text(text.replace("right team", "best team").replace("1.0.0", "1.1.0"))
    cases = [Case(str(number), {"ticket": f"I was charged {number} times in March."}) for number in range(3)]
    assert diff(before, after, cases).level == "minor"

    def both(_: int) -> None:
        for case in cases:
            before.render(case.inputs)
            after.render(case.inputs)

    yield [
        calls("rendering both", both, block=setting.block),
        calls("promptkit diff", lambda _: diff(before, after, cases), block=setting.block, goal=DIFF_GOAL),
    ]
