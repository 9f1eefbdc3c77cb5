"""Loading what is locked: each file by its SHA-256, out of the cache, or else out of its repo at the locked commit."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from promptkit.errors import LockError, PromptkitError, SourceError
from promptkit.repos.lock import LOCK_FILE, Lock, digest_of
from promptkit.repos.mounts import Mounted
from promptkit.repos.opener import Opener
from promptkit.repos.overlay import Overlay
from promptkit.repos.references import Pin, Reference
from promptkit.repos.workspace import Workspace
from promptkit.setting_table import SETTINGS
from promptkit.settings import CONFIG_VARIABLE, PROJECT_FILE, load_settings
from promptkit.source import Folder, no_such_file
from promptkit.source_paths import MOUNT, join, mount_shown, mounted, split_mount
from promptkit.template_paths import changed_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from promptkit.repos.lock import Locked, Part
    from promptkit.repos.repo import Repo
    from promptkit.source import Source

__all__ = [
    "LockedSource",
    "kept_at",
    "kept_parts",
    "locked_pin",
    "locked_source",
    "opened_at",
    "past_source",
    "project_source",
    "source_of",
]

_PARTS = "repos/parts"


def locked_source(root: Path, locked: Locked, *, is_past: bool = False) -> tuple[Source, str]:
    """The source and the file of a locked prompt. Its bytes come from the cache, and git is asked where they do not.

    A plain folder is always read, since what moved there is to be told; but for a state that `is_past`.
    """
    has_commits = bool(locked.commit or locked.pins)
    kept = _kept_at(root, changed_at(root / PROJECT_FILE), _places()) if has_commits or is_past else None
    return LockedSource(locked, kept, _Fetch(root, locked)), locked.file


def past_source(workspace: Workspace, source: Mounted, lock: Lock) -> Source:
    """The files of a past state of the project: of plain folders, which have no states, as its lock has them."""
    parts = [
        part
        for entry in lock
        for part in (entry.parts if entry.is_own else ())
        if split_mount(part.path)[0] not in entry.pins
    ]
    return _Past(source, parts, kept_parts(workspace)) if parts else source


def project_source(workspace: Workspace, *, is_frozen: bool = False) -> Source:
    """The project's own files, and those of the repos that are named in them: what is locked by its SHA-256s.

    That needs no git; all else is opened as it is wanted, see `Opener` for what is frozen. Raises `LockError` for a
    lock that cannot be read.
    """
    source = workspace.project_source(is_frozen=is_frozen)
    pinned: dict[str, tuple[Part, str]] = {}
    for entry in Lock(workspace.folder / LOCK_FILE):
        for part in entry.parts if entry.is_own else ():
            mount, _ = split_mount(part.path)
            if mount in entry.pins:  # a plain folder is always read
                pinned[part.path] = part, entry.pins[mount]
    return _OwnLocked(source, pinned, kept_parts(workspace)) if pinned else source


class _ByDigest(Overlay):
    """The files of another source, of which some `parts` are read by their SHA-256s: from the cache, or else there."""

    def __init__(self, source: Source, parts: Iterable[Part], kept: Path) -> None:
        super().__init__(source)
        self.parts = {part.path: part for part in parts}
        self._kept = kept

    def read(self, path: str) -> bytes:
        """See `Source.read`. Raises what `refused` gives where a part is another file now."""
        part = self.parts.get(path)
        if part is None:
            return self.source.read(path)
        if (kept := kept_bytes(self._kept, part.sha256)) is not None:
            return kept
        data = self.source.read(path)
        if digest_of(data) != part.sha256:
            raise self.refused(part)
        return data

    def refused(self, part: Part) -> PromptkitError:
        """The error for a part that is not what was locked."""
        message = f"the {part.kind} `{mount_shown(part.path)}` is not what the lock pins"
        return LockError(message, help="`promptkit lock verify` tells all that moved")


class _OwnLocked(_ByDigest):
    """The project's own files, and those of other repos that are locked, each `pinned` at a commit."""

    def __init__(self, source: Mounted, pinned: Mapping[str, tuple[Part, str]], kept: Path) -> None:
        super().__init__(source, (part for part, _ in pinned.values()), kept)
        self.root = source.root
        self._commits = {path: commit for path, (_, commit) in pinned.items()}

    def resolve(self, folder: str, path: str) -> str:
        """See `source.resolve`: inside of another repo as it was when the prompt was locked."""
        if split_mount(f"{folder}/")[0] and not path.startswith("/"):
            own = join(folder, path)
            other = mounted(folder, path) if "/" in path else own
            for each in (own, other):
                if each in self.parts:
                    return each
        return super().resolve(folder, path)

    def shown(self, path: str) -> str:
        """See `Source.shown`."""
        if path not in self._commits:
            return super().shown(path)
        mount, inside = split_mount(path)
        return f"{mount.rpartition(MOUNT)[2].partition('/')[0]}@{self._commits[path][:12]}:{inside}"


class _Past(_ByDigest):
    """The files of a past state, some of which lie in plain folders: what those have now is not asked about."""

    def read(self, path: str) -> bytes:
        """See `Source.read`. Raises `SourceError` for what is not kept any more."""
        try:
            return super().read(path)
        except SourceError:
            if path not in self.parts:
                raise
            raise self.refused(self.parts[path]) from None

    def refused(self, part: Part) -> PromptkitError:
        """The error for a part that is not kept any more."""
        return SourceError(f"`{mount_shown(part.path)}`, as it was locked, is not on this machine")


def _places() -> tuple[str, ...]:
    return tuple(os.environ.get(name, "") for name in _PLACES)


_PLACES = (SETTINGS["cache_dir"].env, CONFIG_VARIABLE, "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HOME")


@lru_cache(maxsize=8)
def _kept_at(root: Path, _: int, __: tuple[str, ...]) -> Path:
    """Where locked parts are kept, which is the same as long as the project's file and the environment are."""
    return load_settings(root).cache_dir / _PARTS


class _Fetch:
    """Reads the files of a locked prompt from its repo, at the commit that is locked."""

    def __init__(self, root: Path, locked: Locked) -> None:
        self.root = root
        self.locked = locked
        self._source: Mounted | None = None

    def __call__(self, path: str) -> bytes:
        if self._source is None:
            self._source = source_of(Workspace.at(self.root), self.locked)
        return self._source.read(path)


def source_of(workspace: Workspace, locked: Locked) -> Mounted:
    """The files of a locked prompt in its repo, and of the repos that they name, as they are locked."""
    opener = Opener(workspace, locked.pins)
    if locked.is_own:
        return Mounted(Folder(workspace.folder), workspace.declared, opener)
    repo = workspace.repo(Reference.of(locked.name).repo)
    return opened_at(repo, locked_pin(repo, locked), opener)


def kept_parts(workspace: Workspace) -> Path:
    """Where the bytes of locked parts are kept."""
    return workspace.settings.cache_dir / _PARTS


def locked_pin(repo: Repo, known: Locked) -> Pin:
    """The state that is locked. Raises `RepoError` where its commit is not on this machine and cannot be fetched."""
    return Pin(repo.pin("", known.commit).commit, known.version)


def opened_at(repo: Repo, pin: Pin, opener: Opener) -> Mounted:
    """The files of one state of a repo, and those of others that are named in them."""
    state = repo.at(pin)
    return Mounted(state.source, state.declared, opener)


class LockedSource:
    """The files of a locked prompt, by their SHA-256s: from the cache, else from `fetch`, and hashed in either case."""

    def __init__(self, locked: Locked, kept: Path | None, fetch: Callable[[str], bytes]) -> None:
        self.locked = locked
        self._parts = {part.path: part for part in locked.parts}
        self._kept = kept
        self._fetch = fetch

    def read(self, path: str) -> bytes:
        """See `Source.read`. Raises `LockError` where the file is not what was locked."""
        part = self._parts.get(path)
        if part is None:
            raise no_such_file(f"there is no file `{self.shown(path)}` in the lock")
        data = self._from_cache(part)
        if data is None:
            data = self._fetch(path)
            if digest_of(data) != part.sha256:
                message = f"the {part.kind} `{part.path}` of `{self.locked}` is not what the lock pins"
                raise LockError(message, help="`promptkit lock verify` tells all that moved")
        return data

    def resolve(self, folder: str, path: str) -> str:
        """See `source.resolve`: as it was when the prompt was locked."""
        own = join(folder, path)
        if own in self._parts or "/" not in path:
            return own
        other = mounted(folder, path)
        return other if other in self._parts else own

    def shown(self, path: str) -> str:
        """See `Source.shown`."""
        state = self.locked.version or self.locked.commit[:12]
        return f"{self.locked.name.partition('/')[0]}{'@' if state else ''}{state}:{path}"

    def beside(self, path: str) -> Iterable[str]:
        """See `Source.beside`."""
        folder = path.rpartition("/")[0]
        pairs = (each.rpartition("/") for each in self._parts)
        return [name for place, _, name in pairs if place == folder]

    def _from_cache(self, part: Part) -> bytes | None:
        return kept_bytes(self._kept, part.sha256) if self._kept is not None else None


def kept_at(folder: Path, sha256: str) -> Path:
    """Where the bytes of a SHA-256 are kept."""
    return folder / sha256[:2] / sha256[2:]


def kept_bytes(folder: Path, sha256: str) -> bytes | None:
    """The bytes of a SHA-256 out of the cache; None where they are not there, or are not what they should be."""
    try:
        data = kept_at(folder, sha256).read_bytes()
    except OSError:
        return None
    return data if digest_of(data) == sha256 else None
