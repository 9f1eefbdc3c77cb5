"""A spec that is written down and read again is the same spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptkit.loader import load, load_spec, to_yaml
from promptkit.source import Folder
from promptkit.written import authored_data

ROOT = Path(__file__).parent.parent
GOOD = sorted((Path(__file__).parent / "cases" / "load" / "good").iterdir())
SHIPPED = sorted(path for path in (ROOT / "templates").rglob("*.yaml") if not path.name.startswith("_"))


def assert_reads_back(source: Folder, path: str) -> None:
    spec = load_spec(source, path)
    text = to_yaml(authored_data(spec))
    again = load(source, path, text)
    assert again.spec is not None, "\n\n".join(map(str, again.errors))
    if spec.templates() == again.spec.templates():  # else a parent's includes have paths from the root now
        assert spec.digest == again.spec.digest
    assert text == to_yaml(authored_data(again.spec))


@pytest.mark.parametrize("folder", GOOD, ids=lambda folder: folder.name)
def test_what_is_written_of_a_spec_reads_back_as_the_same_spec(folder: Path) -> None:
    assert_reads_back(Folder(folder), "prompt.yaml")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_our_own_templates_read_back_too(path: Path) -> None:
    assert_reads_back(Folder(ROOT / "templates"), path.relative_to(ROOT / "templates").as_posix())
