"""Each stage of the ladder is needed: without it, cases of the ladder fail."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from output_cases import CASES, expected

from promptkit.errors import OutputError
from promptkit.output import acceptance, envelope, free_text, json_answer, ladder, parse_output, scalars
from promptkit.output.acceptance import Judged, refused
from promptkit.output.coerce import Fit
from promptkit.output.reasoning import Split
from promptkit.output.repairs import Unreadable
from promptkit.schema import Schema


def outcome(data: dict[str, Any]) -> Any:
    try:
        output = parse_output(data["text"], expected=expected(data))
    except OutputError as error:
        return [str(each) for each in error.violations], error.partial
    except Exception as error:  # noqa: BLE001 (a stage may rely on the one before it)
        return error
    return output.value, output.reasoning, [step.name for step in output.steps]


def told(data: dict[str, Any]) -> Any:
    if "violations" in data:
        return data["violations"], data.get("partial")
    return data["value"], data.get("reasoning", ""), data.get("steps", [])


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise refused("not searched", "json")


class _ReadsNothing:
    def __init__(self, *_: Any, **__: Any) -> None:
        self.repairs: list[Any] = []
        self.at = 0

    def read(self) -> NoReturn:
        raise Unreadable("not repaired", 0)


def _last(text: str, _: Any, fitting: Any, found: Any) -> Judged:
    return fitting[-1][1]  # type: ignore[no-any-return]


STAGES = {
    "reasoning in tags": (ladder, "split_tags", Split),
    "channels": (ladder, "read_channels", lambda _: None),
    "the answer line": (ladder, "split_prose", lambda *_, **__: None),
    "the fence": (ladder, "unfenced", lambda *_: None),
    "the envelope": (ladder, "searched", _refuse),
    "slips of syntax": (envelope, "Loose", _ReadsNothing),
    "truncation": (json_answer, "_could_begin", lambda *_: False),
    "what there is of a cut answer": (json_answer, "partial_of", lambda *_: None),
    "values that disagree": (json_answer, "_agreed", _last),
    "values in lines": (json_answer, "_in_one_list", lambda *_: None),
    "escaped JSON": (json_answer, "_unescaped", lambda *_: None),
    "calls of tools": (acceptance, "arguments_of", lambda _: None),
    "turns behind the answer": (ladder, "end_of_turn", len),
    "what the words take back": (json_answer, "_refuse_taken_back", lambda *_: None),
    "another value for a field": (json_answer, "contradicted", lambda *_: ""),
    "what a line calls a value": (json_answer, "role_of", lambda *_: ("", False)),
    "what a sentence asserts": (scalars, "is_asserted", lambda *_: True),
    "members without braces": (free_text, "keyed", lambda *_: None),
    "Markdown lists": (free_text, "listed", lambda *_: None),
    "a value by itself": (free_text, "_alone", lambda *_: None),
    "scalars in a sentence": (free_text, "_scalar", lambda *_: None),
    "coercion": (acceptance, "coerce", lambda value, *_: Fit(value)),
    "the wrapper": (acceptance, "_key_of", lambda *_: None),
    "validation": (Schema, "validate", lambda *_, **__: ()),
    "choices by name": (ladder, "word_of", lambda *_: None),
    "headings": (ladder, "misplaced_headings", lambda *_: ()),
}


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    return [CASES.case(name) for name in CASES.names()]


def test_with_all_stages_no_case_fails(cases: list[dict[str, Any]]) -> None:
    assert [] == [data["says"] for data in cases if outcome(data) != told(data)]


@pytest.mark.parametrize("stage", STAGES)
def test_without_one_stage_a_case_fails(
    stage: str, cases: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, instead = STAGES[stage]
    monkeypatch.setattr(owner, name, instead)
    assert [data["says"] for data in cases if outcome(data) != told(data)]
