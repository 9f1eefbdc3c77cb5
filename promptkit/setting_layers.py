"""The places from which settings come, each a layer of raw values: defaults, files, the environment, arguments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.diagnostics import did_you_mean, nearest
from promptkit.errors import ConfigError
from promptkit.setting_table import KINDS, MODEL_FACTS, MODEL_LIMITS, SETTINGS, Kind, fact_fault
from promptkit.tomlfile import load_toml, place_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

__all__ = ["CONFIG_VARIABLE", "PROJECT_FILE", "PROJECT_TABLES", "Layer", "layers_at", "project_faults"]

PROJECT_FILE = "promptkit.toml"
PROJECT_TABLES = ("repos", "prompts", "aliases", "yanked", "release", "check", "tests")
"""Tables of a project's file that belong to other parts of promptkit; they are passed on as they are."""

CONFIG_VARIABLE = "PROMPTKIT_CONFIG"
"""Names a file to read in place of the user's own `config.toml`."""

_USER_ONLY = {
    "api_key": "it would be committed with it",
    "trusted_hosts": "a project cannot vouch for itself",
    "local_model": "native code would read a file of its choice",
}
_OF_PROMPTS = (
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "stop",
    "tool_choice",
    "reasoning_effort",
    "max_completion_tokens",
)
"""Options that people look for here, and that stand in a prompt."""


class Layer(NamedTuple):
    """Raw values from one place. Paths count from `folder`, and stay inside it if the layer is `confined`."""

    values: Mapping[str, Any]
    origin: Callable[[str], str]
    folder: Path = Path()
    confined: bool = False
    textual: bool = False
    file: Path | None = None

    def place(self, name: str) -> str:
        """Where a value stands, for an error."""
        return self.origin(name) if self.file is None else place_in(self.file, name)

    def value(self, name: str, default: Any = None) -> Any:
        """The checked value of a setting. Raises `ConfigError`."""
        kind = KINDS[SETTINGS[name].kind]
        raw = self.values.get(name, default)
        try:
            value = kind.check(kind.from_text(raw) if self.textual else raw)
        except ValueError:
            raise self._misfit(name, kind) from None
        return self._placed(name, value) if isinstance(value, Path) else value

    def _misfit(self, name: str, kind: Kind) -> ConfigError:
        # The value itself is not shown: a key may have ended up under the wrong name.
        what = SETTINGS[name].env if self.textual else f"`{name}`"
        where = "environment" if self.textual else self.place(name)
        return ConfigError(f"{what} must be {kind.words}", where=where, help=f"{name}: {SETTINGS[name].doc}")

    def _placed(self, name: str, path: Path) -> Path:
        try:
            full = Path(os.path.abspath(self.folder / path.expanduser()))  # noqa: PTH100
            inside = not self.confined or full.resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError) as error:
            raise ConfigError(f"`{name}` is not a usable path: {error}", where=self.place(name)) from None
        if not inside:
            message = f"`{name}` leaves the project's folder"
            raise ConfigError(message, where=self.place(name), help=_elsewhere(name))
        return full


def layers_at(
    root: Path | None, environ: Mapping[str, str], overrides: Mapping[str, Any]
) -> tuple[tuple[Layer, ...], Mapping[str, Any]]:
    """The layers for a project at `root`, the weakest first, and the tables of its file that others read.

    They are the default, the user's, the project's, the environment's and the arguments'. Raises `ConfigError`.
    """
    user = _user_layer(environ)
    project, tables = _project_layer(root)
    return (_default_layer(), user, project, _environment_layer(environ), _argument_layer(overrides)), tables


def _default_layer() -> Layer:
    import platformdirs

    places = {
        "log_path": platformdirs.user_state_path("promptkit", appauthor=False) / "log.db",
        "cache_dir": platformdirs.user_cache_path("promptkit", appauthor=False),
    }
    values = {name: setting.default for name, setting in SETTINGS.items()}
    return Layer(values | places, lambda _: "default")


def _user_layer(environ: Mapping[str, str]) -> Layer:
    path = _user_file(environ)
    if path is None:
        return Layer({}, str)
    found = load_toml(path)
    for name in found:
        if name in PROJECT_TABLES:
            message = f"`{name}` belongs in a project's {PROJECT_FILE}"
            raise ConfigError(message, where=place_in(path, name), help="move it there")
        _know(name, SETTINGS, path)
    return Layer(found, lambda _: str(path), path.parent, file=path)


def _user_file(environ: Mapping[str, str]) -> Path | None:
    if environ.get(CONFIG_VARIABLE):
        return Path(environ[CONFIG_VARIABLE])
    import platformdirs

    path = platformdirs.user_config_path("promptkit", appauthor=False) / "config.toml"
    return path if _is_file(path) else None


def _project_layer(root: Path | None) -> tuple[Layer, dict[str, Any]]:
    if root is None:
        return Layer({}, str), {}
    path = root / PROJECT_FILE
    found = load_toml(path)
    for name, value in found.items():
        _allow_in_project(name, value, path)
    tables = {name: found.pop(name) for name in PROJECT_TABLES if name in found}
    return _layer_of(found, path), tables


def _layer_of(found: dict[str, Any], path: Path) -> Layer:
    return Layer(found, lambda _: str(path), path.parent, confined=True, file=path)


def project_faults(root: Path) -> Iterator[ConfigError]:
    """All that is wrong with the settings in the file of the project at `root`, where reading them raises the first."""
    path = root / PROJECT_FILE
    try:
        found = load_toml(path)
    except ConfigError as error:
        yield error
        return
    layer = _layer_of(found, path)
    for name, value in found.items():
        try:
            _allow_in_project(name, value, path)
            if name == "models" and isinstance(value, dict) and all(isinstance(each, dict) for each in value.values()):
                yield from _model_faults(value, path)
            elif name in SETTINGS:
                layer.value(name)
        except ConfigError as error:
            yield error


def _model_faults(models: Mapping[str, Mapping[str, Any]], path: Path) -> Iterator[ConfigError]:
    """What is wrong in each of the tables of models, at its key."""
    known = [*MODEL_FACTS, *MODEL_LIMITS]
    for model, facts in models.items():
        for name, value in facts.items():
            where = place_in(path, "models", model, name)
            if name not in known:
                cure = did_you_mean(name, known) or f"keys: {', '.join(known)}"
                yield ConfigError(f'there is no key `{name}` in `[models."{model}"]`', where=where, help=cure)
            elif words := fact_fault(name, value):
                yield ConfigError(f'`{name}` in `[models."{model}"]` must be {words}', where=where)


def _allow_in_project(name: str, value: Any, path: Path) -> None:
    if name in _USER_ONLY:
        message = f"`{name}` must not stand in a project's {PROJECT_FILE}: {_USER_ONLY[name]}"
        raise ConfigError(message, where=place_in(path, name), help=_elsewhere(name))
    _know(name, (*SETTINGS, *PROJECT_TABLES), path)
    if name in PROJECT_TABLES and not isinstance(value, dict):
        raise ConfigError(f"`{name}` must be a table", where=place_in(path, name), help=f"write it as [{name}]")


def _environment_layer(environ: Mapping[str, str]) -> Layer:
    values = {name: environ[row.env] for name, row in SETTINGS.items() if row.env and environ.get(row.env)}
    return Layer(values, lambda name: f"environment {SETTINGS[name].env}", textual=True)


def _argument_layer(overrides: Mapping[str, Any]) -> Layer:
    given = {name: value for name, value in overrides.items() if value is not None}
    for name in given:
        _know(name, SETTINGS)
    return Layer(given, lambda _: "argument")


_OF_OTHER_FILES = {
    "tool": "the settings stand at the top of this file: `[tool.promptkit]` is of pyproject.toml, which is not read",
    "options": "options stand in each prompt: `options: {temperature: 0}`",
    "severity": "a code's severity stands under `[check.severity]`",
}
"""What helps with tables that other files have."""


def _know(name: str, known: Collection[str], path: Path | None = None) -> None:
    if name in known:
        return
    cure = did_you_mean(name, known) or "`promptkit config` lists all settings"
    if path is not None and nearest(name, _OF_PROMPTS):
        cure = f"an option stands in the prompt: `options: {{{nearest(name, _OF_PROMPTS)}: ...}}`"
    if path is not None:
        cure = _OF_OTHER_FILES.get(name, cure)
    where = "argument" if path is None else place_in(path, name)
    raise ConfigError(f"`{name}` is not a setting", where=where, help=cure)


def _elsewhere(name: str) -> str:
    return f"set {SETTINGS[name].env} in the environment, or `{name}` in your own config.toml"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
