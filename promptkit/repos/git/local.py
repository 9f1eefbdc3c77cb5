"""Git directories of this machine, read without git ever reading their configuration.

A repository's own configuration is code (`core.fsmonitor`, hooks, filters, a promisor remote with a command of its
own). So its references are read here, as files, and its objects are read through a view: a bare git directory made by
us, with nothing in it but the way to those objects. See gitrepository-layout(5) for the files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.repos.git.command import FSCK, make_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GitDirectory", "View"]

_MOST_BYTES = 64 << 20
_MOST_REFS = 200_000
_MOST_LINKS = 5
_IDS = (40, 64)
_PREFIX = "promptkit-git-"
_OLD_SECONDS = 7 * 86_400
_UNBORN = "refs/heads/none"


@dataclass(frozen=True, slots=True)
class GitDirectory:
    """A repository on disk: `own` holds HEAD, `common` all the rest (the two differ in a linked worktree)."""

    own: Path
    common: Path
    worktree: Path | None = None

    @classmethod
    def at(cls, folder: Path) -> GitDirectory:
        """The repository whose worktree or git directory a folder is. Raises `RepoError`."""
        found = cls._in(folder)
        if found is None:
            cure = "name the top folder of the repository"
            raise RepoError("there is no git repository in this folder", where=str(folder), help=cure)
        return found

    @classmethod
    def around(cls, folder: Path) -> GitDirectory | None:
        """The repository in whose worktree a folder lies. A bare repository that lies about is never meant."""
        here = Path(os.path.abspath(folder))  # noqa: PTH100 (by name, as git itself does)
        for each in (here, *here.parents):
            if os.path.lexists(each / ".git"):
                return cls._in(each)
        return None

    @classmethod
    def holding(cls, folder: Path) -> GitDirectory:
        """The repository in whose worktree a folder lies. Raises `RepoError` where it lies in none."""
        found = cls.around(folder)
        if found is None or found.worktree is None:
            where = str(Path(folder).absolute())
            raise RepoError("this folder is in no git repository", where=where, help="`git init` makes one")
        found.inside(folder)
        return found

    def inside(self, path: Path) -> str:
        """A path of the worktree as git names it; empty is the worktree itself. Raises `RepoError` for another one."""
        top, here = ((each or path).absolute().resolve() for each in (self.worktree, path))
        if not here.is_relative_to(top):
            raise RepoError("a link leads here from another repository", where=str(path), help="go to where it leads")
        below = here.relative_to(top).as_posix()
        return "" if below == "." else below

    @classmethod
    def _in(cls, folder: Path) -> GitDirectory | None:
        dot = folder / ".git"
        if dot.is_symlink():
            raise RepoError("`.git` is a link: the repository lies elsewhere", where=str(dot))
        if dot.is_dir():
            return cls(dot, dot, folder)
        if dot.is_file():
            return cls._linked(folder, dot)
        bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
        return cls(folder, folder) if bare else None

    @classmethod
    def _linked(cls, folder: Path, dot: Path) -> GitDirectory:
        """The repository that a `.git` file leads to, if that one says so, too: else anybody's could be named."""
        target = _text(dot).removeprefix("gitdir:").strip()
        own = (folder / target).resolve()
        back = _text(own / "gitdir").strip()
        if back and Path(os.path.abspath(own / back)).resolve() == dot.resolve():  # noqa: PTH100
            common = (own / (_text(own / "commondir").strip() or ".")).resolve()
            if own.parent == common / "worktrees":  # where git makes them: nobody else can write there
                return cls(own, common, folder)
        if any((above / ".git" / "modules") in own.parents for above in folder.resolve().parents):
            return cls(own, own, folder)
        cure = "a `.git` file is followed to a worktree that names it, and to a submodule of the folders above"
        raise RepoError("`.git` leads to a repository that knows nothing of this folder", where=str(dot), help=cure)

    @property
    def objects(self) -> Path:
        """Where the objects are. Raises `RepoError` where they, or some of them, lie elsewhere or are no files.

        Nobody knows to whom a repository belongs that another one borrows from, and a pipe is read for ever.
        """
        folder = self.common / "objects"
        if folder.is_symlink() or not folder.is_dir():
            raise RepoError("the objects of the repository lie elsewhere", where=str(folder))
        if os.path.lexists(borrowed := folder / "info" / "alternates"):
            cure = "to have them all in it: git repack -a -d, then remove that file"
            raise RepoError("the repository borrows objects of another one", where=str(borrowed), help=cure)
        if odd := next(_odd(folder), ""):
            raise RepoError("among the objects of the repository is a link or a pipe", where=odd)
        return folder.resolve()

    def refs(self) -> dict[str, str]:
        """All branches, tags and remote branches: full name to object id. Raises `RepoError` for a reftable."""
        if (self.common / "reftable").exists():
            message, cure = "its references are kept as a reftable, which is not read here", "use its URL as a repo"
            raise RepoError(message, where=str(self.common), help=cure)
        packed = _packed(_whole(self.common / "packed-refs"))
        loose: dict[str, str] = {}
        for kind in ("heads", "tags", "remotes"):
            _walk(self.common / "refs" / kind, f"refs/{kind}", loose)
        named = packed | loose
        found = {name: _followed(text, named) for name, text in named.items()}
        return {name: oid for name, oid in found.items() if oid}

    def head(self) -> tuple[str, str]:
        """The branch that is checked out (empty when none is) and the id of its commit (empty before the first).

        Raises as `refs` does.
        """
        text = _text(self.own / "HEAD").strip()
        branch = text.removeprefix("ref:").strip() if text.startswith("ref:") else ""
        return branch, _followed(text, self.refs())

    def shallow(self) -> str:
        """The commits at which the history was cut."""
        return _whole(self.common / "shallow")


class View:
    """A git directory of ours over the objects of another: what git is shown in its place."""

    def __init__(self, directory: GitDirectory) -> None:
        objects = str(directory.objects)
        if "\n" in objects or objects.startswith('"'):
            raise RepoError("the path of the repository cannot be told to git", where=objects)
        _sweep()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        self.refs = directory.refs()
        self.branch, self.head = directory.head()
        sample = self.head or next(iter(self.refs.values()), "")
        make_directory(self.path, "sha256" if len(sample) == _IDS[1] else "sha1")
        (self.path / "objects/info/alternates").write_text(f"{objects}\n", encoding="utf-8")
        if shallow := directory.shallow():
            (self.path / "shallow").write_text(shallow, encoding="utf-8")

    def serve(self) -> Path:
        """The view with its references written down, to be fetched from; filters and single commits are served."""
        head = self.branch if self.branch in self.refs else "" if self.head else _UNBORN
        (self.path / "HEAD").write_text(f"ref: {head}\n" if head else f"{self.head}\n", encoding="utf-8")
        lines = [f"{oid} {name}\n" for name, oid in sorted(self.refs.items())]
        (self.path / "packed-refs").write_text("# pack-refs with: sorted \n" + "".join(lines), encoding="utf-8")
        with (self.path / "config").open("a", encoding="utf-8") as config:
            config.write("[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n")
        return self.path

    def close(self) -> None:
        """Remove the view."""
        self._remove()


def _sweep() -> None:
    """Remove the views of processes that were killed: what is a week old and ours is nobody's."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            known = left.lstat()
            own = not hasattr(os, "getuid") or known.st_uid == os.getuid()
            if own and stat.S_ISDIR(known.st_mode) and time.time() - known.st_mtime > _OLD_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _odd(folder: Path | str) -> Iterator[str]:
    """All below a folder that is neither a file nor a folder."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:  # git may tidy one away in the meantime
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _odd(entry.path)
            elif not entry.is_file(follow_symlinks=False):
                yield entry.path


def _text(path: Path, most: int = 4_096) -> str:
    """The beginning of a regular file's text; empty where there is none. Raises `RepoError` for one not to be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except PermissionError as error:
        raise RepoError(f"`{path.name}` cannot be read: {error.strerror}", where=str(path)) from None
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read(most).decode("utf-8", "replace")
    finally:
        os.close(descriptor)


def _whole(path: Path) -> str:
    """The whole text of a regular file; empty where there is none. Raises as `_text` does, and for one too large."""
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        message = f"`{path.name}` has more than {_MOST_BYTES:,} bytes"
        raise RepoError(message, code="PK615", where=str(path), help=FSCK)
    return _text(path, _MOST_BYTES)


def _packed(text: str) -> dict[str, str]:
    lines = (line.split(" ", 1) for line in text.splitlines() if line and line[0] not in "#^")
    return {name: oid for oid, name in (line for line in lines if len(line) == 2) if name.startswith("refs/")}


def _walk(folder: Path, prefix: str, found: dict[str, str]) -> None:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if len(found) >= _MOST_REFS:
            message = f"there are more than {_MOST_REFS:,} references in files of their own"
            raise RepoError(message, code="PK615", where=str(folder), help="git pack-refs --all")
        name = f"{prefix}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            _walk(folder / entry.name, name, found)
        elif not entry.name.endswith(".lock"):
            found[name] = _text(folder / entry.name).strip()


def _followed(text: str, named: dict[str, str]) -> str:
    """The id that a reference's text leads to; empty where it leads nowhere."""
    for _ in range(_MOST_LINKS):
        if not text.startswith("ref:"):
            break
        text = named.get(text.removeprefix("ref:").strip(), "")
    whole = len(text) in _IDS and all(char in "0123456789abcdef" for char in text)
    return text if whole else ""
