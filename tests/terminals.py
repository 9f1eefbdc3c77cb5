"""A command on a real terminal (a pseudo-terminal), typed at and watched as a person would."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path
from typing import Self

from command_line import START, environment

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[=>]|\x1b\].*?\x07|\r")
ENTER = "\r"
CTRL_C, CTRL_D = "\x03", "\x04"
ALT_ENTER = "\x1b\r"


class Terminal:
    """A promptkit command that runs on a terminal of its own."""

    def __init__(self, *arguments: object, cwd: Path, **environ: str) -> None:
        self._side, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        self._read = 0
        self._bytes = b""
        self.process = subprocess.Popen(
            [*START, *map(str, arguments)],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            cwd=cwd,
            env=environment(**{"TERM": "xterm-256color", **environ}),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 (its Ctrl-C has to reach it)
        )
        os.close(inner)

    @property
    def shown(self) -> bytes:
        """All that was sent to the terminal so far."""
        return self._bytes

    @property
    def text(self) -> str:
        """All that was shown so far, without what steers the terminal."""
        return _CONTROL.sub("", self._bytes.decode("utf-8", "replace"))

    def type(self, text: str, end: str = ENTER) -> None:
        """Press keys."""
        os.write(self._side, (text + end).encode())

    def sees(self, words: str, seconds: float = 30) -> str:
        """Wait until words are shown that were not waited for before; gives what was shown up to there."""
        deadline = time.monotonic() + seconds
        while (at := self.text.find(words, self._read)) < 0:
            left = deadline - time.monotonic()
            assert left > 0, f"{words!r} is not seen: {self.text[self._read :]}"
            if select.select([self._side], [], [], min(left, 0.5))[0]:
                try:
                    self._more()
                except OSError:  # the command has ended
                    assert words in self.text[self._read :], f"ended without {words!r}: {self.text[self._read :]}"
        shown = self.text[self._read : at + len(words)]
        self._read = at + len(words)
        return shown

    def _more(self) -> None:
        """Take what is shown, and answer where the cursor is, as terminals do. Raises `OSError` at the end."""
        new = os.read(self._side, 65_536)
        self._bytes += new
        for _ in range(new.count(b"\x1b[6n")):
            os.write(self._side, b"\x1b[1;1R")

    def ends(self, seconds: float = 30) -> int:
        """Wait until the command has ended; gives its exit code."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            if select.select([self._side], [], [], 0.1)[0]:
                try:
                    self._more()
                except OSError:
                    break
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self._side)
