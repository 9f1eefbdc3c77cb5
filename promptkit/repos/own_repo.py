"""The git repository in which a project lies, as a repo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from promptkit.repos.git_repo import GitRepo
from promptkit.repos.local import GitDirectory, View
from promptkit.repos.objects import Objects
from promptkit.repos.store import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack
    from pathlib import Path

__all__ = ["own_repo"]

_COMMIT_BYTES = 1 << 20


def own_repo(folder: Path, closing: ExitStack) -> GitRepo:
    """The git repository in whose worktree a folder lies, from that folder's point of view. Raises `RepoError`."""
    directory = GitDirectory.holding(folder)
    view = View(directory)
    closing.callback(view.close)
    objects = Objects(view.path)
    closing.callback(objects.close)
    state = State(_commit(objects, view.head), _Commits(objects, view.refs))
    return GitRepo("", state, objects.get, folder=directory.inside(folder), git_dir=view.path, root=folder)


def _commit(objects: Objects, id: str) -> str:
    found = objects.get(f"{id}^{{commit}}", _COMMIT_BYTES) if id else None
    return found.id if found is not None else ""


class _Commits(Mapping[str, str]):
    """The commits of references, each looked up when it is asked for: a repository may have thousands.

    What a reference to a file or to nothing leads to is the empty text.
    """

    def __init__(self, objects: Objects, refs: Mapping[str, str]) -> None:
        self._objects = objects
        self._refs = refs
        self._known: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = _commit(self._objects, self._refs[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._refs)

    def __len__(self) -> int:
        return len(self._refs)
