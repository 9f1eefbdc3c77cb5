"""What git's index has: the files that are tracked, as they will be committed. The index itself is only ever copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.repos.git.command import git
from promptkit.repos.git.local import GitDirectory, View

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["copied_index", "present", "tracked"]


def copied_index(directory: GitDirectory, folder: Path) -> Path | None:
    """A copy of the index in a folder, with all halves of one in several files; None where there is no index."""
    path = directory.own / "index"
    if not path.is_file() or path.is_symlink():
        return None
    copy = folder / "index"
    copy.write_bytes(path.read_bytes())
    for half in directory.own.glob("sharedindex.*"):
        (folder / half.name).write_bytes(half.read_bytes())
    return copy


def tracked(folder: Path) -> list[str]:
    """The files under a folder that git tracks, committed or not yet. Raises `RepoError` for one in no repository."""
    return _listed(folder, "--cached")


def present(folder: Path) -> list[str]:
    """The same, and those that git would track if it were asked: all but those that a `.gitignore` names.

    What lies in a repository of its own below, such as a submodule, is none.
    """
    return _listed(folder, "--cached", "--others", "--exclude-standard")


def _listed(folder: Path, *which: str) -> list[str]:
    directory = GitDirectory.holding(folder)
    inside, view = directory.inside(folder), View(directory)
    assert directory.worktree is not None
    try:
        named = {"GIT_INDEX_FILE": str(view.path / "index"), "GIT_WORK_TREE": str(directory.worktree.absolute())}
        if copied_index(directory, view.path) is None and view.head:
            git(view.path, "read-tree", view.head, variables=named)
        listed = git(view.path, "ls-files", "-z", *which, variables=named)
    finally:
        view.close()
    names = listed.decode("utf-8", "replace").split("\0")
    prefix = f"{inside}/" if inside else ""
    return [name.removeprefix(prefix) for name in names if name and name.startswith(prefix)]
