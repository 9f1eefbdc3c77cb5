"""Snapshots of what a prompt renders to: on the command line, and in pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import process, promptkit
from hypothesis import given
from hypothesis import strategies as st

from promptkit.messages import Message
from promptkit.result import Rendered
from promptkit.snapshots import snapshot_text

PROMPT = "inputs: {t: string}\npersona: You are kind.\ntask: Answer {{ t }}\n"


@pytest.fixture
def kind(place: Path) -> Path:
    (place / "p.yaml").write_text(PROMPT)
    assert promptkit("render", "p.yaml", "-p", "t=a", "--snapshot").code == 0
    return place


def test_the_first_time_it_is_kept_beside_the_template(kind: Path) -> None:
    assert (kind / "p.snapshot.txt").read_text() == "=== system\nYou are kind.\n\n=== user\nAnswer a\n"


def test_what_is_the_same_ends_with_0(kind: Path) -> None:
    ran = promptkit("render", "p.yaml", "-p", "t=a", "--snapshot")
    assert (0, "", "as kept in p.snapshot.txt\n") == (*ran.said, ran.err)


def test_what_has_changed_is_shown_and_kept_only_on_request(kind: Path) -> None:
    before = (kind / "p.snapshot.txt").read_bytes()
    ran = promptkit("render", "p.yaml", "-p", "t=b ", "--snapshot")
    assert 8 == ran.code
    assert "-Answer a\n+Answer b\N{MIDDLE DOT}\n" in ran.out
    assert before == (kind / "p.snapshot.txt").read_bytes()
    assert 0 == promptkit("render", "p.yaml", "-p", "t=b ", "--snapshot", "--update").code
    assert 0 == promptkit("render", "p.yaml", "-p", "t=b ", "--snapshot").code


def test_a_process_ends_with_1_when_the_messages_have_changed(kind: Path) -> None:
    assert 8 == process("render", "p.yaml", "-p", "t=b", "--snapshot").code


def test_a_checkout_with_carriage_returns_is_no_change(kind: Path) -> None:
    file = kind / "p.snapshot.txt"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert promptkit("render", "p.yaml", "-p", "t=a", "--snapshot").code == 0
    assert promptkit("render", "p.yaml", "-p", "t=b", "--snapshot").code == 8


def test_a_snapshot_that_cannot_be_written_leaves_the_old_one(kind: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (kind / "p.snapshot.txt").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    ran = promptkit("render", "p.yaml", "-p", "t=b", "--snapshot", "--update")
    assert (2, True) == (ran.code, "No space left" in ran.err)
    assert before == (kind / "p.snapshot.txt").read_bytes()
    assert ["p.snapshot.txt", "p.yaml"] == sorted(each.name for each in kind.iterdir() if each.name != ".promptkit")


def test_several_have_names(kind: Path) -> None:
    assert 0 == promptkit("render", "p.yaml", "-p", "t=c", "--snapshot", "--name", "other").code
    assert "Answer c" in (kind / "p.other.snapshot.txt").read_text()
    for name in ("../x", "", ".."):
        assert 2 == promptkit("render", "p.yaml", "-p", "t=c", "--snapshot", "--name", name).code


@pytest.mark.parametrize(
    "arguments",
    [
        ["p.yaml", "--update"],
        ["p.yaml", "--name", "x"],
        ["-", "--snapshot"],
        ["p.yaml", "--snapshot", "-o", "x"],
        ["p.yaml", "--snapshot", "--format", "json"],
        ["p.yaml", "--snapshot", "--explain"],
    ],
)
def test_what_makes_no_sense_is_refused(kind: Path, arguments: list[str]) -> None:
    assert 2 == promptkit("render", *arguments, "-p", "t=a", stdin=PROMPT.encode()).code


def test_a_snapshot_that_cannot_be_read_is_an_error(kind: Path) -> None:
    (kind / "p.snapshot.txt").write_bytes(b"\xff")
    ran = promptkit("render", "p.yaml", "-p", "t=a", "--snapshot")
    assert 2 == ran.code
    assert "the snapshot cannot be kept: it is not UTF-8" in ran.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_snapshot_that_is_no_file_is_not_waited_for(kind: Path) -> None:
    (kind / "p.snapshot.txt").unlink()
    os.mkfifo(kind / "p.snapshot.txt")
    assert 2 == promptkit("render", "p.yaml", "-p", "t=a", "--snapshot").code


LINES = st.sampled_from(["===", "=== user", "\\===", "a", "", " ", "\r"])
MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["system", "user"]), st.lists(LINES, max_size=4).map("\n".join)), max_size=3
)


@given(MESSAGES, MESSAGES)
def test_other_messages_are_another_text(one: list[Message], other: list[Message]) -> None:
    texts = [snapshot_text(Rendered(tuple(messages))) for messages in (one, other)]
    assert (one == other) == (texts[0] == texts[1])


TEST = """
from promptkit import Prompt

def test_it(promptkit_snapshot):
    promptkit_snapshot(Prompt.from_yaml("p.yaml"), t={value!r})
"""


def run(folder: Path, value: str, *options: str) -> tuple[int, str]:
    (folder / "test_p.py").write_text(TEST.format(value=value))
    plugins = ["-p", "no:promptkit", "-p", "promptkit.pytest_plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, *options, "test_p.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode()


def test_a_test_fails_until_its_snapshot_is_written_and_when_the_messages_change(kind: Path) -> None:
    (kind / "p.snapshot.txt").unlink()
    code, out = run(kind, "a")
    assert 1 == code
    assert "there is no snapshot yet" in out
    assert 0 == run(kind, "a", "--promptkit-update")[0]
    assert 0 == run(kind, "a")[0]
    code, out = run(kind, "b")
    assert 1 == code
    assert "-Answer a\n+Answer b" in out
