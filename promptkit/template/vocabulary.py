"""The filters, tests and functions that templates have."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from promptkit.template.filters import OWN_FILTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@lru_cache(maxsize=1)
def functions() -> Mapping[str, Mapping[str, Callable[..., Any]]]:
    """The filters, tests and functions that templates have, by their names."""
    from promptkit.template.environment import PromptEnvironment

    env = PromptEnvironment()
    filters = {name: each for name, each in env.filters.items() if name not in OWN_FILTERS}
    return {"filter": filters, "test": env.tests, "function": env.globals}
