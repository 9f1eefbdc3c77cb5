"""What the tests of prompts need: a model that follows a script, and a loopback MARA on a real socket.

    from promptkit.testing import MaraServer, ScriptedModel

Names load on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.late_names import late_getattr

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


__getattr__ = late_getattr(__name__, _HOME)


def __dir__() -> list[str]:
    return __all__
