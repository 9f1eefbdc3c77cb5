"""A 200 that is no answer, and connections that break, hang or drip."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.testing.faults.kinds import Fault
from promptkit.testing.faults.refusals import HTML
from promptkit.testing.wire import JSON, TEXT, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from promptkit.testing.answers import Asked
    from promptkit.testing.faults.kinds import OfReply, Told


HANG = 3_600.0
"""Seconds: longer than anybody waits."""


def _body(value: Any) -> OfReply:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return lambda _, __, ___: Reply(200, {"Content-Type": JSON}, (raw,))


def _encoded(change: Callable[[bytes], bytes]) -> OfReply:
    return lambda reply, _, __: replace(reply, pieces=(change(reply.body),), chunked=False)


def _as_text(reply: Reply, _: Asked, __: Told) -> Reply:
    return replace(reply, headers={**reply.headers, "Content-Type": TEXT})


def _gzip_lie(reply: Reply, _: Asked, __: Told) -> Reply:
    return replace(reply, headers={**reply.headers, "Content-Encoding": "gzip"})


ERROR = {"error": {"message": "The engine failed.", "type": "server_error", "code": None, "param": None}}
NO_ANSWERS: dict[str, Fault] = {
    "error_in_200": Fault("an error under HTTP 200", reply=_body(ERROR)),
    "html_in_200": Fault(
        "a web page under HTTP 200", reply=lambda *_: Reply(200, {"Content-Type": "text/html"}, (HTML,))
    ),
    "empty_body": Fault("nothing under HTTP 200", reply=_body(b"")),
    "null_body": Fault("null under HTTP 200", reply=_body(None)),
    "no_choices": Fault("an answer without choices", reply=_body({"object": "chat.completion", "choices": []})),
    "null_choices": Fault("an answer whose choices are null", reply=_body({"choices": None})),
    "bad_json": Fault("a body that is no JSON", reply=_encoded(lambda body: body[:-2]), stream=False),
    "bad_utf8": Fault("a body that is no UTF-8", reply=_encoded(lambda body: body.replace(b'"', b'"\xff', 40))),
    "bom": Fault("a byte order mark before the body", reply=_encoded(lambda body: b"\xef\xbb\xbf" + body)),
    "text_type": Fault("a good answer as text/plain", reply=_as_text),
    "gzip_lie": Fault("a body that says it is compressed, and is not", reply=_gzip_lie),
}


def _slow(reply: Reply, _: Asked, told: Told) -> Reply:
    return replace(reply, before=told["seconds"])


def _cut_body(reply: Reply, _: Asked, told: Told) -> Reply:
    body = reply.body
    return replace(
        reply, pieces=(body[: int(len(body) * told["share"])],), chunked=False, claims=len(body), ends="close"
    )


def _dripping(reply: Reply, _: Asked, told: Told) -> Reply:
    body = reply.body
    pieces = [piece for at in range(len(body)) for piece in (body[at : at + 1], float(told["seconds"]))]
    return replace(reply, pieces=tuple(pieces), chunked=True)


def _endless(_: Reply, __: Asked, told: Told) -> Reply:
    return Reply(told["status"], {"Content-Type": TEXT}, (b"Bad Gateway", *_trickle()), chunked=True)


def _trickle() -> Iterable[bytes | float]:
    return (piece for _ in range(int(HANG)) for piece in (1.0, b" "))


CONNECTION: dict[str, Fault] = {
    "closed": Fault(
        "the connection is closed in the place of an answer", reply=lambda r, *_: replace(r, ends="nothing")
    ),
    "reset": Fault("it is reset", reply=lambda r, *_: replace(r, ends="reset")),
    "half_body": Fault("it is closed within the body", reply=_cut_body, options=(("share", 0.5),)),
    "hang": Fault("nothing is answered for `seconds`", reply=_slow, options=(("seconds", HANG),)),
    "slow": Fault("the answer takes `seconds` to begin", reply=_slow, options=(("seconds", 1.0),)),
    "drip": Fault("the body comes byte by byte, `seconds` apart", reply=_dripping, options=(("seconds", 0.05),)),
    "endless_body": Fault("a refusal whose body never ends", reply=_endless, options=(("status", 502),)),
}
