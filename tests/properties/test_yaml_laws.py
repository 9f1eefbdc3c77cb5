"""Laws of reading: what is written down comes back, and nothing makes the reader fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from promptkit.loader import load, to_yaml
from promptkit.source import Memory
from promptkit.yaml_nodes import Mapping, Scalar
from promptkit.yamlfile import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

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


LINE = st.text(st.sampled_from("ab é中😀"), min_size=1)
LINES = st.lists(LINE.map(str.strip).filter(bool), min_size=1, max_size=4)


def literal(lines: list[str], indent: str) -> str:
    return "|\n" + "".join(f"{indent}{line}\n" for line in lines)


def folded(lines: list[str], indent: str) -> str:
    return ">-\n" + "".join(f"{indent}{line}\n" for line in lines)


def plain(lines: list[str], indent: str) -> str:
    return f"\n{indent}".join(lines)


def single(lines: list[str], indent: str) -> str:
    return "'" + f"\n{indent}".join(lines) + "'"


def double(lines: list[str], indent: str) -> str:
    return '"' + f"\n\n{indent}".join(lines) + '"'


@given(
    LINES,
    st.sampled_from([literal, folded, plain, single, double]),
    st.integers(1, 6),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
)
def test_a_text_knows_the_place_of_each_character(
    lines: list[str], style: Callable[[list[str], str], str], indent: int, end: str, mark: str
) -> None:
    text = f"before: 1\ntask: {style(lines, ' ' * indent)}\nafter: 2\n".replace("\n", end)
    document = read_yaml((mark + text).encode(), "x.yaml")
    assert isinstance(document.root, Mapping)
    node = document.root.get("task")
    assert isinstance(node, Scalar)
    offsets = document.offsets(node)
    assert "".join(lines).replace(" ", "") == "".join(node.text.split())
    for char, offset in zip(node.text, offsets, strict=False):
        if not char.isspace():
            assert char == document.text[offset]
            line, column = document.place(offset)
            assert char == text.split(end)[line - 1][column - 1]


FRAGMENTS = {
    '"': [
        "a",
        "é",
        "b c",
        r"\x41",
        r"\u00e9",
        r"\t",
        r"\"",
        r"\\",
        r"\ ",
        r"\n",
        "\\\n   ",
        " ",
        "\n   ",
        "\n\n  ",
        "日",
    ],
    "'": ["a", "é", "b c", "''", " ", "\n   ", "\n\n  ", "  \n   ", "日"],
    "": ["a", "é", "b c", " d", "\n   ", "\n\n  ", "日"],
    ">\n  ": ["a", "é b", " c", "\n  ", "\n\n  ", "\n    more", "日"],
    "|\n  ": ["a", "é b", " c", "\n  ", "\n\n  ", "\n    more", "日"],
}


@pytest.mark.parametrize("style", FRAGMENTS)
@given(data=st.data())
def test_a_sign_of_a_text_is_found_in_the_file_however_it_is_quoted_and_folded(style: str, data: st.DataObject) -> None:
    body = "".join(data.draw(st.lists(st.sampled_from(FRAGMENTS[style]), max_size=14)))
    end = style if style in ("'", '"') else ""
    source = f"k: {style}q{body} {{{{ z }}}}{end}\n"
    document = read_yaml(source, "p.yaml")
    assume(isinstance(document.root, Mapping) and not document.faults)
    assert isinstance(document.root, Mapping)
    text = document.root.pairs[0][1]
    assert isinstance(text, Scalar)
    assert document.offsets(text)[text.text.index("z")] == source.index("z")


@given(st.text(st.characters(exclude_categories=["Cs", "Co"])), st.sampled_from(["", " {{ x }}"]))
def test_json_as_python_escapes_it_is_read_with_its_places(text: str, more: str) -> None:
    written = json.dumps({"a": text + more})
    document = read_yaml(written, "a.json")
    assert {"a": text + more} == document.root.value
    node = document.root.get("a")
    offsets = document.offsets(node)
    assert len(offsets) == len(text + more) + 1
    assert [written[at] for at in offsets[len(text) : -1]] == list(more)
