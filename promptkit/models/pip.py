"""The running interpreter's pip, as a child: it knows the user's index, proxy, certificates and cache."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from promptkit.errors import ConfigError, MissingExtra
from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Callable

SETUP_FAILED = "PK516"
_PAUSE = 0.1
_LONGEST_REASON = 300
_ERRNO = LatePattern(r"\[Errno -?\d+\] ([^'\"()<>]+)")

_CURES = {
    "No space left on device": "make room, or set PROMPTKIT_CACHE_DIR to a folder on another disk",
    "Could not find a version": "is the network there? and does pip's index have it (`python -m pip config list`)?",
    "No module named pip": "install pip there: `python -m ensurepip`",
}
_CURE = "check the network and pip's index (`python -m pip config list`), then set it up again"


def download(requirement: str, folder: Path, watch: Callable[[int], None]) -> Path:
    """Download the one wheel of a requirement into an empty folder; `watch` is told how many bytes there are.

    Raises `ConfigError` with pip's own reason.
    """
    arguments = ["download", "--no-deps", "--only-binary", ":all:", "--dest", str(folder), requirement]
    _run(arguments, f"{requirement} could not be downloaded", folder, watch)
    wheel = next(folder.glob("*.whl"), None)
    if wheel is None:
        raise ConfigError(f"pip found no wheel of {requirement}", code=SETUP_FAILED, help=_CURE)
    return wheel


def install(requirement: str, folder: Path, watch: Callable[[int], None]) -> None:
    """Install a requirement beside promptkit; what pip needs meanwhile is in an empty folder.

    Raises `MissingExtra` where the environment is not pip's to change, `ConfigError` with pip's own reason.
    """
    _require_own_environment(requirement)
    arguments = ["install", "--only-binary", ":all:", requirement]
    _run(arguments, f"{requirement} could not be installed", folder, watch)


def _require_own_environment(requirement: str) -> None:
    """The rule of PEP 668: a marked interpreter outside a virtual environment belongs to the system."""
    marker = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    reasons = {
        "this Python belongs to the system (PEP 668)": sys.prefix == sys.base_prefix and marker.is_file(),
        "this Python has no pip": find_spec("pip") is None,
    }
    for reason, holds in reasons.items():
        if holds:
            cure = f'in a virtual environment with promptkit:   python -m pip install "{requirement}"'
            raise MissingExtra(f"{requirement} cannot be installed: {reason}", where=sys.prefix, help=cure)


def _run(arguments: list[str], failed: str, folder: Path, watch: Callable[[int], None]) -> None:
    # `-P`: a pip.py in the working folder is not pip.
    command = [sys.executable, "-P", "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments]
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    with (
        TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, **temporary}
        ) as process,
    ):
        try:
            while not _has_ended(process):
                watch(_arrived(folder))
        except BaseException:
            process.terminate()
            raise
        said.seek(0)
        output = said.read().decode("utf-8", "replace")
    if process.returncode:
        reason = reason_in(output) or f"pip ended with code {process.returncode}"
        cure = next((cure for words, cure in _CURES.items() if words in reason), _CURE)
        raise ConfigError(f"{failed}: {reason}", code=SETUP_FAILED, help=cure)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_PAUSE)
    except subprocess.TimeoutExpired:
        return False
    return True


def _arrived(folder: Path) -> int:
    """The bytes of the wheel that pip is writing: every version of pip can be watched so."""
    sizes = [0]
    for inside, _, names in os.walk(folder):  # which passes over folders that are gone meanwhile, as `rglob` does not
        for name in names:
            with suppress(OSError):  # moved meanwhile
                sizes.append(Path(inside, name).stat().st_size if name.endswith(".whl") else 0)
    return max(sizes)


def reason_in(output: str) -> str:
    """Why pip failed, in one line: the system's own reason if it gives one, else its first error."""
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    causes = [found[1].strip() for line in lines if (found := _ERRNO.search(line))]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return next(iter((*causes, *errors, *lines[-1:])), "")[:_LONGEST_REASON]
