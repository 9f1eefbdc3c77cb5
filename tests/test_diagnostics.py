"""How a fault is told: its text form and its data form."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from promptkit.diagnostics import Diagnostic, by_place, did_you_mean, nearest, to_text

WHOLE = Diagnostic(
    "PK301",
    "error",
    "example 2 does not fit the output schema",
    "templates/support/triage.yaml",
    31,
    20,
    31,
    26,
    label="not one of billing, platform",
    help="the schema is declared at line 19",
    notes=("extended at child.yaml:2",),
    excerpt="    output: {team: biling, urgency: 3}",
)


def test_a_diagnostic_quotes_the_line_and_marks_the_fault() -> None:
    assert str(WHOLE) == snapshot("""\
error[PK301]: example 2 does not fit the output schema
  --> templates/support/triage.yaml:31:20
   |
31 |     output: {team: biling, urgency: 3}
   |                    ^^^^^^ not one of billing, platform
   = help: the schema is declared at line 19
   = note: extended at child.yaml:2""")


def test_a_diagnostic_without_a_line_names_the_file() -> None:
    assert str(Diagnostic("PK114", "error", "the file is empty", "x.yaml", help="write a task")) == snapshot("""\
error[PK114]: the file is empty
--> x.yaml
 = help: write a task""")


@pytest.mark.parametrize(
    ("excerpt", "column", "end_column", "shown"),
    [
        ("a: b", 4, 5, ["1 | a: b", "  |    ^"]),
        ("\ta: b", 5, 6, ["1 |  a: b", "  |     ^"]),
        ("日本: b", 5, 6, ["1 | 日本: b", "  |       ^"]),
        ("e\u0301: b", 5, 6, ["1 | e\u0301: b", "  |    ^"]),
        ("a: \x1b[31m", 4, 5, ["1 | a: \ufffd[31m", "  |    ^"]),
        ("a: b", 4, 4, ["1 | a: b", "  |    ^"]),
        ("a: b", 5, 9, ["1 | a: b", "  |     ^"]),
    ],
)
def test_the_caret_stands_under_the_fault(excerpt: str, column: int, end_column: int, shown: list[str]) -> None:
    text = str(Diagnostic("PK100", "error", "x", "x.yaml", 1, column, 1, end_column, excerpt=excerpt))
    assert shown == text.splitlines()[3:]


def test_a_long_line_is_cut_around_the_fault() -> None:
    line = "x" * 500 + "FAULT" + "y" * 500
    text = str(Diagnostic("PK100", "error", "x", "x.yaml", 1, 501, 1, 506, excerpt=line))
    quoted, carets = text.splitlines()[3:]
    assert len(quoted) < 160
    assert "FAULT" == quoted[carets.index("^") : carets.rindex("^") + 1]


def test_the_data_form_has_every_field() -> None:
    assert WHOLE.to_dict() == snapshot(
        {
            "code": "PK301",
            "severity": "error",
            "path": "templates/support/triage.yaml",
            "line": 31,
            "column": 20,
            "end_line": 31,
            "end_column": 26,
            "message": "example 2 does not fit the output schema: not one of billing, platform",
            "help": "the schema is declared at line 19",
            "notes": ["extended at child.yaml:2"],
        }
    )


def test_diagnostics_come_in_order_of_place_and_once() -> None:
    second, first = Diagnostic("PK2", "error", "b", "x", 10, 1), Diagnostic("PK1", "error", "a", "x", 9, 7)
    assert (first, second) == by_place([second, first, second])
    assert f"{first}\n\n{second}" == to_text([first, second])


def test_a_near_word_is_offered_and_a_far_one_is_not() -> None:
    assert "did you mean `task`?" == did_you_mean("tsak", ["task", "tools"])
    assert "" == did_you_mean("zebra", ["task", "tools"])
    assert "task" == nearest("tsak", ["task", "tools"])
    assert nearest("zebra", ["task", "tools"]) is None
