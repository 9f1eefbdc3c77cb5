"""The two drivers: what they send, how they wait, and what they let go of when they are stopped."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from waitless import BAD, GOOD, Waitless, triage

from promptkit import errors
from promptkit.completion import Completion, Delta, ModelFacts, Request, Usage
from promptkit.drive import Clock, Drive
from promptkit.events import AttemptAbandoned, Event, FieldComplete, PartialValue, ReasoningDelta, TextDelta
from promptkit.flow import Ask
from promptkit.messages import Message
from promptkit.output.expected import Expected
from promptkit.result import Result
from promptkit.schema import Schema
from promptkit.testing import ScriptedModel

EXPECTED = Expected(schema=Schema(triage().spec.output.json_schema or True))


def ask(*, stream: bool = True, expected: Expected = EXPECTED) -> Ask:
    return Ask(Request("m", (Message("user", "Hi"),), stream=stream), expected, ModelFacts("m"))


def drive(model: Any, clock: Clock | None = None, **told: Any) -> Drive[Any]:
    return Drive(ask(**told), model, clock or Waitless())


def driven(drive: Drive[Any]) -> list[Event]:
    return list(drive.events())


def adriven(drive: Drive[Any]) -> list[Event]:
    async def collect() -> list[Event]:
        return [event async for event in drive.aevents()]

    return asyncio.run(collect())


BOTH = pytest.mark.parametrize("run", [driven, adriven], ids=["sync", "async"])


def result(drive: Drive[Any]) -> Result[Any]:
    assert drive.result is not None
    return drive.result


@BOTH
def test_a_drive_gives_events_and_then_has_a_result(run: Any) -> None:
    one = drive(ScriptedModel([[Delta(text='{"team": "bil'), Delta(text='ling", "urgency": 2}', done=True)]]))
    assert [
        TextDelta('{"team": "bil'),
        PartialValue({"team": "billing", "urgency": 2}),  # the same object grows from event to event
        TextDelta('ling", "urgency": 2}'),
        FieldComplete(("team",), "billing"),
        FieldComplete(("urgency",), 2),
        PartialValue({"team": "billing", "urgency": 2}),
    ] == run(one)
    assert GOOD == result(one).output


@BOTH
def test_a_whole_answer_has_no_events(run: Any) -> None:
    assert [] == run(drive(ScriptedModel([GOOD]), stream=False))


@BOTH
def test_an_attempt_is_abandoned_before_the_next_one_is_told(run: Any) -> None:
    events = run(drive(ScriptedModel(["no", GOOD])))
    place = next(n for n, event in enumerate(events) if isinstance(event, AttemptAbandoned))
    assert [TextDelta("no")] == [event for event in events[:place] if isinstance(event, TextDelta)]
    assert AttemptAbandoned(1, "at $: the answer is not JSON: expecting value at line 1, column 1") == events[place]


class Counting(ScriptedModel):
    """Counts the pieces that it was asked for, and the answers that were closed."""

    closed = 0

    def __init__(self, answers: Any) -> None:
        super().__init__(answers)
        self.given: list[list[Delta]] = []

    def _deltas(self, answer: Any, request: Request) -> Any:
        self.given.append([])
        try:
            for delta in super()._deltas(answer, request):
                self.given[-1].append(delta)
                yield delta
        finally:
            self.closed += 1


DOOMED = '{"urgency": 9, "team": "billing", "why": "' + "because " * 40 + '"}'
OPEN = Expected(schema=Schema({"type": "object", "properties": {"urgency": {"type": "integer", "maximum": 5}}}))


@BOTH
def test_an_answer_that_cannot_become_valid_is_left_at_once_and_asked_for_again(run: Any) -> None:
    model = Counting([DOOMED, Completion('{"urgency": 4, "team": "b"}', usage=Usage(9, 12, requests=1))])
    one = drive(model, expected=OPEN)
    events = run(one)
    (abandoned,) = [event for event in events if isinstance(event, AttemptAbandoned)]
    assert (
        AttemptAbandoned(1, "at $.urgency: 9 is greater than the maximum of 5 (stopped after 22 characters)")
        == abandoned
    )
    assert [4, 5] == [len(pieces) for pieces in model.given]
    assert 2 == model.closed
    stopped, accepted = result(one).attempts
    assert stopped.completion is not None
    assert ('{"urgency": 9, "team":', "abandoned") == (stopped.completion.text, stopped.completion.finish_reason)
    assert ("assistant", '{"urgency": 9, "team":') == (
        accepted.request.messages[-2].role,
        accepted.request.messages[-2].text,
    )
    assert (
        "was stopped, since it cannot be used:\n- at $.urgency: 9 is greater than the maximum of 5"
        in accepted.request.messages[-1].text
    )
    assert ("reasked", {"urgency": 4, "team": "b"}) == (result(one).confidence, result(one).output)
    assert round(12 * (1 - 22 / 27)) == result(one).tokens_saved
    assert 1 == result(one).usage.unreported


@BOTH
def test_the_last_answer_that_may_be_asked_for_is_waited_for(run: Any) -> None:
    one = Drive(replace(ask(expected=OPEN), attempts=1), ScriptedModel([DOOMED]), Waitless())
    with pytest.raises(errors.OutputError) as caught:
        run(one)
    assert DOOMED == caught.value.text


@BOTH
def test_whoever_does_not_ask_again_waits_for_the_answer(run: Any) -> None:
    one = Drive(replace(ask(expected=OPEN), reask=False), ScriptedModel([DOOMED]), Waitless())
    with pytest.raises(errors.OutputError) as caught:
        run(one)
    assert DOOMED == caught.value.text


@BOTH
def test_a_whole_answer_is_never_given_up_early(run: Any) -> None:
    text = '{"urgency": 9}\nNo, I mean:\n{"urgency": 4}'
    one = drive(ScriptedModel([text]), stream=False, expected=OPEN)
    run(one)
    assert {"urgency": 4} == result(one).output


@pytest.mark.parametrize(
    "text",
    [
        '{"reasoning": null, "answer": {"urgency": 4}}',
        '{"reasoning": "x", "confidence": 3, "answer": {"urgency": 4}}',
        '{"reasoning": ["x"], "answer": {"urgency": 4}}',
    ],
)
@pytest.mark.parametrize("policy", [{}, {"coerce": False}])
def test_beside_the_answer_nothing_is_judged(text: str, policy: dict[str, bool]) -> None:
    one = drive(ScriptedModel([text]), expected=replace(OPEN, mode="field", **policy))
    driven(one)
    assert ({"urgency": 4}, 1) == (result(one).output, len(result(one).attempts))


def test_nothing_was_saved_where_nothing_was_abandoned_or_counted() -> None:
    one = drive(ScriptedModel([GOOD]))
    driven(one)
    assert result(one).tokens_saved is None
    two = drive(ScriptedModel([DOOMED, Completion('{"urgency": 4}')]), expected=OPEN)
    driven(two)
    assert result(two).tokens_saved is None


@BOTH
def test_reasoning_that_broke_off_is_abandoned_and_asked_for_again(run: Any) -> None:
    class Breaks(ScriptedModel):
        def _deltas(self, answer: Any, request: Request) -> Any:
            if answer == "break":
                yield Delta(reasoning="Let me see")
                raise errors.ConnectionLost("gone")
            yield from super()._deltas(answer, request)

    one = drive(Breaks(["break", GOOD]))
    events = run(one)
    assert [ReasoningDelta("Let me see"), AttemptAbandoned(1, "gone")] == events[:2]
    assert GOOD == result(one).output


@BOTH
def test_a_retry_of_what_nobody_heard_abandons_nothing(run: Any) -> None:
    events = run(drive(ScriptedModel([errors.ServerError("down"), GOOD])))
    assert not any(isinstance(event, AttemptAbandoned) for event in events)


@BOTH
def test_a_drive_waits_by_its_clock(run: Any) -> None:
    clock = Waitless()
    run(drive(ScriptedModel([errors.RateLimited("slow", retry_after=20), GOOD]), clock))
    assert 20 <= clock.pauses[0] <= 21


@pytest.mark.parametrize(("seconds", "level"), [(1, logging.INFO), (60, logging.WARNING)])
def test_who_waits_long_is_told_why(seconds: float, level: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "promptkit")
    driven(drive(ScriptedModel([errors.RateLimited("too many requests", retry_after=seconds), GOOD])))
    (record,) = caplog.records
    assert level == record.levelno
    assert record.getMessage().startswith("too many requests; asking again in ")


def test_the_real_clock_waits() -> None:
    clock = Clock()
    before = clock.now()
    clock.sleep(0.001)
    asyncio.run(clock.asleep(0.001))
    assert 0.002 <= clock.now() - before


class Slow(ScriptedModel):
    """Takes a second for each delta."""

    def __init__(self, clock: Waitless, answers: Any) -> None:
        super().__init__(answers)
        self.clock = clock

    def _deltas(self, answer: Any, request: Request) -> Any:
        for delta in super()._deltas(answer, request):
            self.clock.time += 1
            yield delta


@BOTH
def test_a_run_begins_with_its_first_step(run: Any) -> None:
    clock = Waitless()
    one = drive(Slow(clock, [GOOD]), clock, stream=False)
    clock.time += 100
    assert 0 == one.seconds
    run(one)
    assert 1 == one.seconds


def test_only_waiting_for_the_model_counts_not_a_slow_reader() -> None:
    clock = Waitless()
    one = drive(Slow(clock, [[Delta(text=json.dumps(GOOD)), Delta(done=True)]]), clock)
    for _ in one.events():
        clock.time += 100
    assert 2 == result(one).attempts[0].seconds


def test_under_asyncio_too_only_waiting_counts() -> None:
    clock = Waitless()
    one = drive(Slow(clock, [[Delta(text=json.dumps(GOOD)), Delta(done=True)]]), clock)

    async def slowly() -> None:
        async for _ in one.aevents():
            clock.time += 100

    asyncio.run(slowly())
    assert 2 == result(one).attempts[0].seconds


class Held:
    """A model that says when its answer has been let go of; it keeps hold of it, so that nothing else closes it."""

    def __init__(self) -> None:
        self.released = 0
        self.answers: list[Any] = []

    def send(self, request: Request) -> Any:
        self.answers.append(self._send())
        return self.answers[-1]

    def asend(self, request: Request) -> Any:
        self.answers.append(self._asend())
        return self.answers[-1]

    def _send(self) -> Any:
        try:
            yield Delta(text="one ")
            yield Delta(text="two ")
        finally:
            self.released += 1

    async def _asend(self) -> Any:
        try:
            yield Delta(text="one ")
            yield Delta(text="two ")
        finally:
            self.released += 1


def test_closing_the_events_lets_go_of_the_answer() -> None:
    model = Held()
    one = drive(model)
    events = one.events()
    next(events)
    events.close()
    assert (1, "one ") == (model.released, one.text)
    assert ["stopped after 4 characters"] == [attempt.error for attempt in one.attempts]


def test_closing_the_events_under_asyncio_lets_go_of_the_answer() -> None:
    model = Held()

    async def stop() -> int:
        events = drive(model).aevents()
        await anext(events)
        await events.aclose()
        return model.released

    assert 1 == asyncio.run(stop())


@BOTH
def test_a_model_may_answer_with_any_iterable(run: Any) -> None:
    class Plain:
        def send(self, request: Request) -> Any:
            return [Delta(text=json.dumps(GOOD), done=True)]

        def asend(self, request: Request) -> Any:
            return Plain.Slowly()

        class Slowly:
            def __init__(self) -> None:
                self.deltas = [Delta(text=json.dumps(GOOD), done=True)]

            def __aiter__(self) -> Any:
                return self

            async def __anext__(self) -> Delta:
                if not self.deltas:
                    raise StopAsyncIteration
                return self.deltas.pop()

    one = drive(Plain())
    run(one)
    assert GOOD == result(one).output


@BOTH
def test_an_error_that_no_retry_mends_leaves_the_drive(run: Any) -> None:
    with pytest.raises(errors.AuthError, match="who"):
        run(drive(ScriptedModel([errors.AuthError("who")])))


@BOTH
def test_the_output_error_of_the_flow_leaves_the_drive_once(run: Any) -> None:
    one = drive(ScriptedModel([BAD] * 3))
    with pytest.raises(errors.OutputError) as caught:
        run(one)
    assert 3 == len(caught.value.attempts) == len(one.attempts)


def test_a_field_inside_the_wrapper_is_told_at_its_own_place() -> None:
    wrapped = json.dumps({"reasoning": "well", "answer": GOOD})
    expected = Expected(schema=EXPECTED.schema, mode="field")
    events = driven(drive(ScriptedModel([Completion(wrapped)]), expected=expected))
    assert [("team",), ("urgency",)] == [event.location for event in events if isinstance(event, FieldComplete)]
    assert PartialValue(GOOD) == events[-1]


def test_a_text_that_is_not_json_is_streamed_as_text_alone() -> None:
    one = drive(ScriptedModel([[Delta(text="Sure: {"), Delta(text="]"), Delta(done=True)]]), expected=Expected("text"))
    assert [TextDelta("Sure: {"), TextDelta("]")] == driven(one)
    broken = drive(ScriptedModel([[Delta(text="Sure: {"), Delta(text="]"), Delta(done=True)], GOOD]))
    assert [TextDelta("Sure: {"), TextDelta("]")] == driven(broken)[:2]


@BOTH
def test_reasoning_in_tags_before_an_answer_is_no_text_of_it(run: Any) -> None:
    pieces = ["<thi", "nk>Is it", " hard?</th", "ink>\n\n", '{"team": "billing", ', '"urgency": 2}']
    one = drive(ScriptedModel([[Delta(text=piece, done=piece.endswith("}")) for piece in pieces]]))
    events = run(one)
    assert "Is it hard?" == "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    assert json.dumps(GOOD) == "".join(event.text for event in events if isinstance(event, TextDelta))
    assert "Is it hard?" == result(one).reasoning
