"""Conversations in files: JSON lines, a head and then a line for each turn.

    {"promptkit_chat": 1, "prompt": "tutor", "version": "1.0.0", "digest": "...", "input": "question", "inputs": {}}
    {"text": "Hi!", "messages": [...], "model": "MiniMax-M2.5", "usage": {...}, "time": "2026-11-28T12:00:00+00:00"}

A turn is added at the end of the file and is on the disk before the writing comes back, so a process that is killed
loses no turn that was saved. Secrets are left out: values of secret inputs, and keys wherever they stand. The run log
keeps conversations as the same head and turns.
"""

from __future__ import annotations

import json
import operator
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.atomic_write import replace_file
from promptkit.completion import Usage, canonical_json, sha256
from promptkit.errors import ConfigError
from promptkit.exchange import Exchange, Summary
from promptkit.history import History
from promptkit.memory import STEP
from promptkit.result import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from promptkit.prompt import Prompt
    from promptkit.redact import Redactor
    from promptkit.tokens import TokenCounter

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
    return {
        "promptkit_chat": FORMAT,
        "prompt": prompt.name,
        "version": prompt.spec.version or "",
        "digest": prompt.digest,
        "parts": part_digests(prompt),
        "input": text_input,
        "inputs": prompt.spec.without_secrets(inputs),
    }


def part_digests(prompt: Prompt[Any]) -> dict[str, str]:
    """The beginning of the SHA-256 of each part of a prompt, so that it can be said later which has changed."""
    authored = prompt.spec.data()
    parts = {key: value for key, value in authored.items() if key not in _NO_PARTS}
    parts |= prompt.spec.files
    return {key: sha256(canonical_json(value))[:_DIGITS] for key, value in parts.items()}


_NO_PARTS = ("promptkit", "name", "version", "description", "metadata", "extends", "tests")
_DIGITS = 12


def write_transcript(path: Path, head: Mapping[str, Any], turns: Iterable[Exchange], redactor: Redactor) -> None:
    """Write a conversation: what is new, to a file that holds its first turns; all of it in the place of another.

    Another conversation, or turns that this one took back, stay in a file of that name with `~` behind it.
    Raises `ConfigError` when the file cannot be written, or holds something else.
    """
    turns = tuple(turns)
    try:
        if (new := _new_turns(path, head, turns)) is None:
            lines = [_line(data, redactor) for data in (head, *map(turn_data, turns))]
            _write_all(path, lines, changed=_is_changed(path))
        elif new:
            _append(path, [_line(turn_data(turn), redactor) for turn in new])
        state = path.stat()
        _written[path.absolute()] = _Written(dict(head), turns, state.st_size, state.st_mtime_ns)
        while len(_written) > _MOST_WRITTEN:
            _written.pop(next(iter(_written), path), None)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"the conversation cannot be saved: {reason}", where=str(path)) from None


@dataclass(frozen=True, slots=True)
class _Written:
    """What this process wrote to a file last, and how the file was then."""

    head: dict[str, Any]
    turns: tuple[Exchange, ...]
    size: int
    time: int


_written: dict[Path, _Written] = {}
_MOST_WRITTEN = 32


def _new_turns(path: Path, head: Mapping[str, Any], turns: tuple[Exchange, ...]) -> tuple[Exchange, ...] | None:
    """The turns that a file lacks which holds what this process wrote last; None where that is not known."""
    last = _written.get(path.absolute())
    if last is None or not path.exists():
        return None
    state, known = path.stat(), len(last.turns)
    same = (state.st_size, state.st_mtime_ns) == (last.size, last.time) and last.head == head
    return turns[known:] if same and known <= len(turns) and all(map(operator.is_, last.turns, turns)) else None


def refuse_other_file(path: str | None) -> None:
    """Find out before anything is paid for that a file holds no conversation. Raises `ConfigError`."""
    if path is None or not Path(path).exists():
        return
    if not Path(path).is_file():
        raise ConfigError("a conversation is saved in a file", where=path, help="name another one")
    with Path(path).open("rb") as file:
        if (begins := file.read(len(_BEGINNING))) and begins != _BEGINNING:
            raise _not_ours(Path(path))


def _not_ours(path: Path) -> ConfigError:
    cure = "name another file, or remove this one"
    return ConfigError("this file holds no conversation, and is not replaced", where=str(path), help=cure)


def _append(path: Path, lines: list[bytes]) -> None:
    with path.open("ab") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def _is_changed(path: Path) -> bool:
    """Whether this process has written a conversation to a file, and somebody else has written to it since."""
    last = _written.get(path.absolute())
    if last is None or not path.exists():
        return False
    state = path.stat()
    return (state.st_size, state.st_mtime_ns) != (last.size, last.time)


def _write_all(path: Path, lines: list[bytes], *, changed: bool) -> None:
    """Write a whole conversation: only what is new where the file holds its beginning.

    Raises `ConfigError` for a file that holds something else, or that was `changed` and holds turns of somebody else's.
    """
    held = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    if held and not held[0].startswith(_BEGINNING):
        raise _not_ours(path)
    if held and held == lines[: len(held)]:
        _append(path, lines[len(held) :])
        return
    whole = [line for line in held if line.endswith(b"\n")]
    if changed and whole != lines[: len(whole)]:
        message = "the file is not as it was when this conversation was saved there: somebody else writes to it"
        raise ConfigError(message, where=str(path), help="save to another file; nothing of this one is touched")
    if held[1:] and not _begins_with(lines, held):
        shutil.copy2(path, path.with_name(f"{path.name}~"))
    replace_file(path, b"".join(lines))


def _begins_with(lines: list[bytes], held: list[bytes]) -> bool:
    """Whether all turns of a file are among the first of these, whatever its head says."""
    return lines[1 : len(held)] == held[1:]


def read_transcript(path: Path, prompt: Prompt[Any]) -> Saved:
    """The conversation in a file, to be gone on with. Raises `ConfigError`, with the number of the line."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"the conversation cannot be opened: {reason}", where=str(path)) from None
    *whole, rest = lines
    head = _read(whole[0] if whole else rest, path, 1)
    placed = [(_read(line, path, number), f"{path}:{number}") for number, line in enumerate(whole[1:], 2)]
    saved = saved_from(head, placed, prompt, str(path))
    cut = ("the last line was cut off, and is left out",) if rest else ()
    return replace(saved, changes=(*saved.changes, *cut))


def saved_from(
    head: Mapping[str, Any], turns: Iterable[tuple[Mapping[str, Any], str]], prompt: Prompt[Any], where: str
) -> Saved:
    """A conversation from its head and its turns, each with the place to name when it is none. Raises `ConfigError`."""
    if head.get("promptkit_chat") != FORMAT:
        cure = "a conversation is saved with `Conversation.save`"
        raise ConfigError("this is no conversation of promptkit's", where=where, help=cure)
    said, kept = head.get("input"), head.get("inputs", {})
    if not isinstance(said, str) or not isinstance(kept, dict):
        raise ConfigError("this is no head of a conversation", where=f"{where}:1", help="save it anew")
    if said not in prompt.spec.inputs:
        held = _named(str(head.get("prompt")), str(head.get("version")))
        message = f"a turn's text is the input `{said}`, which {prompt.name} has not"
        raise ConfigError(message, where=where, help=f"go on with the prompt that it was held with: {held}")
    counter = prompt.client.counter(prompt.facts)
    read = tuple(_exchange(data, place, counter) for data, place in turns)
    return Saved(said, kept, read, _changes(head, prompt))


def turn_data(turn: Exchange) -> dict[str, Any]:
    """A turn as data: a line of a file."""
    data: dict[str, Any] = {
        "text": turn.text,
        "messages": [message.to_openai() for message in turn.messages],
        **_made(turn),
        "left_out": [step.detail for step in turn.steps],
        "summary": turn.summary
        and {
            "text": turn.summary.text,
            "upto": turn.summary.upto,
            "without": list(turn.summary.without),
            **_made(turn.summary),
        },
        "time": turn.time,
    }
    return {name: value for name, value in data.items() if value or name in ("text", "messages", "cost")}


def _made(by: Exchange | Summary) -> dict[str, Any]:
    """By which model something was said, and what that took."""
    usage = {name: count for name in Usage.__slots__ if (count := getattr(by.usage, name))}
    told = {"model": by.model, "usage": usage, "cost": by.cost, "record": by.record_id}
    return {name: value for name, value in told.items() if value not in (None, "", {})}


def _maker(data: Mapping[str, Any]) -> dict[str, Any]:
    counts, cost = data.get("usage", {}), data.get("cost")
    told = {"model": data.get("model", ""), "record_id": data.get("record", "")}
    if not isinstance(cost, int | float | None) or not all(isinstance(each, str) for each in told.values()):
        raise TypeError("`model` and `record` are texts, `cost` is a number")
    if not all(isinstance(count, int) for count in counts.values()):
        raise TypeError("`usage` holds whole numbers")
    return {**told, "usage": Usage(**counts), "cost": cost}


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


def _exchange(data: Mapping[str, Any], where: str, counter: TokenCounter) -> Exchange:
    try:
        if not all(isinstance(data.get(name, ""), str) for name in ("text", "time")):
            raise TypeError("`text` and `time` are texts")  # noqa: TRY301 (told below)
        turns = History.of(data["messages"]).turns()
        if len(turns) != 1:
            raise ValueError(f"it holds {len(turns)} turns")  # noqa: TRY301 (told below)
        told = data.get("summary")
        summary = told and Summary.of(
            told["text"], told["upto"], counter, without=tuple(told.get("without", ())), **_maker(told)
        )
        return Exchange.of(
            turns[0],
            counter,
            data["text"],
            **_maker(data),
            steps=tuple(Step(STEP, detail) for detail in data.get("left_out", ())),
            summary=summary,
            time=data.get("time", ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else getattr(error, "message", str(error))
        raise ConfigError(f"this line is no turn: {what}", where=where, help="delete the line") from None


def _changes(head: Mapping[str, Any], prompt: Prompt[Any]) -> tuple[str, ...]:
    """How the prompt that a conversation was held with differs from the one that goes on with it."""
    if head.get("digest") == prompt.digest:
        return ()
    was = _named(str(head.get("prompt", "")), str(head.get("version", "")))
    now = _named(prompt.name, prompt.spec.version or "")
    before, parts = head.get("parts"), part_digests(prompt)
    known = before if isinstance(before, dict) else parts
    differ = [key for key in dict.fromkeys((*parts, *known)) if parts.get(key) != known.get(key)]
    which = f": {', '.join(differ)}" if differ else ""
    changed = "has changed since, under the same name and version"
    return (f"it was held with {was}; {now} differs{which}" if was != now else f"{now} {changed}{which}",)


def _named(name: str, version: str) -> str:
    return f"{name}@{version}" if version else name
