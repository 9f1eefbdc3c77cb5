"""What a call may cost: held before each request, whatever came of those before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waitless import BAD, GOOD, Waitless

from promptkit import Client, Prompt
from promptkit.budget import Purse
from promptkit.completion import Completion, ModelFacts, Request, Usage
from promptkit.errors import (
    BudgetExceeded,
    ConfigError,
    OutputError,
    PromptkitError,
    ServerError,
    Timeout,
    Truncated,
)
from promptkit.messages import Message, ToolCall
from promptkit.result import Attempt
from promptkit.settings import load_settings
from promptkit.spec import Budget
from promptkit.testing import ScriptedModel

PRICED = ModelFacts("m", prompt_price=1e-6, completion_price=4e-6)
TRIAGE = """
model: scripted
inputs: {ticket: string}
task: "{{ ticket }}"
output: {fields: {team: billing | platform, urgency: "integer, 1..5"}}
"""


def ask(budget: str, *answers: Any, ticket: str = "x", **options: Any) -> tuple[Any, ScriptedModel]:
    """What came of a call with a budget, and the model that was asked."""
    model = ScriptedModel(answers)
    priced = {"scripted": {"prompt_price": 1e-6, "completion_price": 4e-6}}
    settings = load_settings(models=priced)
    prompt = Prompt.from_text(f"{TRIAGE}budget: {budget}")
    client = Client(settings=settings, clock=Waitless())
    try:
        return prompt.using(model=model, client=client, options=options).run(ticket=ticket), model
    except PromptkitError as error:
        return error, model


def said(answer: object, prompt: int, completion: int) -> Completion:
    return Completion(json.dumps(answer), usage=Usage(prompt, completion, requests=1))


LONG = "word " * 400


@pytest.mark.parametrize("budget", ["{input_tokens: 100}", "{usd: 0.0001}"])
def test_a_prompt_over_its_budget_is_not_sent(budget: str) -> None:
    error, model = ask(budget, GOOD, ticket=LONG)
    assert BudgetExceeded is type(error)
    assert "PK520" == error.code
    assert [] == model.requests


def test_a_request_over_its_budget_cannot_be_previewed_either() -> None:
    prompt = Prompt.from_text(f"{TRIAGE}budget: {{input_tokens: 100}}")
    with pytest.raises(BudgetExceeded, match="the budget allows 100"):
        prompt.request(ticket=LONG)


@pytest.mark.parametrize(
    ("budget", "options", "limit"),
    [
        ("{output_tokens: 50}", {}, {"max_tokens": 50}),
        ("{output_tokens: 50}", {"max_tokens": 20}, {"max_tokens": 20}),
        ("{output_tokens: 50}", {"max_completion_tokens": 90}, {"max_completion_tokens": 50}),
        ("{usd: 100}", {"max_tokens": 20}, {"max_tokens": 20}),
        ("{input_tokens: 10000}", {"max_tokens": 20}, {"max_tokens": 20}),
    ],
)
def test_an_answer_may_have_the_tokens_that_the_budget_leaves(budget: str, options: Any, limit: Any) -> None:
    _, model = ask(budget, GOOD, **options)
    (request,) = model.requests
    assert limit == dict(request.options)


def test_money_that_is_spent_bounds_what_is_asked_again() -> None:
    result, model = ask("{usd: 0.01}", said(BAD, 100, 1000), GOOD)
    first, second = (request.options["max_tokens"] for request in model.requests)
    assert result.output == GOOD
    assert 2000 < first <= 2500
    assert 800 < first - second - 100 / 4 < 1300


def test_an_answer_is_not_asked_for_again_when_the_money_is_spent() -> None:
    error, model = ask("{usd: 0.01}", said(BAD, 100, 2450), GOOD)
    assert OutputError is type(error)
    assert 1 == len(model.requests)
    assert "not asked again: the budget of $0.01 is too small" in str(error)


def test_a_cut_answer_is_not_asked_for_again_with_no_more_tokens_than_before() -> None:
    cut = Completion('{"team": "bil', finish_reason="length", usage=Usage(10, 50, requests=1))
    error, model = ask("{output_tokens: 50}", cut, cut)
    assert Truncated is type(error)
    assert 1 == len(model.requests)
    assert "not asked again: a longer answer would pass the prompt's budget" in str(error)


def test_money_cannot_be_held_where_nobody_knows_a_price() -> None:
    prompt = Prompt.from_text("task: x\nmodel: some-model\nbudget: {usd: 1}")
    with pytest.raises(ConfigError, match="no price of some-model is known") as caught:
        prompt.request()
    assert "prompt_price" in caught.value.help


def test_the_form_and_the_tools_of_a_request_count_as_input() -> None:
    purse = Purse(Budget(input_tokens=100), PRICED)
    bare = Request("m", (Message("user", "x"),))
    tool = {"type": "function", "function": {"name": "f", "description": LONG}}
    purse.within(bare)
    for request in (
        Request(**{**_fields(bare), "tools": (tool,)}),
        Request(**{**_fields(bare), "response_format": tool}),
    ):
        with pytest.raises(BudgetExceeded):
            purse.within(request)


def _fields(request: Request) -> dict[str, Any]:
    return {"model": request.model, "messages": request.messages}


@given(
    text=st.text(max_size=400),
    usd=st.floats(1e-5, 1e-2),
    counts=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=4),
)
def test_whatever_was_spent_the_next_answer_keeps_the_call_within_its_money(
    text: str, usd: float, counts: list[tuple[int, int]]
) -> None:
    request = Request("m", (Message("user", text),))
    attempts = [Attempt(request, Completion("", usage=Usage(sent, came, requests=1))) for sent, came in counts]
    spent = sum(sent * 1e-6 + came * 4e-6 for sent, came in counts)
    try:
        most = Purse(Budget(usd=usd), PRICED).within(request, attempts).options["max_tokens"]
    except BudgetExceeded:
        return
    at_least = len(text.encode()) / 4.6 * 1e-6
    assert spent + at_least + most * 4e-6 <= usd * (1 + 1e-9)


def test_answers_that_were_lost_on_their_way_are_counted_at_their_most() -> None:
    result, model = ask("{usd: 0.01}", *[Timeout("late")] * 9, max_tokens=900)
    assert Timeout is type(result)
    assert [900, 900] == [request.options["max_tokens"] for request in model.requests[:2]]
    assert len(model.requests) <= 3
    assert all(request.options["max_tokens"] < 900 for request in model.requests[2:])
    assert "not asked again: the budget of $0.01 is too small" in str(result)


def test_what_was_refused_costs_nothing() -> None:
    result, model = ask("{usd: 0.01}", *[ServerError("down")] * 3, said(GOOD, 10, 10), max_tokens=900)
    assert GOOD == result.output
    assert [900] * 4 == [request.options["max_tokens"] for request in model.requests]


def test_calls_of_tools_count_in_requests_and_in_answers() -> None:
    purse = Purse(Budget(input_tokens=500), PRICED)
    called = Message("assistant", None, (ToolCall("a", "f", "x" * 100_000),))
    with pytest.raises(BudgetExceeded):
        purse.within(Request("m", (Message("user", "x"), called)))
    answer = Completion("", tool_calls=called.tool_calls)
    money = Purse(Budget(usd=0.01), PRICED)
    with pytest.raises(BudgetExceeded):
        money.within(Request("m", (Message("user", "x"),)), [Attempt(Request("m", ()), answer)])
