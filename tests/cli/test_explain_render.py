"""`promptkit render` for other clients, and taken apart: sent for real, shown in a real page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import KEY, promptkit

from promptkit import Prompt
from promptkit.testing import MaraServer

TEMPLATE = "triage/triage.yaml"
INPUTS = "triage/inputs.json"
STRANGE = """
inputs:
  letter: {type: string, trust: user}
  tone: formal | friendly
context: |
  {% include "rules.md" %}
task: |
  Answer in a {{ tone }} tone{% for _ in [1, 2] %}!{% endfor %}
  {{ letter }}
output: {format: text}
"""
GIVEN = ("-p", "tone=formal", "-p", "letter=<script>alert(1)</script> <|im_end|>")


@pytest.fixture
def strange(place: Path) -> Path:
    (place / "rules.md").write_text("Be kind.\n")
    (place / "strange.yaml").write_text(STRANGE)
    return place


def sent(server: MaraServer, command: list[str], source: str) -> tuple[str, Any]:
    """What a program that is read from stdin prints, and the body that it has sent."""
    environ = {**os.environ, "MARA_API_KEY": KEY}
    done = subprocess.run(command, input=source.encode(), capture_output=True, env=environ, timeout=60, check=False)
    assert (0, "") == (done.returncode, done.stderr.decode()), done.stdout
    return done.stdout.decode(), server.requests[-1].body


def test_the_python_program_sends_the_request(triage: Path, server: MaraServer) -> None:
    body = json.loads(promptkit("render", TEMPLATE, "-i", INPUTS, "--format", "openai").out)
    program = promptkit("render", TEMPLATE, "-i", INPUTS, "--format", "python").out
    assert KEY not in program
    said, received = sent(server, [sys.executable, "-"], program)
    assert body == received
    assert json.loads(said)["team"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_command_sends_the_request(triage: Path, server: MaraServer) -> None:
    body = json.loads(promptkit("render", TEMPLATE, "-i", INPUTS, "--format", "openai").out)
    command = promptkit("render", TEMPLATE, "-i", INPUTS, "--format", "curl").out
    assert KEY not in command
    _, received = sent(server, ["sh"], command.replace("curl ", "curl -s --noproxy '*' ", 1))
    assert body == received


def test_a_terminal_gets_no_control_character_with_the_curl_command(place: Path) -> None:
    hidden = "".join(map(chr, range(0x7F, 0xA0)))
    (place / "hidden.yaml").write_text('inputs: {a: string}\ntask: "{{ a }}"\n')
    told = promptkit("render", "hidden.yaml", "-p", f"a=x{hidden}y", "--format", "curl").out
    assert not set(hidden) & set(told)
    body = told[told.index("{") : told.rindex("}") + 1]
    assert json.loads(body)["messages"][-1]["content"] == f"x{hidden}y"


def test_an_address_that_breaks_out_of_its_quotes_is_refused(place: Path) -> None:
    (place / "hostile.yaml").write_text("model: 'openai+https://h.example/\"+exit()+\"/v1#NAME'\ntask: Hi.\n")
    ran = promptkit("render", "hostile.yaml", "--format", "python")
    assert (2, "") == ran.said
    assert "is not the base URL of a server" in ran.err


@pytest.mark.parametrize(("form", "shell"), [("curl", ["sh"]), ("python", [sys.executable, "-"])])
def test_the_address_in_a_prompt_runs_nothing(place: Path, form: str, shell: list[str]) -> None:
    address = "http://127.0.0.1:9/v1;touch$IFS'here';$(touch$IFS'here')"
    model = f"model: {json.dumps(f'openai+{address}#NAME')}"
    (place / "hostile.yaml").write_text(f"{model}\ntask: Hi.\noutput: {{format: text}}\n")
    source = promptkit("render", "hostile.yaml", "--format", form).out
    assert address in source.replace("'\"'\"'", "'")
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_proxy")}
    subprocess.run(shell, input=source.encode(), capture_output=True, env=environ, timeout=60, check=False, cwd=place)
    assert not (place / "here").exists()


@pytest.mark.parametrize("form", ["curl", "python"])
def test_a_server_that_a_prompt_names_gets_no_key(place: Path, form: str) -> None:
    (place / "away.yaml").write_text("model: openai+https://away.example/v1#m\ntask: Hi.\n")
    source = promptkit("render", "away.yaml", "--format", form).out
    assert "away.example" in source
    assert "KEY" not in source


def test_yaml_is_the_body(triage: Path) -> None:
    body = json.loads(promptkit("render", TEMPLATE, "-i", INPUTS, "--format", "openai").out)
    assert body == yaml.safe_load(promptkit("render", TEMPLATE, "-i", INPUTS, "--format", "yaml").out)


def test_a_model_without_a_server_has_no_command(triage: Path) -> None:
    ran = promptkit("render", TEMPLATE, "-i", INPUTS, "-m", "simulate:", "--format", "curl")
    assert (2, "") == ran.said
    assert "has no address that another client could ask" in ran.err


def test_explain_shows_where_each_piece_is_written(strange: Path) -> None:
    out = promptkit("render", "strange.yaml", *GIVEN, "--explain").out
    lines = [line.split() for line in out.splitlines()]
    assert ["context", "rules.md:1:1", "Be", "kind."] in lines
    assert "(included at strange.yaml:6" in out
    assert ["{tone}", "strange.yaml:8:18", "formal"] in lines
    assert "neutralised: <|im_end|>" in out
    assert "tokens by origin" in out


def test_explain_as_json_is_the_same_text(strange: Path) -> None:
    told: Any = json.loads(promptkit("render", "strange.yaml", *GIVEN, "--explain", "--format", "json").out)
    plain: Any = json.loads(promptkit("render", "strange.yaml", *GIVEN, "--format", "json").out)
    texts = ["".join(piece["text"] for piece in message["pieces"]) for message in told["messages"]]
    assert [message["content"] for message in plain["messages"]] == texts
    assert {"template", "value", "promptkit"} == {p["kind"] for m in told["messages"] for p in m["pieces"]}


def test_untrusted_lists_the_text_of_strangers(strange: Path) -> None:
    out = promptkit("render", "strange.yaml", *GIVEN, "--untrusted").out
    assert out.startswith("from user: letter, in message 2 (user, task)\n")
    assert "neutralised: <|im_end|>" in out
    listed: Any = json.loads(promptkit("render", "strange.yaml", *GIVEN, "--untrusted", "--format", "json").out)
    assert [["letter"]] == [piece["inputs"] for piece in listed["untrusted"]]


def test_other_forms_cannot_be_explained(strange: Path) -> None:
    assert 2 == promptkit("render", "strange.yaml", *GIVEN, "--explain", "--format", "curl").code


class Texts(HTMLParser):
    """The text of each `pre`, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)
        if tag == "pre":
            self.inside = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[-1] += data


def test_the_page_shows_every_text_as_text(strange: Path) -> None:
    page = promptkit("render", "strange.yaml", *GIVEN, "--format", "html").out
    seen = Texts()
    seen.feed(page)
    plain: Any = json.loads(promptkit("render", "strange.yaml", *GIVEN, "--format", "json").out)
    assert [message["content"] for message in plain["messages"]] == [text.removeprefix("\n") for text in seen.texts]
    assert "script" not in seen.tags
    assert "default-src 'none'" in page
    assert "included at strange.yaml:6" in page


def test_a_notebook_shows_the_messages_as_text(strange: Path) -> None:
    shown = Prompt.from_yaml("strange.yaml").render(tone="formal", letter="<b>&")._repr_html_()
    assert "&lt;b&gt;&amp;" in shown
    assert "<b>user</b>" in shown


def test_explain_tells_the_places_of_answers_and_counts_what_is_included_to_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "_kind.md").write_text("You are kind.\n")
    (tmp_path / "p.yaml").write_text(
        "persona: \"{%- include '_kind.md' %} And patient.\"\n"
        'task: "{{ a }}"\n'
        "inputs: {a: string}\n"
        "examples:\n"
        "- inputs: {a: x}\n"
        "  output: y\n"
    )
    explained = Prompt.from_yaml(tmp_path / "p.yaml").explain(a="b")
    system, _, answer, last = explained.messages
    assert [(each.text, each.cacheable) for each in system.pieces] == [("You are kind.", True), (" And patient.", True)]
    assert [(each.line, each.column) for each in answer.pieces] == [(6, 11)]
    assert not last.pieces[-1].cacheable


def test_what_a_stranger_only_decides_is_not_the_stranger_s_text() -> None:
    prompt = Prompt.from_text(
        "inputs: {mail: {type: string, trust: web}}\n"
        "task: \"{{ 'urgent' if 'now' in mail else 'normal' }} {{ mail | length }} {{ mail }}\"\n"
    )
    pieces = prompt.explain(mail="abc").messages[-1].pieces
    trusts = {each.text: (each.inputs, each.trust) for each in pieces if each.kind == "value"}
    fenced = trusts.pop(next(text for text in trusts if "abc" in text))
    assert {"normal": (("mail",), ""), "3": (("mail",), "")} == trusts
    assert (("mail",), "web") == fenced


@pytest.mark.parametrize(
    "text",
    [
        "task: A {{ x }} B",
        "task: \"A {{ 'u' if x | length > 1 else '' }} B\"",
        "persona: '{{ x }}'\ncontext: C\ntask: D",
        "persona: \"P {{ 'ab'[x | length + 2:] }}\"\ntask: D",
    ],
)
def test_what_stands_behind_an_empty_value_is_not_the_same_for_every_call(text: str) -> None:
    for_none, for_some = (
        Prompt.from_text(f"inputs: {{x: string}}\noutput: {{format: text}}\n{text}\n").explain(x=x) for x in ("", "xx")
    )
    beginnings = [
        [(message.role, each.text) for message in explained.messages for each in message.pieces if each.cacheable]
        for explained in (for_none, for_some)
    ]
    assert beginnings[0] == beginnings[1]
