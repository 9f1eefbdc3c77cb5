"""`promptkit init`, and the first minute that it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command_line import promptkit

if TYPE_CHECKING:
    from pathlib import Path


def test_the_first_minute_needs_no_key(place: Path) -> None:
    made = promptkit("init", "triage")
    assert (0, "") == (made.code, made.err.partition("next: ")[0])
    assert made.out == (
        "created triage/triage.yaml  triage/inputs.json  triage/promptkit.toml  triage/promptkit.schema.json\n"
    )
    following = made.err.removeprefix("next: ").split("(")[0].split()[1:]
    rendered = promptkit(*following)
    assert (0, True) == (rendered.code, "Ticket: My invoice is wrong\n" in rendered.out)
    assert 5 == promptkit("run", *following[1:]).code
    assert 0 == promptkit("run", *following[1:], "-m", "simulate:").code
    assert 0 == promptkit("check", "triage").code


def test_what_is_there_is_never_overwritten(place: Path) -> None:
    (place / "triage").mkdir()
    (place / "triage/inputs.json").write_text("mine")
    ran = promptkit("init", "triage")
    assert (2, "") == ran.said
    assert ran.err.startswith("error[PK115]: `triage/inputs.json` is there already\n")
    assert (["inputs.json"], "mine") == (
        [path.name for path in (place / "triage").iterdir()],
        (place / "triage/inputs.json").read_text(),
    )


def test_a_folder_on_the_way_is_made(place: Path) -> None:
    assert 0 == promptkit("init", "prompts/greeting").code
    assert "name: greeting\n" in (place / "prompts/greeting/greeting.yaml").read_text()


@pytest.mark.parametrize(
    ("name", "help"),
    [("My Triage", "did you mean `my-triage`?"), ("a/Foo", "did you mean `a/foo`?"), (".", "such as `triage`")],
)
def test_a_name_that_no_prompt_can_have_is_refused(name: str, help: str, place: Path) -> None:
    ran = promptkit("init", name)
    assert (2, "") == ran.said
    assert ran.err.startswith("error[PK124]: ")
    assert ran.err.endswith(f"= help: {help}\n")
    assert [] == list(place.iterdir())


def test_a_place_that_cannot_be_written_is_told(place: Path) -> None:
    (place / "file").touch()
    ran = promptkit("init", "file/triage")
    assert (2, "") == ran.said
    assert "Not a directory" in ran.err


def test_a_name_that_is_too_long_is_told(place: Path) -> None:
    ran = promptkit("init", "x" * 300)
    assert (2, "") == ran.said
    assert "File name too long" in ran.err
