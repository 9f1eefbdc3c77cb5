"""What a model says, in the forms that clients have to cope with: around its answer, and in its calls of tools."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.testing.faults.kinds import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from promptkit.testing.answers import Asked, Said
    from promptkit.testing.faults.kinds import OfSaid, Told


def _content(change: Callable[[str], str | None], **other: Any) -> OfSaid:
    return lambda said, _, __: replace(said, content=change(said.content or ""), **other)


SAID: dict[str, Fault] = {
    "fenced": Fault("the answer stands in a code fence", said=_content(lambda text: f"```json\n{text}\n```")),
    "prose": Fault("words stand around the answer", said=_content(lambda text: f"Sure!\n\n{text}\n\nAnything else?")),
    "think": Fault(
        "reasoning stands in tags before the answer", said=_content(lambda text: f"<think>Hm.</think>{text}")
    ),
    "lone_think": Fault(
        "the opening tag of the reasoning is missing", said=_content(lambda text: f"Hm.\n</think>\n{text}")
    ),
    "reasoning": Fault("reasoning comes in a field of its own", said=_content(lambda text: text, reasoning="Hm.")),
    "only_reasoning": Fault(
        "the tokens were used up by the reasoning",
        said=_content(lambda _: "", reasoning="Hm, let me see", finish_reason="length"),
    ),
    "cut": Fault(
        "the answer is cut at the token limit",
        said=_content(lambda text: text[: len(text) // 2], finish_reason="length"),
    ),
    "filtered": Fault(
        "the answer ended for another reason", said=_content(lambda t: t, finish_reason="content_filter")
    ),
    "not_json": Fault("the answer is no JSON", said=_content(lambda _: "I would rather not.")),
    "empty": Fault("the content is empty", said=_content(lambda _: "")),
    "null": Fault("the content is null", said=_content(lambda _: None)),
    "text": Fault(
        "the answer is this text",
        said=lambda said, _, told: replace(said, content=told["text"]),
        options=(("text", ""),),
    ),
}


def _calls(change: Callable[[list[dict[str, Any]]], Iterable[dict[str, Any]]]) -> OfSaid:
    """Change the calls of tools that an answer makes; where it makes none, it calls the first tool that is offered."""

    def said(normal: Said, asked: Asked, _: Told) -> Said:
        from promptkit.testing.answers import called

        calls = [json.loads(json.dumps(call)) for call in normal.tool_calls] or called(asked)
        return replace(normal, content=None, tool_calls=tuple(change(calls)), finish_reason="tool_calls")

    return said


def _each(**changed: Any) -> OfSaid:
    def one(call: dict[str, Any]) -> dict[str, Any]:
        of_function = {name: value for name, value in changed.items() if name in ("name", "arguments")}
        rest = {name: value for name, value in changed.items() if name not in of_function}
        return {**call, **rest, "function": {**call["function"], **of_function}}

    return _calls(lambda calls: map(one, calls))


def _optional_null(calls: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for call in calls:
        function = call["function"]
        yield {
            **call,
            "function": {**function, "arguments": json.dumps({**json.loads(function["arguments"]), "note": None})},
        }


def _as_object(calls: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for call in calls:
        function = call["function"]
        yield {**call, "function": {**function, "arguments": json.loads(function["arguments"])}}


def _not_called(said: Said, asked: Asked, _: Told) -> Said:
    return replace(said, content=f"I call no tool for {asked.model.id}.", tool_calls=(), finish_reason="stop")


TOOLS: dict[str, Fault] = {
    "tool_called": Fault("the first tool that is offered is called", said=_calls(lambda calls: calls)),
    "tool_twice": Fault("it is called twice, under one id", said=_calls(lambda calls: [*calls, *calls])),
    "tool_no_id": Fault("a call without an id", said=_each(id="")),
    "tool_bad_json": Fault("arguments that are no JSON", said=_each(arguments='{"city": Paris')),
    "tool_null": Fault("arguments that are null", said=_each(arguments="null")),
    "tool_null_argument": Fault("an argument `note` that is null", said=_calls(_optional_null)),
    "tool_object": Fault("arguments as an object in the place of a text", said=_calls(_as_object)),
    "tool_unknown": Fault("a tool that was not offered", said=_each(name="no_such_tool")),
    "tool_not_called": Fault("a tool that has to be called, and is not", said=_not_called),
}
