"""Laws of checking: a mutation of a good file changes nothing that matters, or is told where it was made."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from promptkit.loader import load
from promptkit.source import Folder

GOOD = sorted((Path(__file__).parents[1] / "cases" / "load" / "good").iterdir())


def statement(lines: list[str], number: int) -> range:
    """The numbers of the lines of the top statement that holds a line; a file in flow style is one."""
    first_line = next((line for line in lines if line.strip() and not line.startswith(("#", "%", "---"))), "")
    if first_line.startswith("{"):
        return range(1, len(lines) + 1)
    begins = [i for i, line in enumerate(lines) if line[:1] not in ("", " ", "\t", "#", "-", "}", "]")]
    first = max((i for i in begins if i <= number), default=0)
    last = min((i for i in begins if i > number), default=len(lines))
    return range(first + 1, last + 1)


@given(st.sampled_from(GOOD), st.data())
def test_a_misspelt_key_is_told_in_its_line_or_as_what_its_absence_breaks(folder: Path, draw: st.DataObject) -> None:
    text = (folder / "prompt.yaml").read_bytes().decode().replace("\r\n", "\n")
    lines = text.split("\n")
    keys = [i for i, line in enumerate(lines) if line[:1].isalpha() and ":" in line and not line.startswith("x-")]
    if not keys:
        return
    number = draw.draw(st.sampled_from(keys))
    lines[number] = "q" + lines[number]
    found = load(Folder(folder), "prompt.yaml", "\n".join(lines))
    assert found.spec is None
    assert any(each.code == "PK120" and each.line == number + 1 for each in found.errors)


SIGNS = st.sampled_from("'\"{}[]:#-|>, \n\tqa1&*!%@?")
REFERRING = ("PK109", "PK114", "PK121", "PK122", "PK123", "PK126", "PK2", "PK3")
"""Codes of what refers to another statement: an alias, an input, a type that changed; or misses one that is gone."""


@settings(max_examples=400)
@given(st.sampled_from(GOOD), st.data())
def test_a_mutation_changes_nothing_or_is_told_in_its_statement_or_where_that_is_meant(
    folder: Path, draw: st.DataObject
) -> None:
    text = (folder / "prompt.yaml").read_bytes().decode().replace("\r\n", "\n")
    at = draw.draw(st.integers(0, max(0, len(text) - 1)), label="at")
    sign, length = draw.draw(SIGNS | st.just(""), label="sign"), draw.draw(st.integers(0, 1), label="length")
    mutated = text[:at] + sign + text[at + length :]
    found = load(Folder(folder), "prompt.yaml", mutated)
    if found.spec is not None:
        return
    lines, number = mutated.split("\n"), text[:at].count("\n")
    touched = range(number, min(number + sign.count("\n"), len(lines) - 1) + 1)  # a line end touches two lines
    inside = {each for one in touched for each in statement(lines, one)}
    assert found.errors
    assert any(
        each.line in inside
        or each.code.startswith(REFERRING)
        # What is no YAML is noticed where it ends to be any, which is never before the mutation.
        or (each.code < "PK120" and each.line > number)
        for each in found.errors
    ), "\n\n".join(map(str, found.errors))
