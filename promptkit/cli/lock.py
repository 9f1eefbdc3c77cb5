"""`promptkit lock`: pin every prompt in use by commit and content, and tell what of it moved."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promptkit.cli import common
from promptkit.cli.fetch_output import fetch
from promptkit.cli.report import NOTHING_SELECTED, say
from promptkit.cli.terminal import put, table
from promptkit.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from promptkit.repos.lock import Lock, Locked
    from promptkit.repos.project_file import Draft
    from promptkit.repos.using import Relocked
    from promptkit.repos.verifying import Drift
    from promptkit.repos.workspace import Workspace

_DRIFTED = 8
_frozen = click.option(
    "--frozen/--no-frozen", default=None, help="Write nothing, and fail where the lock would change; the default in CI."
)


@click.group("lock", invoke_without_command=True)
@_frozen
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def command(ctx: click.Context, frozen: bool | None, quiet: bool) -> None:
    """Write promptkit.lock: for each prompt under [prompts] its commit, its version, and a SHA-256 of each part.

    What is locked stays where it is until `promptkit lock update`. Exits with 8 where a frozen lock would change.

    \b
    Examples:
      promptkit lock
      promptkit lock --frozen
      promptkit lock update
    """
    if ctx.invoked_subcommand is None:
        ctx.exit(_lock((), frozen, quiet=quiet))


@command.command("update", short_help="Move what is locked to the newest that is wanted.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def update(ctx: click.Context, names: tuple[str, ...], quiet: bool) -> None:
    """Fetch the repos, and lock the named prompts, or all, at the newest version that is wanted of each.

    \b
    Examples:
      promptkit lock update
    """
    from promptkit.repos.locking import project_lock
    from promptkit.repos.workspace import Workspace

    with Workspace.at(online=True) as workspace:
        if names:
            _require_known(names, {entry.name for entry in project_lock(workspace)} | workspace.declared.prompts.keys())
        for name in sorted(workspace.declared.repos):
            fetch(workspace, name, quiet=quiet)
    ctx.exit(_lock(names or None, False, quiet=quiet))


def _require_known(names: Iterable[str], known: Collection[str]) -> None:
    from promptkit.diagnostics import did_you_mean

    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or "`[prompts]` in promptkit.toml names the prompts in use"
            raise click.UsageError(f"`{name}` is not in use; {hint}")


@command.command("add", short_help="Use a prompt of a repo, and lock it.")
@click.argument("reference")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def add(reference: str, quiet: bool) -> None:
    """Name a prompt such as acme/support/triage@^1.2 under [prompts], and lock it.

    Without a version, of a repo that follows a branch, it is the newest one and all that fit it; one that is in use
    already stays as it is wanted. Where it cannot be locked, nothing is written.

    \b
    Examples:
      promptkit lock add acme/support/triage
      promptkit lock add acme/support/triage@^1.0
    """
    from promptkit.repos.locking import project_lock
    from promptkit.repos.project_file import drafted
    from promptkit.repos.references import Reference
    from promptkit.repos.using import use, wish_for
    from promptkit.repos.workspace import Workspace

    asked = Reference.of(reference)
    with drafted(waiting=_waiting(quiet)) as draft, Workspace.at(online=True) as workspace:
        declared = workspace.declared.repo(asked.repo)
        lock = project_lock(workspace)
        _fetched(workspace, declared.name, quiet=quiet)
        wanted, before = wish_for(workspace, asked)
        use(workspace, draft, wanted)
        relocked = _relocked(workspace, lock, (), quiet=quiet)
        moved = before and before != (wanted.wanted or "*")
        news = [f"{wanted.name}: in use at {wanted.wanted or '*'} now, before at {before}"] if moved else []
        _write(workspace, relocked, draft, news, quiet=quiet)


@command.command("remove", short_help="Use a prompt of a repo no more.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def remove(names: tuple[str, ...], quiet: bool) -> None:
    """Take prompts such as acme/support/triage out of [prompts], and out of the lock; all others stay as they are.

    \b
    Examples:
      promptkit lock remove acme/support/triage
    """
    from promptkit.repos.locking import project_lock
    from promptkit.repos.names import in_use_as
    from promptkit.repos.project_file import drafted
    from promptkit.repos.using import give_up
    from promptkit.repos.workspace import Workspace

    with drafted(waiting=_waiting(quiet)) as draft, Workspace.at() as workspace:
        lock = project_lock(workspace)
        known = {*workspace.declared.prompts, *(entry.name for entry in lock if not entry.is_own)}
        names = tuple(in_use_as(name, known) or name for name in names)
        _require_known(names, known)
        relocked = give_up(draft, lock, dict.fromkeys(names))
        if relocked.lock.exists:
            _write(workspace, relocked, draft, quiet=quiet)
        else:
            draft.write()


@command.command("list", short_help="Show what is locked, and what could be had.")
@common.format_option
@click.pass_context
def list_locked(ctx: click.Context, form: str) -> None:
    """Show each locked prompt: what is wanted, what is locked, the newest that is wanted, and the newest of all.

    As of the last fetch. Exits with 9 when nothing is locked.

    \b
    Examples:
      promptkit lock list
      promptkit lock list --format json
    """
    from promptkit.repos.locking import project_lock
    from promptkit.repos.outdated import standing
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        rows = [standing(workspace, entry) for entry in project_lock(workspace)]
    if form == "json":
        put(common.to_json({"version": 1, "prompts": [each.to_dict() for each in rows]}))
    elif rows:
        head = ("prompt", "wanted", "locked", "allowed", "newest", "note")
        cells = [(e.name, e.wanted or "*", e.locked, e.allowed or "-", e.newest or "-", e.note) for e in rows]
        put("\n".join(table([head, *cells])))
    else:
        say("nothing is locked")
        ctx.exit(NOTHING_SELECTED)


@command.command("verify", short_help="Tell everything in which the lock and what is there differ.")
@common.format_option
@click.pass_context
def verify(ctx: click.Context, form: str) -> None:
    """Read every locked prompt again, hash each part, and tell what differs: part, pin, commit, tag, digest.

    Fetches what is locked and not on this machine. Exits with 8 when something differs.

    \b
    Examples:
      promptkit lock verify
      promptkit lock verify --format json
    """
    from promptkit.repos.locking import project_lock
    from promptkit.repos.verifying import verify_lock, yanked_entries
    from promptkit.repos.workspace import Workspace

    with Workspace.at(online=True) as workspace:
        lock = project_lock(workspace)
        drifts = verify_lock(workspace, lock)
        yanked = list(yanked_entries(workspace, lock))
        count = len(list(lock))
    if form == "json":
        rows = [{"prompt": each.name, "part": each.part, "message": each.message} for each in drifts]
        put(common.to_json({"version": 1, "locked": count, "drifts": rows, "yanked": yanked}))
    else:
        _tell(drifts, yanked)
        say(f"{counted(count, 'prompt')} locked, {counted(len(drifts), 'difference')}")
    ctx.exit(_DRIFTED if drifts else 0)


def _lock(names: Sequence[str] | None, asked: bool | None, *, quiet: bool) -> int:
    """Write the lock, or tell what would change where it is frozen; the exit code."""
    from promptkit.repos.locking import project_lock
    from promptkit.repos.opening import frozen
    from promptkit.repos.project_file import held
    from promptkit.repos.workspace import Workspace
    from promptkit.settings import find_root

    if frozen() if asked is None else asked:
        with Workspace.at(online=True) as workspace:
            return _frozen_told(workspace, project_lock(workspace))
    with held(find_root(Path()) or Path(), _waiting(quiet)), Workspace.at(online=True) as workspace:
        lock = project_lock(workspace, anew=names is None)
        _write(workspace, _relocked(workspace, lock, names, quiet=quiet), quiet=quiet)
    return 0


def _waiting(quiet: bool) -> Callable[[], None]:
    return partial(say, "waiting for another promptkit that writes here", quiet=quiet)


def _write(
    workspace: Workspace, relocked: Relocked, draft: Draft | None = None, news: Sequence[str] = (), *, quiet: bool
) -> None:
    """Write a lock, and the project's file with it where that has a draft, and tell `news` and what else is new."""
    from promptkit.repos.locking import project_lock
    from promptkit.repos.verifying import yanked_entries

    is_new = relocked.write(draft)
    for line in news:
        say(line, quiet=quiet)
    for old, entry in relocked.changed():
        for line in _news(old, entry):
            say(line, quiet=quiet)
    for old in relocked.gone():
        say(f"{old}: no longer locked", quiet=quiet)
    _tell((), yanked_entries(workspace, project_lock(workspace)))
    count = counted(len(relocked.entries), "prompt")
    say(f"{relocked.lock.path.name}: {count}, {'written' if is_new else 'as it was'}", quiet=quiet)


def _news(old: Locked | None, entry: Locked) -> Iterator[str]:
    """What is told of a block that is new, or another than before."""
    from promptkit.repos.references import is_commit
    from promptkit.repos.verifying import differences

    was = f"{old.shown} -> " if old is not None and old.shown != entry.shown else ""
    back = " (goes back)" if old is not None and _is_lower(entry.version, old.version) else ""
    yield f"{entry}: of this project" if entry.is_own else f"{entry}: {was}{entry.shown}{back}"
    if old is not None and (entry.is_own or not was):
        yield from (f"  {drift.part}: {drift.message}" for drift in differences(old, entry))
    if old is not None and was and old.commit and entry.commit:
        yield f"  what changed: promptkit diff {old.name}@{old.shown} {entry.name}@{entry.shown}"
    if entry.commit and not entry.version and not is_commit(entry.wanted):
        yield f"warning[PK612]: `{entry}` follows what moves; a version such as ^1.0 would not"


def _is_lower(version: str, other: str) -> bool:
    from promptkit.repos.versions import read_version

    one, two = read_version(version), read_version(other)
    return one is not None and two is not None and one < two


def _relocked(workspace: Workspace, lock: Lock, names: Sequence[str] | None, *, quiet: bool) -> Relocked:
    """See `using.relocked`; all repos that can be reached are fetched where that may help."""
    from promptkit.repos.using import relocked

    def fetch_all() -> bool:
        fetched = [_fetched(workspace, name, quiet=quiet) for name in sorted(workspace.declared.repos)]
        return any(fetched)

    return relocked(workspace, lock, names, fetch_all)


def _fetched(workspace: Workspace, name: str, *, quiet: bool) -> bool:
    from promptkit.errors import RepoError

    try:
        return fetch(workspace, name, quiet=quiet) is not None
    except RepoError as error:
        say(f"warning[{error.code}]: {error.message}: {error.where}; what was fetched before is used")
        return False


def _frozen_told(workspace: Workspace, lock: Lock) -> int:
    from promptkit.repos.verifying import unlocked, verify_lock, yanked_entries

    drifts = verify_lock(workspace, lock) if lock.exists else unlocked(workspace)
    _tell(drifts, yanked_entries(workspace, lock))
    say(f"{lock.path.name}: {counted(len(drifts), 'difference')}" if drifts else f"{lock.path.name}: as it should be")
    return _DRIFTED if drifts else 0


def _tell(drifts: Iterable[Drift], yanked: Iterable[str]) -> None:
    told = False
    for drift in drifts:
        told = True
        say(f"error[PK610]: {drift}")
    if told:
        say("  = help: `promptkit lock` writes what is wanted; `promptkit lock update` takes what moved, too")
    for each in yanked:
        say(f"warning[PK607]: {each}")
