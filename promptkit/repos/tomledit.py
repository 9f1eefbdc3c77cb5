"""One line of a TOML file changed, all others as they are: comments, blanks and the order of a person's file stay."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["with_value", "without"]

_BARE = re.compile("[A-Za-z0-9_-]+")


def with_value(text: str, table: tuple[str, ...], key: str, value: str, *, where: str) -> str:
    """A file's text in which a table's key has a value. Raises `ConfigError` where one line does not do that."""
    if "\r\n" in text:
        return with_value(text.replace("\r\n", "\n"), table, key, value, where=where).replace("\n", "\r\n")
    wanted = _data(text, where)
    inner: Any = wanted
    for name in table:
        inner = inner.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"`{name}` is no table", where=where)
    inner[key] = value
    lines = text.splitlines(keepends=True)
    line = f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}"
    begin = next((at for at, found in _headers(lines) if found == table), None)
    if begin is None:
        gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
        made = f"{text}{gap}[{'.'.join(map(_key, table))}]\n{line}\n"
    else:
        made = "".join(_spliced(lines, begin, key, line))
    return _proved(made, wanted, where)


def without(text: str, table: tuple[str, ...], key: str = "", *, where: str) -> str:
    """A file's text without a table, or without one of its keys. Raises as `with_value` does, and for what is none."""
    if "\r\n" in text:
        return without(text.replace("\r\n", "\n"), table, key, where=where).replace("\n", "\r\n")
    wanted = _data(text, where)
    inner: Any = wanted
    for name in (*table, key)[: -1 if key else len(table) - 1]:
        inner = inner.get(name, {})
    last = key or table[-1]
    if last not in inner:
        raise ConfigError(f"there is no `{'.'.join((*table, key)).rstrip('.')}`", where=where)
    del inner[last]
    lines = text.splitlines(keepends=True)
    headers = dict(_headers(lines))
    kept: list[str] = []
    here: tuple[str, ...] = ()
    for at, line in enumerate(lines):
        here = headers.get(at, here)
        gone = here[: len(table)] == table and (not key or (here == table and _is_line_of(line, key)))
        kept += [] if gone else [line]
    return _proved(re.sub("\n{3,}", "\n\n", "".join(kept)), wanted, where)


def _data(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the file is not TOML: {error}", where=where) from None


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _headers(lines: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The lines that begin a table, and that table's name."""
    for at, line in enumerate(lines):
        if line.startswith("["):
            try:
                inner: Any = tomllib.loads(line)
            except ValueError:
                continue
            names: list[str] = []
            while isinstance(inner, dict) and inner:
                name, inner = next(iter(inner.items()))
                names.append(name)
            yield at, tuple(names)


def _spliced(lines: list[str], begin: int, key: str, line: str) -> Iterator[str]:
    end = next((at for at, _ in _headers(lines) if at > begin), len(lines))
    place = next((at for at in range(begin + 1, end) if _is_line_of(lines[at], key)), None)
    if place is not None:
        comment = re.search(r"\s+#[^\"']*$", lines[place])
        yield from lines[:place]
        yield f"{line}{comment[0].rstrip() if comment else ''}\n"
        yield from lines[place + 1 :]
        return
    last = max((at for at in range(begin, end) if lines[at].strip()), default=begin)
    yield from lines[:last]
    yield lines[last] if lines[last].endswith("\n") else f"{lines[last]}\n"
    yield f"{line}\n"
    yield from lines[last + 1 :]


def _is_line_of(line: str, key: str) -> bool:
    try:
        return "=" in line and list(tomllib.loads(line)) == [key]
    except ValueError:
        return False


def _proved(made: str, wanted: dict[str, Any], where: str) -> str:
    """The text, which is read once more: it must say what is wanted and nothing else."""
    if _without_empty(_data(made, where)) != _without_empty(wanted):
        message = "the file is written in a way that cannot be changed line by line"
        raise ConfigError(message, where=where, help="change it by hand, or write each table under a [header]")
    return made


def _without_empty(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    inner = {key: _without_empty(value) for key, value in data.items()}
    return {key: value for key, value in inner.items() if value != {}}
