"""`promptkit check`: findings, their forms and their codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from command_line import promptkit

if TYPE_CHECKING:
    from pathlib import Path

BAD = "task: Hi {{ nmae }}\ninputs: {name: string}\nfoo: 1\n"
WARNED = "task: Hi\ninputs: {name: string}\n"


@pytest.fixture
def tree(place: Path) -> Path:
    (place / "b").mkdir()
    (place / ".hidden").mkdir()
    for path, text in {
        "good.yaml": "task: Hi\n",
        "b/bad.yaml": BAD,
        "a.yml": "task: {}\n",
        ".hidden/x.yaml": "- no",
        "notes.txt": "- no",
    }.items():
        (place / path).write_text(text)
    return place


def test_a_clean_tree_is_told_so_and_exits_with_0(triage: Path) -> None:
    ran = promptkit("check", "triage")
    assert ((0, ""), "1 file checked, all good\n") == (ran.said, ran.err)


def test_findings_exit_with_1_and_are_counted(tree: Path) -> None:
    ran = promptkit("check")
    assert 1 == ran.code
    assert "3 files checked: 3 errors, 0 warnings\n" == ran.err


def test_findings_stand_in_order_of_place_whatever_the_order_of_paths(tree: Path) -> None:
    ran = promptkit("check", "good.yaml", "b/bad.yaml", "a.yml")
    places = [line.split("--> ")[1] for line in ran.out.splitlines() if "--> " in line]
    assert ["a.yml:1:7", "b/bad.yaml:1:13", "b/bad.yaml:3:1"] == places
    assert ran.out == promptkit("check", "a.yml", "b").out


def test_a_file_that_is_named_twice_is_checked_once(tree: Path) -> None:
    assert promptkit("check", "b", "b/bad.yaml", "./b/../b/bad.yaml").err.startswith("1 file checked")


def test_a_finding_shows_the_line_the_caret_and_the_cure(tree: Path) -> None:
    assert promptkit("check", "b/bad.yaml").out.startswith(
        "error[PK202]: `nmae` is not declared under `inputs`\n"
        " --> b/bad.yaml:1:13\n"
        "  |\n"
        "1 | task: Hi {{ nmae }}\n"
        "  |             ^^^^ did you mean `name`?\n"
    )


def test_warnings_alone_exit_with_0(place: Path) -> None:
    (place / "w.yaml").write_text(WARNED)
    ran = promptkit("check", "w.yaml")
    assert (0, "1 file checked: 0 errors, 1 warning\n") == (ran.code, ran.err)
    assert ran.out.startswith("warning[PK203]")


def test_a_prompt_may_come_from_stdin(place: Path) -> None:
    assert 0 == promptkit("check", "-", stdin=b"task: Hi").code
    ran = promptkit("check", "-", stdin=BAD.encode())
    assert 1 == ran.code
    assert "--> <stdin>:3:1\n" in ran.out


@pytest.mark.parametrize("arguments", [(), (".",), ("empty", "also")])
def test_nothing_to_check_exits_with_9(arguments: tuple[str, ...], place: Path) -> None:
    for name in ("empty", "also"):
        (place / name).mkdir()
    ran = promptkit("check", *arguments)
    assert (9, "") == ran.said
    assert ran.err.startswith("error: there is no .yaml file in ")


@pytest.mark.parametrize("path", ["missing.yaml", "", "x" * 300 + ".yaml"])
def test_a_path_that_is_not_there_is_a_mistake_of_usage(path: str, tree: Path) -> None:
    ran = promptkit("check", "good.yaml", path)
    assert (2, "") == ran.said
    assert ran.err.startswith("error[PK113]")


def test_quiet_leaves_the_summary_out(triage: Path) -> None:
    ran = promptkit("check", "triage", "-q")
    assert ((0, ""), "") == (ran.said, ran.err)


def test_json_is_one_document_with_a_version(tree: Path) -> None:
    ran = promptkit("check", "--format", "json")
    told: Any = json.loads(ran.out)
    assert 1 == told["version"]
    assert ["a.yml", "b/bad.yaml", "b/bad.yaml"] == [found["path"] for found in told["diagnostics"]]
    keys = ["code", "severity", "path", "line", "column", "end_line", "end_column", "message", "help", "notes"]
    assert keys == list(told["diagnostics"][0])
    assert {"version": 1, "diagnostics": []} == json.loads(promptkit("check", "good.yaml", "--format", "json").out)


def test_github_gets_one_annotation_a_line(tree: Path) -> None:
    lines = promptkit("check", "--format", "github").out.splitlines()
    assert (
        "::error file=b/bad.yaml,line=1,col=13,title=PK202::`nmae` is not declared under `inputs`: did you mean `name`?"
        == lines[1]
    )
    assert 3 == len(lines)
    assert "" == promptkit("check", "good.yaml", "--format", "github").out


def test_what_separates_the_parts_of_an_annotation_is_escaped(place: Path) -> None:
    (place / "a,b:c%.yaml").write_text("nope: 1\ntask: Hi\n")
    assert "file=a%2Cb%3Ac%25.yaml," in promptkit("check", "--format", "github").out


def test_sarif_names_rules_places_and_messages(tree: Path) -> None:
    told: Any = json.loads(promptkit("check", "--format", "sarif").out)
    run = told["runs"][0]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert "2.1.0" == told["version"]
    assert {result["ruleId"] for result in run["results"]} == {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert "b/bad.yaml" == place["artifactLocation"]["uri"]
    assert {"startLine": 1, "startColumn": 13, "endLine": 1, "endColumn": 17} == place["region"]


def test_a_fault_of_a_parent_is_told_once(place: Path) -> None:
    (place / "_base.yaml").write_text("persona: '{{ who }}'\ntask: Hi\n")
    for name in ("a.yaml", "b.yaml"):
        (place / name).write_text("extends: _base.yaml\n")
    out = promptkit("check").out
    assert 1 == out.count("`who` is not declared")
    assert "= note: extended at a.yaml:1\n" in out


def test_a_folder_above_the_working_one_is_checked_too(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "b")
    assert promptkit("check", "..").err.startswith("3 files checked")


# Which findings are told


def codes(*arguments: str) -> list[str]:
    return [each["code"] for each in json.loads(promptkit("check", *arguments, "--format", "json").out)["diagnostics"]]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), ["PK202", "PK120"]),
        (("--select", "PK2"), ["PK202"]),
        (("--select", "PK120,PK202"), ["PK202", "PK120"]),
        (("--select", "pk120"), ["PK120"]),
        (("--ignore", "PK1"), ["PK202"]),
        (("--select", "PK", "--ignore", "PK120", "--ignore", "PK203"), ["PK202"]),
        (("--ignore", "PK"), []),
    ],
)
def test_codes_and_their_beginnings_choose_what_is_told(options: tuple[str, ...], told: list[str], tree: Path) -> None:
    assert told == codes("b/bad.yaml", *options)


def test_what_is_not_told_is_counted(tree: Path) -> None:
    ran = promptkit("check", "b", "--ignore", "PK")
    assert (0, "", "1 file checked, all good, 2 ignored\n") == (ran.code, ran.out, ran.err)


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_a_code_that_there_is_not_is_a_mistake_of_usage(option: str, tree: Path) -> None:
    ran = promptkit("check", option, "PK2O3")
    assert (2, "") == (ran.code, ran.out)
    assert "PK514" in ran.err
    assert "PK2O3" in ran.err


def test_a_projects_file_weighs_and_leaves_out(place: Path) -> None:
    (place / "x.yaml").write_text(WARNED)
    project = place / "promptkit.toml"
    project.write_text('[check]\nseverity = {PK203 = "error"}\n')
    raised = promptkit("check")
    assert (1, True) == (raised.code, raised.out.startswith("error[PK203]"))
    project.write_text('[check]\nseverity = {PK203 = "note"}\n')
    assert "1 file checked, all good, 1 note\n" == promptkit("check").err
    project.write_text('[check]\nignore = ["PK203"]\n')
    assert "1 file checked, all good, 1 ignored\n" == promptkit("check").err
    project.write_text('[check]\nseverity = {PK203 = "off"}\n')
    assert "1 file checked, all good, 1 ignored\n" == promptkit("check").err


def test_an_error_cannot_be_lowered_and_that_is_told(tree: Path) -> None:
    (tree / "promptkit.toml").write_text('[check]\nseverity = {PK120 = "note"}\n')
    ran = promptkit("check", "b")
    assert 1 == ran.code
    assert "error[PK120]" in ran.out
    assert "PK120 cannot be lowered" in ran.err


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ("[check]\nselct = []", "select"),
        ('[check]\nignore = "PK203"', "list"),
        ("check = 1", "table"),
        ('[check]\nseverity = {PK203 = "loud"}', "loud"),
        ('[check]\nseverity = {PK899 = "error"}', "PK899"),
        ('[check]\nseverity = {PK2 = "error"}', "PK2"),
        ('[check]\nseverity = "off"', "table"),
    ],
)
def test_a_mistake_in_the_projects_file_is_told(table: str, word: str, tree: Path) -> None:
    (tree / "promptkit.toml").write_text(table)
    ran = promptkit("check")
    assert 1 == ran.code
    assert word in ran.out
    assert f"promptkit.toml:{1 if table == 'check = 1' else 2}:" in ran.out


def test_all_mistakes_in_the_projects_file_are_told_once_and_hide_nothing(tree: Path) -> None:
    text = 'modle = "x"\nmax_tokens = "many"\napi_key = "s3cret"\n[check]\nignor = []\n'
    text += 'select = ["PK1x"]\nignore = ["PK203"]\nseverity = {PK213 = "loud", PK216 = "off"}\n'
    (tree / "promptkit.toml").write_text(text)
    (tree / "x.yaml").write_text("task: Hi {{ a }}\ninputs: {name: string}\n")
    ran = promptkit("check", "--format", "json")
    found = json.loads(ran.out)["diagnostics"]
    ours = [(each["code"], each["line"], each["column"]) for each in found if each["path"] == "promptkit.toml"]
    settings, rules = [(1, 1), (2, 1), (3, 1)], [(5, 1), (8, 13)]
    assert [*[("PK510", *at) for at in (*settings, rules[0])], ("PK514", 6, 12), ("PK510", *rules[1])] == ours
    assert "PK202" in {each["code"] for each in found}, "the prompts are checked all the same"
    assert "PK203" not in {each["code"] for each in found}, "what is right in the rules holds"
    assert "s3cret" not in ran.out + ran.err


def test_a_comment_switches_a_warning_off_and_never_an_error(place: Path) -> None:
    (place / "x.yaml").write_text("task: Hi {{ a }}\n# promptkit: ignore PK203\ninputs: {name: string}\n")
    ran = promptkit("check")
    assert ["PK202"] == codes()
    assert ran.out.startswith("error[PK202]")


def test_more_processes_find_the_same_in_the_same_order(place: Path) -> None:
    for number in range(40):
        text = (BAD, WARNED, "task: Hi\n")[number % 3]
        (place / f"{number}.yaml").write_text(text)
    one, two = promptkit("check", "-j", "1"), promptkit("check", "-j", "2")
    assert (one.code, one.out, one.err) == (two.code, two.out, two.err)
    assert "40 files checked: 28 errors, 13 warnings\n" == two.err


# Cures

MISSPELT = "tsak: Hi {{ name }}  # greet\n\ninptus:   {name: string}\n\n# the end\n"
CURED = "task: Hi {{ name }}  # greet\n\ninputs:   {name: string}\n\n# the end\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_cure_changes_only_the_bytes_of_the_mistake(end: str, mark: str, place: Path) -> None:
    file = place / "x.yaml"
    file.write_bytes((mark + MISSPELT).replace("\n", end).encode())
    file.chmod(0o640)
    ran = promptkit("check", "--fix")
    assert (mark + CURED).replace("\n", end).encode() == file.read_bytes()
    assert 0 == ran.code
    assert ran.err.endswith("2 mistakes fixed in 1 file\n")
    assert 0o640 == file.stat().st_mode & 0o777
    assert ["x.yaml"] == [each.name for each in place.iterdir()]
    assert "fixed" not in promptkit("check", "--fix").err
    assert (mark + CURED).replace("\n", end).encode() == file.read_bytes()


def test_a_diff_shows_the_cures_and_changes_nothing(place: Path) -> None:
    file = place / "x.yaml"
    file.write_text(MISSPELT)
    ran = promptkit("check", "--diff")
    assert (1, "2 mistakes would be fixed in 1 file\n") == (ran.code, ran.err)
    assert "-tsak: Hi {{ name }}  # greet\n+task: Hi {{ name }}  # greet\n" in ran.out
    assert MISSPELT == file.read_text()


def test_what_has_no_sure_cure_is_left_alone_and_told(place: Path) -> None:
    file = place / "x.yaml"
    file.write_text(BAD.replace("nmae", "zzz"))
    ran = promptkit("check", "--fix")
    assert 1 == ran.code
    assert BAD.replace("nmae", "zzz") == file.read_text()


@pytest.mark.parametrize("options", [("--ignore", "PK120"), ("--select", "PK2")])
def test_what_is_not_told_is_not_cured_either(options: tuple[str, ...], place: Path) -> None:
    file = place / "x.yaml"
    file.write_text(MISSPELT)
    assert "fixed" not in promptkit("check", "--fix", *options).err
    assert MISSPELT == file.read_text()


@pytest.mark.parametrize(
    "arguments", [("-", "--fix"), ("-", "--diff"), ("--diff", "--format", "json"), ("--diff", "--format", "github")]
)
def test_what_cannot_be_done_is_a_mistake_of_usage(arguments: tuple[str, ...], place: Path) -> None:
    (place / "x.yaml").write_text(MISSPELT)
    ran = promptkit("check", *arguments, stdin=MISSPELT.encode())
    assert (2, "") == (ran.code, ran.out)
    assert MISSPELT == (place / "x.yaml").read_text()


def test_an_annotation_separates_the_mistake_from_its_cure(place: Path) -> None:
    (place / "x.yaml").write_text(WARNED)
    [line] = promptkit("check", "--format", "github").out.splitlines()
    assert line.endswith("the input `name` is used by no template. use it, or remove it")


def test_a_link_that_leads_nowhere_is_told_as_one(place: Path) -> None:
    (place / "x.yaml").symlink_to("gone.yaml")
    ran = promptkit("check", "x.yaml")
    assert 2 == ran.code
    assert "error[PK113]: `x.yaml` is a link that leads to no file" in ran.err


def test_a_file_that_a_prompt_names_as_data_is_no_prompt_of_its_own(tree: Path) -> None:
    (tree / "s").mkdir()
    (tree / "s" / "order.yaml").write_text("type: object\nproperties: {a: {type: string}}\nrequired: [a]\n")
    (tree / "rows.yaml").write_text("- output: {a: x}\n")
    (tree / "x.yaml").write_text(
        "task: Hi.\noutput: {schema: {$ref: s/order.yaml}}\nexamples_from: {path: rows.yaml}\n"
    )
    told = json.loads(promptkit("check", "--format", "json").out)["diagnostics"]
    assert {"PK131"} == {each["code"] for each in told if each["path"] in ("rows.yaml", "s/order.yaml", "x.yaml")}
    assert 1 == promptkit("check", "s/order.yaml").code, "who names it, has it checked as a prompt"


def test_a_mistake_of_a_base_is_told_once_though_its_child_knows_more(tree: Path) -> None:
    (tree / "_base.yaml").write_text("task: Hi {{ readr }}\n")
    (tree / "child.yaml").write_text("extends: _base.yaml\ninputs: {reader: string}\n")
    told = json.loads(promptkit("check", "--format", "json").out)["diagnostics"]
    assert ["PK202"] == [each["code"] for each in told if each["path"] == "_base.yaml"]


@pytest.mark.parametrize(
    ("base", "is_inherited"),
    [
        ("examples: [{inputs: {t: q}, output: {x: a}}]", True),
        ("tests: [{inputs: {t: q}, output: {x: a}}]", False),
        ("conversation: {input: t}", True),
        ("output: {checks: [{name: sure, that: value.x == 'a'}]}", True),
        ('context: Answer as JSON with the keys "x" and "y".', True),
    ],
)
def test_a_base_is_judged_in_the_light_of_what_its_children_declare(
    tmp_path: Path, base: str, is_inherited: bool
) -> None:
    (tmp_path / "_base.yaml").write_text(base)
    child = "extends: _base.yaml\ninputs: {t: string}\noutput: {fields: {x: a | b, y?: string}}\ntask: Do {{ t }}\n"
    (tmp_path / "p.yaml").write_text(child)
    assert promptkit("check", str(tmp_path)).code == 0
    (tmp_path / "p.yaml").write_text(child.replace("x: a | b, y?", "z?: string, y").replace("t: string", "s: string"))
    assert ("_base.yaml:1:" in promptkit("check", str(tmp_path)).out) is is_inherited


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ('{"task": "Say hi", "optoins": {"temperature": 0}}\n', '{"task": "Say hi", "options": {"temperature": 0}}\n'),
        ("'descripton': x\ntask: Hi\n", "'description': x\ntask: Hi\n"),
        ("inputs\n  name: string\ntask: Hi {{ name }}\n", "inputs:\n  name: string\ntask: Hi {{ name }}\n"),
        (
            "persona: You help: always\n  and so # a note\ntask: Hi\n",
            "persona: You help: always\n  and so # a note\ntask: Hi\n",
        ),
        (
            'task: Hi\noutput: {checks: [{name: z, that: value, assert: "yes"}]}\n',
            "task: Hi\noutput: {checks: [{name: z, that: value, assert: true}]}\n",
        ),
        ("task: Hi\ntsk: [INST] a\n", "task: Hi\ntsk: '[INST] a'\n"),
        (
            "task: Hi\ntsk: foo\noutput: {fields: {a: string}, repair: yes}\n",
            "task: Hi\ntsk: foo\noutput: {fields: {a: string}, repair: true}\n",
        ),
        (
            '{\n  "task": "Hi {{ x }}"\n  "inputs": {"x": "string"}\n}\n',
            '{\n  "task": "Hi {{ x }}",\n  "inputs": {"x": "string"}\n}\n',
        ),
        ("task: Hi\nexamples:\n  -inputs: {}\n    output: a\n", "task: Hi\nexamples:\n  - inputs: {}\n    output: a\n"),
        ("inputs: {}\ntask: Hi\nmodel: a/b #c\n", "inputs: {}\ntask: Hi\nmodel: a/b #c\n"),
        (
            "task: Hi\noutput: {fields: {a: bug | featrue, b: Big | no}}\nexamples: [{output: {a: feature, b: big}}]\n",
            "task: Hi\noutput: {fields: {a: bug | featrue, b: Big | no}}\nexamples: [{output: {a: feature, b: Big}}]\n",
        ),
    ],
    ids=["json", "quotes", "colon", "comment", "switch", "twice", "one_of_two", "comma", "dash", "no_prose", "enum"],
)
def test_a_fix_changes_no_more_than_the_slip(tmp_path: Path, text: str, better: str) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(text)
    promptkit("check", str(file), "--fix")
    assert file.read_text() == better
