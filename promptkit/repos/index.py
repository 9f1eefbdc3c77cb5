"""The index of a repo: one row a prompt, made when its commit changes, so that listing reads one file.

A row is made anew only where a file of that prompt is another one than when the row was made, where it has files of
other repos, and where it has faults.
"""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from promptkit._version import __version__
from promptkit.errors import PromptkitError, RepoError, SourceError
from promptkit.kept_file import keep_file
from promptkit.loader import load
from promptkit.repos.git import command as git
from promptkit.repos.git.ids import file_id, hash_of
from promptkit.repos.git_repo import GitRepo
from promptkit.repos.own_repo import own_repo
from promptkit.repos.recording import Recording
from promptkit.source import MOUNT
from promptkit.template_paths import is_prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from promptkit.repos.workspace import Workspace
    from promptkit.source import Source

__all__ = ["Row", "folder_rows", "repo_rows"]

_FORMAT = f"4 {__version__}"
_MOST_BYTES = 256 << 20
_COMMIT = re.compile("\x01([0-9a-f]{40,64}) ([0-9]{1,19})")
_LAST_TIME = 253_402_300_799
"""The end of the year 9999, behind which no calendar goes."""


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
        found = [f"{count} {noun}{'s' * (count != 1)}" for count, noun in self._counts if count]
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
        history = _History.of(repo, pin.commit)
        return _indexed(kept, source, prompts, lambda path: history.ids.get(path, ""), history, told)
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
        history = _History()
        with suppress(RepoError):  # what lies in no repository, or in one that cannot be read, has no commits
            repo = own_repo(folder, closing)
            history = _History.of(repo, repo.state.head)
        kind = hash_of(history.commit)

        @cache
        def id_of(path: str) -> str:
            return file_id(folder / path, kind, history.ids.get(path, ""))

        rows = _indexed(kept, source, prompts, id_of, history, told)
    return [
        row if history.ids.get(row.file) == id_of(row.file) else replace(row, changed=_written(folder / row.file))
        for row in rows
    ]


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _written(path: Path) -> int:
    try:
        return max(0, min(int(path.stat().st_mtime), _LAST_TIME))
    except OSError:
        return 0


def _indexed(
    path: Path,
    source: Source,
    prompts: Mapping[str, str],
    id_of: Callable[[str], str],
    history: _History,
    told: Callable[[int, int], None],
) -> list[Row]:
    """The rows of prompts, as they were kept at a path where they still hold; their dates from the history of a commit.

    `id_of` gives the id of a file's content, which is empty where there is none.
    """
    kept = _Kept.read(path)
    before = {row.name: row for row in kept.rows}
    dates = history.dates(kept)
    rows = []
    for number, (name, file) in enumerate(sorted(prompts.items()), 1):
        row = before.get(name)
        if row is None or not _holds(row, file, id_of):
            row = _row(source, name, file, id_of)
        told(number, len(prompts))
        changed = dates.get(file, 0)
        rows.append(row if row.changed == changed else replace(row, changed=changed))
    now = _Kept(history.commit, dates, rows)
    if now != kept:
        with suppress(PromptkitError):  # a cache that cannot be written costs time, nothing else
            keep_file(path, now.text(), "the index of a repo")
    return rows


def _holds(row: Row, file: str, id_of: Callable[[str], str]) -> bool:
    """Whether a row is still right."""
    return row.file == file and row.is_settled and all(id_of(part) == known for part, known in row.parts.items())


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of an index: the rows, and when each file was last changed, as far as a commit."""

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
            return cls(str(data["commit"]), dates, list(map(Row.of, data["rows"])))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls()

    def text(self) -> str:
        """What is written."""
        rows = [{name: getattr(row, name) for name in Row.__slots__} for row in self.rows]
        return json.dumps({"version": _FORMAT, "commit": self.commit, "dates": self.dates, "rows": rows})


def _row(source: Source, name: str, file: str, id_of: Callable[[str], str]) -> Row:
    recording = Recording(source)
    try:
        loaded = load(recording, file)
    except (SourceError, PromptkitError):
        return Row(name, file, errors=1)
    counts = [sum(each.severity == kind for each in loaded.diagnostics) for kind in ("error", "warning")]
    parts = {path: "?" if MOUNT in path else id_of(path) for path in (*recording.files, *recording.missed)}
    known = loaded.chain.entries if loaded.chain is not None else {}
    texts = {key: getattr(known[key].node, "text", "") if key in known else "" for key in ("version", "description")}
    metadata = loaded.spec.metadata if loaded.spec is not None else {}
    tags = metadata.get("tags")
    shown = tuple(map(str, tags)) if isinstance(tags, (list, tuple)) else ()
    inputs = tuple(loaded.spec.inputs) if loaded.spec is not None else ()
    described = " ".join(texts["description"].split())
    return Row(name, file, texts["version"], described, shown, inputs, counts[0], counts[1], parts=parts)


@dataclass(frozen=True, slots=True)
class _History:
    """The commits up to one of them, and the ids of the files that it has; nothing where there is no repository.

    Only the main line is followed, from each commit to its first parent: what another branch brought was changed when
    it was merged. So what was read up to one of its commits can be kept.
    """

    repo: GitRepo | None = None
    commit: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, repo: GitRepo, commit: str) -> _History:
        """The history of a commit; an empty one before the first. Raises `RepoError`."""
        return cls(repo, commit, {file: entry.id for file, entry in repo.snapshot(commit).files()} if commit else {})

    def dates(self, kept: _Kept) -> Mapping[str, int]:
        """When each prompt's file was last changed, as far as the history is here; read no further than it is kept."""
        if self.repo is None:
            return {}
        files = set(filter(is_prompt, self.ids))
        known = {file: time for file, time in kept.dates.items() if file in files}
        found: dict[str, int] = {}
        prefix = f"{self.repo.folder}/" if self.repo.folder else ""
        cut = _lines(self.repo.reach.git_dir / "shallow")
        time, is_whole = 0, True
        for field_ in _log(self.repo, self.commit):
            if header := _COMMIT.fullmatch(field_):
                if header[1] == kept.commit and files == known.keys() | found.keys():  # else more came since
                    return known | found
                time, is_whole = min(int(header[2]), _LAST_TIME), header[1] not in cut
            elif is_whole and field_.startswith(prefix) and field_.removeprefix(prefix) in files:
                found.setdefault(field_.removeprefix(prefix), time)
                if len(found) == len(files):
                    break
        return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return []


def _log(repo: GitRepo, commit: str) -> Iterator[str]:
    """The commits of the main line, each with the files in which it differs from the one before."""
    shown = ("log", "-z", "--format=%x01%H %ct", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv")
    line = ("--first-parent", "--diff-merges=first-parent", "--no-show-signature")
    process = git.started(repo.reach.git_dir, *shown, *line, commit, "--")
    assert process.stdout is not None
    rest = b""
    try:
        while piece := process.stdout.read(1 << 16):
            *whole, rest = (rest + piece).replace(b"\n", b"\0").split(b"\0")
            yield from (each.decode("utf-8", "replace") for each in whole if each)
    finally:
        process.kill()
        with suppress(subprocess.SubprocessError):
            process.communicate()


def found_in(rows: Iterable[Row], words: Iterable[str]) -> list[Row]:
    """The rows in which every word stands: in the name, the description, the tags or the names of inputs."""
    wanted = [word.casefold() for word in words]
    if not wanted:
        return list(rows)
    return [row for row in rows if all(word in _text(row) for word in wanted)]


def _text(row: Row) -> str:
    return " ".join((row.name, row.description, *row.tags, *row.inputs)).casefold()
