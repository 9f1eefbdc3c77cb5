"""The cases of the output ladder: an answer's text, what is expected of it, and what it comes to."""

from __future__ import annotations

from typing import Any

from case_files import CaseFiles

from promptkit.output.expected import Expected
from promptkit.schema import Schema

CASES = CaseFiles(
    "output",
    {
        *("says", "text", "schema", "format", "mode", "choices", "headings", "strict", "repair", "coerce"),
        *("value", "reasoning", "steps", "repaired", "violations", "partial"),
    },
)


def expected(data: dict[str, Any]) -> Expected:
    told = {key: data[key] for key in ("format", "mode", "strict", "repair", "coerce") if key in data}
    lists = {key: tuple(data.get(key, ())) for key in ("choices", "headings")}
    return Expected(schema=Schema(data["schema"]) if "schema" in data else None, **told, **lists)
