"""Tools for models that call none: the request asks for a JSON value that is either a call or the answer.

A small model has no words for tools of its own, and its server enforces no `tool_choice` (seen on llama.cpp's, November
2026), but it keeps to a schema. So the tools stand in the system message, what was called and what came of it in
messages of text, and the answer's schema leaves the choice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.completion import Assembler, Delta, ToolCallDelta, canonical_json
from promptkit.messages import Message
from promptkit.models.wrapped import NEXT, Open, Wrapped, forwarded

if TYPE_CHECKING:
    from promptkit.completion import Completion, Request
    from promptkit.models.wrapped import Flow

_DEFINITIONS = ("$defs", "definitions")
_OF_TOOLS = ("tool_choice", "parallel_tool_calls")


class PromptedTools(Wrapped):
    """A model whose requests with tools are put into words and a schema.

    It calls one tool at a time, and each at most once in a turn: a small model that may call again does so for ever.
    """

    def flow(self, request: Request) -> Flow:
        """Ask for a call or the answer, and tell either as a model that knows of tools does."""
        if not request.tools:
            yield from forwarded(replace(request, messages=_in_words(request.messages)))
            return
        answer = Assembler()
        yield Open(_asking(request))
        while (delta := (yield NEXT)) is not None:
            answer.feed(delta)
        yield _told(answer.completion())


def _asking(request: Request) -> Request:
    """The request for one JSON value: a call of a tool, or the answer."""
    choice = request.options.get("tool_choice", "auto")
    named = choice["function"]["name"] if isinstance(choice, Mapping) else None
    called = _called(request.messages)
    functions = [tool["function"] for tool in request.tools if named in (None, tool["function"]["name"])]
    functions = [function for function in functions if function["name"] not in called]
    calls = [] if choice == "none" else [_call(function) for function in functions]
    answers = [_answer(request)] if not calls or choice in ("auto", "none") else []
    schema = {**_definitions(request.schema), "anyOf": [*calls, *answers]}
    return replace(
        request,
        messages=_with_tools(_in_words(request.messages), functions, may_answer=bool(answers)),
        options={name: value for name, value in request.options.items() if name not in _OF_TOOLS},
        tools=(),
        response_format={"type": "json_schema", "json_schema": {"name": "call_or_answer", "schema": schema}},
        stream=False,
    )


def _called(messages: tuple[Message, ...]) -> set[str]:
    """The tools that were called since somebody last said something."""
    names: set[str] = set()
    for message in messages:
        names = set() if message.role == "user" else names | {call.name for call in message.tool_calls}
    return names


def _call(function: Mapping[str, Any]) -> dict[str, Any]:
    arguments = function.get("parameters") or {"type": "object", "properties": {}}
    return _object(tool={"const": function["name"]}, arguments=arguments)


def _answer(request: Request) -> dict[str, Any]:
    schema = request.schema
    inner = {"type": "string"} if not isinstance(schema, Mapping) else schema
    return _object(answer={name: value for name, value in inner.items() if name not in (*_DEFINITIONS, "$schema")})


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _definitions(schema: Any) -> dict[str, Any]:
    """What an answer's schema refers to, which has to stand at the root."""
    return {name: schema[name] for name in _DEFINITIONS if isinstance(schema, Mapping) and name in schema}


def _with_tools(
    messages: tuple[Message, ...], functions: list[Mapping[str, Any]], *, may_answer: bool
) -> tuple[Message, ...]:
    """The messages, with what there is to call in the system message."""
    listed = "\n".join(f"- {canonical_json(function)}" for function in functions)
    either = ' or, once you know enough, answer with {"answer": ...}' if may_answer else ""
    if not functions:
        return messages
    told = f'Tools:\n{listed}\nTo call one, write {{"tool": its name, "arguments": {{...}}}}{either}.'
    first = messages[0] if messages and messages[0].role == "system" else None
    if first is None:
        return (Message("system", told), *messages)
    return (replace(first, content=f"{first.text}\n\n{told}"), *messages[1:])


def _in_words(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages with calls and their results as text."""
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    return tuple(_as_text(message, names) for message in messages)


def _as_text(message: Message, names: Mapping[str, str]) -> Message:
    if message.role == "tool":
        return Message("user", f"The tool {names.get(message.tool_call_id or '', '')} gave:\n{message.text}")
    if not message.tool_calls:
        return message
    calls = (
        f'{{"tool": {json.dumps(call.name)}, "arguments": {call.arguments or "{}"}}}' for call in message.tool_calls
    )
    return Message("assistant", "\n".join(filter(None, (message.text, *calls))))


def _told(completion: Completion) -> Delta:
    """A call or an answer as the wire has it; what is neither, since it was cut, stands as it came."""
    value = _parsed(completion.text)
    whole = Delta(
        text=completion.text,
        reasoning=completion.reasoning,
        finish_reason=completion.finish_reason,
        usage=completion.usage,
        model=completion.model,
        id=completion.id,
        done=True,
    )
    if "tool" in value and isinstance(value["tool"], str):
        arguments = json.dumps(value.get("arguments", {}), ensure_ascii=False)
        call = ToolCallDelta(0, "", value["tool"], arguments)
        return replace(whole, text="", tool_calls=(call,), finish_reason="tool_calls")
    if "answer" in value:
        answer = value["answer"]
        return replace(whole, text=answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))
    return whole


def _parsed(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
