"""Which version a change asks for: every row of the table in the reference, by a prompt before and after it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from promptkit import Prompt
from promptkit.completion import ModelFacts
from promptkit.repos.diff.changes import LEVELS, Policy, is_enough, next_version
from promptkit.repos.diff.diff import MOST_CASES, Case, diff, joined_cases, saved_cases
from promptkit.repos.diff.schema_changes import READ, schema_changes
from promptkit.repos.diff.text import changelog_lines, to_markdown, to_text
from promptkit.repos.diff.wording import words
from promptkit.source import Memory
from promptkit.spec import PromptSpec

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent.parent / "cases/verdicts.yaml").read_text())
START = {"name": "a/b", "version": "1.2.3", "task": "Answer {{ q }}", "inputs": {"q": "string"}}
PAGE = Path(__file__).parents[2] / "docs/reference/versions.md"


def prompt(changed: dict[str, Any]) -> Prompt[Any]:
    data = {**START, **changed}
    return Prompt.from_dict({key: value for key, value in data.items() if value is not None}, path="b.yaml")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["row"])
def test_a_change_asks_for_the_version_of_the_table(case: dict[str, Any]) -> None:
    found = diff(prompt(case.get("before", {})), prompt(case.get("after", {})))
    levels = {change.level for change in found.changes}
    assert max(levels, key=LEVELS.index, default=None) == case["level"], to_text(found)


def test_the_table_of_the_reference_is_what_is_tested() -> None:
    rows = [line.split("|")[1:3] for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    told = [(row.strip(), level.strip()) for row, level in rows if level.strip() in (*LEVELS, "cannot tell")]
    assert told == [
        (case["row"], (case["level"] or "").replace("unknown", "cannot tell")) for case in CASES if case["level"]
    ]


def test_a_prompt_is_no_change_of_itself() -> None:
    for case in CASES:
        same = prompt(case.get("after", {}))
        found = diff(same, same, saved_cases(same.spec, Memory()))
        assert (found.changes, found.level, found.enough) == ((), None, True)


def test_every_change_has_a_text_and_a_row_of_markdown() -> None:
    for case in CASES:
        before, after = (prompt(case.get(state, {})) for state in ("before", "after"))
        found = diff(before, after, joined_cases(saved_cases(after.spec, Memory()), saved_cases(before.spec, Memory())))
        assert len(to_text(found, show=True).splitlines()) >= len(found.changes) + 2
        assert sum(line.startswith("| ") for line in to_markdown(found).splitlines()) == (
            len(found.changes) + 1 if found.changes else 0
        )


def test_a_policy_weighs_words_and_what_cannot_be_told() -> None:
    before, after = prompt({}), prompt({"task": "Say {{ q }}"})
    assert diff(before, after).level == "minor"
    assert diff(before, after, policy=Policy(wording="patch")).level == "patch"
    case = next(case for case in CASES if case["level"] == "unknown")
    before, after = (prompt(case[state]) for state in ("before", "after"))
    assert diff(before, after).level == "major"
    assert diff(before, after, policy=Policy(unknown="minor")).level == "minor"


NEXT = [
    ("1.2.3", "major", "2.0.0"),
    ("1.2.3", "minor", "1.3.0"),
    ("1.2.3", "patch", "1.2.4"),
    ("0.2.3", "major", "0.3.0"),
    ("0.2.3", "minor", "0.2.4"),
    ("0.2.3", "patch", "0.2.4"),
    ("2.0.0-rc.1", "major", "2.0.0"),
    ("", "major", "1.0.0"),
]


@pytest.mark.parametrize(("before", "level", "after"), NEXT)
def test_the_next_version_is_the_least_that_announces_a_change(before: str, level: Any, after: str) -> None:
    assert next_version(before, level) == after


numbers = st.builds(lambda *parts: str(Version(*parts)), *[st.integers(0, 5)] * 3)


@given(numbers, numbers, st.sampled_from(LEVELS))
def test_a_version_is_enough_when_it_is_not_below_the_next_one(before: str, after: str, level: Any) -> None:
    wanted = next_version(before, level)
    assert is_enough(before, wanted, level)
    assert is_enough(before, after, level) == (Version.parse(after) >= Version.parse(wanted))


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from([0, 30, 1_000]))
def test_words_hold_both_texts(before: str, after: str, most: int) -> None:
    pieces = words(before, after, most)
    assert "".join(text for sign, text in pieces if sign != "+") == before
    assert "".join(text for sign, text in pieces if sign != "-") == after


def test_rendered_messages_are_compared_over_all_saved_inputs() -> None:
    data = {
        "examples": [{"inputs": {"q": "one"}, "output": "1"}],
        "tests": [{"name": "two", "inputs": {"q": "two"}}],
    }
    before, after = prompt(data), prompt({**data, "task": "Say {{ q }} twice"})
    source = Memory({"b.inputs.json": '[{"q": "three"}, {"q": "one"}]'})
    found = diff(before, after, joined_cases(saved_cases(after.spec, source)))
    assert [(case.name, case.differs) for case in found.cases] == [
        ("two", True),
        ("example 1", True),
        ("b.inputs.json 1", True),
    ]
    assert found.cases[0].messages[-1] == (
        "user",
        (("-", "Answer"), ("+", "Say"), ("=", " two"), ("+", " twice")),
    )
    assert found.more_tokens is not None
    assert found.more_tokens > 0


def test_inputs_that_fit_one_state_alone_say_so() -> None:
    before = prompt({"tests": [{"inputs": {"q": "x"}}]})
    after = prompt({"inputs": {"r": "string"}, "task": "{{ r }}"})
    found = diff(before, after, saved_cases(before.spec, Memory()))
    assert found.cases[0].trouble.startswith("it does not render now")


def test_of_very_many_saved_inputs_it_is_told_how_many_were_not_rendered() -> None:
    before, after = prompt({"task": "Say {{ q }}"}), prompt({"task": "Do {{ q }}"})
    found = diff(before, after, [Case(str(number), {"q": str(number)}) for number in range(MOST_CASES + 5)])
    assert (len(found.cases), found.left_out) == (MOST_CASES, 5)
    assert "messages for 1,000 of 1,005 saved inputs: 1,000 differ" in to_text(found)
    assert found.to_dict()["rendered"]["left_out"] == 5


def tangled(definitions: int, *more: str) -> dict[str, Any]:
    """A schema of objects each of which may hold all others, and itself."""
    fields = {f"child{number}": {"$ref": f"#/$defs/d{number}"} for number in range(definitions)}
    found = {f"d{number}": {"type": "object", "properties": dict(fields)} for number in range(definitions)}
    found["d0"]["properties"] |= {name: {"type": "string"} for name in more}
    return {"$ref": "#/$defs/d0", "$defs": found}


@pytest.mark.parametrize("definitions", [1, 3, 8, 30])
def test_a_change_in_schemas_that_hold_each_other_is_told_and_told_to_the_end(definitions: int) -> None:
    before, after = tangled(definitions), tangled(definitions, "note")
    told = [(change.sign, change.level) for change in schema_changes(READ, "output", "answer", before, after)]
    assert set(told) == {("+", "minor")}
    assert len(told) < 500
    assert "major" in {change.level for change in schema_changes(READ, "output", "answer", after, before)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["row"])
def test_no_change_hides_another(case: dict[str, Any]) -> None:
    before, after = (case.get(state, {}) for state in ("before", "after"))
    found = diff(prompt(before), prompt({"metadata": {"owner": "somebody"}, **after}))
    assert LEVELS.index(found.level or "patch") >= LEVELS.index(case["level"] or "patch"), to_text(found)


@pytest.mark.parametrize("key", [name for name, each in PromptSpec.declared.items() if each.authored])
def test_no_key_changes_unseen(key: str) -> None:
    """A spec that differs in one key alone, whichever that is: something is told of it."""
    assert key in OTHERWISE, "say in OTHERWISE what this key may be"
    if (changed := OTHERWISE[key]) is not None:
        assert diff(prompt({}), prompt(changed)).changes


OTHERWISE: dict[str, dict[str, Any] | None] = {
    "promptkit": None,  # has one value
    "version": None,  # is what announces the others
    "extends": None,  # is told by what comes of it
    "examples_from": None,  # needs a file; see the row of examples
    "inputs_schema": {"inputs": {"schema": {"type": "object", "properties": {"q": {}}, "minProperties": 1}}},
    "messages": {"task": None, "messages": [{"role": "user", "content": "{{ q }}"}]},
    "extras": {"x-owner": "somebody"},
    **{
        key: {key: value}
        for key, value in {
            "name": "a/other",
            "description": "Another one.",
            "metadata": {"a": 1},
            "model": "gpt-4o",
            "options": {"temperature": 1},
            "models": {"gpt-4o": {"options": {"temperature": 0}}},
            "inputs": {"q": "string", "r?": "string"},
            "persona": "You are kind.",
            "context": "It rains.",
            "task": "Say {{ q }}",
            "output": {"format": "json"},
            "examples": [{"inputs": {"q": "a"}, "output": "b"}],
            "chain_of_thought": True,
            "tools": ["look_up"],
            "layout": {"style": "xml"},
            "conversation": {"input": "q"},
            "memory": {"last": 20},
            "budget": {"usd": 1},
            "tests": [{"inputs": {"q": "a"}}],
        }.items()
    },
}


def test_what_changed_is_seen_wherever_in_a_long_value_it_stands() -> None:
    one, other = (" ".join(f"{word}{number}" for number in range(60)) for word in ("here", "there"))
    examples = ([{"inputs": {"q": "x"}, "output": f"{one} {word} {other}"}] for word in ("first", "second"))
    assert "[-first-]{+second+}" in to_text(diff(*(prompt({"examples": each}) for each in examples)))
    inputs = {"q": "string", "tone": "string = kind"}
    tasks = (f"{one} {{{{ q }}}}{words}, {other}" for words in ("", " in {{ tone }} words"))
    assert "{{ tone }}" in to_text(diff(*(prompt({"task": task, "inputs": inputs}) for task in tasks)))


def test_markdown_takes_texts_of_a_prompt_as_they_stand() -> None:
    hostile = "<details> *x* | [l](http://e.org) `y`"
    before = prompt({"output": {"format": "choice", "choices": ["a"]}})
    after = prompt({"output": {"format": "choice", "choices": ["a", hostile]}, "task": "<ticket> | {{ q }}"})
    found = diff(before, after, [Case(hostile, {"q": "x"})])
    for text in (to_markdown(found), "\n".join(changelog_lines(found))):
        outside = re.sub("```diff.*?```", "", text, flags=re.DOTALL).replace("\\`", "")
        outside = re.sub(
            r"(`+)(?:(?!\1).)+\1|^(<details><summary>|</summary>|</details>)$", "", outside, flags=re.MULTILINE
        )
        assert not re.search(r"(?<!\\)<", outside), outside
        assert not re.search(r"(?<!\\)\]\(", outside), outside
        assert "&lt;" not in text


@pytest.mark.parametrize(
    ("task", "was", "words"),
    [
        ("Answer {{ q }}", None, None),
        ("Answer {{ q }}", 2e-6, "USD for a million calls of new instead of old"),
        ("Answer {{ q }} as soon as you can, and in verse", None, "USD for a million calls of new"),
        ("Answer {{ q }} as soon as you can, and in verse", 2e-6, "USD for a million calls of new instead of old"),
    ],
)
def test_what_a_request_costs_more_is_told_of_another_model_or_of_more_words(
    task: str, was: float | None, words: str | None
) -> None:
    old = ModelFacts("old", prompt_price=was) if was is not None else None
    now = ModelFacts("new", prompt_price=1e-6)
    found = diff(prompt({}), prompt({"task": task}), [Case("x", {"q": "why"})], facts=now, old_facts=old)
    text = to_text(found)
    assert words in text if words else "USD" not in text, text
    ((before, after),) = [case.tokens for case in found.cases]
    assert found.more_usd == pytest.approx(after * 1e-6 - before * (was or 1e-6))


def test_a_price_that_is_not_known_is_told() -> None:
    facts = ModelFacts("new", prompt_price=1e-6), ModelFacts("old")
    found = diff(prompt({}), prompt({}), [Case("x", {"q": "why"})], facts=facts[0], old_facts=facts[1])
    assert found.more_usd is None
    assert to_text(found).count("the price of old is not known") == 1
