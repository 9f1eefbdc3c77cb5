"""Filters for lists and objects: what a model reads is what was given."""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit.errors import RenderError
from promptkit.template import Templates
from promptkit.tokens import PieceEstimate

ROWS = [{"id": 1, "name": "A|b"}, {"id": 2.5, "name": None, "tags": ["x", "y"]}]


def render(expression: str, value: Any) -> str:
    return Templates({}).render(f"{{{{ {expression} }}}}", {"value": value})


@pytest.mark.parametrize(
    ("expression", "value", "text"),
    [
        ("value | table", ROWS, '| id | name | tags |\n| --- | --- | --- |\n| 1 | A\\|b |  |\n| 2.5 |  | ["x", "y"] |'),
        ("value | table(['name', 'id'])", ROWS[:1], "| name | id |\n| --- | --- |\n| A\\|b | 1 |"),
        ("value | table(['a', 'b'])", [[1, 2], [3]], "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 |  |"),
        ("value | table", [{"a": "x\ny"}], "| a |\n| --- |\n| x<br>y |"),
        ("value | table", [], ""),
        ("[{1: 2}] | table", None, "| 1 |\n| --- |\n| 2 |"),
        ("value | csv", ROWS, 'id,name,tags\n1,A|b,\n2.5,,"[""x"", ""y""]"'),
        ("value | csv", [{"a": 'q"', "b": "x,y"}], 'a,b\n"q""","x,y"'),
        ("value | bullets", ["a", "b\nc", 1, None, []], "- a\n- b\n  c\n- 1\n-\n- []"),
        ("value | bullets", {"a": 1, "b": ["x"], "c": {"d": True}}, "- a: 1\n- b:\n    - x\n- c:\n    d: true"),
        ("value | bullets", [{"a": 1, "b": 2}, ["x", "y"]], "- a: 1\n  b: 2\n- - x\n  - y"),
        ("value | xml", {"a": "<&", "b c": None}, '<data>\n  <a>&lt;&amp;</a>\n  <entry name="b c"/>\n</data>'),
        (
            "value | xml('rows', 'row')",
            [1, [2]],
            "<rows>\n  <row>1</row>\n  <row>\n    <item>2</item>\n  </row>\n</rows>",
        ),
        ("value | xml", "x\x01", "<data>x\N{REPLACEMENT CHARACTER}</data>"),
        ("value | decimals", 0.5, "0.50"),
        ("value | decimals(0)", 2.5, "2"),
        ("value | decimals(3)", 12, "12.000"),
        ("value | decimals", 10**30, f"{10**30}.00"),
        ("value | map('decimals', 1) | join(', ')", [1, 2.25], "1.0, 2.2"),
        ("value | truncate_tokens(5)", "short", "short"),
        ("value | truncate_tokens(1)", "word " * 100, "[cut here: about 111 of 111 tokens are left out]"),
    ],
)
def test_values_are_written_for_a_model(expression: str, value: Any, text: str) -> None:
    assert text == render(expression, value)


@pytest.mark.parametrize(
    ("expression", "value", "message"),
    [
        ("value | table", "x", "`table` takes a list, not a text"),
        ("value | table", [1], "`table` takes a list of objects, not of a number"),
        ("value | decimals", "1", "`decimals` takes a number, not a text"),
        ("value | decimals", True, "`decimals` takes a number, not true or false"),
        ("value | decimals(-1)", 1, "`decimals` takes a whole number up to 20"),
        ("value | csv", [["a"]], "`csv` takes a list of objects, not of a list"),
        ("value | bullets", 3, "`bullets` takes a list, not a number"),
        ("value | bullets", None, "a null is given to `bullets`"),
        ("value | xml", None, "a null is given to `xml`"),
        ("value | xml('a b')", {}, "`xml`: `a b` is no name of an element"),
        ("value | truncate_tokens(0)", "x", "`truncate_tokens` takes a whole number from 1"),
        ("value | table", [{str(n): 1} for n in range(800)], "a table has more than 500,000 cells"),
    ],
)
def test_what_cannot_be_written_so_is_refused(expression: str, value: Any, message: str) -> None:
    with pytest.raises(RenderError) as caught:
        render(expression, value)
    assert message == caught.value.message


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
OBJECTS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c d"]), CELLS, min_size=1), min_size=1, max_size=4)


@given(OBJECTS)
def test_csv_reads_back_equal(rows: list[dict[str, str]]) -> None:
    names, *found = csv.reader(io.StringIO(render("value | csv", rows), newline=""), strict=True)
    assert list(dict.fromkeys(name for row in rows for name in row)) == names
    assert [[row.get(name, "") for name in names] for row in rows] == found


@given(OBJECTS)
def test_a_table_has_a_line_for_each_row_and_a_cell_for_each_column(rows: list[dict[str, str]]) -> None:
    lines = render("value | table", rows).split("\n")
    names = dict.fromkeys(name for row in rows for name in row)
    assert len(rows) + 2 == len(lines)
    for line in lines:
        assert len(names) + 1 == len(re.findall(r"(?<!\\)(?:\\\\)*\|", line))


PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8).filter("item".__ne__)
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(PLAIN, inner, min_size=1),
    max_leaves=6,
)


def data_of(element: ET.Element) -> Any:
    if not len(element):
        return element.text
    if all(child.tag == "item" for child in element):
        return [data_of(child) for child in element]
    return {child.get("name", child.tag): data_of(child) for child in element}


@given(st.dictionaries(PLAIN, NESTED, min_size=1))
def test_xml_reads_back_equal(value: dict[str, Any]) -> None:
    assert value == data_of(ET.fromstring(render("value | xml", value)))


@given(NESTED)
def test_bullets_keep_every_word(value: Any) -> None:
    if isinstance(value, str):
        return
    text = render("value | bullets", value)

    def words(part: Any) -> list[str]:
        if isinstance(part, dict):
            return [*part, *(word for each in part.values() for word in words(each))]
        return [word for each in part for word in words(each)] if isinstance(part, list) else [part]

    assert all(word in text for word in words(value))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), st.integers(1, 80))
def test_a_cut_text_is_a_beginning_that_says_so_within_its_tokens(text: str, most: int) -> None:
    cut, counter = render(f"value | truncate_tokens({most})", text), PieceEstimate()
    if counter.count(text) <= most:
        assert text == cut
    else:
        kept, _, note = cut.rpartition("\n")
        assert re.fullmatch(r"\[cut here: about [\d,]+ of [\d,]+ tokens are left out\]", note)
        assert text.startswith(kept)
        assert counter.count(cut) <= max(most, counter.count(note)) + 1


@pytest.mark.parametrize("expression", ["table", "csv"])
def test_a_row_is_measured_cell_by_cell(expression: str) -> None:
    sign = {"table": "\\", "csv": '"'}[expression]
    with pytest.raises(RenderError, match="PK220"):
        render(f"[{{'a': value}}] | {expression}(['a'] * 100)", sign * 4_000_000)


@pytest.mark.parametrize("expression", ["table", "csv", "tojson"])
def test_the_work_of_a_filter_counts_in_loops(expression: str) -> None:
    rows = [{"a": "x", "b": 1}] * 20_000
    text = f"{{% for _ in range(100000) %}}{{% set z = value | {expression} %}}{{% endfor %}}"
    with pytest.raises(RenderError) as caught:
        Templates({}).render(text, {"value": rows})
    assert caught.value.code in ("PK221", "PK222")
