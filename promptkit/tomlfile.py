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


def place_in(path: Path, *keys: str) -> str:
    """Where a key of a TOML file stands, for an error: `file:line:column`, or the file alone where it is not found.

    Several keys lead from table to table; the last ones may also be what stands in a list or a table on one line.
    """
    try:
        lines = _text(path).split("\n")
    except ConfigError:
        return str(path)
    table: tuple[str, ...] = ()
    found, known = (0, 0), 0
    for number, line in enumerate(lines, 1):
        if header := _HEADER.match(line):
            table = _names(header[1])
            here, column, rest = table, header.start(1), ""
        elif member := _MEMBER.match(line):
            here, column, rest = (*table, *_names(member[1])), member.start(1), line[member.end() :]
        else:
            continue
        shared = len(keys) if here[: len(keys)] == keys else len(here) if keys[: len(here)] == here else 0
        if shared > known:
            found, known = (number, column + 1), shared
            inside = (
                re.search(rf"(?<![\w-]){re.escape(keys[-1])}(?![\w-])", rest, re.IGNORECASE)
                if shared < len(keys)
                else None
            )
            found = (number, len(line) - len(rest) + inside.start() + 1) if inside else found
    return f"{path}:{found[0]}:{found[1]}" if known else str(path)


_KEY = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_HEADER = re.compile(rf"\s*\[\[?\s*({_KEY}(?:\s*\.\s*{_KEY})*)")
_MEMBER = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(each.strip("\"'") for each in re.findall(_KEY, dotted))


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
