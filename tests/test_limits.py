"""Limits: each can be set from outside, each is named by the error of what goes beyond it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import START
from git_repos import GitRepo

from promptkit.completion import Completion
from promptkit.errors import ConfigError, OutputError, PromptkitError, RenderError
from promptkit.limits import ROWS, Limits, current_limits, limited, shown_limits, variable
from promptkit.loader import load_spec
from promptkit.messages import ToolCall
from promptkit.output import PartialParser, parse_output
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.prompt import Prompt
from promptkit.repos.git.objects import Objects
from promptkit.repos.git.snapshot import Snapshot
from promptkit.source import Folder, Memory
from promptkit.template import Templates
from promptkit.testing import ScriptedModel


def load(task: str, **files: str) -> None:
    texts = {name.replace("_yaml", ".yaml"): text for name, text in files.items()}
    load_spec(Memory({"a.yaml": f"promptkit: 1\n{task}\n", **texts}), "a.yaml")


def render(task: str) -> None:
    Prompt.from_text(f"promptkit: 1\ntask: {task}\n").render()


def walk_repo() -> None:
    """Go through all files of a commit: `a.md`, `b.md` and `c/d/e.md`."""
    folder = Path(tempfile.mkdtemp())
    repo = GitRepo.at(folder)
    commit = repo.commit({"a.md": "a", "b.md": "b", "c/d/e.md": "e"})
    with Objects(folder / ".git") as objects:
        list(Snapshot(objects.get, commit).files())


def call_tools(times: int) -> None:
    """Let a model call a tool so many times; what a tool's run failed for is an error here."""
    called = Completion("", tool_calls=(ToolCall("a", "say", "{}"),))
    model = ScriptedModel([called] * times + ["done"])

    def say() -> str:
        """Say something."""
        return "hello"

    for run in Prompt.from_text("task: x").using(model=model, tools=[say]).run().tool_calls:
        if run.status != "ok":
            raise PromptkitError(run.told)


LADDER = {f"p{number}_yaml": f"task: a\nextends: p{number + 1}.yaml\n" for number in range(3)} | {
    "p3_yaml": "task: a\n"
}

TEXTS_AS_NUMBERS = {"type": "array", "items": {"type": "integer"}}

OVER: dict[str, tuple[dict[str, float], Callable[[], object]]] = {
    "file_bytes": ({"file_bytes": 20}, lambda: load("task: a text of some length")),
    "yaml_depth": ({"yaml_depth": 2}, lambda: load("task: a\noutput: {schema: {items: {type: [string]}}}")),
    "yaml_nodes": ({"yaml_nodes": 4}, lambda: load("task: a\ncontext: b")),
    "yaml_aliases": ({"yaml_aliases": 1}, lambda: load("task: &a b\ncontext: *a\npersona: *a")),
    "include_depth": ({"include_depth": 2}, lambda: load("task: a\nextends: p0.yaml", **LADDER)),
    "render_seconds": (
        {"render_seconds": 1e-9},
        lambda: render("'{% for a in range(9999) %}{{ a }}{% endfor %}'"),
    ),
    "render_characters": ({"render_characters": 20}, lambda: render("'{% for a in range(99) %}{{ a }}{% endfor %}'")),
    "render_steps": ({"render_steps": 20}, lambda: render("'{% for a in [1] * 99 %}{{ a }}{% endfor %}'")),
    "answer_characters": ({"answer_characters": 4}, lambda: parse_json("[1, 2, 3]")),
    "answer_depth": ({"answer_depth": 2}, lambda: parse_json("[[[1]]]")),
    "answer_passes": ({"answer_passes": 1}, lambda: parse_output("[(" * 200 + " [1]")),
    "answer_changes": ({"answer_changes": 4}, lambda: parse_output('["1", "2", "3", "4"]', TEXTS_AS_NUMBERS)),
    "tool_steps": ({"tool_steps": 1}, lambda: call_tools(2)),
    "repo_files": ({"repo_files": 1}, walk_repo),
    "repo_depth": ({"repo_depth": 1}, walk_repo),
    "tool_characters": ({"tool_characters": 2}, lambda: call_tools(1)),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_is_over_a_limit_is_refused_and_the_error_names_the_variable_that_sets_it(name: str) -> None:
    changed, act = OVER[name]
    act()
    with limited(**changed), pytest.raises((PromptkitError, NotJson)) as caught:
        act()
    assert variable(name) in f"{caught.value} {getattr(caught.value, 'help', '')}"


MANY = "messages:\n" + "- {role: user, content: \"{{ 'a' * 60 }}{{ 'b' * 30 }}\"}\n" * 9


def test_the_messages_of_a_prompt_share_the_limit_of_characters() -> None:
    prompt = Prompt.from_text(MANY)
    with limited(render_characters=810):
        assert len(prompt.render().messages) == 9
    with limited(render_characters=809), pytest.raises(RenderError, match="the messages grow beyond 809 characters"):
        prompt.render()


def test_the_examples_of_a_prompt_share_it_too() -> None:
    case = "- {inputs: {a: x}, output: y}\n"
    prompt = Prompt.from_text('inputs: {a: string}\ntask: "{{ a * 100 }}"\nexamples:\n' + case * 9)
    with limited(render_characters=999), pytest.raises(RenderError, match="999 characters"):
        prompt.render(a="x")
    with limited(render_characters=1_000):
        assert len(prompt.render(a="x").messages) == 19


def test_the_messages_of_a_prompt_share_the_time_that_they_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by a second at each look: each message by itself would be in time."""
    seconds = itertools.count()
    monkeypatch.setattr("promptkit.template.metering.time.monotonic", lambda: float(next(seconds)))
    with limited(render_seconds=6.0):
        Prompt.from_text("messages:\n" + "- {role: user, content: \"{{ 'a' * 60 }}\"}\n").render()
        with pytest.raises(RenderError, match="longer than 6 s"):
            Prompt.from_text(MANY).render()


LONG = "x" * 300_000
LOOKING = {
    "is lower": "{% if x is lower %}{% endif %}",
    "is upper": "{% if x is upper %}{% endif %}",
    "islower": "{% if x.islower() %}{% endif %}",
    "split": "{% if x.split('y') %}{% endif %}",
    "splitlines": "{% if x.splitlines() %}{% endif %}",
    "truncate_tokens": "{% if x | truncate_tokens(9) %}{% endif %}",
    "table": "{% if rows | table %}{% endif %}",
    "csv": "{% if rows | csv %}{% endif %}",
}


@pytest.mark.parametrize("what", LOOKING)
def test_what_looks_at_all_of_a_long_text_or_list_looks_at_the_clock(what: str) -> None:
    """Nothing is printed here: who prints something is stopped by that."""
    values = {"x": LONG, "rows": [{"a": number} for number in range(300)]}
    with limited(render_seconds=1e-9), pytest.raises(RenderError) as caught:
        Templates({}).render(LOOKING[what], values)
    assert caught.value.code == "PK222"


@pytest.mark.parametrize(
    "expression",
    [
        "x.split('x')",
        "x.rsplit('x')",
        "('x ' * 400000 ~ 'x ' * 400000).split()",
        "('x\n' * 400000 ~ 'x\n' * 400000).splitlines()",
    ],
)
def test_a_text_is_taken_apart_into_as_many_parts_as_a_list_may_have(expression: str) -> None:
    with pytest.raises(RenderError, match="more than 500,000 parts"):
        Templates({}).render(f"{{% if {expression} %}}{{% endif %}}", {"x": "x" * 600_000})


@pytest.mark.parametrize("text", ["{" + "a:b," * 9_000, '{"a": "b"} ' * 5_100], ids=["slips", "values"])
def test_an_answer_of_endless_slips_or_values_is_not_gone_through_to_its_end(text: str) -> None:
    with limited(answer_passes=1), pytest.raises(OutputError) as caught:
        parse_output(text, {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]})
    assert caught.value.violations[0].keyword == "work"
    assert variable("answer_passes") in str(caught.value)


def test_a_stream_has_the_limit_of_depth_too() -> None:
    with limited(answer_depth=2):
        parser = PartialParser()
        parser.feed("[[[1]]]")
        assert parser.broken


@pytest.mark.parametrize("depth", [ROWS["yaml_depth"].most])
def test_the_deepest_file_that_can_be_allowed_is_read_and_told_like_any_other(depth: float) -> None:
    deep = int(depth) - 3
    schema = '{"items": ' * (deep - 1) + '{"type": "string"}' + "}" * (deep - 1)
    with limited(yaml_depth=int(depth)):
        files = Memory({"a.yaml": f"promptkit: 1\ntask: a\noutput: {{schema: {schema}}}\n"})
        assert deep == str(load_spec(files, "a.yaml").output.json_schema).count("{")


@pytest.mark.parametrize("depth", [ROWS["answer_depth"].most])
def test_the_deepest_answer_that_can_be_allowed_is_read(depth: float) -> None:
    with limited(answer_depth=int(depth)):
        assert "[" in repr(parse_json("[" * int(depth) + "]" * int(depth)))


def test_limits_hold_inside_of_the_block_and_others_stay() -> None:
    before = current_limits()
    with limited(render_steps=5), limited(yaml_depth=4):
        assert (5, 4) == (current_limits().render_steps, current_limits().yaml_depth)
        assert before.file_bytes == current_limits().file_bytes
    assert before == current_limits()


@pytest.mark.parametrize(
    "wrong",
    [{"no_such": 1}, {"yaml_depth": 0}, {"yaml_depth": 151}, {"yaml_depth": True}, {"render_seconds": float("nan")}],
)
def test_a_limit_that_cannot_be_is_refused_in_words(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))), limited(**wrong):
        pass


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*START, *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_environment_sets_them_and_config_shows_it(tmp_path: Path) -> None:
    prompt = tmp_path / "a.yaml"
    prompt.write_text("promptkit: 1\ntask: '{% for a in range(9) %}{{ a }}{% endfor %}'\n", encoding="utf-8")
    assert 0 == run({}, "render", str(prompt)).returncode
    refused = run({variable("render_steps"): "3"}, "render", str(prompt))
    assert refused.returncode
    assert variable("render_steps") in refused.stderr
    assert "render_steps" in run({variable("render_steps"): "3"}, "config").stdout
    unfit = run({variable("render_steps"): "many"}, "render", str(prompt))
    assert unfit.returncode
    assert f"{variable('render_steps')} must be a whole number" in unfit.stderr
    assert "Traceback" not in unfit.stderr


def test_each_limit_is_shown_with_its_value_and_its_origin() -> None:
    assert [("default", getattr(Limits(), name)) for name in ROWS] == [
        (row["origin"], row["value"]) for row in shown_limits()
    ]


def test_a_folder_with_a_limit_of_its_own_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    with pytest.raises(PromptkitError, match="limit of 4 bytes"):
        Folder(tmp_path, max_bytes=4).read("a")
    with limited(file_bytes=2):
        assert b"12345" == Folder(tmp_path, max_bytes=5).read("a")


@pytest.mark.parametrize("depth", [70, 100, 145])
def test_values_are_brought_to_their_types_as_deep_as_an_answer_may_be(depth: int) -> None:
    inner = {"a": {"type": "integer"}, "c": {"$ref": "#"}}
    schema = {"type": "object", "properties": inner, "required": ["a"], "additionalProperties": False}
    value: dict[str, Any] = {"a": "1"}
    for _ in range(depth - 1):
        value = {"a": "1", "c": value}
    with limited(answer_depth=150):
        output = parse_output(json.dumps(value), schema)
    assert depth == len(output.steps)
