"""`promptkit release`: check, write the changelog, commit it, and tag each new version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promptkit.cli.report import NOTHING_SELECTED, say
from promptkit.cli.terminal import put

if TYPE_CHECKING:
    from promptkit.repos.releases.release import Release


@click.command("release")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--dry-run", is_flag=True, help="Show the tags and the changelog's entries, and write nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], dry_run: bool, quiet: bool) -> None:
    """Release the prompts whose versions have no tag yet, or those that are named.

    Each is checked, compared with its last release, entered into CHANGELOG.md from the diff, and tagged NAME@VERSION.
    What is released is what is committed; nothing is pushed. Exits with 9 when there is nothing to release.

    \b
    Examples:
      promptkit release --dry-run
      promptkit release support/triage
    """
    from promptkit.repos.releases.merging import local_repos
    from promptkit.repos.releases.release import planned, publish, uncommitted
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        plan = planned(workspace, names)
        changed = uncommitted(workspace) if not plan else []
        root, head = workspace.folder, workspace.own().state.head
        local = {name for each in plan for name in local_repos(workspace, each.file)}
    if not plan:
        say("every version that is committed is released already", quiet=quiet)
        if changed:
            say(f"note: not committed, and so not looked at: {', '.join(changed[:5])}", quiet=quiet)
        ctx.exit(NOTHING_SELECTED)
    for each in plan:
        _show(each, quiet=quiet)
    for name in sorted(local):
        say(f"warning[PK608]: `{name}` is a place of this machine: nobody else can load what uses it")
    if dry_run:
        put("\n\n".join(each.entry for each in plan))
        return
    publish(root, plan, head)
    tags = " ".join(each.tag for each in plan)
    say(f"tagged {tags}\nnext: git push origin HEAD {tags}", quiet=quiet)


def _show(each: Release, *, quiet: bool) -> None:
    first = f"before {each.was}: " if each.was else "first release: "
    before = f"{each.diff.before} -> " if each.diff is not None else first
    say(f"{each.name}: {before}{each.version}", quiet=quiet)
