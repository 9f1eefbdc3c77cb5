"""Options are judged by what is documented of them."""

from __future__ import annotations

from typing import Any

import pytest

from promptkit.options import IGNORED_BY_MARA, KNOWN_OPTIONS, check_option, check_together, check_tools


def severity(name: str, value: Any, **more: Any) -> str | None:
    fault = check_option(name, value, **more)
    return fault.severity if fault else None


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("temperature", [0, 0.5, 1], [-0.1, 1.1, "0.5", True, float("nan"), float("inf"), [1]]),
        ("top_p", [0, 1], [-1, 1.01, "1", False]),
        ("top_k", [1, 100], [0, 101, 1.5, True]),
        ("max_tokens", [1, 10**9], [0, -1, 4096.0, "4096"]),
        ("max_completion_tokens", [1], [0]),
        ("stop", ["x", ["a", "b", "c", "d"]], ["", [], ["a", "b", "c", "d", "e"], [""], [1], 5]),
        ("reasoning_effort", ["low", "medium", "high"], [3, True]),
        ("chat_template_kwargs", [{"enable_thinking": True}], ["on", [1]]),
        ("do_sample", [True, False], [0, "true"]),
        ("repetition_penalty", [1, 1.2], [-1, "1"]),
        (
            "tool_choice",
            ["none", "auto", "required", {"type": "function", "function": {"name": "f"}}],
            ["always", {}, {"type": "function"}, 1],
        ),
        ("parallel_tool_calls", [True], ["yes"]),
    ],
)
def test_a_value_is_in_its_range_or_an_error(name: str, right: list[Any], wrong: list[Any]) -> None:
    assert {None} == {severity(name, value) for value in right}
    assert {"error"} == {severity(name, value) for value in wrong}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2),
        ("seed", -7),
        ("logprobs", True),
        ("top_logprobs", 5),
        ("logit_bias", {"50256": -100}),
        ("presence_penalty", -2),
        ("frequency_penalty", 0.5),
    ],
)
def test_an_option_that_mara_ignores_is_a_warning_there_only(name: str, value: Any) -> None:
    assert (severity(name, value), severity(name, value, ignored=())) == ("warning", None)


def test_an_ignored_option_of_the_wrong_type_is_an_error() -> None:
    assert severity("seed", "seven") == "error"


def test_every_ignored_option_is_a_known_one() -> None:
    assert set(KNOWN_OPTIONS) > IGNORED_BY_MARA


@pytest.mark.parametrize(("highest", "expected"), [(1.0, "error"), (2.0, None), (None, None)])
def test_the_highest_temperature_is_the_endpoints(highest: float | None, expected: str | None) -> None:
    assert expected == severity("temperature", 1.5, max_temperature=highest)


def test_a_temperature_too_high_says_how_to_raise_the_limit() -> None:
    fault = check_option("temperature", 1.5)
    assert fault is not None
    assert (
        fault.message,
        "PROMPTKIT_MAX_TEMPERATURE" in fault.help,
    ) == ("`temperature` must be a number from 0 to 1, not 1.5", True)


def test_an_effort_that_is_not_documented_is_a_warning() -> None:
    assert severity("reasoning_effort", "minimal") == "warning"


def test_an_unknown_option_is_a_warning() -> None:
    assert severity("min_p", 0.1) == "warning"


@pytest.mark.parametrize("name", ["temperature", "seed", "min_p"])
def test_null_unsets_an_option(name: str) -> None:
    assert severity(name, None) is None


@pytest.mark.parametrize("name", ["model", "messages", "stream", "stream_options", "response_format", "tools"])
def test_what_promptkit_fills_in_is_no_option(name: str) -> None:
    fault = check_option(name, None)
    assert fault is not None
    assert (fault.severity, bool(fault.help)) == ("error", True)


def test_a_long_value_is_shown_in_part() -> None:
    fault = check_option("temperature", "x" * 500)
    assert fault is not None
    assert len(fault.message) < 150


def test_both_token_limits_are_an_error() -> None:
    assert check_together({"max_tokens": 1, "max_completion_tokens": 1}) is not None


@pytest.mark.parametrize("options", [{}, {"max_tokens": 1}, {"max_tokens": 1, "max_completion_tokens": None}])
def test_one_token_limit_is_right(options: dict[str, Any]) -> None:
    assert check_together(options) is None


def test_a_request_has_at_most_128_tools() -> None:
    assert (check_tools(128), check_tools(129) is None) == (None, False)
