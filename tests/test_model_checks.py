"""A prompt against the models that it names: what is told of names, windows and abilities, also beside errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from promptkit.checking import check_source
from promptkit.source import Memory

if TYPE_CHECKING:
    from promptkit.diagnostics import Diagnostic

ASKED = "chat_template_kwargs: {enable_thinking: true}"


def found(text: str) -> list[Diagnostic]:
    return [each for each in check_source(Memory(), "p.yaml", text) if each.code.startswith(("PK52", "PK128"))]


def told(text: str) -> list[tuple[str, int, int]]:
    return [(each.code, each.line, each.column) for each in found(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("task: Hi.\nmodel: minimax-m2.5\n", [("PK521", 2, 8)]),
        ("task: Hi.\nmodel: MiniMax-M2.5\n", []),
        ("task: Hi.\nmodel: '{{ model }}'\n", [("PK521", 2, 8)]),
        ("task: Hi.\nmodel: ${MODEL}\n", [("PK521", 2, 8)]),
        ("task: Hi.\nmodel: my-own-model\noptions: {reasoning_effort: high}\n", []),
        ("task: Hi.\nmodel: DeepSeek-V3.1\noptions: {max_tokens: 500000}\n", [("PK522", 3, 23)]),
        ("task: Hi.\nmodel: DeepSeek-V3.1\nchain_of_thought: native\n", [("PK523", 3, 1)]),
        ("task: Hi.\nmodel: DeepSeek-V3.1\noptions: {reasoning_effort: high}\n", [("PK523", 3, 11)]),
        ("task: Hi.\nmodels:\n  DeepSeek-V3.1: {options: {reasoning_effort: high}}\n", [("PK523", 3, 29)]),
        ("task: Hi.\nmodel: DeepSeek-V3.1\nchain_of_thought: {mode: native}\n", [("PK523", 3, 26)]),
        ("task: Hi.\nmodels:\n  DeepSeek-V3.1: {options: {max_tokens: 500000}}\n", [("PK522", 3, 41)]),
        ("task: Hi.\nmodel: gpt-oss-120b\nbudget: {input_tokens: 500000}\n", [("PK522", 3, 24)]),
        ("task: Hi.\nmodel: DeepSeek-V3.2\nbudget: {output_tokens: 100000, usd: 1}\n", [("PK522", 3, 25)]),
        ("task: Hi.\nmodel: DeepSeek-V3.1\noptions: {repetition_penalty: 1.1}\n", [("PK128", 3, 11)]),
        ("task: Hi.\nmodel: MiniMax-M2.5\noptions: {repetition_penalty: 1.1}\n", []),
        ("task: Hi.\nmodel: DeepSeek-V3.1\noptions: {repetition_penalty: null, reasoning_effort: null}\n", []),
        ("task: Hi.\nmodel: my-own-model\noptions: {repetition_penalty: 1.1}\n", []),
        ("task: Hi.\nmodel: gpt-oss-120b\noptions: {reasoning_effort: high}\nchain_of_thought: native\n", []),
    ],
)
def test_a_prompt_is_held_against_its_models(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert expected == told(text)


@pytest.mark.parametrize("model", ["DeepSeek-V3.1", "DeepSeek-V3.1-Terminus"])
def test_a_model_whose_reasoning_is_turned_on_reasons(model: str) -> None:
    asked = f"chain_of_thought: native\noptions: {{{ASKED}, reasoning_effort: high}}\n"
    assert not told(f"task: Hi.\nmodel: {model}\n{asked}")
    [unasked] = found(f"task: Hi.\nmodel: {model}\nchain_of_thought: native\n")
    assert ASKED in unasked.help, "the cure turns it on"


@pytest.mark.parametrize(
    "fault", ["task: Hi {{ nobody }}.\n", "task: Hi.\ntsk: x\n", "task: [1]\n", "task: Hi.\noutput: 3\n"]
)
def test_an_error_elsewhere_hides_nothing_about_the_model(fault: str) -> None:
    text = f"model: minimax-m2.5\n{fault}"
    assert ("PK521", 1, 8) in told(text)
    assert any(each.severity == "error" for each in check_source(Memory(), "p.yaml", text))
