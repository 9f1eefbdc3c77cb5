"""What is said, line by line: from a person with an editor for the line, from one without, or from a pipe."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from promptkit.cli.terminal import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from promptkit.redact import Redactor

PROMPT = "> "
_MORE = ". "
_QUOTES = '"""'


def piped_lines() -> Iterator[str]:
    """Every line of stdin that is not empty, as it comes."""
    if sys.stdin is None:
        return
    for line in iter(sys.stdin.buffer.readline, b""):
        text = line.decode("utf-8", "replace").strip("\r\n")
        if text.strip():
            yield text


def dumb() -> bool:
    """Whether the terminal can only be written to, line by line."""
    return os.environ.get("TERM", "dumb") in ("dumb", "")


class PlainLines:
    """Lines from a terminal that can do nothing but show them. The status is told before each."""

    def __init__(self, status: Callable[[], str]) -> None:
        self._status = status

    def read(self) -> str:
        """What is said next. Raises `EOFError` at the end, `KeyboardInterrupt` for Ctrl-C."""
        if status := self._status():
            tell(status)
        line = self._line(PROMPT)
        if not line.startswith(_QUOTES):
            while line.endswith("\\"):
                line = f"{line[:-1]}\n{self._line(_MORE)}"
            return line
        text = line.removeprefix(_QUOTES)
        while not text.rstrip().endswith(_QUOTES):
            text = f"{text}\n{self._line(_MORE)}"
        return text.rstrip().removesuffix(_QUOTES).strip("\n")

    @staticmethod
    def _line(shown: str) -> str:
        tell(shown, end="")
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")


class EditedLines:
    """Lines with an editor, a history, completion of commands, and the status always in sight (prompt_toolkit)."""

    def __init__(
        self, status: Callable[[], str], commands: Iterable[str], history: Path | None, redactor: Redactor
    ) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import FileHistory, InMemoryHistory
        from prompt_toolkit.key_binding import KeyBindings
        from prompt_toolkit.output import create_output
        from prompt_toolkit.styles import Style

        class Redacted(FileHistory):
            def store_string(self, string: str) -> None:
                super().store_string(redactor.text(string))

        keys = KeyBindings()
        kept = None if history is None else _private(history)

        @keys.add("escape", "enter")
        def _newline(event: Any) -> None:
            event.current_buffer.insert_text("\n")

        plain = Style([("bottom-toolbar", "noreverse")]) if os.environ.get("NO_COLOR") else None
        self._session: PromptSession[str] = PromptSession(
            history=InMemoryHistory() if kept is None else Redacted(str(kept)),
            completer=WordCompleter(list(commands), sentence=True),
            complete_while_typing=False,
            bottom_toolbar=status,
            key_bindings=keys,
            prompt_continuation=_MORE,
            output=create_output(stdout=sys.stderr),
            style=plain,
        )

    def read(self) -> str:
        """What is said next. Raises `EOFError` at the end, `KeyboardInterrupt` for Ctrl-C."""
        return self._session.prompt(PROMPT)


def _private(path: Path) -> Path | None:
    """The file, made for the user alone: it holds what was said. None where it cannot be."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        tell(f"warning: what is typed is not remembered: {error.strerror}: {path}")
        return None
    return path
