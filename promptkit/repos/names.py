"""Names of prompts: `support/triage` is the file `support/triage.yaml` or `support/triage.yml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.source import ENDINGS
from promptkit.template_paths import prompt_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["bare_name", "by_name", "files_named", "in_use_as", "one_file"]


def bare_name(path: str) -> str:
    """The name by which tags, aliases and yanks know a prompt, of which a reference may name the file."""
    return prompt_name(path) if path.endswith(ENDINGS) else path


def in_use_as(name: str, in_use: Iterable[str]) -> str:
    """As what a prompt is in use that may be named with the ending of its file, or without; empty where it is not."""
    same = [each for each in in_use if bare_name(each) == bare_name(name)]
    if name in same:
        return name
    found = [each for each in same if bare_name(name) in (name, each)]  # of two files with endings each is another
    return found[0] if len(found) == 1 else ""


def by_name(files: Iterable[str]) -> dict[str, str]:
    """Prompts' files by name. Of two that have one name, such as a.yaml and a.yml, each is called by its file."""
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(prompt_name(file), []).append(file)
    return {name if len(same) == 1 else file: file for name, same in found.items() for file in same}


def files_named(path: str, is_file: Callable[[str], bool]) -> list[str]:
    """The files that a reference's path may stand for: itself, where it has an ending, or the prompts of that name."""
    if "." in path.rpartition("/")[2] and is_file(path):
        return [path]
    return [path + ending for ending in ENDINGS if is_file(path + ending)]


def one_file(path: str, is_file: Callable[[str], bool]) -> str:
    """The file that a reference's path stands for; empty where there is none. Raises `RepoError` where two are."""
    found = files_named(path, is_file)
    if len(found) > 1:
        cure = "remove one of them, or name it with its ending"
        raise RepoError(f"`{path}` is two files: {' and '.join(found)}", code="PK606", help=cure)
    return "".join(found)
