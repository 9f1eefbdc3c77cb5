"""What is remembered of a conversation: laws over transcripts and policies that nobody thought of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptkit import History, Message, ToolCall
from promptkit.errors import ContextExceeded
from promptkit.memory import MemoryPolicy, Pin, recalled


@dataclass(frozen=True)
class Past:
    """A turn of a transcript."""

    messages: tuple[Message, ...]
    tokens: int


@st.composite
def pasts(draw: Any) -> Past:
    messages = [Message("user", draw(st.sampled_from(["my name", "x", "tell me"])))]
    for step in range(draw(st.integers(0, 2))):
        call = ToolCall(f"c{step}", draw(st.sampled_from(["find", "book"])), "{}")
        messages += [Message("assistant", None, (call,)), Message("tool", "r", tool_call_id=f"c{step}")]
    return Past((*messages, Message("assistant", "answer")), draw(st.integers(1, 50)))


PINS = st.one_of(
    st.builds(Pin, turn=st.integers(-4, 8)),
    st.builds(Pin, text=st.sampled_from(["NAME", "me", "nowhere"])),
    st.builds(Pin, role=st.sampled_from(["tool", "user"])),
    st.builds(Pin, name=st.sampled_from(["find", "book"])),
)
POLICIES = st.builds(
    MemoryPolicy,
    last=st.none() | st.integers(1, 10),
    tokens=st.none() | st.integers(1, 200),
    pin=st.lists(PINS, max_size=2).map(tuple),
)
TURNS = st.lists(pasts(), max_size=12)
ROOM = st.none() | st.integers(-20, 300)


def meant(pin: Pin, number: int, turns: list[Past]) -> bool:
    """Whether a turn is pinned, said again in other words."""
    turn = turns[number]
    names = {call.name for message in turn.messages for call in message.tool_calls}
    return (
        (pin.turn is None or pin.turn == number + 1 or (pin.turn < 0 and len(turns) + pin.turn == number))
        and (pin.text is None or any(pin.text.lower() in message.text.lower() for message in turn.messages))
        and (pin.role is None or pin.role in {message.role for message in turn.messages})
        and (pin.name is None or pin.name in names)
    )


@given(turns=TURNS, policy=POLICIES, room=ROOM)
def test_what_is_sent_fits_is_whole_holds_the_pinned_and_has_no_gap(
    turns: list[Past], policy: MemoryPolicy, room: int | None
) -> None:
    pinned = {n for n in range(len(turns)) if any(meant(pin, n, turns) for pin in policy.pin)}
    try:
        kept, steps = recalled(turns, policy, room)
    except ContextExceeded:
        must = range(len(turns)) if policy.full else pinned
        assert room is not None
        assert room < sum(turns[n].tokens for n in must)  # refused only where what has to be kept does not fit
        return
    assert sorted(set(kept)) == kept
    assert pinned <= set(kept)
    assert room is None or not kept or sum(turns[n].tokens for n in kept) <= room
    assert History(tuple(message for n in kept for message in turns[n].messages)).turns()[: len(kept)] == [
        turns[n].messages for n in kept
    ]
    free = [n for n in kept if n not in pinned]
    assert free == [n for n in range(free[0] if free else len(turns), len(turns)) if n not in pinned]
    if policy.last is not None:
        assert all(n >= len(turns) - policy.last for n in free)
    if policy.tokens is not None and free:
        assert sum(turns[n].tokens for n in kept) <= policy.tokens
    assert (not steps) == (len(kept) == len(turns))  # nothing is left out in silence


@given(turns=TURNS, policy=POLICIES, room=ROOM)
def test_no_more_is_left_out_than_has_to_be(turns: list[Past], policy: MemoryPolicy, room: int | None) -> None:
    try:
        kept, _ = recalled(turns, policy, room)
    except ContextExceeded:
        return
    left = [n for n in range(len(turns)) if n not in kept]
    if not left:
        return
    newest = left[-1]
    more = [*kept, newest]
    over_last = policy.last is not None and newest < len(turns) - policy.last
    over_tokens = policy.tokens is not None and sum(turns[n].tokens for n in more) > policy.tokens
    over_room = room is not None and sum(turns[n].tokens for n in more) > room
    assert over_last or over_tokens or over_room


@given(turns=TURNS)
def test_without_a_limit_everything_is_kept(turns: list[Past]) -> None:
    assert (list(range(len(turns))), ()) == recalled(turns, MemoryPolicy())
