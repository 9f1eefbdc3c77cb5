"""Real git repositories for tests, made by the real git in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROMPT = """\
name: {name}
version: {version}
inputs: {{ticket: string}}
task: |
  {text} {{{{ ticket }}}}
"""


def prompt(name: str, version: str = "1.0.0", text: str = "Route") -> str:
    """A small prompt."""
    return PROMPT.format(name=name, version=version, text=text)


@dataclass(frozen=True)
class GitRepo:
    """A repository in a folder."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> GitRepo:
        """Make one."""
        path.mkdir(parents=True, exist_ok=True)
        repo = cls(path)
        repo.git("init", "-q", "-b", "main")
        return repo

    def git(self, *arguments: str, given: str = "", date: int = 1_790_000_000) -> str:
        """Run git there."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        people = {f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        dates = {f"GIT_{who}_DATE": f"{date} +0000" for who in ("AUTHOR", "COMMITTER")}
        alone = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=kept | people | dates | alone,
            input=given,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def write(self, files: dict[str, str]) -> GitRepo:
        """Write files."""
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_bytes(text.encode())
        return self

    def commit(self, files: dict[str, str] | None = None, *tags: str, date: int = 1_790_000_000) -> str:
        """Write files, commit all that is there, and tag it; the commit's id."""
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change", date=date)
        for tag in tags:
            self.git("tag", "-a", "-m", tag, tag)
        return self.git("rev-parse", "HEAD")


def project(place: Path, /, repos: dict[str, Path | str], prompts: dict[str, str] | None = None, **more: str) -> Path:
    """A project that declares repos and uses prompts of them."""
    place.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    for name, url in repos.items():
        lines += [f"[repos.{name}]", f'url = "{url}"', *(f'{key} = "{value}"' for key, value in more.items()), ""]
    lines += ["[prompts]", *(f'"{name}" = "{wanted}"' for name, wanted in (prompts or {}).items())]
    (place / "promptkit.toml").write_text("\n".join(lines) + "\n")
    return place
