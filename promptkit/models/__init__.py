"""Models by name: how the model behind a name is opened. A new kind of model is one more entry in `OPENERS`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.model_names import parse_model_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.completion import Model
    from promptkit.model_names import ModelName, Scheme
    from promptkit.models.endpoint import Endpoint
    from promptkit.models.paced import Paced
    from promptkit.redact import Redactor
    from promptkit.settings import Settings


def open_model(name: str, settings: Settings, *, redactor: Redactor) -> Model:
    """The model of a name; nothing is connected or started yet. Raises `ConfigError`.

    The key of `settings.base_url` goes to that server only; another server's key is the one that its entry
    under `endpoints` names.
    """
    parsed = parse_model_name(name)
    return OPENERS[parsed.scheme](parsed, settings, redactor)


def _open_chat(_: ModelName, settings: Settings, redactor: Redactor) -> Model:
    from promptkit.models.endpoint import configured_endpoint

    return paced_model(configured_endpoint(settings), "", settings, redactor)


def _open_compatible(name: ModelName, settings: Settings, redactor: Redactor) -> Model:
    from promptkit.models.endpoint import compatible_endpoint

    return paced_model(compatible_endpoint(name.base_url, settings), f"openai+{name.base_url}#", settings, redactor)


def paced_model(endpoint: Endpoint, prefix: str, settings: Settings, redactor: Redactor) -> Paced:
    """A server's models behind their gates; `prefix` makes an id the name that settings know it by.

    What the settings say of a model's limits goes over those of the plan, which hold on MARA Cloud alone.
    """
    from promptkit.models.catalog import settings_of
    from promptkit.models.chat_api import ChatApi
    from promptkit.models.documented import RATE_LIMITS
    from promptkit.models.paced import Allowed, Paced, place_of
    from promptkit.setting_table import MODEL_LIMITS

    def allowed(model: str) -> Allowed:
        own = settings_of(f"{prefix}{model}", settings)
        of_tier = RATE_LIMITS.get(model, {}).get(settings.tier) if endpoint.is_mara else None
        told = {**(of_tier._asdict() if of_tier else {}), **own}
        return Allowed(**{name: told[name] for name in MODEL_LIMITS if name in told})

    return Paced(ChatApi(endpoint, redactor=redactor), place_of(endpoint.base_url, endpoint.api_key), allowed)


def _open_local(name: ModelName, settings: Settings, redactor: Redactor) -> Model:
    from promptkit.models.local import open_local
    from promptkit.models.prompted_tools import PromptedTools

    return PromptedTools(open_local(name.target, settings, redactor=redactor))


def _open_replay(name: ModelName, _: Settings, redactor: Redactor) -> Model:
    from promptkit.models.replay import Replayed

    return Replayed(Path(name.target).expanduser(), redactor=redactor)


def _open_simulate(_: ModelName, __: Settings, ___: Redactor) -> Model:
    from promptkit.models.simulate import Simulated

    return Simulated()


OPENERS: dict[Scheme, Callable[[ModelName, Settings, Redactor], Model]] = {
    "chat": _open_chat,
    "openai": _open_compatible,
    "local": _open_local,
    "replay": _open_replay,
    "simulate": _open_simulate,
}
