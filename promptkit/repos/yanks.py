"""Yanks: `[yanked]` in a template repo's own file names versions that nobody should take any more, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.repos import nearest
from promptkit.repos.names import bare_name
from promptkit.repos.versions import read_version

if TYPE_CHECKING:
    from semver import Version

    from promptkit.repos.git_repo import GitRepo

__all__ = ["Yank"]


def _as_tagged(repo: GitRepo, name: str, version: Version) -> set[str]:
    """A version of a prompt as the tags that have it spell it, and without their build metadata."""
    named = {repo.tags.version(tag, name) for tag in repo.tags.versions(name)[version] if repo.has(name, tag)}
    return named | {each.partition("+")[0] for each in named}


@dataclass(frozen=True, slots=True)
class Yank:
    """A version of one prompt, or of the whole repo (no name)."""

    name: str
    version: str

    @classmethod
    def of(cls, text: str) -> Yank:
        """Read `support/triage@1.1.0`, `1.1.0` or `v1.1.0`. Raises `RepoError`."""
        name, at, version = text.rpartition("@")
        version = version if at else version.removeprefix("v")
        if (at and not name) or read_version(version) is None:
            plain = version.removeprefix("v")
            whole = (f"{name}@{plain}" if name else plain) if at and read_version(plain) else ""
            cure = f'write it as "{whole}"' if whole else "it is PROMPT@VERSION, such as support/triage@1.1.0, or 1.1.0"
            raise RepoError(f"`{text}` is no version that could be yanked", code="PK616", help=cure)
        return cls(bare_name(name), version)

    @property
    def spellings(self) -> tuple[str, ...]:
        """The keys under `[yanked]` that mean it."""
        return (str(self),) if self.name else (self.version, f"v{self.version}")

    def __str__(self) -> str:
        return f"{self.name}@{self.version}" if self.name else self.version

    def require(self, repo: GitRepo) -> None:
        """Raises `RepoError` where no tag of a repo names the version."""
        known = read_version(self.version)
        if known not in repo.tags.versions(self.name) or self.version not in _as_tagged(repo, self.name, known):
            cure = f"versions: {nearest.versions(repo, self.name)}"
            what = f"`{repo.called(self.name)}`" if self.name else repo.whole
            raise RepoError(f"no version {self.version} of {what} was released", code="PK616", help=cure)
