"""`promptkit explain`: the page of a code."""

from __future__ import annotations

import click

from promptkit.cli.candidates import codes


@click.command("explain")
@click.argument("code", required=False, shell_complete=codes)
def command(code: str | None) -> None:
    """Tell more about a diagnostic's CODE: why it is a fault, a bad and a good example. Without CODE, list all.

    \b
    Examples:
      promptkit explain PK301
      promptkit explain
    """
    from promptkit.cli.terminal import put
    from promptkit.codes import page, titles

    if code is None:
        put("\n".join(f"{known}  {title}" for known, title in titles().items()))
        return
    put(page(f"PK{code}" if code.isdecimal() else code.upper()))
