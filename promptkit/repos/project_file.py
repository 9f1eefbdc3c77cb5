"""A project's `promptkit.toml` as people leave it: repos added and removed, prompts in use, aliases, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.errors import ConfigError, RepoError
from promptkit.fixes import rewrite
from promptkit.repos.references import REPO_NAME
from promptkit.repos.tomledit import with_value, without
from promptkit.settings import PROJECT_FILE, find_root

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["add_repo", "remove_repo", "set_alias", "use_prompt"]


_BOM = b"\xef\xbb\xbf"


def add_repo(name: str, entry: Mapping[str, str], start: Path | None = None) -> Path:
    """Declare a repo, or change how it is declared; the file that was written. Raises `ConfigError` or `RepoError`."""
    if not REPO_NAME.fullmatch(name):
        cure = "names of repos are made of a-z, 0-9, `_` and `-`"
        raise RepoError(f"`{name}` is no name for a repo", code="PK602", help=cure)
    path = _file(start)
    text = _text(path)
    for key, value in entry.items():
        text = with_value(text, ("repos", name), key, value, where=str(path))
    _write(path, text)
    return path


def remove_repo(name: str, start: Path | None = None) -> Path:
    """Take a repo out of the project's file. Raises `ConfigError`."""
    path = _file(start)
    _write(path, without(_text(path), ("repos", name), where=str(path)))
    return path


def use_prompt(name: str, wanted: str, start: Path | None = None) -> Path:
    """Name a prompt of a repo among those in use. Raises `ConfigError`."""
    path = _file(start)
    _write(path, with_value(_text(path), ("prompts",), name, wanted or "*", where=str(path)))
    return path


def set_alias(alias: str, prompt: str, target: str, root: Path) -> Path:
    """Let an alias of a prompt lead to a version, in the template repo's own file. Raises `ConfigError`."""
    path = root / PROJECT_FILE
    _write(path, with_value(_text(path), ("aliases", prompt), alias, target, where=str(path)))
    return path


def _file(start: Path | None) -> Path:
    root = find_root(start or Path())
    return (root or start or Path()) / PROJECT_FILE


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file cannot be read: {error}", where=str(path)) from None


def _write(path: Path, text: str) -> None:
    if path.exists():
        mark = "\ufeff" if path.read_bytes().startswith(_BOM) else ""
        rewrite(path, f"{mark}{text}")
        return
    try:
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise ConfigError(f"the file cannot be written: {error.strerror}", where=str(path)) from None
