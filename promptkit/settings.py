"""Settings: which model, which server, which key, where the log is; and where each value comes from.

A value comes from, the strongest first: an argument, the environment, the project's `promptkit.toml` (the
nearest one upwards), the user's own `config.toml`, the default.

A project's file travels with its repository, so it is trusted with less than its user: it may hold no key,
its paths stay inside its folder, and a server that only it names gets no key until the user confirms it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError
from promptkit.setting_table import KEY_VARIABLE, KINDS, MARA_URL, SETTINGS, Kind, address, host
from promptkit.tomlfile import load_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

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


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting's value; times are seconds.

    `origins` says where each value comes from. `root` is the project's folder if there is one, `project` the
    tables of its file that other parts read. `unconfirmed` are servers that get no key yet.
    """

    model: str
    base_url: str
    api_key: str = field(repr=False)
    max_temperature: float
    max_tokens: int
    log: bool
    log_path: Path
    log_content: bool
    cache_dir: Path
    local_model: str
    attempt_timeout: float
    call_timeout: float
    first_byte_timeout: float
    gap_timeout: float
    tier: str
    endpoints: Mapping[str, Mapping[str, str]]
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trusted_hosts: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    project: Mapping[str, Any] = field(default_factory=dict)
    root: Path | None = None
    unconfirmed: frozenset[str] = field(default_factory=frozenset, repr=False)
    endpoint_keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    def key_for(self, base_url: str) -> tuple[str, str]:
        """The key for a server and the variable that holds it; both are empty for one that is not configured.

        The key of `base_url` goes to that scheme, host and port and nowhere else. Raises `ConfigError` when
        there is a key but only a project's file names the server.
        """
        server = _address(base_url)
        variable = self._variable(server)
        key = self.api_key if variable == KEY_VARIABLE else self.endpoint_keys.get(variable, "")
        if key and server in self.unconfirmed:
            raise _unconfirmed(server, variable, self.root)
        return key, variable

    def _variable(self, server: str) -> str:
        own = server == _address(self.base_url)
        if own and self.origins.get("api_key") == "argument":
            return KEY_VARIABLE
        named = (entry["key_env"] for url, entry in self.endpoints.items() if _address(url) == server)
        return next(named, KEY_VARIABLE if own else "")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every key that is known, for the redactor."""
        return tuple(key for key in (self.api_key, *self.endpoint_keys.values()) if key)

    def rows(self) -> list[dict[str, Any]]:
        """Name, value and origin of each setting, fit to be shown: a key is only `set` or `not set`."""
        return [
            {"name": name, "value": _shown(name, getattr(self, name)), "origin": self.origins.get(name, "")}
            for name in SETTINGS
        ]


def describe() -> list[dict[str, str]]:
    """The table of all settings for reference pages: name, kind, environment variable, default, meaning."""
    return [
        {
            "name": name,
            "kind": KINDS[setting.kind].words,
            "env": setting.env,
            "default": "by platform" if setting.default is None else str(_shown(name, setting.default)),
            "doc": setting.doc,
        }
        for name, setting in SETTINGS.items()
    ]


def find_root(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds a `promptkit.toml`, if any."""
    # By name, since links keep their parents; as texts, since this is asked for each of a thousand files.
    here = os.path.abspath(start)  # noqa: PTH100
    while not os.path.isfile(os.path.join(here, PROJECT_FILE)):  # noqa: PTH113, PTH118
        here, below = os.path.dirname(here), here  # noqa: PTH120
        if here == below:
            return None
    return Path(here)


def load_settings(start: Path | None = None, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings that hold at `start` (the working folder by default); an override of None is none.

    Raises `ConfigError` for a value that does not fit, naming its file and key, its variable or its argument.
    """
    environ = os.environ if environ is None else environ
    root = _root_at(start)
    user = _user_layer(environ)
    project, tables = _project_layer(root)
    layers = (_default_layer(), user, project, _environment_layer(environ), _argument_layer(overrides))
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        for name in layer.values:
            values[name] = _merged(values.get(name), layer.value(name))
            origins[name] = layer.origin(name)
    return Settings(
        **values,
        origins=origins,
        project=tables,
        root=root,
        unconfirmed=_unconfirmed_servers(user, project, values, origins),
        endpoint_keys=_endpoint_keys(values["endpoints"], environ),
    )


def _merged(weaker: Any, stronger: Any) -> Any:
    """The stronger value; tables (endpoints, models) are joined, entry by entry and key by key."""
    if not (isinstance(weaker, dict) and isinstance(stronger, dict)):
        return stronger
    return weaker | {name: _merged(weaker.get(name), value) for name, value in stronger.items()}


def _endpoint_keys(endpoints: Mapping[str, Mapping[str, str]], environ: Mapping[str, str]) -> dict[str, str]:
    variables = sorted({entry["key_env"] for entry in endpoints.values()} - {KEY_VARIABLE})
    return {name: _key_in(environ[name], name) for name in variables if environ.get(name)}


def _key_in(text: str, variable: str) -> str:
    try:
        return str(KINDS["key"].check(text))
    except ValueError:
        raise ConfigError(f"{variable} must be {KINDS['key'].words}", where="environment") from None


@dataclass(frozen=True, slots=True)
class _Layer:
    """Raw values from one place. Paths count from `folder`, and stay inside it if the layer is `confined`."""

    values: Mapping[str, Any]
    origin: Callable[[str], str]
    folder: Path = Path()
    confined: bool = False
    textual: bool = False

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
        where = "environment" if self.textual else self.origin(name)
        return ConfigError(f"{what} must be {kind.words}", where=where, help=f"{name}: {SETTINGS[name].doc}")

    def _placed(self, name: str, path: Path) -> Path:
        try:
            full = Path(os.path.abspath(self.folder / path.expanduser()))  # noqa: PTH100
            inside = not self.confined or full.resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError) as error:
            raise ConfigError(f"`{name}` is not a usable path: {error}", where=self.origin(name)) from None
        if not inside:
            message = f"`{name}` leaves the project's folder"
            raise ConfigError(message, where=self.origin(name), help=_elsewhere(name))
        return full


def _default_layer() -> _Layer:
    import platformdirs

    places = {
        "log_path": platformdirs.user_state_path("promptkit", appauthor=False) / "log.db",
        "cache_dir": platformdirs.user_cache_path("promptkit", appauthor=False),
    }
    values = {name: setting.default for name, setting in SETTINGS.items()}
    return _Layer(values | places, lambda _: "default")


def _user_layer(environ: Mapping[str, str]) -> _Layer:
    path = _user_file(environ)
    if path is None:
        return _Layer({}, str)
    found = load_toml(path)
    for name in found:
        if name in PROJECT_TABLES:
            message = f"`{name}` belongs in a project's {PROJECT_FILE}"
            raise ConfigError(message, where=str(path), help="move it there")
        _know(name, SETTINGS, str(path))
    return _Layer(found, lambda _: str(path), path.parent)


def _user_file(environ: Mapping[str, str]) -> Path | None:
    if environ.get(CONFIG_VARIABLE):
        return Path(environ[CONFIG_VARIABLE])
    import platformdirs

    path = platformdirs.user_config_path("promptkit", appauthor=False) / "config.toml"
    return path if _is_file(path) else None


def _project_layer(root: Path | None) -> tuple[_Layer, dict[str, Any]]:
    if root is None:
        return _Layer({}, str), {}
    path = root / PROJECT_FILE
    found = load_toml(path)
    for name, value in found.items():
        _allow_in_project(name, value, str(path))
    tables = {name: found.pop(name) for name in PROJECT_TABLES if name in found}
    return _Layer(found, lambda _: str(path), root, confined=True), tables


def _allow_in_project(name: str, value: Any, where: str) -> None:
    if name in _USER_ONLY:
        message = f"`{name}` must not stand in a project's {PROJECT_FILE}: {_USER_ONLY[name]}"
        raise ConfigError(message, where=where, help=_elsewhere(name))
    _know(name, (*SETTINGS, *PROJECT_TABLES), where)
    if name in PROJECT_TABLES and not isinstance(value, dict):
        raise ConfigError(f"`{name}` must be a table", where=where, help=f"write it as [{name}]")


def _environment_layer(environ: Mapping[str, str]) -> _Layer:
    values = {name: environ[row.env] for name, row in SETTINGS.items() if row.env and environ.get(row.env)}
    return _Layer(values, lambda name: f"environment {SETTINGS[name].env}", textual=True)


def _argument_layer(overrides: Mapping[str, Any]) -> _Layer:
    given = {name: value for name, value in overrides.items() if value is not None}
    for name in given:
        _know(name, SETTINGS, "argument")
    return _Layer(given, lambda _: "argument")


def _know(name: str, known: Collection[str], where: str) -> None:
    if name not in known:
        cure = did_you_mean(name, known) or "`promptkit config` lists all settings"
        raise ConfigError(f"`{name}` is not a setting", where=where, help=cure)


def _elsewhere(name: str) -> str:
    return f"set {SETTINGS[name].env} in the environment, or `{name}` in your own config.toml"


def _unconfirmed_servers(
    user: _Layer, project: _Layer, values: Mapping[str, Any], origins: Mapping[str, str]
) -> frozenset[str]:
    """The servers that would get a key by the project's word alone. This machine itself is always trusted."""
    mine = user.value("endpoints", {})
    theirs = project.value("endpoints", {})
    claimed = {_address(url) for url, entry in theirs.items() if mine.get(url) != entry}
    own = _address(values["base_url"])
    known = {_address(url) for url in (MARA_URL, user.value("base_url", MARA_URL), *mine)}
    from_project = "base_url" in project.values and origins["base_url"] == project.origin("base_url")
    if from_project and own not in known:
        claimed.add(own)
    free = {"localhost", "127.0.0.1", "::1", *values["trusted_hosts"]}
    return frozenset(server for server in claimed if host(server) not in free)


def _unconfirmed(server: str, variable: str, root: Path | None) -> ConfigError:
    name = host(server)
    return ConfigError(
        f"only this file says that {variable} may go to {name}",
        where=str((root or Path()) / PROJECT_FILE),
        help=f"if that is right: PROMPTKIT_TRUSTED_HOSTS={name}, or `trusted_hosts` in your own config.toml",
    )


def _address(base_url: str) -> str:
    try:
        return address(base_url)
    except ValueError:
        raise ConfigError(f"a base URL must be {KINDS['url'].words}") from None


def _shown(name: str, value: Any) -> Any:
    if SETTINGS[name].kind == "key":
        return "set" if value else "not set"
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _root_at(start: Path | None) -> Path | None:
    try:
        return find_root(start or Path())
    except OSError:  # the working folder is gone
        return None
