"""Making the lock and loading from it: which prompts a project uses, and what each of them is made of."""

from __future__ import annotations

import contextlib
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from promptkit.errors import LockError, PromptkitError, RepoError, SourceError, SpecError
from promptkit.kept_file import keep_file
from promptkit.loader import load
from promptkit.repos.lock import LOCK_FILE, Lock, Locked, LockedSource, Part, digest_of, kept_at
from promptkit.repos.mounts import Mounted
from promptkit.repos.opener import Opener
from promptkit.repos.recording import Recording, kind_of
from promptkit.repos.references import Pin, Reference, allows
from promptkit.repos.workspace import Workspace
from promptkit.setting_table import SETTINGS
from promptkit.settings import CONFIG_VARIABLE, PROJECT_FILE, load_settings
from promptkit.source import Folder, mount_shown, resolve, split_mount
from promptkit.template_paths import changed_at, prompt_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from promptkit.diagnostics import Diagnostic
    from promptkit.repos.repo import Repo
    from promptkit.source import Source

__all__ = [
    "locked_source",
    "make_lock",
    "of_project",
    "of_repo",
    "own_prompts",
    "past_source",
    "project_lock",
    "recorded",
    "source_of",
    "used_mounts",
]


_PARTS = "repos/parts"


def project_lock(workspace: Workspace, *, anew: bool = False) -> Lock:
    """The project's lockfile, which may not be there yet; with `anew`, one that cannot be read is none.

    Raises `LockError`, and `RepoError` where there is no project.
    """
    if workspace.root is None:
        cure = "a folder with a promptkit.toml is one: `promptkit repo add NAME URL` makes it, or `promptkit init NAME`"
        raise RepoError("there is no project here", help=cure)
    path = workspace.root / LOCK_FILE
    try:
        lock = Lock(path)
        list(lock)
    except LockError:
        if not anew:
            raise
        return Lock(path, anew=True)
    return lock


def make_lock(workspace: Workspace, lock: Lock, update: Collection[str] | None = ()) -> list[Locked]:
    """The blocks of the lock as it should be. What is locked stays where it is, unless its name is in `update`.

    With None, everything is resolved anew. Raises `RepoError`, `LockError` or `SpecError`.
    """
    before = {entry.key: entry for entry in lock}
    by_name = {entry.name: entry for entry in before.values() if not entry.is_own}
    made: list[Locked] = []
    moved: dict[str, LockError] = {}
    pins = _kept_pins(lock, update)
    for name, wanted in sorted(workspace.declared.prompts.items()):
        reference = Reference.of(f"{name}@{wanted}" if wanted else name)
        known = before.get((name, wanted, False)) if update is not None and name not in update else None
        if known is None and update is not None and name not in update and name in by_name:
            old = by_name[name]
            known = old if allows(wanted, old.commit, old.version) else None  # another range, and it still fits
        try:
            made.append(of_repo(workspace, reference, known))
        except LockError as error:
            if error.code != "PK611" or known is None:
                raise
            moved[name] = error
            made.append(known)
    if moved and not update:
        first = next(iter(moved.values()))
        cure = f"`promptkit lock update {' '.join(moved)}` takes what is there now; was the lock edited?"
        raise LockError(first.message, code="PK611", details=[each.message for each in moved.values()][1:], help=cure)
    for path in sorted(own_prompts(workspace), key=lambda path: path not in (update or ())):
        entry = of_project(workspace, path, pins)
        made += [entry] if entry is not None else []
        pins |= entry.pins if entry is not None else {}
    return made


def _kept_pins(lock: Lock, update: Collection[str] | None) -> dict[str, str]:
    """The pins of the project's own prompts that stay: what one of them moves, it moves for all.

    Whatever a project's files name is one state, since all of them are loaded from one source.
    """
    own = [entry for entry in lock if entry.is_own and update is not None]
    moved = {mount for entry in own if entry.name in (update or ()) for mount in entry.pins}
    return {mount: pin for entry in own for mount, pin in entry.pins.items() if mount not in moved}


def keep_parts(workspace: Workspace, files: Iterable[bytes]) -> None:
    """Keep the bytes of locked parts in the cache, by their SHA-256s, so that loading them needs no git."""
    for data in files:
        path = kept_at(_kept(workspace), digest_of(data))
        if not _is_kept(path, data):
            with contextlib.suppress(PromptkitError):  # a cache that cannot be written costs time, nothing else
                _keep_bytes(path, data)


def _is_kept(path: Path, data: bytes) -> bool:
    """Whether a part is in the cache as it should be: what was damaged there is written anew."""
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def _keep_bytes(path: Path, data: bytes) -> None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    keep_file(path, text, "a part of a locked prompt")


def _kept(workspace: Workspace) -> Path:
    return workspace.settings.cache_dir / _PARTS


def of_repo(workspace: Workspace, reference: Reference, known: Locked | None) -> Locked:
    """The block of a prompt of a repo: at the commit that is `known`, or else where its reference leads now.

    Raises `RepoError` for what cannot be found or fetched, `LockError` for a lock of the repo that cannot be used,
    `SpecError` for a prompt with faults.
    """
    repo = workspace.repo(reference.repo)
    if known is not None and repo.unfit(reference.path, reference.wanted, known.pin):
        known = None
    moved = repo.moved(reference.path, reference.wanted, known.pin) if known is not None else None
    if known is not None and moved is not None:
        if known.wanted != reference.wanted:
            return of_repo(workspace, reference, None)
        cure = f"`promptkit lock update {reference.name}` takes what is there now; was the lock edited?"
        raise LockError(f"{reference}: {': '.join(moved)}", code="PK611", help=cure)
    pin = repo.pin(reference.path, reference.wanted) if known is None else _held(repo, known)
    source = _opened(repo, pin, _opener(workspace, known.pins if known is not None else {}))
    return recorded(workspace, reference.name, reference.wanted, source, repo.require(reference.path, pin), pin)


def _held(repo: Repo, known: Locked) -> Pin:
    """The state that is locked. Raises `RepoError` where its commit is not on this machine and cannot be fetched."""
    return Pin(repo.pin("", known.commit).commit, known.version)


def _opened(repo: Repo, pin: Pin, opener: Opener) -> Mounted:
    state = repo.at(pin)
    return Mounted(state.source, state.declared, opener)


def of_project(workspace: Workspace, path: str, pins: Mapping[str, str]) -> Locked | None:
    """The block of a prompt of the project itself; None for one that uses no other repo. Raises as `of_repo` does.

    `pins` are the commits of what all of the project's prompts use, by the path of the mount.
    """
    folder = Folder(workspace.folder)
    source = Mounted(folder, workspace.declared, _opener(workspace, pins))
    try:
        entry = recorded(workspace, path, "", source, path, Pin(""), own=True)
    except SpecError as error:
        if source.mounts or _names_a_repo(folder, path, workspace) or any(map(_is_of_repos, error.diagnostics)):
            raise
        return None  # it may be no prompt at all, and what is wrong with it is told by the check
    return entry if source.mounts else None


def used_mounts(workspace: Workspace, path: str) -> dict[str, str]:
    """What a prompt of the project itself uses of other repos, as far as they can be opened: mount to commit."""
    source = Mounted(Folder(workspace.folder), workspace.declared, _opener(workspace, {}))
    load(source, path)
    return {mount: each.pin.commit for mount, each in source.mounts.items()}


def _is_of_repos(fault: Diagnostic) -> bool:
    return fault.code.startswith("PK6")


def _names_a_repo(folder: Folder, path: str, workspace: Workspace) -> bool:
    """Whether a file may name a repo: it has a declared name with a slash behind it."""
    try:
        text = folder.read(path).decode("utf-8", "replace")
    except SourceError:
        return False
    return any(re.search(rf"(?<![\w./-]){re.escape(name)}/", text) for name in workspace.declared.repos)


def _opener(workspace: Workspace, pins: Mapping[str, str]) -> Opener:
    return Opener(workspace, pins, is_proving=True)


def recorded(
    workspace: Workspace, name: str, wanted: str, source: Mounted, file: str, pin: Pin, *, own: bool = False
) -> Locked:
    """Load a prompt, and write down what it was made of. Raises `SpecError` for one that cannot be used."""
    recording = Recording(source)
    loaded = load(recording, file)
    if loaded.spec is None:
        raise SpecError(loaded.errors)
    files = {path: data for path, data in recording.files.items() if not own or split_mount(path)[0]}
    keep_parts(workspace, files.values())
    parts = tuple(Part(kind_of(path, file, loaded), path, digest_of(data)) for path, data in files.items())
    pins = {mount: each.pin.commit for mount, each in source.mounts.items() if each.pin.commit}
    version = pin.version if pin.commit else loaded.spec.version  # what no tag leads to has no version yet
    digest = "" if own else loaded.spec.digest
    if own:
        digest = digest_of("\n".join(sorted(map(str, parts))).encode())
    return Locked(name, wanted, version or "", pin.commit, digest, file, parts, pins, loaded.spec.promptkit)


def own_prompts(workspace: Workspace) -> Iterator[str]:
    """The project's own prompts that may name other repos."""
    if workspace.root is not None and workspace.declared.repos:
        yield from prompt_files(workspace.root)


# Loading from it


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
    return _Past(source, parts, _kept(workspace)) if parts else source


class _Past:
    """The files of a state, some of which are read by their SHA-256s."""

    def __init__(self, source: Mounted, parts: Iterable[Part], kept: Path) -> None:
        self.source = source
        self._parts = {part.path: part for part in parts}
        self._kept = kept

    def read(self, path: str) -> bytes:
        """See `Source.read`. Raises `SourceError` for what is not kept any more."""
        part = self._parts.get(path)
        if part is None:
            return self.source.read(path)
        for read in (kept_at(self._kept, part.sha256).read_bytes, lambda: self.source.read(path)):
            with contextlib.suppress(OSError, SourceError):
                if digest_of(data := read()) == part.sha256:
                    return data
        raise SourceError(f"`{mount_shown(path)}`, as it was locked, is not on this machine")

    def resolve(self, folder: str, path: str) -> str:
        """See `source.resolve`."""
        return resolve(self.source, folder, path)

    def shown(self, path: str) -> str:
        """See `Source.shown`."""
        return self.source.shown(path)

    def beside(self, path: str) -> Iterable[str]:
        """See `Source.beside`."""
        return self.source.beside(path)


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
    return _opened(repo, _held(repo, locked), opener)
