"""Completions as JSON data, for what is kept in files: the log, cassettes, caches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.completion import Completion, Usage
from promptkit.messages import ToolCall

if TYPE_CHECKING:
    from collections.abc import Mapping


def completion_to_dict(completion: Completion) -> dict[str, Any]:
    """A completion as JSON data, without fields that are empty."""
    usage = completion.usage
    data: dict[str, Any] = {
        "text": completion.text,
        "reasoning": completion.reasoning,
        "tool_calls": [call.to_openai() for call in completion.tool_calls],
        "finish_reason": completion.finish_reason,
        "usage": {name: count for name in Usage.__slots__ if (count := getattr(usage, name))},
        "model": completion.model,
        "id": completion.id,
        "cached": completion.cached,
        "reasoning_key": completion.reasoning_key,
    }
    return {name: value for name, value in data.items() if value or name == "text"}


def completion_from_dict(data: Mapping[str, Any]) -> Completion:
    """The completion that `completion_to_dict` made data of. Raises `ValueError` for other data."""
    try:
        calls = (call["function"] | {"id": call["id"]} for call in data.get("tool_calls", ()))
        completion = Completion(
            text=data["text"],
            reasoning=data.get("reasoning", ""),
            tool_calls=tuple(ToolCall(call["id"], call["name"], call["arguments"]) for call in calls),
            finish_reason=data.get("finish_reason", "stop"),
            usage=Usage(**data.get("usage", {})),
            model=data.get("model", ""),
            id=data.get("id", ""),
            cached=data.get("cached", ""),
            reasoning_key=data.get("reasoning_key", ""),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a completion: {error}") from None
    texts = (completion.text, completion.reasoning, completion.finish_reason, completion.model, completion.id)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("not a completion: a text is expected")
    return completion
