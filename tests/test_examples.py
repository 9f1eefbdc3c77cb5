"""Each example is a real process that talks to a real socket: the loopback server, or the local model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from live_model import require_local

from promptkit.testing import MaraServer

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))

ANSWERS: dict[str, list[Any]] = {
    "standard": ["An API is a counter at which one program asks another."],
    "streaming": ["The snail has packed all.\nIts suitcase is its own house.\nThe train has left it."],
    "asynchronous": [{"mood": "mixed", "stars": 3}] * 3,
    "typed": [{"team": "platform", "urgency": 5, "summary": "The EU cluster is down."}],
    "few_shot": ['4 times 9 is 36. 36 minus 6 is 30.\n\nAnswer:\n{"count": 30, "unit": "chairs"}'],
    "messages": ["You told me earlier, Peter: you are 31."],
    "conversation": ["Hello Peter! It is 2.", "Lima.", "Santiago.", "You are Peter, and 31."],
    "tools": [
        {"tool_calls": [{"name": name, "arguments": {"number": 4711}} for name in ("look_up", "weigh", "lookup")]},
        {"answer": "It arrives tomorrow and weighs 2.2 kg.", "order": 4711},
    ],
}
SHOWN = {
    "standard": ["An API is a counter", "tokens in", "from MiniMax-M2.5"],
    "streaming": ["The snail has packed all.\nIts suitcase", "pieces, from MiniMax-M2.5"],
    "asynchronous": ["***    mixed     Works as described", "***    mixed     Great sound."],
    "typed": ["team     platform", "urgency  5 of 5", "passed   the summary is a sentence", "native, in 1 attempt"],
    "few_shot": ["assistant  There are 12 eggs.", "thought    4 times 9 is 36.", "answer     30 chairs"],
    "tools": ["weigh({'number': 4711}) ok: 2.2 kg", "unknown: not run", "It arrives tomorrow and weighs 2.2 kg."],
    "conversation": ["(memory: turn 2 of 3 left out", "model      You are Peter, and 31.", "4 turns, "],
    "messages": ["I'm 31. What is 1+1?", "answer     You told me earlier, Peter: you are 31."],
}


def run(example: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(example), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_every_example_has_its_prompt_beside_it() -> None:
    assert [path.with_suffix(".yaml").exists() for path in EXAMPLES] == [True] * len(EXAMPLES) != []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_against_the_server_that_the_environment_names(example: Path) -> None:
    with MaraServer(map(_content, ANSWERS[example.stem])) as server:
        done = run(example, MARA_BASE_URL=server.base_url, MARA_API_KEY="a-key")
    assert (0, "") == (done.returncode, done.stderr)
    assert [] == [words for words in SHOWN[example.stem] if words not in done.stdout]
    assert len(ANSWERS[example.stem]) == len(server.requests)


def test_an_example_that_reasons_in_prose_can_be_simulated() -> None:
    done = run(next(path for path in EXAMPLES if path.stem == "few_shot"), "simulate:")
    assert (0, "") == (done.returncode, done.stderr)
    assert "thought    This is simulated reasoning." in done.stdout


@pytest.mark.live
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_on_the_local_model(example: Path) -> None:
    require_local()
    done = run(example, "local:")
    assert (0, "") == (done.returncode, done.stderr)
    assert "" != done.stdout


def _content(answer: Any) -> Any:
    """An entry of the server's script: calls of tools and texts as they are, all else as JSON."""
    import json

    return answer if isinstance(answer, str) or "tool_calls" in answer else json.dumps(answer)


def test_the_walk_through_of_a_team_shows_who_gets_which_version_and_when(tmp_path: Path) -> None:
    script = Path(__file__).parent.parent / "examples/team/walkthrough.sh"
    paths = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    own = {"PATH": paths, "PROMPTKIT_CACHE_DIR": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        ["bash", str(script)], env={**os.environ, **own}, capture_output=True, text=True, timeout=120, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    versions = [line.split(": ")[:2] for line in done.stdout.splitlines() if line.startswith(("desk: ", "mail: 0"))]
    told = [("desk", "0.1.0"), ("mail", "0.1.0")] * 2 + [("mail", "0.2.0"), ("desk", "0.1.0")]
    assert told == [(service, version) for service, version in versions]
    assert "error[PK603]" in done.stdout
    assert "support/triage: production 0.1.0 -> 0.2.0" in done.stderr
    assert "You work for Acme Cloud" in done.stdout
