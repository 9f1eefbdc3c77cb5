"""A lock between processes on a file. The system lets go of it when its holder dies, so it is never stale."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PAUSE = 0.1

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def file_lock(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[int]:
    """Hold the lock of a file, which stays there. `waiting` is called once when another process holds it.

    What is given is the file's descriptor: a child that inherits it holds the lock as long as it lives.

    Raises `OSError` where no such file can be written.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _take(descriptor):
            waiting()
            while not _take(descriptor):
                time.sleep(_PAUSE)
        yield descriptor
    finally:
        os.close(descriptor)
