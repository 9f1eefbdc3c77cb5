"""Verifying the lock: everything in which it and what is there differ, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.errors import LockError, PromptkitError, RepoError, SourceError
from promptkit.repos.declared import DeclaredRepo
from promptkit.repos.from_lock import source_of
from promptkit.repos.git.command import command
from promptkit.repos.locking import of_project, of_repo, own_prompts
from promptkit.repos.references import Reference
from promptkit.repos.versions import read_version
from promptkit.source_paths import mount_shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from promptkit.repos.lock import Lock, Locked
    from promptkit.repos.repo import Repo
    from promptkit.repos.workspace import Workspace

__all__ = ["Drift", "differences", "unlocked", "verify_lock", "yanked_entries", "yanked_of"]


@dataclass(frozen=True, slots=True)
class Drift:
    """One way in which the lock and what is there differ: which prompt (empty: all), which of its parts, and how."""

    name: str
    part: str
    message: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.name, self.part, self.message)))


def verify_lock(workspace: Workspace, lock: Lock) -> list[Drift]:
    """Everything in which the lock and what is there differ.

    Raises `LockError` where there is no lock, `RepoError` where git is needed and not installed, or a repo cannot be
    fetched.
    """
    if not lock.exists:
        raise LockError("there is no lockfile", where=str(lock.path), help="`promptkit lock` writes it")
    if any(isinstance(each, DeclaredRepo) and each.url is not None for each in workspace.declared.repos.values()):
        command()  # without git nothing can be told, and nothing has drifted
    entries = {entry.key: entry for entry in lock}
    drifts: list[Drift] = []
    told: set[tuple[str, str, bool]] = set()
    for name, wanted in workspace.declared.prompts.items():
        if (name, wanted, False) not in entries:
            others = [entry for entry in entries.values() if entry.name == name and not entry.is_own]
            told |= {entry.key for entry in others}
            instead = " and ".join(entry.wanted or "*" for entry in others)
            said = f"it is wanted, and locked as {instead}" if others else "it is not locked"
            drifts.append(Drift(f"{name}@{wanted or '*'}" if others or wanted else name, "", said))
    for path in own_prompts(workspace):
        if (path, "", True) not in entries:
            drifts += _new(workspace, path)
    drifts += [Drift(str(entry), "", "its block was edited by hand") for entry in lock.edited()]
    try:
        pins = lock.own_pins()
    except LockError as error:
        return [*drifts, Drift("", "", error.message)]
    for key, entry in entries.items():
        drifts += _drifts(workspace, entry, pins) if key not in told else ()
    return drifts


def unlocked(workspace: Workspace) -> list[Drift]:
    """All that would be locked, where there is no lock."""
    found = [Drift(name, "", "it is not locked") for name in workspace.declared.prompts]
    for path in own_prompts(workspace):
        found += _new(workspace, path)
    return found


def _new(workspace: Workspace, path: str) -> Iterator[Drift]:
    """That a prompt of the project uses other repos, and is not locked."""
    try:
        if of_project(workspace, path, {}) is not None:
            yield Drift(path, "", "it is not locked")
    except PromptkitError as error:
        _refuse_unreachable(error)
        yield Drift(path, "", f"it cannot be loaded: {error.message}")


def _refuse_unreachable(error: PromptkitError) -> None:
    """Raise an error again that says nothing of the lock."""
    if isinstance(error, RepoError) and error.is_unreachable:
        raise error


def yanked_entries(workspace: Workspace, lock: Lock) -> Iterator[str]:
    """What is locked at a version that its owners have yanked since: it can be loaded as before, and should not be."""
    for entry in lock:
        try:
            yield from (f"{entry}: {each}" for each in yanked_of(workspace, entry))
        except PromptkitError as error:
            yield f"{entry}: whether it was yanked cannot be told: {error.message}"


def yanked_of(workspace: Workspace, entry: Locked) -> Iterator[str]:
    """What is yanked of a locked prompt: its own version, and those of other repos that its files name."""
    if not entry.is_own:
        reference = Reference.of(entry.name)
        repo = workspace.repo(reference.repo)
        if told := _yanked(repo, reference.path, entry.wanted, entry.commit):
            yield told
    if not entry.pins:
        return
    source = source_of(workspace, entry)
    for mount, commit in entry.pins.items():
        named = source.named(mount)
        repo, asked = workspace.used(named.declared, named.reference), named.reference
        if told := _yanked(repo, asked.path, asked.wanted, commit):
            yield f"{mount_shown(mount)}: {told}"


def _yanked(repo: Repo, path: str, wanted: str, commit: str) -> str:
    """What is told of a state whose version was yanked, or that is asked for by one, though others stand there."""
    if told := repo.yanked_at(path, commit):
        return told
    version = wanted.removeprefix("v")
    why = repo.why_yanked(path, version) if read_version(version) is not None else ""
    return f"{version} was yanked: {why}" if why else ""


def _drifts(workspace: Workspace, entry: Locked, pins: Mapping[str, str]) -> Iterator[Drift]:
    own = entry.is_own
    if not own and workspace.declared.prompts.get(entry.name) != entry.wanted:
        yield Drift(str(entry), "", "it is locked, and not among the prompts in use")
        return
    try:
        if not own and (unfit := _unfit(workspace, entry)) is not None:
            yield unfit
            return
        found = of_project(workspace, entry.name, pins) if own else None
        now = found if own else of_repo(workspace, Reference.of(str(entry)), entry)
    except (RepoError, SourceError, LockError) as error:
        _refuse_unreachable(error)
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
        pinned, leads = before.pins.get(mount), now.pins.get(mount)
        if pinned != leads:
            what = "it leads to another commit" if leads is not None else "it is gone"
            what = what if pinned is not None else "it is not in the lock"
            yield Drift(str(now), f"pin {mount_shown(mount)}", what)
    if before.file != now.file:
        yield Drift(str(now), "file", f"{before.file} is locked, {now.file} is there")
    if before.commit != now.commit:
        yield Drift(
            str(now), "commit", f"{before.commit[:12] or 'none'} is locked, {now.commit[:12] or 'none'} is there"
        )
    if before.format != now.format:
        yield Drift(str(now), "format version", f"{before.format} is locked, {now.format} is there")
    if before.sha256 != now.sha256 and known == found:
        yield Drift(str(now), "whole", "the resolved prompt has another digest")


def _unfit(workspace: Workspace, entry: Locked) -> Drift | None:
    """Why a block cannot be right: it is not what is wanted, or what is wanted never led there, or does no more."""
    reference = Reference.of(str(entry))
    repo, asked = workspace.repo(reference.repo), (reference.path, reference.wanted, entry.pin)
    if why := repo.unfit(*asked):
        return Drift(str(entry), "", why)
    moved = repo.moved(*asked)
    return Drift(str(entry), *moved) if moved is not None else None
