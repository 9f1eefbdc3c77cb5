"""Streams that fail, or look odd and are right. Their pieces are events."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.testing.faults.bodies import ERROR, HANG
from promptkit.testing.faults.kinds import Fault, as_bytes, content_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from promptkit.testing.answers import Asked
    from promptkit.testing.faults.kinds import OfReply, Told
    from promptkit.testing.wire import Ends, Reply


def _events(
    change: Callable[[list[bytes | float], Told], Iterable[bytes | float]], ends: Ends | None = None
) -> OfReply:
    def reply(normal: Reply, _: Asked, told: Told) -> Reply:
        return replace(normal, pieces=tuple(change(list(normal.pieces), told)), ends=ends or normal.ends)

    return reply


def _event(document: Any) -> bytes:
    return f"data: {json.dumps(document)}\n\n".encode()


def _is_end(event: bytes | float) -> bool:
    """Whether an event says that the answer ends: its finish reason, its usage, `[DONE]`."""
    return isinstance(event, bytes) and any(
        mark in event for mark in (b'"finish_reason": "', b'"choices": [], "usage"', b"[DONE]")
    )


def _until(events: list[bytes | float], told: Told) -> list[bytes | float]:
    return events[: max(1, int(told["after"]))]


def _merged(events: list[bytes | float], _: Told) -> Iterable[bytes | float]:
    return [b"".join(event for event in events if isinstance(event, bytes))]


def _split(events: list[bytes | float], _: Told) -> Iterable[bytes | float]:
    body = b"".join(event for event in events if isinstance(event, bytes))
    return [body[at : at + 1] for at in range(len(body))]


def _with_nulls(events: list[bytes | float], _: Told) -> Iterable[bytes | float]:
    yield _event({"object": "chat.completion.chunk", "choices": None})
    for event in events:
        yield event
        yield b": a comment\n\n"
        yield _event({"object": "chat.completion.chunk", "choices": []})
        yield _event({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": None}]})


def _unstreamed(reply: Reply, asked: Asked, _: Told) -> Reply:
    from promptkit.testing.answers import whole_reply

    return whole_reply(asked, content_of(reply))


_AFTER = (("after", 2),)
STREAMS: dict[str, Fault] = {
    name: replace(fault, stream=True)
    for name, fault in {
        "stream_error": Fault(
            "an error in the stream", reply=_events(lambda e, t: [*_until(e, t), _event(ERROR)]), options=_AFTER
        ),
        "stream_error_event": Fault(
            "an event of the kind `error`",
            reply=_events(lambda e, t: [*_until(e, t), b"event: error\n" + _event({"message": "The engine failed."})]),
            options=_AFTER,
        ),
        "stream_stall": Fault(
            "nothing more comes after so many events", reply=_events(lambda e, t: [*_until(e, t), HANG]), options=_AFTER
        ),
        "stream_cut": Fault(
            "the connection is closed after so many events", reply=_events(_until, "close"), options=_AFTER
        ),
        "stream_no_end": Fault(
            "the stream ends without finish reason and [DONE]",
            reply=_events(lambda events, _: [event for event in events if not _is_end(event)]),
        ),
        "stream_no_done": Fault(
            "[DONE] is missing", reply=_events(lambda e, _: [x for x in e if b"[DONE]" not in as_bytes(x)])
        ),
        "stream_no_usage": Fault(
            "no usage is told", reply=_events(lambda e, _: [x for x in e if b'"usage"' not in as_bytes(x)])
        ),
        "stream_bad_chunk": Fault(
            "an event that is no JSON", reply=_events(lambda e, t: [*_until(e, t), b"data: {\n\n"]), options=_AFTER
        ),
        "stream_nulls": Fault("null and empty choices, comments", reply=_events(_with_nulls)),
        "stream_crlf": Fault(
            "lines end with CR LF", reply=_events(lambda e, _: [as_bytes(x).replace(b"\n", b"\r\n") for x in e])
        ),
        "stream_bytes": Fault("each byte comes by itself", reply=_events(_split)),
        "stream_at_once": Fault("all events come in one piece", reply=_events(_merged)),
        "stream_ignored": Fault("the whole answer in the place of a stream", reply=_unstreamed),
    }.items()
}
