"""States of the repository at hand: its working tree, and any commit, tag or branch of it, with the prompts in each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from promptkit.diagnostics import did_you_mean
from promptkit.errors import LockError, RepoError, SpecError
from promptkit.late_pattern import LatePattern
from promptkit.loader import load_spec
from promptkit.prompt import Prompt
from promptkit.repos.from_lock import past_source
from promptkit.repos.git.ids import file_id, hash_of
from promptkit.repos.git.local import GitDirectory
from promptkit.repos.git.staged import present
from promptkit.repos.lock import Lock
from promptkit.repos.mounts import Mounted
from promptkit.repos.names import by_name
from promptkit.repos.opener import Opener
from promptkit.settings import PROJECT_FILE
from promptkit.source import ENDINGS, Memory
from promptkit.template_paths import (
    LOCK_FILE,
    is_prompt,
    is_reference,
    locate,
    open_reference,
    path_fault,
    prompt_files,
    prompt_name,
    prompt_path,
    source_at,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from promptkit.repos.git_repo import GitRepo
    from promptkit.repos.lock import Locked
    from promptkit.repos.references import Pin
    from promptkit.repos.workspace import Workspace
    from promptkit.source import Source

__all__ = [
    "RepoState",
    "at_rev",
    "loaded",
    "names_state",
    "nothing",
    "prompt_at",
    "unloadable",
    "worktree",
]


_NO_COMMIT = LatePattern("0{40}|0{64}")


@dataclass(frozen=True, slots=True)
class RepoState:
    """One state of a repository: how it is called, its files, its prompts by name."""

    label: str
    source: Source
    prompts: Mapping[str, str]
    ids: Callable[[], Mapping[str, str]] = dict
    """The id that git gives to each of its files, by path."""
    locked: Callable[[], Iterable[Locked]] = tuple
    """What its lock has of the repos whose prompts it uses. Raises `LockError`."""
    pin: Pin | None = None
    _loaded: dict[str, Prompt[Any]] = field(default_factory=dict)

    def prompt(self, name: str) -> Prompt[Any]:
        """A prompt of this state. Raises `SpecError` for one with faults, `RepoError` where there is none."""
        if name not in self.prompts:
            hint = did_you_mean(name, self.prompts)
            raise RepoError(f"there is no prompt `{name}` in {self.label}", code="PK605", help=hint)
        if name not in self._loaded:
            self._loaded[name] = Prompt(load_spec(self.source, self.prompts[name]))
        return self._loaded[name]

    def name_of(self, file: str) -> str:
        """The name of a prompt by its file. Raises `RepoError` for a file that is no prompt, and shares its name."""
        name = next((name for name, each in self.prompts.items() if each == file), "")
        if not name:
            raise RepoError(f"`{file}` is no prompt by itself, and has no version", help="name the prompts that use it")
        if self.is_shared(name):
            raise RepoError(f"two files have the name `{prompt_name(name)}`", code="PK606", help="remove one of them")
        return name

    def is_shared(self, name: str) -> bool:
        """Whether two files have the same name, so that each is called by its file."""
        return self.prompts.get(name) == name


def loaded(state: RepoState, name: str) -> Prompt[Any] | None:
    """A prompt of a state; None where it is not there, or has faults."""
    try:
        return state.prompt(name) if name in state.prompts else None
    except SpecError:  # what was broken before has no contract that could break
        return None


def unloadable(state: RepoState, name: str) -> str:
    """Why a prompt of a state cannot be loaded, in words; empty where it can."""
    try:
        state.prompt(name)
    except SpecError as error:
        first = error.diagnostics[0]
        return f"in {state.label} {first.message} ({first.code})"
    return ""


def worktree(workspace: Workspace) -> RepoState:
    """The files as they lie in the project's folder."""
    root = workspace.folder
    files = _files(root)
    if workspace.root is None and GitDirectory.around(root) is not None:  # where there are states to be compared
        _refuse_above(root, [path for path in files if is_prompt(path)])

    @cache
    def ids() -> Mapping[str, str]:
        repo = workspace.own()
        head, kind = repo.state.head, hash_of(repo.state.head)
        committed = {path: entry.id for path, entry in repo.snapshot(head).files()} if head else {}
        own = (name for name in (PROJECT_FILE, LOCK_FILE) if (root / name).exists())
        return {path: file_id(root / path, kind, committed.get(path, "")) for path in {*files, *own}}

    prompts = by_name(filter(is_prompt, files))
    return RepoState("the working tree", workspace.project_source(), prompts, ids, lambda: Lock(root / LOCK_FILE))


def _refuse_above(root: Path, prompts: Sequence[str]) -> None:
    """Raises `RepoError` for a folder all of whose prompts belong to projects below: they name what is under those."""
    projects = {
        path: next((each for each in _above(path) if (root / each / PROJECT_FILE).is_file()), "") for path in prompts
    }
    if projects and all(projects.values()):
        folder = next(iter(projects.values()))
        raise RepoError(f"`{folder}` is a project by itself, with a {PROJECT_FILE}", help=f"go there: cd {folder}")


def _above(path: str) -> Iterator[str]:
    """The folders in which a file lies, the innermost first."""
    while path := path.rpartition("/")[0]:
        yield path


def _files(root: Path) -> list[str]:
    """The files that a commit of all would have: not what git ignores, nor what a link leads to.

    Where there is no repository, or none that git reads, they are the prompts.
    """
    try:
        listed = present(root) if GitDirectory.around(root) is not None else None
    except RepoError:
        listed = None
    if listed is None:
        return list(prompt_files(root))
    return [path for path in listed if (root / path).is_file() and not (root / path).is_symlink()]


def at_rev(workspace: Workspace, rev: str) -> RepoState:
    """The project's folder in a commit, tag or branch. Raises `RepoError`, also where none is named.

    An id of zeros is git's word for no commit, such as what a new branch was before its first push: nothing is in it.
    """
    if _NO_COMMIT.fullmatch(rev):
        return nothing()
    if (known := _kept(workspace).get(rev)) is not None:
        return known
    if not rev.strip():
        raise RepoError("the state is named by nothing", code="PK602", help="name a tag, a branch or a commit")
    repo = workspace.own()
    pin = repo.pin("", rev)

    @cache
    def ids() -> Mapping[str, str]:
        return {path: entry.id for path, entry in repo.snapshot(pin.commit).files()}

    source, prompts = _files_at(workspace, repo, pin)
    state = RepoState(rev, source, prompts, ids, lambda: repo.lock_at(pin.commit), pin)
    kept = _kept(workspace)
    for old in list(kept)[: max(0, len(kept) - _MOST_KEPT + 1)]:
        del kept[old]
    kept[rev] = state
    return state


def _files_at(workspace: Workspace, repo: GitRepo, pin: Pin) -> tuple[Source, Mapping[str, str]]:
    """The files of a past state, and its prompts. Where its lock cannot be read, other repos are not opened for it."""
    try:
        lock = repo.lock_at(pin.commit)
        own = repo.at(pin)
        return past_source(workspace, workspace.pinned(repo, pin), lock), own.prompts()
    except LockError:
        own = repo.at_unpinned(pin)
        return Mounted(own.source, own.declared, Opener(workspace, is_frozen=True)), own.prompts()


def _kept(workspace: Workspace) -> dict[str, RepoState]:
    """The states of a project that were looked at last: whoever asks for many prompts asks for the same ones."""
    return _STATES.setdefault(workspace, {})


_MOST_KEPT = 8
_STATES: WeakKeyDictionary[Workspace, dict[str, RepoState]] = WeakKeyDictionary()


def nothing() -> RepoState:
    """What there is before the first commit."""
    return RepoState("nothing", Memory(), {})


def names_state(workspace: Workspace, text: str) -> bool:
    """Whether a text names a state of the whole repository, and no prompt. Raises `RepoError` where it names two."""
    if text.endswith(ENDINGS) or "@" in text or Path(text).exists() or GitDirectory.around(workspace.folder) is None:
        return False
    try:
        workspace.own().pin("", text)
    except RepoError as error:
        if error.code not in ("PK602", "PK605") or re.search("[~^]", text):  # which is the name of nothing else
            raise
        return False
    if (file := prompt_path(text)) != text:
        cure = f"name the file, {file}, or the state by the id of its commit"
        raise RepoError(f"`{text}` is a state of the repository, and a prompt", code="PK606", help=cure)
    return True


def prompt_at(template: str) -> tuple[Prompt[Any], Source]:
    """The prompt that a path or a reference names, and its source. Raises `SpecError`, `RepoError` or `LockError`."""
    if is_reference(template):
        source, path = open_reference(template)
        return Prompt(load_spec(source, path)), source
    template = prompt_path(template)
    fault = path_fault(template)
    if fault is not None:
        raise SpecError([fault])
    root, path = locate(Path(template))
    source = source_at(root)
    return Prompt(load_spec(source, path)), source
