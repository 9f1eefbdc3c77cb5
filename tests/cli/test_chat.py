"""`promptkit chat`: through a pipe, on a terminal with an editor and on one without; and `chat replay`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from command_line import KEY, point_at, process, promptkit
from terminals import ALT_ENTER, CTRL_C, CTRL_D, Terminal

from promptkit.cli.chat_memory import parsed_memory
from promptkit.memory import policy_of
from promptkit.record import RunLog
from promptkit.settings import load_settings
from promptkit.testing import MaraServer

TUTOR = """
name: tutor
inputs: {message: string, tone: string = kind}
persona: You are {{ tone }}.
task: "{{ message }}"
conversation: {input: message}
output: {format: text}
"""


@pytest.fixture
def tutor(place: Path) -> Path:
    (place / "tutor.yaml").write_text(TUTOR)
    return place


def roles(server: MaraServer, request: int = -1) -> list[str]:
    return [message["role"] for message in server.requests[request].body["messages"]]


# Through a pipe


def test_one_line_in_is_one_answer_out(tutor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with MaraServer(["Hi Peter!", "Peter."], api_key=KEY) as server:
        point_at(server.base_url, monkeypatch)
        ran = promptkit("chat", "tutor.yaml", "-q", stdin=b"Hi! My name is Peter.\n\nWho am I?\n")
    assert (0, "Hi Peter!\nPeter.\n", "") == (ran.code, ran.out, ran.err)
    assert ["system", "user", "assistant", "user"] == roles(server)


def test_the_last_line_needs_no_end(tutor: Path) -> None:
    assert 1 == promptkit("chat", "tutor.yaml", "-m", "simulate:", "-q", stdin=b"Hi").out.count("\n")


def test_a_structured_answer_is_a_line_of_json(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "team.yaml").write_text("inputs: {t: string}\ntask: '{{ t }}'\noutput: {fields: {team: billing | web}}\n")
    with MaraServer(['{\n"team":\n"web"}'] * 2, api_key=KEY) as server:
        point_at(server.base_url, monkeypatch)
        ran = promptkit("chat", "team.yaml", "-q", stdin=b"My page is down\nAnd now?\n")
    assert [{"team": "web"}] * 2 == [json.loads(line) for line in ran.out.splitlines()]


def test_json_gives_each_answer_with_its_receipt_in_a_line(tutor: Path) -> None:
    ran = promptkit("chat", "tutor.yaml", "-m", "simulate:", "--format", "json", "-q", stdin=b"Hi\nHo\n")
    told = [json.loads(line) for line in ran.out.splitlines()]
    assert [1, 1] == [each["version"] for each in told]
    assert all(each["record"] for each in told)


def test_what_is_left_out_is_told(tutor: Path) -> None:
    ran = promptkit("chat", "tutor.yaml", "-m", "simulate:", "--memory", "last=1", stdin=b"One\nTwo\nThree\n")
    assert "memory: turn 1 of 2 left out" in ran.err


def test_the_first_turn_that_fails_ends_it_with_its_code(tutor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with MaraServer(["Hi"] * 3, api_key="sk-another") as server:
        point_at(server.base_url, monkeypatch)
        ran = promptkit("chat", "tutor.yaml", "-q", stdin=b"One\nTwo\n")
    assert (5, "") == ran.said
    assert 1 == len(server.requests)


def test_a_line_through_a_pipe_is_no_command_whatever_it_says(tutor: Path) -> None:
    ran = promptkit("chat", "tutor.yaml", "-m", "simulate:", "-q", stdin=b"/save evil.jsonl\n/quit\n//etc\n")
    told = [line.partition("begins ")[2] for line in ran.out.splitlines()]
    assert ["`/save evil.jsonl`.", "`/quit`.", "`//etc`."] == told
    assert not (tutor / "evil.jsonl").exists()


def test_every_turn_is_in_the_log_and_can_be_gone_on_with(tutor: Path) -> None:
    promptkit("chat", "tutor.yaml", "-m", "simulate:", "-q", stdin=b"One\nTwo\n")
    [row] = promptkit("log", "chats").out.splitlines()
    assert row.endswith("2 turns  Two")
    ran = promptkit("chat", "tutor.yaml", "-m", "simulate:", "--resume", "last", "-q", stdin=b"Three\n")
    assert 0 == ran.code
    assert row[:26] != promptkit("log", "chats").out[:26]
    [chat] = json.loads(promptkit("log", "chats", "--format", "json").out)["chats"]
    again = promptkit("chat", "tutor.yaml", "-m", "simulate:", "--resume", row[:20], "-q", stdin=b"Other\n")
    assert 0 == again.code
    assert 2 == len(promptkit("log", "chats").out.splitlines())
    assert {"message": "Three"} == {name: chat["inputs"][name] for name in ("message",)}


def test_without_a_log_nothing_is_kept_there(tutor: Path) -> None:
    promptkit("chat", "tutor.yaml", "-m", "simulate:", "-q", "--no-log", stdin=b"One\n")
    assert "" == promptkit("log", "chats").out
    assert "no such conversations" in promptkit("log", "chats").err


def test_a_conversation_is_saved_after_each_turn_and_loaded(tutor: Path) -> None:
    promptkit("chat", "tutor.yaml", "-m", "simulate:", "-q", "--save", "a.jsonl", stdin=b"One\nTwo\n")
    assert 3 == len((tutor / "a.jsonl").read_text().splitlines())
    promptkit("chat", "tutor.yaml", "-m", "simulate:", "-q", "--load", "a.jsonl", stdin=b"Three\n")
    assert 4 == len((tutor / "a.jsonl").read_text().splitlines())


def test_a_changed_prompt_is_told_when_it_is_loaded(tutor: Path) -> None:
    promptkit("chat", "tutor.yaml", "-m", "simulate:", "-q", "--save", "a.jsonl", stdin=b"One\n")
    (tutor / "tutor.yaml").write_text(TUTOR.replace("You are", "Be"))
    ran = promptkit("chat", "tutor.yaml", "-m", "simulate:", "-q", "--load", "a.jsonl", stdin=b"Two\n")
    assert "warning: tutor has changed since" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("-",), 2, "stdin is what is said"),
        (("tutor.yaml", "-i", "-"), 2, "stdin is what is said"),
        (("tutor.yaml", "--resume", "last", "--load", "a"), 2, "both say where"),
        (("tutor.yaml", "--resume", "last", "--no-log"), 2, "switched off"),
        (("tutor.yaml", "--resume", "last"), 2, "no conversation with tutor"),
        (("tutor.yaml", "--resume", "XYZ"), 2, "no run in the log"),
        (("tutor.yaml", "--load", "nothing.jsonl"), 2, "cannot be opened"),
        (("tutor.yaml", "--memory", "lst: 3"), 2, "did you mean `last`"),
        (("tutor.yaml", "--memory", "{"), 2, "is no memory"),
        (("tutor.yaml", "-p", "tonne=x"), 3, "tonne"),
        (("needy.yaml",), 3, "`place` is missing"),
        (("nothing.yaml",), 2, "nothing.yaml"),
        (("replay", "nothing.jsonl"), 2, "cannot be read"),
        ((), 2, "TEMPLATE [OPTIONS]"),
    ],
)
def test_what_cannot_be_meant_is_told(tutor: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    (tutor / "needy.yaml").write_text(TUTOR.replace("tone: string = kind", "tone: string = kind, place: string"))
    ran = promptkit("chat", *arguments, stdin=b"Hi\n")
    assert code == ran.code
    assert words in ran.err


def test_the_help_tells_of_both(tutor: Path) -> None:
    assert "TEMPLATE [OPTIONS] | replay TRANSCRIPT" in promptkit("chat", "--help").out
    assert "--resume" in promptkit("chat", "with", "--help").out


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("full", "full"),
        ("last: 20", {"last": 20}),
        ("last=20,pin=[1, my name is]", {"last": 20, "pin": [1, "my name is"]}),
        ("{tokens: 800, summarise: {tokens: 100}}", {"tokens": 800, "summarise": {"tokens": 100}}),
        ("last: 4, summarise: true", {"last": 4, "summarise": True}),
        ('last=2, pin: ["a=b", "see http://x.y"]', {"last": 2, "pin": ["a=b", "see http://x.y"]}),
        ('summarise: {model: "local:qwen"}', {"summarise": {"model": "local:qwen"}}),
        ("summarise", "summarise"),
    ],
)
def test_a_memory_is_typed_as_people_type(text: str, data: Any) -> None:
    assert data == parsed_memory(text)
    policy_of(data)


# On a terminal


def chat_on_a_terminal(*arguments: str, cwd: Path, **environ: str) -> Terminal:
    return Terminal("chat", "tutor.yaml", *arguments, cwd=cwd, **environ)


def test_a_person_talks_with_the_window_and_the_bill_in_sight(tutor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with MaraServer(["Hi Peter!", "Two lines.", "Peter."], api_key=KEY) as server:
        point_at(server.base_url, monkeypatch)
        with chat_on_a_terminal(cwd=tutor) as terminal:
            terminal.sees("tutor with gpt-oss-120b. /help lists the commands")
            terminal.sees("0 turns")
            terminal.type("Hi! My name is Peter.")
            terminal.sees("Hi Peter!")
            assert "of 131,072 tokens" in terminal.sees("price not known")
            terminal.type(f"one{ALT_ENTER}two")
            terminal.sees("Two lines.")
            terminal.sees("2 turns")
            terminal.type(CTRL_D, end="")
            terminal.sees("go on with it: promptkit chat tutor.yaml --resume ")
            assert 0 == terminal.ends()
    assert "one\ntwo" == server.requests[-1].body["messages"][-1]["content"]
    history = load_settings().log_path.with_name("chat-history")
    assert 0o600 == history.stat().st_mode & 0o777


def test_what_is_typed_is_kept_without_keys_and_only_where_a_log_is(
    tutor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARA_API_KEY", KEY)
    history = load_settings().log_path.with_name("chat-history")
    for more, kept in ((("--no-log",), False), ((), True)):
        with chat_on_a_terminal("-m", "simulate:", *more, cwd=tutor) as terminal:
            terminal.sees("0 turns")
            terminal.type(f"my key is {KEY}")
            terminal.sees("1 turn ")
            terminal.type("/quit")
            assert 0 == terminal.ends()
        assert kept == history.exists()
    assert "my key is" in history.read_text()
    assert KEY not in history.read_text()


def test_a_turn_that_cannot_be_saved_is_kept_all_the_same(tutor: Path) -> None:
    with chat_on_a_terminal("-m", "simulate:", "--save", "a.jsonl", cwd=tutor) as terminal:
        terminal.sees("0 turns")
        terminal.type("One")
        terminal.sees("1 turn ")
        (tutor / "a.jsonl").write_text("something else")
        terminal.type("Two")
        terminal.sees("the turn is kept here, but not in the file")
        terminal.sees("2 turns")
        terminal.type("/quit")
        assert 0 == terminal.ends()
    assert "something else" == (tutor / "a.jsonl").read_text()


@pytest.mark.parametrize("target", ["notes.txt", ".", "nowhere/a.jsonl"])
def test_where_nothing_can_be_saved_is_told_before_anything_is_asked(
    target: str, tutor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tutor / "notes.txt").write_text("my notes")
    with MaraServer(["Hi"], api_key=KEY) as server:
        point_at(server.base_url, monkeypatch)
        assert 2 == promptkit("chat", "tutor.yaml", "--save", target, stdin=b"One\n").code
    assert [] == server.requests
    assert "my notes" == (tutor / "notes.txt").read_text()


def test_commands_on_a_terminal(tutor: Path) -> None:
    with chat_on_a_terminal("-m", "simulate:", "--save", "a.jsonl", cwd=tutor) as terminal:

        def obeys(command: str, *words: str) -> None:
            terminal.type(command)
            for each in words:
                terminal.sees(each)
            terminal.sees(" turn")  # the line below

        terminal.sees("0 turns")
        obeys("One", "begins `One`")
        obeys("/help", "/rewind [N]", "Alt-Enter")
        obeys("/fork before", "kept as before")
        obeys("Two", "begins `Two`")
        obeys("/tokens", "memory: full", "turn 2", "window")
        obeys("/system", "You are kind.")
        obeys("/tools", "no tools are offered")
        obeys("/rewnd", "did you mean `rewind`")
        obeys("/rewind x", "is no number of turns")
        obeys("/rewind 9", "cannot be taken back")
        obeys("/rewind", "1 turn; the last one was: One")
        obeys("/load before", "1 turn; the last one was: One")
        obeys("/save b.jsonl", "saved in b.jsonl")
        obeys("/retry", "begins `One`")
        obeys("//etc is a folder", "begins `/etc is a folder`")
        obeys("/load nothing.jsonl", "cannot be opened")
        terminal.type("/quit")
        assert 0 == terminal.ends()
    assert ["One", "/etc is a folder"] == [
        json.loads(line)["text"] for line in (tutor / "b.jsonl").read_text().splitlines()[1:]
    ]


STALL = {"fault": "stream_stall", "requests": [2]}


def test_ctrl_c_stops_the_answer_and_keeps_the_conversation(tutor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with MaraServer(["One.", "Two, which takes its time.", "Three."], api_key=KEY, faults=[STALL]) as server:
        point_at(server.base_url, monkeypatch)
        with chat_on_a_terminal("--save", "a.jsonl", cwd=tutor) as terminal:
            terminal.sees("0 turns")
            terminal.type("first")
            terminal.sees("One.")
            terminal.sees("1 turn ")
            terminal.type("second")
            for _ in range(100):
                if len(server.requests) > 1:
                    break
                time.sleep(0.05)
            time.sleep(0.5)
            terminal.type(CTRL_C, end="")
            terminal.sees("stopped; the conversation is as it was before")
            terminal.sees("1 turn ")
            terminal.type("/retry")
            terminal.sees("Three.")
            terminal.type("/quit")
            assert 0 == terminal.ends()
    told = [json.loads(line)["text"] for line in (tutor / "a.jsonl").read_text().splitlines()[1:]]
    assert ["first", "second"] == told
    assert "second" == server.requests[-1].body["messages"][-1]["content"]
    assert ["system", "user", "assistant", "user"] == roles(server)


def test_a_turn_that_fails_is_told_and_can_be_said_again(tutor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with MaraServer(["Hi"], api_key=KEY, faults=[{"fault": "context_length", "requests": [1]}]) as server:
        point_at(server.base_url, monkeypatch)
        with chat_on_a_terminal(cwd=tutor) as terminal:
            terminal.sees("0 turns")
            terminal.type("first")
            terminal.sees("/retry says it again")
            terminal.sees("0 turns")
            terminal.type("/retry")
            terminal.sees("Hi")
            terminal.sees("1 turn ")
            terminal.type("/quit")
            assert 0 == terminal.ends()


def test_a_dumb_terminal_is_enough(tutor: Path) -> None:
    with chat_on_a_terminal("-m", "simulate:", cwd=tutor, TERM="dumb") as terminal:
        terminal.sees("0 turns")
        terminal.sees("> ")
        terminal.type("one\\")
        terminal.sees(". ")
        terminal.type("two")
        terminal.sees("begins `one two`")
        terminal.sees("> ")
        terminal.type('"""')
        terminal.type("three")
        terminal.type('four"""')
        terminal.sees("begins `three four`")
        terminal.sees("2 turns")
        terminal.sees("> ")
        terminal.type(CTRL_C, end="")
        terminal.sees("stopped")
        terminal.sees("> ")
        terminal.type(CTRL_D, end="")
        assert 0 == terminal.ends()
    assert b"\x1b[" not in terminal.shown


def test_a_polite_request_to_end_ends_it(tutor: Path) -> None:
    with chat_on_a_terminal("-m", "simulate:", cwd=tutor, TERM="dumb") as terminal:
        terminal.sees("> ")
        terminal.process.send_signal(signal.SIGTERM)
        assert 130 == terminal.ends()


def test_a_process_that_is_killed_loses_no_turn_that_has_ended(tutor: Path) -> None:
    with chat_on_a_terminal("-m", "simulate:", cwd=tutor, TERM="dumb") as terminal:
        for number in range(3):
            terminal.sees("> ")
            terminal.type(f"turn {number}")
            terminal.sees(f"begins `turn {number}`")
        terminal.sees("3 turns")
        terminal.process.kill()
        terminal.process.wait()
    with RunLog(load_settings().log_path) as log:
        [chat] = log.chats()
        assert 3 == len(log.conversation(chat["id"])[1])


def test_an_answer_steers_no_terminal(tutor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with MaraServer(["\x1b[31mred \x1b]0;title\x07"], api_key=KEY) as server:
        point_at(server.base_url, monkeypatch)
        with chat_on_a_terminal(cwd=tutor, TERM="dumb") as terminal:
            terminal.sees("> ")
            terminal.type("Hi")
            terminal.sees("1 turn ")
            assert b"\x1b[31m" not in terminal.shown
            assert b"\\x1b[31mred" in terminal.shown


def test_nothing_heavy_is_loaded_for_a_pipe(tutor: Path) -> None:
    started = "import sys\nfrom promptkit.cli.main import entry\n"
    code = f"{started}try: entry()\nfinally: print('prompt_toolkit' in sys.modules)"
    args = [sys.executable, "-c", code, "chat", "tutor.yaml", "-m", "simulate:", "-q"]
    done = subprocess.run(args, input=b"Hi\n", capture_output=True, check=True)
    assert done.stdout.endswith(b"False\n")


# Replay


def messages(turns: int, words: int = 30) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = [{"role": "system", "content": "Be kind."}]
    for number in range(turns):
        said.append({"role": "user", "content": f"Question {number} " + "why " * words})
        if number % 3 == 2:
            call = {"id": f"c{number}", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
            said.append({"role": "assistant", "content": None, "tool_calls": [call]})
            said.append({"role": "tool", "tool_call_id": f"c{number}", "content": "found " * words})
        said.append({"role": "assistant", "content": "Because " * words})
    return said


@pytest.fixture
def transcript(place: Path) -> str:
    (place / "chat.json").write_text(json.dumps(messages(12)))
    return "chat.json"


def test_a_replay_shows_what_each_memory_would_send(transcript: str) -> None:
    ran = promptkit("chat", "replay", transcript, "-m", "gpt-oss-120b", "--memory", "full", "--memory", "last: 3")
    assert (0, "") == (ran.code, ran.err)
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["turn", "full", "last:", "3"] == rows[2]
    assert "(11)" == rows[14][2]
    assert "(3)" == rows[14][4]
    told = json.loads(promptkit("chat", "replay", transcript, "--memory", "last: 3", "--format", "json").out)
    assert [min(3, n) for n in range(12)] == [turn["sent"] for turn in told["memories"][0]["turns"]]
    assert "turns 1-8 of 11 left out" in told["memories"][0]["turns"][-1]["notes"][0]


def test_a_replay_counts_summaries_and_refusals(transcript: str) -> None:
    ran = promptkit("chat", "replay", transcript, "--window", "1400", "--memory", "full", "--memory", "summarise")
    assert "refused" in ran.out
    assert "full: turn " in ran.out
    told = json.loads(
        promptkit("chat", "replay", transcript, "--window", "1400", "--memory", "summarise", "--format", "json").out
    )
    turns = told["memories"][0]["turns"]
    assert 12 == len(turns)
    assert any(turn["folded"][0] for turn in turns)
    assert all(turn["largest"] <= 1_400 for turn in turns)


def test_a_replay_of_what_was_saved_counts_the_prompts_own_part(tutor: Path) -> None:
    promptkit("chat", "tutor.yaml", "-m", "simulate:", "-q", "--save", "a.jsonl", stdin=b"One\nTwo\nThree\n")
    plain, whole = (
        json.loads(promptkit("chat", "replay", "a.jsonl", *more, "--format", "json").out)["memories"][0]["tokens"]
        for more in ((), ("--template", "tutor.yaml", "-p", "tone=very kind indeed"))
    )
    assert plain < whole


def test_a_replay_is_drawn(transcript: str, place: Path) -> None:
    ran = promptkit("chat", "replay", transcript, "--svg", "chat.svg", "--window", "2000")
    assert "drawn in chat.svg\n" == ran.err
    picture = ET.fromstring((place / "chat.svg").read_text())
    shapes = [each.tag.rpartition("}")[2] for each in picture.iter()]
    assert 4 == shapes.count("polyline")
    assert "window 2,000" in "".join(picture.itertext())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no transcript"),
        ("[]", "no transcript"),
        ("{", "chat.json:1"),
        ('{"a": 1}', "role None"),
        ("[1, 2]", "no transcript"),
        ('{"messages": []}\n{"messages": []}\n', "2 conversations in the file"),
        ('[{"role": "user", "content": [{"type": "text", "text": null}]}]', "the text of a part is a text"),
        ('[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "tool_calls": 5}]', "are a list"),
        (json.dumps([{"role": "user", "content": "Hi"}]), "has no answer"),
        (json.dumps([{"role": "tool", "content": "x", "tool_call_id": "1"}]), "begins with the user"),
        ("[" * 100_000, "nested too deeply"),
        ('{"role": "user", "content": "Hi"}\nnonsense\n', "chat.json:2"),
    ],
)
def test_what_is_no_transcript_is_told_at_its_place(place: Path, text: str, words: str) -> None:
    (place / "chat.json").write_text(text)
    ran = promptkit("chat", "replay", "chat.json")
    assert (2, "") == ran.said
    assert words in ran.err


def test_messages_may_stand_in_lines(place: Path) -> None:
    (place / "chat.jsonl").write_text("\n".join(map(json.dumps, messages(2))))
    assert 0 == promptkit("chat", "replay", "chat.jsonl").code
    (place / "chat.bin").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in promptkit("chat", "replay", "chat.bin").err


def test_the_command_runs_in_a_process_of_its_own(tutor: Path) -> None:
    assert 0 == process("chat", "tutor.yaml", "-m", "simulate:", "-q", stdin=b"Hi\n").code
