"""`promptkit explain`: the page of a code."""

from __future__ import annotations

import click


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Tell more about a diagnostic's CODE: why it is a fault, a bad and a good example. Without CODE, list all.

    \b
    Examples:
      promptkit explain PK301
      promptkit explain
    """
    from promptkit.codes import page, titles

    if code is None:
        for known, title in titles().items():
            click.echo(f"{known}  {title}")
        return
    click.echo(page(code.upper()))
