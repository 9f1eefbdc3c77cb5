"""Words around a value: what leaves a careful reader sure of it is read, and what does not is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from promptkit import OutputError, parse_output

GROUPS = yaml.safe_load((Path(__file__).parent.parent / "cases" / "remarks.yaml").read_text(encoding="utf-8"))


def named(text: str, *values: Any) -> Any:
    return pytest.param(text, *values, id=text[-40:].replace("\n", " "))


def accepted() -> Iterator[Any]:
    for group in GROUPS:
        for each in group.get("accepted", ()):
            yield named(each["text"], group["schema"], each["value"])


def refused() -> Iterator[Any]:
    for group in GROUPS:
        for text in group.get("refused", ()):
            yield named(text, group["schema"])


@pytest.mark.parametrize(("text", "schema", "value"), list(accepted()))
def test_harmless_words_take_nothing_back(text: str, schema: Any, value: Any) -> None:
    assert value == parse_output(text, schema).value


@pytest.mark.parametrize(("text", "schema"), list(refused()))
def test_what_nobody_can_be_sure_of_is_refused(text: str, schema: Any) -> None:
    with pytest.raises(OutputError):
        parse_output(text, schema)
