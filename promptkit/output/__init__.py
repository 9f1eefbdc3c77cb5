"""Model text to validated values: extract, parse strictly, validate; incremental for streams."""

from __future__ import annotations

from promptkit.output.ladder import parse_output
from promptkit.output.partial import PartialParser

__all__ = ["PartialParser", "parse_output"]
