"""Commits and tags in the repository at hand, by plumbing: its hooks, filters and configuration are not run.

Objects are written through a view of ours; then the branch, the tags, the index and the files move together. Who
commits is who git says, from the environment, this repository or the user's own file.
"""

from __future__ import annotations

import os
import stat
import time
from functools import cached_property
from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.repos.git.command import configured, git, git_says
from promptkit.repos.git.local import GitDirectory, View
from promptkit.repos.git.moving import FileMoves
from promptkit.repos.git.objects import Objects
from promptkit.repos.git.snapshot import Entry, Snapshot
from promptkit.repos.git.staged import copied_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["Publisher"]

_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "sequencer": "cherry-pick or revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
}
_TAGS = "refs/tags/"


class Publisher:
    """Writes to the repository in whose worktree a folder lies. Close it, or use it in a `with` block."""

    def __init__(self, folder: Path) -> None:
        self.directory = directory = GitDirectory.holding(folder)
        self.worktree = directory.worktree
        self.view = View(directory)
        self._objects = Objects(self.view.path)
        self._writing = {"GIT_OBJECT_DIRECTORY": str(directory.objects)}
        if not self.view.branch or not self.view.head:
            self.close()
            raise RepoError("no branch with a commit is checked out", where=str(folder), help="git switch BRANCH")

    def close(self) -> None:
        """End what reads objects."""
        self._objects.close()
        self.view.close()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def committed(self, path: Path) -> bytes | None:
        """The committed contents of a file; None where there is no such file. Raises `RepoError` for no plain file."""
        if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
            cure = "a plain file is written, and nothing that a link leads to"
            raise RepoError(f"`{path.name}` is no plain file", where=str(path), help=cure)
        inside = self.directory.inside(path)
        files = Snapshot(self._objects.get, self.view.head)
        entry = files.entry(inside)
        if entry is not None and not entry.is_file:
            raise RepoError(f"`{path.name}` is committed as something else than a file", where=str(path))
        return files.read(inside) if entry is not None else None

    def publish(self, files: Mapping[Path, bytes], message: str, tags: Mapping[str, str]) -> str:
        """Commit new contents of files on the branch that is checked out, and tag that; the commit.

        `tags` are messages by name. Where no file changes, the newest commit is tagged. Either all of it is there
        afterwards or nothing: raises `RepoError` before anything is written, also for files with changes that are not
        committed. If the process is killed in between, no tag stands outside the branch, and the same call ends it.
        """
        self._refuse_unfinished()
        self._check(tags)
        for path, data in files.items():
            self._refuse_edited(path, data)
        changed = {path: data for path, data in files.items() if self.committed(path) != data}
        entries = {self.directory.inside(path): self._entry(path, data) for path, data in changed.items()}
        before = self.view.head
        after = self._commit(entries, message) if changed else before
        refs = {self.view.branch: (before, after)} if changed else {}
        refs |= {f"{_TAGS}{name}": ("", self._tag(name, text, after)) for name, text in tags.items()}
        with FileMoves() as moves:
            if changed:
                self._stage(moves, entries)
            self._refer(moves, refs)
            for path, data in changed.items():
                moves.add(path, _as_it_lies(path, data))
            moves.move()
        if changed:
            self._remember(before, after, message)
        self.view.head = after
        return after

    def _remember(self, before: str, after: str, message: str) -> None:
        """Enter the commit where git remembers what a branch was, if it does so here (git-reflog(1))."""
        who = self._who
        person = f"{who['GIT_COMMITTER_NAME']} <{who['GIT_COMMITTER_EMAIL']}> {int(time.time())} +0000"
        line = f"{before} {after} {person}\tcommit: {message.partition(chr(10))[0]}\n"
        for path in (self.directory.own / "logs/HEAD", self.directory.common / "logs" / self.view.branch):
            if path.is_file() and not path.is_symlink():
                with path.open("a", encoding="utf-8") as log:
                    log.write(line)

    # Before anything is written

    def _refuse_unfinished(self) -> None:
        for name, what in _UNFINISHED.items():
            if os.path.lexists(self.directory.own / name):
                message, cure = f"a {what} is not finished here", "`git status` says how to end it"
                raise RepoError(message, where=str(self.worktree), help=cure)

    def _refuse_edited(self, path: Path, data: bytes) -> None:
        """Raises `RepoError` for a file that is neither what is committed nor what is to be."""
        there = path.read_bytes() if path.exists() else None
        if not any(_same_lines(there, each) for each in (self.committed(path), data)):
            raise _edited(path.name, str(path))

    def _check(self, tags: Iterable[str]) -> None:
        """Raises `RepoError` for a tag that is there, that cannot be called so, or that others leave no room for."""
        where = str(self.worktree)
        known = {ref.removeprefix(_TAGS) for ref in self.view.refs if ref.startswith(_TAGS)}
        taken = known.union(tags)
        folders = {above: name for name in taken for above in _above(name)}
        for name in tags:
            if not git_says(self.view.path, "check-ref-format", f"{_TAGS}{name}"):
                cure = "give the file another name, as git-check-ref-format(1) says, or release the others by name"
                raise RepoError(f"`{name}` can be no tag", where=where, help=cure)
            if name in known:
                raise RepoError(f"the tag `{name}` is there already", where=where, help="versions are for ever")
            other = next((each for each in _above(name) if each in taken), folders.get(name, ""))
            if other:
                message = f"there cannot be a tag `{name}` and a tag `{other}`"
                raise RepoError(message, where=where, help="git keeps tags as files: one would be the other's folder")

    # Objects

    def _known(self, inside: str) -> Entry | None:
        """A file as it is committed."""
        return Snapshot(self._objects.get, self.view.head).entry(inside)

    def _entry(self, path: Path, data: bytes) -> Entry:
        """A file with its new contents."""
        known = self._known(self.directory.inside(path))
        made = self._git("hash-object", "-w", "--stdin", "--no-filters", given=data)
        return Entry(known.mode if known is not None else "100644", made)

    def _commit(self, entries: Mapping[str, Entry], message: str) -> str:
        index = {"GIT_INDEX_FILE": str(self.view.path / "new-index")}
        self._git("read-tree", self.view.head, variables=index)
        self._git("update-index", "-z", "--index-info", given=_index_lines(entries), variables=index)
        tree = self._git("write-tree", variables=index)
        return self._git("commit-tree", tree, "-p", self.view.head, given=message.encode(), variables=self._who)

    def _tag(self, name: str, message: str, commit: str) -> str:
        who = self._who
        person = f"{who['GIT_COMMITTER_NAME']} <{who['GIT_COMMITTER_EMAIL']}> {int(time.time())} +0000"
        text = f"object {commit}\ntype commit\ntag {name}\ntagger {person}\n\n{message}\n"
        return self._git("mktag", given=text.encode())

    def _git(self, *arguments: str, given: bytes = b"", variables: Mapping[str, str] | None = None) -> str:
        known = {**self._writing, **(variables or {})}
        return git(self.view.path, *arguments, given=given, variables=known).decode().strip()

    # What moves

    def _stage(self, moves: FileMoves, entries: Mapping[str, Entry]) -> None:
        """Let the index know the new contents, so that `git status` shows nothing of them. Raises `RepoError`.

        An index in two files (git-update-index(1), `--split-index`) becomes one in one.
        """
        path = self.directory.own / "index"
        if not path.is_file() or path.is_symlink():
            return
        moves.hold(path)
        copy = copied_index(self.directory, self.view.path)
        if copy is None:
            return
        index = {"GIT_INDEX_FILE": str(copy)}
        if self._git("ls-files", "--unmerged", variables=index):
            cure = "`git status` names the files"
            raise RepoError("a merge is not finished here", where=str(self.worktree), help=cure)
        for inside, entry in entries.items():
            self._refuse_staged(inside, entry, index)
        arguments = ("update-index", "--no-split-index", "-z", "--index-info")
        self._git(*arguments, given=_index_lines(entries), variables=index)
        moves.fill(path, copy.read_bytes())

    def _refuse_staged(self, inside: str, entry: Entry, index: Mapping[str, str]) -> None:
        """Raises `RepoError` where neither what is committed of a file nor what is to be is what the index has."""
        listed = self._git("ls-files", "-z", "--stage", "--", f":(literal){inside}", variables=index)
        staged = [line.split("\t")[0].split(" ")[:2] for line in listed.split("\0") if line]
        known = self._known(inside)
        allowed = [[[each.mode, each.id]] if each is not None else [] for each in (known, entry)]
        if staged not in allowed:
            raise _edited(inside, f"{self.worktree}/{inside}")

    def _refer(self, moves: FileMoves, refs: Mapping[str, tuple[str, str]]) -> None:
        """Let references stand at other objects than before; empty is none. Raises `RepoError`."""
        paths = {ref: self.directory.common / ref for ref in refs}
        for ref, path in paths.items():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                message = f"a file is in the place of a folder for the reference `{ref}`"
                raise RepoError(message, where=str(path.parent), help="`git pack-refs --all` tidies it") from None
            if not path.parent.resolve().is_relative_to(self.directory.common.resolve()) or path.is_symlink():
                raise RepoError(f"the reference `{ref}` lies elsewhere", where=str(path))
            if path.is_file() and path.read_bytes().startswith(b"ref:"):
                cure = "check out the branch that it stands for"
                raise RepoError(f"`{ref}` stands for another reference", where=str(path), help=cure)
            moves.hold(path)
            _clear(path)
        now = self.directory.refs()
        for ref, (before, after) in refs.items():
            if now.get(ref, "") != before:
                message = f"`{ref}` was moved by somebody else" if before else f"`{ref}` is there already"
                raise RepoError(message, where=str(paths[ref]), help="try again" if before else "versions are for ever")
            moves.fill(paths[ref], f"{after}\n".encode())

    # Who commits

    @cached_property
    def _who(self) -> dict[str, str]:
        """Name and address of the author and of whoever commits. Raises `RepoError` where git does not know them.

        The environment says so, then `author.name` and its kin, then `user.name` (git-config(1)).
        """
        config = self.directory.common / "config"
        found: dict[str, str] = {}
        for role in ("AUTHOR", "COMMITTER"):
            for what in ("NAME", "EMAIL"):
                keys = (f"{role}.{what}".lower(), f"user.{what}".lower())
                value = os.environ.get(f"GIT_{role}_{what}") or next(
                    filter(None, (configured(self.view.path, key, config) for key in keys)), ""
                )
                if not value or any(char in value for char in "<>\n"):
                    cure = 'git config --global user.name "..."; git config --global user.email ...'
                    raise RepoError("git does not know who commits", where=str(self.worktree), help=cure)
                found[f"GIT_{role}_{what}"] = value
        return found


def _index_lines(entries: Mapping[str, Entry]) -> bytes:
    """Files as `git update-index -z --index-info` reads them."""
    return b"".join(f"{each.mode} {each.id}\t{inside}\0".encode() for inside, each in entries.items())


def _edited(name: str, where: str) -> RepoError:
    cure = "commit them first, or take them back"
    return RepoError(f"`{name}` has changes that are not committed", where=where, help=cure)


def _clear(path: Path) -> None:
    """Remove the empty folders in the place of a reference, which git leaves where others were. Raises `RepoError`."""
    if path.is_dir():
        try:
            for folder in sorted((each for each in path.rglob("*") if each.is_dir()), reverse=True):
                folder.rmdir()
            path.rmdir()
        except OSError:
            message = "a folder is in the place of a reference, and it is not empty"
            raise RepoError(message, where=str(path), help="`git pack-refs --all` tidies it") from None


def _same_lines(one: bytes | None, other: bytes | None) -> bool:
    """Whether two contents are the same but for the ends of lines, which git may change where it checks out."""
    return one == other or (one is not None and other is not None and _plain(one) == _plain(other))


def _plain(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


def _as_it_lies(path: Path, data: bytes) -> bytes:
    """New contents with the ends of lines that a file has where it lies."""
    here = path.read_bytes() if path.exists() else b""
    return _plain(data).replace(b"\n", b"\r\n") if b"\r\n" in here and b"\r\n" not in data else data


def _above(name: str) -> list[str]:
    """The folders of a name, the outermost first."""
    names = name.split("/")
    return ["/".join(names[:depth]) for depth in range(1, len(names))]
