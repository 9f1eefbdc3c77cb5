"""`promptkit affected`: the prompts that a change can touch."""

from __future__ import annotations

import click

from promptkit.cli import common
from promptkit.cli.report import say
from promptkit.cli.terminal import put


@click.command("affected")
@click.option("--since", "rev", metavar="REF", default="HEAD", show_default=True, help="A commit, tag or branch.")
@common.format_option
@click.option("-q", "--quiet", is_flag=True, help="Names alone, without the parts that changed.")
def command(rev: str, form: str, quiet: bool) -> None:
    """Name the prompts that the changes since REF can touch: by their own files, parents, includes, schemas, examples.

    Of the prompts of repos that are in use, those in which the lock moved something are named.

    \b
    Examples:
      promptkit affected
      promptkit affected --since HEAD --format json
    """
    from promptkit.phrases import one_line
    from promptkit.repos.graph import affected
    from promptkit.repos.releases.states import at_rev, worktree
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        found = affected(at_rev(workspace, rev), worktree(workspace))
    if form == "json":
        put(common.to_json({"version": 1, "since": rev, "prompts": found}))
    elif found:
        put("\n".join(one_line(name if quiet else f"{name}: {', '.join(parts)}") for name, parts in found.items()))
    else:
        say(f"no prompt is touched by the changes since {rev}", quiet=quiet)
