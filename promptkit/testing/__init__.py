"""What the tests of prompts need: a model that follows a script, and a loopback MARA on a real socket.

    from promptkit.testing import MaraServer, ScriptedModel

Names load on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promptkit.testing.answers import DEFAULT_MODELS as DEFAULT_MODELS
    from promptkit.testing.answers import ServedModel as ServedModel
    from promptkit.testing.scripted import ScriptedModel as ScriptedModel
    from promptkit.testing.server import MaraServer as MaraServer
    from promptkit.testing.server import Received as Received
    from promptkit.testing.wire import Reply as Reply

_HOME = {
    "DEFAULT_MODELS": "answers",
    "MaraServer": "server",
    "Received": "server",
    "Reply": "wire",
    "ScriptedModel": "scripted",
    "ServedModel": "answers",
}

__all__ = ["DEFAULT_MODELS", "MaraServer", "Received", "Reply", "ScriptedModel", "ServedModel"]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'promptkit.testing' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"promptkit.testing.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
