"""Code fences: the one that encloses a text, and the lines outside of all."""

from __future__ import annotations

import pytest

from promptkit.headings import outside_fences
from promptkit.output.code_fence import unfenced


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("```\na\n```", "a"),
        ("\n ```json\na\nb\n```  \n", "a\nb"),
        ("~~~\na~~~", "a"),
        ("````\n```\na\n```\n````", "```\na\n```"),
        ("```\n\n```", ""),
        ("```\n  a \n  ```", "  a "),
        ("```\na ``` b\n```", "a ``` b"),
        ("a", None),
        ("```a```", None),
        ("```\na", None),
        ("```\n``", None),
        ("```js`x\na\n```", None),
        ("x ```\na\n```", None),
        ("```\na\n``` x", None),
        ("```\na\n```\n```\nb\n```", None),
        ("", None),
    ],
)
def test_one_fence_that_encloses_the_whole_text_is_opened(text: str, inner: str | None) -> None:
    assert inner == unfenced(text)


@pytest.mark.parametrize(("info", "inner"), [("md", "a"), ("Markdown ", "a"), ("python", None), ("", None)])
def test_a_fence_counts_by_what_it_says(info: str, inner: str | None) -> None:
    assert inner == unfenced(f"```{info}\na\n```", "md", "markdown")


def test_lines_outside_of_fences_are_kept() -> None:
    text = "a\n```\nb\n~~~\n```\nc\n   ~~~~ x\nd\n~~~\ne\n~~~~~\nf\n    ```\ng\n```\nh"
    assert ["a", "c", "f", "    ```", "g"] == outside_fences(text)


def test_a_fence_with_a_language_ends_none() -> None:
    assert ["x"] == outside_fences("```\n```python\n# H\n```\nx")  # CommonMark 0.31, section 4.5
