"""Shell completion, asked by the shells themselves."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from command_line import START, environment, process, promptkit

from promptkit.cli.main import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def installed(triage: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `promptkit` on the path, and a prompt with an input that lists its values."""
    folder = triage.parent / "bin"
    folder.mkdir()
    (folder / "promptkit").write_text(f'#!/bin/sh\nexec {shlex.join(START)} "$@"\n')
    (folder / "promptkit").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    (triage / "tone.yaml").write_text("inputs: {tone: formal | friendly}\ntask: In a {{ tone }} tone\n")
    (triage / "notes.txt").touch()
    (triage / "script").write_text(promptkit("completion", "bash").out)
    return triage


def asked(line: str) -> list[str]:
    """What bash offers at the end of a line; it gets only what stands behind the last `=` or `:`."""
    text = (
        "source ./script; "
        f"COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}; "
        '_promptkit_completion promptkit 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    ran = subprocess.run(
        ["bash", "--norc", "-c", text], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    return ran.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("promptkit ren", ["render"]),
        ("promptkit log s", ["show"]),
        ("promptkit run tone.yaml --dr", ["--dry-run"]),
        ("promptkit render t", ["tone.yaml", "triage/"]),
        ("promptkit render triage/", ["triage/triage.yaml"]),
        ("promptkit check --format s", ["sarif"]),
        ("promptkit render tone.yaml -m sim", ["simulate:"]),
        ("promptkit render tone.yaml -m gpt-oss", ["gpt-oss-120b"]),
        ("promptkit render tone.yaml -p ", ["tone="]),
        ("promptkit render tone.yaml -p tone=f", ["formal", "friendly"]),
        ("promptkit render triage/triage.yaml -p ticket=a -p ", ["product="]),
        ("promptkit models show MiniMax-M2.", ["MiniMax-M2.5", "MiniMax-M2.7"]),
        ("promptkit explain pk30", [f"PK30{digit}" for digit in range(9)]),
        ("promptkit render missing.yaml -p ", []),
        ("promptkit render 'open", []),
    ],
)
def test_bash_completes(line: str, expected: list[str], installed: Path) -> None:
    assert expected == asked(line)


def test_bash_completes_every_command(installed: Path) -> None:
    assert list(COMMANDS) == asked("promptkit ")


def test_bash_completes_runs_of_the_log(installed: Path) -> None:
    assert 0 == promptkit("run", "tone.yaml", "-p", "tone=formal", "-m", "simulate:").code
    record = promptkit("log", "list").out.split()[0]
    assert [record] == asked(f"promptkit log show {record[:5]}")


def test_a_tab_in_bash_completes_the_line(installed: Path) -> None:
    """The whole way: an interactive bash on a terminal, keys, and the line that it runs in the end."""
    ours, theirs = pty.openpty()
    shell = subprocess.Popen(
        ["bash", "--norc", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment(TERM="dumb", PS1="$ ")
    )
    os.close(theirs)
    os.write(ours, b"source <(promptkit completion bash)\n")
    os.write(ours, b"promptkit ren\ttone.y\t-p to\tfri\t -q\nexit\n")
    with contextlib.suppress(OSError):
        shown = b""
        while select.select([ours], [], [], 60)[0]:
            shown += os.read(ours, 65536)
    shell.wait(60)
    os.close(ours)
    assert "In a friendly tone" in shown.decode()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_reads_its_script(shell: str, installed: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} on this machine")
    (installed / "script").write_text(promptkit("completion", shell).out)
    ran = subprocess.run([shell, "-n", "script"], capture_output=True, text=True, timeout=60, check=False)
    assert (0, "", "") == (ran.returncode, ran.stdout, ran.stderr)


def test_fish_completes(installed: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("there is no fish on this machine")
    text = "promptkit completion fish | source; complete -C 'promptkit render tone.yaml -p '"
    ran = subprocess.run(["fish", "-c", text], capture_output=True, text=True, timeout=60, check=True)
    assert ["tone="] == [line.split("\t")[0] for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_answer_for_a_shell_names_the_inputs(shell: str, installed: Path) -> None:
    words = "promptkit render tone.yaml -p "
    asked = {"COMP_WORDS": words, "COMP_CWORD": "" if shell == "fish" else "4"}
    ran = process(_PROMPTKIT_COMPLETE=f"{shell}_complete", **asked)
    assert (0, "") == (ran.code, ran.err)
    assert "tone=" in ran.out


@pytest.mark.parametrize("instruction", ["tcsh_complete", "bash_dance", ""])
def test_an_unknown_instruction_says_nothing(instruction: str, place: Path) -> None:
    assert (1, "", "") == tuple(vars(process(_PROMPTKIT_COMPLETE=instruction)).values())


def test_an_unknown_shell_is_a_mistake() -> None:
    ran = promptkit("completion", "tcsh")
    assert (2, "") == ran.said
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in ran.err
