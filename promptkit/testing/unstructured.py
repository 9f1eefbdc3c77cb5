"""What the loopback server's models say when a request has no schema: as much of the form as the messages tell.

promptkit's own instructions are known by their words; whatever else may be asked for, a sentence is the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptkit.chain_of_thought import wrapped_value
from promptkit.layout import CHOICE_ASKED, LINE_ASKED
from promptkit.models.simulate import simulated_words
from promptkit.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NOTHING_KNOWN = "no schema in the request: nothing but a sentence could be made up"
"""The note beside such an answer in the log."""

_BULLET = "- "


def unstructured(body: Mapping[str, Any], seed: str, thought: str) -> tuple[str, str]:
    """The content of an answer without a schema, and a note for the log.

    One of the choices when the instructions list them; below the line `Answer:` when they ask for that line.
    """
    messages = body["messages"]
    instructions = _instructions(messages)
    choices = _choices(instructions)
    text = choices[int(seed, 16) % len(choices)] if choices else _words(messages)
    if LINE_ASKED in instructions:
        text = wrapped_value(text, thought, "prose", plain=True, dump=str)
    return _stopped(text, body.get("stop") or []), "" if choices else NOTHING_KNOWN


def _instructions(messages: Sequence[Mapping[str, Any]]) -> str:
    """What the system says, and the last user message."""
    system = [text_of(message) for message in messages if message["role"] in ("system", "developer")]
    return "\n".join((*system, *_said(messages)[-1:]))


def _choices(instructions: str) -> list[str]:
    """The list below the sentence of ours that asks for a choice; the last one, if it is there twice."""
    _, asked, listed = instructions.rpartition(CHOICE_ASKED)
    choices = []
    for line in listed.splitlines() if asked else ():
        if not line.startswith(_BULLET):
            break
        choices.append(line.removeprefix(_BULLET))
    return choices


def _words(messages: Sequence[Mapping[str, Any]]) -> str:
    count = counted(len(messages), "message")
    return f"{simulated_words(_said(messages))} (The request has {count}.)"


def _said(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    return [text_of(message) for message in messages if message["role"] == "user"]


def _stopped(text: str, stops: str | Iterable[str]) -> str:
    for stop in filter(None, [stops] if isinstance(stops, str) else stops):
        text = text.partition(stop)[0]
    return text


def text_of(message: Mapping[str, Any]) -> str:
    """A message's text, that of its parts joined."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    return " ".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))
