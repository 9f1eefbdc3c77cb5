"""Small files that are kept in the cache folder: readable by their owner only, replaced as a whole."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from promptkit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def keep_file(path: Path, text: str, what: str) -> None:
    """Write a file, or leave the one that was there. Raises `ConfigError`, which names `what` cannot be kept."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        message = f"{what} cannot be kept: {error.strerror or error}"
        raise ConfigError(message, where=str(path), help="set PROMPTKIT_CACHE_DIR to a folder of yours") from None
