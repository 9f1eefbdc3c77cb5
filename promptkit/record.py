"""The run log: what was asked, what came back, what was done to it. One row of an SQLite file a run.

The file is the user's alone (mode 0600) and in WAL mode, so that any number of processes may write while
others read. A row that is written survives the end of its process; a power cut may cost the last rows, never
the file. Every text passes the redactor before it is written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from promptkit.completion import Usage, canonical_json, sha256
from promptkit.completion_data import completion_to_dict
from promptkit.errors import ConfigError
from promptkit.logfile import LogFile, status_of
from promptkit.redact import Redactor
from promptkit.result import total_usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from promptkit.completion import Transport
    from promptkit.result import Attempt, Rendered, ToolRun

_DATA = ("attempts", "output", "inputs")
_MEANT = 5  # how many records an ambiguous prefix names in its error


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A run, ready for the log: `time` in UTC (ISO 8601), `seconds` of the whole run, `cost` in USD if known.

    `status` is `ok` or the name of the error's class. `attempts`, `output` and `inputs` are JSON data.
    """

    time: str
    prompt: str
    version: str = ""
    prompt_digest: str = ""
    rendered_digest: str = ""
    model: str = ""
    status: str = "ok"
    confidence: str = ""
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    seconds: float = 0.0
    attempts: list[dict[str, Any]] = field(default_factory=list)
    output: Any = None
    inputs: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Entry):
    """A run in the log, known by its `id`: 26 letters and digits that sort by time."""

    id: str

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON data."""
        data = {"id": self.id} | {f.name: getattr(self, f.name) for f in fields(Entry)}
        return data | {"usage": {name: getattr(self.usage, name) for name in Usage.__slots__}}


def entry_from(
    *,
    prompt: str,
    version: str = "",
    prompt_digest: str = "",
    rendered: Rendered | None = None,
    model: str = "",
    attempts: Sequence[Attempt] = (),
    output: Any = None,
    inputs: Mapping[str, Any] | None = None,
    confidence: str = "",
    cost: float | None = None,
    error: Exception | None = None,
    seconds: float = 0.0,
) -> Entry:
    """The entry for a run that just ended; an error's own attempts count when none are given.

    Inputs that are declared secret must be left out by the caller.
    """
    from datetime import UTC, datetime

    made = tuple(attempts) or tuple(getattr(error, "attempts", ()))
    return Entry(
        time=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        prompt=prompt,
        version=version,
        prompt_digest=prompt_digest,
        rendered_digest=rendered.digest if rendered else "",
        model=model,
        status=status_of(error),
        confidence=confidence,
        usage=total_usage(made),
        cost=cost,
        seconds=seconds,
        attempts=[_attempt(attempt) for attempt in made],
        output=plain_data(output),
        inputs=plain_data(dict(inputs or {})),
        error=str(error) if error else "",
    )


class RunLog:
    """The log in the file `path`, made when the first run is written.

    With `content=False` no text of a message, an input or an answer is kept: only its length in characters
    and its SHA-256. Threads, processes and forks may share a log. Every method raises `ConfigError` for a
    file that cannot be used.
    """

    def __init__(self, path: Path, *, content: bool = True, redactor: Redactor | None = None) -> None:
        self.path = path
        self.content = content
        self._redactor = redactor or Redactor()
        self._file = LogFile(path)

    def append(self, entry: Entry) -> str:
        """Write a run; gives the id of its record."""
        try:
            row = self._texts(entry)
        except (ValueError, RecursionError):
            # A run must not fail because its answer cannot be written down: nested too deeply, say.
            row = self._texts(replace(entry, attempts=[], output=None, inputs=None))
        told = {f.name: getattr(entry, f.name) for f in fields(Entry) if f.name != "usage"}
        usage = {name: getattr(entry.usage, name) for name in Usage.__slots__}
        return self._file.insert(told | row | usage)

    def _texts(self, entry: Entry) -> dict[str, str]:
        """All that a run's row holds in words, without secrets."""
        values = {f.name: getattr(entry, f.name) for f in fields(Entry) if f.name not in _DATA}
        names = [name for name, value in values.items() if isinstance(value, str)]
        texts: dict[str, Any] = {name: self._redactor.text(values[name]) for name in names}
        texts |= {name: self._redactor.data(getattr(entry, name)) for name in _DATA}
        clean = replace(entry, **texts)
        kept = clean if self.content else without_content(clean)
        data = {name: json.dumps(getattr(kept, name)) for name in _DATA}
        return data | {name: getattr(kept, name) for name in names}

    def list(self, limit: int = 20, prompt: str | None = None, status: str | None = None) -> list[Record]:
        """The latest runs, the newest first; of one prompt or with one status (`error`: any that is not ok)."""
        return [_record(row) for row in self._file.latest(limit, prompt, status)]

    def counts(self, model: str, limit: int = 100) -> Iterator[tuple[dict[str, Any], int]]:
        """The newest requests to a model, and the `prompt_tokens` that its server told for each; those with content."""
        for attempts in self._file.attempts_of(model, limit):
            for attempt in json.loads(attempts):
                completion = attempt.get("completion") or {}
                told = completion.get("usage", {}).get("prompt_tokens", 0)
                whole = not any(isinstance(message["content"], dict) for message in attempt["request"]["messages"])
                if told and whole and not completion.get("cached"):
                    yield attempt["request"], told

    def get(self, id_or_prefix: str) -> Record:
        """The run with this id, or the one whose id begins so. Raises `ConfigError` for none and for several."""
        prefix = id_or_prefix.strip().upper()
        rows = self._file.beginning(prefix, _MEANT + 1) if prefix.isascii() and prefix.isalnum() else []
        if not rows:
            cure = "`promptkit log list` shows what there is"
            raise ConfigError(f"no run in the log has the id `{id_or_prefix}`", where=str(self.path), help=cure)
        if len(rows) > 1:
            raise _ambiguous(id_or_prefix, [_record(row) for row in rows], str(self.path))
        return _record(rows[0])

    def append_turns(
        self, record_id: str, parent: str, head: Mapping[str, Any], turns: Sequence[Mapping[str, Any]], number: int
    ) -> None:
        """Write what is new of a conversation, whose last turn, the one with this `number`, is the run `record_id`.

        `parent` is the run of the turn before what is new, empty at the beginning; `head` and `turns` are as in a file
        of `Conversation.save`. A log without content keeps none of it.
        """
        if self.content:
            data = {"head": dict(head) if not parent else {}, "turns": [dict(turn) for turn in turns]}
            texts = {name: json.dumps(self._redactor.data(value)) for name, value in data.items()}
            self._file.insert_turn({"id": record_id, "parent": parent, "number": number, **texts})

    def has_turn(self, record_id: str) -> bool:
        """Whether a run is a turn of a conversation that this log keeps."""
        return bool(record_id) and self._file.has_turn(record_id)

    def conversation(self, id_or_prefix: str) -> tuple[dict[str, Any], Sequence[dict[str, Any]], str]:
        """A conversation as it was after a run: its head, its turns, and the run's whole id. Raises `ConfigError`."""
        record_id = self.get(id_or_prefix).id
        rows = self._file.turns_upto(record_id)
        head = json.loads(rows[0]["head"]) if rows else {}
        if not head:
            cure = "`promptkit log chats` lists those that there are"
            raise ConfigError(f"the run {record_id} is no turn of a conversation", where=str(self.path), help=cure)
        return head, [turn for row in rows for turn in json.loads(row["turns"])], record_id

    def chats(self, limit: int = 20, prompt: str | None = None) -> Sequence[dict[str, Any]]:
        """The last turns of conversations, the newest first: `id`, `time`, `prompt`, `model`, `inputs`, `turns`..."""
        rows = self._file.chats(limit, prompt)
        return [{**row, "inputs": json.loads(row["inputs"])} for row in rows]

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        self._file.close()

    def __enter__(self) -> RunLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def without_content(entry: Entry) -> Entry:
    """The entry with sizes and SHA-256s in place of every text that came from a message, input or answer."""
    return replace(
        entry,
        attempts=[_measured_attempt(attempt) for attempt in entry.attempts],
        output=_measured(entry.output),
        inputs={name: _measured(value) for name, value in (entry.inputs or {}).items()},
        error="",
    )


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "request": _data(attempt.request.to_openai()),
        "transport": _transport(attempt.request.transport),
        "completion": completion_to_dict(attempt.completion) if attempt.completion else None,
        "violations": [
            {"path": violation.path, "message": violation.message, "keyword": violation.keyword}
            for violation in attempt.violations
        ],
        "steps": [{"name": step.name, "detail": step.detail, "repairs": step.repairs} for step in attempt.steps],
        "tools": [_tool_run(run) for run in attempt.tools],
        "error": attempt.error,
        "seconds": attempt.seconds,
    }


def _tool_run(run: ToolRun) -> dict[str, Any]:
    return {
        "id": run.call.id,
        "name": run.call.name,
        "status": run.status,
        "arguments": _data(run.arguments),
        "told": run.told,
        "steps": [{"name": step.name, "detail": step.detail, "repairs": step.repairs} for step in run.steps],
        "seconds": run.seconds,
    }


def _transport(transport: Transport | None) -> dict[str, Any] | None:
    """How the answer's form was asked for, and why."""
    told = transport and {"form": transport.form, "reason": transport.reason, "changes": list(transport.changes)}
    return told or None


def _measured(value: Any) -> Any:
    """How long a value is (in characters, as JSON unless it is a text), and its SHA-256."""
    if value is None:
        return None
    text = value if isinstance(value, str) else canonical_json(value)
    return {"chars": len(text), "sha256": sha256(text)}


def _measured_attempt(attempt: Mapping[str, Any]) -> dict[str, Any]:
    request, completion = attempt["request"], attempt["completion"]
    return {
        "request": {name: _measured_option(name, value) for name, value in request.items()},
        "transport": attempt["transport"] and {"form": attempt["transport"]["form"]},
        "completion": completion and {name: _measured_answer(name, completion[name]) for name in completion},
        "violations": [{"keyword": violation["keyword"]} for violation in attempt["violations"]],
        "steps": [{"name": step["name"], "repairs": step["repairs"]} for step in attempt["steps"]],
        "tools": [_measured_run(run) for run in attempt["tools"]],
        "error": _measured(attempt["error"] or None),
        "seconds": attempt["seconds"],
    }


def _measured_run(run: Mapping[str, Any]) -> dict[str, Any]:
    steps = [{"name": step["name"], "repairs": step["repairs"]} for step in run["steps"]]
    return {**run, "arguments": _measured(run["arguments"]), "told": _measured(run["told"]), "steps": steps}


def _measured_option(name: str, value: Any) -> Any:
    if name == "messages":
        return [_measured_message(message) for message in value]
    return value if name == "model" or isinstance(value, bool | int | float) else _measured(value)


def _measured_message(message: Mapping[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls")
    called = {"tool_calls": _measured(calls)} if calls else {}
    return {"role": message["role"], "content": _measured(message["content"]), **called}


def _measured_answer(name: str, value: Any) -> Any:
    return _measured(value) if name in ("text", "reasoning", "tool_calls") else value


def _record(row: Mapping[str, Any]) -> Record:
    parts = {name: json.loads(row[name]) for name in _DATA}
    told = {f.name: row[f.name] for f in fields(Entry) if f.name not in ("usage", *parts)}
    usage = Usage(**{name: row[name] for name in Usage.__slots__})
    return Record(id=row["id"], usage=usage, **told, **parts)


def _ambiguous(prefix: str, records: Sequence[Record], where: str) -> ConfigError:
    shown = [f"{record.id}  {record.time}  {record.prompt}" for record in records[:_MEANT]]
    more = ["..."] if len(records) > _MEANT else []
    message = f"several runs have an id that begins with `{prefix}`"
    return ConfigError(message, where=where, details=(*shown, *more), help="give more of the id")


def plain_data(value: Any) -> Any:
    """Any value as JSON data, as the log keeps it."""
    try:
        return _data(value)
    except RecursionError:
        return {"left out": "nested too deeply"}


def _data(value: Any) -> Any:
    """Anything as JSON data: pydantic models and dataclasses by their fields, what is left as its text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    fitting = (convert for fits, convert in _CONVERSIONS if fits(value) and not isinstance(value, type))
    return next(fitting, str)(value)


def _fields(value: Any) -> Any:
    return {name: _data(getattr(value, name)) for name in value.__dataclass_fields__}


_CONVERSIONS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Any]], ...] = (
    (lambda value: hasattr(value, "model_dump"), lambda value: _data(value.model_dump(mode="json"))),
    (lambda value: hasattr(value, "__dataclass_fields__"), _fields),
    (lambda value: hasattr(value, "items"), lambda value: {str(k): _data(v) for k, v in value.items()}),
    (lambda value: isinstance(value, list | tuple | set | frozenset), lambda value: [_data(v) for v in value]),
)
