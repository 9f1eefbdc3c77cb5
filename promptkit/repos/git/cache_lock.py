"""Locks between processes in the cache that all projects of a user share."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from promptkit.errors import RepoError
from promptkit.file_lock import file_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["cache_lock"]


@contextmanager
def cache_lock(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[int]:
    """See `file_lock`; the folder of the file is made. Raises `RepoError` where the cache cannot be written."""
    with ExitStack() as held:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = held.enter_context(file_lock(path, waiting))
        except OSError as error:
            cure = "set PROMPTKIT_CACHE_DIR to a folder of yours"
            message = f"the cache cannot be written: {error.strerror}"
            raise RepoError(message, where=str(path.parent), help=cure) from None
        yield descriptor
