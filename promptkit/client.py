"""`Client`: all state that calls share: settings, connections, the log and the secrets to keep out of it."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from promptkit.completion import ModelFacts
from promptkit.redact import Redactor
from promptkit.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.completion import Model
    from promptkit.drive import Clock
    from promptkit.record import RunLog


class Client:
    """Opens models by name, knows what is known of them, and keeps the log.

    `base_url`, `api_key` and `model` go over the environment and the settings' files. `log` is a file (True:
    the user's own) in which every run is recorded; without it nothing is. `record` is a file of answers for
    `replay:`. `models` are models made in code, by the name under which prompts ask for them. `clock` is what
    waits between tries. Safe to share between threads and event loops; close it, or use it as a context manager.

    A pickled client holds no key: where it is loaded, keys come from that environment again, but for a key
    that was an argument.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        model: str | None = None,
        log: bool | str | Path = False,
        record: str | Path | None = None,
        models: Mapping[str, Model] | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings or load_settings(base_url=base_url, api_key=api_key, model=model)
        self.redactor = Redactor(self.settings.secrets)
        self._given_clock = clock
        self._log = log
        self._record = Path(record) if record is not None else None
        self._given: dict[str, Model] = dict(models or {})
        self._opened: dict[str, Model] = {}
        self._run_log: RunLog | None = None
        self._lock = threading.Lock()

    @cached_property
    def clock(self) -> Clock:
        """What waits between tries. Made on first use: who only renders needs nothing of how requests are driven."""
        from promptkit.drive import Clock

        return self._given_clock or Clock()

    def model(self, name: str) -> Model:
        """The model of a name, opened on first use. Raises `ConfigError` for a name that names nothing."""
        if name in self._given:
            return self._given[name]
        with self._lock:
            if name not in self._opened:
                self._opened[name] = self._open(name)
            return self._opened[name]

    def _open(self, name: str) -> Model:
        from promptkit.models import open_model

        model = open_model(name, self.settings, redactor=self.redactor)
        if self._record is None:
            return model
        from promptkit.models.replay import Recorded

        return Recorded(model, self._record)

    def facts(self, model: str | Model, *, instead_of: str = "") -> ModelFacts:
        """What is known of a model, without asking anybody.

        Of a replay it is what is known of the model that was recorded, since the recorded requests were made
        by that: of `instead_of` or the settings' model if it is among several, else of the first.
        Raises `ConfigError` for a name that names nothing.
        """
        from promptkit.models import wire_name
        from promptkit.models.catalog import facts_for

        wished = [name for name in (instead_of, self.settings.model) if name]
        recorded = self._recorded(model)
        if recorded:
            name = next(name for name in (*map(wire_name, wished), *recorded) if name in recorded)
        elif isinstance(model, str):
            name = model
        elif name := getattr(model, "name", ""):
            return ModelFacts(name)
        return facts_for(name or wished[0], self.settings)

    def _recorded(self, model: str | Model) -> tuple[str, ...]:
        """The models whose answers a replay plays; none for a model that is itself."""
        if isinstance(model, str):
            from promptkit.models import parse_model_name

            if model not in self._given and parse_model_name(model).scheme != "replay":
                return ()
            model = self.model(model)
        from promptkit.models.replay import Replayed

        model = getattr(model, "inner", model)
        return tuple(filter(None, model.models)) if isinstance(model, Replayed) else ()

    @property
    def log(self) -> RunLog | None:
        """The run log, if one is kept."""
        if not self._log:
            return None
        with self._lock:
            if self._run_log is None:
                from promptkit.record import RunLog

                path = self.settings.log_path if self._log is True else Path(self._log)
                self._run_log = RunLog(path, content=self.settings.log_content, redactor=self.redactor)
            return self._run_log

    def close(self) -> None:
        """Close connections, child processes and the log. A closed client opens them anew when it is used."""
        for resource in self._release():
            close = getattr(resource, "close", None)
            if close is not None:
                close()

    async def aclose(self) -> None:
        """The same under asyncio."""
        for resource in self._release():
            aclose = getattr(resource, "aclose", None)
            if aclose is not None:
                await aclose()
            elif (close := getattr(resource, "close", None)) is not None:
                close()

    def _release(self) -> list[Any]:
        with self._lock:
            resources = [*self._opened.values(), *([self._run_log] if self._run_log else [])]
            self._opened, self._run_log = {}, None
        return resources

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __reduce__(self) -> tuple[Any, ...]:
        settings = replace(self.settings, api_key="", endpoint_keys={})
        return _unpickled, (settings, self._log, self._record, self._given)

    def __repr__(self) -> str:
        return f"Client(base_url={self.settings.base_url!r}, model={self.settings.model!r})"


def _unpickled(settings: Settings, log: bool | str | Path, record: Path | None, models: dict[str, Model]) -> Client:
    """A client from a pickle, with the keys of this environment. A key that was an argument has no other source."""
    origins = settings.origins
    here = load_settings(base_url=settings.base_url if origins.get("base_url") == "argument" else None)
    own = origins.get("api_key") != "argument" and here.base_url == settings.base_url
    others = here.endpoint_keys if here.endpoints == settings.endpoints else {}
    settings = replace(settings, api_key=here.api_key if own else "", endpoint_keys=others)
    return Client(settings=settings, log=log, record=record, models=models)


_default: tuple[object, Client] | None = None
_default_lock = threading.Lock()


def default_client() -> Client:
    """The client of calls that name none: made from the environment and the settings' files, and kept.

    When the working folder or one of promptkit's variables has changed, another one takes its place.
    """
    global _default  # noqa: PLW0603 (the one shared default, behind a lock)
    around = _surroundings()
    with _default_lock:
        if _default is None or _default[0] != around:
            _default = around, Client()
        return _default[1]


def _surroundings() -> tuple[object, ...]:
    """What settings come from, as far as it can be seen without reading files."""
    told = sorted((name, value) for name, value in os.environ.items() if name.startswith(("MARA_", "PROMPTKIT_")))
    try:
        return os.getcwd(), told  # noqa: PTH109
    except FileNotFoundError:
        return "", told
