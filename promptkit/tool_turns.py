"""Turns of a call in which the model calls tools: what they are, and the request that goes on from one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from promptkit.errors import OutputError
from promptkit.late_pattern import LatePattern
from promptkit.messages import Message
from promptkit.result import Violation
from promptkit.template.markup import neutralise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.completion import Completion, Request
    from promptkit.messages import ToolCall
    from promptkit.output.transport import Asked
    from promptkit.result import ToolRun

UNCALLED = "tool_choice"
"""The keyword of the violation of an answer that should have called a tool."""

_OF_TOOLS = ("tool_choice", "parallel_tool_calls")


def offers_tools(request: Request) -> bool:
    """Whether the model may call tools before it answers; one that stands for the answer's form is none."""
    forbidden = request.options.get("tool_choice") == "none"
    return bool(request.tools) and not forbidden and not (request.transport and request.transport.tool)


def after_tools(
    request: Request, completion: Completion, calls: tuple[ToolCall, ...], runs: tuple[ToolRun, ...]
) -> Request:
    """The request that tells the model what its calls came to. Once it called what it had to, it is free.

    What it thought before it called goes back with the calls, or it forgets why it called them (OpenAI Cookbook, page
    "How to handle the raw chain of thought in gpt-oss"). Strangers' text may have steered it: chat markup in what goes
    back is made harmless, as it is in inputs.
    """
    answer = Message(
        "assistant",
        _harmless(completion.text) or None,
        tool_calls=tuple(replace(call, arguments=neutralise(call.arguments)[0]) for call in calls),
        reasoning=_harmless(completion.reasoning),
        reasoning_key=completion.reasoning_key,
    )
    choice = request.options.get("tool_choice")
    named = choice["function"]["name"] if isinstance(choice, Mapping) else None
    heeded = any(run.status not in ("unknown", "invalid") and named in (None, run.call.name) for run in runs)
    options = {name: value for name, value in request.options.items() if name != "tool_choice" or not heeded}
    return replace(request, messages=(*request.messages, answer, *(run.message() for run in runs)), options=options)


def _harmless(text: str) -> str:
    """What a model said, without markup that could open a message; the tags around its thoughts are its own."""
    return "".join(part if at % 2 else neutralise(part)[0] for at, part in enumerate(_THOUGHT.split(text)))


_THOUGHT = LatePattern("(</?think>)")


def in_final_form(request: Request, final: Asked) -> Request:
    """The request with the answer's form in the place of tools: servers may not take both."""
    return replace(
        request,
        options={name: value for name, value in request.options.items() if name not in _OF_TOOLS},
        tools=final.tools,
        tool_choice=final.tool_choice,
        response_format=final.response_format,
        transport=final.transport,
    )


def refuse_uncalled(request: Request, completion: Completion) -> None:
    """Raise `OutputError` for a tool that the model was told to call, and did not: servers take that for a wish."""
    choice = request.options.get("tool_choice")
    if choice in (None, "auto", "none"):
        return
    tool = f"the tool `{choice['function']['name']}`" if isinstance(choice, Mapping) else "a tool"
    said = f"{tool} has to be called, and was not"
    raise OutputError(said, violations=[Violation("$", said, UNCALLED)], text=completion.text)


def unique_calls(calls: Iterable[ToolCall], taken: set[str]) -> tuple[ToolCall, ...]:
    """Calls of which each has an id that no other has; those ids are `taken` from now on.

    Some servers give none, or one id to several calls: two answers under one id would be taken for one.
    """
    unique = []
    for call in calls:
        name, number = call.id, len(taken)
        while not name or name in taken:
            number += 1
            name = f"call_{number}"
        taken.add(name)
        unique.append(replace(call, id=name))
    return tuple(unique)
