"""What a chat-completions request must be like, as MARA Cloud says it: the first fault, in MARA's envelope.

Ranges and codes: MARA docs, pages OpenAI compatibility and Error codes; what those pages cut off is from
SambaNova's OpenAPI file 1.2.0, whose software MARA runs. Parameters that MARA ignores are not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.testing.wire import Reply, error_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROLES = ("system", "user", "assistant", "tool", "developer", "function")
_MOST_TOOLS = 128
_MOST_STOPS = 4
_CHOICES = ("none", "auto", "required")
_FORMATS = ("json_object", "json_schema")


def first_fault(body: Mapping[str, Any], *, text_only: bool = False) -> Reply | None:
    """The refusal that a request's body deserves, None when it is as it must be."""
    return next(_faults(body, text_only), None)


def _faults(body: Mapping[str, Any], text_only: bool) -> Iterator[Reply]:
    yield from _messages(body.get("messages"), text_only)
    for name, (low, high, whole) in _RANGES.items():
        if body.get(name) is not None:
            yield from _range(name, body[name], low, high, whole)
    for name, check in _OTHERS.items():
        if body.get(name) is not None:
            yield from check(body[name], body)


def _messages(messages: Any, text_only: bool) -> Iterator[Reply]:
    if messages is None:
        yield error_reply(400, "The request has no 'messages'.", param="messages")
    elif not isinstance(messages, list):
        yield _wrong_type("messages", "an array", messages)
    elif not messages:
        yield error_reply(400, "'messages' must hold at least one message.", code="empty_array", param="messages")
    else:
        for index, message in enumerate(messages):
            yield from _message(index, message, text_only)


def _message(index: int, message: Any, text_only: bool) -> Iterator[Reply]:
    place = f"messages[{index}]"
    if not isinstance(message, dict):
        yield _wrong_type(place, "an object", message)
        return
    role, content = message.get("role"), message.get("content")
    if role not in ROLES:
        said = f"Invalid role {role!r}. Expected one of: {', '.join(ROLES)}."
        yield error_reply(400, said, code="invalid_value", param=f"{place}.role")
    elif content is None and not (role == "assistant" and message.get("tool_calls")):
        said = f"The content of a {role} message must not be null."
        yield error_reply(400, said, param=f"messages.[{index}].content")
    elif content is not None and not isinstance(content, str | list):
        yield _wrong_type(f"{place}.content", "a string or an array", content)
    elif isinstance(content, list) and text_only:
        yield error_reply(400, "Invalid 'content' type. Expected one of: ['str'], got list.", param=f"{place}.content")


def _range(name: str, value: Any, low: float | None, high: float | None, whole: bool) -> Iterator[Reply]:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        yield _wrong_type(name, "an integer" if whole else "a number", value)
        return
    kind = "integer" if whole else "decimal"
    if high is not None and value > high:
        yield _out_of_range(name, f"{kind}_above_max_value", f"at most {high}", value)
    elif low is not None and value < low:
        yield _out_of_range(name, f"{kind}_below_min_value", f"at least {low}", value)


_RANGES: dict[str, tuple[float | None, float | None, bool]] = {
    "temperature": (0, 1, False),
    "top_p": (0, 1, False),
    "top_k": (1, 100, True),
    "max_tokens": (1, None, True),
    "max_completion_tokens": (1, None, True),
}
"""By parameter: the least, the most, and whether it is a whole number."""


def _out_of_range(name: str, code: str, expected: str, value: Any) -> Reply:
    return error_reply(400, f"Invalid '{name}': expected a value of {expected}, got {value}.", code=code, param=name)


def _wrong_type(name: str, expected: str, value: Any) -> Reply:
    got = _JSON_TYPES.get(type(value), "something else")
    message = f"Invalid type for '{name}': expected {expected}, but got {got} instead."
    return error_reply(400, message, code="invalid_type", param=name)


_JSON_TYPES = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal number",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def _invalid(param: str, message: str) -> Reply:
    return error_reply(400, message, code="invalid_value", param=param)


def _stream(value: Any, _: Mapping[str, Any]) -> Iterator[Reply]:
    if not isinstance(value, bool):
        yield _wrong_type("stream", "a boolean", value)


def _stream_options(value: Any, body: Mapping[str, Any]) -> Iterator[Reply]:
    if not isinstance(value, dict):
        yield _wrong_type("stream_options", "an object", value)
    elif body.get("stream") is not True:
        yield _invalid("stream_options", "'stream_options' is only allowed when 'stream' is true.")


def _stop(value: Any, _: Mapping[str, Any]) -> Iterator[Reply]:
    stops = [value] if isinstance(value, str) else value
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        yield _wrong_type("stop", "a string or an array of strings", value)
    elif len(stops) > _MOST_STOPS:
        yield _invalid("stop", f"'stop' may hold at most {_MOST_STOPS} strings, got {len(stops)}.")


def _response_format(value: Any, _: Mapping[str, Any]) -> Iterator[Reply]:
    if not isinstance(value, dict):
        yield _wrong_type("response_format", "an object", value)
        return
    if value.get("type") not in _FORMATS:
        said = f"Invalid response format {value.get('type')!r}. Expected one of: {', '.join(_FORMATS)}."
        yield _invalid("response_format.type", said)
    elif value["type"] == "json_schema":
        yield from _json_schema(value.get("json_schema"))


def _json_schema(value: Any) -> Iterator[Reply]:
    if not isinstance(value, dict):
        yield _wrong_type("response_format.json_schema", "an object", value)
        return
    if not isinstance(value.get("name"), str):
        yield _wrong_type("response_format.json_schema.name", "a string", value.get("name"))
    if not isinstance(value.get("schema", {}), dict):
        yield _wrong_type("response_format.json_schema.schema", "an object", value["schema"])


def _tools(value: Any, _: Mapping[str, Any]) -> Iterator[Reply]:
    if not isinstance(value, list):
        yield _wrong_type("tools", "an array", value)
        return
    if len(value) > _MOST_TOOLS:
        yield _invalid("tools", f"'tools' may hold at most {_MOST_TOOLS} tools, got {len(value)}.")
    for index, tool in enumerate(value):
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            yield _invalid(f"tools[{index}]", "A tool must be of type 'function' and have a function with a name.")


def _tool_choice(value: Any, body: Mapping[str, Any]) -> Iterator[Reply]:
    known = tool_names(body)
    function = value.get("function") if isinstance(value, dict) else None
    named = function.get("name") if isinstance(function, dict) else None
    if isinstance(value, dict) and named not in known:
        yield _invalid("tool_choice", f"'tool_choice' names the function {named!r}, which is not among the tools.")
    elif not isinstance(value, dict) and value not in _CHOICES:
        yield _invalid("tool_choice", f"Invalid tool choice {value!r}. Expected one of: {', '.join(_CHOICES)}.")
    elif value == "required" and not known:
        yield _invalid("tool_choice", "'tool_choice' is 'required', but there are no tools.")


def tool_names(body: Mapping[str, Any]) -> list[Any]:
    """The names of a request's tools."""
    return [tool["function"]["name"] for tool in body.get("tools") or ()]


_OTHERS: dict[str, Callable[[Any, Mapping[str, Any]], Iterator[Reply]]] = {
    "stream": _stream,
    "stream_options": _stream_options,
    "stop": _stop,
    "response_format": _response_format,
    "tools": _tools,
    "tool_choice": _tool_choice,
}
