"""`promptkit list`: the prompts of the project and of its repos, from the index."""

from __future__ import annotations

import click

from promptkit.cli.common import format_option
from promptkit.cli.list_rows import show_rows
from promptkit.cli.report import NOTHING_SELECTED


@click.command("list")
@click.argument("repos", nargs=-1, metavar="[REPO]...")
@format_option
@click.pass_context
def command(ctx: click.Context, repos: tuple[str, ...], form: str) -> None:
    """List the prompts of this project and of its repos: version, aliases, last change, what the check of it found.

    The index of a repo is made when its commit changes; nothing is fetched. Exits with 9 when there is no prompt.

    \b
    Examples:
      promptkit list
      promptkit list --format json
    """
    ctx.exit(0 if show_rows(repos, (), form) else NOTHING_SELECTED)
