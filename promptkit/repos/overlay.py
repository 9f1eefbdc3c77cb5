"""`Overlay`: a source that is another one but for what a subclass makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.source_paths import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.source import Source

__all__ = ["Overlay"]


class Overlay:
    """The files of another source."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def read(self, path: str) -> bytes:
        """See `Source.read`."""
        return self.source.read(path)

    def resolve(self, folder: str, path: str) -> str:
        """See `source.resolve`."""
        return resolve(self.source, folder, path)

    def shown(self, path: str) -> str:
        """See `Source.shown`."""
        return self.source.shown(path)

    def beside(self, path: str) -> Iterable[str]:
        """See `Source.beside`."""
        return self.source.beside(path)
