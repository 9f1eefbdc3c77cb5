"""`promptkit alias`: names such as `production` for versions, as data in the template repo."""

from __future__ import annotations

import click

from promptkit.cli import common
from promptkit.cli.repo_edits import commit_option, edited
from promptkit.cli.report import NOTHING_SELECTED, say
from promptkit.cli.terminal import put, table


@click.group("alias")
def command() -> None:
    """Aliases: names such as `production` that lead to a version of a prompt. They stand in the repo's promptkit.toml.

    Who uses an alias gets what it leads to at the tip of the default branch, when `promptkit lock update` is run.

    \b
    Examples:
      promptkit alias list
      promptkit alias set production support/triage@1.0.0
    """


@command.command("set", short_help="Let an alias lead to a version.")
@click.argument("alias")
@click.argument("target", metavar="PROMPT@VERSION")
@commit_option
def set_alias(alias: str, target: str, commit: bool) -> None:
    """Let ALIAS lead to a version of a prompt of this repo, such as support/triage@2.0.0.

    \b
    Examples:
      promptkit alias set production support/triage@1.0.0
      promptkit alias set production support/triage@1.0.0 --commit
    """
    from promptkit.repos.names import bare_name
    from promptkit.repos.pinning import alias_target
    from promptkit.repos.references import is_alias
    from promptkit.repos.workspace import Workspace

    name, _, version = target.rpartition("@")
    if not name or not version:
        raise click.UsageError("write it as: promptkit alias set production support/triage@2.0.0")
    if not is_alias(alias):
        cure = "a name of letters, digits, `_`, `.` and `-` that is no version, range or commit"
        raise click.UsageError(f"`{alias}` can be no alias; it is {cure}")
    name = bare_name(name)
    with Workspace.at() as workspace:
        root = workspace.folder
        repo = workspace.own()
        repo.require(name, alias_target(repo, name, version))
        before = workspace.declared.aliases.get(name, {}).get(alias, "")
        if why := repo.why_yanked(name, version, workspace.declared):
            say(f"warning[PK607]: {version} was yanked: {why}")
    if before == version and not commit:
        say(f"{name}: {alias} is {version}")
        return
    with edited(root, f"{name}: {alias} {before or 'new'} -> {version}", commit=commit) as draft:
        draft.set(("aliases", draft.spelled(("aliases",), name)), alias, version)


@command.command("remove", short_help="Take an alias away.")
@click.argument("alias")
@click.argument("name", metavar="PROMPT")
@commit_option
def remove(alias: str, name: str, commit: bool) -> None:
    """Take ALIAS of a prompt of this repo away. Who uses it gets an error at the next `promptkit lock update`.

    \b
    Examples:
      promptkit alias remove staging support/triage
    """
    from promptkit.diagnostics import did_you_mean
    from promptkit.repos.names import bare_name
    from promptkit.repos.workspace import Workspace

    name = bare_name(name)
    with Workspace.at() as workspace:
        root, aliases = workspace.folder, workspace.declared.aliases.get(name, {})
    if alias not in aliases:
        hint = did_you_mean(alias, aliases) or f"it has {', '.join(aliases) or 'none'}"
        raise click.UsageError(f"`{name}` has no alias `{alias}`; {hint}")
    with edited(root, f"{name}: {alias} was {aliases[alias]}, and is no more", commit=commit) as draft:
        draft.drop(("aliases", draft.spelled(("aliases",), name)), alias)


@command.command("list", short_help="Show the aliases of this repo.")
@common.format_option
@click.pass_context
def list_aliases(ctx: click.Context, form: str) -> None:
    """Show the aliases of this repo. Exits with 9 when there is none.

    \b
    Examples:
      promptkit alias list --format json
    """
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        found = {name: dict(aliases) for name, aliases in sorted(workspace.declared.aliases.items())}
    if form == "json":
        put(common.to_json({"version": 1, "aliases": found}))
        return
    rows = [(name, alias, target) for name, aliases in found.items() for alias, target in sorted(aliases.items())]
    if not rows:
        say("there is no alias")
        ctx.exit(NOTHING_SELECTED)
    put("\n".join(table([("prompt", "alias", "leads to"), *rows])))
