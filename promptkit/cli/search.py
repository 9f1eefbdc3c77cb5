"""`promptkit search`: the prompts in whose names, descriptions, tags and inputs some words stand."""

from __future__ import annotations

import click

from promptkit.cli.common import format_option
from promptkit.cli.list_rows import show_rows
from promptkit.cli.report import NOTHING_SELECTED


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@format_option
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...], form: str) -> None:
    """Find prompts by words in their names, descriptions, tags and the names of their inputs; all must stand there.

    Exits with 9 when nothing is found.

    \b
    Examples:
      promptkit search ticket
      promptkit search support ticket --format json
    """
    ctx.exit(0 if show_rows((), words, form) else NOTHING_SELECTED)
