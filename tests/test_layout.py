"""How sections are set into messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit.layout import LAYOUTS, Sheet, instructions, thought_instruction
from promptkit.spec import OutputSpec


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("markdown", "P\n\n## Context\nC\n\n## Output format\nO\n\n## Reasoning\nR\n\n## Rule for untrusted text\nU"),
        (
            "xml",
            (
                "<persona>\nP\n</persona>\n\n<context>\nC\n</context>\n\n<output_format>\nO\n</output_format>\n\n"
                "<reasoning>\nR\n</reasoning>\n\n<untrusted_text_rule>\nU\n</untrusted_text_rule>"
            ),
        ),
    ],
)
def test_each_section_has_its_title_except_the_persona(style: str, text: str) -> None:
    sections = [
        ("persona", "P"),
        ("context", "C"),
        ("output_format", "O"),
        ("reasoning", "R"),
        ("untrusted_text_rule", "U"),
    ]
    assert text == LAYOUTS[style].system(sections)


@pytest.mark.parametrize("style", LAYOUTS)
def test_blank_sections_are_left_out(style: str) -> None:
    assert "" == LAYOUTS[style].system([("persona", ""), ("context", " \n")])
    assert "T" == LAYOUTS[style].user([("context", " "), ("task", "T")])
    assert "" == LAYOUTS[style].user([("task", "\n")])


@pytest.mark.parametrize("style", LAYOUTS)
@pytest.mark.parametrize("end", ["", "E"])
@given(texts=st.lists(st.sampled_from(["", " \n", "T", "%s", "two\nlines"]), max_size=3))
def test_a_sheet_sets_texts_as_its_layout_does(style: str, end: str, texts: list[str]) -> None:
    names = ["persona", "context", "task"][: len(texts)]
    sections = list(zip(names, texts, strict=True))
    assert LAYOUTS[style].system(sections, end) == Sheet(LAYOUTS[style], names, end).filled(texts)


def test_a_description_leads_the_output_instructions() -> None:
    assert "One word.\nAnswer in Markdown." == instructions(
        OutputSpec(format="markdown", description="One word."), None, "off"
    )


@pytest.mark.parametrize("mode", ["off", "native"])
def test_a_text_needs_no_instructions(mode: str) -> None:
    assert "" == instructions(OutputSpec(), None, mode)  # type: ignore[arg-type]
    assert "" == thought_instruction("text", mode, "")  # type: ignore[arg-type]
