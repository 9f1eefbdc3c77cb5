"""`Repo`: what the users of a template repo know of it, be it a git repository or a plain folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from promptkit.errors import RepoError

if TYPE_CHECKING:
    from semver import Version

    from promptkit.repos.declared import Declarations
    from promptkit.repos.mounts import Mount
    from promptkit.repos.references import Pin

__all__ = ["Repo"]


class Repo(ABC):
    """A template repo; `name` is what its user calls it, and empty for the one at hand."""

    rev = ""
    """The state that is meant where none is named; empty is the newest."""

    def __init__(self, name: str) -> None:
        self.name = name

    def called(self, path: str) -> str:
        """A path of it as its user would write it."""
        return "/".join(filter(None, (self.name, path))) or "this repository"

    @property
    def whole(self) -> str:
        """The repo itself, as its user would write it."""
        return f"`{self.name}`" if self.name else "this repository"

    @property
    @abstractmethod
    def facts(self) -> Declarations:
        """What its own file says now: aliases, yanked versions, its own repos.

        Raises `RepoError` or `LockError` for a file that cannot be used.
        """

    @abstractmethod
    def pin(self, path: str, wanted: str = "") -> Pin:
        """The state of a prompt or a file that is wanted; without a wish, the one of its `rev`.

        Raises `RepoError` for what is not there, is ambiguous, or was yanked.
        """

    @abstractmethod
    def at(self, pin: Pin) -> Mount:
        """One of its states. Raises `RepoError` or `LockError` for one that is not here or cannot be used."""

    @abstractmethod
    def versions(self, path: str) -> list[Version]:
        """The versions in which a prompt can be had, the newest first; yanked ones are left out."""

    @abstractmethod
    def why_yanked(self, path: str, version: Version | str) -> str:
        """Why a version of a prompt, or of the whole repo, was yanked; empty where it was not."""

    @abstractmethod
    def yanked_at(self, path: str, commit: str) -> str:
        """Which version of a prompt stands at a commit and was yanked, and why; empty where none was."""

    def is_gone(self, path: str) -> bool:  # noqa: ARG002 (asked of repos with a history)
        """Whether a prompt is not in the newest state any more, so that no newer version of it will come."""
        return False

    @abstractmethod
    def unfit(self, path: str, wanted: str, pin: Pin) -> str:
        """Why what is wanted cannot have led to a state, in words; empty where it can. Raises `RepoError`."""

    @abstractmethod
    def moved(self, path: str, wanted: str, pin: Pin) -> tuple[str, str] | None:
        """Which name does not lead to a state any more (a tag, a version, a branch), and how; None where all do."""

    def require(self, path: str, pin: Pin) -> str:
        """The file of a pinned prompt. Raises `RepoError`, with what may have been meant, where it is not there."""
        from promptkit.repos import nearest

        state = self.at(pin)
        found = state.find(path)
        if not found:
            there = f" at {pin.shown}" if pin.commit else ""
            message = f"there is no `{path}` in {self.whole}{there}"
            raise RepoError(message, code="PK605", help=nearest.prompts(self, path, state))
        return found
