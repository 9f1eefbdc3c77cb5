"""Model text to validated values: split reasoning off, open a fence, parse strictly, validate; also in pieces."""

from __future__ import annotations

from promptkit.output.ladder import parse_output
from promptkit.output.partial import PartialParser

__all__ = ["PartialParser", "parse_output"]
