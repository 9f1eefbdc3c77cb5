"""The plugin as users have it: pytest in a process of its own, with tests that use the fixtures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from promptkit.testing import MaraServer

PROMPT = "task: Say {{ word }}\ninputs: {word: string}\noutput: {fields: {said: string}}\n"
REPLAYED = """
from promptkit import Prompt

def test_it(promptkit_replay):
    result = Prompt.from_yaml("p.yaml").using(client=promptkit_replay).run(word=WORD)
    assert "hello" == result.output["said"]
"""
SERVED = """
import pytest
from promptkit import Prompt

@pytest.mark.promptkit_server(answers=['{"said": "hello"}'], faults=[{"fault": "bad_gateway", "first": 0}])
def test_it(promptkit_server):
    assert "hello" == Prompt.from_yaml("p.yaml").run(word="x").output["said"]
    assert 1 == len(promptkit_server.requests)

@pytest.mark.promptkit_server(faults=["unpaid"])
def test_a_fault(promptkit_server):
    from promptkit import QuotaExhausted
    with pytest.raises(QuotaExhausted):
        Prompt.from_yaml("p.yaml").run(word="x")

def test_simulated(promptkit_server):
    assert isinstance(Prompt.from_yaml("p.yaml").run(word="x").output["said"], str)
"""


@pytest.fixture
def run(tmp_path: Path) -> object:
    (tmp_path / "p.yaml").write_text(PROMPT)

    def pytest_on(code: str, *options: str, **environment: str) -> tuple[int, str]:
        (tmp_path / "test_p.py").write_text(code)
        plugins = ["-p", "no:promptkit", "-p", "promptkit.pytest_plugin", "-p", "no:cacheprovider", "--strict-markers"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *plugins, *options, "test_p.py"],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout.decode()

    return pytest_on


def test_a_recording_is_made_once_and_answers_from_then_on(run: object, tmp_path: Path) -> None:
    assert callable(run)
    code, out = run(REPLAYED.replace("WORD", "'a'"))
    assert (1, True) == (code, "there is no recording yet" in out)
    with MaraServer([json.dumps({"said": "hello"})]) as server:
        key = {"MARA_BASE_URL": server.base_url, "MARA_API_KEY": "planted-key-1"}
        assert 0 == run(REPLAYED.replace("WORD", "'a'"), "--promptkit-record", **key)[0]
    [kept] = (tmp_path / "recordings").iterdir()
    assert "test_p.test_it.jsonl" == kept.name
    assert "planted-key-1" not in kept.read_text()
    assert 0 == run(REPLAYED.replace("WORD", "'a'"))[0]
    code, out = run(REPLAYED.replace("WORD", "'b'"))
    assert 1 == code
    assert "RecordingMissing" in out
    assert "-Say a" in out
    assert "+Say b" in out


def test_a_recording_that_fails_leaves_the_one_before(run: object, tmp_path: Path) -> None:
    assert callable(run)
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "test_p.test_it.jsonl").write_text("kept\n")
    with MaraServer(faults=["unpaid"]) as server:
        key = {"MARA_BASE_URL": server.base_url, "MARA_API_KEY": "planted-key-1"}
        assert 1 == run(REPLAYED.replace("WORD", "'a'"), "--promptkit-record", **key)[0]
    assert "kept\n" == (folder / "test_p.test_it.jsonl").read_text()


def test_the_loopback_server_is_a_fixture(run: object) -> None:
    assert callable(run)
    code, out = run(SERVED)
    assert (0, True) == (code, "3 passed" in out), out


TWICE = """
import pytest
from promptkit import Prompt

class TestA:
    @pytest.mark.parametrize("word", ["a b", "a/b", "a-b"])
    def test_it(self, promptkit_replay, word):
        assert Prompt.from_yaml("p.yaml").using(client=promptkit_replay).run(word=f"A {word}")

class TestB:
    def test_it(self, promptkit_replay):
        assert Prompt.from_yaml("p.yaml").using(client=promptkit_replay).run(word="B")
"""


def test_each_test_has_a_recording_of_its_own(run: object, tmp_path: Path) -> None:
    assert callable(run)
    with MaraServer() as server:
        key = {"MARA_BASE_URL": server.base_url, "MARA_API_KEY": "planted-key-1"}
        assert 0 == run(TWICE, "--promptkit-record", **key)[0]
    assert 4 == len(list((tmp_path / "recordings").iterdir()))
    assert 0 == run(TWICE)[0]


def test_a_test_that_fails_after_its_answer_leaves_the_recording_before(run: object, tmp_path: Path) -> None:
    assert callable(run)
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "test_p.test_it.jsonl").write_text("kept\n")
    with MaraServer([json.dumps({"said": "something else"})]) as server:
        key = {"MARA_BASE_URL": server.base_url, "MARA_API_KEY": "planted-key-1"}
        assert 1 == run(REPLAYED.replace("WORD", "'a'"), "--promptkit-record", **key)[0]
    assert ["test_p.test_it.jsonl"] == [path.name for path in (tmp_path / "recordings").iterdir()]
    assert "kept\n" == (tmp_path / "recordings" / "test_p.test_it.jsonl").read_text()
