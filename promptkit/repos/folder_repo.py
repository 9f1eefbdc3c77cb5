"""`FolderRepo`: a plain folder as a repo, which has one state: the one that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.repos.declared import Declarations
from promptkit.repos.mounts import Mount
from promptkit.repos.names import by_name, one_file
from promptkit.repos.references import Pin
from promptkit.repos.repo import Repo
from promptkit.settings import PROJECT_FILE
from promptkit.source import Folder
from promptkit.template_paths import prompt_files

if TYPE_CHECKING:
    from pathlib import Path

    from semver import Version

__all__ = ["FolderRepo", "folder_facts"]


class FolderRepo(Repo):
    """A folder with templates. What is asked of its versions has the answer that there are none."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name)
        self.path = path
        self._facts = folder_facts(path)

    @property
    def facts(self) -> Declarations:
        """See `Repo.facts`."""
        return self._facts

    def pin(self, path: str, wanted: str = "") -> Pin:
        """See `Repo.pin`: the state that is there. Raises `RepoError` where another is wanted."""
        if wanted:
            message = f"{self.whole} is a plain folder, and has no `{wanted}` of `{path}`"
            raise RepoError(message, code="PK605", help="versions are kept by git: give the repo a `url`")
        return Pin("")

    def at(self, pin: Pin) -> Mount:
        """See `Repo.at`."""
        return Mount(Folder(self.path), self.facts, pin, self._find, self._prompts)

    def _find(self, path: str) -> str:
        return one_file(path, lambda name: (self.path / name).is_file())

    def _prompts(self) -> dict[str, str]:
        return by_name(prompt_files(self.path))

    def versions(self, path: str) -> list[Version]:  # noqa: ARG002 (`Repo`'s, as in all below)
        """See `Repo.versions`."""
        return []

    def why_yanked(self, path: str, version: Version | str) -> str:
        """See `Repo.why_yanked`."""
        return self.facts.why_yanked(path, version)

    def yanked_at(self, path: str, commit: str) -> str:  # noqa: ARG002
        """See `Repo.yanked_at`."""
        return ""

    def unfit(self, path: str, wanted: str, pin: Pin) -> str:  # noqa: ARG002
        """See `Repo.unfit`."""
        return "a commit is locked, and the repo is a plain folder" if pin.commit else ""

    def moved(self, path: str, wanted: str, pin: Pin) -> None:
        """See `Repo.moved`."""


def folder_facts(folder: Path) -> Declarations:
    """What a plain folder's own file says; it may name places of this machine, being one itself."""
    from promptkit.tomlfile import load_toml

    path = folder / PROJECT_FILE
    tables = load_toml(path) if path.is_file() else {}
    return Declarations.of(tables, str(path), folder)
