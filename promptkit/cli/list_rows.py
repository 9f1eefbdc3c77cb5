"""The rows of `promptkit list` and `promptkit search`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from promptkit.cli import common
from promptkit.cli.report import say
from promptkit.cli.terminal import put, redraw, table, watched
from promptkit.errors import PromptkitError
from promptkit.phrases import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from promptkit.repos.index import Row
    from promptkit.repos.repo import Repo
    from promptkit.repos.workspace import Workspace

_MOST_DESCRIBED = 60
_HEAD = ("prompt", "version", "locked", "aliases", "changed", "checks", "description")
_LOCKED = _HEAD.index("locked")
_STEP = 25


def show_rows(repos: Sequence[str], words: Sequence[str], form: str) -> bool:
    """Print the prompts of some repos (all, and the project's own, without names) in which all words stand."""
    from promptkit.repos.index import found_in
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        shown: list[tuple[str, Row, Repo]] = []
        declares = bool(workspace.declared.repos)
        for where, rows, repo in _all(workspace, repos):
            shown += [(where, row, repo) for row in found_in(rows, words)]
        locked = _locked(workspace)
    if form == "json":
        put(common.to_json({"version": 1, "prompts": [_described(*each, locked) for each in shown]}))
    elif shown:
        cells = [_HEAD, *(_cells(*each, locked) for each in shown)]
        if not any(_locked_at(where, row, locked) for where, row, _ in shown):
            cells = [(*each[:_LOCKED], *each[_LOCKED + 1 :]) for each in cells]
        put("\n".join(table(cells)))
    else:
        nothing = "there is no prompt here" if declares else "there is no prompt here, and no repo is declared"
        say("no prompt is found" if words else nothing)
    return bool(shown)


def _locked(workspace: Workspace) -> dict[str, str]:
    """The state that is locked of each prompt of a repo, as people know it. Raises `LockError`."""
    from promptkit.repos.lock import LOCK_FILE, Lock, of_repos

    lock = Lock(workspace.root / LOCK_FILE) if workspace.root is not None else ()
    return {name: entry.shown for name, entry in of_repos(lock).items()}


def _all(workspace: Workspace, names: Sequence[str]) -> Iterator[tuple[str, list[Row], Repo]]:
    """The prompts of the project and of repos: where they are, and the repo."""
    from promptkit.repos.folder_repo import FolderRepo
    from promptkit.repos.index import folder_rows, repo_rows
    from promptkit.repos.releases.states import worktree

    if not names:
        own = worktree(workspace)
        rows = folder_rows(workspace, workspace.folder, own.source, own.prompts, _watched("this project"))
        yield "", rows, FolderRepo("", workspace.folder)
    for name in names or sorted(workspace.declared.repos):
        try:
            yield name, repo_rows(workspace, name, _watched(name)), workspace.repo(name)
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


def _described(where: str, row: Row, repo: Repo, locked: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": _name(where, row),
        "file": row.file,
        "version": row.version,
        "locked": _locked_at(where, row, locked),
        "aliases": dict(repo.facts.aliases.get(row.name, {})),
        "yanked": repo.why_yanked(row.name, row.version),
        "changed": _changed(row),
        "checks": {"errors": row.errors, "warnings": row.warnings},
        "description": row.description,
        "tags": list(row.tags),
        "inputs": list(row.inputs),
    }


def _cells(where: str, row: Row, repo: Repo, locked: Mapping[str, str]) -> tuple[str, ...]:
    told = ", ".join(f"{alias}={target}" for alias, target in repo.facts.aliases.get(row.name, {}).items())
    checks = "yanked" if repo.why_yanked(row.name, row.version) else row.checks
    short = row.description
    short = shortened(short, _MOST_DESCRIBED)
    name, changed = _name(where, row), (_changed(row) or "-")[:10]
    return name, row.version or "-", _locked_at(where, row, locked) or "-", told or "-", changed, checks, short


def _locked_at(where: str, row: Row, locked: Mapping[str, str]) -> str:
    """The state that is locked; empty for what is not, such as a prompt of the project that has the same name."""
    return locked.get(_name(where, row), "") if where else ""


def _name(where: str, row: Row) -> str:
    return f"{where}/{row.name}" if where else row.name


def _changed(row: Row) -> str | None:
    return datetime.fromtimestamp(row.changed, UTC).isoformat() if row.changed else None
