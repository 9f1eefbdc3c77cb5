"""Reasoning before an answer that arrives in pieces: told apart wherever it is cut, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit.output.reasoning import split_tags
from promptkit.output.reasoning_stream import ReasoningSplitter

TAGS = [
    ("<think>", "</think>"),
    ("<Thinking>", "</thinking >"),
    ("<think time='3'>", "</think>"),
    ("[think]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("&lt;think&gt;", "&lt;/think&gt;"),
    ("<|open|>think<|sep|>", "<|close|>think<|sep|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<\uff5cbegin\u2581of\u2581thinking\uff5c>", "<\uff5cend\u2581of\u2581thinking\uff5c>"),
]
WORDS = st.text('ab <>/[]{}:"\n', max_size=20)


def told(pieces: list[str]) -> tuple[str, str]:
    """The reasoning and the text that come out of pieces."""
    splitter = ReasoningSplitter()
    found = [each for piece in pieces for each in splitter.feed(piece)] + list(splitter.close())
    return tuple("".join(piece for piece, is_it in found if is_it is wanted) for wanted in (True, False))  # type: ignore[return-value]


def cut(text: str, sizes: list[int]) -> list[str]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    return [*pieces, text[at:]]


@given(WORDS, WORDS, st.sampled_from(TAGS), st.lists(st.integers(1, 9), max_size=30))
def test_however_an_answer_is_cut_the_same_comes_out(
    thought: str, answer: str, tags: tuple[str, str], sizes: list[int]
) -> None:
    text = f"{tags[0]}{thought}{tags[1]}\n{answer}"
    assert told([text]) == told(cut(text, sizes))


@given(WORDS, st.lists(st.integers(1, 9), max_size=30))
def test_a_text_without_reasoning_comes_out_as_it_is(text: str, sizes: list[int]) -> None:
    assert ("", text) == told(cut(text, sizes))


@pytest.mark.parametrize("tags", TAGS)
def test_what_comes_out_is_what_the_whole_answer_is_split_into(tags: tuple[str, str]) -> None:
    text = f"{tags[0]}First {{1}}.{tags[1]}\n\nIt is 2."
    whole = split_tags(text)
    assert (whole.reasoning, whole.answer.strip()) == told(list(text))


@pytest.mark.parametrize("text", ["Use <think>.", "<answer>1</answer>", "<", "<thin", "[TH", "[1, 2]", " a", "<div>x"])
def test_what_only_looks_like_reasoning_is_text(text: str) -> None:
    assert ("", text) == told(list(text))


def test_reasoning_that_never_ends_is_reasoning() -> None:
    assert ("so </thin", "") == told(list("<think>so </thin"))


def test_several_blocks_are_all_reasoning() -> None:
    assert ("ab", "c") == told(list("<think>a</think>\n<think>b</think>\nc"))


def test_much_white_space_is_looked_at_once() -> None:
    splitter = ReasoningSplitter()
    assert 3_000 == sum(len(piece) for _ in range(3_000) for piece, _ in splitter.feed(" ")) + len(splitter._kept)
    assert len(splitter._kept) <= 1_001
