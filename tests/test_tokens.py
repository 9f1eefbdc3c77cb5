"""Counting tokens: an estimate from the length in UTF-8, and the frame of messages."""

from __future__ import annotations

from promptkit.messages import Message
from promptkit.tokens import MESSAGE_OVERHEAD, BytesEstimate, count_messages


class Words:
    """An exact counter, whose tokens are words."""

    error = 0.0

    def count(self, text: str) -> int:
        return len(text.split())


def test_the_estimate_counts_bytes_not_characters() -> None:
    counter = BytesEstimate(bytes_per_token=2)
    assert [0, 1, 2, 3] == [counter.count(text) for text in ("", "ab", "éé", "語語")]


def test_the_estimate_says_how_far_off_it_can_be() -> None:
    assert (0.2, 4.6) == (BytesEstimate().error, BytesEstimate().bytes_per_token)


def test_half_of_a_surrogate_pair_can_be_counted() -> None:
    assert 1 == BytesEstimate(bytes_per_token=3).count("\ud83d")


def test_each_message_counts_with_its_frame() -> None:
    messages = [Message("system", "a b"), Message("user", ({"type": "text", "text": "c"}, {"type": "image_url"}))]
    assert [2 + MESSAGE_OVERHEAD, 1 + MESSAGE_OVERHEAD] == count_messages(messages, Words())
