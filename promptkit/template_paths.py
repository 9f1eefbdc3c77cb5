"""The path of a template as a person names it: where the file belongs, and what was meant when there is none."""

from __future__ import annotations

import os
import re
import stat
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import Diagnostic, did_you_mean, nearest
from promptkit.phrases import shortened
from promptkit.settings import PROJECT_FILE, find_root, root_above
from promptkit.source import ENDINGS, Folder
from promptkit.tomlfile import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from promptkit.source import Source

LOCK_FILE = "promptkit.lock"
_MOST_NAMED = 5
_LONGEST = 80


def locate(path: Path) -> tuple[Path, str]:
    """The root that a file belongs to, and its path under it: the nearest folder with a `promptkit.toml`, else its own.

    The file itself may be named by a link: what is named by hand is meant.
    """
    full = os.path.abspath(path)  # noqa: PTH100 (by name: a link keeps the folder that it stands in)
    root = root_above(os.path.dirname(full))  # noqa: PTH120
    if root is None:
        return path.parent, path.name
    return Path(root), full[len(os.path.join(root, "")) :].replace(os.sep, "/")  # noqa: PTH118


def source_at(root: Path) -> Source:
    """The files under a root: a project that declares repos may name files of theirs."""
    if not project_table(root, "repos"):
        return Folder(root)
    return _project(root, *map(changed_at, (root / PROJECT_FILE, root / LOCK_FILE)))


def project_table(root: Path, name: str) -> Mapping[str, Any]:
    """A table of a project's file, as it is there; empty where there is none. Raises `ConfigError`."""
    changed = changed_at(root / PROJECT_FILE)
    found = _tables(root, changed).get(name, {}) if changed else {}
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=8)
def _tables(root: Path, _: int) -> Mapping[str, Any]:
    """The tables of a project that uses repos; of others nothing is asked."""
    path = root / PROJECT_FILE
    try:
        uses_repos = b"repos" in path.read_bytes()
    except OSError:
        return {}
    return load_toml(path) if uses_repos else {}


@lru_cache(maxsize=8)
def _project(root: Path, *_: int) -> Source:
    """A project's source, which is the same as long as its two files are: many prompts share what it opened."""
    from promptkit.repos.opening import project_source

    return project_source(root)


def changed_at(path: Path) -> int:
    """When a file was last changed, in nanoseconds; 0 where there is none, or something else has its name."""
    try:
        found = path.stat()
    except OSError:
        return 0
    return found.st_mtime_ns if stat.S_ISREG(found.st_mode) else 0


def open_reference(reference: str, root: str | Path | None = None) -> tuple[Source, str]:
    """The source and the file of a prompt in a repo that the project at or above a folder declares.

    Raises `RepoError` or `LockError`.
    """
    from promptkit.repos.opening import open_reference as opened

    return opened(reference, None if root is None else Path(root))


def is_reference(template: str) -> bool:
    """Whether a text names a prompt of a repo, and no file: it has an `@`, or begins with the name of a repo."""
    body, at, _ = template.rpartition("@") if "@" in template else (template, "", "")
    if at and body.endswith(ENDINGS):
        return not Path(template).exists()
    if template.startswith((".", "/", "-")) or "\n" in template:
        return False
    if at:
        return "/" in body or not Path(template).exists()
    first, slash, _ = body.partition("/")
    if not slash or Path(template).exists():
        return False
    root = find_root(Path())
    return root is not None and first in project_table(root, "repos")


def is_prompt(path: str) -> bool:
    """Whether a file is a prompt by itself; what begins with `_` is a part of others, and with `.` somebody else's."""
    *folders, file = path.split("/")
    hidden = any(name.startswith((".", "_")) for name in (*folders, file))
    beside = re.search(r"\.inputs\.ya?ml$", file) is not None
    return file.endswith(ENDINGS) and not hidden and not beside


def prompt_files(root: Path) -> Iterator[str]:
    """The paths of all prompts under a folder, in order."""
    for file in sorted(root.rglob("*.y*ml")):
        path = file.relative_to(root).as_posix()
        if is_prompt(path) and file.is_file():
            yield path


def prompt_name(path: str) -> str:
    """The name by which a prompt's file is referred to."""
    return path.rpartition(".")[0]


def prompt_path(template: str) -> str:
    """The path of a prompt that is named without the ending of its file, as tags and aliases name it.

    All else is as it is: what has an ending, what names two files, and what names none.
    """
    if template.endswith(ENDINGS) or not Path(template).name:
        return template
    try:
        found = [path for ending in ENDINGS if Path(path := template + ending).is_file()]
        return found[0] if len(found) == 1 and not Path(template).is_file() else template
    except (OSError, ValueError):  # what can be the name of no file
        return template


def path_fault(template: str) -> Diagnostic | None:
    """Why no prompt can be read from a path, with what may have been meant; None for a path where a file stands."""
    if template and os.path.isfile(template):  # noqa: PTH113 (asked for each of a thousand files)
        return None
    path = Path(template)
    try:
        if not template:
            message, cure = "the path of the template is empty", "a template is a path that ends in .yaml"
        elif path.is_dir():
            message, cure = f"`{template}` is a folder, not a prompt", _prompts_in(path)
        elif path.is_symlink() and not path.exists():
            message, cure = f"`{_shortened(template)}` is a link that leads to no file", ""
        elif not path.exists():
            message, cure = f"there is no file `{_shortened(template)}`", _near(template, path)
        else:
            return None
    except OSError as error:
        message, cure = f"`{_shortened(template)}` cannot be read: {error.strerror}", ""
    return Diagnostic("PK113", "error", message, help=cure)


def text_fault(template: str) -> Diagnostic | None:
    """Why a text that is given for a path is none, if it looks like the text of a prompt."""
    if "\n" not in template and ": " not in template:
        return None
    message = "this is the text of a prompt, not the path of one"
    return Diagnostic("PK113", "error", message, help="give it to `Prompt.from_text`")


def _prompts_in(folder: Path) -> str:
    names = [str(path) for path in _prompts(folder)][: _MOST_NAMED + 1]
    if len(names) == 1:
        return f"did you mean `{names[0]}`?"
    shown = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
    return (
        f"prompts in it: {shown}" if names else "there is no .yaml file in it; `promptkit init NAME` writes a first one"
    )


def _near(template: str, path: Path) -> str:
    if path.suffix not in ENDINGS and not template.startswith((".", "/")):
        root, (repo, slash, rest) = find_root(Path()), template.partition("/")
        known = project_table(root, "repos") if root is not None and slash else {}
        if near := did_you_mean(repo, known):
            return near.replace("`?", f"/{rest}`?")
        beside = [ending for ending in ENDINGS if path.with_name(path.name + ending).exists()]
        if beside:
            return f"did you mean `{template}{beside[0]}`?"
    # By their stems: the ending alone makes any two names alike.
    siblings = {other.stem: str(path.with_name(other.name)) for other in _prompts(path.parent)}
    if (meant := nearest(path.stem, siblings, slips=False)) is not None:
        return f"did you mean `{siblings[meant]}`?"
    return "" if path.suffix in ENDINGS else "a template is a path that ends in .yaml"


def _prompts(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in ENDINGS) if folder.is_dir() else ()


def _shortened(text: str) -> str:
    return shortened(text, _LONGEST)
