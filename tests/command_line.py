"""The command line as tests use it: in a process of its own, or in this one where a process adds nothing."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from promptkit.cli.main import entry

if TYPE_CHECKING:
    import pytest

START = (sys.executable, "-c", "from promptkit.cli.main import entry; entry()")
KEY = "sk-marked-5f0e1d"
"""A key that must never be seen anywhere."""


@dataclass(frozen=True)
class Ran:
    """What a command did: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> tuple[int, str]:
        """The code and stdout."""
        return self.code, self.out


class _Stream(io.TextIOWrapper):
    def __init__(self, data: bytes = b"") -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")

    @property
    def text(self) -> str:
        self.flush()
        held: Any = self.buffer
        return str(held.getvalue().decode())


def promptkit(*arguments: object, stdin: bytes = b"") -> Ran:
    """Run a command in this process: the real entry, streams of its own, the environment of the test."""
    out, err, before = _Stream(), _Stream(), sys.stdin
    sys.stdin = _Stream(stdin)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            entry(list(map(str, arguments)))
    except SystemExit as stop:
        code: Any = stop.code
    finally:
        sys.stdin = before
    return Ran(code, out.text, err.text)


def environment(**more: str) -> dict[str, str]:
    """The environment of a process: that of the test, and more."""
    return {**os.environ, "PYTHONWARNINGS": "error", **more}


def process(*arguments: object, stdin: bytes = b"", cwd: Path | None = None, **environ: str) -> Ran:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [*START, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=environment(**environ),
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def started(*arguments: object, stdout: int | IO[bytes] = subprocess.PIPE, **environ: str) -> subprocess.Popen[bytes]:
    """Start a command and leave it running."""
    command = [*START, *map(str, arguments)]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, env=environment(**environ))


def point_at(base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name a server, a model on it, and the marked key."""
    monkeypatch.setenv("MARA_BASE_URL", base_url)
    monkeypatch.setenv("MARA_API_KEY", KEY)
    monkeypatch.setenv("MARA_MODEL", "gpt-oss-120b")
