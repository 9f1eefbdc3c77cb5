"""The fit report: its parts add up to the request, and its cuts are enough; what surely does not fit is not sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import promptkit
from hypothesis import given
from hypothesis import strategies as st
from waitless import Waitless

from promptkit import Client, Prompt, errors, tool
from promptkit.cli.token_bars import bar
from promptkit.fit import Fit, FitPart
from promptkit.settings import load_settings
from promptkit.testing import ScriptedModel
from promptkit.tokens import count_request

TEXT = """
name: answers
inputs: {docs: string, question: {type: string, trust: user}, tone?: string}
persona: You are {{ tone or "kind" }}.
context: |
  What is known:
  {{ docs }}
task: "Answer: {{ question }}"
options: {max_tokens: 200}
output: {fields: {answer: string, sure: boolean}}
examples:
  - {inputs: {docs: Rome is old., question: Is it?}, output: {answer: It is., sure: true}}
  - {inputs: {docs: Paris is big., question: Is it?}, output: {answer: It is., sure: true}}
"""


@tool
def look_up(name: str) -> str:
    """Look something up.

    Args:
        name: What.
    """
    return name


def prompt_for(window: int | None, text: str = TEXT, **use: Any) -> tuple[Prompt[Any], ScriptedModel]:
    model = ScriptedModel([{"answer": "yes", "sure": True}] * 9, name="windowed")
    known = {"windowed": {"context_length": window}} if window else {}
    client = Client(settings=load_settings(models=known), clock=Waitless())
    return Prompt.from_text(text).using(model=model, client=client, **use), model


HISTORY = [
    {"role": "user", "content": "Who are you?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "function": {"name": "look_up", "arguments": "{}"}}],
    },
    {"role": "tool", "content": "a clerk", "tool_call_id": "1"},
    {"role": "assistant", "content": "A clerk."},
    {"role": "user", "content": "Really?"},
    {"role": "assistant", "content": "Yes."},
]


@given(st.text(max_size=200), st.text(min_size=1, max_size=200).filter(str.strip), st.booleans(), st.booleans())
def test_the_parts_add_up_to_the_request(docs: str, question: str, tools: bool, history: bool) -> None:
    use: dict[str, Any] = ({"tools": [look_up]} if tools else {}) | ({"history": HISTORY} if history else {})
    prompt, _ = prompt_for(8_000, **use)
    inputs = {"docs": docs, "question": question}
    fit = prompt.fit(inputs)
    assert count_request(prompt.request(inputs), prompt.client.counter(prompt.facts)) == fit.tokens
    assert all(part.tokens >= 0 for part in fit.parts)
    kinds = {part.kind for part in fit.parts}
    assert {"section", "example", "frame"} <= kinds
    assert tools == ("tool" in kinds)
    assert history == ({"turn 1", "turn 2"} <= {part.name for part in fit.parts})


def test_each_part_is_named_for_what_it_is() -> None:
    prompt, _ = prompt_for(8_000)
    names = {part.name: part.tokens for part in prompt.fit(docs="word " * 100, question="Why?").parts}
    assert 100 <= names["{docs} in context"] <= 130
    assert {
        "persona",
        "context",
        "output_format",
        "task",
        "{question} in task",
        "example 1",
        "example 2",
    } <= names.keys()


@given(st.integers(0, 3_000), st.integers(300, 3_000))
def test_each_cut_alone_would_make_it_fit(words: int, window: int) -> None:
    prompt, _ = prompt_for(window, history=HISTORY)
    fit = prompt.fit(docs="word " * words, question="Why?")
    assert bool(fit.over) == (fit.fits is not True)
    for cut in fit.cuts():
        assert 0 < cut.loses <= 1
        assert (fit.tokens - cut.saves) * (1 + fit.error) + fit.reserved <= window + 2 or "answer" in cut.what
    assert [cut.loses for cut in fit.cuts()] == sorted(cut.loses for cut in fit.cuts())


def test_the_smallest_loss_comes_first_and_other_models_last() -> None:
    prompt, _ = prompt_for(1_000)
    fit = prompt.fit(docs="word " * 800, question="Why?")
    others = [load_facts("tiny", 500), load_facts("huge", 1_000_000), load_facts("large", 10_000)]
    cuts = fit.cuts(others=others)
    assert cuts[0].what.startswith("shorten {docs} by ~")
    assert ["ask large: its window has 10,000 tokens", "ask huge: its window has 1,000,000 tokens"] == [
        cut.what for cut in cuts[-2:]
    ]


def load_facts(name: str, window: int) -> Any:
    from promptkit.completion import ModelFacts

    return ModelFacts(name, context_length=window)


@pytest.mark.parametrize("kind", ["example", "turn", "tool"])
def test_the_fewest_that_are_enough_are_left_out(kind: Any) -> None:
    parts = tuple(FitPart(kind, f"{kind} {n}", 100) for n in range(1, 6))
    [cut] = Fit("m", parts, 300, 0, 0.0, 0).cuts()
    named = {"turn": "turn 1 to turn 2"}.get(kind, f"{kind} 4 to {kind} 5")
    assert (f"leave out {named}: ~200 tokens", 200, 0.4) == (cut.what, cut.saves, cut.loses)


def test_an_answer_may_be_shorter() -> None:
    [cut] = Fit("m", (FitPart("frame", "chat format", 100),), 1_000, 1_000, 0.0, 0).cuts()
    assert "ask for an answer of at most 900 tokens in the place of 1,000" == cut.what


def test_what_surely_does_not_fit_is_refused_before_it_is_sent_with_the_cures() -> None:
    prompt, model = prompt_for(1_000)
    for way in (prompt.run, lambda **inputs: list(prompt.stream(**inputs))):
        with pytest.raises(errors.ContextExceeded, match="does not fit") as caught:
            way(docs="word " * 3_000, question="Why?")
        assert "shorten {docs} by" in caught.value.help
        assert any("ask " in detail for detail in caught.value.details)
    assert [] == model.requests


def test_what_may_fit_is_left_to_the_server() -> None:
    prompt, model = prompt_for(1_000)
    fit = prompt.fit(docs="word " * 550, question="Why?")
    assert fit.fits is None
    prompt.run(docs="word " * 550, question="Why?")
    assert 1 == len(model.requests)


def test_a_window_that_nobody_knows_refuses_nothing() -> None:
    prompt, model = prompt_for(None)
    assert (None, 0, ()) == ((fit := prompt.fit(docs="a", question="b")).fits, fit.over, fit.cuts())
    prompt.run(docs="word " * 9_000, question="Why?")
    assert 1 == len(model.requests)


def test_a_short_request_is_not_counted_at_all() -> None:
    class Counting:
        error, fixed, counted = 0.0, 0, 0

        def count(self, text: str) -> int:
            self.counted += 1
            return len(text)

    counter = Counting()
    model = ScriptedModel(["ok"], name="windowed")
    settings = load_settings(models={"windowed": {"context_length": 100_000}})
    prompt = Prompt.from_text("task: Hi").using(model=model, client=Client(settings=settings, counter=counter))
    prompt.run()
    assert 0 == counter.counted


def test_a_budget_of_tokens_says_what_to_cut() -> None:
    prompt, _ = prompt_for(100_000, f"{TEXT}budget: {{input_tokens: 900}}\n")
    with pytest.raises(errors.BudgetExceeded) as caught:
        prompt.run(docs="word " * 900, question="Why?")
    assert any(detail.startswith("shorten {docs} by") for detail in caught.value.details)
    assert not any("answer" in detail for detail in caught.value.details)


def test_prices_are_told_with_and_without_the_answer() -> None:
    fit = Fit("m", (FitPart("section", "task", 1_000),), None, 500, 0.0, 0, 1e-6, 2e-6)
    assert (pytest.approx(1e-3), pytest.approx(2e-3)) == (fit.cost, fit.most_cost)
    assert (None, None) == ((bare := Fit("m", (), None, 0, 0.0, 0)).cost, bare.most_cost)


# The command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers.yaml").write_text(TEXT)
    (tmp_path / "docs.txt").write_text("word " * 9_000)
    return tmp_path


def test_the_command_draws_each_part(folder: Path) -> None:
    ran = promptkit(
        "render", "answers.yaml", "-p", "docs=Rome is old.", "-p", "question=Is it?", "--tokens", "-m", "local:"
    )
    assert (0, "") == (ran.code, ran.err)
    rows = ran.out.splitlines()
    assert any(
        row.startswith("persona ") and row.rstrip().endswith(("▏", "▎", "▍", "▌", "▋", "▊", "▉", "█")) for row in rows
    )
    assert any(row.startswith("{question} in task") for row in rows)
    assert any(row.startswith("window") and row.endswith("it fits") for row in rows)
    assert "are the same for every call" in ran.out


def test_the_command_says_what_to_cut_and_ends_with_7(folder: Path) -> None:
    args = ("answers.yaml", "-p", "docs=@docs.txt", "-p", "question=Is it?", "-m", "local:")
    ran = promptkit("render", *args, "--tokens")
    assert 7 == ran.code
    assert "it does not fit" in ran.out
    assert "  1. shorten {docs} by ~" in ran.out
    told = json.loads(promptkit("render", *args, "--tokens", "--format", "json").out)
    assert (False, True) == (told["fits"], told["cuts"][0].startswith("shorten {docs}"))
    assert sum(part["tokens"] for part in told["parts"]) == told["tokens"]
    assert 7 == promptkit("run", *args, "-q").code


@pytest.mark.parametrize("other", ["--explain", "--untrusted", "--snapshot", "--format=curl"])
def test_tokens_go_with_no_other_view(folder: Path, other: str) -> None:
    assert 2 == promptkit("render", "answers.yaml", "-p", "docs=a", "-p", "question=b", "--tokens", other).code


@given(st.floats(0, 2))
def test_a_bar_is_never_longer_than_its_row(share: float) -> None:
    assert len(bar(share)) <= 28
    assert bool(bar(share)) == bool(share)
