"""Prompts of repos that a project takes into use or gives up: its file and its lock change together, or neither does.

What is new is tried in memory first, the declarations as the draft of the file has them; only what can be locked is
written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from promptkit.errors import ConfigError, RepoError, SpecError
from promptkit.repos.git.moving import FileMoves
from promptkit.repos.locking import make_lock
from promptkit.repos.names import bare_name, in_use_as

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from promptkit.repos.lock import Lock, Locked
    from promptkit.repos.project_file import Draft
    from promptkit.repos.references import Reference
    from promptkit.repos.repo import Repo
    from promptkit.repos.workspace import Workspace

__all__ = ["Relocked", "give_up", "relocked", "use", "wish_for"]

_TABLE = ("prompts",)


@dataclass(frozen=True, slots=True)
class Relocked:
    """The blocks that a lock shall have, beside those that it had."""

    lock: Lock
    entries: Sequence[Locked]

    def write(self, draft: Draft | None = None) -> bool:
        """Write the project's new file, if there is one, and the lock, if it is another one; whether it is.

        Both are written or none, whatever fails or interrupts. Raises `ConfigError`.
        """
        data = self.lock.text(self.entries).encode("utf-8")
        with FileMoves() as moves:
            if draft is not None:
                moves.add(draft.path, draft.data)
            if is_new := data != self.lock.contents():
                moves.add(self.lock.path, data)
            try:
                moves.move()
            except OSError as error:
                message = f"the lock cannot be written: {error.strerror or error}"
                raise ConfigError(message, code="PK115", where=str(self.lock.path)) from None
        return is_new

    def changed(self) -> Iterator[tuple[Locked | None, Locked]]:
        """The blocks that are new or others, each with what it was."""
        before = {entry.key: entry for entry in self.lock}
        for entry in self.entries:
            old = before.get(entry.key) or next(
                (each for each in before.values() if each.key[::2] == entry.key[::2]), None
            )
            if old is None or old.text() != entry.text():
                yield old, entry

    def gone(self) -> Iterator[Locked]:
        """The blocks that are there no more."""
        kept = {entry.name for entry in self.entries}
        yield from (entry for entry in self.lock if entry.name not in kept)


_MAY_HAVE_COME = ("PK605", "PK607")
"""What was not there, or only in versions that were yanked, may be there by now."""


def relocked(workspace: Workspace, lock: Lock, names: Sequence[str] | None, fetch: Callable[[], bool]) -> Relocked:
    """The lock as it should be, see `make_lock`. What the repos do not have is looked for once more after a `fetch`.

    That says whether anything was fetched. Whoever updates all has fetched already. Raises as `make_lock` does.
    """
    try:
        return Relocked(lock, make_lock(workspace, lock, names))
    except (RepoError, SpecError) as error:
        codes = {each.code for each in error.diagnostics} if isinstance(error, SpecError) else {error.code}
        if codes.isdisjoint(_MAY_HAVE_COME) or names is None or names or not fetch():
            raise
    workspace.close()
    return Relocked(lock, make_lock(workspace, lock, names))


def wish_for(workspace: Workspace, asked: Reference) -> tuple[Reference, str]:
    """What is wanted where somebody asks for a prompt, and what was wanted of it before, if it is in use already.

    It is called, and wanted, as it is in use already, if it is; else it is called without the ending of its file, and
    one of a repo that follows a branch is wanted in the newest version and all that fit it. Raises `RepoError`.
    """
    bare, in_use = _bare(workspace, asked), workspace.declared.prompts
    known = in_use_as(bare.name, in_use)
    if not known:
        return _with_version(workspace, bare), ""
    path, wish = known.removeprefix(f"{bare.repo}/"), bare.wanted or in_use[known]
    return replace(bare, path=path, wanted=wish), in_use[known] or "*"


def use(workspace: Workspace, draft: Draft, wanted: Reference) -> None:
    """Let a prompt be in use, in a draft of the project's file and in the workspace. Raises `ConfigError`."""
    draft.set(_TABLE, wanted.name, wanted.wanted or "*")
    prompts = {**workspace.declared.prompts, wanted.name: wanted.wanted}
    workspace.declared = replace(workspace.declared, prompts=prompts)


def give_up(draft: Draft, lock: Lock, names: Collection[str]) -> Relocked:
    """Take prompts out of a draft of the project's file, and out of the lock, whatever is wrong with the others.

    Raises `ConfigError` or `LockError`.
    """
    for name in names:
        if draft.has(_TABLE, name):  # else it is locked alone: somebody took it out of the file by hand
            draft.drop(_TABLE, name)
    return Relocked(lock, [entry for entry in lock if entry.is_own or not in_use_as(entry.name, names)])


def _bare(workspace: Workspace, wanted: Reference) -> Reference:
    """A reference without the ending of its file, unless two files have the name."""
    bare, repo = replace(wanted, path=bare_name(wanted.path)), workspace.repo(wanted.repo)
    try:
        repo.require(bare.path, repo.pin(bare.path, bare.wanted))
    except RepoError as error:
        return wanted if error.code == "PK606" else bare
    return bare


def _with_version(workspace: Workspace, wanted: Reference) -> Reference:
    """A reference with the newest version, where it would follow a branch."""
    repo = workspace.repo(wanted.repo)
    if wanted.wanted or not repo.pin(wanted.path).branch:
        return wanted
    versions = [version for version in repo.versions(wanted.path) if not version.prerelease]
    if not versions:
        _refuse_yanked(repo, wanted)
    return replace(wanted, wanted=f"^{versions[0]}") if versions else wanted


def _refuse_yanked(repo: Repo, wanted: Reference) -> None:
    """Raises `RepoError` where all versions of a prompt were yanked: the branch has the text of one of them."""
    try:
        repo.pin(wanted.path, "*")
    except RepoError as error:
        if error.code == "PK607":
            raise
