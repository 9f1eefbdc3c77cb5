"""`Prompts`: several prompts by name, from a folder or a package, all checked when they are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError, SpecError
from promptkit.loader import load_spec
from promptkit.prompt import Prompt
from promptkit.source import ENDINGS, Package, SourceError
from promptkit.template_paths import is_prompt, locate, prompt_name, source_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.client import Client
    from promptkit.diagnostics import Diagnostic
    from promptkit.source import Source


class Prompts(dict[str, Prompt[Any]]):
    """Several prompts by name, all checked when they are loaded."""

    where = ""
    """The folder or the package that they are from."""

    @classmethod
    def from_folder(cls, folder: str | Path, *, client: Client | None = None) -> Prompts:
        """Every prompt in a folder and below, by its path there; files whose name begins with `_` are parts of others.

        All of them use `client`, if it is given. Raises `SpecError` with the faults of all files, or `ConfigError`
        when there is no prompt.
        """
        folder = Path(folder)
        if not folder.is_dir():
            cure = "name the folder that holds the prompts"
            raise ConfigError(f"`{folder}` is not a folder", where=str(folder), help=cure)
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in ENDINGS)
        root, below = locate(folder / _ANY)
        return cls._all(source_at(root), below.removesuffix(_ANY), names, str(folder), client)

    @classmethod
    def from_package(cls, package: str, *, client: Client | None = None) -> Prompts:
        """Every prompt among the data files of an installed package, wherever the process runs.

        All of them use `client`, if it is given. Raises as `from_folder` does.
        """
        source = Package(package)
        try:
            return cls._all(source, "", source.names(), package, client)
        except SourceError as error:
            cure = "name an importable package, such as `app.prompts`"
            raise ConfigError(error.message, where=package, help=cure) from None

    @classmethod
    def _all(cls, source: Source, folder: str, names: Iterable[str], where: str, client: Client | None) -> Prompts:
        found = cls()
        found.where = where
        faults: list[Diagnostic] = []
        for name, file in _by_name(filter(is_prompt, names), where).items():
            try:
                found[name] = Prompt(load_spec(source, folder + file), client=client)
            except SpecError as error:
                faults += error.diagnostics
        if faults:
            raise SpecError(faults)
        if not found:
            cure = f"a prompt is a file that ends in {' or '.join(ENDINGS)}"
            raise ConfigError("there is no prompt", where=where, help=cure)
        return found

    def __missing__(self, name: str) -> Prompt[Any]:
        hint = did_you_mean(name, self) or f"prompts: {', '.join(self)}"
        raise ConfigError(f"there is no prompt `{name}`", where=self.where, help=hint)


_ANY = "any"
"""Stands for a file in a folder, to find out where the files in it belong."""


def _by_name(files: Iterable[str], where: str) -> dict[str, str]:
    """Each prompt's file by the prompt's name. Raises `ConfigError` when two have the same one."""
    found: dict[str, str] = {}
    for file in files:
        name = prompt_name(file)
        if name in found:
            cure = "give one of them another name"
            raise ConfigError(f"`{found[name]}` and `{file}` have the same name", where=where, help=cure)
        found[name] = file
    return found
