"""The rows of `promptkit list` and `promptkit search`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from promptkit.cli import common
from promptkit.cli.report import say
from promptkit.cli.terminal import put, redraw, table, watched
from promptkit.errors import PromptkitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from promptkit.repos.declared import Declarations
    from promptkit.repos.index import Row
    from promptkit.repos.workspace import Workspace

_MOST_DESCRIBED = 60
_HEAD = ("prompt", "version", "aliases", "changed", "checks", "description")
_STEP = 25


def show_rows(repos: Sequence[str], words: Sequence[str], form: str) -> bool:
    """Print the prompts of some repos (all, and the project's own, without names) in which all words stand."""
    from promptkit.repos.index import found_in
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        shown: list[tuple[str, Row, Declarations]] = []
        declares = bool(workspace.declared.repos)
        for where, rows, facts in _all(workspace, repos):
            shown += [(where, row, facts) for row in found_in(rows, words)]
    if form == "json":
        put(common.to_json({"version": 1, "prompts": [_described(*each) for each in shown]}))
    elif shown:
        put("\n".join(table([_HEAD, *(_cells(*each) for each in shown)])))
    else:
        nothing = "there is no prompt here" if declares else "there is no prompt here, and no repo is declared"
        say("no prompt is found" if words else nothing)
    return bool(shown)


def _all(workspace: Workspace, names: Sequence[str]) -> Iterator[tuple[str, list[Row], Declarations]]:
    """The prompts of the project and of repos: where they are, and what the file there says of them."""
    from promptkit.repos.index import folder_rows, repo_rows
    from promptkit.repos.states import worktree

    if not names:
        own = worktree(workspace)
        yield "", folder_rows(own.source, own.prompts), workspace.declared
    for name in names or sorted(workspace.declared.repos):
        try:
            yield name, repo_rows(workspace, name, _watched(name)), workspace.repo(name).facts
        except PromptkitError as error:
            if names:
                raise
            say(f"warning: {error.message}; {error.help}" if error.help else f"warning: {error.message}")


def _watched(name: str) -> Any:
    """Whoever watches stderr sees how far an index is."""
    if not watched():
        return lambda *_: None

    def told(done: int, total: int) -> None:
        if done % _STEP == 0 or done == total:
            redraw("" if done == total else f"{name}: {done:,} of {total:,} prompts indexed")

    return told


def _described(where: str, row: Row, facts: Declarations) -> dict[str, Any]:
    return {
        "name": _name(where, row),
        "file": row.file,
        "version": row.version,
        "aliases": dict(facts.aliases.get(row.name, {})),
        "yanked": facts.why_yanked(row.name, row.version),
        "changed": _changed(row),
        "checks": {"errors": row.errors, "warnings": row.warnings},
        "description": row.description,
        "tags": list(row.tags),
        "inputs": list(row.inputs),
    }


def _cells(where: str, row: Row, facts: Declarations) -> tuple[str, ...]:
    told = ", ".join(f"{alias}={target}" for alias, target in facts.aliases.get(row.name, {}).items())
    checks = "yanked" if facts.why_yanked(row.name, row.version) else row.checks
    short = row.description
    short = f"{short[: _MOST_DESCRIBED - 3]}..." if len(short) > _MOST_DESCRIBED else short
    return _name(where, row), row.version or "-", told or "-", (_changed(row) or "-")[:10], checks, short


def _name(where: str, row: Row) -> str:
    return f"{where}/{row.name}" if where else row.name


def _changed(row: Row) -> str | None:
    return datetime.fromtimestamp(row.changed, UTC).isoformat() if row.changed else None
