"""What is asked, asked again, retried and given up, on a model that says what it is told to say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from waitless import BAD, GOOD, Waitless, triage

from promptkit import Client, Prompt, errors
from promptkit.completion import Completion, Delta, ModelFacts, Request, Usage
from promptkit.errors import BadRequest, ModelError, OutputError, StreamInterrupted, Truncated
from promptkit.flow import cost
from promptkit.messages import Message, ToolCall
from promptkit.reasking import MOST_SAID, asked_again, with_more_tokens
from promptkit.result import Attempt, Result, Violation
from promptkit.settings import load_settings
from promptkit.testing import ScriptedModel

CUT = Completion('{"team": "bil', finish_reason="length", usage=Usage(10, 8, requests=1))
INVALID = "Model did not output valid JSON."


class Asked:
    """A prompt asked with scripted answers: what came of it, what was sent and how long was waited."""

    def __init__(self, *answers: Any, prompt: Prompt[Any] | None = None, **options: Any) -> None:
        self.model = ScriptedModel(answers)
        self.clock = Waitless()
        self.client = Client(clock=self.clock)
        used = (prompt or triage()).using(model=self.model, client=self.client, options=options)
        self.result: Result[Any] | None = None
        self.error: Any = None
        try:
            self.result = used.run(ticket="x")
        except errors.PromptkitError as error:
            self.error = error

    @property
    def sent(self) -> list[Request]:
        return self.model.requests

    @property
    def output(self) -> Any:
        assert self.result is not None, self.error
        return self.result.output


# Asking again with the violations


def test_a_valid_answer_is_asked_for_once() -> None:
    asked = Asked(GOOD)
    assert (GOOD, 1, "native") == (asked.output, len(asked.sent), asked.result and asked.result.confidence)


def test_an_invalid_answer_is_asked_for_again_with_its_faults() -> None:
    asked = Asked(BAD, GOOD)
    first, second = asked.sent
    assert GOOD == asked.output
    assert asked.result is not None
    assert "reasked" == asked.result.confidence
    assert first.messages == second.messages[:-2]
    assert Message("assistant", json.dumps(BAD)) == second.messages[-2]
    assert "at $.urgency: 7 is greater than the maximum of 5" in second.messages[-1].text
    assert '"biling" is not one of billing, platform (did you mean "billing"?)' in second.messages[-1].text


def test_a_re_ask_shows_the_last_answer_only() -> None:
    asked = Asked("one", "two", GOOD)
    said = [message.text for message in asked.sent[2].messages if message.role == "assistant"]
    assert ["two"] == said


def test_an_empty_answer_is_not_shown_to_the_model() -> None:
    asked = Asked(Completion("", "I only thought"), GOOD)
    assert ["user", "user"] == [message.role for message in asked.sent[1].messages[-2:]]
    assert "the answer is empty" in asked.sent[1].messages[-1].text


@pytest.mark.parametrize("attempts", [1, 2, 3, 5])
def test_answers_are_asked_for_as_often_as_the_file_says(attempts: int) -> None:
    asked = Asked(*[BAD] * 9, prompt=triage(attempts=attempts))
    assert attempts == len(asked.sent) == len(asked.error.attempts)
    assert f"after {attempts} attempt" in asked.error.message


def test_without_reask_the_first_answer_decides() -> None:
    assert 1 == len(Asked(BAD, GOOD, prompt=triage(reask=False)).sent)


def test_no_valid_answer_says_what_is_wrong_with_the_last() -> None:
    error = Asked(BAD, BAD, prompt=triage(attempts=2)).error
    assert (
        "PK402: the answer does not fit the schema after 2 attempts\n"
        '  at $.team: "biling" is not one of billing, platform (did you mean "billing"?)\n'
        "  at $.urgency: 7 is greater than the maximum of 5"
    ) == str(error)
    assert OutputError is type(error)
    assert {"$.team", "$.urgency"} == {violation.path for violation in error.violations}
    assert json.dumps(BAD) == error.text


def test_every_attempt_and_its_tokens_are_in_the_error() -> None:
    answers = [Completion(json.dumps(BAD), usage=Usage(10 * n, n, requests=1)) for n in (1, 2, 3)]
    error = Asked(*answers).error
    assert Usage(60, 6, requests=3) == error.usage
    assert [["$.team", "$.urgency"]] * 3 == [[v.path for v in attempt.violations] for attempt in error.attempts]


def test_what_fails_while_asking_again_tells_what_was_wrong_with_the_answer() -> None:
    error = Asked(BAD).error
    assert "the script has no answer to request 2" == error.message
    assert "at $.team:" in error.details[0]
    assert 0 == len(Asked().error.details)


def test_text_that_is_no_answer_at_all_is_worded_without_a_schema() -> None:
    prompt = Prompt.from_text("task: Hello {{ ticket }}\ninputs: {ticket: string}\noutput: {attempts: 1}")
    error = Asked("", prompt=prompt).error
    assert "the answer cannot be used after 1 attempt" == error.message


def test_a_check_that_must_hold_is_asked_for_again() -> None:
    prompt = triage(checks=[{"name": "calm", "that": "value.urgency < 3", "assert": True}], attempts=2)
    high = {**GOOD, "urgency": 5}
    assert GOOD == Asked(high, GOOD, prompt=prompt).output
    error = Asked(high, high, prompt=prompt).error
    assert ("PK404", "a check that must hold does not after 2 attempts") == (error.code, error.message)


def test_a_soft_check_is_only_told() -> None:
    prompt = triage(checks=[{"name": "calm", "that": "value.urgency < 3"}])
    result = Asked({**GOOD, "urgency": 5}, prompt=prompt).result
    assert result is not None
    assert [("calm", False)] == [(check.name, check.passed) for check in result.checks]


def test_a_check_that_cannot_be_computed_has_failed_and_says_why() -> None:
    prompt = triage(checks=[{"name": "odd", "that": "1 / (value.urgency - 2) > 3"}])
    result = Asked(GOOD, prompt=prompt).result
    assert result is not None
    assert not result.checks[0].passed
    assert result.checks[0].message


def test_a_check_that_must_hold_and_cannot_be_computed_says_why_in_the_error() -> None:
    prompt = triage(checks=[{"name": "odd", "that": "1 / (value.urgency - 2) > 3", "assert": True}], attempts=1)
    (violation,) = Asked(GOOD, prompt=prompt).error.violations
    assert violation.message.startswith("the check `odd` does not hold: a number is divided by zero")


def test_a_re_ask_names_a_bounded_number_of_faults() -> None:
    violations = tuple(Violation(f"$[{n}]", "no") for n in range(MOST_SAID + 4))
    said = asked_again(Request("m", ()), Completion("x"), violations).messages[-1].text
    assert f"at $[{MOST_SAID - 1}]: no" in said
    assert f"at $[{MOST_SAID}]: no" not in said
    assert "- and 4 more" in said


@pytest.mark.parametrize(
    ("size", "window", "shown"), [(7_999, None, 7_999), (9_000, None, 8_000), (9_000, 3_500, 2_000), (9_000, 100, 200)]
)
def test_of_a_long_answer_the_beginning_and_the_end_are_shown(size: int, window: int | None, shown: int) -> None:
    answer = Completion("a" * (size // 2) + "b" * (size - size // 2), usage=Usage(1_000, 3_000, requests=1))
    first = Request("m", (), {"max_tokens": 1_000})
    said = asked_again(first, answer, (), ModelFacts("m", context_length=window)).messages[0].text
    assert shown == said.count("a") + said.count("b") - (said.count("characters") * 2)
    assert (shown < size) is (f"{size - shown:,} characters left out" in said)
    assert said.startswith("a")
    assert said.endswith("b")


def test_tool_calls_beside_an_answer_do_not_spoil_it() -> None:
    noise = Completion(json.dumps(GOOD), tool_calls=(ToolCall("1", "look", "{}"),), finish_reason="tool_calls")
    assert GOOD == Asked(noise).output


CHOICE = "task: Hello {{ ticket }}\ninputs: {ticket: string}\noutput: {format: choice, choices: [a, b]}"


@pytest.mark.parametrize(("answer", "confidence"), [("a", "native"), ("```\na\n```", "native"), ('"a"', "repaired")])
def test_a_choice_is_native_unless_its_text_had_to_be_changed(answer: str, confidence: str) -> None:
    result = Asked(answer, prompt=Prompt.from_text(CHOICE)).result
    assert result is not None
    assert ("a", confidence) == (result.output, result.confidence)


@pytest.mark.parametrize("strict", [False, True])
def test_quotes_around_a_choice_are_native_where_the_server_was_told_to_make_json(strict: bool) -> None:
    output = {"format": "choice", "choices": ["a", "b"], "strict": strict}
    client = Client(models={"local:": ScriptedModel(['"a"'])})
    result = Prompt.from_dict({"task": "Hello", "output": output}).using(model="local:", client=client).run()
    assert ("a", "native") == (result.output, result.confidence)


# Answers that were cut


def test_a_cut_answer_is_asked_for_once_more_with_twice_the_tokens() -> None:
    asked = Asked(CUT, GOOD, max_tokens=100)
    assert GOOD == asked.output
    assert [100, 200] == [request.options["max_tokens"] for request in asked.sent]
    assert asked.sent[0].messages == asked.sent[1].messages
    assert asked.sent[0].response_format == asked.sent[1].response_format


def test_an_answer_that_is_cut_again_is_truncated() -> None:
    asked = Asked(CUT, CUT, CUT, max_tokens=100)
    assert Truncated is type(asked.error)
    assert "the answer was truncated at 8 tokens after 2 attempts" == asked.error.message
    assert (CUT.text, 2) == (asked.error.text, len(asked.sent))


def test_text_that_is_cut_is_truncated_at_once() -> None:
    prompt = Prompt.from_text("task: Hello {{ ticket }}\ninputs: {ticket: string}")
    asked = Asked(Completion("Half of i", finish_reason="length"), prompt=prompt)
    assert (Truncated, "Half of i", 1) == (type(asked.error), asked.error.text, len(asked.sent))
    assert "the answer was truncated after 1 attempt" == asked.error.message


def test_a_cut_answer_is_never_taken_for_whole() -> None:
    whole = Completion(json.dumps(GOOD), finish_reason="length")
    assert Truncated is type(Asked(whole, whole).error)


BUDGETS: list[tuple[dict[str, Any], ModelFacts, dict[str, Any] | None]] = [
    ({"max_tokens": 100}, ModelFacts("m"), {"max_tokens": 200}),
    ({"max_completion_tokens": 100}, ModelFacts("m"), {"max_completion_tokens": 200}),
    ({"max_tokens": 100, "top_p": 1}, ModelFacts("m", max_output=150), {"max_tokens": 150, "top_p": 1}),
    ({"max_tokens": 100}, ModelFacts("m", context_length=170), {"max_tokens": 160}),
    ({"max_tokens": 100}, ModelFacts("m", max_output=100), None),
    ({"max_tokens": 100}, ModelFacts("m", context_length=100), None),
    ({}, ModelFacts("m"), None),
]


@pytest.mark.parametrize(("options", "facts", "doubled"), BUDGETS)
def test_a_budget_is_doubled_as_far_as_the_model_goes(options: Any, facts: Any, doubled: Any) -> None:
    request = with_more_tokens(Request("m", (), options), CUT, facts)
    assert doubled == (request and request.options)


@pytest.mark.parametrize("reason", ["content_filter", "weariness"])
def test_a_model_that_stopped_for_another_reason_is_not_asked_again(reason: str) -> None:
    asked = Asked(Completion(json.dumps(GOOD), finish_reason=reason))
    assert f"the model stopped for another reason: {reason} after 1 attempt" == asked.error.message
    assert 1 == len(asked.sent)


# Answers that MARA's own check refuses


def refused(output: str = "", kind: Any = "invalid") -> BadRequest:
    return BadRequest(INVALID, status=400, model_output=output, failed_answer=kind)


def test_a_refused_answer_that_is_valid_after_all_is_recovered() -> None:
    asked = Asked(refused(f"<think>well</think>```json\n{json.dumps(GOOD)}\n```"))
    assert (GOOD, 1) == (asked.output, len(asked.sent))
    assert asked.result is not None
    assert ("recovered", "repaired") == (asked.result.steps[0].name, asked.result.confidence)
    assert ("well", 1) == (asked.result.reasoning, asked.result.usage.unreported)


@pytest.mark.parametrize("output", ["", '{"team": '])
def test_a_refused_answer_is_asked_for_with_twice_the_tokens_then_without_the_servers_check(output: str) -> None:
    asked = Asked(refused(output), refused(output), GOOD, max_tokens=50)
    assert GOOD == asked.output
    assert [50, 100, 100] == [request.options["max_tokens"] for request in asked.sent]
    assert [True, True, False] == [request.response_format is not None for request in asked.sent]
    assert asked.sent[0].messages == asked.sent[1].messages != asked.sent[2].messages


def test_an_answer_refused_as_cut_is_truncated_after_one_repeat() -> None:
    asked = Asked(*[refused('{"team"', "truncated")] * 5, max_tokens=50)
    assert (Truncated, 2) == (type(asked.error), len(asked.sent))
    assert '{"team"' == asked.error.text


def test_answers_refused_to_the_end_are_an_output_error_in_the_servers_words() -> None:
    asked = Asked(*[refused()] * 9)
    assert (OutputError, 3) == (type(asked.error), len(asked.sent))
    assert INVALID in str(asked.error)
    assert 3 == asked.error.usage.unreported


def test_a_refused_answer_without_a_budget_to_double_loses_the_servers_check_first() -> None:
    asked = Asked(refused(), GOOD, max_tokens=None)
    assert [True, False] == [request.response_format is not None for request in asked.sent]


def test_a_request_that_is_refused_is_not_sent_again() -> None:
    asked = Asked(BadRequest("temperature?", status=400))
    assert (BadRequest, 1) == (type(asked.error), len(asked.sent))


# Retries of the same request


def test_a_server_that_fails_is_asked_again_and_each_try_is_told() -> None:
    asked = Asked(errors.ServerError("down"), errors.ConnectionLost("gone"), GOOD)
    assert GOOD == asked.output
    assert asked.result is not None
    assert ["down", "gone", ""] == [attempt.error for attempt in asked.result.attempts]
    assert ("native", 2) == (asked.result.confidence, len(asked.clock.pauses))
    assert asked.sent[0] == asked.sent[1] == asked.sent[2]


def test_what_fails_for_good_carries_all_its_tries() -> None:
    asked = Asked(*[errors.ServerError("down", status=503)] * 9)
    assert (errors.ServerError, 5, 5) == (type(asked.error), len(asked.error.attempts), len(asked.sent))


def test_retries_do_not_use_up_the_answers_that_may_be_asked_for() -> None:
    down = errors.ServerError("down")
    asked = Asked(down, BAD, down, down, BAD, down, GOOD)
    assert (GOOD, 7) == (asked.output, len(asked.sent))


def test_the_pause_is_the_servers_own() -> None:
    asked = Asked(errors.RateLimited("slow", retry_after=42), GOOD)
    assert 42 <= asked.clock.pauses[0] <= 43


def test_a_days_limit_is_not_waited_for() -> None:
    asked = Asked(errors.QuotaExhausted("gone", resets_at=1.8e9), GOOD)
    assert (errors.QuotaExhausted, 1.8e9, []) == (type(asked.error), asked.error.resets_at, asked.clock.pauses)


def late(clock: Callable[[], Waitless], seconds: float, answer: Any) -> Callable[[Request], Any]:
    """An answer that takes its time."""

    def answered(request: Request) -> Any:
        clock().time += seconds
        return answer

    return answered


def asked_late(*answers: tuple[float, Any], call: float = 600) -> tuple[ScriptedModel, Waitless, Any]:
    clock = Waitless()
    model = ScriptedModel([late(lambda: clock, seconds, answer) for seconds, answer in answers])
    client = Client(settings=load_settings(call_timeout=call), clock=clock)
    prompt = triage().using(model=model, client=client)
    try:
        return model, clock, prompt.run(ticket="x").output
    except errors.PromptkitError as error:
        return model, clock, error


def test_each_request_knows_what_is_left_of_the_calls_time() -> None:
    model, clock, output = asked_late((120, errors.Timeout("late")), (50, BAD), (10, GOOD))
    pause = clock.pauses[0]
    assert GOOD == output
    assert pytest.approx([600, 480 - pause, 430 - pause]) == [request.timeout for request in model.requests]


def test_no_retry_begins_after_the_calls_deadline() -> None:
    model, _, error = asked_late(*[(120, errors.Timeout("late"))] * 9, call=200)
    assert (errors.Timeout, 2) == (type(error), len(model.requests))


def test_no_re_ask_begins_after_the_calls_deadline() -> None:
    model, _, error = asked_late((200, BAD), (0, GOOD), call=200)
    assert (OutputError, 1) == (type(error), len(model.requests))


def test_a_stream_that_broke_off_after_text_is_not_asked_for_again() -> None:
    asked = Asked([Delta(text='{"te')], GOOD)
    assert (StreamInterrupted, '{"te', 1) == (type(asked.error), asked.error.text, len(asked.sent))


def test_a_failure_after_the_first_text_is_not_retried() -> None:
    class Breaks(ScriptedModel):
        def send(self, request: Request) -> Any:
            yield Delta(text="some")
            raise errors.ConnectionLost("gone")

    clock = Waitless()
    with pytest.raises(errors.ConnectionLost) as caught:
        triage().using(model=Breaks(), client=Client(clock=clock)).run(ticket="x")
    assert ([], 1) == (clock.pauses, len(caught.value.attempts))


def test_an_error_that_is_not_the_models_ends_the_call() -> None:
    error = errors.RecordingMissing("none")
    assert error is Asked(error, GOOD).error


# The receipt


@pytest.mark.parametrize(
    ("facts", "usage", "usd"),
    [
        (ModelFacts("m", prompt_price=2.0, completion_price=5.0), Usage(3, 4, requests=1), 26.0),
        (ModelFacts("m", prompt_price=2.0), Usage(3, 4, requests=1), None),
        (ModelFacts("m", prompt_price=2.0, completion_price=5.0), Usage(3, 4, requests=1, unreported=1), None),
    ],
)
def test_a_cost_is_told_only_where_all_of_it_is_known(facts: ModelFacts, usage: Usage, usd: float | None) -> None:
    attempt = Attempt(Request("m", ()), Completion("x", usage=usage))
    assert usd == cost((attempt,), facts)


def test_the_result_names_the_model_that_the_server_named() -> None:
    result = Asked(Completion(json.dumps(GOOD), model="real-1")).result
    assert result is not None
    assert "real-1" == result.model


def test_reasoning_from_the_server_and_from_tags_is_kept_together() -> None:
    result = Asked(Completion(f"<think>two</think>{json.dumps(GOOD)}", "one")).result
    assert result is not None
    assert "one\n\ntwo" == result.reasoning


def test_a_model_error_carries_the_answers_before_it() -> None:
    error = Asked(BAD, ModelError("broken")).error
    assert [True, False] == [attempt.completion is not None for attempt in error.attempts]
