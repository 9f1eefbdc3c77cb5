"""The beginning that is the same for every call: what is told when an input stands early."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit.checking import check_source
from promptkit.loader import to_yaml
from promptkit.prefix_checks import WORTH
from promptkit.source import Memory
from promptkit.tokens import PieceEstimate

RULES = "Be kind. " * 600
INPUTS = {"day": "string", "question": "string"}


def told(data: dict[str, Any], **files: str) -> list[Any]:
    text = to_yaml({"inputs": INPUTS, **data})
    return [each for each in check_source(Memory(files), "p.yaml", text) if each.code == "PK233"]


EARLY: list[dict[str, Any]] = [
    {"persona": "Today is {{ day }}.", "context": RULES, "task": "{{ question }}"},
    {"persona": "You are kind.", "context": "{{ day }} " + RULES, "task": "{{ question }}"},
    {"context": "{% if day %}Now{% endif %} " + RULES, "task": "{{ question }}"},
    {
        "persona": "Today is {{ day }}.",
        "task": "{{ question }}",
        "output": {"format": "text"},
        "examples": [{"inputs": {"day": "Monday", "question": "Hi"}, "output": RULES}],
    },
]
EARLY += [
    {
        "messages": [
            {"role": "system", "content": "Today is {{ day }}."},
            {"role": "system", "content": RULES},
            {"role": "user", "content": "{{ question }}"},
        ]
    }
]
LATE: list[dict[str, Any]] = [
    {"persona": "You are kind.", "context": RULES + "{{ day }}", "task": "{{ question }}"},
    {"context": RULES, "task": "{{ day }} {{ question }}"},
    {"persona": "Today is {{ day }}.", "context": "Be kind.", "task": "{{ question }}"},
    {"persona": "Monday is the day.", "context": RULES, "task": "{{ day }} {{ question }}"},
    {
        "persona": "You are kind.",
        "context": "{{ day }} " + RULES,
        "task": "{{ question }}",
        "layout": {"context": "user"},
    },
    {
        "messages": [
            {"role": "system", "content": RULES},
            {"history": True},
            {"role": "user", "content": "{{ day }} {{ question }}"},
        ]
    },
]


@pytest.mark.parametrize("data", EARLY)
def test_an_input_before_what_never_changes_is_told_at_its_place(data: dict[str, Any]) -> None:
    [found] = told(data)
    assert "warning" == found.severity
    assert "day" in found.excerpt[found.column - 1 : found.end_column - 1]


@pytest.mark.parametrize("data", LATE)
def test_what_changes_last_is_as_it_should_be(data: dict[str, Any]) -> None:
    assert [] == told(data)


def test_what_is_included_counts() -> None:
    data = {"persona": "{{ day }}", "context": "{% include 'rules.md' %}", "task": "{{ question }}"}
    assert told(data, **{"rules.md": RULES})
    assert [] == told(data, **{"rules.md": "Be kind."})


@given(st.integers(0, 3_000))
def test_it_is_told_from_as_many_tokens_as_servers_keep(words: int) -> None:
    data = {"persona": "{{ day }}", "context": "word " * words or "-", "task": "{{ question }}"}
    assert bool(told(data)) == (PieceEstimate().count(str(data["context"])) >= WORTH)
