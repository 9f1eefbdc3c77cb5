"""`Opener`: the mounts of what files name of other repos, each at the commit that is pinned, or as it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.errors import LockError
from promptkit.repos.references import Pin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.repos.mounts import Mount, Named
    from promptkit.repos.repo import Repo
    from promptkit.repos.workspace import Workspace

__all__ = ["Opener"]


class Opener:
    """Opens mounts for a project, which has `pins` of them: name to commit.

    When it `is_frozen`, nothing of a git repo is opened that has no pin. When it `is_proving`, a pin holds only where
    no lock on the way pins otherwise, and where what is wanted can have led there: a lock may have been edited.
    """

    def __init__(
        self,
        workspace: Workspace,
        pins: Mapping[str, str] | None = None,
        *,
        is_frozen: bool = False,
        is_proving: bool = False,
    ) -> None:
        self._workspace = workspace
        self._pins = pins or {}
        self._is_frozen = is_frozen
        self._is_proving = is_proving

    def __call__(self, named: Named) -> Mount:
        """The mount of what is named. Raises `RepoError`; `LockError` where only what is pinned may be opened."""
        reference, commit = named.reference, self._pins.get(named.mount, "")
        path, wanted = reference.path, reference.wanted
        if self._is_frozen and not commit and named.declared.repo(reference.repo).url is not None:
            raise LockError(f"`{reference}` is not locked", help="promptkit lock")
        repo = self._workspace.used(named.declared, reference)
        if self._is_proving and (named.released or (commit and not _may_lead(repo, path, wanted, commit))):
            commit = ""
        return repo.at(repo.pin(path, commit or named.released or wanted))


def _may_lead(repo: Repo, path: str, wanted: str, commit: str) -> bool:
    """Whether what is wanted can have led to a commit."""
    pin = Pin(commit)
    return not repo.unfit(path, wanted, pin) and repo.moved(path, wanted, pin) is None
