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
    assert ["code", "severity", "path", "line", "column", "end_line", "end_column", "message", "help"] == list(
        told["diagnostics"][0]
    )
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
