"""A terminal gets colour and what is under way; a pipe, a file and `NO_COLOR` get neither."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
from command_line import KEY, START, environment, point_at, promptkit
from raw_server import RawServer, chat, reply

from promptkit.cli.terminal import painted
from promptkit.phrases import steady
from promptkit.testing import MaraServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RED = "\x1b[1;31m"


def on_terminal(*arguments: str, on_text: Callable[[str], None] = lambda _: None, **environ: str) -> str:
    """What a terminal shows of a command: both streams."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([*START, *arguments], stdout=theirs, stderr=theirs, stdin=theirs, env=environment(**environ)):
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux tells the end so
            while piece := os.read(ours, 65536):
                shown += piece
                on_text(shown.decode(errors="replace"))
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_shows_an_error_in_colour(place: Path) -> None:
    assert f"{RED}error[PK113]:\x1b[0m there is no file `x.yaml`\n" in on_terminal("render", "x.yaml", TERM="xterm")


def test_a_terminal_shows_findings_in_colour(place: Path) -> None:
    (place / "a.yaml").write_text("task: Hi\nfoo: 1\n")
    assert on_terminal("check", "a.yaml", TERM="xterm").startswith(f"{RED}error[PK120]:\x1b[0m there is no key `foo`\n")


def test_a_terminal_shows_the_rules_over_messages_in_colour(triage: Path) -> None:
    shown = on_terminal("render", "triage/triage.yaml", "-i", "triage/inputs.json", TERM="xterm")
    assert re.match(r"\x1b\[1;36msystem -+ ~\d+ tokens \+-35 %\x1b\[0m\nYou are ", shown)


def test_a_value_cannot_steer_the_terminal_that_it_is_rendered_on(triage: Path) -> None:
    shown = on_terminal("render", "triage/triage.yaml", "-p", "ticket=\x1b[2Jwiped", TERM="xterm")
    assert "Ticket: \\x1b[2Jwiped\n" in shown


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_declined(environ: dict[str, str], place: Path) -> None:
    assert "error[PK113]: there is no file `x.yaml`\n" == on_terminal(
        "render", "x.yaml", **{"TERM": "xterm", **environ}
    )


@pytest.mark.parametrize("line", ["render triage/triage.yaml", "check triage/bad.yaml", "run x.yaml", "rendr"])
def test_a_pipe_gets_no_colour(line: str, triage: Path) -> None:
    (triage / "triage/bad.yaml").write_text("foo: 1\n")
    ran = promptkit(*line.split())
    assert "\x1b" not in ran.out + ran.err


def test_a_finding_is_painted_in_its_parts() -> None:
    text = "warning[PK203]: m\n --> a:1:2\n  |\n1 | text ^ | x\n  |  ^^ label\n  = help: cure"
    shown = painted(text)
    assert text == "".join(part for part in re.split(r"\x1b\[[\d;]*m", shown))
    assert f"{RED}^^ label\x1b[0m" in shown
    assert "text ^ | x\n" in shown


def test_what_steers_a_terminal_is_written_and_all_else_left() -> None:
    assert "a\tb\nü☃\\x00\\x1b\\x9b\\u202e" == steady("a\tb\nü☃\x00\x1b\x9b\u202e")


def test_a_watched_stream_shows_the_raw_answer_and_then_the_validated_one(
    triage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = '{"team": "billing", "urgency": 3, "summary": "Late"}'
    with MaraServer([raw], api_key=KEY) as server:
        point_at(server.base_url, monkeypatch)
        shown = on_terminal("run", "triage/triage.yaml", "-i", "triage/inputs.json", "--stream")
    assert shown.rpartition("\r\x1b[K")[2].startswith(f'{raw}\n{{\n  "team": "billing",\n')


@pytest.mark.parametrize("how", [(), ("--stream",)])
def test_who_waits_at_a_terminal_is_told_for_what(
    how: tuple[str, ...], triage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server answers only after the line was seen."""
    seen = threading.Event()
    answer = '{"team": "billing", "urgency": 3, "summary": "Late"}'

    def answered() -> Iterator[bytes | float]:
        assert seen.wait(60)
        yield reply(chat(answer))

    with RawServer(answered()) as server:
        point_at(server.base_url, monkeypatch)
        line = ("run", "triage/triage.yaml", "-i", "triage/inputs.json", *how)
        shown = on_terminal(*line, on_text=lambda text: seen.set() if "asking gpt-oss-120b, " in text else None)
    before, _, after = shown.rpartition("\r\x1b[K")
    assert re.search(r"asking gpt-oss-120b, \d+ s \(Ctrl-C stops\)", before)
    assert '"team": "billing"' in after
