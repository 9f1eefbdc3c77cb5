"""The index of a repo: one row a prompt, made when its commit changes, so that listing reads one file.

A row is made anew only where a file of that prompt is another one than when the row was made, where it has files of
other repos, and where it has faults.
"""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from promptkit._version import __version__
from promptkit.errors import PromptkitError, RepoError, SourceError
from promptkit.kept_file import keep_file
from promptkit.loader import load
from promptkit.repos.git import command as git
from promptkit.repos.git_repo import GitRepo
from promptkit.repos.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from promptkit.repos.workspace import Workspace
    from promptkit.source import Source

__all__ = ["Row", "folder_rows", "repo_rows"]

_FORMAT = f"2 {__version__}"
_MOST_BYTES = 256 << 20
_TIME = re.compile("\x01([0-9]{1,19})")
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
    """The ids of the files that it was read from; of another repo's, which may change by itself, there is none."""

    @property
    def checks(self) -> str:
        """What the check of it found, in words."""
        found = [f"{count} {noun}{'s' * (count != 1)}" for count, noun in self._counts if count]
        return ", ".join(found) or "ok"

    @property
    def is_settled(self) -> bool:
        """Whether it stays as long as its own files do: what it lacked may come, and other repos may change."""
        return not self.errors and all(self.parts.values())

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
    source = workspace.pinned(repo, pin)
    prompts = repo.at(pin).prompts()
    if isinstance(repo, GitRepo):
        kept = workspace.store(workspace.declared.repo(name)).path
        return _indexed(repo, pin.commit, prompts, source, kept, told)
    return folder_rows(source, prompts)


def _indexed(
    repo: GitRepo,
    commit: str,
    prompts: Mapping[str, str],
    source: Source,
    kept: Path,
    told: Callable[[int, int], None],
) -> list[Row]:
    path = kept / f"index-{sha256(repo.folder.encode()).hexdigest()[:8]}.json"
    since, kept_rows = _read(path)
    if since == commit and all(row.is_settled for row in kept_rows):
        return kept_rows
    ids = {file: entry.id for file, entry in repo.snapshot(commit).files()}
    before = {row.name: row for row in kept_rows}
    if since and not _is_before(repo, since, commit):
        since = ""
    dates = _dates(repo, commit, since, set(prompts.values()))
    rows = []
    for number, (name, file) in enumerate(sorted(prompts.items()), 1):
        row = before.get(name)
        if row is None or not _holds(row, file, ids):
            row = _row(source, name, file, ids)
        told(number, len(prompts))
        changed = dates.get(file, before[name].changed if since and name in before else 0)
        rows.append(Row(**{**_fields(row), "changed": changed}))
    data = {"version": _FORMAT, "commit": commit, "rows": [asdict(row) for row in rows]}
    with suppress(PromptkitError):  # a cache that cannot be written costs time, nothing else
        keep_file(path, json.dumps(data), "the index of a repo")
    return rows


def _is_before(repo: GitRepo, since: str, commit: str) -> bool:
    """Whether a commit is in the history of another one, as far as that is here."""
    try:
        return git.git_says(repo.reach.git_dir, "merge-base", "--is-ancestor", since, commit)
    except RepoError:  # it is not here any more
        return False


def folder_rows(source: Source, prompts: Mapping[str, str]) -> list[Row]:
    """The rows of prompts that lie in a plain folder."""
    return [_row(source, name, file, {}) for name, file in sorted(prompts.items())]


def _holds(row: Row, file: str, ids: Mapping[str, str]) -> bool:
    """Whether a row is still right."""
    return row.file == file and row.is_settled and all(ids.get(part) == known for part, known in row.parts.items())


def _fields(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Row.__slots__}


def _read(path: Path) -> tuple[str, list[Row]]:
    """The commit of an index that was kept, and its rows; nothing of one that is damaged, or of another format."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return "", []
        data = json.loads(path.read_bytes())
        return (str(data["commit"]), list(map(Row.of, data["rows"]))) if data["version"] == _FORMAT else ("", [])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "", []


def _row(source: Source, name: str, file: str, ids: Mapping[str, str]) -> Row:
    recording = Recording(source)
    try:
        loaded = load(recording, file)
    except (SourceError, PromptkitError):
        return Row(name, file, errors=1)
    counts = [sum(each.severity == kind for each in loaded.diagnostics) for kind in ("error", "warning")]
    parts = {path: ids.get(path, "") for path in recording.files} if ids else {}
    known = loaded.chain.entries if loaded.chain is not None else {}
    texts = {key: getattr(known[key].node, "text", "") if key in known else "" for key in ("version", "description")}
    metadata = loaded.spec.metadata if loaded.spec is not None else {}
    tags = metadata.get("tags")
    shown = tuple(map(str, tags)) if isinstance(tags, (list, tuple)) else ()
    inputs = tuple(loaded.spec.inputs) if loaded.spec is not None else ()
    described = " ".join(texts["description"].split())
    return Row(name, file, texts["version"], described, shown, inputs, counts[0], counts[1], parts=parts)


def _dates(repo: GitRepo, commit: str, since: str, files: set[str]) -> dict[str, int]:
    """When each file was last changed, by the commits that came after `since`; the history is read as it comes."""
    found: dict[str, int] = {}
    prefix = f"{repo.folder}/" if repo.folder else ""
    time = 0
    for field_ in _log(repo, commit, since):
        if header := _TIME.fullmatch(field_):
            time = min(int(header[1]), _LAST_TIME)
        elif field_.startswith(prefix) and field_.removeprefix(prefix) in files:
            found.setdefault(field_.removeprefix(prefix), time)
            if len(found) == len(files):
                break
    return found


def _log(repo: GitRepo, commit: str, since: str) -> Iterator[str]:
    names = (commit, *((f"^{since}",) if since else ()))
    arguments = ("log", "-z", "--format=%x01%ct", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv")
    process = git.started(repo.reach.git_dir, *arguments, *names, "--")
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
