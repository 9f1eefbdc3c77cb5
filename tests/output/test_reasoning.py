"""Reasoning that stands before an answer."""

from __future__ import annotations

import pytest

from promptkit.output.reasoning import Split, split_prose, split_tags


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("a", Split("a")),
        (" a \n", Split(" a \n")),
        ("<think>r</think> a\n", Split("a", "r")),
        ("<THINK>r</Think>a", Split("a", "r")),
        ("<think>r</thinking>s</think>a", Split("a", "r</thinking>s")),
        ("\n<think>\nr\n</think>\n<reasoning>s</reasoning>a", Split("a", "r\n\ns")),
        ("<think></think>a", Split("a")),
        ("r</think>a", Split("a", "r")),
        ("</think>a", Split("a")),
        ("r</think>a</think>b", Split("a</think>b", "r")),
        ("a <think>r</think> b", Split("a <think>r</think> b")),
        ("a `</think>` b", Split("a `</think>` b")),
        ("<think>r", Split("", "r", unclosed=True)),
        ("<think>r</think><think>s", Split("", "r\n\ns", unclosed=True)),
        ("<thinks>r</thinks>", Split("<thinks>r</thinks>")),
    ],
)
def test_what_stands_in_tags_before_the_answer_is_taken_off(text: str, split: Split) -> None:
    assert split == split_tags(text)


@pytest.mark.parametrize(
    ("text", "last", "split"),
    [
        ("r", False, None),
        ("The Answer: a", False, None),
        ("Answer: a", False, Split("a")),
        ("r\nAnswer:\na\nAnswer:\nb", False, Split("a\nAnswer:\nb", "r")),
        ("r\nAnswer:\na\nAnswer:\nb", True, Split("b", "r\nAnswer:\na")),
        ("Answer: a\nr\nAnswer: b", False, Split("b", "Answer: a\nr")),
        ("Answer: a\nr\n**Answer:**\r\nb", False, Split("b", "Answer: a\nr")),
        ("r\n  ## answer:  \na", True, Split("a", "r")),
        ("r\n__Answer:__", True, Split("", "r")),
    ],
)
def test_what_stands_before_the_line_is_taken_off(text: str, last: bool, split: Split | None) -> None:
    assert split == split_prose(text, last=last)
