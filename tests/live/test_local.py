"""The embedded model itself, in its real process: forms, counts, streams and ends; never its wording."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from live_model import require_local
from raw_server import wait_until

from promptkit import Client, Prompt, tool
from promptkit.errors import ContextExceeded, StreamInterrupted, Truncated
from promptkit.events import TextDelta
from promptkit.models.local_process import PROCESSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.result import Result

pytestmark = pytest.mark.live
ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "templates"
NAME = "local:SmolLM2-135M-Instruct"

REVIEW = """
promptkit: 1
name: review
options: {temperature: 0}
inputs: {review: string}
task: What does this review say? {{ review }}
output:
  fields:
    mood: good | bad
    stars: integer, 1..5
"""
STORY = "{name: story, options: {temperature: 0, max_tokens: 5}, inputs: {x: string = a}, task: 'Tell a story {{ x }}'}"
GOOD = {"review": "It works and I like it."}


@pytest.fixture(scope="module", autouse=True)
def _model() -> Iterator[None]:
    require_local()
    yield
    PROCESSES.stop()


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(model="local:") as opened:
        yield opened


@pytest.fixture
def review(client: Client) -> Prompt[Any]:
    return Prompt.from_text(REVIEW).using(client=client)


def streamed(prompt: Prompt[Any], inputs: dict[str, str]) -> tuple[str, Result[Any]]:
    with prompt.stream(inputs) as stream:
        text = "".join(event.text for event in stream if isinstance(event, TextDelta))
        return text, stream.result()


async def astreamed(prompt: Prompt[Any], inputs: dict[str, str]) -> Result[Any]:
    async with prompt.astream(inputs) as stream:
        async for _ in stream:
            pass
        return await stream.result()


def test_all_four_ways_of_running_give_the_same_validated_answer(review: Prompt[Any]) -> None:
    whole = review.run(GOOD)
    text, result = streamed(review, GOOD)
    others = (result, asyncio.run(review.arun(GOOD)), asyncio.run(astreamed(review, GOOD)))
    assert {"mood", "stars"} == set(whole.output)
    assert text == whole.text
    assert [(whole.output, whole.text, whole.usage)] * 3 == [(each.output, each.text, each.usage) for each in others]


def test_an_answer_comes_in_the_schemas_form_with_its_counts_and_its_model(review: Prompt[Any]) -> None:
    result = review.run(GOOD)
    assert ("native", 1, NAME, 0.0) == (result.confidence, len(result.attempts), result.model, result.cost)
    assert result.usage.prompt_tokens > 20
    assert 5 < result.usage.completion_tokens < 60
    assert 0 == result.usage.unreported


def test_asking_twice_gives_the_same_bytes(review: Prompt[Any]) -> None:
    assert 1 == len({review.run(GOOD).text for _ in range(3)})


def test_threads_and_clients_share_one_process(review: Prompt[Any]) -> None:
    with ThreadPoolExecutor(3) as pool, Client(model="local:") as other:
        prompts = [review, review.using(client=other), review]
        texts = {result.text for result in pool.map(lambda prompt: prompt.run(GOOD), prompts)}
        assert (1, 1) == (len(texts), len(PROCESSES.pids()))


def test_an_answer_that_is_cut_is_never_passed_off_as_whole(client: Client) -> None:
    with pytest.raises(Truncated) as caught:
        Prompt.from_text(STORY).using(client=client).run()
    assert caught.value.text
    assert 5 == caught.value.attempts[-1].completion.usage.completion_tokens


def test_a_prompt_that_does_not_fit_the_window_is_said(client: Client) -> None:
    with pytest.raises(ContextExceeded):
        Prompt.from_text(STORY).using(client=client).run(x="word " * 6000)


def test_a_process_killed_in_an_answer_is_said_and_the_next_run_has_another(client: Client) -> None:
    prompt = Prompt.from_text(STORY).using(client=client, options={"max_tokens": 400})
    with prompt.stream() as stream:
        first = next(event.text for event in stream if isinstance(event, TextDelta))
        (pid,) = PROCESSES.pids().values()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(StreamInterrupted) as caught:
            stream.result()
    assert ("PK517", True) == (caught.value.code, caught.value.text.startswith(first))
    assert "SIGKILL" in caught.value.message
    with pytest.raises(Truncated):
        Prompt.from_text(STORY).using(client=client).run()
    assert [pid] != list(PROCESSES.pids().values())


def command(*arguments: str) -> list[str]:
    start = "from promptkit.cli.main import entry; entry()"
    return [sys.executable, "-c", start, *arguments]


def triage(*more: str) -> list[str]:
    template = TEMPLATES / "support" / "triage.yaml"
    return command("run", str(template), "-i", str(template.with_name("triage.inputs.json")), "-m", "local:", *more)


def test_the_demo_runs_on_the_command_line() -> None:
    done = subprocess.run(triage("--format", "json"), capture_output=True, text=True, timeout=120, check=False)
    assert 0 == done.returncode, done.stderr
    told = json.loads(done.stdout)
    assert ("native", NAME) == (told["confidence"], told["model"])
    assert {"team", "urgency", "summary"} == set(told["output"])


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in listed for child in path.read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_no_process_outlives_a_command_that_is_stopped(number: signal.Signals, code: int) -> None:
    with subprocess.Popen(triage(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as user:
        assert wait_until(lambda: bool(children_of(user.pid)), 30)
        (child,) = children_of(user.pid)
        user.send_signal(number)
        _, said = user.communicate(timeout=60)
    assert (code, False) == (user.returncode, "Traceback" in said)
    assert wait_until(lambda: not Path(f"/proc/{child}").exists())


WEATHER = """
name: weather
options: {temperature: 0, tool_choice: required}
inputs: {city: string}
task: How warm is it in {{ city }}?
output: {fields: {degrees: "integer, -50..60"}}
"""


@pytest.mark.parametrize("stream", [False, True])
def test_the_model_calls_a_real_function_and_answers_in_the_schemas_form(client: Client, stream: bool) -> None:
    called = []

    @tool
    def get_weather(city: str) -> dict[str, Any]:
        """The weather in a city now."""
        called.append(city)
        return {"city": city, "degrees": 31}

    prompt = Prompt.from_text(WEATHER).using(model="local:", client=client, tools=[get_weather])
    result: Result[Any] = prompt.stream(city="Rome").result() if stream else prompt.run(city="Rome")
    assert 1 == len(called)
    assert ["ok"] == [run.status for run in result.tool_calls]
    assert isinstance(result.output["degrees"], int)
    assert 2 == result.usage.requests
