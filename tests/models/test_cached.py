"""The cache: the same request is asked once; only what was found to be good is kept, and it is labelled."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from waitless import BAD, GOOD, Waitless, triage

from promptkit import Client, Prompt, errors, tool
from promptkit.completion import Completion, Request, Usage
from promptkit.messages import Message, ToolCall
from promptkit.models.cached import Cached
from promptkit.models.replay import Recorded, Replayed
from promptkit.redact import Redactor
from promptkit.settings import load_settings
from promptkit.testing import MaraServer, ScriptedModel

SPENT = Usage(10, 5, requests=1)


def said(value: Any, **told: Any) -> Completion:
    return Completion(json.dumps(value), usage=SPENT, **told)


class Kept:
    """A prompt over a cached model that follows a script."""

    def __init__(self, path: Path, *answers: Any, prompt: Prompt[Any] | None = None, **told: Any) -> None:
        self.script = ScriptedModel(answers)
        self.model = Cached(self.script, path, **told)
        self.prompt = (prompt or triage()).using(model=self.model, client=Client(clock=Waitless()))

    def run(self, ticket: str = "x", *, stream: bool = False) -> Any:
        return self.prompt.stream(ticket=ticket).result() if stream else self.prompt.run(ticket=ticket)

    @property
    def asked(self) -> int:
        return len(self.script.requests)


def all_together(threads: list[threading.Thread], begun: threading.Event, go: threading.Event) -> None:
    """Start the others once the first has begun to ask, let it go on, and wait for all."""
    threads[0].start()
    assert begun.wait(20)
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "answers.db"


@pytest.mark.parametrize("streams", [(False, False), (False, True), (True, False), (True, True)])
def test_the_same_request_is_asked_once_and_labelled_from_then_on(path: Path, streams: tuple[bool, bool]) -> None:
    kept = Kept(path, said(GOOD))
    first, second = (kept.run(stream=stream) for stream in streams)
    assert (GOOD, GOOD, 1) == (first.output, second.output, kept.asked)
    assert [] == [step.name for step in first.steps]
    assert ["cached"] == [step.name for step in second.steps]
    assert (0, 0) == (second.usage.total_tokens, second.usage.requests)
    assert second.attempts[0].completion.cached[:4].isdigit()


def test_another_request_another_place_and_another_model_are_asked(path: Path) -> None:
    kept = Kept(path, said(GOOD), said(GOOD), place="a")
    kept.run("one")
    kept.run("two")
    assert 2 == kept.asked
    other = Kept(path, said(GOOD), place="b")
    other.run("one")
    assert 1 == other.asked


def test_a_cache_outlives_its_process(path: Path) -> None:
    Kept(path, said(GOOD)).run()
    later = Kept(path)
    assert (GOOD, 0) == (later.run().output, later.asked)
    assert 0o600 == path.stat().st_mode & 0o777


@pytest.mark.parametrize(
    "answer",
    [
        said(BAD),
        "no JSON",
        Completion('{"team": "bil', finish_reason="length"),
        Completion(json.dumps(GOOD), finish_reason="content_filter"),
        errors.ServerError("down"),
        errors.AuthError("no"),
    ],
    ids=["invalid", "no JSON", "cut", "filtered", "failed", "refused"],
)
def test_what_was_not_good_is_never_kept(path: Path, answer: Any) -> None:
    once = triage(attempts=1)
    kept = Kept(path, *[answer] * 9, prompt=once)
    with pytest.raises(errors.PromptkitError):
        kept.run()
    later = Kept(path, said(GOOD), prompt=once)
    assert (GOOD, 1) == (later.run().output, later.asked)


def test_of_a_call_that_asked_again_the_good_answer_is_kept_under_its_own_request(path: Path) -> None:
    kept = Kept(path, said(BAD), said(GOOD))
    assert GOOD == kept.run().output
    later = Kept(path, said(BAD))
    assert (GOOD, 1) == (later.run().output, later.asked)


def test_calls_of_tools_are_kept_and_the_tools_run_again(path: Path) -> None:
    ran = []

    @tool
    def look_up(number: int) -> str:
        """Look up."""
        ran.append(number)
        return "found"

    call = Completion(
        "", tool_calls=(ToolCall("a", "look_up", '{"number": 1}'),), finish_reason="tool_calls", usage=SPENT
    )
    for answers in ([call, said(GOOD)], []):
        kept = Kept(path, *answers)
        kept.prompt = kept.prompt.using(tools=[look_up])
        assert (GOOD, len(answers)) == (kept.run().output, kept.asked)
    assert [1, 1] == ran


def test_refreshing_asks_and_keeps_the_new_answer(path: Path) -> None:
    Kept(path, said(GOOD)).run()
    other = {**GOOD, "urgency": 4}
    assert other == Kept(path, said(other), reads=False).run().output
    assert other == Kept(path).run().output


def test_concurrent_misses_make_one_request(path: Path) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(_: Request) -> Completion:
        begun.set()
        assert go.wait(20)
        return said(GOOD)

    kept = Kept(path, slow)
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(kept.run())) for _ in range(8)]
    all_together(threads, begun, go)
    assert (8, 1) == (len(results), kept.asked)
    assert [GOOD] * 8 == [result.output for result in results]
    assert 1 == sum(result.usage.requests for result in results)


def test_concurrent_misses_make_one_request_under_asyncio(path: Path) -> None:
    kept = Kept(path, said(GOOD))

    async def ask() -> list[Any]:
        return await asyncio.gather(*(kept.prompt.arun(ticket="x") for _ in range(8)))

    assert [GOOD] * 8 == [result.output for result in asyncio.run(ask())]
    assert 1 == kept.asked


def test_when_the_one_request_fails_the_others_ask_for_themselves(path: Path) -> None:
    begun, go = threading.Event(), threading.Event()

    def fail(_: Request) -> Completion:
        begun.set()
        assert go.wait(20)
        raise errors.AuthError("no")

    kept = Kept(path, fail, said(GOOD))
    outcomes: list[Any] = []

    def work() -> None:
        try:
            outcomes.append(kept.run().output)
        except errors.AuthError:
            outcomes.append("refused")

    threads = [threading.Thread(target=work) for _ in range(3)]
    all_together(threads, begun, go)
    assert (2, 1) == (outcomes.count(GOOD), outcomes.count("refused"))
    assert 2 == kept.asked


def test_a_stream_that_is_left_early_keeps_nothing_and_holds_nobody_up(path: Path) -> None:
    kept = Kept(path, said(GOOD), said(GOOD))
    with kept.prompt.stream(ticket="x") as stream:
        next(iter(stream))
    assert (GOOD, 2) == (kept.run().output, kept.asked)


def test_secrets_are_not_kept(path: Path) -> None:
    prompt = Prompt.from_text("task: x\ninputs: {ticket: string}")
    Kept(path, "the key is planted-key-1", prompt=prompt, redactor=Redactor(["planted-key-1"])).run()
    assert b"planted-key-1" not in path.read_bytes()


@pytest.mark.parametrize("damage", [b"no database at all, but long enough to be read as one" * 40, None])
def test_a_file_that_cannot_be_used_costs_no_answer(
    path: Path, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    if damage is None:
        path.mkdir()
    else:
        path.write_bytes(damage)
    kept = Kept(path, said(GOOD))
    assert GOOD == kept.run().output
    assert "the cache of answers cannot be used" in caplog.text


def test_any_order_of_wrappers_works(tmp_path: Path) -> None:
    for number, build in enumerate(
        (
            lambda inner, where: Recorded(Cached(inner, where / "a.db"), where / "a.jsonl"),
            lambda inner, where: Cached(Recorded(inner, where / "a.jsonl"), where / "a.db"),
        )
    ):
        where = tmp_path / str(number)
        where.mkdir()
        script = ScriptedModel([said(GOOD)])
        prompt = triage().using(model=build(script, where), client=Client(clock=Waitless()))
        assert [GOOD, GOOD] == [prompt.run(ticket="x").output for _ in range(2)]
        assert 1 == len(script.requests)
        assert 1 == len((where / "a.jsonl").read_text().splitlines())
        assert GOOD == triage().using(model=Replayed(where / "a.jsonl")).run(ticket="x").output


def test_nobody_is_told_of_answers_that_were_sent_by_hand(path: Path) -> None:
    model = Cached(ScriptedModel(["a", "b"]), path)
    request = Request("m", (Message("user", "x"),))
    assert ["a", "b"] == ["".join(delta.text for delta in model.send(request)) for _ in range(2)]


def test_a_client_keeps_answers_of_a_server(tmp_path: Path) -> None:
    file = tmp_path / "answers.db"
    with MaraServer() as server:
        settings = load_settings(base_url=server.base_url, api_key="a-key")
        outputs = []
        for told in ({}, {}, {"refresh": True}):
            with Client(settings=settings, cache=file, **told) as client:
                outputs.append(triage().using(client=client).run(ticket="x"))
        assert 2 == len(server.requests)
    assert [0, 1, 0] == [sum(step.name == "cached" for step in result.steps) for result in outputs]
