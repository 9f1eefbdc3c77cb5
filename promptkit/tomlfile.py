"""TOML files of settings, read with bounds and with errors that say where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.errors import ConfigError
from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1 << 20
"""The largest file that is read, in bytes (1 MiB)."""

_HELP = "texts stand in quotes, tables in [brackets]; see https://toml.io"
_PLACE = LatePattern(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


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
_HEADER = LatePattern(rf"\s*\[\[?\s*({_KEY}(?:\s*\.\s*{_KEY})*)")
_MEMBER = LatePattern(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")


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
    end = (text.count("\n") + 1, len(text) - text.rfind("\n"))
    line, column = (int(found[1]), int(found[2])) if found and found[1] else end
    what = said[: found.start()] if found else said
    if "array" in what and (opened := _open_array(text, line)) is not None:
        line, column, what = opened
    shown = text.split("\n")[line - 1] if line <= end[0] else ""
    message, cure = next(
        (slip.told(shown) for slip in _SLIPS if re.search(slip.said, what) and re.search(slip.line, shown)),
        (what, _HELP),
    )
    return ConfigError(f"the file is not TOML: {message}", where=f"{path}:{line}:{column}", help=cure)


def _open_array(text: str, until: int) -> tuple[int, int, str] | None:
    """Where the list begins that has no end above a line, or what in it lacks a comma, as tomllib would say it."""
    lines = text.split("\n")
    for number in range(min(until, len(lines)), 0, -1):
        begun = re.search(r"=\s*(\[)(?!.*\])", lines[number - 1])
        joined = re.search(r"[\"']\s+(?=[\"'])", lines[number - 1])
        if joined is not None and "[" in lines[number - 1][: joined.start()]:
            return number, joined.end() + 1, _NO_COMMA
        if begun is not None:
            return number, begun.start(1) + 1, "Unclosed array"
    return None


class _Slip(NamedTuple):
    """What tomllib says of which line, what that means, and the cure; `{}` stands for the line's word."""

    said: str
    line: str
    message: str
    cure: str

    def told(self, line: str) -> tuple[str, str]:
        """The message and the cure for a line."""
        found = re.search(self.line, line)
        word = found["word"] if found is not None and "word" in found.re.groupindex else ""
        return self.message.replace("{}", word), self.cure.replace("{}", word)


_NO_COMMA = "no comma"
_INLINE = "what stands in braces stands on one line"
_SLIPS = (
    _Slip(_NO_COMMA, "", "a comma is missing before this", "separate the parts of a list with commas"),
    _Slip("Unclosed array|Expected .* array", "", "the `[` that begins here has no end", "end it with `]`"),
    _Slip("Illegal character '\\\\n'|Unterminated", "", "the text of this line has no end", "end it with its quote"),
    _Slip("Invalid value", r"=\s*(?i:yes|on|true)\s*(?:#|$)", "true and false are written small", "write `true`"),
    _Slip("Invalid value", r"=\s*(?i:no|off|false)\s*(?:#|$)", "true and false are written small", "write `false`"),
    _Slip("Invalid value", r"=\s*(?P<word>[A-Za-z][^\s\"',#]*)", "a text stands in quotes", 'write `"{}"`'),
    _Slip("Expected '='", r"^\s*(?P<word>[\w-]+)\s*:", "a key and its value have `=` between", "write `{} = ...`"),
    _Slip("Expected '='|initial character", r"\{\s*$", _INLINE, "write a [table] instead"),
    _Slip("initial character|inline table", r"^\s*$|^\s*[\w\"-]+\s*=.*,?\s*$", _INLINE, "write a [table] instead"),
    _Slip("Cannot declare", r"\[(?P<word>[^\[\]]+)\]", "the section `[{}]` stands twice", "put both into one"),
    _Slip("Cannot overwrite", r"^\s*(?P<word>[\w\".-]+)\s*=", "`{}` stands twice", "keep one of the two"),
    _Slip("Invalid statement", r"^\s*=", "a key is missing before `=`", "write `key = value`"),
    _Slip("initial character", r"\.\s*[.=\]]", "a part of a dotted key is missing", "write one dot between two names"),
    _Slip("Invalid statement", r"^\s*(?P<word>[^\w\s\"'#\[]\S{0,20})", "`{}` begins no key", "write `key = value`"),
    _Slip("Expected '='", r"^\s*(?P<word>[\w-]+)\s*$", "`{}` has no value", "write `{} = ...`"),
    _Slip("hex value|Unescaped", "", "in double quotes a backslash begins an escape", "use single quotes"),
)
