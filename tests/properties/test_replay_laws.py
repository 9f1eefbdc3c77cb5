from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from promptkit.completion import Assembler, Completion, Delta, Request, ToolCallDelta, Usage
from promptkit.messages import Message
from promptkit.models.replay import Recorded, Replayed

if TYPE_CHECKING:
    from collections.abc import Iterator

# Any text that a model may send, lone surrogates and line separators of every kind among it.
TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)
COUNTS = st.builds(Usage, *[st.integers(0, 10**6)] * 6)


@st.composite
def streams(draw: st.DrawFn) -> list[Delta]:
    """Any answer, split anyhow."""
    pieces = st.one_of(st.builds(Delta, text=TEXT), st.builds(Delta, reasoning=TEXT))
    calls = draw(st.lists(st.builds(ToolCallDelta, st.just(None), TEXT, TEXT, TEXT), max_size=2))
    end = Delta(
        tool_calls=tuple(calls),
        finish_reason=draw(st.sampled_from(["stop", "length", "tool_calls", "content_filter", None])),
        usage=draw(st.none() | COUNTS),
        model=draw(TEXT),
        id=draw(TEXT),
        done=True,
    )
    return [*draw(st.lists(pieces, max_size=8)), end]


class Fixed:
    def __init__(self, deltas: list[Delta]) -> None:
        self._deltas = deltas

    def send(self, request: Request) -> Iterator[Delta]:
        return iter(self._deltas)

    asend = None


def joined(deltas: Iterator[Delta] | list[Delta]) -> Completion:
    answer = Assembler()
    for delta in deltas:
        answer.feed(delta)
    return answer.completion()


@settings(max_examples=60)
@given(deltas=streams(), question=TEXT, recorded=st.booleans(), replayed=st.booleans())
def test_a_replay_gives_the_completion_that_was_recorded(
    deltas: list[Delta], question: str, recorded: bool, replayed: bool
) -> None:
    messages = (Message("user", question),)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.jsonl"
        list(Recorded(Fixed(deltas), path).send(Request("m", messages, stream=recorded)))
        played = joined(Replayed(path).send(Request("replay:c.jsonl", messages, stream=replayed)))
    assert joined(deltas) == played


@settings(max_examples=60)
@given(answers=st.lists(TEXT, min_size=1, max_size=6, unique=True))
def test_different_answers_to_one_request_keep_their_order(answers: list[str]) -> None:
    request = Request("m", (Message("user", "x"),))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.jsonl"
        for answer in answers:
            list(Recorded(Fixed([Delta(text=answer, done=True)]), path).send(request))
        model = Replayed(path)
        assert answers == [joined(model.send(request)).text for _ in answers]
