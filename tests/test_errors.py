from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest

from promptkit import errors
from promptkit.completion import Completion, Request, Usage
from promptkit.diagnostics import Diagnostic
from promptkit.messages import Message
from promptkit.result import Attempt, Violation


def tree(kind: type[errors.PromptkitError]) -> dict[str, Any]:
    return {sub.__name__: tree(sub) for sub in kind.__subclasses__()}


def flat(kind: type[errors.PromptkitError]) -> list[type[errors.PromptkitError]]:
    below = [found for sub in kind.__subclasses__() for found in flat(sub)]
    return [kind, *below]


ALL = [kind for kind in flat(errors.PromptkitError) if not kind.__name__.startswith("_")]
ATTEMPTS = (Attempt(Request("m", (Message("user", "Hi"),)), Completion("x", usage=Usage(2, 1, requests=1))),)
TOLD: dict[str, Any] = {"where": "here.yaml", "details": ["one", "two"], "help": "do that", "code": "PK599"}
OWN: dict[type[errors.PromptkitError], dict[str, Any]] = {
    errors.ModelError: {"status": 418, "server_code": "tea", "request_id": "r-1", "body": "{}", "retry_after": 3.5},
    errors.QuotaExhausted: {"resets_at": 1.7e9},
    errors.BadRequest: {"model_output": "{", "failed_answer": "truncated"},
    errors.StreamInterrupted: {"text": "half"},
    errors.OutputError: {"violations": [Violation("$.a", "no", "type", ("a",))], "attempts": ATTEMPTS, "text": "{}"},
}


def example(kind: type[errors.PromptkitError]) -> errors.PromptkitError:
    """An error of a class with every field that it has filled."""
    if hasattr(kind, "diagnostics") or issubclass(kind, errors.SpecError | errors.InputError):
        places = [("b.yaml", 3), ("a.yaml", 7)]
        return kind([Diagnostic("PK101", "error", "wrong", path, line, 1, help="mend it") for path, line in places])
    fields: dict[str, Any] = {}
    for base in kind.__mro__:
        fields |= OWN.get(base, {})
    error = kind("it failed", **TOLD, **fields)
    if isinstance(error, errors.ModelError):
        error.attempts = ATTEMPTS
    error.record_id = "01K8"
    return error


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda e: pickle.loads(pickle.dumps(e))])
def test_an_error_survives_being_copied_with_all_its_data(kind: type[errors.PromptkitError], copied: Any) -> None:
    error = example(kind)
    twin = copied(error)
    assert type(error) is type(twin)
    assert vars(error) == vars(twin)
    assert str(error) == str(twin)


@pytest.mark.parametrize("kind", ALL)
def test_an_error_says_where_what_and_the_cure(kind: type[errors.PromptkitError]) -> None:
    said = str(example(kind))
    assert ".yaml: it failed" in said or "wrong\n --> a.yaml:7:1" in said
    assert said.endswith(("= help: do that", "= help: mend it"))


def test_the_parts_of_an_errors_text_stand_in_order() -> None:
    assert (
        "PK599: here.yaml: it failed\n  one\n  two\n  model m, record 01K8, see: promptkit log show 01K8\n"
        "  = help: do that"
    ) == str(example(errors.OutputError))


def test_an_error_without_place_and_cure_is_one_line() -> None:
    assert "PK540: no such package" == str(errors.MissingExtra("no such package"))


def test_a_list_of_diagnostics_is_worded_in_order_of_place() -> None:
    said = str(example(errors.SpecError))
    assert said.index("a.yaml:7:1") < said.index("b.yaml:3:1")


@pytest.mark.parametrize("kind", [errors.ModelError, errors.OutputError])
def test_an_error_adds_up_the_usage_of_its_attempts(kind: type[errors.ModelError] | type[errors.OutputError]) -> None:
    error = example(kind)
    error.attempts = ATTEMPTS * 3
    assert Usage(6, 3, requests=3) == error.usage


def test_the_drawn_tree_is_the_real_one() -> None:
    drawn: dict[str, Any] = {}
    path: list[dict[str, Any]] = [drawn]
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ([│├└─ ]*)([A-Z]\w+)", line)
        if match:
            depth = len(match[1]) // 4
            path[depth + 1 :] = [path[depth].setdefault(match[2], {})]
    real = tree(errors.PromptkitError)
    real |= real.pop("_Diagnosed")
    assert {"PromptkitError": real} == drawn


def test_each_class_has_a_code_of_its_own() -> None:
    codes = [kind.default_code for kind in ALL]
    assert sorted(set(codes)) == sorted(codes)
