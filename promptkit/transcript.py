"""Conversations in files: JSON lines, a head and then a line for each turn.

    {"promptkit_chat": 1, "prompt": "tutor", "version": "1.0.0", "digest": "...", "input": "question", "inputs": {}}
    {"text": "Hi!", "messages": [...], "model": "MiniMax-M2.5", "usage": {...}, "time": "2026-11-28T12:00:00+00:00"}

A turn is added at the end of the file and is on the disk before the writing comes back, so a process that is killed
loses no turn that was saved. Secrets are left out: values of secret inputs, and keys wherever they stand.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.completion import Usage
from promptkit.errors import ConfigError
from promptkit.exchange import Exchange
from promptkit.history import History
from promptkit.remembering import STEP
from promptkit.replacing import replace_file
from promptkit.result import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from promptkit.prompt import Prompt
    from promptkit.redact import Redactor

FORMAT = 1
_BEGINNING = b'{"promptkit_chat"'


@dataclass(frozen=True, slots=True)
class Saved:
    """What a file holds: the input that a turn's text is, the inputs of every turn, the turns.

    `changes` tell how the prompt that goes on with it differs from the one that it was held with, and of a last line
    that was cut off.
    """

    input: str
    inputs: Mapping[str, Any]
    turns: tuple[Exchange, ...]
    changes: tuple[str, ...]


def head_of(prompt: Prompt[Any], text_input: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The first line of a file, as data, without the inputs that are secret."""
    secret = {name for name, declared in prompt.spec.inputs.items() if declared.secret}
    return {
        "promptkit_chat": FORMAT,
        "prompt": prompt.name,
        "version": prompt.spec.version or "",
        "digest": prompt.digest,
        "input": text_input,
        "inputs": {name: value for name, value in inputs.items() if name not in secret},
    }


def write_transcript(path: Path, head: Mapping[str, Any], turns: Iterable[Exchange], redactor: Redactor) -> None:
    """Write a conversation: what is new, to a file that holds its first turns; all of it in the place of another.

    Raises `ConfigError` when the file cannot be written, or holds something else.
    """
    lines = [_line(data, redactor) for data in (head, *map(_data, turns))]
    try:
        held = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        if held and not held[0].startswith(_BEGINNING):
            cure = "name another file, or remove this one"
            raise ConfigError("this file holds no conversation, and is not replaced", where=str(path), help=cure)
        if held and held == lines[: len(held)]:
            with path.open("ab") as file:
                file.writelines(lines[len(held) :])
                file.flush()
                os.fsync(file.fileno())
        else:
            replace_file(path, b"".join(lines))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"the conversation cannot be saved: {reason}", where=str(path)) from None


def read_transcript(path: Path, prompt: Prompt[Any]) -> Saved:
    """The conversation in a file, to be gone on with. Raises `ConfigError`, with the number of the line."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"the conversation cannot be opened: {reason}", where=str(path)) from None
    *whole, rest = lines
    head = _read(whole[0] if whole else rest, path, 1)
    if head.get("promptkit_chat") != FORMAT:
        cure = "a conversation is saved with `Conversation.save`"
        raise ConfigError("this is no conversation of promptkit's", where=str(path), help=cure)
    said, kept = head.get("input"), head.get("inputs", {})
    if not isinstance(said, str) or not isinstance(kept, dict):
        raise ConfigError("this is no head of a conversation", where=f"{path}:1", help="save it anew")
    if said not in prompt.spec.inputs:
        cure = (
            f"go on with the prompt that it was held with: {_named(str(head.get('prompt')), str(head.get('version')))}"
        )
        raise ConfigError(
            f"a turn's text is the input `{said}`, which {prompt.name} has not", where=str(path), help=cure
        )
    turns = tuple(_exchange(_read(line, path, number), path, number) for number, line in enumerate(whole[1:], 2))
    cut = ("the last line was cut off, and is left out",) if rest else ()
    return Saved(said, kept, turns, (*_changes(head, prompt), *cut))


def _data(turn: Exchange) -> dict[str, Any]:
    usage = {name: count for name in Usage.__slots__ if (count := getattr(turn.usage, name))}
    data: dict[str, Any] = {
        "text": turn.text,
        "messages": [message.to_openai() for message in turn.messages],
        "model": turn.model,
        "usage": usage,
        "cost": turn.cost,
        "left_out": [step.detail for step in turn.steps],
        "time": turn.time,
        "record": turn.record_id,
    }
    return {name: value for name, value in data.items() if value or name in ("text", "messages")}


def _line(data: Mapping[str, Any], redactor: Redactor) -> bytes:
    masked = redactor.data(dict(data))
    try:
        return json.dumps(masked, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate stays readable as an escape
        return json.dumps(masked).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the conversation cannot be saved: {error}", help="its inputs are JSON data") from None


def _read(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise ConfigError("this line is no turn of a conversation", where=f"{path}:{number}", help="delete the line")
    return data


def _exchange(data: Mapping[str, Any], path: Path, number: int) -> Exchange:
    try:
        turns = History.of(data["messages"]).turns()
        if len(turns) != 1:
            raise ValueError(f"it holds {len(turns)} turns")  # noqa: TRY301 (told below)
        return Exchange.of(
            turns[0],
            data["text"],
            model=data.get("model", ""),
            usage=Usage(**data.get("usage", {})),
            cost=data.get("cost"),
            steps=tuple(Step(STEP, detail) for detail in data.get("left_out", ())),
            time=data.get("time", ""),
            record_id=data.get("record", ""),
        )
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else getattr(error, "message", str(error))
        cure = "delete the line"
        raise ConfigError(f"this line is no turn: {what}", where=f"{path}:{number}", help=cure) from None


def _changes(head: Mapping[str, Any], prompt: Prompt[Any]) -> tuple[str, ...]:
    """How the prompt that a conversation was held with differs from the one that goes on with it."""
    if head.get("digest") == prompt.digest:
        return ()
    was = _named(str(head.get("prompt", "")), str(head.get("version", "")))
    now = _named(prompt.name, prompt.spec.version or "")
    return (f"it was held with {was}" if was != now else f"{now} has changed since, under the same name and version",)


def _named(name: str, version: str) -> str:
    return f"{name}@{version}" if version else name
