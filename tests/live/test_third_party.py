"""Servers that other people wrote: all four ways to ask give the same validated answers.

`llmock` (PyPI) plays OpenAI, breaks on demand and judges how a client takes it. It brings a web framework of
its own, so it runs as a program: one on the PATH, or the one that LLMOCK names. llama.cpp's server is what is
behind `local:`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_model import require_local
from raw_server import wait_until
from waitless import BAD, GOOD, TRIAGE, triage

from promptkit import Client, Prompt, errors
from promptkit.result import Result

pytestmark = pytest.mark.live

ENTRY = "from promptkit.cli.main import entry; entry()"
LLMOCK = os.environ.get("LLMOCK") or shutil.which("llmock")


class LLMock:
    """A running llmock, scripted and asked for its verdict over HTTP."""

    def __init__(self, port: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.model = f"openai+{self.root}/v1#gpt-4o-mini"

    def script(self, *behaviours: dict[str, Any]) -> None:
        """What the next requests meet, from a clean sheet."""
        self._ask("POST", "reset")
        self._ask("POST", "scenario", {"behaviors": behaviours})

    @property
    def findings(self) -> list[Any]:
        """What llmock finds fault with in how it was asked."""
        found: list[Any] = self._ask("GET", "verdict")["findings"]
        return found

    @property
    def requests(self) -> int:
        asked = self._ask("GET", "requests")
        return len(asked["requests"])

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.root}/_llmock/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def llmock() -> Iterator[LLMock]:
    if not LLMOCK:
        pytest.skip("llmock is not installed: pipx install llmock")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = [LLMOCK, "serve", "--port", str(port), "--log-level", "warning", "--tool-mode", "off"]
    child = subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: listens(port), 30), "llmock does not start"
        yield LLMock(port)
    finally:
        child.terminate()
        child.wait(30)


def command(*flags: str) -> Callable[[Prompt[Any], str], Any]:
    """Asking with the command line, in a process of its own."""

    def ask(prompt: Prompt[Any], inputs: str) -> Any:
        line = [sys.executable, "-c", ENTRY, "run", "triage.yaml", "-p", f"ticket={inputs}", "-m", prompt.model]
        done = subprocess.run(
            [*line, "--no-log", "--format", "json", *flags], capture_output=True, text=True, timeout=300, check=False
        )
        assert 0 == done.returncode, done.stderr
        return json.loads(done.stdout)["output"]

    return ask


def run(prompt: Prompt[Any], ticket: str) -> Any:
    return prompt.run(ticket=ticket).output


def stream(prompt: Prompt[Any], ticket: str) -> Any:
    with prompt.stream(ticket=ticket) as stream:
        return stream.result().output


def arun(prompt: Prompt[Any], ticket: str) -> Any:
    async def ask() -> Result[Any]:
        async with prompt.client:
            return await prompt.arun(ticket=ticket)

    return asyncio.run(ask()).output


def astream(prompt: Prompt[Any], ticket: str) -> Any:
    async def ask() -> Result[Any]:
        async with prompt.client, prompt.astream(ticket=ticket) as stream:
            return await stream.result()

    return asyncio.run(ask()).output


WAYS = {"run": run, "stream": stream, "arun": arun, "astream": astream}
COMMANDS = {"promptkit run": command(), "promptkit run --stream": command("--stream")}
TWO_WAYS = pytest.mark.parametrize("ask", [run, astream])


@pytest.fixture
def prompt(llmock: LLMock) -> Iterator[Prompt[Any]]:
    with Client() as client:
        yield triage().using(client=client, model=llmock.model)


@pytest.fixture(autouse=True)
def _in_a_folder_with_the_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "triage.yaml").write_text(TRIAGE)
    monkeypatch.chdir(tmp_path)


def reply(text: str) -> dict[str, Any]:
    return {"type": "reply", "text": text}


FENCED = f"<think>Which one?</think>\n```json\n{json.dumps(GOOD)}\n```"


@pytest.mark.parametrize("ask", [*WAYS.values(), *COMMANDS.values()], ids=[*WAYS, *COMMANDS])
@pytest.mark.parametrize("said", [[FENCED], [json.dumps(BAD), json.dumps(GOOD)]], ids=["fenced", "asked again"])
def test_llmocks_answers_are_validated_alike(
    ask: Callable[..., Any], said: list[str], llmock: LLMock, prompt: Prompt[Any]
) -> None:
    llmock.script(*map(reply, said))
    assert GOOD == ask(prompt, "I was charged twice.")
    assert (len(said), []) == (llmock.requests, llmock.findings)


@TWO_WAYS
@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_llmock_finds_no_fault_with_our_retries(
    ask: Callable[..., Any], status: int, llmock: LLMock, prompt: Prompt[Any]
) -> None:
    wait = {"retry_after": 0.2} if status == 429 else {}
    llmock.script({"type": "fail", "status": status, **wait}, reply(json.dumps(GOOD)))
    assert GOOD == ask(prompt, "x")
    assert (2, []) == (llmock.requests, llmock.findings)


@TWO_WAYS
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_llmock_refuses_is_not_asked_again(
    ask: Callable[..., Any], status: int, llmock: LLMock, prompt: Prompt[Any]
) -> None:
    llmock.script({"type": "fail", "status": status})
    with pytest.raises(errors.ModelError) as caught:
        ask(prompt, "x")
    assert (status, 1, []) == (caught.value.status, llmock.requests, llmock.findings)


@pytest.mark.parametrize("ask", [stream, astream])
@pytest.mark.parametrize("kind", ["disconnect", "truncate", "malformed"])
def test_a_stream_that_llmock_breaks_is_never_taken_for_whole(
    ask: Callable[..., Any], kind: str, llmock: LLMock, prompt: Prompt[Any]
) -> None:
    llmock.script(reply(json.dumps(GOOD) + " " * 400), {"type": "stream_fault", "kind": kind, "after_chunks": 2})
    with pytest.raises(errors.StreamInterrupted) as caught:
        ask(prompt, "x")
    assert caught.value.text
    assert 1 == llmock.requests


def look_up(number: int) -> str:
    """Look a customer up."""
    CALLED.append(number)
    return f"Customer {number} pays in advance."


CALLED: list[int] = []
CALL = {"type": "reply", "tool_calls": [{"name": "look_up", "arguments": {"number": 7}}]}
TWICE = {"type": "reply", "text": "One moment.", "tool_calls": CALL["tool_calls"] * 2}  # type: ignore[operator]
BUSY = {"type": "fail", "status": 429, "retry_after": 0.2}


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("behaviours", "ran"),
    [
        ([CALL], [7]),
        ([TWICE], [7, 7]),
        ([CALL, CALL], [7, 7]),
        ([BUSY, CALL, BUSY], [7]),
        ([{"type": "tool_fault", "kind": "malformed_arguments"}, reply("")], []),
        ([{"type": "tool_fault", "kind": "unknown_tool"}, reply("")], []),
    ],
    ids=["called", "called twice at once", "called twice", "called between refusals", "bad arguments", "unknown tool"],
)
def test_tools_are_driven_by_llmock_which_finds_no_fault(
    ask: Callable[..., Any], behaviours: list[Any], ran: list[int], llmock: LLMock, prompt: Prompt[Any]
) -> None:
    CALLED.clear()
    llmock.script(*behaviours, reply(json.dumps(GOOD)))
    assert GOOD == ask(prompt.using(tools=[look_up]), "x")
    turns = sum(each["type"] != "tool_fault" for each in behaviours)  # a fault of a tool changes the reply behind it
    assert (ran, turns + 1, []) == (CALLED, llmock.requests, llmock.findings)


def test_all_ways_to_ask_the_local_model_give_the_same_valid_answer() -> None:
    require_local()
    with Client() as client:
        prompt = triage().using(client=client, model="local:", options={"temperature": 0, "max_tokens": 200})
        answers = [ask(prompt, "The invoice is wrong.") for ask in WAYS.values()]
    assert [answers[0]] * 4 == answers
    assert {"team", "urgency"} == set(answers[0])
