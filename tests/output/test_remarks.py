"""Words around a value: what leaves a careful reader sure of it is read, and what does not is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from promptkit import OutputError, parse_output

GROUPS = yaml.safe_load((Path(__file__).parent.parent / "cases" / "remarks.yaml").read_text(encoding="utf-8"))


def texts(kind: str) -> Iterator[Any]:
    for group in GROUPS:
        for text in group.get(kind, ()):
            yield pytest.param(text, group["schema"], id=text[-40:].replace("\n", " "))


@pytest.mark.parametrize(("text", "schema"), list(texts("accepted")))
def test_harmless_words_take_nothing_back(text: str, schema: Any) -> None:
    parse_output(text, schema)


@pytest.mark.parametrize(("text", "schema"), list(texts("refused")))
def test_what_nobody_can_be_sure_of_is_refused(text: str, schema: Any) -> None:
    with pytest.raises(OutputError):
        parse_output(text, schema)
