"""Conversations in files: what is saved comes back, what is new is added, and nothing that was saved is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promptkit import Client, Conversation, Prompt, errors, tool
from promptkit.completion import Completion, Usage
from promptkit.messages import ToolCall
from promptkit.testing import ScriptedModel

PROMPT = """
name: tutor
version: 1.0.0
inputs: {message: string, place: string = here, token?: {type: string, secret: true}}
task: "{{ message }}"
conversation: {input: message}
memory: {last: 1}
"""
KEY = "sk-planted-0123456789"


def begun(*answers: Any, text: str = PROMPT, **inputs: Any) -> Conversation[Any]:
    return Prompt.from_text(text).using(model=ScriptedModel(answers)).chat(**inputs)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.jsonl"


def test_what_is_saved_comes_back_and_is_gone_on_with(path: Path) -> None:
    @tool
    def act(city: str) -> str:
        """Act."""
        return f"done \ud800 {city}"

    calling = Completion("", "", (ToolCall("c", "act", '{"city": "Zürich"}'),), "tool_calls", Usage(3, 1, requests=1))
    text = PROMPT + "tools: [act]\n"
    model = ScriptedModel([calling, "Grüezi\u2028!", "two", "three"])
    prompt = Prompt.from_text(text).using(model=model, tools=[act])
    chat = prompt.chat(place="there").send("a\nb").conversation.send("c").conversation.send("d").conversation
    chat.save(path)
    again = Conversation.load(path, prompt)
    assert chat == again
    assert () == again.changes
    assert {"place": "there"} == again.inputs
    assert chat.usage == again.usage
    assert [turn.steps for turn in chat.turns] == [turn.steps for turn in again.turns]
    assert chat.turns[2].steps


def test_saved_again_only_what_is_new_is_added(path: Path) -> None:
    chat = begun(*"abcdef")
    sizes = []
    for number in range(4):
        chat = chat.send(f"{number}").conversation
        before = path.read_bytes() if path.exists() else b""
        chat.save(path)
        assert path.read_bytes().startswith(before)
        sizes.append(len(path.read_bytes()) - len(before))
    assert max(sizes[1:]) < 2 * min(sizes[1:])
    inode = path.stat().st_ino
    chat.save(path)
    assert inode == path.stat().st_ino
    other = chat.rewind(2).send("other").conversation
    other.save(path)
    assert other == Conversation.load(path, chat.prompt)
    assert chat == Conversation.load(path.with_name(f"{path.name}~"), chat.prompt)


def test_a_line_that_was_cut_off_is_told_and_what_was_saved_is_there(path: Path) -> None:
    chat = begun("one", "two").send("a").conversation.send("b").conversation
    chat.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    again = Conversation.load(path, chat.prompt)
    assert chat.rewind().turns == again.turns
    assert ("the last line was cut off, and is left out",) == again.changes
    chat.save(path)
    assert whole == path.read_bytes()


SINCE = "tutor@1.0.0 has changed since, under the same name and version"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("1.0.0", "1.1.0"), "it was held with tutor@1.0.0; tutor@1.1.0 differs"),
        (("name: tutor", "name: teacher"), "it was held with tutor@1.0.0; teacher@1.0.0 differs"),
        (('"{{ message }}"', '"Say: {{ message }}"'), f"{SINCE}: task"),
        (("task:", "context: Be brief.\npersona: You.\ntask:"), f"{SINCE}: persona, context"),
    ],
)
def test_a_prompt_that_has_changed_since_is_told(change: tuple[str, str], told: str, path: Path) -> None:
    begun("one").send("a").conversation.save(path)
    again = Conversation.load(path, Prompt.from_text(PROMPT.replace(*change)))
    assert (told,) == again.changes


def test_secrets_are_left_out_and_given_anew(path: Path) -> None:
    prompt = Prompt.from_text(PROMPT).using(model=ScriptedModel([f"your key is {KEY}"]), client=Client(api_key=KEY))
    chat = prompt.chat(token="hush-0123456789").send(f"my key is {KEY}").conversation
    chat.save(path)
    assert KEY not in path.read_text()
    assert "hush" not in path.read_text()
    assert {"token": "again"} == Conversation.load(path, prompt, token="again").inputs


@pytest.mark.parametrize(
    ("content", "place", "fault"),
    [
        ("", ":1", "no turn of a conversation"),
        ("nothing\n", ":1", "no turn of a conversation"),
        ("[1]\n", ":1", "no turn of a conversation"),
        ("{}\n", "", "no conversation of promptkit's"),
        ('{"promptkit_chat": 2}\n', "", "no conversation of promptkit's"),
        ('{"promptkit_chat": 1}\n', ":1", "no head of a conversation"),
        ('{"promptkit_chat": 1, "input": "message", "inputs": 5}\n', ":1", "no head of a conversation"),
        ('{"promptkit_chat": 1, "input": "said"}\n', "", "the input `said`, which tutor has not"),
        ('{"promptkit_chat": 1, "input": "message"}\n{}\n', ":2", "no turn: no 'messages'"),
        ('{"promptkit_chat": 1, "input": "message"}\n\n', ":2", "no turn of a conversation"),
        ('{"promptkit_chat": 1, "input": "message"}\n{"text": "", "messages": []}\n', ":2", "no turn"),
        ('{"promptkit_chat": 1, "input": "message"}\n{"text": "", "messages": [7]}\n', ":2", "no turn"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(content: str, place: str, fault: str, path: Path) -> None:
    path.write_text(content)
    with pytest.raises(errors.ConfigError, match=fault) as caught:
        Conversation.load(path, Prompt.from_text(PROMPT))
    assert f"{path}{place}" == caught.value.where


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    chat = begun("one").send("a").conversation
    with pytest.raises(errors.ConfigError, match="cannot be saved"):
        chat.save(tmp_path / "nowhere" / "chat.jsonl")
    with pytest.raises(errors.ConfigError, match="cannot be opened"):
        Conversation.load(tmp_path / "gone.jsonl", chat.prompt)


KILLED = """
import sys
from pathlib import Path
from promptkit import Conversation, Prompt
from promptkit.testing import ScriptedModel
path = Path(sys.argv[1])
prompt = Prompt.from_text(sys.stdin.read()).using(model=ScriptedModel(map(str, range(10**6))))
chat = Conversation.load(path, prompt) if path.exists() else prompt.chat()
while True:
    chat = chat.send("x").conversation
    chat.save(path)
    print(len(chat.turns), flush=True)
"""


def test_a_process_that_is_killed_loses_no_turn_that_was_saved(path: Path) -> None:
    saved = 0
    for kill in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with child:
            assert child.stdin
            assert child.stdout
            child.stdin.write(PROMPT)
            child.stdin.close()
            for line in child.stdout:
                saved = int(line)
                if saved >= 15 * (kill + 1):
                    break
            time.sleep(0.003 * kill)
            os.kill(child.pid, signal.SIGKILL)
            saved = max([saved, *map(int, child.stdout.read().split())])
        again = Conversation.load(path, Prompt.from_text(PROMPT))
        assert saved <= len(again.turns) <= saved + 1
    lines = path.read_text().splitlines()
    assert all(json.loads(line) for line in lines)


def test_a_file_that_holds_something_else_is_not_replaced(path: Path) -> None:
    path.write_text("my notes\n")
    with pytest.raises(errors.ConfigError, match="not replaced"):
        begun("one").send("a").conversation.save(path)
    assert "my notes\n" == path.read_text()


def test_turns_that_somebody_else_saved_are_not_replaced(path: Path) -> None:
    mine = begun("one", "two").send("a").conversation
    mine.save(path)
    other = Conversation.load(path, mine.prompt).send("b").conversation
    theirs = path.read_bytes() + (path.read_bytes().splitlines(keepends=True)[1]).replace(b'"a"', b'"theirs"')
    path.write_bytes(theirs)
    with pytest.raises(errors.ConfigError, match="somebody else writes to it"):
        other.save(path)
    assert theirs == path.read_bytes()
    other.save(path.with_name("other.jsonl"))


def test_a_free_conversation_stays_free(path: Path) -> None:
    chat = begun("one").send("a").conversation
    free = replace(chat, turns=tuple(replace(turn, cost=0.0) for turn in chat.turns))
    free.save(path)
    assert 0.0 == Conversation.load(path, chat.prompt).cost


def test_the_value_of_a_secret_is_left_out_wherever_it_was_said(path: Path) -> None:
    chat = begun("you said hush-0123456789")
    chat = replace(chat, inputs={**chat.inputs, "token": "hush-0123456789"})
    chat.send("it is hush-0123456789").conversation.save(path)
    assert "hush" not in path.read_text()


@pytest.mark.parametrize(
    "wrong",
    [{"text": None}, {"time": 5}, {"cost": "x"}, {"record": ["a"]}, {"usage": {"prompt_tokens": "x"}}, {"usage": None}],
)
def test_a_field_of_the_wrong_kind_is_told_when_it_is_loaded(wrong: dict[str, object], path: Path) -> None:
    chat = begun("one").send("a").conversation
    chat.save(path)
    head, line = path.read_text().splitlines()
    path.write_text(f"{head}\n{json.dumps({**json.loads(line), **wrong})}\n")
    with pytest.raises(errors.ConfigError, match="this line is no turn"):
        Conversation.load(path, chat.prompt)
