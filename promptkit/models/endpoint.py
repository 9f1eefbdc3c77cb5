"""A server that speaks chat completions, as data: its URL, its key, its deadlines and its quirks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promptkit.options import IGNORED_BY_MARA, check_option, check_together
from promptkit.setting_table import KEY_VARIABLE, MARA_URL, address, host

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.settings import Settings

MARA_HOSTS = frozenset((host(address(MARA_URL)), "api.cloud.mara.com"))
"""The documented host, and the one that live clients use (seen June to October 2026)."""

_THIS_MACHINE = frozenset(("localhost", "127.0.0.1", "::1"))


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long to wait, in seconds: for an attempt, for a call with all its attempts, and on streams.

    `first_byte` and `gap` (between two pieces) hold on streams only. Only time spent waiting for the server
    counts, so that a slow reader of a stream is not cut off.
    """

    attempt: float = 120.0
    call: float = 600.0
    first_byte: float = 60.0
    gap: float = 30.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server. `base_url` ends before `/chat/completions`; the defaults are MARA's.

    `max_temperature` is the highest that it takes (None: not known), `ignored_options` have no effect on it,
    `requires_key` says that there is no use in asking it without a key.
    """

    base_url: str
    api_key: str = field(repr=False, default="")
    name: str = "MARA Cloud"
    key_variable: str = KEY_VARIABLE
    requires_key: bool = True
    max_temperature: float | None = 1.0
    ignored_options: frozenset[str] = IGNORED_BY_MARA
    deadlines: Deadlines = field(default_factory=Deadlines)

    @property
    def is_mara(self) -> bool:
        """Whether this is MARA Cloud, of whose plans and models its documentation tells."""
        return host(address(self.base_url)) in MARA_HOSTS

    @property
    def host(self) -> str:
        """Host and port, as an error names them."""
        return urlsplit(self.base_url).netloc


def deadlines_of(settings: Settings) -> Deadlines:
    """The deadlines that the settings ask for."""
    return Deadlines(
        attempt=settings.attempt_timeout,
        call=settings.call_timeout,
        first_byte=settings.first_byte_timeout,
        gap=settings.gap_timeout,
    )


def configured_endpoint(settings: Settings) -> Endpoint:
    """The endpoint that plain model ids belong to: MARA Cloud, or what `base_url` names in its place.

    Raises `ConfigError` when its key may not go there.
    """
    name = host(address(settings.base_url))
    key, variable = settings.key_for(settings.base_url)
    return Endpoint(
        base_url=settings.base_url,
        api_key=key,
        name="MARA Cloud" if name in MARA_HOSTS else name,
        key_variable=variable or KEY_VARIABLE,
        requires_key=name not in _THIS_MACHINE,
        max_temperature=settings.max_temperature,
        deadlines=deadlines_of(settings),
    )


def compatible_endpoint(base_url: str, settings: Settings) -> Endpoint:
    """Any other OpenAI-compatible server: nothing is assumed of it, and no key is fine.

    Raises `ConfigError` when its key may not go there.
    """
    key, variable = settings.key_for(base_url)
    return Endpoint(
        base_url=base_url,
        api_key=key,
        name=host(address(base_url)),
        key_variable=variable,
        requires_key=False,
        max_temperature=None,
        ignored_options=frozenset(),
        deadlines=deadlines_of(settings),
    )


def check_options(options: Mapping[str, Any], endpoint: Endpoint) -> tuple[list[str], list[str]]:
    """What is wrong with a request's options at an endpoint: texts of errors, texts of warnings. Offline."""
    found = [
        check_option(name, value, max_temperature=endpoint.max_temperature, ignored=endpoint.ignored_options)
        for name, value in options.items()
    ]
    faults = [fault for fault in (*found, check_together(options)) if fault is not None]
    errors = [fault.message for fault in faults if fault.severity == "error"]
    return errors, [fault.message for fault in faults if fault.severity == "warning"]
