"""`Client`: all state that calls share: settings, connections, the log and the secrets to keep out of it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from promptkit.redact import Redactor
from promptkit.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.completion import Model, ModelFacts
    from promptkit.record import RunLog


class Client:
    """Opens models by name, knows what is known of them, and keeps the log.

    `base_url`, `api_key` and `model` go over the environment and the settings' files. `log` is a file (True:
    the user's own) in which every run is recorded; without it nothing is. `record` is a file of answers for
    `replay:`. `models` are models made in code, by the name under which prompts ask for them. Safe to share
    between threads; close it, or use it as a context manager.
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
    ) -> None:
        self.settings = settings or load_settings(base_url=base_url, api_key=api_key, model=model)
        self.redactor = Redactor(self.settings.secrets)
        self._log = log
        self._record = Path(record) if record is not None else None
        self._given: dict[str, Model] = dict(models or {})
        self._opened: dict[str, Model] = {}
        self._run_log: RunLog | None = None
        self._lock = threading.Lock()

    def model(self, name: str) -> Model:
        """The model of a name, opened on first use. Raises `ConfigError` for a name that names nothing."""
        with self._lock:
            found = self._given.get(name) or self._opened.get(name)
            if found is None:
                found = self._opened[name] = self._open(name)
            return found

    def _open(self, name: str) -> Model:
        from promptkit.models import open_model

        model = open_model(name, self.settings, redactor=self.redactor)
        if self._record is None:
            return model
        from promptkit.models.replay import Recorded

        return Recorded(model, self._record)

    def facts(self, name: str) -> ModelFacts:
        """What is known of a model, without asking anybody."""
        from promptkit.models.catalog import facts_for

        return facts_for(name, self.settings)

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

    def __repr__(self) -> str:
        return f"Client(base_url={self.settings.base_url!r}, model={self.settings.model!r})"


_default: Client | None = None
_default_lock = threading.Lock()


def default_client() -> Client:
    """The client of calls that name none: made on first use from the environment and the settings' files."""
    global _default  # noqa: PLW0603 (the one shared default, behind a lock)
    with _default_lock:
        if _default is None:
            _default = Client()
        return _default
