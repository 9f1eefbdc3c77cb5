"""Where a command's result goes: stdout, or a file that is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.atomic_write import replace_file
from promptkit.cli.terminal import put
from promptkit.errors import ConfigError
from promptkit.phrases import shortened

if TYPE_CHECKING:
    from collections.abc import Callable


def write_result(text: str, output_file: str | None, *, paint: Callable[[str], str] | None = None) -> None:
    """Print a result (see `put`), or write it to a file. Raises `ConfigError`."""
    if output_file is None:
        put(text, paint=paint)
        return
    data = (text + "\n").encode("utf-8", "backslashreplace")
    try:
        _write(Path(output_file), data)
    except OSError as error:
        raise _unwritable(output_file, error.strerror or str(error)) from None


def refuse_unwritable(output_file: str | None, *read: str | None) -> None:
    """Find out that a file cannot be written before an answer is paid for. Raises `ConfigError`.

    What is `read`, a template or a file of inputs, is no place for a result.
    """
    if output_file is None:
        return
    path = Path(output_file)
    try:
        for each in filter(None, read):
            if any(path.exists() and other.exists() and path.samefile(other) for other in _files_of(each)):
                raise _unwritable(output_file, "it is what the command reads")
        if path.is_dir():
            raise _unwritable(output_file, "it is a folder")
        if not path.parent.is_dir():
            raise _unwritable(output_file, f"there is no folder `{path.parent}`")
        if not os.access(path if _is_special(path) else path.resolve().parent, os.W_OK):
            raise _unwritable(output_file, "permission denied")
    except OSError as error:
        raise _unwritable(output_file, error.strerror or str(error)) from None


def _files_of(read: str) -> tuple[Path, ...]:
    """The files that an argument can name; a template's ending may be left out."""
    return tuple(Path(f"{read}{ending}") for ending in ("", ".yaml", ".yml"))


def _write(path: Path, data: bytes) -> None:
    if _is_special(path):
        path.write_bytes(data)
    else:
        replace_file(path, data)


def _is_special(path: Path) -> bool:
    """Whether a path is a device or a pipe (`/dev/stdout`), which is written to and never replaced."""
    return path.exists() and not path.is_file()


def _unwritable(output_file: str, why: str) -> ConfigError:
    shown = shortened(output_file, 80)
    return ConfigError(f"the result cannot be written to `{shown}`: {why}", code="PK115")
