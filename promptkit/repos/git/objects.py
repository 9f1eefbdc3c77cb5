"""`Objects`: the objects of a git directory, read by one git process that is asked again and again."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.errors import RepoError
from promptkit.repos.git.command import FSCK, started
from promptkit.repos.git.ids import hash_of, object_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["Found", "Objects", "Reach"]

_COMMIT_BYTES = 1 << 20

READ_SECONDS = 30.0
"""How long git may look for one object: a pipe that somebody put in the place of a file has no end."""

_ALONE = ("-c", "remote.promptkit.promisor=false")
"""What a partial copy lacks is missing, and not to be fetched while reading."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object: its id, its type (`commit`, `tree`, `blob`, `tag`), its bytes."""

    id: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Reach:
    """What can be had of a repository's objects: read with `get`, and fetched where that may be done.

    `want` fetches a commit that no branch or tag led to, `fill` the files of a partial copy, by their ids. Whatever
    else git is asked, it is asked in `git_dir`.
    """

    git_dir: Path
    get: Callable[[str, int], Found | None]
    want: Callable[[str], None] | None = None
    fill: Callable[[Iterable[str]], None] | None = None

    def commit(self, name: str) -> str:
        """The id of the commit that a name leads to; empty where it leads to none."""
        found = self.get(f"{name}^{{commit}}", _COMMIT_BYTES) if name else None
        return found.id if found is not None else ""

    @property
    def is_cut(self) -> bool:
        """Whether the history is not here as a whole, so that it proves nothing."""
        return (self.git_dir / "shallow").exists()


class Objects:
    """The objects of a git directory, by one `git cat-file --batch` that starts with the first question.

    A `promised` directory is a partial copy, which lacks files that a server has. `close` ends the process; a question
    after it starts another. Safe to share between threads.
    """

    def __init__(self, git_dir: Path, *, promised: bool = False) -> None:
        self.git_dir = git_dir
        self.promised = promised
        self._process: subprocess.Popen[bytes] | None = None
        self._finish: Callable[[], object] = lambda: None
        self._lock = threading.Lock()

    def get(self, name: str, most: int) -> Found | None:
        """An object by id, or by a name such as `ID^{commit}`; None where it is missing.

        Raises `RepoError` for an object of more than `most` bytes, and for a repository that cannot be read.
        """
        with self._lock:
            return self._get(name, most)

    def _get(self, name: str, most: int) -> Found | None:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{name}\n".encode())
            process.stdin.flush()
            if not _answers(process.stdout):
                self._stop()
                message = f"git found no end of the object `{name}` in {READ_SECONDS:,.0f} s"
                raise RepoError(message, where=str(self.git_dir), help=FSCK)
            header = process.stdout.readline().decode("ascii", "replace").split()
        except OSError:
            header = []
        if len(header) >= 2 and header[-1] in ("missing", "ambiguous", "dangling"):
            return None
        if len(header) != 3 or not header[2].isdecimal():
            self._stop()
            if self.promised and not header:
                return None  # git ends where it may not fetch what a partial copy lacks
            raise RepoError(f"git cannot read the object `{name}`", where=str(self.git_dir), help=FSCK)
        found, type_, size = header[0], header[1], int(header[2])
        if size > most:
            self._stop()
            raise RepoError(f"an object has {size:,} bytes, more than the limit of {most:,}", code="PK615")
        data = _exactly(process.stdout, size)
        if len(data) < size or process.stdout.read(1) != b"\n":
            self._stop()
            raise RepoError(f"the object `{found}` is damaged", where=str(self.git_dir), help=FSCK)
        if object_id(type_, data, hash_of(found)) != found:  # git itself believes what lies there
            message = f"the object `{found}` is damaged: it holds something else"
            raise RepoError(message, where=str(self.git_dir), help=FSCK)
        return Found(found, type_, data)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = started(self.git_dir, "cat-file", "--batch", options=_ALONE, stdin=subprocess.PIPE)
            self._finish = weakref.finalize(self, _ended, self._process)
        return self._process

    def _stop(self) -> None:
        self._process = None
        self._finish()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Objects:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _answers(stream: Any) -> bool:
    """Whether there is something to read before the time is over, on systems whose pipes can be watched."""
    if sys.platform == "win32":
        return True
    import select

    waiting = select.poll()
    waiting.register(stream, select.POLLIN)
    return bool(waiting.poll(READ_SECONDS * 1000))


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()


def _exactly(stream: Any, size: int) -> bytes:
    pieces: list[bytes] = []
    while size > 0 and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
