"""A project's `promptkit.toml` as people leave it: repos added and removed, prompts in use, aliases, line by line."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.atomic_write import replace_file
from promptkit.errors import ConfigError, RepoError
from promptkit.repos.declared import REPO_KEYS, bare_key
from promptkit.repos.git.cache_lock import cache_lock
from promptkit.repos.git.local import GitDirectory
from promptkit.repos.own_repo import own_repo
from promptkit.repos.references import require_repo_name
from promptkit.repos.tomledit import has_value, keys_of, with_value, without
from promptkit.settings import PROJECT_FILE, find_root, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Draft", "add_repo", "drafted", "held", "remove_repo"]

_BOM = b"\xef\xbb\xbf"


class Draft:
    """New contents of a project's file. Nothing is there before they are written, by `write` or by somebody else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            data = path.read_bytes() if path.exists() else b""
            self._text = data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the file cannot be read: {error}", where=str(path)) from None
        self._mark = _BOM if data.startswith(_BOM) else b""

    @property
    def data(self) -> bytes:
        """The new contents."""
        return self._mark + self._text.encode("utf-8")

    def has(self, table: tuple[str, ...], key: str) -> bool:
        """Whether a table has a key. Raises `ConfigError`."""
        return has_value(self._text, table, key, where=str(self.path))

    def spelled(self, table: tuple[str, ...], key: str) -> str:
        """How a key that means a prompt, or a version of one, is spelled: with the ending of its file, or as it is."""
        found = keys_of(self._text, table, where=str(self.path))
        return next((each for each in reversed(found) if bare_key(each) == bare_key(key)), key)  # the last one holds

    def set(self, table: tuple[str, ...], key: str, value: str) -> None:
        """Let a key of a table have a value. Raises `ConfigError` where one line does not do that."""
        self._text = with_value(self._text, table, key, value, where=str(self.path))

    def drop(self, table: tuple[str, ...], key: str = "") -> None:
        """Take a table away, or one of its keys. Raises `ConfigError` where there is none."""
        self._text = without(self._text, table, key, where=str(self.path))

    def write(self) -> None:
        """Let the file have the new contents. Raises `ConfigError`."""
        try:
            replace_file(self.path, self.data)
        except OSError as error:
            message = f"the file cannot be written: {error.strerror or error}"
            raise ConfigError(message, code="PK115", where=str(self.path)) from None


@contextmanager
def held(root: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let nobody else write a project's file or its lock; of two who want to, one waits. Raises `RepoError`."""
    path = root / PROJECT_FILE
    name = f"project-{sha256(str(path.resolve()).encode()).hexdigest()[:16]}.lock"
    with cache_lock(load_settings(root).cache_dir / "repos" / name, waiting):
        yield


@contextmanager
def drafted(root: Path | None = None, waiting: Callable[[], None] = lambda: None) -> Iterator[Draft]:
    """New contents of the project's file, while it is `held`. Raises `ConfigError` or `RepoError`.

    Without a `root`, the project is the one around the folder at hand, which becomes one where there is none.
    """
    folder = root or find_root(Path()) or Path()
    with held(folder, waiting):
        _refuse_sparse(folder / PROJECT_FILE)
        yield Draft(folder / PROJECT_FILE)


def _refuse_sparse(path: Path) -> None:
    """Raises `RepoError` for a file that is committed and not checked out: a new one would lose what it says."""
    if path.exists() or GitDirectory.around(path.parent) is None:
        return
    with ExitStack() as closing:
        repo = own_repo(path.parent, closing)
        if repo.state.head and repo.snapshot(repo.state.head).entry(path.name) is not None:
            cure = f"git sparse-checkout add {path.name}, or git restore {path.name}"
            raise RepoError(f"`{path.name}` is committed, and not there", where=str(path), help=cure)


def add_repo(name: str, entry: Mapping[str, str], root: Path | None = None) -> Path:
    """Declare a repo, as new or in another's place; the file that was written. Raises `ConfigError` or `RepoError`."""
    require_repo_name(name)
    table = ("repos", name)
    with drafted(root) as draft:
        for key, value in entry.items():
            draft.set(table, key, value)
        for key in REPO_KEYS:
            if key not in entry and draft.has(table, key):
                draft.drop(table, key)
        draft.write()
    return draft.path


def remove_repo(name: str, root: Path | None = None) -> Path:
    """Take a repo out; the file that was written. Raises `ConfigError` or `RepoError`."""
    with drafted(root) as draft:
        draft.drop(("repos", name))
        draft.write()
    return draft.path
