"""Laws of the running half: all four ways to ask give the same, and what is streamed is what is in the result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waitless import BAD, GOOD, Waitless, triage

from promptkit import Client, Prompt, errors, events
from promptkit.completion import Completion, Delta, ToolCallDelta, Usage
from promptkit.errors import BadRequest
from promptkit.output.reasoning_stream import ReasoningSplitter
from promptkit.settings import load_settings
from promptkit.testing import ScriptedModel
from promptkit.testing.server import MaraServer

SETTINGS = load_settings()
PLAIN = Prompt.from_text("name: plain\ntask: Say {{ ticket }}\ninputs: {ticket: string}")
PROMPTS = [
    triage(),
    triage(attempts=1),
    triage(strict=True),
    triage(checks=[{"name": "calm", "that": "value.urgency < 4", "assert": True}]),
    Prompt.from_text(
        """
        task: Route {{ ticket }}
        inputs: {ticket: string}
        output: {fields: {team: billing | platform, urgency: integer}}
        chain_of_thought: field
        """
    ),
    Prompt.from_text("task: Pick {{ ticket }}\ninputs: {ticket: string}\noutput: {choices: [billing, platform]}"),
    PLAIN,
]

dumped = st.sampled_from([GOOD, BAD, {"team": "platform", "urgency": 5}, {}, [], "billing", 7, None]).map(json.dumps)
wrapped = st.builds(lambda answer: json.dumps({"reasoning": "well", "answer": json.loads(answer)}), dumped)
bodies = (
    dumped | wrapped | st.sampled_from(["billing", "I'm sorry, I can't help with that.", "", "  \n", '{"team": "bil'])
)
texts = st.one_of(
    bodies,
    bodies.map(lambda body: f"```json\n{body}\n```"),
    bodies.map(lambda body: f"<think>Is {{it}} so?</think>\n{body}"),
    bodies.map(lambda body: f"It is so.</think>{body}"),
    bodies.map(lambda body: f"<think>{body}"),
    bodies.map(lambda body: f"Here you are: {body} Good luck!"),
    st.text(max_size=20),
)
finishes = st.sampled_from(["stop"] * 6 + ["length", "tool_calls", "content_filter"])


@st.composite
def answers(draw: st.DrawFn) -> Sequence[Delta] | errors.PromptkitError:
    """One answer as deltas, split anywhere, or a failure."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(FAILURES))
    pieces = [
        *(Delta(reasoning=piece) for piece in split(draw, draw(st.sampled_from(["", "I think so."])))),
        *(Delta(text=piece) for piece in split(draw, draw(texts))),
        *draw(st.sampled_from([[], [Delta(tool_calls=(ToolCallDelta(0, "1", "look", "{}"),))]])),
    ]
    ends = draw(st.sampled_from(["whole"] * 5 + ["cut"]))
    if ends == "cut":
        return pieces or [Delta(text="x")]
    return [*pieces, Delta(finish_reason=draw(finishes), usage=Usage(5, 3, requests=1), model="m-1", done=True)]


def split(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


FAILURES: list[errors.PromptkitError] = [
    errors.ServerError("down", status=503),
    errors.RateLimited("slow", retry_after=3),
    errors.QuotaExhausted("gone", resets_at=1.8e9),
    errors.AuthError("who?"),
    BadRequest("Model did not output valid JSON.", failed_answer="invalid"),
    BadRequest("Model did not output valid JSON.", failed_answer="invalid", model_output=json.dumps(GOOD)),
    BadRequest("Model did not output valid JSON. Truncated", failed_answer="truncated", model_output='{"te'),
]


def whole(deltas: Any) -> Any:
    """The same answer in one piece."""
    if isinstance(deltas, BaseException) or not deltas[-1].done:
        return deltas
    last = deltas[-1]
    return [
        Delta(
            "".join(delta.text for delta in deltas),
            "".join(delta.reasoning for delta in deltas),
            tuple(call for delta in deltas for call in delta.tool_calls),
            last.finish_reason,
            last.usage,
            last.model,
            done=True,
        )
    ]


def outcome(ask: Any) -> Any:
    """All that a call gives back, or all that its error says."""
    try:
        result = ask()
    except errors.PromptkitError as error:
        tried = [told(attempt) for attempt in getattr(error, "attempts", ())]
        return type(error), str(error), tried, getattr(error, "text", None)
    kept = (result.output, result.text, result.reasoning, result.confidence, result.checks, result.steps, result.usage)
    return (*kept, result.model, [told(attempt) for attempt in result.attempts])


def told(attempt: Any) -> Any:
    return (
        attempt.request.messages,
        attempt.request.options,
        attempt.request.response_format,
        attempt.completion and replace(attempt.completion, id=""),
        attempt.violations,
        attempt.steps,
        attempt.error,
    )


def attempts_of(outcome: Any) -> Any:
    return outcome[2] if len(outcome) == 4 else outcome[-1]


def abandoned(outcome: Any) -> bool:
    """Whether an answer was stopped, since it could not become valid any more."""
    return any(attempt[3] and attempt[3].finish_reason == "abandoned" for attempt in attempts_of(outcome))


def settled(answer: Any) -> bool:
    """Whether an answer that is waited for comes to its end, and is asked for again if it is no good."""
    return isinstance(answer, list) and answer[-1].finish_reason in ("stop", "tool_calls")


def gist(outcome: Any) -> Any:
    """What a call came to, and after how many answers that were no good."""
    refused = [bool(attempt[4]) for attempt in attempts_of(outcome)]
    return outcome[0], refused


def streamed(prompt: Prompt[Any], seen: list[events.Event]) -> Any:
    with prompt.stream(ticket="x") as stream:
        seen += stream
        return stream.result()


async def astreamed(prompt: Prompt[Any], seen: list[events.Event]) -> Any:
    async with prompt.astream(ticket="x") as stream:
        async for event in stream:
            seen += [event]
        return await stream.result()


@settings(max_examples=120)
@given(st.sampled_from(PROMPTS), st.lists(answers(), min_size=1, max_size=5))
def test_a_stream_and_a_whole_call_come_to_the_same(prompt: Prompt[Any], script: list[Any]) -> None:
    def asked(answers: list[Any]) -> Prompt[Any]:
        client = Client(settings=SETTINGS, clock=Waitless())
        return prompt.using(model=ScriptedModel([*answers, errors.AuthError("the script has ended")]), client=client)

    seen: list[list[events.Event]] = [[], []]
    in_one = [whole(answer) for answer in script]
    outcomes = [
        outcome(lambda: asked(in_one).run(ticket="x")),
        outcome(lambda: asyncio.run(asked(in_one).arun(ticket="x"))),
        outcome(lambda: streamed(asked(script), seen[0])),
        outcome(lambda: asyncio.run(astreamed(asked(script), seen[1]))),
    ]
    assert [outcomes[0], outcomes[2]] * 2 == [outcomes[1], outcomes[3], outcomes[0], outcomes[2]]
    assert seen[0] == seen[1]
    if not abandoned(outcomes[2]):
        assert outcomes[0] == outcomes[2]
    elif all(map(settled, script)):
        assert gist(outcomes[0]) == gist(outcomes[2])


@settings(max_examples=60)
@given(st.lists(answers(), min_size=1, max_size=4))
def test_what_is_streamed_since_the_last_abandoned_attempt_is_the_results_text(script: list[Any]) -> None:
    prompt = triage().using(model=ScriptedModel(script), client=Client(settings=SETTINGS, clock=Waitless()))
    text, value = "", None
    try:
        with prompt.stream(ticket="x") as stream:
            for event in stream:
                match event:
                    case events.AttemptAbandoned():
                        text, value = "", None
                    case events.TextDelta():
                        text += event.text
                    case events.PartialValue():
                        value = event.partial
            result = stream.result()
    except errors.PromptkitError:
        return
    if result.steps and result.steps[0].name == "recovered":
        return  # the server told that text in its refusal
    splitter = ReasoningSplitter()
    pieces = [*splitter.feed(result.text), *splitter.close()]
    assert "".join(piece for piece, is_reasoning in pieces if not is_reasoning) == text
    assert value in (None, result.output)


contents = st.lists(texts.filter(lambda text: text.isascii() and bool(text)), min_size=1, max_size=3)


class Served:
    """One server, one client and one loop for all examples; the script changes from call to call."""

    def __init__(self) -> None:
        self._script: Iterator[str] = iter(())
        self._server = MaraServer(repeat(lambda _: next(self._script, "the script has ended")))
        self._runner = asyncio.Runner()

    def __enter__(self) -> Served:
        self._server.start()
        client = Client(base_url=self._server.base_url, api_key="sk-test", clock=Waitless())
        self.prompt = triage().using(client=client, model="gpt-oss-120b")
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self.prompt.client.aclose())
        self._runner.close()
        self._server.stop()

    def outcome(self, script: list[str], ask: Callable[[Prompt[Any]], Any]) -> Any:
        self._script = iter(script)
        return outcome(lambda: self._waited(ask(self.prompt)))

    def _waited(self, asked: Any) -> Any:
        return self._runner.run(asked) if asyncio.iscoroutine(asked) else asked


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as served:
        yield served


contents = st.lists(texts.filter(lambda text: text.isascii() and bool(text.strip())), min_size=1, max_size=3)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents)
def test_over_a_socket_all_four_ways_come_to_the_same(served: Served, script: list[str]) -> None:
    ways: list[Callable[[Prompt[Any]], Any]] = [
        lambda prompt: prompt.run(ticket="x"),
        lambda prompt: prompt.arun(ticket="x"),
        lambda prompt: streamed(prompt, []),
        lambda prompt: astreamed(prompt, []),
    ]
    first, second, third, fourth = [served.outcome(script, way) for way in ways]
    assert [first, third] == [second, fourth]
    assert gist(first) == gist(third)
    assert first == third or abandoned(third)
    assert first[0] is not errors.AuthError


def test_a_completion_in_pieces_is_the_completion() -> None:
    assert (
        GOOD == triage().using(model=ScriptedModel([Completion(json.dumps(GOOD))])).stream(ticket="x").result().output
    )
