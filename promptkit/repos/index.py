"""The index of a repo: one row a prompt, made when its commit changes, so that listing reads one file.

A row is made anew only where a file of that prompt is another one than when the row was made, where it has files of
other repos, and where it has faults.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from promptkit._version import __version__
from promptkit.errors import PromptkitError, RepoError, SourceError
from promptkit.limits import current_limits
from promptkit.loader import load
from promptkit.phrases import counted
from promptkit.private_files import keep_file
from promptkit.repos.git.ids import content_id, file_id, hash_of
from promptkit.repos.git_repo import GitRepo
from promptkit.repos.history import LAST_TIME, History
from promptkit.repos.own_repo import own_repo
from promptkit.repos.recording import Recording
from promptkit.settings import PROJECT_FILE
from promptkit.source_paths import MOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from promptkit.repos.workspace import Workspace
    from promptkit.source import Source

    IdOf = Callable[[str, bytes | None], str]

__all__ = ["Row", "folder_rows", "found_in", "repo_rows"]

_FORMAT = f"5 {__version__}"
_MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt as lists show it. `changed` is the time of the last commit that changed its file (Unix seconds)."""

    name: str
    file: str
    version: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    errors: int = 0
    warnings: int = 0
    changed: int = 0
    parts: Mapping[str, str] = field(default_factory=dict)
    """The ids of the files that it was read from, empty for one that was looked for in vain.

    Of another repo's, which may change by itself, it is `?`.
    """

    @property
    def checks(self) -> str:
        """What the check of it found, in words."""
        found = [counted(count, noun) for count, noun in self._counts if count]
        return ", ".join(found) or "ok"

    @property
    def is_settled(self) -> bool:
        """Whether it stays as long as its own files do: what it lacked may come, and other repos may change."""
        return not self.errors and "?" not in self.parts.values()

    @property
    def _counts(self) -> tuple[tuple[int, str], ...]:
        return (self.errors, "error"), (self.warnings, "warning")

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Row:
        """Read a row that was kept."""
        lists = {key: tuple(data[key]) for key in ("tags", "inputs")}
        return cls(**{**data, **lists})


def repo_rows(workspace: Workspace, name: str, told: Callable[[int, int], None] = lambda *_: None) -> list[Row]:
    """The rows of a declared repo at its rev, in order of names; `told` hears how many of how many are made.

    Raises `RepoError` or `LockError` for a repo that cannot be used.
    """
    repo = workspace.repo(name)
    pin = repo.pin("")
    source, prompts = workspace.pinned(repo, pin), repo.at(pin).prompts()
    if isinstance(repo, GitRepo):
        kept = workspace.store(workspace.declared.repo(name)).path / f"index-{_short(repo.folder)}.json"
        history = History.of(repo, pin.commit)
        return _indexed(kept, source, prompts, lambda path, _: history.ids.get(path, ""), history, told)
    path = workspace.declared.repo(name).path
    assert path is not None
    return folder_rows(workspace, path / workspace.declared.repo(name).folder, source, prompts, told)


def folder_rows(
    workspace: Workspace,
    folder: Path,
    source: Source,
    prompts: Mapping[str, str],
    told: Callable[[int, int], None] = lambda *_: None,
) -> list[Row]:
    """The rows of prompts that lie in a folder: each changed when it was committed as it is, or else as its file says.

    See `repo_rows` for what is told.
    """
    kept = workspace.settings.cache_dir / "repos" / f"index-{_short(str(folder.resolve()))}.json"
    with ExitStack() as closing:
        history = History()
        with suppress(RepoError):  # what lies in no repository, or in one that cannot be read, has no commits
            repo = own_repo(folder, closing)
            history = History.of(repo, repo.state.head)
        kind = hash_of(history.commit)

        @cache
        def id_now(path: str) -> str:
            return file_id(folder / path, kind, history.ids.get(path, ""))

        def id_of(path: str, data: bytes | None = None) -> str:
            return id_now(path) if data is None else content_id(data, kind, history.ids.get(path, ""))

        rows = _indexed(kept, source, prompts, id_of, history, told)
    return [
        row if history.ids.get(row.file) == id_now(row.file) else replace(row, changed=_written(folder / row.file))
        for row in rows
    ]


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _written(path: Path) -> int:
    try:
        return max(0, min(int(path.stat().st_mtime), LAST_TIME))
    except OSError:
        return 0


def _indexed(
    path: Path,
    source: Source,
    prompts: Mapping[str, str],
    id_of: IdOf,
    history: History,
    told: Callable[[int, int], None],
) -> list[Row]:
    """The rows of prompts, as they were kept at a path where they still hold; their dates from the history of a commit.

    `id_of` gives the id of a file's content, as it is now or as it was read; it is empty where there is none.
    """
    kept = _Kept.read(path)
    rules = f"{current_limits()} {id_of(PROJECT_FILE, None)}"  # what else a check depends on
    before = {row.name: row for row in kept.rows} if kept.rules == rules else {}
    dates = history.dates(kept.commit, kept.dates)
    rows = []
    for number, (name, file) in enumerate(sorted(prompts.items()), 1):
        row = before.get(name)
        if row is None or not _holds(row, file, id_of):
            row = _row(source, name, file, id_of)
        told(number, len(prompts))
        changed = dates.get(file, 0)
        rows.append(row if row.changed == changed else replace(row, changed=changed))
    now = _Kept(rules, history.commit, dates, rows)
    if now != kept:
        with suppress(PromptkitError):  # a cache that cannot be written costs time, nothing else
            keep_file(path, now.text(), "the index of a repo")
    return rows


def _holds(row: Row, file: str, id_of: IdOf) -> bool:
    """Whether a row is still right."""
    return row.file == file and row.is_settled and all(id_of(part, None) == known for part, known in row.parts.items())


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of an index: the rows, by which rules they were made, and when files changed, up to a commit."""

    rules: str = ""
    commit: str = ""
    dates: Mapping[str, int] = field(default_factory=dict)
    rows: Sequence[Row] = ()

    @classmethod
    def read(cls, path: Path) -> _Kept:
        """An index as it was kept; an empty one in the place of one that is damaged, or of another format."""
        try:
            if path.stat().st_size > _MOST_BYTES:
                return cls()
            data = json.loads(path.read_bytes())
            if data["version"] != _FORMAT:
                return cls()
            dates = {str(file): int(time) for file, time in data["dates"].items()}
            return cls(str(data["rules"]), str(data["commit"]), dates, list(map(Row.of, data["rows"])))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls()

    def text(self) -> str:
        """What is written."""
        rows = [{name: getattr(row, name) for name in Row.__slots__} for row in self.rows]
        said = {"version": _FORMAT, "rules": self.rules, "commit": self.commit, "dates": self.dates}
        return json.dumps({**said, "rows": rows})


def _row(source: Source, name: str, file: str, id_of: IdOf) -> Row:
    recording = Recording(source)
    try:
        loaded = load(recording, file)
    except (SourceError, PromptkitError):
        return Row(name, file, errors=1)
    counts = [sum(each.severity == kind for each in loaded.diagnostics) for kind in ("error", "warning")]
    parts = {path: id_of(path, data) for path, data in recording.files.items()} | dict.fromkeys(recording.missed, "")
    parts = {path: "?" if MOUNT in path else known for path, known in parts.items()}
    known = loaded.chain.entries if loaded.chain is not None else {}
    texts = {key: getattr(known[key].node, "text", "") if key in known else "" for key in ("version", "description")}
    metadata = loaded.spec.metadata if loaded.spec is not None else {}
    tags = metadata.get("tags")
    shown = tuple(map(str, tags)) if isinstance(tags, (list, tuple)) else ()
    inputs = tuple(loaded.spec.inputs) if loaded.spec is not None else ()
    described = " ".join(texts["description"].split())
    return Row(name, file, texts["version"], described, shown, inputs, counts[0], counts[1], parts=parts)


def found_in(rows: Iterable[Row], words: Iterable[str]) -> list[Row]:
    """The rows in which every word stands: in the name, the description, the tags or the names of inputs."""
    wanted = [each for word in words for each in word.casefold().split()]
    if not wanted:
        return list(rows)
    return [row for row in rows if all(word in _text(row) for word in wanted)]


def _text(row: Row) -> str:
    return " ".join((row.name, row.description, *row.tags, *row.inputs)).casefold()
