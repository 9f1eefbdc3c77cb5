"""What a fault is: it changes what the model says, or the reply that it is sent in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.testing.wire import STREAM, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.testing.answers import Asked, Said

    Told = Mapping[str, Any]
    OfSaid = Callable[[Said, Asked, Told], Said]
    OfReply = Callable[[Reply, Asked, Told], Reply]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: what it plays, the options that it takes with their defaults, and whether it is about streams alone."""

    meaning: str
    said: OfSaid | None = None
    reply: OfReply | None = None
    options: tuple[tuple[str, Any], ...] = ()
    stream: bool | None = None
    refuses: bool = False
    """Whether it takes the place of an answer, so that the model says nothing."""


def content_of(reply: Reply) -> str:
    """The text of the answer that a reply holds."""
    if reply.headers.get("Content-Type") != STREAM:
        try:
            return json.loads(reply.body)["choices"][0]["message"]["content"] or ""
        except (ValueError, LookupError, TypeError):
            return ""
    events = (json.loads(event[6:]) for event in map(as_bytes, reply.pieces) if event.startswith(b"data: {"))
    choices = (choice for event in events for choice in event.get("choices") or ())
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def as_bytes(event: bytes | float) -> bytes:
    """A piece of a reply, where it is no pause."""
    return event if isinstance(event, bytes) else b""
