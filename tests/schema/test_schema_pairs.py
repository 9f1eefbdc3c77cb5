"""Pairs of schemas with known verdicts: whether all that fits the writer fits the reader, over the whole vocabulary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from promptkit.schema.compat import accepts

PAIRS: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "cases/schema_pairs.json").read_text())
BY_NAME = {pair["name"]: pair for pair in PAIRS}
UNTOLD = {"unevaluated beside other fields", "patterns of the writer, others", "patterns of the writer, a field"}
"""Where "cannot tell" is the answer, since no value that shows it is found."""


def verdict(pair: dict[str, Any]) -> str:
    found = accepts(pair["reader"], pair["writer"])
    if not found:
        return "compatible"
    return "breaking" if any(mismatch.certain for mismatch in found) else "cannot tell"


def test_there_are_pairs_of_both_kinds_and_each_has_its_name() -> None:
    assert len(BY_NAME) == len(PAIRS)
    counts = [sum(pair["verdict"] == kind for pair in PAIRS) for kind in ("compatible", "breaking")]
    assert min(counts) > 90
    assert len(UNTOLD) < len(PAIRS) / 15


@pytest.mark.parametrize("name", BY_NAME)
def test_a_pair_has_its_verdict(name: str) -> None:
    pair = BY_NAME[name]
    if pair["verdict"] == "breaking":
        reader, writer = (jsonschema_rs.Draft202012Validator(pair[side]) for side in ("reader", "writer"))
        assert (writer.is_valid(pair["witness"]), reader.is_valid(pair["witness"])) == (True, False)
    assert verdict(pair) == ("cannot tell" if name in UNTOLD else pair["verdict"])
