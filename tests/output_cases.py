"""The cases of the output ladder: an answer's text, what is expected of it, and what it comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from promptkit.output.ladder import Expected
from promptkit.schema import Schema

CASES = Path(__file__).parent / "cases" / "output"
KEYS = {"says", "text", "schema", "format", "mode", "choices", "headings", "strict"}
KEYS |= {"value", "reasoning", "steps", "repaired", "violations", "partial", "repair", "coerce"}


def case(name: str) -> dict[str, Any]:
    data = yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))
    assert data.keys() <= KEYS
    return data


def names(kind: str) -> list[str]:
    return sorted(path.stem for path in CASES.glob("*.yaml") if kind in case(path.stem))


def expected(data: dict[str, Any]) -> Expected:
    told = {key: data[key] for key in ("format", "mode", "strict", "repair", "coerce") if key in data}
    lists = {key: tuple(data.get(key, ())) for key in ("choices", "headings")}
    return Expected(schema=Schema(data["schema"]) if "schema" in data else None, **told, **lists)
