"""What is said in a chat: roles, messages and tool calls, and their OpenAI form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]
"""The four roles of MARA's text-generation guide; `developer` is sent as `system`."""

ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")

REASONING_KEYS = ("reasoning", "reasoning_content")
"""The names under which servers give a model's reasoning beside its answer, MARA's first."""

Content = str | tuple[dict[str, Any], ...] | None
"""A text, or parts in OpenAI's form when one of them is not text; null only beside tool calls."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for: the tool's name and its arguments as the model wrote them (a JSON text)."""

    id: str
    name: str
    arguments: str

    def to_openai(self) -> dict[str, Any]:
        """The call in the chat-completions form."""
        return {
            "id": self.id,
            "type": "function",
            "function": {"name": self.name, "arguments": self.arguments},
        }


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat.

    `reasoning` is what the model thought before it called tools; it goes back under the name under which its server
    gave it, `reasoning_key`.
    """

    role: Role
    content: Content
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    reasoning: str = ""
    reasoning_key: str = ""

    @property
    def text(self) -> str:
        """The content as text; parts that are not text are left out."""
        if isinstance(self.content, tuple):
            return "".join(part.get("text", "") for part in self.content)
        return self.content or ""

    @property
    def called(self) -> tuple[str, ...]:
        """What the message has to do with tools, in words: the call that it is the result of, and the calls in it."""
        result = (f"(the result of {self.tool_call_id})",) if self.tool_call_id else ()
        return (*result, *(f"(calls {call.name} with {call.arguments} as {call.id})" for call in self.tool_calls))

    @property
    def shown(self) -> str:
        """The message as people read it: its text, and what it has to do with tools."""
        return "\n".join(filter(None, (self.text, *self.called)))

    def to_openai(self) -> dict[str, Any]:
        """The message in the chat-completions form, without fields that are unset.

        Text goes as a plain string, since text-only models may refuse a list of parts.
        """
        message: dict[str, Any] = {
            "role": self.role,
            "content": list(self.content) if isinstance(self.content, tuple) else self.content,
        }
        if self.tool_calls:
            message["tool_calls"] = [call.to_openai() for call in self.tool_calls]
        if self.tool_call_id is not None:
            message["tool_call_id"] = self.tool_call_id
        if self.reasoning and self.reasoning_key:
            message[self.reasoning_key] = self.reasoning
        return message

    @classmethod
    def from_openai(cls, message: Mapping[str, Any]) -> Message:
        """A message from its chat-completions form.

        Raises `ValueError` for a role or a content that no chat can hold.
        """
        if not isinstance(message, Mapping):
            raise ValueError(f"a message is a mapping, not {type(message).__name__}")  # noqa: TRY004 (as promised)
        role = "system" if message.get("role") == "developer" else message.get("role")
        if role not in ROLES:
            raise ValueError(f"role {message.get('role')!r} is not one of {', '.join(ROLES)}")
        content = message.get("content")
        listed = message.get("tool_calls") or ()
        if not isinstance(listed, list | tuple):
            raise ValueError(f"`tool_calls` are a list, not {type(listed).__name__}")  # noqa: TRY004 (as promised)
        calls = tuple(map(_tool_call, listed))
        if isinstance(content, list):
            content = tuple(map(_part, content))
        elif content is None and not calls:
            raise ValueError(f"the {role} message has no content")
        elif content is not None and not isinstance(content, str):
            raise ValueError(f"the content of a message is a text, not {type(content).__name__}")
        thought = (name for name in REASONING_KEYS if isinstance(message.get(name), str) and message[name])
        key = next(thought, "") if calls and role == "assistant" else ""
        return cls(role, content, calls, message.get("tool_call_id"), message[key] if key else "", key)


def _part(part: Any) -> dict[str, Any]:
    if not isinstance(part, Mapping):
        raise ValueError(f"a part of a message is a mapping, not {type(part).__name__}")  # noqa: TRY004 (as above)
    if not isinstance(part.get("text", ""), str):
        raise ValueError("the text of a part is a text")  # noqa: TRY004 (as above)
    return dict(part)


def _tool_call(call: Any) -> ToolCall:
    try:
        function = call["function"]
        return ToolCall(call["id"], function["name"], function["arguments"])
    except KeyError as missing:
        raise ValueError(f"a tool call without `{missing.args[0]}`") from None
    except TypeError:
        raise ValueError("a tool call is a mapping with `id` and `function`") from None
