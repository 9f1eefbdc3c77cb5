"""Laws of reading: what is written down comes back, and nothing makes the reader fail."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from promptkit.loader import load, to_yaml
from promptkit.source import Memory
from promptkit.yamlfile import read_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, DATA, max_size=5))
def test_data_written_as_yaml_reads_back_equal(data: dict[str, Any]) -> None:
    document = read_yaml(to_yaml(data), "<dict>")
    assert [] == document.faults
    assert document.root is not None
    assert data == document.root.value


@given(st.dictionaries(st.text("abc<=-~.1", min_size=1, max_size=5), st.text("ab #:-{}[]'\"\n\\|>%&*!", max_size=30)))
def test_texts_as_another_writer_writes_them_read_back_equal(data: dict[str, str]) -> None:
    document = read_yaml(yaml.safe_dump(data, allow_unicode=True), "x.yaml")
    told = {fault.code for fault in document.faults}
    assert told <= {"PK108"}
    if not told:
        assert document.root is not None
        assert data == document.root.value


@given(st.text(st.sampled_from(list("ab :-[]{}'\"|>#&*!%@\n\t?,~<0\\é\u2028\x85\r")), max_size=60))
def test_no_text_makes_the_reader_or_the_loader_fail(text: str) -> None:
    found = load(Memory(), "x.yaml", text)
    assert found.spec is not None or found.errors
    for fault in found.diagnostics:
        assert fault.line >= 0
        assert str(fault)


@given(st.binary(max_size=60))
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    document = read_yaml(data, "x.yaml")
    assert document.root is None or json.dumps(document.root.value) is not None
