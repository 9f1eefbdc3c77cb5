"""Earlier messages of a conversation: checked as a sequence, and taken apart into whole turns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError
from promptkit.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promptkit.result import Step


@dataclass(frozen=True, slots=True)
class History:
    """Earlier messages, in order; `steps` say what was left out or changed on the way to them."""

    messages: tuple[Message, ...] = ()
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, messages: History | Iterable[Message | Mapping[str, Any]]) -> History:
        """A history from messages, or from their chat-completions form. Raises `ConfigError` for what is no message."""
        if isinstance(messages, History):
            return messages
        if not isinstance(messages, Iterable):
            raise ConfigError(f"the history is {type(messages).__name__}, and no list of messages", where="history")
        read = []
        for index, message in enumerate(messages):
            try:
                read.append(message if isinstance(message, Message) else Message.from_openai(message))
            except ValueError as error:
                cure = "a message is a `Message`, or a mapping with `role` and `content`"
                where = f"history[{index}]"
                raise ConfigError(f"the history cannot be read: {error}", where=where, help=cure) from None
        return cls(tuple(read))

    def to_openai(self) -> list[dict[str, Any]]:
        """Plain message dicts, usable with any client."""
        return [message.to_openai() for message in self.messages]

    def turns(self) -> list[tuple[Message, ...]]:
        """Whole turns: a user's message, calls of tools with their results, the answer.

        Raises `ConfigError`, with the place, for a sequence that no server takes or that is no conversation: a result
        without its call, a call without its result, a message without content, a system message (the prompt has its
        own), a beginning that is not the user's, an end without an answer.
        """
        turns: list[list[Message]] = []
        for index, message in enumerate(self.messages):
            fault = None
            if message.role == "user" and not (turns and turns[-1][-1].role == "user"):
                fault = _unfinished(turns[-1], "before this message") if turns else None
                turns.append([])
            if fault := fault or _fault(message, turns[-1] if turns else None):
                raise _refused(index, *fault)
            turns[-1].append(message)
        if turns and (fault := _unfinished(turns[-1], "at the end")):
            raise _refused(len(self.messages) - 1, *fault)
        return [tuple(turn) for turn in turns]


def _fault(message: Message, turn: Sequence[Message] | None) -> tuple[str, str] | None:
    """Why a message cannot stand behind those of its turn, and the cure."""
    if message.role == "system":
        return "a system message among the earlier turns", "the prompt has its own; put it into `persona` or `context`"
    if turn is None:
        return f"a conversation begins with the user, not with {message.role}", "leave out what stands before"
    silent = message.role == "tool" or message.tool_calls  # a tool may well return nothing
    if not silent and not message.text.strip() and not isinstance(message.content, tuple):
        return f"the {message.role} message has no content", "leave it out"
    waiting = _unanswered(turn)
    if message.role == "tool":
        if message.tool_call_id not in waiting:
            return f"a result of the call {message.tool_call_id!r}, which nobody made", "leave it out, or add the call"
        return None
    if waiting:
        return f"the call {waiting[0]!r} has no result before this message", "add a message with the role `tool`"
    return None


def _unanswered(turn: Sequence[Message]) -> list[str]:
    """The calls of tools in a turn that have no result yet; an id may come again in a later step."""
    waiting: list[str] = []
    for message in turn:
        waiting += [call.id for call in message.tool_calls]
        if message.tool_call_id in waiting:
            waiting.remove(message.tool_call_id)
    return waiting


def _unfinished(turn: Sequence[Message], where: str) -> tuple[str, str] | None:
    """Why a turn cannot end here, and the cure."""
    if waiting := _unanswered(turn):
        return f"the call {waiting[0]!r} has no result {where}", "add a message with the role `tool`"
    if turn[-1].role != "assistant":
        return f"the turn has no answer {where}", "leave it out, and send it as the next turn"
    return None


def _refused(index: int, message: str, cure: str) -> ConfigError:
    return ConfigError(f"the history is no conversation: {message}", where=f"history[{index}]", help=cure)
