"""What is known of models: what documentation says, under what the server said when it was last asked.

`GET /v1/models` is asked only by `fetch_models`; its answer is kept in a dated file in the cache folder.
`facts_for` reads that file and never the network.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promptkit.completion import ModelFacts, sha256
from promptkit.diagnostics import did_you_mean
from promptkit.errors import BadResponse, ConfigError
from promptkit.model_names import ModelName, parse_model_name
from promptkit.models.documented import DOCUMENTED
from promptkit.models.evidence import joined_sources, with_evidence
from promptkit.private_files import keep_file
from promptkit.setting_table import MODEL_FACTS, address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from promptkit.model_names import Scheme
    from promptkit.models.endpoint import Endpoint
    from promptkit.redact import Redactor
    from promptkit.settings import Settings

_VERSION = 1
LOCAL_WINDOW = 4096
"""The window that a local model is started with, in tokens."""
LOCAL_OUTPUT = 512
"""Its longest answer, if no other is asked for: a small model that repeats itself goes on to the window's end."""

_KEPT = ("name", "context_length", "max_output", "prompt_price", "completion_price")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The models of one server as it listed them at `fetched` (an ISO 8601 time in UTC)."""

    base_url: str
    fetched: str
    models: tuple[ModelFacts, ...]

    @property
    def source(self) -> str:
        """Where these facts come from, and when."""
        return f"GET /v1/models of {urlsplit(self.base_url).netloc}, {self.fetched[:10]}"

    def get(self, name: str) -> ModelFacts | None:
        """The facts of one id, exactly spelt."""
        return next((model for model in self.models if model.name == name), None)


def fetch_models(endpoint: Endpoint, *, redactor: Redactor | None = None) -> Catalog:
    """Ask a server for its models.

    Raises `ModelError`: `AuthError` without a key, `BadResponse` for what is no list of models.
    """
    from promptkit.models.chat_api import ChatApi

    model = ChatApi(endpoint, redactor=redactor)
    try:
        data = model.get("/models")
    finally:
        model.close()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Catalog(endpoint.base_url, now, _listed(data, endpoint.host))


def _listed(data: Any, where: str) -> tuple[ModelFacts, ...]:
    entries = data.get("data") if isinstance(data, dict) else data
    if not isinstance(entries, list):
        cure = "the server has no list of models; name the model yourself"
        raise BadResponse("the answer is no list of models", where=where, help=cure)
    return tuple(facts for entry in entries if (facts := _facts(entry)) is not None)


def _facts(entry: Any) -> ModelFacts | None:
    """One entry of `GET /v1/models`, of which only `id` is sure (SambaNova's OpenAPI file 1.2.0)."""
    name = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        return None  # what steers a terminal is no id
    pricing = entry.get("pricing")
    prices = pricing if isinstance(pricing, dict) else {}
    return ModelFacts(
        name,
        context_length=_count(entry, "context_length", "max_model_len"),
        max_output=_count(entry, "max_completion_tokens", "max_output_length"),
        prompt_price=_number(prices.get("prompt")),
        completion_price=_number(prices.get("completion")),
    )


def _count(entry: Mapping[str, Any], *names: str) -> int | None:
    numbers = (_number(entry.get(name)) for name in names)
    return next((int(number) for number in numbers if number), None)


def _number(value: Any) -> float | None:
    """A number that is written as one or as a text (`"0.00000500"`); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def catalog_path(settings: Settings, base_url: str = "") -> Path:
    """The file in which a server's models are kept."""
    digest = sha256(address(base_url or settings.base_url))[:16]
    return settings.cache_dir / f"models-{digest}.json"


def save_catalog(catalog: Catalog, settings: Settings) -> Path:
    """Keep a catalog: readable by its owner only, the old file replaced as a whole. Raises `ConfigError`."""
    path = catalog_path(settings, catalog.base_url)
    models = [
        {name: value for name, value in asdict(model).items() if name in _KEPT and value is not None}
        for model in catalog.models
    ]
    document = {"version": _VERSION, "base_url": catalog.base_url, "fetched": catalog.fetched, "models": models}
    keep_file(path, json.dumps(document, ensure_ascii=True, indent=1), "the list of models")
    return path


def load_catalog(settings: Settings, base_url: str = "") -> Catalog | None:
    """What a server (by default the configured one) last said; None when it was never asked.

    A file that cannot be read counts as none: `fetch_models` makes it anew.
    """
    path = catalog_path(settings, base_url)
    try:
        state = path.stat()
    except OSError:
        return None
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _: int, __: int) -> Catalog | None:
    """The file, read again only when its time or size has changed."""
    try:
        data = json.loads(path.read_bytes())
        if data["version"] != _VERSION:
            return None
        models = tuple(ModelFacts(**{name: model[name] for name in _KEPT if name in model}) for model in data["models"])
        return Catalog(str(data["base_url"]), str(data["fetched"]), models)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def facts_for(name: str, settings: Settings) -> ModelFacts:
    """What is known of a model, offline; a field of which nothing is known is None. Raises `ConfigError`.

    What the settings say of it goes over all else.
    """
    parsed = parse_model_name(name)
    return replace(told_by_settings(_FACTS[parsed.scheme](parsed, settings), name, settings), name=name)


def told_by_settings(known: ModelFacts, name: str, settings: Settings) -> ModelFacts:
    """What the settings say of a model, over what was known before."""
    said = {key: value for key, value in settings_of(name, settings).items() if key in MODEL_FACTS}
    if not said:
        return known
    source = f"{', '.join(said)}: your settings"
    return replace(known, **said, source=joined_sources(source, known.source))


def settings_of(name: str, settings: Settings) -> Mapping[str, Any]:
    """What the settings hold under `models` for one of them."""
    same = (settings.models[key] for key in settings.models if _same(key, name))
    return settings.models.get(name) or next(same, {})


def _same(name: str, other: str) -> bool:
    """Whether two names mean one model; a server's address may be written in several ways."""
    try:
        return parse_model_name(name) == parse_model_name(other)
    except ConfigError:
        return False


def _configured(name: ModelName, settings: Settings) -> ModelFacts:
    documented = DOCUMENTED.get(name.target)
    # An id that no page names yet still is answered by MARA's API, with its structured output.
    known = _merged(documented or ModelFacts(name.target, json_schema=True, json_mode=True), load_catalog(settings))
    return with_evidence(known, settings)


def _compatible(name: ModelName, settings: Settings) -> ModelFacts:
    known = _merged(ModelFacts(name.target), load_catalog(settings, name.base_url))
    return with_evidence(known, settings, name.base_url)


def _local(name: ModelName, _: Settings) -> ModelFacts:
    return ModelFacts(
        name.target,
        context_length=LOCAL_WINDOW,
        max_output=LOCAL_OUTPUT,
        json_schema=True,
        any_schema_root=True,
        json_mode=True,
        reasoning=False,
        tools=True,
        prompt_price=0.0,
        completion_price=0.0,
        source="promptkit: the limits that it starts the model with; tools are asked for in the prompt",
    )


def _simulated(name: ModelName, _: Settings) -> ModelFacts:
    return ModelFacts(
        name.target,
        json_schema=True,
        any_schema_root=True,
        json_mode=True,
        reasoning=False,
        prompt_price=0.0,
        completion_price=0.0,
        source="promptkit: made from the schema",
    )


def _replayed(name: ModelName, _: Settings) -> ModelFacts:
    return ModelFacts(name.target)


_FACTS: dict[Scheme, Callable[[ModelName, Settings], ModelFacts]] = {
    "chat": _configured,
    "openai": _compatible,
    "local": _local,
    "simulate": _simulated,
    "replay": _replayed,
}


def _merged(known: ModelFacts, catalog: Catalog | None) -> ModelFacts:
    """What the server said over what was known before."""
    said = catalog.get(known.name) if catalog else None
    if catalog is None or said is None:
        return known
    values = {field.name: getattr(said, field.name) for field in fields(said) if field.name in _KEPT}
    told = {name: value for name, value in values.items() if value is not None}
    sources = [catalog.source] + ([f"else {known.source}"] if known.source else [])
    return replace(known, **told, source="; ".join(sources))


def listed_models(settings: Settings) -> list[ModelFacts]:
    """The models of the configured endpoint: those that it listed, or else those that documentation names."""
    catalog = load_catalog(settings)
    names = [model.name for model in catalog.models] if catalog else list(DOCUMENTED)
    # Not through `facts_for`: an id of a server's may look like a scheme of ours.
    facts = (_configured(ModelName("chat", name), settings) for name in sorted(names, key=str.casefold))
    return [told_by_settings(model, model.name, settings) for model in facts]


def near_model(name: str, settings: Settings | None = None) -> str:
    """``did you mean `x`?`` for a known id that is spelt almost so, first of all one in another case."""
    catalog = load_catalog(settings) if settings else None
    known: Iterable[str] = [model.name for model in catalog.models] if catalog else DOCUMENTED
    others = [other for other in known if other != name]
    same = next((other for other in others if other.casefold() == name.casefold()), None)
    return f"did you mean `{same}`?" if same else did_you_mean(name, others)
