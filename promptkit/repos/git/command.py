"""The user's own `git`, started by fixed argument lists and nowhere else.

Objects are read from git directories that promptkit made itself, in a closed environment: no configuration, hook,
filter or attribute of a repository is ever read, nothing is checked out, no other repository is found by chance.
A fetch has the user's own configuration, since credentials, proxies and ssh keys stand there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = [
    "FETCH_SECONDS",
    "FSCK",
    "command",
    "configured",
    "fsck",
    "git",
    "git_says",
    "make_directory",
    "started",
    "transfer",
]

FETCH_SECONDS = 600.0
"""How long a fetch may take, and any other command of git."""

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
_PROTOCOLS = "https:ssh:file"
_KEPT = LatePattern(
    r"GIT_(CONFIG_(COUNT|KEY_\d+|VALUE_\d+|GLOBAL|SYSTEM|NOSYSTEM)|SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_\w+"
    r"|PROXY_\w+|HTTP_\w+|EXEC_PATH|TERMINAL_PROMPT)"
)
"""The variables of git that say how the user's git reaches servers; all others speak of a repository at hand."""

_SECRET_IN_URL = LatePattern(r"//[^/@\s]+@")
_MOST_TOLD = 6
FSCK = "`git fsck` says what is wrong with it; a copy in the cache is mended by: promptkit repo update --anew"


def command() -> str:
    """The path of the user's git. Raises `RepoError` when there is none."""
    found = shutil.which("git")
    if found is None:
        raise RepoError("git is not installed", code="PK600", help="install git: template repos are read with it")
    return found


def git(git_dir: Path, *arguments: str, given: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
    """What a git command prints that needs no server. Raises `RepoError` with git's own words."""
    done = _ran(git_dir, *arguments, given=given, variables=variables)
    if done.returncode:
        raise RepoError("git failed", details=_words(done.stderr), where=str(git_dir))
    return done.stdout


def fsck(git_dir: Path) -> list[str]:
    """What git finds wrong with the objects of a directory, which it reads all."""
    done = _ran(git_dir, "fsck", "--no-progress", "--no-dangling")
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith(b"notice:")]
    return _words(b"\n".join(said)) or ["git fsck failed"] if done.returncode else []


def git_says(git_dir: Path, *arguments: str) -> bool:
    """Whether a git command that answers by its exit code says yes (0) or no (1). Raises `RepoError` for all else."""
    done = _ran(git_dir, *arguments)
    if done.returncode not in (0, 1):
        raise RepoError("git failed", details=_words(done.stderr), where=str(git_dir))
    return done.returncode == 0


def _ran(
    git_dir: Path, *arguments: str, given: bytes = b"", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [command(), *_ALWAYS, f"--git-dir={git_dir}", *arguments],
            input=given,
            capture_output=True,
            env={**_closed(), **(variables or {})},
            cwd=git_dir,
            check=False,
            timeout=FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise RepoError(f"git took longer than {FETCH_SECONDS:,.0f} s", where=str(git_dir), help=FSCK) from None


def configured(git_dir: Path, key: str, file: Path) -> str:
    """A value of a repository's configuration, which is read as data, or else of the user's own; empty for none.

    The user's own may include other files. Raises `RepoError` where there is no git, or none that answers.
    """
    for where in (("--file", str(file), "--no-includes"), ("--global", "--includes"), ("--system", "--includes")):
        try:
            done = subprocess.run(
                [command(), "config", *where, "--get", key],
                capture_output=True,
                env=_open(asking=False),
                cwd=git_dir,
                check=False,
                timeout=FETCH_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise RepoError(f"git took longer than {FETCH_SECONDS:,.0f} s", where=str(file)) from None
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.decode("utf-8", "replace").strip()
    return ""


def started(
    git_dir: Path, *arguments: str, options: Sequence[str] = (), stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """A git command that needs no server, started; its output is a pipe. Raises `RepoError` where there is no git."""
    return subprocess.Popen(
        [command(), *_ALWAYS, *options, f"--git-dir={git_dir}", *arguments],
        stdin=stdin,
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
        if b"corrupt" in (told or b""):
            cure = f"its copy in the cache is damaged: promptkit repo update --anew; else {cure}"
        error = RepoError("it cannot be fetched", where=where, details=_words(told or b""), help=cure)
        error.is_unreachable = True
        raise error


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
