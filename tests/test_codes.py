"""Every code that can be shown has a page, and every page a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import promptkit
from promptkit.codes import page, titles
from promptkit.errors import ConfigError

PACKAGE = Path(promptkit.__file__).parent
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
USED = sorted(set(re.findall(r"\bPK\d{3}\b", SOURCES)))


def test_every_code_that_the_source_names_has_a_page() -> None:
    assert [] == sorted(set(USED) - set(titles()))


def test_every_page_is_of_a_code_that_the_source_names() -> None:
    assert [] == sorted(set(titles()) - set(USED))


@pytest.mark.parametrize("code", titles())
def test_a_page_has_a_title_and_says_why_and_how(code: str) -> None:
    first, blank, *rest = page(code).splitlines()
    assert re.fullmatch(rf"# {code}: [a-zA-Z`].{{5,90}}[^.]", first)
    assert "" == blank
    assert len(" ".join(rest)) > 60


@pytest.mark.parametrize("code", ["PK998", "pk301", "", "../../../etc/passwd", "PK301.md"])
def test_what_is_no_code_is_an_error_with_its_own_code(code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        page(code)
    assert "PK514" == caught.value.code
