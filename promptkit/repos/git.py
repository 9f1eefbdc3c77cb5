"""The user's own `git`, started by fixed argument lists and nowhere else.

Objects are read from git directories that promptkit made itself, in a closed environment: no configuration, hook,
filter or attribute of a repository is ever read, nothing is checked out, no other repository is found by chance.
A fetch has the user's own configuration, since credentials, proxies and ssh keys stand there.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.errors import RepoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "FETCH_SECONDS",
    "Found",
    "Objects",
    "command",
    "configured",
    "git",
    "git_fails",
    "make_directory",
    "reading",
    "transfer",
]

FETCH_SECONDS = 600.0
"""How long a fetch may take, and any other command of git."""

READ_SECONDS = 30.0
"""How long git may look for one object: a pipe that somebody put in the place of a file has no end."""

_ALWAYS = (
    *(
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "gc.auto=0",
        "-c",
        "maintenance.auto=false",
    ),
    *("-c", "submodule.recurse=false", "-c", "fetch.recurseSubmodules=false", "-c", "core.attributesFile=/dev/null"),
    *("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60", "-c", "advice.fetchShowForcedUpdates=false"),
)
_ALONE = ("-c", "remote.promptkit.promisor=false")
"""What a partial copy lacks is missing, and not to be fetched while reading."""
_PROTOCOLS = "https:ssh:file"
_KEPT = re.compile(
    r"GIT_(CONFIG_(COUNT|KEY_\d+|VALUE_\d+|GLOBAL|SYSTEM|NOSYSTEM)|SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_\w+"
    r"|PROXY_\w+|HTTP_\w+|EXEC_PATH|TERMINAL_PROMPT)"
)
"""The variables of git that say how the user's git reaches servers; all others speak of a repository at hand."""

_SECRET_IN_URL = re.compile(r"//[^/@\s]+@")
_MOST_TOLD = 6
_FSCK = "`git fsck` says what is wrong with the repository"


@dataclass(frozen=True, slots=True)
class Found:
    """An object: its id, its type (`commit`, `tree`, `blob`, `tag`), its bytes."""

    id: str
    type: str
    data: bytes


def command() -> str:
    """The path of the user's git. Raises `RepoError` when there is none."""
    found = shutil.which("git")
    if found is None:
        raise RepoError("git is not installed", code="PK600", help="install git: template repos are read with it")
    return found


def git(git_dir: Path, *arguments: str, given: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
    """What a git command prints that needs no server. Raises `RepoError` with git's own words."""
    try:
        done = subprocess.run(
            [command(), *_ALWAYS, f"--git-dir={git_dir}", *arguments],
            input=given,
            capture_output=True,
            env={**_closed(), **(variables or {})},
            cwd=git_dir,
            check=False,
            timeout=FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise RepoError(f"git took longer than {FETCH_SECONDS:,.0f} s", where=str(git_dir), help=_FSCK) from None
    if done.returncode:
        raise RepoError("git failed", details=_words(done.stderr), where=str(git_dir))
    return done.stdout


def git_fails(git_dir: Path, *arguments: str) -> bool:
    """Whether a git command that needs no server fails."""
    try:
        git(git_dir, *arguments)
    except RepoError:
        return True
    return False


def configured(git_dir: Path, key: str, file: Path) -> str:
    """A value of a repository's configuration, which is read as data, or else of the user's own; empty for none."""
    for where in (("--file", str(file), "--no-includes"), ("--global",), ("--system",)):
        done = subprocess.run(
            [command(), "config", *where, "--get", key],
            capture_output=True,
            env=_open(asking=False),
            cwd=git_dir,
            check=False,
            timeout=FETCH_SECONDS,
        )
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.decode("utf-8", "replace").strip()
    return ""


def reading(git_dir: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A git command that needs no server, started; its output is a pipe."""
    return subprocess.Popen(
        [command(), *_ALWAYS, f"--git-dir={git_dir}", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_closed(),
        cwd=git_dir,
    )


def transfer(
    git_dir: Path, *arguments: str, given: bytes = b"", where: str, keep_open: Sequence[int] = (), quiet: bool = True
) -> None:
    """Run a git command that speaks to a server, with the user's configuration.

    Where nobody watches, nobody is asked for a password: the command has no terminal then. It and its children are
    ended with this process's wait for them. Descriptors in `keep_open` stay open in them, so that a lock lasts as long
    as anybody writes. Raises `RepoError` with git's own words, without what may be a secret in them.
    """
    watched = _watched()
    process = subprocess.Popen(
        [command(), *_ALWAYS, f"--git-dir={git_dir}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=None if watched and not quiet else subprocess.PIPE,
        env=_open(asking=watched),
        cwd=git_dir,
        start_new_session=not watched,
        pass_fds=tuple(keep_open) if sys.platform != "win32" else (),
    )
    try:
        _, told = process.communicate(given, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        _end(process, group=not watched)
        message = f"the fetch took longer than {FETCH_SECONDS:,.0f} s"
        raise RepoError(message, where=where, help="what was fetched before is still there") from None
    except BaseException:
        _end(process, group=not watched)
        raise
    if process.returncode:
        cure = "what was fetched before is still there; `git ls-remote` on the URL shows what git itself says"
        raise RepoError("it cannot be fetched", where=where, details=_words(told or b""), help=cure)


def _end(process: subprocess.Popen[bytes], *, group: bool) -> None:
    import signal

    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group and hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _watched() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _open(*, asking: bool) -> dict[str, str]:
    """The environment of a transfer: the user's, less what speaks of another repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or _KEPT.fullmatch(name)}
    kept |= {"GIT_ALLOW_PROTOCOL": _PROTOCOLS, "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C", "GIT_NO_REPLACE_OBJECTS": "1"}
    return kept if asking else kept | {"GIT_TERMINAL_PROMPT": "0", "SSH_ASKPASS_REQUIRE": "never"}


def _closed() -> dict[str, str]:
    """The environment of a command that reads objects: no configuration but ours, no way to any server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _words(said: bytes) -> list[str]:
    """Git's last lines, without passwords in URLs and without what would move a terminal's cursor."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    shown = (_SECRET_IN_URL.sub("//***@", line) for line in lines[-_MOST_TOLD:])
    return ["".join(char if char.isprintable() else "?" for char in line)[:300] for line in shown]


def make_directory(path: Path, object_format: str = "sha1") -> None:
    """A bare git directory with no template, no hook and nothing in its configuration but what it needs."""
    for name in ("refs", "objects/info", "objects/pack"):
        (path / name).mkdir(parents=True, exist_ok=True)
    version = "1" if object_format != "sha1" else "0"
    config = f"[core]\n\trepositoryformatversion = {version}\n\tbare = true\n"
    if object_format != "sha1":
        config += f"[extensions]\n\tobjectFormat = {object_format}\n"
    if not (path / "config").exists():
        (path / "config").write_text(config, encoding="utf-8")
    head, none = path / "HEAD", b"ref: refs/heads/none\n"
    if not head.exists() or head.read_bytes() != none:
        head.write_bytes(none)


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
                raise RepoError(message, where=str(self.git_dir), help=_FSCK)
            header = process.stdout.readline().decode("ascii", "replace").split()
        except OSError:
            header = []
        if len(header) >= 2 and header[-1] in ("missing", "ambiguous", "dangling"):
            return None
        if len(header) != 3 or not header[2].isdecimal():
            self._stop()
            if self.promised and not header:
                return None  # git ends where it may not fetch what a partial copy lacks
            raise RepoError(f"git cannot read the object `{name}`", where=str(self.git_dir), help=_FSCK)
        found, type_, size = header[0], header[1], int(header[2])
        if size > most:
            self._stop()
            raise RepoError(f"an object has {size:,} bytes, more than the limit of {most:,}", code="PK615")
        data = _exactly(process.stdout, size)
        if len(data) < size or process.stdout.read(1) != b"\n":
            self._stop()
            raise RepoError(f"the object `{found}` is damaged", where=str(self.git_dir), help=_FSCK)
        return Found(found, type_, data)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [command(), *_ALWAYS, *_ALONE, f"--git-dir={self.git_dir}", "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_closed(),
                cwd=self.git_dir,
            )
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
