"""`Client`: all state that calls share: settings, connections, the log and the secrets to keep out of it."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from weakref import ref

from promptkit.client_resources import HELD, ClientResources
from promptkit.completion import ModelFacts
from promptkit.errors import ConfigError
from promptkit.redact import Redactor
from promptkit.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.completion import Completion, Model, Request
    from promptkit.drive import Clock
    from promptkit.record import RunLog
    from promptkit.tokens import TokenCounter

_log = logging.getLogger("promptkit")


class Client:
    """Opens models by name, knows what is known of them, and keeps the log.

    `base_url`, `api_key` and `model` go over the environment and the settings' files; `settings` stands in for
    all of these. `log` is a file (True: the user's own) in which every run is recorded; without it nothing is.
    `record` is a file of answers for `replay:`, whatever model gives them; with `replay`, such a file answers in the
    place of every model that is named. `cache` is a file (True: the user's own) of answers: a request that was answered
    well before is not sent again, and a step of the result says so; with `refresh` it is, and the new answer is kept.
    `models` are models made in code, by the name under which prompts ask for them; `wrap` makes of each model that is
    asked the one that is asked in its place, such as `promptkit.extras.otel.Traced` (a model that is given and wrapped,
    or recorded, is held as long as the client). `counter` counts tokens for every model, in the place
    of what is known of each. `clock` is what waits between tries. Safe to share between threads and
    event loops; close it, or use it as a context manager.

    A pickled client holds no key: where it is loaded, keys come from that environment again, but for a key
    that was an argument. Nor does it hold a clock: there it waits by the real one.
    Raises `ConfigError` for settings that do not fit.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        model: str | None = None,
        log: bool | str | Path = False,
        record: str | Path | None = None,
        replay: str | Path | None = None,
        cache: bool | str | Path = False,
        refresh: bool = False,
        models: Mapping[str, Model] | None = None,
        wrap: Callable[[Model], Model] | None = None,
        counter: TokenCounter | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> None:
        given: dict[str, Any] = {"base_url": base_url, "api_key": api_key, "model": model}
        self.settings = load_settings(**given) if settings is None else _alone(settings, given)
        self.redactor = Redactor(self.settings.secrets)
        self._given_clock = clock
        self._log = log
        self._record = Path(record) if record is not None else None
        self._replay = Path(replay) if replay is not None else None
        self._cache = cache
        self._refresh = refresh
        self._given: dict[str, Model] = dict(models or {})
        self._wrap = wrap
        self._counter = counter
        self._held = ClientResources()

    @cached_property
    def clock(self) -> Clock:
        """What waits between tries. Made on first use: who only renders needs nothing of how requests are driven."""
        from promptkit.drive import Clock

        return self._given_clock or Clock()

    def model(self, model: str | Model) -> Model:
        """The model of a name, opened on first use, or a model itself, in what this client wraps models in.

        Raises `ConfigError` for a name that names nothing.
        """
        found = self._named(model) if isinstance(model, str) else model
        if self._record is None and self._wrap is None:
            return found
        known = self._held.wrapped.get(id(found))
        if known is None:
            made = found, self._wrapped(found)  # without the lock, since it is the caller's code
            with self._held.lock:
                known = self._held.wrapped.setdefault(id(found), made)
        return known[1]

    def confirm(self, model: Model, request: Request, completion: Completion) -> None:
        """Tell a model that was asked, or the one in it, that its answer was good: it may keep it."""
        with self._held.lock:
            wrapped = [inner for inner, outer in self._held.wrapped.values() if outer is model]
        told = model if hasattr(model, "confirm") else next(iter(wrapped), model)
        if hasattr(told, "confirm"):
            told.confirm(request, completion)

    def _wrapped(self, model: Model) -> Model:
        """The model with what writes its answers down, and in what the caller wraps it in."""
        from promptkit.models.replay import Recorded

        if self._record is not None and not (isinstance(model, Recorded) and model.path == self._record):
            model = Recorded(model, self._record, redactor=self.redactor)
        return self._wrap(model) if self._wrap else model

    def _named(self, name: str) -> Model:
        if name in self._given:
            return self._given[name]
        with self._held.lock:
            if name not in self._held.models:
                self._held.models[name] = self._open(name if self._replay is None else f"replay:{self._replay}")
            return self._held.models[name]

    def _open(self, name: str) -> Model:
        from promptkit.models import open_model

        model = open_model(name, self.settings, redactor=self.redactor)
        if not self._cache:
            return model
        from promptkit.models.cached import Cached

        path = self.settings.cache_dir / "answers.db" if self._cache is True else Path(self._cache)
        return Cached(model, path, place=self._place(name), reads=not self._refresh, redactor=self.redactor)

    def _place(self, name: str) -> str:
        """What a model's answers are kept under beside the request: the server, and the model's own name."""
        return f"{self.settings.base_url} {name}"

    def kept_answer(self, model: str, request: Request) -> Completion | None:
        """The answer of a model that is named, as the cache keeps it; None without one."""
        found = self._named(model)
        find = getattr(found, "find", None)
        kept: Completion | None = find(request) if find else None
        return kept

    def facts(self, model: str | Model, *, instead_of: str = "") -> ModelFacts:
        """What is known of a model, without asking anybody.

        Of a replay it is what is known of the model that was recorded, since the recorded requests were made
        by that: of `instead_of` or the settings' model if it is among several, else of the first.
        Raises `ConfigError` for a name that names nothing.
        """
        from promptkit.model_names import wire_name
        from promptkit.models.catalog import facts_for, told_by_settings

        wished = [name for name in (instead_of, self.settings.model) if name]
        recorded = self._recorded(model)
        if recorded:
            name = next(name for name in (*map(wire_name, wished), *recorded) if name in recorded)
        elif isinstance(model, str):
            name = model
        elif name := getattr(model, "name", ""):
            return told_by_settings(ModelFacts(name), name, self.settings)
        return facts_for(name or wished[0], self.settings)

    def counter(self, facts: ModelFacts) -> TokenCounter:
        """What counts tokens for a model: the client's own counter, or else as well as is known.

        That is exactly where the model's vocabulary is installed (the extra `tokens`), set right by what its server has
        counted in the runs of the log, and an estimate where nothing is known.
        """
        from promptkit.counting import counter_for
        from promptkit.model_names import wire_name

        if self._counter is not None:
            return self._counter
        name = wire_name(facts.name)
        if name not in self._held.counters:
            self._held.counters[name] = counter_for(name, self.log)
        return self._held.counters[name]

    def _recorded(self, model: str | Model) -> tuple[str, ...]:
        """The models whose answers a replay plays; none for a model that is itself."""
        if isinstance(model, str):
            from promptkit.model_names import parse_model_name

            if model not in self._given and parse_model_name(model).scheme != "replay":
                return ()
            model = self._named(model)
        from promptkit.models.replay import Replayed

        model = getattr(model, "inner", model)
        return tuple(filter(None, model.models)) if isinstance(model, Replayed) else ()

    @property
    def log(self) -> RunLog | None:
        """The run log, if one is kept."""
        if not self._log:
            return None
        with self._held.lock:
            if self._held.log is None:
                from promptkit.record import RunLog

                path = self.settings.log_path if self._log is True else Path(self._log)
                self._held.log = RunLog(path, content=self.settings.log_content, redactor=self.redactor)
            return self._held.log

    def close(self) -> None:
        """Close connections, child processes and the log. A closed client opens them anew when it is used."""
        self._held.close()

    async def aclose(self) -> None:
        """The same under asyncio."""
        await self._held.aclose()

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
        told = {
            name: getattr(self, f"_{name}")
            for name in ("log", "record", "replay", "cache", "refresh", "wrap", "counter")
        }
        return _unpickled, (settings, {**told, "models": self._given})

    def __repr__(self) -> str:
        return f"Client(base_url={self.settings.base_url!r}, model={self.settings.model!r})"


def _alone(settings: Settings, given: Mapping[str, Any]) -> Settings:
    """The settings, if nothing is given that would go over them."""
    twice = [f"`{name}`" for name, value in given.items() if value is not None]
    if twice:
        raise ConfigError(
            f"{', '.join(twice)}: beside `settings`, which hold {'it' if len(twice) == 1 else 'them'} already",
            where="Client",
            help="make the settings with it, `promptkit.settings.load_settings(...)`, or leave `settings` out",
        )
    return settings


def _unpickled(settings: Settings, told: Mapping[str, Any]) -> Client:
    """A client from a pickle, with the keys of this environment. A key that was an argument has no other source."""
    origins = settings.origins
    here = load_settings(base_url=settings.base_url if origins.get("base_url") == "argument" else None)
    own = origins.get("api_key") != "argument" and here.base_url == settings.base_url
    others = here.endpoint_keys if here.endpoints == settings.endpoints else {}
    settings = replace(settings, api_key=here.api_key if own else "", endpoint_keys=others)
    return Client(settings=settings, **told)


_default: tuple[object, Client] | None = None
_replaced: list[tuple[ref[Client], ClientResources]] = []
_default_lock = threading.Lock()


def default_client() -> Client:
    """The client of calls that name none: made from the environment and the settings' files, and kept.

    When the working folder or one of promptkit's variables has changed, another one takes its place. A client
    that was replaced is closed as soon as this sees that nobody uses it any more.
    """
    global _default  # noqa: PLW0603 (the one shared default, behind a lock)
    around = _surroundings()
    unused: list[ClientResources] = []
    with _default_lock:
        if _default is None or _default[0] != around:
            made = Client()
            if _default is not None:
                _replaced.append((ref(_default[1]), _default[1]._held))  # noqa: SLF001
            _default = around, made
            unused = [held for used_by, held in _replaced if used_by() is None]
            _replaced[:] = [each for each in _replaced if each[1] not in unused]
        client = _default[1]
    for held in unused:
        _let_go(held)
    return client


def _let_go(held: ClientResources) -> None:
    """Close what a client before had opened; whoever asks for the client of now is not to be troubled by it."""
    try:
        held.close()
    except Exception as failure:  # noqa: BLE001 (whatever it is)
        _log.warning("a client that nobody uses any more could not be closed: %s", failure)


def _renew_locks() -> None:
    """Begin with open locks in a forked child: a thread that held one is not there to let go of it."""
    global _default_lock  # noqa: PLW0603 (the one shared default's)
    _default_lock = threading.Lock()
    for held in HELD:
        held.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


def _surroundings() -> tuple[object, ...]:
    """What settings come from, as far as it can be seen without reading files."""
    told = sorted((name, value) for name, value in os.environ.items() if name.startswith(("MARA_", "PROMPTKIT_")))
    try:
        return os.getcwd(), told  # noqa: PTH109
    except FileNotFoundError:
        return "", told
