"""Model text to validated values: split reasoning off, open a fence, parse strictly, validate; also in pieces.

Names load on first use: a prompt that is only rendered has no answer to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.late_names import late_getattr

if TYPE_CHECKING:
    from promptkit.output.ladder import parse_output as parse_output
    from promptkit.output.partial import PartialParser as PartialParser

_HOME = {"PartialParser": "partial", "parse_output": "ladder"}

__all__ = ["PartialParser", "parse_output"]


__getattr__ = late_getattr(__name__, _HOME)


def __dir__() -> list[str]:
    return __all__
