"""`promptkit run`: the answer, its receipt, and every way in which none comes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from command_line import KEY, point_at, process, promptkit, started
from raw_server import RawServer, reply

from promptkit.record import RunLog
from promptkit.settings import load_settings
from promptkit.testing import MaraServer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from command_line import Ran

    from promptkit.record import Record
    from promptkit.testing.server import Scripted

TEMPLATE = "triage/triage.yaml"
INPUTS = ("-i", "triage/inputs.json")
ANSWER = {"team": "billing", "urgency": 3, "summary": "A wrong invoice."}
WRONG = '{"team": "biling", "urgency": 7, "summary": "A wrong invoice."}'


def run(*arguments: str) -> Ran:
    return promptkit("run", TEMPLATE, *INPUTS, *arguments)


def scripted(
    monkeypatch: pytest.MonkeyPatch, answers: Iterable[Scripted], *arguments: str, template: str = TEMPLATE
) -> Ran:
    with MaraServer(answers, api_key=KEY) as server:
        point_at(server.base_url, monkeypatch)
        return promptkit("run", template, *INPUTS, *arguments)


def runs() -> list[Record]:
    with RunLog(load_settings().log_path) as log:
        return log.list()


# The model's name


@pytest.mark.parametrize("name", ["local", "simulate", "loacl:", "openai:gpt-4", "https://example.com/v1"])
def test_a_name_that_is_nearly_a_scheme_is_refused_before_anything_is_sent(
    triage: Path, server: MaraServer, name: str
) -> None:
    ran = run("-m", name)
    assert (2, True, []) == (ran.code, "PK510" in ran.err, server.requests)


# The answer


def test_the_answer_goes_to_stdout_and_one_line_to_stderr(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = scripted(monkeypatch, [json.dumps(ANSWER)])
    assert (0, json.dumps(ANSWER, indent=2) + "\n") == ran.said
    line = r"gpt-oss-120b: \d+ \+ \d+ tokens, \d+\.\d s      promptkit log show ([0-9A-Z]{12})\n"
    found = re.fullmatch(line, ran.err)
    assert found, ran.err
    assert runs()[0].id.startswith(found[1])


def test_a_text_is_printed_as_it_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "hi.yaml").write_text("task: Say hi\noutput: {format: text}\n")
    with MaraServer(["Hi,\n  \x1b[31mAda\x1b[0m ☃"], api_key=KEY) as server:
        point_at(server.base_url, monkeypatch)
        assert (0, "Hi,\n  \x1b[31mAda\x1b[0m ☃\n") == promptkit("run", "hi.yaml").said


def test_json_has_the_answer_with_its_receipt(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: Any = json.loads(scripted(monkeypatch, [json.dumps(ANSWER)], "--format", "json").out)
    assert (1, "triage", "gpt-oss-120b", ANSWER, "native") == tuple(
        told[name] for name in ("version", "prompt", "model", "output", "confidence")
    )
    assert runs()[0].id == told["record"]
    assert 1 == told["usage"]["requests"] == len(told["attempts"])


def test_quiet_leaves_only_the_answer(triage: Path, server: MaraServer) -> None:
    ran = run("-q")
    assert (0, "") == (ran.code, ran.err)


def test_verbose_tells_what_was_sent_and_done(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = scripted(monkeypatch, [WRONG, f"```json\n{json.dumps(ANSWER)}\n```"], "-v")
    assert 0 == ran.code
    for part in (
        "user ---------",
        "Ticket: My invoice is wrong\n",
        "output: json_schema      options: max_tokens 4096\n",
        "attempt 1: ",
        "  violation at $.urgency: ",
        "attempt 2: ",
        "  fence removed: ",
        ", 2 attempts, reasked      promptkit log show ",
    ):
        assert part in ran.err


def test_a_check_that_does_not_hold_is_a_warning(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "hi.yaml").write_text(
        "task: Hi\noutput:\n  format: text\n  checks: [{name: short, that: value | length < 3}]\n"
    )
    with MaraServer(["too long"], api_key=KEY) as server:
        point_at(server.base_url, monkeypatch)
        ran = promptkit("run", "hi.yaml")
    assert (0, "too long\n") == ran.said
    assert ran.err.startswith("warning: the check `short` does not hold\n")


def test_the_answer_is_written_to_a_file(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (0, "") == scripted(monkeypatch, [json.dumps(ANSWER)], "-o", "answer.json").said
    assert ANSWER == json.loads((triage / "answer.json").read_text())


@pytest.mark.parametrize("path", ["triage", "nowhere/a.json"])
def test_a_file_that_cannot_be_written_is_found_before_anything_is_sent(
    path: str, triage: Path, server: MaraServer
) -> None:
    ran = run("-o", path)
    assert (2, "", []) == (ran.code, ran.out, server.requests)
    assert ran.err.startswith("error[PK115]: the result cannot be written to ")


def test_an_answer_that_could_not_be_written_is_still_in_the_log(triage: Path, server: MaraServer, full: Path) -> None:
    ran = run("-o", str(full))
    assert (2, "") == ran.said
    assert "No space left on device" in ran.err
    assert "ok" == runs()[0].status


def test_a_dry_run_prints_the_request_and_sends_nothing(triage: Path, server: MaraServer) -> None:
    ran = run("--dry-run")
    body: Any = json.loads(ran.out)
    assert (0, [], []) == (ran.code, server.requests, runs())
    assert ["messages", "model", "response_format"] == sorted(set(body) & {"messages", "model", "response_format"})
    assert KEY not in ran.out + ran.err


def test_a_dry_run_needs_no_key(triage: Path) -> None:
    assert 0 == run("--dry-run").code


def test_a_run_may_be_kept_out_of_the_log(triage: Path, server: MaraServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "log show" not in run("--no-log").err
    monkeypatch.setenv("PROMPTKIT_LOG", "false")
    assert "log show" not in run().err
    assert [] == runs()


def test_a_log_that_cannot_be_written_costs_no_answer(
    triage: Path, server: MaraServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTKIT_LOG_PATH", str(triage / "triage"))
    ran = run()
    assert 0 == ran.code
    assert ran.out.startswith("{")
    assert "warning: the run is not in the log: " in ran.err


def test_answers_are_recorded_for_a_replay(triage: Path, server: MaraServer) -> None:
    first = run("--record", "answers.jsonl")
    again = run("-m", "replay:answers.jsonl")
    assert first.said == again.said
    assert 1 == len(server.requests)


def test_a_missing_recording_exits_with_8(triage: Path, server: MaraServer) -> None:
    run("--record", "answers.jsonl")
    ran = promptkit("run", TEMPLATE, "-p", "ticket=Another", "-m", "replay:answers.jsonl")
    assert (8, "") == ran.said
    assert ran.err.startswith("error[PK530]")


def test_a_simulated_answer_needs_no_key(triage: Path) -> None:
    ran = run("-m", "simulate:")
    assert 0 == ran.code
    assert "simulate: " in ran.err
    assert "simulate::" not in ran.err


# No answer


def test_without_a_key_the_offline_choices_are_named(triage: Path) -> None:
    ran = run()
    assert (5, "") == ran.said
    assert ran.err == (
        "error[PK501]: no key for MARA Cloud\n"
        "  = help: export MARA_API_KEY=...   or try   -m local:   (a real small model, 196 MB once)   "
        "or   -m simulate:\n"
    )


def test_a_wrong_key_exits_with_5_and_is_not_shown(
    triage: Path, server: MaraServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARA_API_KEY", "sk-wrong-key-77")
    ran = run("-v")
    assert (5, "") == ran.said
    assert "refuses the key (HTTP 401)" in ran.err
    assert "sk-wrong-key-77" not in ran.err + json.dumps(runs()[0].to_dict())


def test_a_model_in_another_case_is_suggested(triage: Path, server: MaraServer) -> None:
    ran = run("-m", "gpt-oss-120B")
    assert (4, "") == ran.said
    assert "error[PK505]: there is no model `gpt-oss-120B`" in ran.err
    assert "did you mean `gpt-oss-120b`?" in ran.err


def test_a_refused_connection_exits_with_4(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTKIT_CALL_TIMEOUT", "0.2")
    point_at("http://127.0.0.1:1/v1", monkeypatch)
    ran = run()
    assert (4, "") == ran.said
    assert ran.err.startswith("error[PK507]: ")


LATE = {"retry-after": "300"}
"""Longer than anybody waits, so that nothing is tried again."""


@pytest.mark.parametrize(
    ("status", "headers", "body", "code", "said"),
    [
        (500, LATE, "Internal Server Error", 4, "error[PK508]: the server failed (HTTP 500)"),
        (503, LATE, "<html><b>down</b></html>", 4, "error[PK508]: the server failed (HTTP 503)"),
        (429, LATE, {"error": {"message": "slow down"}}, 4, "error[PK502]: too many requests (HTTP 429): slow down"),
        (
            429,
            {"x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": "4102444800"},
            {"error": {"message": "no more today"}},
            75,
            "go on later; it begins anew at 2100-01-01 00:00 UTC",
        ),
        (402, {}, "", 75, "the credit is used up"),
        (403, {}, "", 5, "error[PK501]: access is denied"),
        (
            400,
            {},
            {"error": {"message": "too long", "code": "context_length_exceeded"}},
            7,
            "error[PK504]: the context window of `gpt-oss-120b` is too small",
        ),
        (400, {}, {"error": {"message": "bad \x1b[31m"}}, 4, "see: promptkit log show"),
    ],
)
def test_a_refusal_of_the_server_has_its_code(
    status: int,
    headers: dict[str, str],
    body: Any,
    code: int,
    said: str,
    triage: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = {"status": status, "body": body, "headers": headers}
    ran = scripted(monkeypatch, [answer] * 3)
    assert (code, "") == ran.said
    assert said in ran.err
    assert 1 == ran.err.count("error[")
    assert "\x1b" not in ran.err


def test_a_page_in_place_of_an_answer_exits_with_4(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(reply(b"<html>Log in</html>", content_type="text/html")) as server:
        point_at(server.base_url, monkeypatch)
        ran = run()
    assert (4, "") == ran.said
    assert ran.err.startswith("error[PK511]: ")


def test_an_answer_that_stays_invalid_exits_with_6_and_shows_why(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = scripted(monkeypatch, [WRONG] * 3)
    assert (6, "") == ran.said
    lines = ran.err.splitlines()
    assert "error[PK402]: the answer does not fit the schema after 3 attempts" == lines[0]
    assert any(line.startswith("  at $.urgency: ") for line in lines)
    assert f"  model gpt-oss-120b, record {runs()[0].id}, see: promptkit log show {runs()[0].id}" in lines


def test_a_truncated_answer_exits_with_6_and_is_not_passed_off_as_whole(place: Path, server: MaraServer) -> None:
    (place / "long.yaml").write_text("task: Write a novel\noptions: {max_tokens: 16}\noutput: {format: text}\n")
    ran = promptkit("run", "long.yaml")
    assert (6, "") == ran.said
    assert ran.err.startswith("error[PK403]: the answer was ")
    assert "see: promptkit log show" in ran.err


def test_a_secret_key_is_nowhere(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in what is said, not in the log and its neighbours, though the server gives the key back in an error."""
    leak = {"status": 400, "body": {"error": {"message": f"bad key {KEY}", "param": KEY}}}
    said = []
    with MaraServer([leak, json.dumps({"team": KEY}), leak], api_key=KEY) as server:
        point_at(server.base_url, monkeypatch)
        said += [process("run", TEMPLATE, *INPUTS, "-v"), run("-v", "--stream")]
    said += [promptkit("log", "show"), promptkit("log", "list", "--format", "json"), promptkit("config")]
    said += [promptkit("render", TEMPLATE, *INPUTS, "--format", "openai"), run("--dry-run", "-v")]
    assert [4, 4] == [ran.code for ran in said[:2]]
    assert [] == [ran for ran in said if KEY in ran.out + ran.err]
    folder = load_settings().log_path.parent
    assert [] == [path for path in folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_process_answers_as_this_one_does(triage: Path, server: MaraServer) -> None:
    assert run("-q") == process("run", TEMPLATE, *INPUTS, "-q")


def test_the_mock_serves_a_run(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with started("mock", "--api-key", KEY, "-q") as mock:
        assert mock.stdout is not None
        point_at(mock.stdout.readline().decode().strip(), monkeypatch)
        ran = run()
        mock.terminate()
        assert (0, 130) == (ran.code, mock.wait(60))
    assert set(ANSWER) == set(json.loads(ran.out))


def test_on_a_day_that_is_used_up_a_kept_answer_is_offered(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert triage
    with MaraServer(faults=[{"fault": "day_limit", "requests": [2]}]) as server:
        point_at(server.base_url, monkeypatch)
        arguments = ("run", "triage/triage.yaml", "-i", "triage/inputs.json", "--format", "json")
        first = promptkit(*arguments)
        refused = promptkit(*arguments)
        kept = promptkit(*arguments, "--cached")
        assert 2 == len(server.requests)
    assert (0, 75, 0) == (first.code, refused.code, kept.code)
    assert "--cached takes the answer of 20" in refused.err
    assert json.loads(first.out)["output"] == json.loads(kept.out)["output"]
    assert any("cached: the model gave this answer on" in step for step in json.loads(kept.out)["steps"])


# Options of the generation


def test_options_are_merged_over_those_of_the_file(triage: Path) -> None:
    ran = run(
        "--dry-run",
        "-O",
        "temperature=0",
        "-O",
        'stop=["a", "b"]',
    )
    body = json.loads(ran.out)
    assert (0, ["a", "b"]) == (body["temperature"], body["stop"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["temperatur=0"], "did you mean `temperature`?"),
        (["temperature=hot"], "`temperature` must be a number from 0"),
        (["temperature"], "`temperature` is not NAME=VALUE"),
        (["stop=[1"], "`stop` is no JSON"),
        (["top_p=1", "top_p=0.5"], "`top_p` is given twice"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(triage: Path, given: list[str], words: str) -> None:
    ran = run("--dry-run", *(part for each in given for part in ("-O", each)))
    assert (2, "") == ran.said
    assert words in ran.err
