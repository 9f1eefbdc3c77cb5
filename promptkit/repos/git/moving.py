"""Several files that get new contents together: all of them, or none, whatever fails or interrupts."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from promptkit.atomic_write import replace_file, sweep
from promptkit.errors import RepoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FileMoves"]


class FileMoves:
    """New contents that wait for `move`. What was locked and not moved is let go at the end of a `with` block.

    A file of git's is held by another beside it, whose name ends in `.lock` (gitrepository-layout(5)): no other git
    changes the file as long as that one is there, and it becomes the file at last.
    """

    def __init__(self) -> None:
        self._locks: dict[Path, Path] = {}
        self._files: dict[Path, bytes] = {}

    def __enter__(self) -> FileMoves:
        return self

    def __exit__(self, *_: object) -> None:
        for lock in self._locks.values():
            lock.unlink(missing_ok=True)

    def hold(self, path: Path) -> None:
        """Lock a file of git's. Raises `RepoError` where another git holds it."""
        lock = path.with_name(f"{path.name}.lock")
        with _uninterrupted():
            try:
                os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            except FileExistsError:
                cure = f"if no other git runs, remove {lock}"
                raise RepoError(f"`{path.name}` is locked by another git", where=str(path), help=cure) from None
            self._locks[path] = lock

    def fill(self, path: Path, data: bytes) -> None:
        """The new contents of a file that is held."""
        self._locks[path].write_bytes(data)

    def add(self, path: Path, data: bytes) -> None:
        """The new contents of a file that nobody else writes."""
        self._files[path] = data

    def move(self) -> None:
        """Let all files have their new contents, those that are held last, each in the order in which they were given.

        No signal that can be put off comes between; a process that is killed leaves the rest undone.
        """
        with _uninterrupted(), ExitStack() as undo:
            for path, data in self._files.items():
                undo.callback(_restore, path, _contents(path))
                sweep(path)
                replace_file(path, data)
            for path, lock in list(self._locks.items()):
                undo.callback(_restore, path, _contents(path))
                lock.replace(path)
                del self._locks[path]
            undo.pop_all()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C, and a wish to end, wait until the end of a `with` block."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _contents(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _restore(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    else:
        replace_file(path, data)
