"""`Workspace`: a project with the repos that it declares, each opened once, out of the shared cache."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.errors import LockError, RepoError
from promptkit.repos.declared import Declarations
from promptkit.repos.folder_repo import FolderRepo
from promptkit.repos.git.objects import Reach
from promptkit.repos.git.store import Store
from promptkit.repos.git_repo import GitRepo
from promptkit.repos.lock import LOCK_FILE, Lock
from promptkit.repos.mounts import Mounted
from promptkit.repos.opener import Opener
from promptkit.repos.own_repo import own_repo
from promptkit.settings import PROJECT_FILE, load_settings
from promptkit.source import Folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from promptkit.repos.declared import DeclaredRepo
    from promptkit.repos.git.store import State
    from promptkit.repos.references import Pin, Reference
    from promptkit.repos.repo import Repo
    from promptkit.settings import Settings
    from promptkit.source import Source

__all__ = ["Workspace"]


class Workspace:
    """What a project's folder declares, and the open repos. Close it, or use it in a `with` block.

    `root` is the folder of the project's file, None where there is none; `folder` is then the working folder.
    `online` lets it fetch what is missing: only a command whose work that is sets it.
    """

    def __init__(self, settings: Settings, *, online: bool = False) -> None:
        self.settings = settings
        self.root = settings.root
        self.folder = settings.root or Path()
        self.online = online
        where = str(self.root / PROJECT_FILE) if self.root else PROJECT_FILE
        self.declared = Declarations.of(settings.project, where, self.root)
        self._repos: dict[DeclaredRepo, Repo] = {}
        self._stores: dict[tuple[str, str], Store] = {}
        self._own: GitRepo | None = None
        self._closing = contextlib.ExitStack()

    @classmethod
    def at(cls, start: Path | None = None, *, online: bool = False) -> Workspace:
        """The workspace of the project at or above a folder. Raises `ConfigError` or `RepoError`."""
        return cls(load_settings(start), online=online)

    def close(self) -> None:
        """End all processes that read objects."""
        self._closing.close()
        self._repos.clear()
        self._stores.clear()
        self._own = None

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Repos

    def store(self, declared: DeclaredRepo) -> Store:
        """The cached copy of a git repo, closed with the workspace."""
        assert declared.url is not None
        key = (declared.url.key, declared.fetch)
        if key not in self._stores:
            self._stores[key] = Store(declared.url, self.settings.cache_dir, declared.fetch)
            self._closing.callback(self._stores[key].close)
        return self._stores[key]

    def repo(self, name: str) -> Repo:
        """A declared repo. Raises `RepoError` for one that is not, or was not fetched."""
        return self.open(self.declared.repo(name))

    def open(self, declared: DeclaredRepo) -> Repo:
        """A repo, opened once. Raises `RepoError`."""
        if declared not in self._repos:
            folder = FolderRepo(declared.name, declared.path / declared.folder) if declared.path is not None else None
            self._repos[declared] = folder or self.fetched(declared)
        return self._repos[declared]

    def fetched(self, declared: DeclaredRepo) -> GitRepo:
        """A git repo, as it was fetched. Raises `RepoError` where it was not."""
        store = self.store(declared)
        state = store.state()
        if state is None and self.online:
            _, state = self.fetch(declared)
        if state is None:
            cure = f"promptkit repo update {declared.name}"
            message = f"`{declared.name}` has not been fetched yet"
            raise RepoError(message, code="PK609", where=declared.place, help=cure)
        want = store.want if self.online else None
        fill = store.fill if self.online and declared.fetch == "partial" else None
        return GitRepo(
            declared.name,
            state,
            Reach(store.git_dir, store.get, want, fill),
            rev=declared.rev,
            folder=declared.folder,
        )

    def fetch(
        self,
        declared: DeclaredRepo,
        waiting: Callable[[], None] = lambda: None,
        *,
        anew: bool = False,
        mending: Callable[[], None] = lambda: None,
    ) -> tuple[State | None, State]:
        """Fetch a git repo, into a new copy where it shall be `anew`: its states before and now. Raises `RepoError`.

        `waiting` hears that another one fetches, `mending` that the copy is damaged, and is replaced.
        """
        store = self.store(declared)

        def needed(state: State) -> Iterator[list[str]]:
            reach = Reach(store.git_dir, store.get)
            repo = GitRepo(declared.name, state, reach, rev=declared.rev, folder=declared.folder)
            yield from repo.needed()
            for commit in self._locked(declared.name):
                with contextlib.suppress(RepoError):  # a commit that is not here is fetched when it is used
                    yield repo.file_ids(commit)

        return store.update(waiting, needed, anew=anew, mending=mending)

    def _locked(self, name: str) -> list[str]:
        """The commits of a repo at which prompts are locked; none where the lock cannot be read."""
        try:
            entries = list(Lock(self.folder / LOCK_FILE))
        except LockError:
            return []
        pinned = {commit for each in entries for mount, commit in each.pins.items() if mount.startswith(f"{name}/")}
        return sorted(pinned | {each.commit for each in entries if each.name.startswith(f"{name}/") and each.commit})

    def own(self) -> GitRepo:
        """The repository in which the project itself lies. Raises `RepoError` where it lies in none."""
        if self._own is None:
            self._own = own_repo(self.folder, self._closing)
        return self._own

    # Sources

    def project_source(self, *, is_frozen: bool = False) -> Mounted:
        """The project's own files, and those of the repos that are named in them, at the commits that are locked.

        See `Opener` for what is frozen. Raises `LockError` for a lock that cannot be read.
        """
        pins = Lock(self.folder / LOCK_FILE).own_pins() if self.declared.repos else {}
        return Mounted(Folder(self.folder), self.declared, Opener(self, pins, is_frozen=is_frozen))

    def source(self, reference: Reference) -> tuple[Source, str, Pin]:
        """Where a prompt is: a source whose root is its repo's, the file in it, and the pin that it stands for.

        Raises `RepoError` or `LockError`.
        """
        repo = self.repo(reference.repo)
        pin = repo.pin(reference.path, reference.wanted)
        return self.pinned(repo, pin), repo.require(reference.path, pin), pin

    def pinned(self, repo: Repo, pin: Pin) -> Mounted:
        """The files of one state of a repo, and of the repos that are named in them."""
        state = repo.at(pin)
        return Mounted(state.source, state.declared, Opener(self))

    def used(self, declared: Declarations, reference: Reference) -> Repo:
        """The repo to which a file refers. Raises `RepoError`."""
        return self.open(self._known(declared, reference))

    def _known(self, declared: Declarations, reference: Reference) -> DeclaredRepo:
        """A repo that a file names: the project itself must know its URL before anything is fetched from there."""
        found = declared.repo(reference.repo)
        if declared.where == self.declared.where or found.url is None:
            return found
        if declared.is_own:  # an older state of the project: what it calls so has another address now
            known = self.declared.repos.get(found.name, found)
            return found if isinstance(known, RepoError) or known.url is None else replace(found, url=known.url)
        for own in self.declared.repos.values():
            if not isinstance(own, RepoError) and own.url is not None and own.url.key == found.url.key:
                return replace(found, url=own.url, fetch=own.fetch)
        cure = f"if that is right: promptkit repo add {found.name} {found.url.text}"
        message = f"`{declared.where}` uses {found.url.text}, which this project does not declare"
        raise RepoError(message, code="PK608", where=self.declared.where, help=cure)
