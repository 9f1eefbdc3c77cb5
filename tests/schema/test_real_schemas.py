"""Thousands of real-world schemas, where `PROMPTKIT_DATA` names a folder with jsonschemabench's files."""

from __future__ import annotations

import faulthandler
import gzip
import json
import os
import statistics
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from promptkit.schema import Schema
from promptkit.schema.compat import accepts
from promptkit.tokens import PieceEstimate

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = "jsonschemabench-dev.jsonl.gz"
INSTANCES = "jsonschemabench-dev-instances.jsonl.gz"
LONGEST = 300
"""Seconds for one test over all schemas; a bound against hanging, far above what any takes."""


def lines(name: str) -> list[dict[str, Any]]:
    folder = os.environ.get("PROMPTKIT_DATA")
    if not folder:
        pytest.skip("PROMPTKIT_DATA names no folder with jsonschemabench's files")
    place = Path(folder) / name
    if not place.exists():
        pytest.skip(f"{name} is not in the folder that PROMPTKIT_DATA names")
    with gzip.open(place, "rt", encoding="utf-8") as text:
        return [json.loads(line) for line in text]


@cache
def schemas() -> dict[str, Schema]:
    return {row["id"].replace("/", "---"): Schema(row["schema"]) for row in lines(SCHEMAS)}


@pytest.fixture(autouse=True)
def _bound() -> Iterator[None]:
    """A schema that hangs ends the run, with a traceback that names it."""
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def test_every_schema_is_sound_or_says_what_is_wrong() -> None:
    wrong = {name: schema.problems() for name, schema in schemas().items() if schema.problems()}

    assert {} == wrong


def test_every_labelled_value_gets_the_verdict_of_its_label() -> None:
    wrong = [row["id"] for row in lines(INSTANCES) if schemas()[row["schema_id"]].is_valid(row["data"]) != row["valid"]]

    assert [] == wrong


def test_the_notation_takes_at_most_065_of_the_tokens_in_the_median() -> None:
    count = PieceEstimate().count
    ratios = [
        count(schema.to_text()) / count(json.dumps(schema.json, separators=(",", ":"), ensure_ascii=False))
        for schema in schemas().values()
    ]

    assert statistics.median(ratios) <= 0.65
    assert statistics.quantiles(ratios, n=10)[-1] <= 0.85


def test_every_schema_accepts_itself() -> None:
    refused = {name for name, schema in schemas().items() if accepts(schema.json, json.loads(json.dumps(schema.json)))}

    assert set() == refused


def test_order_keeps_every_labelled_value() -> None:
    changed = [row["id"] for row in lines(INSTANCES) if schemas()[row["schema_id"]].order(row["data"]) != row["data"]]

    assert [] == changed
