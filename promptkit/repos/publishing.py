"""Commits and tags in the repository at hand, by plumbing: its hooks, filters and configuration are not run.

Objects are written through a view of ours; references are written as git writes them, with a lock and by renaming
(gitrepository-layout(5)). Who commits is who git says, from the environment, this repository or the user's own file.
"""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.repos.git import command, git
from promptkit.repos.local import GitDirectory, View

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Publisher"]

_IDENTITY = ("NAME", "EMAIL")


class Publisher:
    """Writes to the repository in whose worktree a folder lies. Close it, or use it in a `with` block."""

    def __init__(self, folder: Path) -> None:
        directory = GitDirectory.around(folder)
        if directory is None or directory.worktree is None:
            raise RepoError("this folder is in no git repository", where=str(folder), help="`git init` makes one")
        self.directory = directory
        self.worktree = directory.worktree
        self.view = View(directory)
        if not self.view.branch or not self.view.head:
            self.view.close()
            raise RepoError("no branch with a commit is checked out", where=str(folder), help="git switch BRANCH")

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self.view.close()

    def commit(self, files: Mapping[str, bytes], message: str) -> str:
        """Commit new contents of files (paths under the worktree) on the branch that is checked out; the new commit."""
        index = self.view.path / "new-index"
        variables = self._writing() | {"GIT_INDEX_FILE": str(index)}
        self._git("read-tree", self.view.head, variables=variables)
        rows = []
        for path, data in files.items():
            id_ = self._git("hash-object", "-w", "--stdin", "--no-filters", given=data, variables=variables)
            rows.append(f"100644 {id_}\t{path}\0")
        given = "".join(rows).encode()
        self._git("update-index", "-z", "--index-info", given=given, variables=variables)
        tree = self._git("write-tree", variables=variables)
        who = variables | self._who()
        made = self._git("commit-tree", tree, "-p", self.view.head, given=message.encode(), variables=who)
        self._move(self.view.branch, self.view.head, made)
        self._stage(given)
        self.view.head = made
        return made

    def tag(self, name: str, message: str) -> None:
        """Tag the newest commit, with a message. Raises `RepoError` for a tag that is there already."""
        who = self._who()
        person = f"{who['GIT_COMMITTER_NAME']} <{who['GIT_COMMITTER_EMAIL']}> {int(time.time())} +0000"
        text = f"object {self.view.head}\ntype commit\ntag {name}\ntagger {person}\n\n{message}\n"
        made = self._git("mktag", given=text.encode(), variables=self._writing())
        self._move(f"refs/tags/{name}", "", made)

    def _git(self, *arguments: str, given: bytes = b"", variables: dict[str, str]) -> str:
        return git(self.view.path, *arguments, given=given, variables=variables).decode().strip()

    def _writing(self) -> dict[str, str]:
        return {"GIT_OBJECT_DIRECTORY": str(self.directory.objects)}

    def _stage(self, given: bytes) -> None:
        """Let the index know the new contents, so that `git status` shows nothing of them."""
        index = self.directory.own / "index"
        if index.is_file() and not index.is_symlink():
            variables = self._writing() | {"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(self.worktree)}
            git(self.view.path, "update-index", "-z", "--index-info", given=given, variables=variables)

    def _who(self) -> dict[str, str]:
        """Name and address of whoever commits. Raises `RepoError` where git does not know them."""
        found: dict[str, str] = {}
        for what in _IDENTITY:
            given = os.environ.get(f"GIT_COMMITTER_{what}") or os.environ.get(f"GIT_AUTHOR_{what}")
            value = given or self._configured(f"user.{what.lower()}")
            if not value or any(char in value for char in "<>\n"):
                cure = 'git config --global user.name "..."; git config --global user.email ...'
                raise RepoError("git does not know who commits", where=str(self.worktree), help=cure)
            found |= {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")}
        return found

    def _configured(self, key: str) -> str:
        """A value of the repository's configuration, read as data, or of the user's own."""
        for where in (("--file", str(self.directory.common / "config"), "--no-includes"), ("--global",), ("--system",)):
            done = subprocess.run(
                [command(), "config", *where, "--get", key], capture_output=True, check=False, cwd=self.view.path
            )
            if done.returncode == 0 and done.stdout.strip():
                return done.stdout.decode("utf-8", "replace").strip()
        return ""

    def _move(self, ref: str, before: str, after: str) -> None:
        """Let a reference stand at another commit; empty is none. Raises `RepoError` where somebody else moved it."""
        path = self.directory.common / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to(self.directory.common.resolve()) or path.is_symlink():
            raise RepoError(f"the reference `{ref}` lies elsewhere", where=str(path))
        lock = path.with_name(f"{path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            cure = f"if no other git runs, remove {lock}"
            raise RepoError(f"`{ref}` is locked by another git", where=str(path), help=cure) from None
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{after}\n")
            now = self.directory.refs().get(ref, "")
            if now != before:
                message = f"`{ref}` is there already" if not before else f"`{ref}` was moved by somebody else"
                raise RepoError(message, where=str(path), help="try again" if before else "versions are for ever")
            lock.replace(path)
        finally:
            lock.unlink(missing_ok=True)
