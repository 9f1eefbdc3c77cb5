"""How a locked prompt stands to what its repo has now."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from promptkit.errors import PromptkitError, RepoError
from promptkit.repos.references import Reference
from promptkit.repos.verifying import yanked_of

if TYPE_CHECKING:
    from promptkit.repos.lock import Locked
    from promptkit.repos.workspace import Workspace

__all__ = ["Standing", "standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is wanted of a prompt, what is locked, the newest that is wanted, the newest of all; versions or commits."""

    name: str
    wanted: str
    locked: str
    allowed: str = ""
    newest: str = ""
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for machines."""
        return asdict(self)


def standing(workspace: Workspace, entry: Locked) -> Standing:
    """How one locked prompt stands, as of the last fetch."""
    locked = entry.shown
    if entry.is_own:
        told = "; ".join(_yanked(workspace, entry))
        return Standing(entry.name, "", locked, note=told or "a prompt of this project")
    reference = Reference.of(str(entry))
    try:
        if workspace.declared.repo(reference.repo).url is None:
            return Standing(entry.name, entry.wanted, locked, note="a plain folder")
        repo = workspace.repo(reference.repo)
        newest = next((str(each) for each in repo.versions(reference.path) if not each.prerelease), "")
        gone = f"it is in the newest commit of `{repo.name}` no more" if repo.is_gone(reference.path) else ""
        note = repo.yanked_at(reference.path, entry.commit) or gone
        allowed = repo.pin(reference.path, reference.wanted).shown
    except RepoError as error:
        return Standing(entry.name, entry.wanted, locked, note=error.message)
    return Standing(entry.name, entry.wanted, locked, allowed, newest, note)


def _yanked(workspace: Workspace, entry: Locked) -> list[str]:
    try:
        return list(yanked_of(workspace, entry))
    except PromptkitError as error:
        return [error.message]
