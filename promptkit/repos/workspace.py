"""`Workspace`: a project with the repos that it declares, each opened once, out of the shared cache."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.errors import RepoError
from promptkit.repos.declared import Declarations
from promptkit.repos.git import Objects
from promptkit.repos.local import GitDirectory, View
from promptkit.repos.lock import LOCK_FILE, Lock
from promptkit.repos.mounts import Mount, Mounted
from promptkit.repos.names import by_name, one_file
from promptkit.repos.references import Pin
from promptkit.repos.repo import Repo
from promptkit.repos.store import State, Store
from promptkit.settings import PROJECT_FILE, load_settings
from promptkit.source import Folder
from promptkit.template_paths import is_prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.repos.declared import DeclaredRepo
    from promptkit.repos.references import Reference
    from promptkit.settings import Settings
    from promptkit.source import Source

__all__ = ["FolderRepo", "Workspace"]

_COMMIT_BYTES = 1 << 20


class FolderRepo:
    """A plain folder as a repo: it has one state, the one that is there."""

    def __init__(self, name: str, path: Path, folder: str = "") -> None:
        self.name = name
        self.path = path / folder
        self.facts = folder_facts(self.path)

    def pin(self, path: str, wanted: str = "") -> Pin:
        """The state that is there. Raises `RepoError` where another is wanted."""
        if wanted:
            message = f"`{self.name}` is a plain folder, and has no `{wanted}` of `{path}`"
            raise RepoError(message, code="PK605", help="versions are kept by git: give the repo a `url`")
        return Pin("")

    def find(self, path: str) -> str:
        """The file that a reference's path stands for; empty where there is none. Raises as `Repo.find` does."""
        return one_file(path, lambda name: (self.path / name).is_file())

    def prompts(self) -> dict[str, str]:
        """The prompts in it: name to file."""
        files = (file.relative_to(self.path).as_posix() for file in sorted(self.path.rglob("*.y*ml")) if file.is_file())
        return by_name(file for file in files if is_prompt(file))

    def require(self, path: str) -> str:
        """The file of a prompt. Raises `RepoError` where it is not there."""
        from promptkit.diagnostics import did_you_mean

        found = self.find(path)
        if not found:
            hint = did_you_mean(path, self.prompts()).replace("`", f"`{self.name}/", 1)
            raise RepoError(f"there is no `{path}` in `{self.name}`", code="PK605", where=str(self.path), help=hint)
        return found


class Workspace:
    """What a project's folder declares, and the open repos. Close it, or use it in a `with` block.

    `online` lets it fetch what is missing: only a command whose work that is sets it.
    """

    def __init__(self, settings: Settings, *, online: bool = False) -> None:
        self.settings = settings
        self.root = settings.root
        self.online = online
        where = str(self.root / PROJECT_FILE) if self.root else PROJECT_FILE
        self.declared = Declarations.of(settings.project, where, self.root)
        self._repos: dict[DeclaredRepo, Repo | FolderRepo] = {}
        self._stores: dict[tuple[str, str], Store] = {}
        self._own: Repo | None = None
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

    def repo(self, name: str) -> Repo | FolderRepo:
        """A declared repo. Raises `RepoError` for one that is not, or was not fetched."""
        return self.open(self.declared.repo(name))

    def open(self, declared: DeclaredRepo) -> Repo | FolderRepo:
        """A repo, opened once."""
        if declared not in self._repos:
            opened = self._folder(declared) if declared.url is None else self.fetched(declared)
            self._repos[declared] = opened
        return self._repos[declared]

    def _folder(self, declared: DeclaredRepo) -> FolderRepo:
        assert declared.path is not None
        return FolderRepo(declared.name, declared.path, declared.folder)

    def fetched(self, declared: DeclaredRepo) -> Repo:
        """A git repo, as it was fetched. Raises `RepoError` where it was not."""
        store = self.store(declared)
        state = store.state()
        if state is None and self.online:
            _, state = store.update()
        if state is None:
            cure = f"promptkit repo update {declared.name}"
            message = f"`{declared.name}` has not been fetched yet"
            raise RepoError(message, code="PK609", where=declared.place, help=cure)
        get = _filled(store) if self.online and declared.fetch == "partial" else store.get
        want = store.want if self.online else None
        return Repo(
            declared.name, state, get, rev=declared.rev, folder=declared.folder, want=want, git_dir=store.git_dir
        )

    def own(self) -> Repo:
        """The repository in which the project itself lies. Raises `RepoError` where it lies in none."""
        if self._own is None:
            self._own = own_repo(self.root or Path(), self._closing)
        return self._own

    # Sources

    def project_source(self) -> Mounted:
        """The project's own files, and those of the repos that are named in them, at the commits that are locked."""
        root = self.root or Path()
        pins = Lock(root / LOCK_FILE).own_pins() if self.declared.repos else {}
        return Mounted(Folder(root), replace(self.declared, pins=pins), self.mount)

    def source(self, reference: Reference) -> tuple[Source, str, Pin]:
        """Where a prompt is: a source whose root is its repo's, the file in it, and the pin that it stands for."""
        repo = self.repo(reference.repo)
        if isinstance(repo, FolderRepo):
            pin = repo.pin(reference.path, reference.wanted)
            return Mounted(Folder(repo.path), repo.facts, self.mount), repo.require(reference.path), pin
        pin = repo.pin(reference.path, reference.wanted)
        return self.pinned(repo, pin), repo.require(reference.path, pin), pin

    def pinned(self, repo: Repo, pin: Pin) -> Mounted:
        """The files of one state of a repo, and of the repos that are named in them."""
        label = f"{repo.name}@{pin.shown}"
        return Mounted(repo.snapshot(pin.commit, label), repo.facts_at(pin.commit), self.mount)

    def mount(self, declared: Declarations, reference: Reference, name: str) -> Mount:  # noqa: ARG002 (`Mounted`'s)
        """The state of a repo to which a file refers. Raises `RepoError`."""
        repo = self.used(declared, reference)
        wanted = declared.pins.get(str(reference), "") or reference.wanted
        return self.mounted_at(repo, repo.pin(reference.path, wanted))

    def used(self, declared: Declarations, reference: Reference) -> Repo | FolderRepo:
        """The repo to which a file refers. Raises `RepoError`."""
        return self.open(self._known(declared, reference))

    def mounted_at(self, repo: Repo | FolderRepo, pin: Pin) -> Mount:
        """One state of a repo as a mount."""
        if isinstance(repo, FolderRepo):
            return Mount(Folder(repo.path), repo.facts, pin, repo.find)
        label = f"{repo.name}@{pin.shown}"
        files = repo.snapshot(pin.commit, label)
        return Mount(files, repo.facts_at(pin.commit), pin, lambda path: repo.find(path, pin.commit))

    def _known(self, declared: Declarations, reference: Reference) -> DeclaredRepo:
        """A repo that a file names: the project itself must know its URL before anything is fetched from there."""
        found = declared.repo(reference.repo)
        if declared.where == self.declared.where or found.url is None:
            return found
        for own in self.declared.repos.values():
            if not isinstance(own, RepoError) and own.url is not None and own.url.key == found.url.key:
                return replace(found, url=own.url, fetch=own.fetch)
        cure = f"if that is right: promptkit repo add {found.name} {found.url.text}"
        message = f"`{declared.where}` uses {found.url.text}, which this project does not declare"
        raise RepoError(message, code="PK608", where=self.declared.where, help=cure)


def own_repo(folder: Path, closing: contextlib.ExitStack) -> Repo:
    """The git repository in whose worktree a folder lies, from that folder's point of view. Raises `RepoError`."""
    directory = GitDirectory.around(folder)
    if directory is None or directory.worktree is None:
        where = str(Path(folder).absolute())
        raise RepoError("this folder is in no git repository", where=where, help="`git init` makes one")
    if not folder.absolute().resolve().is_relative_to(directory.worktree.absolute().resolve()):
        raise RepoError("a link leads here from another repository", where=str(folder), help="go to where it leads")
    view = View(directory)
    closing.callback(view.close)
    objects = Objects(view.path)
    closing.callback(objects.close)
    below = folder.absolute().resolve().relative_to(directory.worktree.absolute().resolve()).as_posix()
    state = State(_peeled(objects, view.head), _Peeled(objects, view.refs))
    return Repo("", state, objects.get, folder="" if below == "." else below, git_dir=view.path, root=folder)


def _peeled(objects: Objects, id: str) -> str:
    found = objects.get(f"{id}^{{commit}}", _COMMIT_BYTES) if id else None
    return found.id if found is not None else ""


class _Peeled(dict[str, str]):
    """References as commits, followed when they are asked for: a repository may have thousands."""

    def __init__(self, objects: Objects, refs: Mapping[str, str]) -> None:
        super().__init__(refs)
        self._objects = objects
        self._known: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = _peeled(self._objects, super().__getitem__(name))
        return self._known[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The commit of a reference."""
        return (self[name] or default) if name in self else default


def _filled(store: Store) -> Callable[[str, int], Any]:
    """Objects of a partial copy; what is missing is fetched."""

    def get(name: str, most: int) -> Any:
        found = store.get(name, most)
        if found is None and len(name) >= 40 and name.isalnum():
            store.fill([name])
            found = store.get(name, most)
        return found

    return get


def folder_facts(folder: Path) -> Declarations:
    """What a plain folder's own file says; it may name places of this machine, being one itself."""
    from promptkit.tomlfile import load_toml

    path = folder / PROJECT_FILE
    tables = load_toml(path) if path.is_file() else {}
    return Declarations.of(tables, str(path), folder)
