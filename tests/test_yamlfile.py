"""The strict YAML reader: YAML 1.2 values, a place for every character, faults instead of surprises."""

from __future__ import annotations

from typing import Any

import pytest

from promptkit.yaml_nodes import Document, Mapping, Node, Scalar, Sequence, resolve
from promptkit.yamlfile import read_yaml


def root(text: str) -> Node:
    document = read_yaml(text, "x.yaml")
    assert [] == [str(fault) for fault in document.faults]
    assert document.root is not None
    return document.root


def codes(text: str | bytes) -> list[tuple[str, int, int]]:
    return [(fault.code, fault.line, fault.column) for fault in read_yaml(text, "x.yaml").faults]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2026-11-24", "2026-11-24"),
        ("=", "="),
        ("١٢", "١٢"),
    ],
)
def test_a_plain_scalar_is_what_yaml_1_2_says(text: str, value: Any) -> None:
    assert value == resolve(text)
    assert type(value) is type(resolve(text))


@pytest.mark.parametrize("text", ["'12'", '"12"', "|-\n  12", ">-\n  12", "! 12"])
def test_a_quoted_or_block_scalar_is_a_text(text: str) -> None:
    assert "12" == root(text).value


def test_a_scalar_keeps_its_source_text() -> None:
    [(_, value)] = root("version: 1.10").pairs  # type: ignore[union-attr]
    assert isinstance(value, Scalar)
    assert "1.10" == value.text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\na: 2", [("PK103", 2, 1)]),
        ("a: {b: 1, b: 2}", [("PK103", 1, 11)]),
        ("a: !!python/object:os.system x", [("PK104", 1, 4)]),
        ("a: !env HOME", [("PK104", 1, 4)]),
        ("<<: {a: 1}", [("PK108", 1, 1)]),
        ("? [a]\n: 1", [("PK107", 1, 3)]),
        ("a: *b", [("PK109", 1, 4)]),
        ("a: 1\n---\nb: 2", [("PK106", 2, 1)]),
        ("\ufeffa: 1", [("PK102", 1, 1)]),
        ("a: {{ b }}", [("PK111", 1, 4)]),
        ("a: {{ b }} c", [("PK111", 1, 4)]),
        ("task: Do this: now", [("PK112", 1, 14)]),
        ("a: 'b", [("PK100", 1, 4)]),
        ("a: 'b\nc: d\n", [("PK100", 1, 4)]),
        ('a: "b\nc: d\n', [("PK100", 1, 4)]),
        ("a: {b: | c}", [("PK100", 1, 8)]),
        ("a: [1", [("PK100", 1, 4)]),
        ("\ta: 1", [("PK100", 1, 1)]),
        (b"\x80", [("PK101", 1, 1)]),
        (b"ab\ncd\xff", [("PK101", 2, 3)]),
        (b"\x00\x01\x02", [("PK101", 1, 1)]),
    ],
)
def test_a_fault_has_its_code_and_place(text: str | bytes, found: list[tuple[str, int, int]]) -> None:
    assert found == codes(text)


def test_an_alias_stands_for_its_anchor() -> None:
    assert {"a": [1, 2], "b": [1, 2]} == root("a: &x [1, 2]\nb: *x").value


def test_aliases_do_not_multiply_beyond_the_limit() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "PK105" in [code for code, *_ in codes("\n".join(levels))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_count_lines_by_each_kind_of_line_end(end: str) -> None:
    assert [("PK103", 3, 1)] == codes(f"a: 1{end}b: 2{end}a: 3")


def test_columns_count_characters() -> None:
    assert [("PK103", 1, 11)] == codes("{'é😀': 1, 'é😀': 2}")


def places(document: Document, node: Node) -> list[tuple[str, int]]:
    """Each visible character of the scalars, and the offset said to hold it."""
    if isinstance(node, Scalar):
        pairs = zip(node.text, document.offsets(node), strict=False)
        return [(char, offset) for char, offset in pairs if not char.isspace()]
    children = node.items if isinstance(node, Sequence) else [child for pair in node.pairs for child in pair]
    return [pair for child in children for pair in places(document, child)]


@pytest.mark.parametrize(
    "text",
    [
        "task: plain words",
        "task: plain words\n  on two lines",
        "task: 'it''s quoted'",
        "task: 'on\n\n  three lines'",
        "task: |\n  a block\n    indented\n\n  ends",
        "task: |+2\n   keeps  \n\n",
        "task: >-\n  folded\n  lines\n\n  and paragraphs",
        'task: "double\n  folded"',
        "task: {a: [b, 'c d', \"e\"]}",
        "a:\r\n  - |\r\n    windows\r\n    lines",
    ],
)
def test_every_character_knows_its_place(text: str) -> None:
    document = read_yaml(text, "x.yaml")
    assert isinstance(document.root, Mapping)
    found = places(document, document.root)
    assert found
    assert [char for char, _ in found] == [document.text[offset] for _, offset in found]


def test_an_escaped_character_has_the_place_of_its_escape() -> None:
    document = read_yaml(r'a: "x\ty\u00e9z\x41\\\"w"', "x.yaml")
    [(_, node)] = document.root.pairs  # type: ignore[union-attr]
    assert isinstance(node, Scalar)
    assert 'x\tyézA\\"w' == node.text
    shown = [document.text[at] for at in document.offsets(node)]
    assert ["x", "\\", "y", "\\", "z", "\\", "\\", "\\", "w", '"'] == shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'a: "\ud83d\ude00 ok"', "😀 ok"),
        (r'a: "\uD83D\uDE00\ud83d\ude01"', "😀😁"),
        (r"a: '\uD83d\uDe00'", None),
        (r"a: '\ud83d\ude00'", r"\ud83d\ude00"),
        (r"a: '\uD83D\uDE00'", r"\uD83D\uDE00"),
        (r"a: \ud83d\ude00", r"\ud83d\ude00"),
        (r'a: "\\ud83d\\ude00"', r"\ud83d\ude00"),
    ],
)
def test_a_character_that_json_escapes_in_two_halves_is_one(text: str, value: str | None) -> None:
    document = read_yaml(text, "a.yaml")
    assert [] == document.faults
    if value is not None:
        assert {"a": value} == document.root.value
