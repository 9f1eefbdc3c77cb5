"""`promptkit repo`: the template repos that a project uses, and the making of one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common
from promptkit.cli.fetch_output import fetch as fetch_repo
from promptkit.cli.repo_check import check
from promptkit.cli.repo_init import init
from promptkit.cli.report import FINDINGS, say
from promptkit.cli.terminal import put, table
from promptkit.phrases import counted, one_line
from promptkit.source_paths import MOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.errors import RepoError
    from promptkit.repos.declared import DeclaredRepo
    from promptkit.repos.workspace import Workspace


@click.group("repo")
def command() -> None:
    """The template repos that this project uses: git repositories by URL, or plain folders.

    They are declared in `promptkit.toml` and fetched into a cache that all projects share; nothing is checked out.

    \b
    Examples:
      promptkit repo add tickets ./triage
      promptkit repo list
    """


command.add_command(init)
command.add_command(check)


@command.command("add", short_help="Declare a repo and fetch it.")
@click.argument("name")
@click.argument("place", metavar="URL|FOLDER")
@click.option(
    "--rev",
    metavar="REV",
    help="A tag, a commit or a range; by default the newest version of the whole repo, if it has any.",
)
@click.option("--folder", metavar="PATH", help="Where in the repo its templates are.")
@click.option(
    "--fetch",
    type=click.Choice(["full", "shallow", "partial"]),
    help="All of the history; the newest commits alone; or the files of the states in use.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def add(name: str, place: str, rev: str | None, folder: str | None, fetch: str | None, quiet: bool) -> None:
    """Declare the repo NAME in promptkit.toml, and fetch it.

    URL is https, ssh, or the absolute path of a git repository; FOLDER is a plain folder with a promptkit.toml in it.
    Credentials, proxies and ssh keys are those that your git has.

    \b
    Examples:
      promptkit repo add team "$PWD/prompts" --rev ^1.0
      promptkit repo add tickets ./triage
    """
    from promptkit.repos.declared import Declarations
    from promptkit.repos.project_file import add_repo
    from promptkit.repos.workspace import Workspace

    with Workspace.at(online=True) as workspace:
        entry = _entry(place, rev, folder, fetch, workspace.folder)
        declared = Declarations.of({"repos": {name: entry}}, "promptkit.toml", workspace.folder).repo(name)
        if fetch_repo(workspace, declared, quiet=quiet) is not None and not rev:
            entry["rev"] = workspace.fetched(declared).newest_tag()
        elif declared.url is not None:
            workspace.fetched(declared).pin("")  # what is not there is told before anything is written
        was = workspace.declared.repos.get(name)
    path = add_repo(name, {key: value for key, value in entry.items() if value})
    with Workspace.at() as workspace:
        told, count = _told(workspace, name)
        say(f"added {told} to {path}" if was is None else f"changed {told} in {path}", quiet=quiet)
        for change in _changes(was, workspace.declared.repo(name)):
            say(f"  {change}", quiet=quiet)
        if not count:
            say(f"warning: there is no prompt in it{f' under `{folder}`' if folder else ''}")
        _warn_of_branch(workspace, name, quiet=quiet)


def _changes(was: DeclaredRepo | RepoError | None, now: DeclaredRepo) -> Iterator[str]:
    """What is said of a repo in another way than before."""
    from promptkit.errors import RepoError

    if was is None or isinstance(was, RepoError):
        return
    for key, before, after in (
        ("place", was.place, now.place),
        ("rev", was.rev, now.rev),
        ("folder", was.folder, now.folder),
        ("fetch", was.fetch, now.fetch),
    ):
        if before != after:
            yield f"{key}: {before or 'none'} -> {after or 'none'}"


def _entry(place: str, rev: str | None, folder: str | None, fetch: str | None, root: Path) -> dict[str, str]:
    """The entry in the project's file. A relative path, or one that is no git repository, is a plain folder."""
    path = Path(place)
    has_git = (path / ".git").exists() or (path / "HEAD").is_file()
    plain = path.is_dir() and not (path.is_absolute() and has_git)
    if plain and (rev or fetch):
        where = f"its absolute path has them: {path.resolve()}" if has_git else "a git repository has them"
        raise click.UsageError(f"`{place}` is a plain folder, and has no {'--rev' if rev else '--fetch'}; {where}")
    if plain and has_git:
        say(f"note: `{place}` is taken as a plain folder; for its versions, name its absolute path")
    if plain and not path.is_absolute() and root.resolve() != Path.cwd():
        place = Path(os.path.relpath(path.resolve(), root.resolve())).as_posix()
    given = {"path" if plain else "url": place, "rev": rev, "folder": folder, "fetch": fetch}
    return {key: value for key, value in given.items() if value}


def _warn_of_branch(workspace: Workspace, name: str, *, quiet: bool) -> None:
    repo = workspace.repo(name)
    pin = repo.pin("")
    if not pin.branch:
        return
    branch = repo.rev or "the newest commit"
    prompt = next((each for each in sorted(repo.at(pin).prompts()) if repo.versions(each)), "")
    if prompt and not repo.versions(""):
        wish = f"{name}/{prompt}@^{repo.versions(prompt)[0]}"
        note = f"note: `{name}` follows {branch}, which moves; its prompts have versions: promptkit lock add {wish}"
        say(note, quiet=quiet)
    else:
        say(f"warning[PK612]: `{name}` follows {branch}, which moves; `--rev` names a tag or a range such as ^1.0")


def _told(workspace: Workspace, name: str) -> tuple[str, int]:
    """A repo in words, and how many prompts are in it."""
    declared, repo = workspace.declared.repo(name), workspace.repo(name)
    pin = repo.pin("")
    count = len(repo.at(pin).prompts())
    state = f" at {pin.tag or pin.shown}" if pin.commit else ""
    return f"{name}: {declared.place}{state} ({counted(count, 'prompt')})", count


@command.command("list", short_help="Show the repos that are declared.")
@common.format_option
def list_repos(form: str) -> None:
    """Show the declared repos: where each is, at which rev, and when it was fetched.

    \b
    Examples:
      promptkit repo list
      promptkit repo list --format json
    """
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        rows = [_described(workspace, workspace.declared.repo(name)) for name in sorted(workspace.declared.repos)]
    if form == "json":
        put(common.to_json({"version": 1, "repos": rows}))
    elif not rows:
        say("no repos are declared; `promptkit repo add NAME URL` declares one")
    else:
        cells = [(row["name"], row["rev"] or "-", row["at"] or "-", _ago(row["fetched"]), row["place"]) for row in rows]
        put("\n".join(table([("repo", "rev", "at", "fetched", "place"), *cells])))


def _described(workspace: Workspace, declared: DeclaredRepo) -> dict[str, Any]:
    from promptkit.errors import PromptkitError

    row = {"name": declared.name, "place": declared.place, "rev": declared.rev, "folder": declared.folder}
    found: dict[str, Any] = {"at": "", "commit": "", "fetched": 0.0}
    try:
        repo = workspace.repo(declared.name)
        pin = repo.pin("")
        found |= {"at": pin.tag or pin.shown or "a folder", "commit": pin.commit}
        state = workspace.store(declared).state() if declared.url is not None else None
        found["fetched"] = state.fetched if state is not None else 0.0
    except PromptkitError as error:
        found["at"] = error.message
    return row | found


def _ago(then: float) -> str:
    """How long ago a time was."""
    seconds = time.time() - then
    if not then:
        return "-"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return "just now"


@command.command("update", short_help="Fetch repos.")
@click.argument("names", nargs=-1)
@click.option("--anew", is_flag=True, help="Fetch into a new copy, where the one in the cache is damaged.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but warnings and errors.")
@click.pass_context
def update(ctx: click.Context, names: tuple[str, ...], anew: bool, quiet: bool) -> None:
    """Fetch the named repos, or all of them. What is locked stays as it is: `promptkit lock update` moves it.

    Told are new tags, those that were moved or deleted, and what of the lock was yanked. Exits with 1 when a tag was
    moved or deleted since the last fetch.

    \b
    Examples:
      promptkit repo update
      promptkit repo update --anew
    """
    from promptkit.errors import RepoError
    from promptkit.repos.git.store import changed_tags
    from promptkit.repos.workspace import Workspace

    lost = False
    with Workspace.at(online=True) as workspace:
        if not workspace.declared.repos:
            say("no repos are declared; `promptkit repo add NAME URL` declares one", quiet=quiet)
        for name in names or sorted(workspace.declared.repos):
            states = fetch_repo(workspace, name, anew=anew, quiet=quiet)
            if states is None:
                continue
            before, now = states
            moved, gone, new = changed_tags(before, now)
            lost |= bool(moved or gone)
            told = f", new: {', '.join(new[:8])}{', ...' if len(new) > 8 else ''}" if new and before else ""
            try:
                say(f"{_told(workspace, name)[0]}{told}", quiet=quiet)
            except RepoError as error:  # what was fetched is fetched
                say(f"warning[{error.code}]: {name}: {error.message}{f' ({error.where})' if error.where else ''}{told}")
        _warn_of_yanked(workspace)
    ctx.exit(FINDINGS if lost else 0)


def _warn_of_yanked(workspace: Workspace) -> None:
    from promptkit.repos.locking import project_lock
    from promptkit.repos.verifying import yanked_entries

    for each in yanked_entries(workspace, project_lock(workspace)) if workspace.root is not None else ():
        say(f"warning[PK607]: {each}")


@command.command("remove", short_help="Take a repo out of promptkit.toml.")
@click.argument("name")
def remove(name: str) -> None:
    """Take the repo NAME out of promptkit.toml. What was fetched stays in the cache, for other projects.

    \b
    Examples:
      promptkit repo remove spare
    """
    from promptkit.errors import RepoError
    from promptkit.repos.locking import own_prompts, project_lock, used_mounts
    from promptkit.repos.project_file import remove_repo
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        workspace.declared.repo(name)
        used = [prompt for prompt in workspace.declared.prompts if prompt.startswith(f"{name}/")]
        for path in own_prompts(workspace):
            used += [path] if any(mount.startswith(f"{name}/") for mount in used_mounts(workspace, path)) else []
        for entry in project_lock(workspace) if workspace.root is not None else ():
            steps = (step for mount in entry.pins for step in mount.split(MOUNT))
            nested = not entry.is_own and any(step.startswith(f"{name}/") for step in steps)
            used += [entry.name] if nested and entry.name not in used else []
        named = [each for each in used if each in workspace.declared.prompts]
        files = [each for each in used if each not in named]
    if used:
        cures = [f"promptkit lock remove {' '.join(named[:5])}"] if named else []
        cures += [f"change {', '.join(files[:5])}"] if files else []
        cure = f"first: {'; '.join(cures)}"
        raise RepoError(f"`{name}` is in use: {', '.join(used[:5])}", where=workspace.declared.where, help=cure)
    say(f"removed {name} from {remove_repo(name)}")


@command.command("verify", short_help="Check that what was fetched is whole, and can be used.")
@click.argument("names", nargs=-1)
@click.pass_context
def verify(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Check that what was fetched can be used: objects, revs, aliases, and every prompt at its repo's rev.

    Needs no network. Exits with 1 when something is wrong.

    \b
    Examples:
      promptkit repo verify
    """
    from promptkit.errors import PromptkitError
    from promptkit.repos.workspace import Workspace

    faults = 0
    with Workspace.at() as workspace:
        for name in names or sorted(workspace.declared.repos):
            found: list[str] = []
            try:
                found += _faults(workspace, name)
            except PromptkitError as error:
                found += [f"{name}: {error.message}"]
            faults += len(found)
            found = [one_line(each) for each in found]
            put("\n".join([*found, f"{name}: {counted(len(found), 'fault')}" if found else f"{name}: all good"]))
        _warn_of_yanked(workspace)
    ctx.exit(FINDINGS if faults else 0)


def _faults(workspace: Workspace, name: str) -> Iterator[str]:
    from promptkit.errors import RepoError
    from promptkit.repos.git.command import fsck
    from promptkit.repos.index import repo_rows

    declared, repo = workspace.declared.repo(name), workspace.repo(name)
    if declared.url is not None:
        kept = workspace.store(declared)
        if not kept.git_dir.is_dir():
            yield f"{name}: its copy in the cache is gone; promptkit repo update {name}"
            return
        if broken := fsck(kept.git_dir):
            yield f"{name}: {'; '.join(broken)}; promptkit repo update --anew {name}"
        for prompt, aliases in repo.facts.aliases.items():
            for alias in aliases:
                try:
                    repo.pin(prompt, alias)
                except RepoError as error:
                    yield f"{name}: {error.message}"
    for row in repo_rows(workspace, name):
        if row.errors:
            yield f"{name}/{row.name}: {row.checks}; promptkit render {name}/{row.name} tells them"
