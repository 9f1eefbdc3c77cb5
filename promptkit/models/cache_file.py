"""Answers in an SQLite file: one row for each request that was ever answered well.

Each use opens the file anew, so that threads, forks and processes share it without a word. It is the user's alone.
"""

from __future__ import annotations

import json
import os
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

_BUSY_SECONDS = 10.0
_CREATE = (
    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, time TEXT NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID"
)


class CacheFile:
    """The answers by their keys. Raises `ConfigError` for a file that cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, key: str) -> tuple[str, Any] | None:
        """When a request was answered (ISO 8601, UTC), and the answer's data; None when it never was."""
        if not self.path.exists():
            return None
        with self._open() as connection:
            row = connection.execute("SELECT time, answer FROM answers WHERE key = ?", (key,)).fetchone()
        return None if row is None else (row[0], json.loads(row[1]))

    def put(self, key: str, time: str, answer: str) -> None:
        """Keep an answer, in the place of an older one."""
        with self._open() as connection:
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, time, answer))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        import sqlite3

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.path.exists():  # made for the user alone before anything stands in it
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS)) as connection, connection:
                connection.execute(_CREATE)
                yield connection
        except (sqlite3.Error, OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            cure = "delete the file, or set PROMPTKIT_CACHE_DIR to a folder of yours"
            raise ConfigError(f"the cache of answers cannot be used: {why}", where=str(self.path), help=cure) from None
