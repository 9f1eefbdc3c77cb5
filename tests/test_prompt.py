"""A prompt as a value: loaded from anywhere, derived with `using`, rendered, requested, parsed, typed."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict  # before Python 3.12 pydantic takes only this one
from waitless import BAD, GOOD, TRIAGE, triage

from promptkit import Client, ConfigError, InputError, Memory, Message, OutputError, Prompt, RenderError, SpecError
from promptkit.client import default_client
from promptkit.template_paths import locate
from promptkit.testing import ScriptedModel

# Loading


def test_a_prompt_is_the_same_from_a_file_a_text_and_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "triage.yaml").write_text(TRIAGE)
    data = {
        "name": "triage",
        "task": "Route {{ ticket }}",
        "inputs": {"ticket": "string", "token?": {"type": "string", "secret": True}},
        "output": {"fields": {"team": "billing | platform", "urgency": "integer, 1..5"}},
    }
    prompts = [Prompt.from_yaml(tmp_path / "triage.yaml"), Prompt.from_text(TRIAGE), Prompt.from_dict(data)]
    assert 1 == len({prompt.digest for prompt in prompts})
    assert 1 == len({prompt.render(ticket="x").digest for prompt in prompts})


def test_a_text_may_pull_in_what_its_source_has() -> None:
    source = Memory({"support/_teams.md": "Teams: {{ ticket }}"})
    text = "inputs: {ticket: string}\ntask: |\n  {% include '_teams.md' %}"
    prompt = Prompt.from_text(text, source=source, path="support/a.yaml")
    assert "Teams: x" == prompt.render(ticket="x").messages[-1].text
    assert "support/a" == prompt.name
    again = Prompt.from_dict({"inputs": {"ticket": "string"}, "task": "{% include '_teams.md' %}"},
                             source=source, path="support/b.yaml")  # fmt: skip
    assert "Teams: x" == again.render(ticket="x").messages[-1].text


def test_every_fault_of_a_file_is_told_when_it_is_loaded() -> None:
    with pytest.raises(SpecError) as caught:
        Prompt.from_text("task: Hi {{ name }}\ntusk: x\noutput: {attempts: 99}")
    assert 3 <= len(caught.value.diagnostics)


def test_a_file_belongs_to_the_nearest_folder_with_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "promptkit.toml").touch()
    assert (tmp_path, "a/b/c.yaml") == locate(tmp_path / "a" / "b" / "c.yaml")
    monkeypatch.chdir(tmp_path / "a")
    assert (tmp_path, "a/c.yaml") == locate(Path("c.yaml"))
    assert (tmp_path, "c.yaml") == locate(Path("../c.yaml"))
    assert (tmp_path, "a/b/c.yaml") == locate(Path("../a/b/../b/c.yaml"))


def test_a_file_without_a_project_belongs_to_its_folder(tmp_path: Path) -> None:
    assert (tmp_path, "c.yaml") == locate(tmp_path / "c.yaml")


def fault_of(path: str | Path) -> tuple[str, str]:
    with pytest.raises(SpecError) as caught:
        Prompt.from_yaml(path)
    fault = caught.value.diagnostics[0]
    return fault.message, fault.help


def test_a_file_that_is_not_there_is_told_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("prompts").mkdir()
    Path("prompts/mail.yaml").write_text("task: Hi")
    assert ("there is no file `prompts/male.yaml`", "did you mean `prompts/mail.yaml`?") == fault_of(
        "prompts/male.yaml"
    )
    assert ("`prompts` is a folder, not a prompt", "did you mean `prompts/mail.yaml`?") == fault_of(Path("prompts"))
    assert "cannot be read: File name too long" in fault_of("x" * 5000)[0]


@pytest.mark.parametrize("text", ["task: hello", "task: |\n  " + "hello " * 1000])
def test_a_text_that_is_given_for_a_path_is_told_where_it_belongs(text: str) -> None:
    assert ("this is the text of a prompt, not the path of one", "give it to `Prompt.from_text`") == fault_of(text)


@pytest.mark.parametrize("output", [{"a": 1}, {"type": "string"}, [int], 3, Message("user", "Hi"), lambda: 1])
def test_an_output_that_is_no_type_is_told_at_once(output: Any) -> None:
    with pytest.raises(ConfigError, match=r"is not a type|has no JSON Schema") as caught:
        Prompt.from_text("task: Hi", output=output)
    assert caught.value.help.startswith("use a pydantic model")


def test_a_prompt_says_its_name_and_version() -> None:
    assert "<Prompt triage>" == repr(triage())
    assert "<Prompt hello@1.2.0>" == repr(Prompt.from_text("task: Hi\nversion: 1.2.0", path="hello.yaml"))


def test_an_error_names_its_file_as_one_would_type_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    Path("sub/part.md").write_text("{{ a.b.c }}")
    Path("sub/q.yaml").write_text("inputs: {a: object, b: integer = 1}\ntask: x{% if b == 1 %}{{ a.b.c }}{% else %}\n"
                                  "  {% include 'part.md' %}{% endif %}\noutput: {fields: {team: a | b}}")  # fmt: skip
    prompt = Prompt.from_yaml("sub/q.yaml")
    with pytest.raises(InputError) as caught:
        prompt.render(a=1)
    assert ["sub/q.yaml"] == [fault.path for fault in caught.value.diagnostics]
    for b, place in enumerate(("sub/part.md:1:4", "sub/q.yaml:2:26 (`task`)")):
        with pytest.raises(RenderError) as failed:
            prompt.render(a={}, b=b)
        assert place == failed.value.where
    with pytest.raises(SpecError) as unfit:
        Prompt.from_yaml("sub/q.yaml", output=Team)
    assert "sub/q.yaml" == unfit.value.diagnostics[0].path


def test_where_a_process_stands_makes_no_other_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "q.yaml").write_text("task: Hi")
    far = Prompt.from_yaml(tmp_path / "q.yaml")
    monkeypatch.chdir(tmp_path)
    near = Prompt.from_yaml("q.yaml")
    assert [{"q.yaml": str(tmp_path / "q.yaml")}, {"q.yaml": "q.yaml"}] == [far.spec.shown, near.spec.shown]
    assert (far.spec, far.digest, far.name) == (near.spec, near.digest, near.name)


# A value


def test_using_gives_another_prompt_and_leaves_this_one() -> None:
    prompt = triage()
    other = prompt.using(model="simulate:", options={"top_p": 0.5}, history=[{"role": "user", "content": "Earlier"}])
    assert ("MiniMax-M2.5", "simulate:") == (prompt.model, other.model)
    assert "top_p" not in prompt.request(ticket="x").options
    assert 0.5 == other.request(ticket="x").options["top_p"]
    assert Message("user", "Earlier") in other.render(ticket="x").messages
    assert Message("user", "Earlier") not in prompt.render(ticket="x").messages
    assert prompt.spec is other.spec


def test_options_are_merged_and_none_goes_back_to_the_models_default() -> None:
    prompt = triage().using(options={"top_p": 0.5, "temperature": 0}).using(options={"top_p": None, "max_tokens": 7})
    assert {"temperature": 0, "max_tokens": 7} == prompt.request(ticket="x").options


def test_a_prompt_knows_the_facts_of_the_model_in_use() -> None:
    assert default_client().facts("gpt-oss-120b") == triage().using(model="gpt-oss-120b").facts


def test_a_call_is_over_the_model_of_the_file_and_that_over_the_settings() -> None:
    prompt = Prompt.from_text("task: Hi\nmodel: from-the-file")
    assert "from-the-file" == prompt.using(client=Client(model="from-the-settings")).model
    assert "from-the-call" == prompt.using(model="from-the-call").model
    assert "from-the-settings" == triage().using(client=Client(model="from-the-settings")).model


def test_what_is_given_when_a_prompt_is_made_is_as_with_using() -> None:
    model = ScriptedModel([GOOD])
    prompt = Prompt(triage().spec, model=model, options={"top_p": 1}, history=[Message("user", "Earlier")])
    assert GOOD == prompt.run(ticket="x").output
    assert {"top_p": 1, "max_tokens": 4096} == model.requests[0].options
    assert Message("user", "Earlier") in model.requests[0].messages


def test_history_may_be_taken_back() -> None:
    prompt = triage().using(history=[Message("user", "Earlier")]).using(history=())
    assert Message("user", "Earlier") not in prompt.render(ticket="x").messages


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temprature": 0}, "there is no option `temprature`.*did you mean `temperature`"),
        ({"colour": 0}, "there is no option `colour`.*the file's `options`"),
        ({"top_p": 2}, "`top_p` must be a number from 0 to 1, not 2"),
        ({"messages": []}, "`messages` is not an option"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_at_once(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        triage().using(options=options)
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        Prompt(triage().spec, options=options)


def test_a_temperature_is_for_the_endpoint_to_judge() -> None:
    assert 1.5 == triage().using(options={"temperature": 1.5}).request(ticket="x").options["temperature"]


@pytest.mark.parametrize("history", [[{"role": "wizard", "content": "x"}], [{"role": "user"}], ["Hello"]])
def test_a_history_that_cannot_be_read_is_refused(history: Any) -> None:
    with pytest.raises(ConfigError, match="the history cannot be read"):
        triage().using(history=history)


@pytest.mark.parametrize("model", [3, {}, object(), ScriptedModel])
def test_what_is_no_model_is_refused_at_once(model: Any) -> None:
    with pytest.raises(ConfigError, match="is not a model"):
        triage().using(model=model)


def test_a_models_name_that_cannot_be_meant_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="takes no name"):
        triage().using(model="simulate:fast")


def test_a_prompt_does_not_change() -> None:
    prompt: Any = triage()
    with pytest.raises(AttributeError, match="`using` gives another one"):
        prompt.spec = None
    assert not hasattr(prompt, "__dict__")


class Team(BaseModel):
    team: Literal["billing", "platform"]
    urgency: int


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda prompt: pickle.loads(pickle.dumps(prompt))])
def test_a_copied_prompt_does_the_same(copied: Any) -> None:
    prompt = Prompt.from_text(TRIAGE, output=Team).using(model="simulate:", options={"top_p": 1}, history=["x"][:0])
    twin = copied(prompt)
    assert (prompt.name, prompt.digest, prompt.model) == (twin.name, twin.digest, twin.model)
    assert prompt.request(ticket="x") == twin.request(ticket="x")
    assert Team(**GOOD) == twin.parse(json.dumps(GOOD)).value


def test_a_pickled_prompt_finds_its_own_client_where_it_is_loaded() -> None:
    assert default_client() is pickle.loads(pickle.dumps(triage())).client


# Inputs


def test_inputs_may_be_one_mapping_and_named_ones_win() -> None:
    prompt = triage()
    assert prompt.render(ticket="x") == prompt.render({"ticket": "x"}) == prompt.render({"ticket": "y"}, ticket="x")


def test_an_input_may_have_any_name() -> None:
    prompt = Prompt.from_text("task: '{{ model }} {{ inputs }}'\ninputs: {model: string, inputs: string}")
    assert "a b" == prompt.render({"model": "a", "inputs": "b"}).messages[-1].text
    assert "a b" == prompt.render({"model": "a"}, inputs="b").messages[-1].text


def test_an_input_may_be_called_self() -> None:
    prompt = Prompt.from_text("task: '{{ self }}'\ninputs: {self: string}")
    assert "a" == prompt.render({"self": "a"}).messages[-1].text


@pytest.mark.parametrize("inputs", ["x", ["x"], 7])
def test_inputs_that_are_no_mapping_are_refused_with_the_cure(inputs: Any) -> None:
    with pytest.raises(InputError, match="not a mapping") as caught:
        triage().run(inputs)
    assert "by name" in caught.value.help


def test_texts_are_read_by_the_declared_types() -> None:
    prompt = Prompt.from_text("task: Hi {{ n }}{{ t }}\ninputs: {n: integer, t: string}")
    assert {"n": 7, "t": "7"} == prompt.inputs_from_texts({"n": "7", "t": "7"})


# Without a call


def test_rendered_messages_are_plain_dicts_for_any_client() -> None:
    messages = triage().render(ticket="x").to_openai()
    assert ["system", "user"] == [message["role"] for message in messages]
    assert {"role": "user", "content": "Route x"} == messages[-1]
    assert messages == json.loads(json.dumps(messages))


def test_a_request_is_all_that_another_client_needs() -> None:
    body = triage().using(model="gpt-oss-120b", options={"temperature": 0}).request(ticket="x").to_openai()
    assert {"model", "messages", "temperature", "max_tokens", "response_format"} == set(body)
    assert ("gpt-oss-120b", 4096) == (body["model"], body["max_tokens"])
    assert "triage" == body["response_format"]["json_schema"]["name"]
    assert body == json.loads(json.dumps(body))


def test_the_files_options_are_overridden_by_those_for_the_model_and_by_the_calls() -> None:
    text = "task: Hi\noptions: {top_p: 0.1, temperature: 0.1, max_completion_tokens: 9}\n"
    prompt = Prompt.from_text(text + "models: {m: {options: {top_p: 0.2, temperature: 0.2}}}")
    request = prompt.using(model="m", options={"temperature": 0.3}).request()
    assert {"top_p": 0.2, "temperature": 0.3, "max_completion_tokens": 9} == request.options


def test_an_answer_from_elsewhere_is_parsed_as_if_it_were_ours() -> None:
    output = triage().parse(f"<think>hm</think>{json.dumps(GOOD)}")
    assert (GOOD, "hm") == (output.value, output.reasoning)
    with pytest.raises(OutputError, match=r"\$\.urgency"):
        triage().parse(json.dumps(BAD))


# Typed answers


@dataclass
class TeamData:
    team: str
    urgency: int


class TeamDict(TypedDict):
    team: str
    urgency: int


FIELDS = "output: {fields: {team: billing | platform, urgency: integer}}"
TYPES: list[tuple[Any, str, Any, Any]] = [
    (Team, FIELDS, GOOD, Team(team="billing", urgency=2)),
    (TeamData, FIELDS, GOOD, TeamData("billing", 2)),
    (TeamDict, FIELDS, GOOD, GOOD),
    (Literal["yes", "no"], "output: {choices: [yes, 'no']}", "no", "no"),
    (list[str], "output: {format: list, items: string}", ["a", "b"], ["a", "b"]),
    (list[int], "output: {format: list, items: integer}", [1, 2], [1, 2]),
    (dict[str, int], "output: {schema: {type: object, additionalProperties: {type: integer}}}", {"a": 1}, {"a": 1}),
]


@pytest.mark.parametrize(("output", "declared", "answer", "value"), TYPES)
def test_an_answer_is_of_the_wanted_type(output: Any, declared: str, answer: Any, value: Any) -> None:
    prompt: Prompt[Any] = Prompt.from_text(f"task: Hi\n{declared}", output=output)
    text = answer if isinstance(answer, str) else json.dumps(answer)
    found = prompt.using(model=ScriptedModel([text])).run().output
    assert value == found == prompt.parse(text).value
    assert type(value) is type(found)


class Wider(BaseModel):
    team: Literal["billing", "platform", "security"]
    urgency: int
    note: str = ""


class Narrower(BaseModel):
    team: Literal["billing"]
    urgency: int


class Other(BaseModel):
    crew: str


def test_a_type_that_takes_more_than_the_file_allows_is_fine() -> None:
    assert "billing" == Prompt.from_text(TRIAGE, output=Wider).parse(json.dumps(GOOD)).value.team


@pytest.mark.parametrize("output", [Narrower, Other, list[str], int])
def test_a_type_that_does_not_fit_the_file_is_told_when_it_is_loaded(output: Any) -> None:
    with pytest.raises(SpecError, match="does not fit the file's output") as caught:
        Prompt.from_text(TRIAGE, output=output)
    assert {"PK405"} == {diagnostic.code for diagnostic in caught.value.diagnostics}


def test_what_a_types_own_validator_refuses_is_asked_for_again() -> None:
    from pydantic import field_validator

    class Calm(Team):
        @field_validator("urgency")
        @classmethod
        def _calm(cls, value: int) -> int:
            if value > 3:
                raise ValueError("too urgent")
            return value

    model = ScriptedModel([{**GOOD, "urgency": 5}, GOOD])
    result = Prompt.from_text(TRIAGE, output=Calm).using(model=model).run(ticket="x")
    assert 2 == result.output.urgency
    assert "too urgent" in model.requests[1].messages[-1].text


@pytest.mark.parametrize(("text", "version"), [("version: 1.2.0\ntask: Hi\n", "1.2.0"), ("task: Hi\n", "")])
def test_a_prompt_knows_its_version(text: str, version: str) -> None:
    assert version == Prompt.from_text(text).version


def test_a_prompt_keeps_its_parts_and_a_subclass_its_kind() -> None:
    class Mine(Prompt[Any]):
        __slots__ = ()

    prompt = Mine.from_text("task: Go.")
    with pytest.raises(AttributeError, match="does not change"):
        del prompt.spec
    assert [Mine, Mine] == [type(prompt), type(prompt.using(model="m"))]
