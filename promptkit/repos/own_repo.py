"""The git repository in which a project lies, as a repo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from promptkit.repos.git.local import GitDirectory, View
from promptkit.repos.git.objects import Objects, Reach
from promptkit.repos.git.store import State
from promptkit.repos.git_repo import GitRepo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack
    from pathlib import Path

__all__ = ["own_repo"]


def own_repo(folder: Path, closing: ExitStack) -> GitRepo:
    """The git repository in whose worktree a folder lies, from that folder's point of view. Raises `RepoError`."""
    directory = GitDirectory.holding(folder)
    view = View(directory)
    closing.callback(view.close)
    objects = Objects(view.path)
    closing.callback(objects.close)
    reach = Reach(view.path, objects.get)
    state = State(reach.commit(view.head), _Commits(reach, view.refs))
    return GitRepo("", state, reach, folder=directory.inside(folder), root=folder)


class _Commits(Mapping[str, str]):
    """The commits of references, each looked up when it is asked for: a repository may have thousands.

    What a reference to a file or to nothing leads to is the empty text.
    """

    def __init__(self, reach: Reach, refs: Mapping[str, str]) -> None:
        self._reach = reach
        self._refs = refs
        self._known: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = self._reach.commit(self._refs[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._refs)

    def __len__(self) -> int:
        return len(self._refs)
