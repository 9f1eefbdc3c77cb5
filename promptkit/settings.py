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

from promptkit.errors import ConfigError
from promptkit.setting_layers import CONFIG_VARIABLE, PROJECT_FILE, PROJECT_TABLES, Layer, layers_at, project_faults
from promptkit.setting_table import KEY_VARIABLE, KINDS, MARA_URL, SETTINGS, address, host

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CONFIG_VARIABLE",
    "PROJECT_FILE",
    "PROJECT_TABLES",
    "Settings",
    "describe",
    "find_root",
    "load_settings",
    "project_faults",
]


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

    def key_variable(self, base_url: str) -> str:
        """The variable that holds the key for a server; empty for one that gets none."""
        server = _address(base_url)
        return "" if server in self.unconfirmed else self._variable(server)

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
    found = root_above(os.path.abspath(start))  # noqa: PTH100 (by name, since links keep their parents)
    return None if found is None else Path(found)


def root_above(here: str) -> str | None:
    """The same for an absolute path, as texts: this is asked for each of a thousand files."""
    while not os.path.isfile(os.path.join(here, PROJECT_FILE)):  # noqa: PTH113, PTH118
        here, below = os.path.dirname(here), here  # noqa: PTH120
        if here == below:
            return None
    return here


def load_settings(start: Path | None = None, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings that hold at `start` (the working folder by default); an override of None is none.

    Raises `ConfigError` for a value that does not fit, naming its file and key, its variable or its argument.
    """
    environ = os.environ if environ is None else environ
    root = _root_at(start)
    layers, tables = layers_at(root, environ, overrides)
    _, user, project, *_ = layers
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


def _unconfirmed_servers(
    user: Layer, project: Layer, values: Mapping[str, Any], origins: Mapping[str, str]
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


def _root_at(start: Path | None) -> Path | None:
    try:
        return find_root(start or Path())
    except OSError:  # the working folder is gone
        return None
