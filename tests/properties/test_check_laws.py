"""A law of checking: a mutation of a good file is told where it was made, or changes nothing that matters."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from promptkit.loader import load
from promptkit.source import Folder

GOOD = sorted((Path(__file__).parents[1] / "cases" / "load" / "good").iterdir())


def statement(lines: list[str], number: int) -> range:
    """The numbers of the lines of the top statement that holds a line."""
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


@given(st.sampled_from(GOOD), st.data())
def test_a_line_that_breaks_the_yaml_is_told_in_its_statement(folder: Path, draw: st.DataObject) -> None:
    text = (folder / "prompt.yaml").read_bytes().decode().replace("\r\n", "\n")
    lines = text.split("\n")
    keys = [i for i, line in enumerate(lines) if line[:1].isalpha() and ": " in line and line.endswith(("}", "]"))]
    if not keys:
        return
    number = draw.draw(st.sampled_from(keys))
    lines[number] = lines[number][:-1]
    found = load(Folder(folder), "prompt.yaml", "\n".join(lines))
    assert found.spec is None
    assert any(each.line in statement(lines, number) for each in found.errors), "\n\n".join(map(str, found.errors))
