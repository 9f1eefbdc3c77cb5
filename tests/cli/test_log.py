from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from promptkit.cli.log import command
from promptkit.completion import Completion, Request, Usage
from promptkit.errors import ConfigError, OutputError
from promptkit.messages import Message, ToolCall
from promptkit.record import RunLog, entry_from
from promptkit.result import Attempt, Step, Violation

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def attempts() -> tuple[Attempt, ...]:
    asked = (Message("system", "You route.\nBe brief."), Message("user", "Site is down"))
    again = (*asked, Message("assistant", '{"team": "biling"}'), Message("user", "At $.team: not one of a, b."))
    return (
        Attempt(
            Request("m-1", asked, {"temperature": 0}),
            Completion('{"team": "biling"}', "I think so.", usage=Usage(10, 5, 2, 1, 1)),
            (Violation("$.team", "not one of a, b", "enum"),),
            (Step("fence", "one enclosing fence taken off"),),
            seconds=1.25,
        ),
        Attempt(
            Request("m-1", again, {"temperature": 0}),
            Completion("\x1b[31mred", tool_calls=(ToolCall("1", "look", "{}"),), usage=Usage(20, 5, 0, 0, 1, 1)),
            error="late",
        ),
    )


@pytest.fixture
def log(tmp_path: Path) -> RunLog:
    return RunLog(tmp_path / "log.db")


def write(log: RunLog, prompt: str = "support/triage", **parts: Any) -> str:
    with log:
        return log.append(
            entry_from(**{"prompt": prompt, "version": "1.2.0", "model": "m-1", "attempts": attempts()} | parts)
        )


def run(log: RunLog, *arguments: str) -> Result:
    empty = log.path.parent / "user.toml"
    empty.touch()
    environ = {"PROMPTKIT_LOG_PATH": str(log.path), "PROMPTKIT_CONFIG": str(empty)}
    return CliRunner().invoke(command, arguments, env=environ)


def test_list_prints_a_line_for_each_run_the_newest_first(log: RunLog) -> None:
    first, second = write(log, "a", cost=0.0012, seconds=2.34), write(log, "b", error=OutputError("no"))
    lines = run(log, "list").stdout.splitlines()
    assert [second, first] == [line.split()[0] for line in lines]
    assert ["a", "m-1", "ok", "40", "tokens", "2.3", "s", "$0.001200"] == lines[1].split()[3:]
    assert "OutputError" in lines[0]


def test_list_takes_a_limit_a_prompt_and_a_status(log: RunLog) -> None:
    first, second = write(log, "a"), write(log, "b", error=OutputError("no"))
    assert [second] == [line.split()[0] for line in run(log, "list", "-n", "1").stdout.splitlines()]
    assert [first] == [line.split()[0] for line in run(log, "list", "--prompt", "a").stdout.splitlines()]
    assert [second] == [line.split()[0] for line in run(log, "list", "--status", "error").stdout.splitlines()]


def test_list_refuses_a_status_that_no_run_has(log: RunLog) -> None:
    write(log, error=ZeroDivisionError("no"))
    refused = run(log, "list", "--status", "errror")
    assert (2, True) == (refused.exit_code, "did you mean `error`?" in refused.stderr)
    assert [0] * 3 == [run(log, "list", "--status", word).exit_code for word in ("ok", "Timeout", "ZeroDivisionError")]


def test_list_as_json_has_a_version_and_no_contents(log: RunLog) -> None:
    name = write(log)
    ran = run(log, "list", "--format", "json")
    told = json.loads(ran.stdout)
    assert (1, name, 30) == (told["version"], told["runs"][0]["id"], told["runs"][0]["usage"]["prompt_tokens"])
    assert "Site is down" not in ran.stdout


def test_an_empty_log_says_so_on_stderr(log: RunLog) -> None:
    ran = run(log, "list")
    assert (0, "") == (ran.exit_code, ran.stdout)
    assert str(log.path) in ran.stderr
    assert {"version": 1, "runs": []} == json.loads(run(log, "list", "--format", "json").stdout)


def test_show_prints_the_whole_receipt(log: RunLog) -> None:
    error = OutputError("no valid answer")
    name = write(log, inputs={"ticket": "Site is down"}, output={"team": "a"}, error=error, cost=0.5, seconds=3)
    text = run(log, "show", name[:12]).stdout
    assert text.startswith(f"record    {name}\n")
    for part in (
        "prompt    support/triage 1.2.0",
        "status    OutputError",
        "usage     30 prompt + 10 completion tokens (2 of them reasoning, 1 cached); answers without a count: 1",
        "cost      $0.500000",
        'inputs\n  {\n    "ticket": "Site is down"\n  }',
        "attempt 1 of 2, 1.25 s\n  [system]\n    You route.\n    Be brief.\n  [user]\n    Site is down\n",
        '  temperature: 0\n  [reasoning]\n    I think so.\n  [answer]\n    {"team": "biling"}\n  finished: stop\n',
        "  violation at $.team: not one of a, b\n  step fence: one enclosing fence taken off\n",
        "attempt 2 of 2, 0.00 s\n  (the first 2 as before)\n  [assistant]\n",
        "  [tool calls]\n",
        "  error\n    late\n",
        'output\n  {\n    "team": "a"\n  }\n',
        "error\n  PK402: no valid answer\n",
    ):
        assert part in text


def test_show_keeps_an_answer_from_steering_the_terminal(log: RunLog) -> None:
    text = run(log, "show", write(log)).stdout
    assert "\x1b" not in text
    assert "\\x1b[31mred" in text


def test_show_as_json_holds_the_whole_record(log: RunLog) -> None:
    name = write(log)
    told = json.loads(run(log, "show", name, "--format", "json").stdout)
    with log:
        assert {"version": 1, "run": log.get(name).to_dict()} == told


def test_show_tells_sizes_where_no_content_is_kept(log: RunLog) -> None:
    name = write(RunLog(log.path, content=False))
    text = run(log, "show", name).stdout
    assert "[user]\n    (12 characters, SHA-256 " in text
    assert "violation of enum\n  step fence\n" in text


def test_messages_count_as_before_only_where_they_are_the_same(log: RunLog) -> None:
    one, two = (Attempt(Request("m", (Message("system", "s"), Message("user", text)))) for text in "ab")
    text = run(log, "show", write(log, attempts=(one, two))).stdout
    assert "(the first 1 as before)\n  [user]\n    b\n" in text


def test_an_unknown_run_is_an_error_of_ours(log: RunLog) -> None:
    write(log)
    assert isinstance(run(log, "show", "ZZZZ").exception, ConfigError)


@pytest.mark.parametrize("arguments", [[], ["list"], ["show"]])
def test_help_has_examples(log: RunLog, arguments: list[str]) -> None:
    assert "Examples:\n    promptkit log " in run(log, *arguments, "--help").stdout


def test_show_without_an_id_shows_the_latest(log: RunLog) -> None:
    write(log, "a")
    name = write(log, "b")
    assert run(log, "show").stdout.startswith(f"record    {name}\n")
    assert run(log, "show").stdout == run(log, "show", name).stdout


def test_show_of_an_empty_log_is_an_error_of_ours(log: RunLog) -> None:
    assert isinstance(run(log, "show").exception, ConfigError)


def test_show_indents_what_a_request_holds(log: RunLog) -> None:
    asked = Request("m", (Message("user", "a"),), response_format={"type": "json_object"})
    text = run(log, "show", write(log, attempts=(Attempt(asked),))).stdout
    assert '  response_format\n    {\n      "type": "json_object"\n    }\n' in text
