"""`Source`: the only door to template files.

A path inside a source is written with `/` and relative to the source's root. A source resolves it inside
that root and reads regular files only: nothing outside is ever opened, whatever `..` or links say.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from promptkit.errors import SourceError
from promptkit.limits import current_limits, raised_by
from promptkit.source_paths import join, refuse_git, refuse_hidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "ENDINGS",
    "Folder",
    "Memory",
    "Package",
    "Source",
    "SourceError",
    "no_such_file",
]

ENDINGS = (".yaml", ".yml")
"""How the names of prompt files end."""


def no_such_file(message: str) -> SourceError:
    """The error for a file that is not there at all, unlike one that cannot be read."""
    error = SourceError(message)
    error.is_missing = True
    return error


class Source(Protocol):
    """Where template files come from."""

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises `SourceError`, which `is_missing` where nothing has the name."""

    def shown(self, path: str) -> str:
        """The path as a person would type it, for diagnostics."""

    def beside(self, path: str) -> Iterable[str]:
        """The names of the files in the folder that a path lies in: what may have been meant by a wrong name."""


@dataclass(frozen=True, slots=True, init=False)
class Folder:
    """The files under a folder on disk: the one that `root` is when this is made, wherever the process goes later."""

    root: Path
    max_bytes: int | None

    def __init__(self, root: str | Path, max_bytes: int | None = None) -> None:
        object.__setattr__(self, "root", _absolute(Path(root)))
        object.__setattr__(self, "max_bytes", max_bytes)

    def read(self, path: str) -> bytes:
        """See `Source.read`."""
        try:
            descriptor = _open_inside(self.root, join("", path))
            try:
                most = _most(self.max_bytes)
                return _bounded(_contents(descriptor, most + 1), path, most)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            raise no_such_file(f"there is no file `{self.shown(path)}`") from None
        except IsADirectoryError:
            raise SourceError(f"`{self.shown(path)}` is a folder, not a file") from None
        except PermissionError:
            raise SourceError(f"`{self.shown(path)}` cannot be read: permission denied") from None
        except OSError as error:
            raise SourceError(f"`{self.shown(path)}` cannot be read: {error.strerror or error}") from None

    def shown(self, path: str) -> str:
        """See `Source.shown`: relative to the working folder when the root lies under it."""
        full = os.path.join(self.root, path) if path else str(self.root)  # noqa: PTH118 (asked for each of many files)
        try:
            return full.removeprefix(f"{os.getcwd()}{os.sep}") or full  # noqa: PTH109
        except OSError:  # the working folder is gone
            return full

    def beside(self, path: str) -> Iterable[str]:
        """See `Source.beside`."""
        try:
            base = self.root.resolve(strict=True)
            folder = (base / join("", path)).parent.resolve(strict=True)
            inside = folder.is_relative_to(base)
            return sorted(each.name for each in folder.iterdir() if each.is_file())[:_MOST_BESIDE] if inside else ()
        except (OSError, RuntimeError, SourceError):
            return ()


@dataclass(frozen=True, slots=True)
class Memory:
    """Files given as texts: for prompts made in code, and for tests."""

    files: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int | None = None

    def read(self, path: str) -> bytes:
        """See `Source.read`."""
        key = join("", path)
        if key not in self.files:
            raise no_such_file(f"there is no file `{path}`")
        content: str | bytes = self.files[key]
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        return _bounded(data, path, _most(self.max_bytes))

    def shown(self, path: str) -> str:
        """See `Source.shown`."""
        return path

    def beside(self, path: str) -> Iterable[str]:
        """See `Source.beside`."""
        return _beside(path, self.files)


@dataclass(frozen=True, slots=True)
class Package:
    """The data files of an importable package, wherever it is installed (also inside a zip)."""

    package: str
    max_bytes: int | None = None

    def read(self, path: str) -> bytes:
        """See `Source.read`."""
        from importlib import resources

        inside = join("", path)
        try:
            found = resources.files(self.package).joinpath(inside)
            if isinstance(found, Path):
                return Folder(_root_of(found, inside), self.max_bytes).read(inside)
            return _bounded(found.read_bytes(), path, _most(self.max_bytes))
        except ModuleNotFoundError:
            raise SourceError(f"there is no package `{self.package}`") from None
        except (OSError, KeyError, ValueError):
            raise no_such_file(f"there is no file `{path}` in the package `{self.package}`") from None

    def names(self) -> list[str]:
        """The paths of all files in the package, in order."""
        from importlib import resources

        def walk(folder: resources.abc.Traversable, prefix: str) -> list[str]:
            found: list[str] = []
            for item in folder.iterdir():
                if item.is_dir():
                    found += walk(item, f"{prefix}{item.name}/")
                else:
                    found.append(prefix + item.name)
            return found

        try:
            return sorted(walk(resources.files(self.package), ""))
        except ModuleNotFoundError:
            raise SourceError(f"there is no package `{self.package}`") from None
        except NotADirectoryError:  # importlib finds no files of a package in a zip that has no `__init__.py`
            raise SourceError(f"the package `{self.package}` lies in no folder: it needs an `__init__.py`") from None

    def shown(self, path: str) -> str:
        """See `Source.shown`."""
        return f"{self.package}:{path}"

    def beside(self, path: str) -> Iterable[str]:
        """See `Source.beside`."""
        try:
            return _beside(path, self.names())
        except SourceError:
            return ()


def _beside(path: str, files: Iterable[str]) -> list[str]:
    folder = path.rpartition("/")[0]
    return [name for place, _, name in (file.rpartition("/") for file in files) if place == folder][:_MOST_BESIDE]


_MOST_BESIDE = 1_000


def _absolute(path: Path) -> Path:
    try:
        return path.absolute()
    except OSError:  # the working folder is gone
        return path


def _root_of(found: Path, inside: str) -> Path:
    """The package's folder. One without `__init__.py` may lie in several, and so it is found from its file."""
    return found.parents[inside.count("/")]


def _contents(descriptor: int, most: int) -> bytes:
    data = os.read(descriptor, most)
    while len(data) < most and (further := os.read(descriptor, most - len(data))):
        data += further
    return data


def _most(max_bytes: int | None) -> int:
    return current_limits().file_bytes if max_bytes is None else max_bytes


def _bounded(data: bytes, path: str, limit: int) -> bytes:
    if len(data) > limit:
        message = f"`{path}` is larger than the limit of {limit:,} bytes"
        raise SourceError(message, help=raised_by("file_bytes"))
    return data


def _open_inside(root: Path, path: str) -> int:
    """A file descriptor for a regular file under the root.

    It is opened name by name without following links. Where there are some, they are resolved first and must end
    inside the root; the resolved path is then opened in the same way, so that a link put there in between is not
    followed either.
    """
    descriptor = _open_without_links(root, path)
    return _open_resolved(root, path) if descriptor is None else _regular(descriptor, path)


def _open_without_links(root: Path, path: str) -> int | None:
    """A file descriptor; None where the way leads through a link, or cannot be gone name by name."""
    if os.open not in os.supports_dir_fd:
        return None
    try:
        return _descend(root, tuple(path.split("/")) if path else (), _ROOT_FLAGS)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            return None
        raise


def _open_resolved(root: Path, path: str) -> int:
    base = root.resolve(strict=True)
    try:
        target = (base / path).resolve(strict=True)
    except FileNotFoundError:
        if (base / path).is_symlink():
            raise SourceError(f"`{path}` is a link that leads nowhere") from None
        raise
    except RuntimeError:
        raise SourceError(f"`{path}` is a link that leads to itself") from None
    if not target.is_relative_to(base):
        raise SourceError(f"`{path}` is a link that leaves the root of the templates")
    names = PurePosixPath(target.relative_to(base).as_posix()).parts
    refuse_git(names, path)
    refuse_hidden(names, path, path.split("/"))
    descriptor = _descend(base, names) if os.open in os.supports_dir_fd else os.open(target, _FILE_FLAGS)
    return _regular(descriptor, path)


def _regular(descriptor: int, path: str) -> int:
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise SourceError(f"`{path or '.'}` is {'a folder' if stat.S_ISDIR(mode) else 'not a regular file'}")
    return descriptor


_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE_FLAGS = os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_ROOT_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_FOLDER_FLAGS = _ROOT_FLAGS | _NOFOLLOW


def _descend(base: Path, names: tuple[str, ...], flags: int = _FOLDER_FLAGS) -> int:
    folder = os.open(base, flags)
    try:
        for name in names[:-1]:
            parent, folder = folder, os.open(name, _FOLDER_FLAGS, dir_fd=folder)
            os.close(parent)
        return os.open(names[-1] if names else ".", _FILE_FLAGS, dir_fd=folder)
    finally:
        os.close(folder)
