"""`Mounted`: a source in which files of other repos can be named, as `REPO/PATH[@VERSION]`.

A root names only repos that its own `promptkit.toml` declares, and a fetched root only such as the project declares,
too, by the same URL: no stranger's file makes this machine call anywhere.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.errors import PromptkitError, SourceError
from promptkit.repos.references import Reference
from promptkit.source_paths import MOUNT, join, mounted, split_mount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from promptkit.repos.declared import Declarations
    from promptkit.repos.references import Pin
    from promptkit.source import Source

__all__ = ["Mount", "Mounted", "Named"]


@dataclass(frozen=True, slots=True)
class Mount:
    """One state of one repo: its files, what its own file declares, and the pin that led there."""

    source: Source
    declared: Declarations
    pin: Pin
    find: Callable[[str], str] = field(compare=False)
    """The file that a path without ending stands for; empty where there is none. Raises `RepoError` for two."""
    prompts: Callable[[], dict[str, str]] = field(compare=False)
    """Its prompts: name to file."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a file names of another repo, and the file that `declared` that repo.

    `released` is the commit at which a lock on the way pins it: that of the root, or else of a repo below, so that the
    text is what the outermost of them was released with. Empty is none.
    """

    mount: str
    reference: Reference
    declared: Declarations
    released: str


class Mounted:
    """The files of a root, and of the repos that are named in them.

    `open` gives the mount for what is named; `base` is the root itself. `mounts` are those opened so far, by the path
    under which they are known.
    """

    def __init__(self, base: Source, declared: Declarations, open: Callable[[Named], Mount]) -> None:
        self.base = base
        self.root = getattr(base, "root", None)
        self.declared = declared
        self.mounts: dict[str, Mount] = {}
        self._open = open

    def resolve(self, folder: str, path: str) -> str:
        """See `source.resolve`: a path whose first name is a declared repo leads there, if no file is meant."""
        own = join(folder, path)
        first, slash, _ = path.partition("/")
        mount, _ = split_mount(f"{folder}/")
        declared = self._at(mount).declared if mount else self.declared
        if not slash or first in ("", ".", ".."):
            return own
        if first not in declared.repos:
            if "@" in path and not self._exists(own):
                cure = did_you_mean(first, declared.repos) or f"declare it under [repos.{first}] in {declared.where}"
                raise SourceError(f"`{path}` names the repo `{first}`, which is not declared", code="PK608", help=cure)
            return own
        if self._exists(own):
            cure = f"write `./{path}` for the file, or give the repo another name"
            raise SourceError(f"`{path}` is a file here, and `{first}` a repo", code="PK606", help=cure)
        with _as_source_errors():
            Reference.of(path)
        return mounted(folder, path)

    def read(self, path: str) -> bytes:
        """See `Source.read`."""
        source, inside = self._located(path)
        return source.read(inside)

    def shown(self, path: str) -> str:
        """See `Source.shown`."""
        try:
            source, inside = self._located(path)
        except SourceError:
            return path
        return source.shown(inside)

    def beside(self, path: str) -> Iterable[str]:
        """See `Source.beside`."""
        try:
            source, inside = self._located(path)
        except SourceError:
            return ()
        return source.beside(inside)

    def _exists(self, path: str) -> bool:
        try:
            self.read(path)
        except SourceError:
            return False
        return True

    def _located(self, path: str) -> tuple[Source, str]:
        name, inside = split_mount(path)
        if not name:
            return self.base, inside
        mount = self._at(name)
        with _as_source_errors():
            return mount.source, mount.find(inside) or inside

    def _at(self, name: str) -> Mount:
        """The mount of a name, opened now if it was not. Raises `SourceError`."""
        if name not in self.mounts:
            with _as_source_errors():
                self.mounts[name] = self._open(self.named(name))
        return self.mounts[name]

    def named(self, name: str) -> Named:
        """What the name of a mount stands for. Raises `SourceError`."""
        steps = name.split(MOUNT)
        released, declared = "", self.declared
        for at in range(len(steps)):
            declared = self._at(MOUNT.join(steps[:at])).declared if at else self.declared
            released = released or declared.pins.get(MOUNT.join(steps[at:]), "")
        with _as_source_errors():
            return Named(name, Reference.of(steps[-1]), declared, released)


@contextmanager
def _as_source_errors() -> Iterator[None]:
    """What goes wrong with a repo, as the error of a file that cannot be read."""
    try:
        yield
    except SourceError:
        raise
    except PromptkitError as error:
        raise SourceError(error.message, code=error.code, help=error.help) from None
