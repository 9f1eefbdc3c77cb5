"""Mistakes in the command line itself: one clear message, code 2."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import START, environment, process, promptkit

from promptkit import __version__
from promptkit.cli.main import _sigterm_as_interrupt
from promptkit.cli.report import report_exception


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rendr", "error: there is no command `rendr`; did you mean `render`?\n  = help: promptkit --help\n"),
        ("frobnicate", "error: there is no command `frobnicate`\n  = help: promptkit --help\n"),
        ("log lst", "error: there is no command `lst`; did you mean `list`?\n  = help: promptkit log --help\n"),
        ("check --json x", "error: no such option '--json'\n  = help: write `--format json`\n"),
        (
            "render x --e-mail a",
            "error: no such option '--e-mail'\n  = help: an input is given with -p: `-p e_mail=...`\n",
        ),
        ("lint x", "error: there is no command `lint`\n  = help: `promptkit check` finds every mistake\n"),
        (
            "run --fromat x",
            ("error: no such option '--fromat'. Did you mean '--format'?\n  = help: promptkit run --help\n"),
        ),
        (
            "render",
            (
                "error: missing argument 'TEMPLATE'\n"
                "  = usage: promptkit render [OPTIONS] TEMPLATE\n"
                "  = help: promptkit render --help\n"
            ),
        ),
        (
            "check --format xml",
            (
                "error: invalid value for '--format': 'xml' is not one of 'text', 'json', 'github', 'sarif'\n"
                "  = help: promptkit check --help\n"
            ),
        ),
        ("run x -m a -m b", "error: -m is given 2 times, and takes one value\n  = help: promptkit run --help\n"),
        ("run x -i a -i b -i c", "error: -i is given 3 times, and takes one value\n  = help: promptkit run --help\n"),
        (
            "run x --record a --record b",
            "error: --record is given 2 times, and takes one value\n  = help: promptkit run --help\n",
        ),
        (
            "render x -o a --output b",
            "error: -o is given 2 times, and takes one value\n  = help: promptkit render --help\n",
        ),
        (
            "render - -i -",
            ("error: the template and the inputs cannot both be read from stdin\n  = help: promptkit render --help\n"),
        ),
    ],
)
def test_a_mistake_in_the_line_is_told_with_the_cure(line: str, expected: str) -> None:
    ran = promptkit(*line.split())
    assert (2, "", expected) == (ran.code, ran.out, ran.err)


def test_nothing_at_all_shows_the_help() -> None:
    ran = promptkit()
    assert ran.code == 2
    assert "Commands:" in ran.err


def test_the_version_is_printed() -> None:
    assert (0, f"promptkit {__version__}\n") == promptkit("--version").said


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'pydantic', 'jinja2', 'yaml', 'openai', 'asyncio', 'rich', 'sqlite3', 'json', 'promptkit.errors'}"
    program = (
        "import sys\nfrom promptkit.cli.main import entry\n"
        f"try: entry(['--help'])\nfinally: print(sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]\n" == ran.stderr


def test_a_bug_ends_with_70_and_shows_no_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MARA_API_KEY", "sk-in-the-error")
    assert 70 == report_exception(ValueError("sent sk-in-the-error"))
    assert "error[PK999]: promptkit failed: ValueError: sent [redacted]\n" in capsys.readouterr().err


def test_a_bug_shows_no_key_of_another_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text('[endpoints."https://other.example/v1"]\nkey_env = "OTHER_KEY"\n')
    monkeypatch.setenv("PROMPTKIT_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("OTHER_KEY", "sk-of-the-other")
    report_exception(ValueError("sent sk-of-the-other"))
    (tmp_path / "config.toml").write_text("this is no TOML")
    monkeypatch.setenv("MARA_API_KEY", "sk-when-all-is-broken")
    report_exception(ValueError("sent sk-when-all-is-broken"))
    assert 2 == capsys.readouterr().err.count("ValueError: sent [redacted]\n")


def test_the_handler_of_sigterm_is_given_back_whatever_happens() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="it broke"), _sigterm_as_interrupt():
        raise ValueError("it broke")
    assert before == signal.getsignal(signal.SIGTERM)


@pytest.mark.parametrize("arguments", [("--help",), ("explain",), ("config", "--format", "json")])
def test_the_streams_of_a_process_may_be_closed(arguments: tuple[str, ...]) -> None:
    closed = ["bash", "-c", 'exec "$@" >&- 2>&-', "bash", *START, *arguments]
    assert 0 == subprocess.run(closed, env=environment(), check=False, timeout=60).returncode


def test_a_process_says_the_same_as_this_one() -> None:
    assert promptkit("rendr") == process("rendr")


def test_who_interrupts_an_import_gets_no_traceback() -> None:
    program = """
import sys

class Interrupted:
    def find_spec(self, name, *_):
        if name == "click":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
from promptkit.__main__ import entry
entry()
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "interrupted\n")


def test_the_package_can_be_run_as_a_module() -> None:
    ran = subprocess.run([sys.executable, "-m", "promptkit", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("promptkit")


def test_an_import_that_is_interrupted_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise ImportError("a compiled module could not be loaded") from error

    monkeypatch.setattr("promptkit.cli.main.command.main", broken)
    ran = promptkit("--version")
    assert (ran.code, ran.err.strip()) == (130, "interrupted")
