"""The SQLite file under the run log: its table, its ids, its connection."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORMAT = 1
"""The version of the table, in the file's `user_version`."""

_APPLICATION = 0x504B4C47  # "PKLG" in the file's header says whose file it is
_BUSY_SECONDS = 30.0
_COLUMNS = {
    "id": "TEXT PRIMARY KEY",
    "time": "TEXT NOT NULL",
    "prompt": "TEXT NOT NULL",
    "version": "TEXT NOT NULL",
    "prompt_digest": "TEXT NOT NULL",
    "rendered_digest": "TEXT NOT NULL",
    "model": "TEXT NOT NULL",
    "status": "TEXT NOT NULL",
    "confidence": "TEXT NOT NULL",
    "prompt_tokens": "INTEGER NOT NULL",
    "completion_tokens": "INTEGER NOT NULL",
    "reasoning_tokens": "INTEGER NOT NULL",
    "cached_tokens": "INTEGER NOT NULL",
    "requests": "INTEGER NOT NULL",
    "unreported": "INTEGER NOT NULL",
    "cost": "REAL",
    "seconds": "REAL NOT NULL",
    "attempts": "TEXT NOT NULL",
    "output": "TEXT NOT NULL",
    "inputs": "TEXT NOT NULL",
    "error": "TEXT NOT NULL",
}
_TURNS = (
    "CREATE TABLE IF NOT EXISTS turns (id TEXT PRIMARY KEY, parent TEXT NOT NULL, head TEXT NOT NULL,"
    " turns TEXT NOT NULL, number INTEGER NOT NULL) WITHOUT ROWID"
)
"""Turns of conversations, by the run that each ended with: the one before it, and what is new since then."""

_CREATE = (
    f"CREATE TABLE runs ({', '.join(f'{name} {kind}' for name, kind in _COLUMNS.items())}) WITHOUT ROWID",
    "CREATE INDEX runs_by_prompt ON runs (prompt, id)",
    _TURNS,
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {FORMAT}",
)
_INSERT = f"INSERT INTO runs ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"  # noqa: S608
_LATEST = (
    "SELECT * FROM runs WHERE (:prompt IS NULL OR prompt = :prompt)"
    " AND (:status IS NULL OR status = :status OR (:status = 'error' AND status <> 'ok'))"
    " ORDER BY id DESC LIMIT :limit"
)
_COUNTED = (
    "SELECT attempts FROM (SELECT * FROM runs ORDER BY id DESC LIMIT :newest)"
    " WHERE status = 'ok' AND length(attempts) < :most"
    " AND json_extract(attempts, '$[0].request.model') = :model LIMIT :limit"
)
_CHAIN = (
    "WITH RECURSIVE chain(id, parent, head, turns, number, place) AS (SELECT *, 0 FROM turns WHERE id = :id"
    " UNION SELECT turns.*, place + 1 FROM turns JOIN chain ON turns.id = chain.parent)"
    " SELECT head, turns FROM chain ORDER BY place DESC"
)
_CHATS = (
    "SELECT runs.id, runs.time, runs.prompt, runs.version, runs.model, runs.inputs,"
    " turns.number AS turns FROM runs JOIN turns USING (id)"
    " WHERE runs.id NOT IN (SELECT parent FROM turns) AND (:prompt IS NULL OR runs.prompt = :prompt)"
    " ORDER BY runs.id DESC LIMIT :limit"
)
_BEGINNING = "SELECT * FROM runs WHERE id >= :prefix AND id < :prefix || '~' ORDER BY id DESC LIMIT :limit"

_NEWEST = 2_000  # rows that are looked at for those of one model
_MOST_CHARACTERS = 100_000
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that looks like something else
_RANDOM_BITS = 80
_ID_LENGTH = 26


def new_id(after: int = 0) -> int:
    """A number for the next id: the time in milliseconds, then 80 random bits; always above `after`."""
    fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | int.from_bytes(os.urandom(10))
    return fresh if fresh > after else after + 1 + int.from_bytes(os.urandom(5))


def status_of(error: Exception | None) -> str:
    """How a run ended, as the log names it: `ok`, `interrupted` by its user, or the name of an error."""
    if error is None:
        return "ok"
    return "interrupted" if getattr(error, "code", "") == "PK515" else type(error).__name__


def id_text(number: int) -> str:
    """An id's number as 26 letters and digits, in the same order (the ULID form)."""
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_ID_LENGTH)))


@dataclass(slots=True)
class _Held:
    """What one process holds: SQLite connections must not cross a fork, and neither may a lock."""

    pid: int = field(default_factory=os.getpid)
    lock: threading.Lock = field(default_factory=threading.Lock)
    connection: sqlite3.Connection | None = None
    last_id: int = 0


_inherited: list[_Held] = []
"""What a forked child got from its parent: kept untouched, since closing it could disturb the parent."""


class LogFile:
    """Rows of runs in a file. Raises `ConfigError` for a file that cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held = _Held()

    def insert(self, row: Mapping[str, Any]) -> str:
        """Add a row under a new id, which is given back."""
        held = self._mine()
        with held.lock, _explained(self.path):
            held.last_id = new_id(held.last_id)
            name = id_text(held.last_id)
            cells = {column: _cell(value) for column, value in row.items()}
            self._connected(held).execute(_INSERT, cells | {"id": name})
            return name

    def latest(self, limit: int, prompt: str | None, status: str | None) -> list[dict[str, Any]]:
        """The newest rows first."""
        return self._rows(_LATEST, {"limit": limit, "prompt": prompt, "status": status})

    def beginning(self, prefix: str, limit: int) -> list[dict[str, Any]]:
        """Rows whose id begins with a prefix, the newest first."""
        return self._rows(_BEGINNING, {"prefix": prefix, "limit": limit})

    def insert_turn(self, row: Mapping[str, str | int]) -> None:
        """Add what is new of a conversation."""
        held = self._mine()
        with held.lock, _explained(self.path):
            connection = self._connected(held)
            connection.execute(_TURNS)  # a file of before has no such table
            connection.execute("INSERT OR REPLACE INTO turns VALUES (:id, :parent, :head, :turns, :number)", row)

    def has_turn(self, name: str) -> bool:
        """Whether there is a turn of this id."""
        return self._has_turns() and bool(self._rows("SELECT 1 FROM turns WHERE id = :id", {"id": name}))

    def turns_upto(self, name: str) -> list[dict[str, Any]]:
        """What there is of a conversation up to the run of this id, the oldest first."""
        return self._rows(_CHAIN, {"id": name}) if self._has_turns() else []

    def chats(self, limit: int, prompt: str | None) -> list[dict[str, Any]]:
        """The runs with which conversations end, the newest first."""
        return self._rows(_CHATS, {"limit": limit, "prompt": prompt}) if self._has_turns() else []

    def _has_turns(self) -> bool:
        return bool(self._rows("SELECT 1 FROM sqlite_schema WHERE name = 'turns'", {}))

    def attempts_of(self, model: str, limit: int) -> list[str]:
        """The attempts of the newest runs on a model, those that are short enough to be read in passing."""
        values = {"model": model, "limit": limit, "newest": _NEWEST, "most": _MOST_CHARACTERS}
        return [row["attempts"] for row in self._rows(_COUNTED, values)]

    def close(self) -> None:
        """Close the connection of this process."""
        held = self._mine()
        with held.lock, _explained(self.path):
            if held.connection is not None:
                held.connection.close()
                held.connection = None

    def _rows(self, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        held = self._mine()
        with held.lock, _explained(self.path):
            if not self.path.exists():
                return []
            cursor = self._connected(held).execute(query, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _mine(self) -> _Held:
        if self._held.pid != os.getpid():
            _inherited.append(self._held)
            self._held = _Held()
        return self._held

    def _connected(self, held: _Held) -> sqlite3.Connection:
        if held.connection is None:
            held.connection = _opened(self.path)
        return held.connection


def _opened(path: Path) -> sqlite3.Connection:
    import sqlite3

    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        # One transaction: another process that makes the table just now is seen before or after it, not in between.
        connection.execute("BEGIN")
        ready = _ready(connection, path)
        connection.execute("COMMIT")
        if not ready:
            _make(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _ready(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the table is there. Raises `ConfigError` for the file of a newer promptkit or of somebody else."""
    version, application = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")
    )
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if (version, application) == (FORMAT, _APPLICATION):
        return True
    if application == _APPLICATION:
        message = f"the log was written by a newer promptkit: its format is {version}, this one knows {FORMAT}"
        raise ConfigError(message, where=str(path), help=f"pip install --upgrade mara-promptkit; {_ANOTHER}")
    if version or application or tables:
        raise ConfigError("the file is a database of another program", where=str(path), help=_ANOTHER)
    return False


def _make(connection: sqlite3.Connection, path: Path) -> None:
    """Make the table, unless another process was faster."""
    _switch_to_wal(connection)
    connection.execute("BEGIN IMMEDIATE")
    if not _ready(connection, path):
        for statement in _CREATE:
            connection.execute(statement)
    connection.execute("COMMIT")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait by itself for this lock when several processes make the file at once."""
    import sqlite3

    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "SQLITE_BUSY" not in error.sqlite_errorname or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _cell(value: Any) -> Any:
    """A value as SQLite can hold it: lone surrogates escaped, counts within 64 bits."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return max(-(2**63), min(value, 2**63 - 1)) if isinstance(value, int) else value


_ANOTHER = "or name another file with PROMPTKIT_LOG_PATH"
_CAUSES = {
    "SQLITE_NOTADB": ("the file is not a log", f"move it away, {_ANOTHER}"),
    "SQLITE_CORRUPT": ("the log is damaged", f"move it away, {_ANOTHER}"),
    "SQLITE_READONLY": ("the log cannot be written: file or folder is read-only", f"change that, {_ANOTHER}"),
    "SQLITE_CANTOPEN": ("the log cannot be opened", f"check the folder, {_ANOTHER}"),
    "SQLITE_PERM": ("the log cannot be opened: permission denied", f"change that, {_ANOTHER}"),
    "SQLITE_FULL": ("the log cannot be written: no space left", f"make room, {_ANOTHER}"),
    "SQLITE_BUSY": ("the log is in use by another process for too long", f"end that process, {_ANOTHER}"),
}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say into a `ConfigError`."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        cause = next((known for known in _CAUSES if name.startswith(known)), "")
        message, cure = _CAUSES.get(cause, (f"the log cannot be used: {error}", f"move it away, {_ANOTHER}"))
        raise ConfigError(message, where=str(path), help=cure) from None
    except OSError as error:
        message = f"the log cannot be opened: {error.strerror or error}"
        raise ConfigError(message, where=str(path), help=f"check the folder, {_ANOTHER}") from None
