"""The template that a command names: found, read, and every mistake in naming it answered with a suggestion."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.cli.report import say
from promptkit.diagnostics import Diagnostic
from promptkit.errors import ConfigError, SpecError

if TYPE_CHECKING:
    from promptkit.prompt import Prompt
    from promptkit.source import Source

STDIN = "<stdin>"


def load_prompt(template: str, *, quiet: bool = False) -> Prompt[Any]:
    """The prompt that a template argument names; its warnings go to stderr.

    Raises `SpecError`, or `ConfigError` for what is no path.
    """
    from promptkit.loader import load
    from promptkit.prompt import Prompt

    loaded = load(*open_template(template, quiet=quiet))
    if loaded.spec is None:
        raise SpecError(loaded.errors)
    for warning in loaded.diagnostics:
        say(f"{warning}\n", quiet=quiet)
    return Prompt(loaded.spec)


def open_template(template: str, *, quiet: bool = True) -> tuple[Source, str, str | None]:
    """The source, path and (for stdin) text of a template argument. Raises as `load_prompt` does."""
    from promptkit.source import Folder
    from promptkit.template_paths import is_reference, locate, open_reference, path_fault, prompt_path, source_at

    if template == "-":
        return Folder(Path()), STDIN, _from_stdin()
    if is_reference(template):
        source, path = open_reference(template)
        if _is_loose(template, source):
            say(f"note: `{template}` is in use and not locked; `promptkit lock` pins it", quiet=quiet)
        return source, path, None
    template = prompt_path(template)
    fault = path_fault(template)
    if fault is not None:
        raise SpecError([fault])
    root, inside = locate(Path(template))
    return source_at(root), inside, None


def _is_loose(template: str, source: Source) -> bool:
    """Whether a prompt under [prompts] was not loaded from the lock: then it may be another one tomorrow."""
    from promptkit.repos.from_lock import LockedSource
    from promptkit.repos.names import in_use_as
    from promptkit.settings import find_root
    from promptkit.template_paths import project_table

    root = find_root(Path())
    in_use = project_table(root, "prompts") if root is not None else {}
    return bool(in_use_as(template.partition("@")[0], in_use)) and not isinstance(source, LockedSource)


def _from_stdin() -> str:
    """The text of a template on stdin, bounded as a file's is."""
    from promptkit.limits import current_limits, raised_by

    most = current_limits().file_bytes
    data = read_stdin(most + 1)
    if len(data) > most:
        message, cure = f"it is larger than the limit of {most:,} bytes", raised_by("file_bytes")
        raise SpecError([Diagnostic("PK113", "error", message, STDIN, help=cure)])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        fault = Diagnostic("PK101", "error", "the file is not UTF-8", STDIN, line, column, help="save it as UTF-8")
        raise SpecError([fault]) from None


def read_stdin(limit: int = -1) -> bytes:
    """What stands on stdin. Raises `ConfigError` when it is closed."""
    if sys.stdin is None:
        raise ConfigError("stdin is closed", code="PK115", help="`-` reads from it")
    return sys.stdin.buffer.read(limit)
