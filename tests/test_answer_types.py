"""The answer's type: what the file declares against the Python type that a caller wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from promptkit.answer_types import TypedOutput
from promptkit.completion import ModelFacts
from promptkit.errors import SpecError
from promptkit.loader import load_spec
from promptkit.source import Memory
from promptkit.spec import PromptSpec


@dataclass
class Ticket:
    team: Literal["billing", "platform"]
    urgency: int = 1


@dataclass
class Narrow:
    team: Literal["billing"]


def spec(output: str) -> PromptSpec:
    return load_spec(Memory(), "p.yaml", f"task: Go.\noutput: {output}\nmodels: {{quick: {{chain_of_thought: prose}}}}")


JSON = "{format: json, fields: {team: billing | platform, urgency?: integer}, strict: true}"


def test_without_a_type_an_answer_stays_plain_data() -> None:
    assert {"team": "billing"} == TypedOutput(spec(JSON)).view({"team": "billing"})


def test_an_answer_is_seen_as_the_wanted_type() -> None:
    assert Ticket("billing", 3) == TypedOutput(spec(JSON), Ticket).view({"team": "billing", "urgency": 3})


def test_a_type_that_cannot_take_every_answer_is_refused_where_it_is_given() -> None:
    with pytest.raises(SpecError) as caught:
        TypedOutput(spec(JSON), Narrow)
    found = caught.value.diagnostics[0]
    assert ("PK405", "p.yaml") == (found.code, found.path)
    assert found.message.startswith("Narrow does not fit the file's output at $.team")
    assert "change the type or the file's schema" == found.help


def test_a_type_without_a_name_is_told_as_it_is_written() -> None:
    with pytest.raises(SpecError, match=r"list\[int\] does not fit"):
        TypedOutput(spec("{format: list, items: string}"), list[int])  # type: ignore[arg-type]


def test_a_type_beside_an_output_without_a_schema_is_taken() -> None:
    assert [1] == TypedOutput(spec("{format: json}"), list[int]).view([1])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (JSON, {"format": "json", "strict": True, "choices": (), "headings": ()}),
        ("{format: choice, choices: [a, b]}", {"format": "choice", "choices": ("a", "b"), "strict": False}),
        ("{format: markdown, headings: [A]}", {"format": "markdown", "headings": ("A",), "schema": None}),
        ("{format: text}", {"format": "text", "schema": None}),
    ],
)
def test_the_ladder_is_told_what_the_file_declares(output: str, told: dict[str, Any]) -> None:
    expected = TypedOutput(spec(output)).expected(ModelFacts("m"))
    assert told == {name: getattr(expected, name) for name in told}


def test_the_way_of_reasoning_is_that_of_the_model() -> None:
    typed = TypedOutput(spec(JSON))
    assert ["prose", "off"] == [typed.expected(ModelFacts(name)).mode for name in ("quick", "other")]
