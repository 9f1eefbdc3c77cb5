"""Ways out of Jinja's sandbox that were published, or are of their kind: none shows Python's insides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promptkit.errors import RenderError
from promptkit.template import Templates

ESCAPES = (Path(__file__).parents[1] / "cases" / "sandbox" / "escapes.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("text", ESCAPES)
def test_no_template_shows_the_insides_of_python(text: str) -> None:
    try:
        shown = Templates({}).render(text, {"x": "ab", "d": {"a": 1}})
    except RenderError as error:
        shown = f"{error.message} {error.help}"
    assert not re.search(r"<(?:class|function|built-in|bound|module|jinja2|promptkit)| at 0x|\b(?:os|sys)\.py\b", shown)
