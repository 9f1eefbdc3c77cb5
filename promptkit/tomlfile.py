"""TOML files of settings, read with bounds and with errors that say where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1 << 20
"""The largest file that is read, in bytes (1 MiB)."""

_HELP = "texts stand in quotes, tables in [brackets]; see https://toml.io"
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def load_toml(path: Path) -> dict[str, Any]:
    """The data of a TOML file. Raises `ConfigError` with file, line and column when it is not one."""
    import tomllib

    text = _text(path)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError("the file is nested too deeply", where=str(path)) from None
    except ValueError as error:
        raise _broken(path, text, str(error)) from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ConfigError(f"the file is larger than {MAX_BYTES:,} bytes", where=str(path))
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror or error}", where=str(path)) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError("the file is not UTF-8", where=f"{path}:{line}", help="save it as UTF-8") from None


def _broken(path: Path, text: str, said: str) -> ConfigError:
    if "\n<<<<<<< " in f"\n{text}":
        first = f"\n{text}".partition("\n<<<<<<< ")[0].count("\n") + 1
        cure = "settle the merge: keep one side, or both, and take the lines with <<<<<<<, ======= and >>>>>>> out"
        return ConfigError("the file holds both sides of a merge", where=f"{path}:{first}:1", help=cure)
    found = _PLACE.search(said)
    end = (str(text.count("\n") + 1), str(len(text) - text.rfind("\n")))
    line, column = (found[1], found[2]) if found and found[1] else end
    what = said[: found.start()] if found else said
    return ConfigError(f"the file is not TOML: {what}", where=f"{path}:{line}:{column}", help=_HELP)
