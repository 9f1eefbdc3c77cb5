"""Making the lock: which prompts a project uses, and what each of them is made of."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from promptkit.errors import LockError, PromptkitError, RepoError, SourceError, SpecError
from promptkit.loader import load
from promptkit.private_files import keep_file
from promptkit.repos.from_lock import kept_at, kept_parts, locked_pin, opened_at
from promptkit.repos.lock import LOCK_FILE, Lock, Locked, Part, digest_of
from promptkit.repos.mounts import Mounted
from promptkit.repos.opener import Opener
from promptkit.repos.recording import Recording, kind_of
from promptkit.repos.references import Pin, Reference, allows
from promptkit.source import Folder
from promptkit.source_paths import split_mount
from promptkit.template_paths import prompt_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from promptkit.diagnostics import Diagnostic
    from promptkit.repos.workspace import Workspace

__all__ = [
    "make_lock",
    "of_project",
    "of_repo",
    "own_prompts",
    "project_lock",
    "recorded",
    "used_mounts",
]


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
        entry = of_project(workspace, path, pins, was_locked=(path, "", True) in before)
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
        path = kept_at(kept_parts(workspace), digest_of(data))
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
    pin = repo.pin(reference.path, reference.wanted) if known is None else locked_pin(repo, known)
    source = opened_at(repo, pin, _opener(workspace, known.pins if known is not None else {}))
    return recorded(workspace, reference.name, reference.wanted, source, repo.require(reference.path, pin), pin)


def of_project(workspace: Workspace, path: str, pins: Mapping[str, str], *, was_locked: bool = False) -> Locked | None:
    """The block of a prompt of the project itself; None for one that uses no other repo. Raises as `of_repo` does.

    `pins` are the commits of what all of the project's prompts use, by the path of the mount. One that `was_locked` and
    cannot be read is no prompt that uses none.
    """
    folder = Folder(workspace.folder)
    source = Mounted(folder, workspace.declared, _opener(workspace, pins))
    try:
        entry = recorded(workspace, path, "", source, path, Pin(""), own=True)
    except SpecError as error:
        if (
            was_locked
            or source.mounts
            or _names_a_repo(folder, path, workspace)
            or any(map(_is_of_repos, error.diagnostics))
        ):
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
