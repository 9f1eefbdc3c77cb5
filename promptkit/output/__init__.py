"""Model text to validated values: split reasoning off, open a fence, parse strictly, validate; also in pieces.

Names load on first use: a prompt that is only rendered has no answer to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promptkit.output.ladder import parse_output as parse_output
    from promptkit.output.partial import PartialParser as PartialParser

_HOME = {"PartialParser": "partial", "parse_output": "ladder"}

__all__ = ["PartialParser", "parse_output"]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'promptkit.output' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"promptkit.output.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
