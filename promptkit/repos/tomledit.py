"""One line of a TOML file changed, all others as they are: comments, blanks and the order of a person's file stay."""

from __future__ import annotations

import json
import re
import tomllib
from contextlib import suppress
from io import StringIO
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError
from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["has_value", "keys_of", "with_value", "without"]

_BARE = LatePattern("[A-Za-z0-9_-]+")


def with_value(text: str, table: tuple[str, ...], key: str, value: str, *, where: str) -> str:
    """A file's text in which a table's key has a value. Raises `ConfigError` where one line does not do that."""
    wanted = _data(text, where)
    inner: Any = wanted
    for name in table:
        inner = inner.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"`{name}` is no table", where=where)
    inner[key] = value
    lines = _lines(text)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    line = f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}"
    begin = next((at for at, found in _headers(lines) if found == table), None)
    if begin is None:
        gap = end * (bool(lines) and not lines[-1].endswith("\n")) + end * (bool(lines) and bool(lines[-1].strip()))
        made = f"{text}{gap}[{'.'.join(map(_key, table))}]{end}{line}{end}"
    else:
        made = "".join(_spliced(lines, begin, key, line, end))
    return _proved(made, wanted, where)


def has_value(text: str, table: tuple[str, ...], key: str, *, where: str) -> bool:
    """Whether a table of a file has a key. Raises `ConfigError`."""
    return key in keys_of(text, table, where=where)


def keys_of(text: str, table: tuple[str, ...], *, where: str) -> list[str]:
    """The keys of a table of a file, as they are spelled; none where there is no such table. Raises `ConfigError`."""
    inner: Any = _data(text, where)
    for name in table:
        inner = inner.get(name) if isinstance(inner, dict) else None
    return list(inner) if isinstance(inner, dict) else []


def without(text: str, table: tuple[str, ...], key: str = "", *, where: str) -> str:
    """A file's text without a table, or without one of its keys. Raises as `with_value` does, and for what is none."""
    if not has_value(text, *((table, key) if key else (table[:-1], table[-1])), where=where):
        raise ConfigError(f"there is no `{'.'.join((*table, key)).rstrip('.')}`", where=where)
    wanted = _data(text, where)
    inner: Any = wanted
    for name in table[: None if key else -1]:
        inner = inner[name]
    del inner[key or table[-1]]
    lines = _lines(text)
    headers = dict(_headers(lines))
    gone: set[int] = set()
    here: tuple[str, ...] = ()
    for at, line in enumerate(lines):
        here = headers.get(at, here)
        if here[: len(table)] == table and (not key or (here == table and _is_line_of(line, key))):
            gone.add(at)
    if not key:
        ends = (*headers, len(lines))
        gone.difference_update(*(_above(lines, at) for at in ends if at - 1 in gone and at not in gone))
    kept: list[str] = []
    for at, line in enumerate(lines):
        doubled = at - 1 in gone and not line.strip() and not (kept and kept[-1].strip())
        kept += [] if at in gone or doubled else [line]
    return _proved("".join(kept), wanted, where)


def _lines(text: str) -> list[str]:
    return list(StringIO(text, newline=""))


def _above(lines: list[str], header: int) -> range:
    """The lines above a header that belong to it, and not to the table before: comments, from the first gap on.

    At the end of the file, a comment that stands after no gap belongs to the table before.
    """
    begin = header
    while begin and (not lines[begin - 1].strip() or lines[begin - 1].lstrip().startswith("#")):
        begin -= 1
    near = begin if header < len(lines) else header
    gap = next((at for at in range(begin, header) if not lines[at].strip()), near)
    return range(gap, header)


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


def _spliced(lines: list[str], begin: int, key: str, line: str, end_of_line: str) -> Iterator[str]:
    end = next((at for at, _ in _headers(lines) if at > begin), len(lines))
    place = next((at for at in range(begin + 1, end) if _is_line_of(lines[at], key)), None)
    if place is not None:
        yield from lines[:place]
        yield f"{line}{_comment(lines[place])}{end_of_line}"
        yield from lines[place + 1 :]
        return
    end = max(begin + 1, _above(lines, end).start)
    last = max((at for at in range(begin, end) if lines[at].strip()), default=begin)
    at = _in_order(lines, range(begin + 1, last + 1), key)
    yield from lines[: at - 1]
    yield lines[at - 1] if lines[at - 1].endswith("\n") else f"{lines[at - 1]}{end_of_line}"
    yield f"{line}{end_of_line}"
    yield from lines[at:]


def _in_order(lines: list[str], body: range, key: str) -> int:
    """Where a new key stands in a table: among keys that are in order, so that two who add some meet no other's line.

    What is said above a key goes with it. In a table without such an order, it is the end.
    """
    known = [(at, name) for at in body if (name := _key_of(lines[at])) is not None]
    names = [name for _, name in known]
    plain = all(not lines[at].strip() or lines[at].lstrip().startswith("#") for at in {*body} - {at for at, _ in known})
    after = next((at for at, name in known if name > key), body.stop)
    if len(names) < 2 or names != sorted(names) or not plain or after == body.stop:
        return body.stop
    while after > body.start and lines[after - 1].lstrip().startswith("#"):
        after -= 1
    return after


def _key_of(line: str) -> str | None:
    """The key that a line by itself gives a value to."""
    try:
        found = list(tomllib.loads(line))
    except ValueError:
        return None
    return found[0] if len(found) == 1 and not line.lstrip().startswith("[") else None


def _comment(line: str) -> str:
    """The comment at the end of a line, with the blanks before it: what stands there without saying anything."""
    said = tomllib.loads(line)
    for found in re.finditer(r"\s*#", line):
        with suppress(ValueError):
            if tomllib.loads(line[: found.start()]) == said:
                return line[found.start() :].rstrip()
    return ""


def _is_line_of(line: str, key: str) -> bool:
    return _key_of(line) == key


def _proved(made: str, wanted: dict[str, Any], where: str) -> str:
    """The text, which is read once more: it must say what is wanted and nothing else."""
    try:
        says = tomllib.loads(made)
    except ValueError:
        says = {}
    if _without_empty(says) != _without_empty(wanted):
        message = "the file is written in a way that cannot be changed line by line"
        raise ConfigError(message, where=where, help="change it by hand, or write each table under a [header]")
    return made


def _without_empty(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    inner = {key: _without_empty(value) for key, value in data.items()}
    return {key: value for key, value in inner.items() if value != {}}
