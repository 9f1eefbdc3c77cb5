"""What a file, a template and an answer may use up: one table, for the whole process or for a block of code.

The environment sets them, and the process's own code: never a project's file, since they protect the reader of
a project from its author.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ROWS", "Limits", "Row", "current_limits", "limited", "raised_by", "shown_limits", "variable"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that hold; `ROWS` tells what each of them means."""

    file_bytes: int = 1 << 20
    yaml_depth: int = 64
    yaml_nodes: int = 100_000
    yaml_aliases: int = 100
    include_depth: int = 8
    render_seconds: float = 2.0
    render_characters: int = 10_000_000
    render_steps: int = 200_000
    answer_characters: int = 4_000_000
    answer_depth: int = 64
    answer_passes: int = 8
    answer_changes: int = 20_000
    tool_steps: int = 10
    tool_characters: int = 200_000
    repo_files: int = 100_000
    repo_depth: int = 32

    def __post_init__(self) -> None:
        for name, row in ROWS.items():
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not (whole or (name == "render_seconds" and isinstance(value, float))) or not 0 < value <= row.most:
                raise ConfigError(f"the limit `{name}` must be {_words(name)}", help=f"{name}: {row.meaning}")


class Row(NamedTuple):
    """What a limit means, and how high it may be set."""

    meaning: str
    most: float


ROWS: dict[str, Row] = {
    "file_bytes": Row("Bytes of a template or a schema file.", 16 << 20),
    "yaml_depth": Row("Levels of lists and objects in a YAML file.", 150),
    "yaml_nodes": Row("Keys, values, lists and objects in a YAML file, with all that aliases repeat.", 10_000_000),
    "yaml_aliases": Row("Aliases (`*name`) in a YAML file.", 100_000),
    "include_depth": Row("Files that include each other, or parents that extend each other, one above the next.", 40),
    "render_seconds": Row(
        "Seconds that the templates of one prompt may take to render, all its messages together.", 3_600.0
    ),
    "render_characters": Row("Characters that the messages of one prompt may render to.", 1_000_000_000),
    "render_steps": Row("Passes through loops, calls and includes in one section.", 1_000_000_000),
    "answer_characters": Row("Characters of a JSON answer.", 1_000_000_000),
    "answer_depth": Row("Levels of lists and objects in a JSON answer.", 150),
    "answer_passes": Row("How many times over an answer may be gone through in search of its value.", 1_000),
    "answer_changes": Row(
        "Values, and ways to read them, that are tried to bring an answer to its schema.", 100_000_000
    ),
    "tool_steps": Row("Requests of one call whose answer may be nothing but calls of tools.", 1_000),
    "tool_characters": Row("Characters that a tool may answer.", 100_000_000),
    "repo_files": Row("Files and folders of one state of a template repo.", 10_000_000),
    "repo_depth": Row("Folders below each other in a template repo.", 200),
}
"""The table: the settings page and ``promptkit config`` are printed from it.

Depths end where Python's own recursion would.
"""


def variable(name: str) -> str:
    """The variable of the environment that sets a limit."""
    return f"PROMPTKIT_{name.upper()}"


def raised_by(name: str) -> str:
    """The cure of what is over a limit: how it is set, in words."""
    return f"the limit is set by {variable(name)} in the environment"


def current_limits() -> Limits:
    """The limits that hold here. Raises `ConfigError` for a variable of the environment that does not fit."""
    return _inside.get() or _of_process()


def shown_limits() -> list[dict[str, Any]]:
    """Name, value and origin of each limit."""
    limits = current_limits()
    shown = []
    for name in ROWS:
        there = variable(name)
        origin = f"environment {there}" if os.environ.get(there) else "default"
        shown.append({"name": name, "value": getattr(limits, name), "origin": origin})
    return shown


@contextmanager
def limited(**changed: Any) -> Iterator[Limits]:
    """What runs inside has these limits, and the others as they are.

    They hold in this thread or task and in the tasks that it starts. Raises `ConfigError` for a limit that there is
    not, and for a value that does not fit.

    >>> with limited(render_seconds=10) as limits:
    ...     limits.render_seconds
    10
    """
    unknown = changed.keys() - ROWS.keys()
    if unknown:
        raise ConfigError(f"`{min(unknown)}` is not a limit", help=f"the limits are {', '.join(ROWS)}")
    limits = replace(current_limits(), **changed)
    token = _inside.set(limits)
    try:
        yield limits
    finally:
        _inside.reset(token)


_inside: ContextVar[Limits | None] = ContextVar("promptkit_limits", default=None)


@lru_cache(maxsize=1)
def _of_process() -> Limits:
    """The limits of the environment, as it is when they are first asked for."""
    given = {each.name: text for each in fields(Limits) if (text := os.environ.get(variable(each.name)))}
    return Limits(**{name: _number(name, text) for name, text in given.items()})


def _number(name: str, text: str) -> Any:
    try:
        return float(text) if name == "render_seconds" else int(text)
    except ValueError:
        raise ConfigError(f"{variable(name)} must be {_words(name)}", where="environment") from None


def _words(name: str) -> str:
    kind = "a number above 0 and" if name == "render_seconds" else "a whole number from 1"
    return f"{kind} up to {ROWS[name].most:,.0f}"
