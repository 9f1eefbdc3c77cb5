"""Paths inside a source: how one file names another, and what no path may lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from promptkit.source import Source

__all__ = ["MOUNT", "join", "mount_shown", "mounted", "refuse_git", "refuse_hidden", "resolve", "split_mount"]


def join(folder: str, path: str) -> str:
    """A path written in a file of `folder`, as a path under the root; a leading `/` is the root.

    Raises `SourceError` when it leaves the root, or leads into what git keeps for itself: addresses with tokens.
    """
    if "\0" in path or "\\" in path or not path.isprintable():
        raise SourceError(f"`{path!r}` is not a path: use `/` between names")
    if folder.endswith(":") or MOUNT in folder:
        mount, inside = split_mount(f"{folder}/")
        return f"{mount}{MOUNT}{join(inside, path)}"
    parts: list[str] = [] if path.startswith("/") else [part for part in folder.split("/") if part]
    for part in path.split("/"):
        if part == "..":
            if not parts:
                raise SourceError(f"`{path}` leaves the root of the templates")
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    refuse_git(parts, path)
    return "/".join(parts)


def refuse_git(names: Iterable[str], path: str) -> None:
    """Refuse what git keeps for itself."""
    if any(name.casefold() == ".git" for name in names):
        raise SourceError(f"`{path}` lies in what git keeps for itself")


def refuse_hidden(names: Iterable[str], path: str, known: Container[str] = ()) -> None:
    """Refuse a name that begins with a point, unless it is known: prompts may stand in such a folder themselves."""
    hidden = next(
        (name for name in names if name.startswith(".") and name not in (".", "..") and name not in known), ""
    )
    if not hidden:
        return
    cure = "give it a name without the leading point"
    if hidden == path.rpartition("/")[2]:
        raise SourceError(f"`{path}` is a hidden file, which is no part of a prompt", help=cure)
    lies = "lies in" if hidden in path.split("/") else "is a link to"
    raise SourceError(f"`{path}` {lies} `{hidden}`, which is hidden, and no part of a prompt", help=cure)


MOUNT = ":/"
"""Stands between a reference to another repo and a path in it: `acme/base@^1:/base.yaml`, under whose root it is."""


def mount_shown(path: str) -> str:
    """A path with mounts in it, as people read it: `acme/base@^1 > base.yaml`."""
    return path.replace(MOUNT, " > ")


def split_mount(path: str) -> tuple[str, str]:
    """The repo in which a path lies, as it is referred to (empty for the source's own files), and the path in it."""
    mount, colon, inside = path.rpartition(MOUNT)
    return (mount, inside) if colon else ("", path)


def mounted(folder: str, reference: str) -> str:
    """The path of a file of another repo, to which a file of `folder` refers as `REPO/PATH[@VERSION]`."""
    above, _ = split_mount(f"{folder}/")
    inside = join("", reference.partition("@")[0].partition("/")[2])
    return f"{above}{MOUNT if above else ''}{reference}{MOUNT}{inside}"


def resolve(source: Source, folder: str, path: str) -> str:
    """What a path written in a file of `folder` names: a file under the same root, or one of another repo.

    Raises `SourceError` when it leaves the root, when its repo is not declared, and for what is hidden: such as `.env`
    and `.ssh` hold what is no part of a prompt.
    """
    if "://" in path:
        cure = "save it beside the prompt, or declare the repo that it comes from"
        raise SourceError(f"`{path}` is an address, and nothing is fetched for a prompt", help=cure)
    refuse_hidden(path.split("/"), path)
    own = getattr(source, "resolve", None)
    return join(folder, path) if own is None else str(own(folder, path))
