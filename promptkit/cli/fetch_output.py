"""Fetching a declared repo, and saying so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.cli.report import say

if TYPE_CHECKING:
    from promptkit.repos.declared import DeclaredRepo
    from promptkit.repos.git.store import State
    from promptkit.repos.workspace import Workspace


def fetch(
    workspace: Workspace, repo: str | DeclaredRepo, *, anew: bool = False, quiet: bool = False
) -> tuple[State | None, State] | None:
    """Fetch a repo, into a new copy where it shall be `anew`: its states before and now; None for a plain folder.

    Tags that were moved or deleted are told. Raises `RepoError`.
    """
    from promptkit.repos.git.store import changed_tags

    declared = workspace.declared.repo(repo) if isinstance(repo, str) else repo
    if declared.url is None:
        return None
    say(f"fetching {declared.place}", quiet=quiet)
    before, now = workspace.fetch(
        declared,
        lambda: say("waiting for another fetch of it", quiet=quiet),
        anew=anew,
        mending=lambda: say(f"warning[PK609]: {declared.name}: its copy in the cache is damaged; it is fetched anew"),
    )
    moved, gone, _ = changed_tags(before, now)
    for tag in moved:
        say(f"warning[PK611]: {declared.name}: the tag `{tag}` was moved to another commit")
    for tag in gone:
        say(f"warning[PK611]: {declared.name}: the tag `{tag}` was deleted")
    return before, now
