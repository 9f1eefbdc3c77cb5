"""What a prompt is made of: the files that were read when it was loaded, and what each is to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.errors import SourceError
from promptkit.repos.overlay import Overlay
from promptkit.source import ENDINGS

if TYPE_CHECKING:
    from promptkit.loader import Loaded
    from promptkit.source import Source

__all__ = ["Recording", "kind_of"]


class Recording(Overlay):
    """A source that remembers what was read from it, and what was looked for in vain."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.files: dict[str, bytes] = {}
        self.missed: set[str] = set()

    def read(self, path: str) -> bytes:
        """See `Source.read`."""
        try:
            self.files[path] = self.source.read(path)
        except SourceError as error:
            if error.is_missing:
                self.missed.add(path)
            raise
        return self.files[path]


def kind_of(path: str, file: str, loaded: Loaded) -> str:
    """What a file is to the prompt that was read from it."""
    spec, chain = loaded.spec, loaded.chain
    if path == file:
        return "prompt"
    if chain is not None and any(document.origin == path for document in chain.documents):
        return "parent"
    if spec is not None and path in spec.files:
        return "include"
    if spec is not None and spec.examples_from is not None and _ends_in(path, spec.examples_from.path):
        return "examples"
    if spec is not None and spec.summariser is not None and path in spec.summariser.shown:
        return "summariser"
    return "schema" if path.endswith((".json", *ENDINGS)) else "include"


def _ends_in(path: str, written: str) -> bool:
    """Whether a path may be what is written relative to some folder: its last names are the same."""
    names = [name for name in written.split("/") if name not in ("", ".", "..")]
    return path.split("/")[-len(names) :] == names
