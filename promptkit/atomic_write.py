"""Writing a file as a whole: what stood there before stays until all of the new one is on the disk."""

from __future__ import annotations

import contextlib
import glob
import os
import time
from pathlib import Path

_OLD_SECONDS = 3_600


def replace_file(path: Path, data: bytes) -> None:
    """Put data in the place of a file, at once, with the old one's mode or that of any new file.

    A link stays a link, to a file that is new. Raises `OSError`; then nothing has changed.
    """
    import tempfile

    target = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def sweep(path: Path) -> None:
    """Remove what writers of a file that were killed left beside it; what is younger than an hour may be in use."""
    for left in path.resolve().parent.glob(f".{glob.escape(path.name[:100])}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _OLD_SECONDS:
                left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
