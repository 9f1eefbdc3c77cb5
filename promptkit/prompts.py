"""`Prompts`: several prompts by name, from a folder or a package, all checked when they are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError, SpecError
from promptkit.loader import load_spec
from promptkit.prompt import Prompt, locate
from promptkit.source import Folder, Package, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.diagnostics import Diagnostic
    from promptkit.source import Source

_ENDING = ".yaml"


class Prompts(dict[str, Prompt[Any]]):
    """Several prompts by name, all checked when they are loaded."""

    @classmethod
    def from_folder(cls, folder: str | Path) -> Prompts:
        """Every prompt in a folder and below, by its path there; files whose name begins with `_` are parts of others.

        Raises `SpecError` with the faults of all files, or `ConfigError` when there is no prompt.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise ConfigError(f"`{folder}` is not a folder", help="name the folder that holds the prompts")
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob(f"*{_ENDING}"))
        root, below = locate(folder / _ENDING)
        return cls._all(Folder(root), below.removesuffix(_ENDING), names, str(folder))

    @classmethod
    def from_package(cls, package: str) -> Prompts:
        """Every prompt among the data files of an installed package, wherever the process runs.

        Raises as `from_folder` does.
        """
        source = Package(package)
        try:
            return cls._all(source, "", source.names(), package)
        except SourceError as error:
            raise ConfigError(str(error), help="name an importable package, such as `app.prompts`") from None

    @classmethod
    def _all(cls, source: Source, folder: str, names: Iterable[str], where: str) -> Prompts:
        found = cls()
        faults: list[Diagnostic] = []
        for name in filter(_is_prompt, names):
            try:
                found[name.removesuffix(_ENDING)] = Prompt(load_spec(source, folder + name))
            except SpecError as error:
                faults += error.diagnostics
        if faults:
            raise SpecError(faults)
        if not found:
            raise ConfigError("there is no prompt", where=where, help="a prompt is a file that ends in `.yaml`")
        return found

    def __missing__(self, name: str) -> Prompt[Any]:
        hint = did_you_mean(name, self) or f"prompts: {', '.join(self)}"
        raise ConfigError(f"there is no prompt `{name}`", help=hint)


def _is_prompt(name: str) -> bool:
    """Whether a file is a prompt by itself; what begins with `_` is a part of others, and with `.` somebody else's."""
    *folders, file = name.split("/")
    return file.endswith(_ENDING) and not file.startswith("_") and not any(f.startswith((".", "_")) for f in folders)
