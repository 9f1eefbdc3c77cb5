"""Verifying the lock: everything in which it and what is there differ, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.errors import LockError, PromptkitError, RepoError, SourceError
from promptkit.repos.locking import of_project, of_repo
from promptkit.repos.references import Reference
from promptkit.repos.repo import Repo
from promptkit.source import ENDINGS, MOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.repos.lock import Lock, Locked
    from promptkit.repos.workspace import Workspace

__all__ = ["Drift", "differences", "verify_lock"]


@dataclass(frozen=True, slots=True)
class Drift:
    """One way in which the lock and what is there differ: which prompt, which of its parts, and how."""

    name: str
    part: str
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {self.part}: {self.message}" if self.part else f"{self.name}: {self.message}"


def verify_lock(workspace: Workspace, lock: Lock) -> list[Drift]:
    """Everything in which the lock and what is there differ. Raises `LockError` where there is no lock."""
    if not lock.exists:
        raise LockError("there is no lockfile", where=str(lock.path), help="`promptkit lock` writes it")
    entries = {entry.key: entry for entry in lock}
    drifts: list[Drift] = []
    for name, wanted in workspace.declared.prompts.items():
        if (name, wanted) not in entries:
            others = [entry.wanted or "*" for entry in entries.values() if entry.name == name]
            said = f"`{wanted or '*'}` is wanted, and {' and '.join(others)} locked" if others else "it is not locked"
            drifts.append(Drift(name, "", said))
    for entry in entries.values():
        drifts += _drifts(workspace, entry)
    return drifts


def _drifts(workspace: Workspace, entry: Locked) -> Iterator[Drift]:
    own = entry.name.endswith(ENDINGS)
    if not own and workspace.declared.prompts.get(entry.name) != entry.wanted:
        yield Drift(str(entry), "", "it is locked, and not among the prompts in use")
        return
    try:
        yield from _moved_tag(workspace, entry)
        found = of_project(workspace, entry.name, entry) if own else None
        now = found if own else of_repo(workspace, Reference.of(str(entry)), entry)
    except (RepoError, SourceError, LockError) as error:
        yield Drift(str(entry), "", error.message)
        return
    except PromptkitError as error:
        yield Drift(str(entry), "", f"it cannot be loaded: {error.message}")
        return
    if now is None:
        yield Drift(str(entry), "", "it uses no other repo any more")
        return
    yield from differences(entry, now)


def differences(before: Locked, now: Locked) -> Iterator[Drift]:
    """What is not the same in two states of one locked prompt, part by part."""
    known, found = ({part.path: part for part in entry.parts} for entry in (before, now))
    for path in sorted(known.keys() | found.keys()):
        one, other = known.get(path), found.get(path)
        part = f"{(one or other).kind} {path}"  # type: ignore[union-attr]
        if one is None or other is None:
            yield Drift(str(now), part, "it is not in the lock" if one is None else "it is gone")
        elif one.sha256 != other.sha256:
            yield Drift(str(now), part, "it was changed")
    for mount in sorted(before.pins.keys() | now.pins.keys()):
        if before.pins.get(mount) != now.pins.get(mount):
            yield Drift(str(now), f"pin {mount.replace(MOUNT, ' > ')}", "it leads to another commit")
    if before.commit != now.commit:
        yield Drift(
            str(now), "commit", f"{before.commit[:12] or 'none'} is locked, {now.commit[:12] or 'none'} is there"
        )
    if before.format != now.format:
        yield Drift(str(now), "format version", f"{before.format} is locked, {now.format} is there")
    if before.sha256 != now.sha256 and known == found:
        yield Drift(str(now), "whole", "the resolved prompt has another digest")


def _moved_tag(workspace: Workspace, entry: Locked) -> Iterator[Drift]:
    """A version is for ever: a tag that stands elsewhere now was moved."""
    if not entry.commit or not entry.version:
        return
    reference = Reference.of(entry.name)
    repo = workspace.repo(reference.repo)
    if not isinstance(repo, Repo):
        return
    for version, tags in repo.tags_of(reference.path).items():
        if str(version) != entry.version:
            continue
        here = {repo.state.refs[f"refs/tags/{tag}"] for tag in tags}
        same = {repo.entry_id(reference.path, commit) for commit in here | {entry.commit}}
        if entry.commit not in here and len(same) > 1:
            yield Drift(str(entry), f"tag {tags[0]}", "it was moved to another commit after it was locked")
