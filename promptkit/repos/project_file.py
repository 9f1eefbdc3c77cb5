"""A project's `promptkit.toml` as people leave it: repos added and removed, prompts in use, aliases, line by line."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.errors import ConfigError, RepoError
from promptkit.models.file_lock import file_lock
from promptkit.replacing import replace_file
from promptkit.repos.declared import REPO_KEYS
from promptkit.repos.references import REPO_NAME
from promptkit.repos.tomledit import has_value, with_value, without
from promptkit.settings import PROJECT_FILE, find_root, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["add_repo", "drop_alias", "drop_prompt", "remove_repo", "set_alias", "use_prompt"]

_BOM = b"\xef\xbb\xbf"


def add_repo(name: str, entry: Mapping[str, str], start: Path | None = None) -> Path:
    """Declare a repo, as new or in another's place; the file that was written. Raises `ConfigError` or `RepoError`."""
    if not REPO_NAME.fullmatch(name):
        cure = "names of repos are made of a-z, 0-9, `_` and `-`"
        raise RepoError(f"`{name}` is no name for a repo", code="PK602", help=cure)
    table = ("repos", name)

    def change(text: str, where: str) -> str:
        for key, value in entry.items():
            text = with_value(text, table, key, value, where=where)
        for key in REPO_KEYS:
            if key not in entry and has_value(text, table, key, where=where):
                text = without(text, table, key, where=where)
        return text

    return _changed(_file(start), change)


def remove_repo(name: str, start: Path | None = None) -> Path:
    """Take a repo out of the project's file. Raises `ConfigError`."""
    return _changed(_file(start), lambda text, where: without(text, ("repos", name), where=where))


def use_prompt(name: str, wanted: str, start: Path | None = None) -> Path:
    """Name a prompt of a repo among those in use. Raises `ConfigError`."""
    return _changed(_file(start), lambda text, where: with_value(text, ("prompts",), name, wanted or "*", where=where))


def drop_prompt(name: str, start: Path | None = None) -> Path:
    """Take a prompt out of those in use. Raises `ConfigError`."""
    return _changed(_file(start), lambda text, where: without(text, ("prompts",), name, where=where))


def drop_alias(alias: str, prompt: str, root: Path) -> Path:
    """Take an alias of a prompt away. Raises `ConfigError`."""
    table = ("aliases", prompt)
    return _changed(root / PROJECT_FILE, lambda text, where: without(text, table, alias, where=where))


def set_alias(
    alias: str, prompt: str, target: str, root: Path, write: Callable[[Path, bytes], object] | None = None
) -> Path:
    """Let an alias of a prompt lead to a version, in the template repo's own file. Raises `ConfigError`.

    `write` puts the new contents of the file in its place, if that is not all that is to be done with it.
    """
    table = ("aliases", prompt)
    return _changed(root / PROJECT_FILE, lambda text, where: with_value(text, table, alias, target, where=where), write)


def _file(start: Path | None) -> Path:
    root = find_root(start or Path())
    return (root or start or Path()) / PROJECT_FILE


def _changed(
    path: Path, change: Callable[[str, str], str], write: Callable[[Path, bytes], object] | None = None
) -> Path:
    """Change the text of a file; of two who do so at once, one waits for the other."""
    with _held(path):
        try:
            data = path.read_bytes() if path.exists() else b""
            text = data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the file cannot be read: {error}", where=str(path)) from None
        mark = _BOM if data.startswith(_BOM) else b""
        (write or _write)(path, mark + change(text, str(path)).encode("utf-8"))
    return path


def _write(path: Path, data: bytes) -> None:
    try:
        replace_file(path, data)
    except OSError as error:
        message = f"the file cannot be written: {error.strerror or error}"
        raise ConfigError(message, code="PK115", where=str(path)) from None


@contextmanager
def _held(path: Path) -> Iterator[None]:
    folder = load_settings(path.parent).cache_dir / "repos"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = file_lock(folder / f"project-{sha256(str(path.resolve()).encode()).hexdigest()[:16]}.lock")
        lock.__enter__()
    except OSError as error:
        cure = "set PROMPTKIT_CACHE_DIR to a folder of yours"
        raise ConfigError(f"the cache cannot be written: {error.strerror}", where=str(folder), help=cure) from None
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
