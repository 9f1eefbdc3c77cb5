"""Every case in `cases/load`: a bad file gives just the expected findings, a good one just its warnings."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import pytest

from promptkit.checking import check_file
from promptkit.diagnostics import Diagnostic
from promptkit.errors import SpecError
from promptkit.loader import Loaded, load, load_spec, to_yaml
from promptkit.source import Folder, Memory

CASES = Path(__file__).parent / "cases" / "load"
EXPECT = re.compile(r"# expect: (?P<code>PK\d+) (?P<place>\S+) ?(?P<words>.*?)\r?$", re.MULTILINE)


def cases(kind: str) -> list[str]:
    return sorted(folder.name for folder in (CASES / kind).iterdir())


def loaded(kind: str, name: str) -> tuple[Loaded, list[re.Match[str]]]:
    folder = CASES / kind / name
    text = (folder / "prompt.yaml").read_bytes().decode("utf-8")
    return load(Folder(folder), "prompt.yaml"), list(EXPECT.finditer(text))


def fits(expected: re.Match[str], found: Diagnostic, folder: Path) -> bool:
    """Whether a finding is an expected one. The place is `-`, `line:column`, or `file:line:column` of another file."""
    place = f"{found.line}:{found.column}"
    file = Path(found.path).resolve().relative_to(folder.resolve()).as_posix() if found.path else ""
    return (
        expected["code"] == found.code
        and expected["place"] in ("-", place if file == "prompt.yaml" else f"{file}:{place}")
        and expected["words"] in f"{found} {' '.join(found.notes)}"
    )


@pytest.mark.parametrize("name", cases("bad"))
def test_a_bad_file_gives_each_expected_finding_and_no_other(name: str) -> None:
    result, expected = loaded("bad", name)
    assert expected
    assert result.spec is None
    report = "\n\n".join(map(str, result.diagnostics))
    assert len(expected) == len(result.diagnostics), report
    for wanted in expected:
        assert any(fits(wanted, found, CASES / "bad" / name) for found in result.diagnostics), (
            f"{wanted[0]}\n\n{report}"
        )


@pytest.mark.parametrize("name", cases("good"))
def test_a_good_file_loads_with_just_the_expected_warnings(name: str) -> None:
    result, expected = loaded("good", name)
    report = "\n\n".join(map(str, result.diagnostics))
    assert result.spec is not None, report
    assert len(expected) == len(result.diagnostics), report
    for wanted in expected:
        assert any(fits(wanted, found, CASES / "good" / name) for found in result.diagnostics), (
            f"{wanted[0]}\n\n{report}"
        )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "PK114"),
        (b"\xff\xfe\x00", "PK101"),
        (b"\x00\x01", "PK101"),
        (b"task: \x07", "PK101"),
        (b"[" * 500_000, "PK105"),
        (b"- " * 500_000, "PK105"),
        (b"a: 1\n" * 5_000, "PK105"),
    ],
)
def test_a_file_that_is_no_text_is_one_finding(tmp_path: Path, data: bytes, code: str) -> None:
    (tmp_path / "prompt.yaml").write_bytes(data)
    assert code in [found.code for found in load(Folder(tmp_path), "prompt.yaml").diagnostics]


def test_a_file_beyond_the_size_limit_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "prompt.yaml").write_text("task: " + "a" * (1 << 20))
    [found] = load(Folder(tmp_path), "prompt.yaml").diagnostics
    assert found.code == "PK113"
    assert "1,048,576" in found.message


def test_a_link_out_of_the_root_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("the secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "rules.md").symlink_to(tmp_path / "secret.txt")
    (root / "prompt.yaml").write_text("task: '{% include \"rules.md\" %}'")
    [found] = load(Folder(root), "prompt.yaml").diagnostics
    assert found.code == "PK206"
    assert "the secret" not in str(found)


def test_an_error_holds_all_findings_in_order_of_place() -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(Memory(), "x.yaml", "tsk: a\npersona: '{{ b }}'\nzz: 1")
    assert ["PK120", "PK202", "PK120"] == [found.code for found in caught.value.diagnostics]


def test_data_loads_like_the_file_that_says_the_same() -> None:
    data = {"task": "Greet {{ n }}\x85 é 😀", "inputs": {"n": "string"}, "output": {"fields": {"a": "integer, 1..5"}}}
    spec = load_spec(Memory(), "<dict>", to_yaml(data))
    assert data["task"] == spec.task
    assert {"type": "integer", "minimum": 1, "maximum": 5} == spec.output.json_schema["properties"]["a"]


def test_data_that_no_file_can_hold_is_refused() -> None:
    with pytest.raises(SpecError, match="plain data"):
        to_yaml({"task": object()})


def test_a_digest_counts_what_is_pulled_in_and_not_how_it_is_written() -> None:
    def digest(text: str, rules: str = "Be brief.") -> str:
        return load_spec(Memory({"rules.md": rules}), "x.yaml", text).digest

    first = digest("task: Greet.\ncontext: '{% include \"rules.md\" %}'")
    assert first == digest('context: "{% include \\"rules.md\\" %}"\ntask: |-\n  Greet.\n')
    assert first != digest("task: Greet.\ncontext: '{% include \"rules.md\" %}'", rules="Be long.")


def test_includes_that_multiply_are_refused_in_time() -> None:
    each = "".join(f"{{% include 'f{{n}}{i}.md' %}}" for i in range(10))
    files = {f"f{level}{i}.md": each.replace("{n}", str(level + 1)) for level in range(7) for i in range(10)}
    files |= {f"f7{i}.md": "end" for i in range(10)}
    found = load(Memory(files), "prompt.yaml", "task: \"{% include 'f00.md' %}\"").diagnostics
    assert {"PK206"} == {fault.code for fault in found}
    assert "more than 1,000 includes" in found[0].message


HOT = "task: Hi\noptions: {temperature: %s}\nmodels: {m: {options: {temperature: %s}}}\n"


def test_a_setting_allows_temperatures_that_mara_does_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    text = HOT % (1.4, 1.5)
    assert ["PK127", "PK127"] == [each.code for each in load(Memory(), "a.yaml", text).diagnostics]
    monkeypatch.setenv("PROMPTKIT_MAX_TEMPERATURE", "1.4")
    assert ["PK127"] == [each.code for each in load(Memory(), "a.yaml", text).diagnostics]
    monkeypatch.setenv("PROMPTKIT_MAX_TEMPERATURE", "9")
    assert ["PK127", "PK127"] == [each.code for each in load(Memory(), "a.yaml", HOT % (2.1, -1)).diagnostics]


def test_a_setting_of_the_files_own_project_allows_its_temperatures(tmp_path: Path) -> None:
    (tmp_path / "promptkit.toml").write_text("max_temperature = 1.5\n")
    (tmp_path / "a.yaml").write_text(HOT % (1.5, 1.2))
    assert () == tuple(load(Folder(tmp_path), "a.yaml").diagnostics)
    (tmp_path / "promptkit.toml").write_text("max_temperature = []\n")
    assert ["PK127", "PK127"] == [each.code for each in load(Folder(tmp_path), "a.yaml").diagnostics]


def test_a_base_that_holds_nothing_is_one_and_a_prompt_is_not() -> None:
    assert load(Memory({"_base.yaml": "{}"}), "_base.yaml").spec is not None
    assert ["PK122"] == [found.code for found in load(Memory({"x.yaml": "{}"}), "x.yaml").errors]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null\n", "~"])
def test_a_file_without_content_is_told_to_be_empty(text: str) -> None:
    [found] = load(Memory({"x.yaml": text}), "x.yaml").errors
    assert ["PK114"] == [each.code for each in load(Memory(), "x.yaml", f"\ufeff{text}").errors]
    assert ("PK114", "the file is empty") == (found.code, found.message)


@pytest.mark.parametrize(
    "text",
    [
        "task: *gone",
        "task: Hi {{ a }}\ninputs: *gone",
        "task: Hi {{ a }}\ninputs: {a: *gone}",
        "task: Hi\noutput: *gone",
        "task: Hi\noutput: {fields: *gone}",
        "task: Hi\noutput: {fields: {a: *gone}}",
        "task: Hi\noutput: {schema: {properties: {a: *gone}}}",
        "task: Hi\noutput: {choices: *gone}",
        "task: Hi\noptions: {temperature: *gone}",
        "task: Hi\nexamples: [*gone]",
        "task: Hi {{ a }}\ninputs: {a: integer}\nexamples: [{inputs: {a: *gone}, output: x}]",
        "messages: *gone",
        "messages: [{role: user, content: *gone}]",
        "messages: [{role: user, content: Hi}, *gone]",
        "task: Hi\nextends: *gone",
        "task: Hi\nmodel: *gone",
        "task: Hi\nversion: *gone",
        "task: Hi\ntests: [*gone]",
    ],
)
def test_an_alias_of_nothing_is_told_once_wherever_it_stands(text: str) -> None:
    assert ["PK109"] == [found.code for found in load(Memory(), "x.yaml", text).errors]


CALL = "{role: assistant, tool_calls: [{name: f, id: a}]}"
RESULT = "{role: tool, content: r}"


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ("{role: asistant, tool_calls: [{name: f}]}, " + RESULT, "PK121"),
        ("{tool_calls: [{name: f}]}, " + RESULT, "PK122"),
        ("{role: assistant, tool_call: [{name: f}]}, " + RESULT, "PK120"),
        ("{role: assistant, tool_calls: []}, " + RESULT, "PK121"),
        ("{role: assistant, tool_calls: f}, " + RESULT, "PK121"),
        ("{role: user, content: x, tool_calls: [{name: f}]}, " + RESULT, "PK123"),
        ("{role: assistant, tool_calls: [{nme: f}]}, " + RESULT, "PK120"),
        (CALL + ", {role: tol, content: r}", "PK121"),
        (CALL + ", {role: tool, content: r, tool_call_idd: a}", "PK120"),
        (CALL + ", {role: tool, content: r, tool_call_id: zzzzz}", "PK132"),
        (CALL + ", {role: tool, content: r, tool_call_id: }", "PK121"),
        (CALL + ", {role: user, content: x}, " + RESULT, "PK132"),
        (CALL + ", {role: user, content: x}, {role: tool, content: r, tool_call_id: a}", "PK132"),
        (CALL + ", " + RESULT + ", " + RESULT, "PK132"),
        ("{role: assistant, tool_calls: [{name: f, arguments: '{\"a\": NaN}'}]}, " + RESULT, "PK121"),
        ('{role: assistant, tool_calls: [{name: f, arguments: \'{"a": 1, "a": 2}\'}]}, ' + RESULT, "PK121"),
        (
            "{role: assistant, tool_calls: [{name: f, arguments: '"
            + '{"a":' * 900
            + "1"
            + "}" * 900
            + "'}]}, "
            + RESULT,
            "PK121",
        ),
        ('{role: assistant, tool_calls: [{name: "f\\n"}]}, ' + RESULT, "PK121"),
        ('{role: assistant, tool_calls: [{name: f, id: "a\\nb"}]}, ' + RESULT, "PK121"),
    ],
)
def test_one_cause_among_calls_is_told_once(messages: str, code: str) -> None:
    text = f"messages: [{{role: user, content: q}}, {messages}, {{role: assistant, content: a}}]"
    assert [code] == [found.code for found in load(Memory({}), "prompt.yaml", text).diagnostics]


@pytest.mark.parametrize("name", ["007", "1.50", "0x1F", "true", "1e3", "call_1"])
def test_an_id_is_its_text_and_an_id_that_is_given_keeps_out_of_the_way(name: str) -> None:
    calls = f"[{{name: f}}, {{name: g, id: {name}}}]"
    text = (
        f"messages: [{{role: user, content: q}}, {{role: assistant, content: null, tool_calls: {calls}}},"
        f" {{role: tool, content: r, tool_call_id: {name}}}, {{role: tool, content: r}}]"
    )
    loaded = load(Memory({}), "prompt.yaml", text)
    assert () == loaded.diagnostics
    assert loaded.spec is not None
    first, second = loaded.spec.messages[1].tool_calls
    assert name == second.id != first.id


OPEN = "[" * 1_500


@pytest.mark.parametrize(
    "text",
    [
        "task: |\n" + "  - [ ] an item [\n" * 1_500,
        f"task: |\n\n\n  {OPEN}\n  {OPEN}",
        f"task: |2-  # two\n  {OPEN}",
        f"task: &x |\n  {OPEN}",
        f"examples:\n- inputs: {{}}\n  output: >-\n    {OPEN}\ntask: |-\n   {{# {OPEN} #}} Greet.\n",
    ],
)
def test_brackets_in_a_text_of_many_lines_open_nothing(text: str) -> None:
    assert "PK105" not in {each.code for each in load(Memory({"a.yaml": text}), "a.yaml").diagnostics}


@pytest.mark.parametrize(
    "text",
    [
        *(f"a: >2\n {OPEN}", f"a: |\n    x\n  {OPEN}", f"k: |\n\t{OPEN}", f"a: |\n  x\n {OPEN}", f"a: |\n{OPEN}"),
        *(f"- a: |\n  {OPEN}", f"- - |\n  {OPEN}", f"a: |3\n  {OPEN}", f"# a: |\n  {OPEN}", f"{{a: |\n  {OPEN}"),
        *(f"|\n {OPEN}", f"a: |\n  x\u2028{OPEN}", f"a: [|\n  {OPEN}", f"task: {OPEN}"),
    ],
)
def test_brackets_that_only_seem_to_stand_in_such_a_text_are_counted(text: str) -> None:
    assert {each.code for each in load(Memory({"a.yaml": text}), "a.yaml").diagnostics} == {"PK105"}


@pytest.mark.parametrize(
    "text",
    [
        "task: Go.\ninputs: {key: {type: integer, secret: true, default: sk-very-secret, trust: usr}}\n",
        "task: Go.\ninputs:\n  key:\n    default: |\n      sk-very-secret\n    type: string\n    secret: true\n",
        "task: Go.\ninputs: {key: {type: string, secret: true}}\nexamples:\n  - {inputs: {key: very}, output: a}\n",
        "task: Go.\ninputs: {key: {type: string, secret: true}}\ntests:\n  - inputs: {kez: 1, key: [very-secret]}\n",
    ],
)
def test_no_finding_quotes_a_secret(text: str) -> None:
    found = load(Memory({"prompt.yaml": text}), "prompt.yaml").diagnostics
    assert "PK129" in [each.code for each in found]
    assert "very" not in "".join(f"{each!r} {each}" for each in found)
    assert not any(each.fix and "very" in each.fix.text for each in found)


def test_a_file_that_is_checked_leaves_nothing_to_the_garbage_collector() -> None:
    """A thousand files in a row would grow the memory else, until the collector walks through all of it."""
    text = """\
inputs: {name: string, tone?: formal | friendly}
persona: You write to {{ name }}{% if tone %}, {{ tone }}{% endif %}.
task: |
  {% for each in [name] %}Hello {{ each }}{% endfor %}
  Answer with keys `a` and `b`. {{ nobody }}
output: {fields: {a: string, b: integer}}
examples: [{inputs: {name: Ada}, output: {a: x, b: y}}]
"""
    load(Memory({"p.yaml": text}), "p.yaml")
    gc.collect()
    gc.disable()
    try:
        loaded = load(Memory({"p.yaml": text}), "p.yaml")
        assert {fault.code for fault in loaded.diagnostics} == {"PK202", "PK301"}
        del loaded
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_child_may_narrow_what_its_base_asks_about() -> None:
    """The base serves other children too; written out as one file, the same prompt has a branch that is never taken."""
    base = "inputs: {lang: string}\npersona: \"{% if lang == 'en' %}E{% elif lang == 'fr' %}F{% endif %}\"\n"
    child = "extends: _base.yaml\ninputs: {lang: en | de}\ntask: Do it.\n"
    assert load(Memory({"_base.yaml": base, "p.yaml": child}), "p.yaml").spec is not None
    own = child + "context: \"{% if lang == 'fr' %}F{% endif %}\"\n"
    found = load(Memory({"_base.yaml": base, "p.yaml": own}), "p.yaml").diagnostics
    assert [("PK214", "p.yaml")] == [(each.code, each.path) for each in found]


CASE_FILES = sorted((Path(__file__).parent / "cases/load").glob("*/*/prompt.yaml"))


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.parent.name)
def test_no_case_makes_the_check_itself_fail(path: Path) -> None:
    assert "PK999" not in {each.code for each in check_file(str(path))}
