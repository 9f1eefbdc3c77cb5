"""`promptkit explain` and `promptkit schema`: pages and schemas from the code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from command_line import promptkit

from promptkit.codes import titles

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("code", ["PK301", "pk301", "301"])
def test_a_code_has_its_page(code: str) -> None:
    ran = promptkit("explain", code)
    assert (0, "") == (ran.code, ran.err)
    assert ran.out.startswith("# PK301: an example that does not fit the output\n")


def test_without_a_code_all_are_listed() -> None:
    assert [f"{code}  {title}" for code, title in titles().items()] == promptkit("explain").out.splitlines()


def test_an_unknown_code_suggests_a_near_one() -> None:
    ran = promptkit("explain", "PK3O1")
    assert (2, "") == ran.said
    assert ran.err == "error[PK514]: there is no code `PK3O1`\n  = help: did you mean `PK301`?\n"


@pytest.mark.parametrize("code", ["nonsense", "../PK301", "PK301.md", ""])
def test_what_is_no_code_is_told_so(code: str) -> None:
    ran = promptkit("explain", code)
    assert (2, "") == ran.said
    assert ran.err.startswith("error[PK514]")


def test_the_schema_is_a_json_schema(place: Path) -> None:
    ran = promptkit("schema")
    assert (0, "") == (ran.code, ran.err)
    assert "task" in json.loads(ran.out)["properties"]
    assert (0, "") == promptkit("schema", "-o", "s.json").said
    assert ran.out == (place / "s.json").read_text()
