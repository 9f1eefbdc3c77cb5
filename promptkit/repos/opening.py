"""The door through which floors below reach repos: where the prompt of a reference is, and what a project may name."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.errors import LockError, RepoError
from promptkit.repos.from_lock import locked_source
from promptkit.repos.from_lock import project_source as locked_project
from promptkit.repos.git.local import GitDirectory
from promptkit.repos.lock import LOCK_FILE, Lock
from promptkit.repos.names import in_use_as
from promptkit.repos.references import Reference, wish_of
from promptkit.repos.workspace import Workspace
from promptkit.settings import PROJECT_FILE, find_root
from promptkit.source import ENDINGS, Folder
from promptkit.template_paths import locate, project_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.source import Source

__all__ = ["frozen", "open_reference", "project_source"]

FROZEN_VARIABLE = "PROMPTKIT_FROZEN"


def frozen() -> bool:
    """Whether only what is locked may be used: `PROMPTKIT_FROZEN` says so, else in CI it is so (`CI` is set there)."""
    said = os.environ.get(FROZEN_VARIABLE) or os.environ.get("CI", "")
    return said.strip().lower() not in ("", "0", "false", "no", "off")


def open_reference(text: str, start: Path | None = None) -> tuple[Source, str]:
    """The source and the file of a reference, from the lock where it is locked, else from what was fetched.

    A reference whose first name is no declared repo, and a file with `@` behind it, are the project's own prompts in
    another state. Nothing is fetched. Raises `RepoError`; `LockError` where the lock does not fit, or is all that
    may be used.
    """
    root = find_root(start or Path())
    if (own := _own_file(text, start, root)) is not None:
        return own
    reference = Reference.of(text)
    lock = Lock(root / LOCK_FILE) if root is not None else None
    wishes = _wishes(root)
    if root is not None and lock is not None and (known := lock.find(reference, wishes)) is not None:
        return locked_source(root, known)
    workspace = Workspace.at(start)
    if reference.wanted and _may_be_own(workspace, reference, start or Path()):
        return _own(workspace, reference.name, reference.wanted)
    if workspace.root is None:
        here = (start or Path()).absolute()
        cure = "start in the project's folder, or name it: Prompt.load(..., root=FOLDER)"
        raise RepoError(f"there is no {PROJECT_FILE} at or above {here}", code="PK605", help=cure)
    workspace.declared.repo(reference.repo)
    if not reference.wanted:
        reference = replace(reference, wanted=wishes.get(in_use_as(reference.name, wishes), ""))
    if lock is not None and frozen():
        raise _not_locked(text, reference, lock, wishes)
    source, path, _ = workspace.source(reference)
    return source, path


def _own_file(text: str, start: Path | None, root: Path | None) -> tuple[Source, str] | None:
    """Where a file of the project, or a prompt at its top, is in another state; None for the reference to a repo."""
    file, at, wanted = text.rpartition("@")
    repos = project_table(root, "repos") if root is not None else {}
    here = (start or Path()) / file
    if at and file.endswith(ENDINGS) and (here.exists() or file.partition("/")[0] not in repos):
        folder, inside = locate(here)
        return _own(Workspace.at(folder), inside, wanted)
    return _own(Workspace.at(start), file, wanted) if at and "/" not in file else None


def _may_be_own(workspace: Workspace, reference: Reference, start: Path) -> bool:
    """Whether the first name of a reference is no repo, nor nearly one, and may be a folder of the project."""
    repos = workspace.declared.repos
    unknown = reference.repo not in repos and not did_you_mean(reference.repo, repos)
    return unknown and GitDirectory.around(workspace.root or start) is not None


def _wishes(root: Path | None) -> dict[str, str]:
    """What is wanted of each prompt in use."""
    in_use = project_table(root, "prompts") if root is not None else {}
    return {name: wish_of(str(wish)) for name, wish in in_use.items()}


def _not_locked(text: str, reference: Reference, lock: Lock, wishes: Mapping[str, str]) -> LockError:
    wanted = wishes.get(in_use_as(reference.name, wishes))
    if not lock.exists:
        message, cure = "there is no lockfile", "`promptkit lock`, outside of CI, and commit promptkit.lock"
    elif wanted is None:
        named = f'"{reference.name}" = "{reference.wanted or "*"}"'
        message, cure = f"`{text}` is not locked", f"name it under [prompts], as {named}, then: promptkit lock"
    else:
        message = f"`{text}` is not what is locked: `{reference.name}` is in use at `{wanted or '*'}`"
        cure = "ask for that, or change [prompts] and run `promptkit lock`, outside of CI"
    return LockError(message, where=str(lock.path), help=cure)


def _own(workspace: Workspace, path: str, wanted: str) -> tuple[Source, str]:
    repo = workspace.own()
    pin = repo.pin(path, wanted)
    return workspace.pinned(repo, pin), repo.require(path, pin)


def project_source(root: Path) -> Source:
    """The files of a project, and those of the repos that are named in them, at the commits that are locked."""
    workspace = Workspace.at(root)
    return locked_project(workspace, is_frozen=frozen()) if workspace.declared.repos else Folder(root)
