"""The code blocks of a page of documentation, and the processes that run them.

A page is Markdown. Comments before a block say what cannot be seen:

    <!-- file: NAME -->        the block is a file that later blocks use
    <!-- answer: TEXT -->      what the loopback server answers next; without one it simulates
    <!-- calls: JSON -->       the tool that it calls next: {"name", "arguments"}
    <!-- no key -->            run without the loopback server's URL and key
    <!-- live -->              needs the embedded model: run by the live tests
    <!-- not run: REASON -->   shown only

A `text` block right behind a Python block is what that block prints.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

FENCE = re.compile(r"^(`{3,})(\S*)[^`]*$")
COMMENT = re.compile(r"^<!-- (no key|live|not run|file|answer|calls)(?:: (.*?))? -->$")
END = "\x1e"

PYTHON = """
import contextlib, io, json, sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    path, number, code = json.loads(line)
    printed, failure = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile("\\n" * number + code, path, "exec"), names)
    except BaseException:
        failure = traceback.format_exc()
    print(json.dumps([printed.getvalue(), failure]), flush=True)
"""


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, the line its fence stands on, and the comments before it."""

    page: str
    line: int
    language: str
    text: str
    marks: tuple[tuple[str, str], ...] = ()
    shown: str | None = None
    """What a Python block prints."""

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    def has(self, mark: str) -> bool:
        return any(name == mark for name, _ in self.marks)

    def all(self, mark: str) -> list[str]:
        return [value for name, value in self.marks if name == mark]


def blocks_of(page: str, text: str) -> list[Block]:
    """The blocks of a page, in order."""
    blocks: list[Block] = []
    for block, touches in _fenced(page, text):
        before = blocks[-1] if blocks else None
        if touches and before and before.language == "python" and block.language == "text":
            blocks[-1] = Block(page, before.line, "python", before.text, before.marks, block.text)
        else:
            blocks.append(block)
    return blocks


def _fenced(page: str, text: str) -> Iterator[tuple[Block, bool]]:
    """Each block, and whether nothing but empty lines is between it and the one before."""
    marks: list[tuple[str, str]] = []
    opened: tuple[int, str, str] | None = None
    body: list[str] = []
    touches = False
    for number, line in enumerate(text.splitlines(), start=1):
        if opened is not None:
            if line.rstrip() == opened[1]:
                yield Block(page, opened[0], opened[2], "\n".join(body), tuple(marks)), touches
                opened, marks, body, touches = None, [], [], True
            else:
                body.append(line)
        elif fence := FENCE.match(line):
            opened = (number, fence[1], fence[2])
        elif comment := COMMENT.match(line.strip()):
            marks.append((comment[1], comment[2] or ""))
            touches = False
        elif line.strip():
            marks, touches = [], False
    assert opened is None, f"{page}:{opened and opened[0]}: the block does not end"


@dataclass(frozen=True)
class Step:
    """A command of a console block and the output that is shown for it (None: none is shown)."""

    command: str
    shown: str | None


def steps_of(console: str) -> list[Step]:
    """The commands of a console block; a line that ends in a backslash goes on."""
    steps: list[Step] = []
    lines = iter(console.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command += "\n" + next(lines)
            steps.append(Step(command, None))
        else:
            assert steps, f"output before the first command: {line}"
            shown = steps[-1].shown
            steps[-1] = Step(steps[-1].command, line if shown is None else f"{shown}\n{line}")
    return steps


def matches(shown: str, printed: str) -> bool:
    """Whether the output is what is shown, `...` standing for anything; spaces at line ends do not count."""
    pattern = ".*?".join(map(re.escape, _trimmed(shown).split("...")))
    return re.fullmatch(pattern, _trimmed(printed), re.DOTALL) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


class Worker:
    """A process that stays for a whole page, so that what one block does the next one finds."""

    def __init__(self, command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )

    def _say(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the process has ended: {self._process.wait()}"
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


class Shell(Worker):
    """A shell that runs console blocks."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__(["bash", "--noprofile", "--norc"], folder, environment)

    def run(self, command: str) -> tuple[str, int]:
        """What a command prints on both streams, and its exit code, which `$?` then is as well."""
        self._say(f"{{ {command}\n}} </dev/null\n_code=$?; printf '\\n{END}%s\\n' $_code; (exit $_code)\n")
        printed = ""
        while END not in (line := self._line()):
            printed += line
        return printed, int(line.strip(f"{END}\n"))


class Python(Worker):
    """An interpreter that runs the Python blocks of a page, each in the names of those before."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__([sys.executable, "-c", PYTHON], folder, environment)

    def run(self, block: Block) -> tuple[str, str]:
        """What a block prints, and the traceback if it fails."""
        self._say(json.dumps([block.page, block.line, block.text]) + "\n")
        noise = ""
        while not (line := self._line()).startswith('["'):
            noise += line
        printed, failure = json.loads(line)
        return printed, noise + failure if failure else ""
