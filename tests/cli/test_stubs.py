"""The Python code that `promptkit schema --stubs` writes: it runs, and type checkers hold callers to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import promptkit
from hypothesis import given
from pydantic import TypeAdapter
from schema_strategies import schemas

from promptkit.loader import load_spec
from promptkit.source import Memory
from promptkit.stubs import FORMS, inputs_schema, stub_module
from promptkit.stubs.types import Types, model, typed_dict

ROOT = Path(__file__).parent.parent.parent
TRIAGE = """
name: support/triage
task: "{{ ticket }}{% if tone %}{{ tone }}{% endif %}{{ limit }}{{ lines }}"
inputs:
  ticket: string
  tone?: formal | friendly
  limit: integer = 3
  lines: [{text: string, count?: integer}]
output:
  fields:
    team: billing | platform
    urgency: integer, 1..5
    tags?: [string]
    from: string
"""
TALE = "task: Tell {{ n }} tales.\ninputs: {n: integer}\n"

CALLS = """
from app import Prompt

triage = Prompt.from_yaml("triage.yaml")
result = triage.run(ticket="a", lines=[{"text": "x"}], tone="formal")
team: str = result.output["team"]
tale: str = Prompt.from_yaml("tale.yaml").run(n=1).output
other = Prompt.from_yaml("other.yaml").run(anything=1)
"""
WRONG = """
from app import Prompt

triage = Prompt.from_yaml("triage.yaml")
triage.run(ticket=1, lines=[])
triage.run(lines=[])
triage.run(ticket="a", lines=[], tone="rude")
triage.run(ticket="a", lines=[], tikcet="b")
triage.run(ticket="a", lines=[]).output["tema"]
n: int = triage.run(ticket="a", lines=[]).output["team"]
"""


@pytest.fixture
def project(place: Path) -> Path:
    (place / "triage.yaml").write_text(TRIAGE)
    (place / "tale.yaml").write_text(TALE)
    (place / "app.py").write_text("from promptkit import Prompt as Prompt\n")
    ran = promptkit("schema", "--stubs", "pyi", "triage.yaml", "tale.yaml", "-o", "app.pyi")
    assert 0 == ran.code, ran.err
    (place / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(ROOT)]}))
    (place / "calls.py").write_text(CALLS)
    (place / "wrong.py").write_text(WRONG)
    return place


def lines_told(checker: list[str], project: Path, file: str) -> tuple[set[int], str]:
    """The lines of a file that a type checker complains about."""
    done = subprocess.run(
        [sys.executable, "-m", *checker, file], cwd=project, capture_output=True, text=True, check=False, timeout=300
    )
    said = done.stdout + done.stderr
    told = [line for line in said.splitlines() if f"{file}:" in line and "error" in line]
    return {int(line.split(f"{file}:")[1].split(":")[0]) for line in told}, said


@pytest.mark.parametrize("checker", [["mypy", "--strict"], ["pyright"]], ids=lambda each: each[0])
def test_a_type_checker_holds_calls_to_the_file(checker: list[str], project: Path) -> None:
    fine, said = lines_told(checker, project, "calls.py")
    assert set() == fine, said
    wrong, said = lines_told(checker, project, "wrong.py")
    assert set(range(5, 11)) == wrong, said


@pytest.mark.parametrize("form", FORMS)
def test_the_code_runs(form: str) -> None:
    spec = load_spec(Memory(), "triage.yaml", TRIAGE)
    code = stub_module({"triage.yaml": spec, "b/triage.yaml": spec}, form)
    if form == "pyi":
        compile(code, "stub.pyi", "exec")
        return
    names: dict[str, Any] = {}
    exec(compile(code, "<stubs>", "exec"), names)
    assert {"SupportTriageInputs", "SupportTriageOutput"} <= set(names)


ODD_NAMES = """
inputs: {self: string, inputs: string}
task: "{{ self }}{{ inputs }}"
output:
  schema:
    type: [object, 'null']
    properties:
      1st: {type: integer}
      a-b: {type: string}
      a_b: {type: string}
      model_config: {type: string}
      json: {type: string}
      str: {type: [integer, 'null']}
      text: {type: string}
      list: {type: array, items: {type: string}}
      words: {type: array, items: {type: string}}
"""


@pytest.mark.parametrize("form", FORMS)
def test_names_that_mean_something_else_in_python_do_no_harm(form: str) -> None:
    code = stub_module({"odd.yaml": load_spec(Memory({}), "odd.yaml", ODD_NAMES)}, form)
    space: dict[str, Any] = {}
    exec(compile(code, "odd.py", "exec"), space)
    if form == "pydantic":
        value = {"1st": 1, "a-b": "x", "a_b": "y", "str": 2, "text": "z", "list": ["w"]}
        made = space["OddOutput"](**value).model_dump(by_alias=True, exclude_none=True)
        assert value == made


def test_a_pydantic_model_takes_what_the_schema_takes() -> None:
    spec = load_spec(Memory(), "triage.yaml", TRIAGE)
    names: dict[str, Any] = {}
    exec(compile(stub_module({"triage.yaml": spec}, "pydantic"), "<stubs>", "exec", dont_inherit=True), names)
    answer = {"team": "billing", "urgency": 3, "from": "Ada"}
    assert "Ada" == TypeAdapter(names["TriageOutput"]).validate_python(answer).from_


@given(schemas)
def test_every_schema_has_a_type(schema: Any) -> None:
    for write in (typed_dict, model):
        types = Types(write)
        expression = types.of(schema, "Made")
        code = "from typing import *\nfrom pydantic import BaseModel, Field\n" + "\n".join(types.classes.values())
        compile(f"from __future__ import annotations\n{code}\nx: {expression}", "<made>", "exec")


def test_the_schema_of_inputs_is_one_closed_object() -> None:
    spec = load_spec(Memory(), "triage.yaml", TRIAGE)
    schema = inputs_schema(spec)
    assert ["ticket", "lines"] == schema["required"]
    assert 3 == schema["properties"]["limit"]["default"]
    assert schema["additionalProperties"] is False


def test_the_schema_of_inputs_is_printed(project: Path) -> None:
    ran = promptkit("schema", "--inputs", "tale.yaml")
    assert '"n"' in ran.out
    assert 2 == promptkit("schema", "--inputs").code
    assert 2 == promptkit("schema", "--stubs", "pyi").code
    assert 2 == promptkit("schema", "tale.yaml").code


def test_the_schema_of_the_answer_is_printed(project: Path) -> None:
    (project / "answer.yaml").write_text("task: Go.\noutput: {fields: {a: integer}}\n")
    assert {"a": {"type": "integer"}} == json.loads(promptkit("schema", "--answer", "answer.yaml").out)["properties"]
    (project / "text.yaml").write_text("task: Go.\n")
    assert {"type": "string"} == json.loads(promptkit("schema", "--answer", "text.yaml").out)


@pytest.mark.parametrize(
    "command",
    [
        ("schema", "--output", "answer.yaml"),
        ("schema", "--inputs", "answer.yaml", "-o", "answer.yaml"),
        ("render", "answer.yaml", "-o", "answer.yaml"),
        ("render", "answer", "-o", "answer.yaml"),
        ("run", "answer.yaml", "-m", "simulate:", "-o", "./answer.yaml"),
    ],
)
def test_no_result_is_written_over_what_is_read(project: Path, command: tuple[str, ...]) -> None:
    (project / "answer.yaml").write_text("task: Go.\n")
    assert 2 == promptkit(*command).code
    assert "task: Go.\n" == (project / "answer.yaml").read_text()


def test_a_model_has_the_defaults_of_the_inputs() -> None:
    code = stub_module({"a.yaml": load_spec(Memory({"a.yaml": DEFAULTS}), "a.yaml")}, "pydantic")
    space: dict[str, Any] = {"__name__": "made"}
    exec(code, space)
    made = space["AInputs"]
    made.model_rebuild(_types_namespace=space)
    assert {"tone": "kind", "size": None} == made().model_dump()
    assert "Field" not in code


DEFAULTS = "task: '{{ tone }}{% if size %}{{ size }}{% endif %}'\ninputs: {tone: kind | cold = kind, size?: integer}\n"
