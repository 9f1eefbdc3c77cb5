"""`promptkit log`: the runs that were made, and all that one of them sent and got."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common
from promptkit.cli.candidates import runs
from promptkit.cli.report import say
from promptkit.cli.terminal import put, table
from promptkit.errors import ConfigError
from promptkit.phrases import counted, steady

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from promptkit.record import Record, RunLog

_SUMMARY = ("id", "time", "prompt", "version", "model", "status", "confidence", "usage", "cost", "seconds")


@click.group("log")
def command() -> None:
    """Show past runs. The log is on this machine only; `promptkit config` says where.

    \b
    Examples:
      promptkit log list -n 5
      promptkit log show
      promptkit log chats
    """


@command.command("list")
@click.option("-n", "limit", type=click.IntRange(1), default=20, show_default=True, help="How many at most.")
@click.option("--prompt", metavar="NAME", help="Only the runs of this prompt.")
@click.option("--status", metavar="STATUS", help="Only ok, error (any), interrupted, or an error by its name.")
@common.format_option
def list_runs(limit: int, prompt: str | None, status: str | None, form: str) -> None:
    """List the latest runs, the newest first.

    \b
    Examples:
      promptkit log list -n 5
      promptkit log list --prompt support/triage --status error
      promptkit log list --format json
    """
    with _open_log() as log:
        records = log.list(limit, prompt, status)
        if status is not None and not records:
            _refuse_unknown(status, log)
        if form == "json":
            runs = [{name: record.to_dict()[name] for name in _SUMMARY} for record in records]
            put(common.to_json({"version": 1, "runs": runs}))
        elif not records:
            say(f"no such runs in {log.path}")
        else:
            put("\n".join(table([_row(record) for record in records])))


def _refuse_unknown(status: str, log: RunLog) -> None:
    """Raise for a status that no run can have; whatever one in the log has is known."""
    from promptkit import errors
    from promptkit.diagnostics import did_you_mean

    own = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)]
    known = ["ok", "error", "interrupted", *own]
    if status not in known and not log.list(1, None, status):
        hint = did_you_mean(status, known) or "ok, error, interrupted, or the name of an error such as OutputError"
        raise click.UsageError(f"no run has the status `{status}`; {hint}")


@command.command("show", short_help="Show one run: what was sent, what came back, what was done.")
@click.argument("record_id", metavar="[ID]", required=False, shell_complete=runs)
@common.format_option
def show_run(record_id: str | None, form: str) -> None:
    """Show one run: messages, answers, what was wrong with them, what was done.

    The beginning of an ID will do; without one, it is the latest run.

    \b
    Examples:
      promptkit log show
      promptkit log show --format json
    """
    with _open_log() as log:
        record = log.get(record_id) if record_id is not None else _latest(log)
    if form == "json":
        put(common.to_json({"version": 1, "run": record.to_dict()}))
    else:
        put("\n".join(_shown(record)))


@command.command("chats")
@click.option("-n", "limit", type=click.IntRange(1), default=20, show_default=True, help="How many at most.")
@click.option("--prompt", metavar="NAME", help="Only those with this prompt.")
@common.format_option
def list_chats(limit: int, prompt: str | None, form: str) -> None:
    """List conversations by their last turn, the newest first; a fork is one of its own.

    `promptkit chat TEMPLATE --resume ID` goes on with one.

    \b
    Examples:
      promptkit log chats -n 5
      promptkit log chats --format json
    """
    with _open_log() as log:
        chats = log.chats(limit, prompt)
        if form == "json":
            put(common.to_json({"version": 1, "chats": list(chats)}))
        elif not chats:
            say(f"no such conversations in {log.path}")
        else:
            put("\n".join(table([_chat_row(chat) for chat in chats])))


def _chat_row(chat: Mapping[str, Any]) -> tuple[str, ...]:
    said = " ".join(" ".join(map(str, chat["inputs"].values())).split())
    when = chat["time"][:19].replace("T", " ")
    return (
        chat["id"],
        when,
        chat["prompt"],
        chat["model"],
        counted(chat["turns"], "turn"),
        said[:_MOST_SAID],
    )


_MOST_SAID = 60


def _latest(log: RunLog) -> Record:
    records = log.list(1)
    if not records:
        raise ConfigError("there is no run in the log", where=str(log.path), help="`promptkit run` adds one")
    return records[0]


def _open_log() -> RunLog:
    from promptkit.record import RunLog
    from promptkit.settings import load_settings

    return RunLog(load_settings().log_path)


def _row(record: Record) -> tuple[str, ...]:
    return (
        record.id,
        record.time[:19].replace("T", " "),
        record.prompt,
        record.model,
        record.status,
        f"{record.usage.total_tokens:,} tokens",
        f"{record.seconds:.1f} s",
        _money(record.cost),
    )


def _shown(record: Record) -> Iterator[str]:
    for name, value in _facts(record).items():
        if value:
            yield steady(f"{name:9} {value}")
    yield from _block("inputs", record.inputs)
    before: list[Any] = []
    for number, attempt in enumerate(record.attempts, 1):
        messages = attempt["request"]["messages"]
        yield ""
        yield f"attempt {number} of {len(record.attempts)}, {attempt['seconds']:.2f} s"
        yield from _indented(_attempt_lines(attempt, _shared(before, messages)))
        before = messages
    for name, value in (("output", record.output), ("error", record.error)):
        block = list(_block(name, value))
        yield from ["", *block] if block else []


def _facts(record: Record) -> dict[str, str]:
    usage = record.usage
    tokens = f"{usage.prompt_tokens:,} prompt + {usage.completion_tokens:,} completion tokens"
    parts = f"{usage.reasoning_tokens:,} of them reasoning, {usage.cached_tokens:,} cached"
    return {
        "record": record.id,
        "time": record.time,
        "prompt": f"{record.prompt} {record.version}".strip(),
        "digest": record.prompt_digest,
        "rendered": record.rendered_digest,
        "model": record.model,
        "status": ", ".join(filter(None, (record.status, record.confidence))),
        "usage": f"{tokens} ({parts}){_counted(usage.unreported)}",
        "cost": _money(record.cost),
        "seconds": f"{record.seconds:.2f}",
    }


def _counted(unreported: int) -> str:
    return f"; answers without a count: {unreported}" if unreported else ""


def _shared(before: list[Any], messages: list[Any]) -> int:
    """How many messages two requests begin with in common."""
    pairs = enumerate(zip(before, messages, strict=False))
    return next((n for n, (old, new) in pairs if old != new), min(len(before), len(messages)))


def _attempt_lines(attempt: Mapping[str, Any], seen: int) -> Iterator[str]:
    """A request and its answer; the first `seen` messages were shown with the attempt before."""
    request = attempt["request"]
    if seen:
        yield f"(the first {seen} as before)"
    for message in request["messages"][seen:]:
        yield from _block(f"[{message['role']}]", message["content"])
        yield from _block("tool calls", message.get("tool_calls"))
    for name in sorted(set(request) - {"messages", "model", "stream", "stream_options"}):
        value = request[name]
        yield from _block(name, value) if isinstance(value, (dict, list)) else [steady(f"{name}: {_text(value)}")]
    yield from _transport_lines(attempt.get("transport") or {})
    yield from _answer_lines(attempt["completion"] or {})
    for violation in attempt["violations"]:
        yield steady(f"violation {_violation(violation)}")
    for step in attempt["steps"]:
        yield steady(": ".join(filter(None, (f"step {step['name']}", step.get("detail", "")))))
    for run in attempt.get("tools", ()):
        yield from _block(f"[tool {run['name']}: {run['status']}]", run["told"])
        for step in run["steps"]:
            yield steady(": ".join(filter(None, (f"step {step['name']}", step.get("detail", "")))))
    yield from _block("error", attempt["error"])


def _transport_lines(transport: Mapping[str, Any]) -> Iterator[str]:
    """Why the answer's form was asked for as it was."""
    if transport:
        why = "; ".join(filter(None, (transport.get("reason", ""), *transport.get("changes", ()))))
        yield steady(f"form: {transport['form']}" + (f", {why}" if why else ""))


def _answer_lines(completion: Mapping[str, Any]) -> Iterator[str]:
    yield from _block("[reasoning]", completion.get("reasoning"))
    yield from _block("[answer]", completion.get("text"))
    yield from _block("[tool calls]", completion.get("tool_calls"))
    if completion:
        yield steady(f"finished: {completion.get('finish_reason', '')}")


def _violation(violation: Mapping[str, Any]) -> str:
    if "message" not in violation:  # the log keeps no content
        return f"of {violation['keyword']}"
    return f"at {violation['path']}: {violation['message']}"


def _block(title: str, value: Any) -> Iterator[str]:
    if value in (None, "", [], {}):
        return
    yield title
    yield from _indented(steady(_text(value)).splitlines())


def _indented(lines: Any) -> Iterator[str]:
    return (f"  {line}".rstrip() for line in lines)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value.keys() == {"chars", "sha256"}:
        return f"({value['chars']:,} characters, SHA-256 {value['sha256']})"
    return json.dumps(value, ensure_ascii=False, indent=2)


def _money(cost: float | None) -> str:
    return "" if cost is None else f"${cost:.6f}"
