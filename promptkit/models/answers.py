"""What a server says when it says 200: bodies and chunks of chat completions, turned into deltas.

Pure. Everything optional in MARA's responses (usage, role, reasoning, ids, an index) may be missing here; what
is no answer at all is refused in words, since an empty text must never pass for one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from promptkit.completion import Delta, ToolCallDelta, Usage
from promptkit.errors import BadResponse
from promptkit.messages import REASONING_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

EXCERPT = 2048
"""How much of a server's raw words an error keeps, in characters."""

_NOTHING = Delta()


def decode(body: bytes) -> Any:
    """The JSON value of a body. Raises `BadResponse`, in words, for anything else; a byte order mark is fine."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _no_answer("is not UTF-8 text", body.decode("utf-8", "replace")) from None
    if not text.strip():
        raise _no_answer("is empty", text)
    if text.lstrip().startswith("<"):
        cure = "the base URL may lead to a web page or to a proxy; it usually ends in /v1"
        raise _no_answer("is a web page, not JSON", text, cure)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise _no_answer("is nested too deeply", text) from None
    except ValueError:
        raise _no_answer("is not JSON", text) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def read_answer(body: bytes) -> Delta:
    """A whole answer as one delta, finish reason and all. Raises `BadResponse` for what is not an answer."""
    data = _object(decode(body), body)
    choice = _first_choice(data)
    message = choice.get("message") if choice else None
    if not isinstance(message, dict):
        raise _no_answer("has no choices" if choice is None else "has a choice without a message", _text(body))
    _refuse_refusal(message)
    calls = tuple(_call(call, index) for index, call in enumerate(_list(message.get("tool_calls"))))
    thought = _reasoning_key(message)
    delta = Delta(
        text=_content(message),
        reasoning=_word(message, thought),
        reasoning_key=thought,
        tool_calls=calls,
        finish_reason=_word(choice, "finish_reason") or ("tool_calls" if calls else "stop"),
        usage=read_usage(data.get("usage")),
        model=_word(data, "model"),
        id=_word(data, "id"),
        done=True,
    )
    if delta.finish_reason == "stop" and not (delta.text or delta.reasoning or calls):
        raise _empty(_text(body))
    return delta


class ChunkReader:
    """Turns the chunks of one stream into deltas, and knows at the end whether they were an answer."""

    def __init__(self) -> None:
        self._slots: dict[int, int] = {}
        self._ids: dict[str, int] = {}
        self._id_of: dict[int, str] = {}
        self._calls = 0
        self._last = 0
        self._named = False
        self._anything = False
        self.finish_reason = ""

    def read(self, event: bytes, kind: str = "") -> Delta | None:
        """The delta of one event's data; None when it says nothing.

        Raises `BadResponse` for what is no chunk, and with the server's words for an error.
        """
        data = _object(decode(event), event)
        if "error" in kind:
            raise _server_error(data, _text(event))
        delta = self._delta(data)
        return delta if delta != _NOTHING else None

    def finish(self) -> None:
        """The stream has ended: refuse an end without an answer. Raises `BadResponse`."""
        if self.finish_reason in ("", "stop") and not self._anything:
            raise _empty("")

    def _delta(self, data: Mapping[str, Any]) -> Delta:
        choice = _first_choice(data) or {}
        said = choice.get("delta") or choice.get("message") or {}
        if not isinstance(said, dict):
            raise _no_answer("has a chunk of unknown form", json.dumps(data))
        _refuse_refusal(said)
        names = ("", "") if self._named else (_word(data, "model"), _word(data, "id"))
        self._named = self._named or any(names)
        thought = _reasoning_key(said)
        delta = Delta(
            text=_content(said),
            reasoning=_word(said, thought),
            reasoning_key=thought,
            tool_calls=tuple(self._placed(call) for call in _list(said.get("tool_calls"))),
            finish_reason=_word(choice, "finish_reason") or None,
            usage=read_usage(data.get("usage")),
            model=names[0],
            id=names[1],
        )
        self._anything = self._anything or bool(delta.text or delta.reasoning or delta.tool_calls)
        self.finish_reason = delta.finish_reason or self.finish_reason
        return delta

    def _placed(self, call: Any) -> ToolCallDelta:
        """A piece of a call, numbered by the call that it belongs to.

        Servers differ: an index on every piece; one index for several whole calls; no index, an id on the
        first piece only; the id on every piece; one id for several calls. A new id begins a new call, and so does
        another index under a known id; no id and no index goes on with the last one.
        """
        piece = _call(call, None)
        index = call.get("index") if isinstance(call, dict) else None
        index = index if isinstance(index, int) and not isinstance(index, bool) else None
        by_index = self._slots.get(index) if index is not None else None
        slot = self._of_id(piece.id, index, by_index) if piece.id else by_index
        if slot is None and not piece.id and index is None and not piece.name and self._calls:
            slot = self._last
        if slot is None:
            slot, self._calls = self._calls, self._calls + 1
        if index is not None:
            self._slots[index] = slot
        if piece.id:
            self._ids[piece.id] = slot
            self._id_of[slot] = piece.id
        self._last = slot
        return ToolCallDelta(slot, piece.id, piece.name, piece.arguments)

    def _of_id(self, identity: str, index: int | None, by_index: int | None) -> int | None:
        """The call that a piece with an id belongs to; None for a new one."""
        known = self._ids.get(identity)
        if index is None or known is None or known not in self._slots.values():
            return known
        return by_index if by_index is not None and self._id_of.get(by_index) == identity else None


def read_usage(usage: Any) -> Usage | None:
    """The server's count; None when there is none, which is not the same as zero."""
    if not isinstance(usage, dict):
        return None
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    if prompt is None and completion is None:
        return None
    return Usage(
        prompt_tokens=prompt or 0,
        completion_tokens=completion or 0,
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens") or 0,
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens") or 0,
        requests=1,
    )


def server_words(data: Any) -> tuple[str, str]:
    """Message and code of an error in any of the forms in which servers put it."""
    error = data.get("error", data) if isinstance(data, dict) else data
    if isinstance(error, dict):
        message = error.get("message") or error.get("detail") or error.get("error") or ""
        code = error.get("code") or error.get("type") or ""
        return (message if isinstance(message, str) else json.dumps(message)), str(code)
    return (error if isinstance(error, str) else json.dumps(error)), ""


def _object(data: Any, body: bytes) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise _no_answer(f"is JSON, but {_KINDS.get(type(data), 'a number')} and not an object", _text(body))
    if data.get("error"):
        raise _server_error(data, _text(body))
    return data


_KINDS: Mapping[type, str] = {list: "a list", str: "a text", type(None): "null", bool: "a boolean"}


def _server_error(data: Mapping[str, Any], raw: str) -> BadResponse:
    message, code = server_words(data)
    request_id = data.get("request_id")
    return BadResponse(
        f"the server said 200 and then: {message[:EXCERPT] or 'an error without words'}",
        server_code=code,
        request_id=request_id if isinstance(request_id, str) else "",
        body=raw[:EXCERPT],
        help="the server failed while it answered; ask again",
    )


def _no_answer(what: str, raw: str, cure: str = "") -> BadResponse:
    excerpt = " ".join(raw[:EXCERPT].split())[:120]
    return BadResponse(
        f"the answer {what}",
        body=raw[:EXCERPT],
        details=[f"it begins: {excerpt}"] if excerpt else [],
        help=cure or "ask again; if it stays so, the server at the base URL is not a chat-completions server",
    )


def _empty(raw: str) -> BadResponse:
    cure = "ask again; a reasoning model may need a larger `max_tokens`"
    return BadResponse("the answer is empty: no text, no reasoning, no tool call", body=raw[:EXCERPT], help=cure)


def _refuse_refusal(message: Mapping[str, Any]) -> None:
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal.strip() and not message.get("content"):
        words = f"the model refuses to answer: {refusal[:EXCERPT]}"
        raise BadResponse(words, server_code="refusal", help="change what is asked for")


def _first_choice(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The choice number 0; promptkit never asks for more, and some servers say nothing of its number."""
    choices = (choice for choice in _list(data.get("choices")) if isinstance(choice, dict))
    return next((choice for choice in choices if choice.get("index") in (0, None)), None)


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(_word(part, "text") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _reasoning_key(message: Mapping[str, Any]) -> str:
    """The name under which there is reasoning beside an answer's text; empty without any."""
    return next((key for key in REASONING_KEYS if _word(message, key)), "")


def _call(call: Any, index: int | None) -> ToolCallDelta:
    call = call if isinstance(call, dict) else {}
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments")
    if arguments is not None and not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)  # old deployments gave the object itself
    return ToolCallDelta(index, _word(call, "id"), _word(function, "name"), arguments or "")


def _word(data: Mapping[str, Any] | None, name: str) -> str:
    value = data.get(name) if data else None
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(data: Any, name: str) -> int | None:
    value = data.get(name) if isinstance(data, dict) else None
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
