"""What to write for an option, or a command, that has another name here, or is none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promptkit.diagnostics import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTIONS: Mapping[str, str] = {
    "--json": "--format json",
    "--github": "--format github",
    "--input": "-p NAME=VALUE",
    "--temperature": "-O temperature=0",
    "--max-tokens": "-O max_tokens=100",
}
"""Options that others have, by what stands for them here, where a command has that."""
_COMMANDS: Mapping[str, str] = {
    "test": "`promptkit check` holds tests against inputs and output; no command runs them yet",
    "eval": "`promptkit run -m MODEL` asks one model; no command compares several yet",
    "compare": "`promptkit diff` compares two states of a prompt; no command compares models yet",
    "batch": "`promptkit run` asks once; `Prompt.arun` asks many things at once",
    **dict.fromkeys(("validate", "lint"), "`promptkit check` finds every mistake"),
    **dict.fromkeys(("new", "create"), "`promptkit init` writes a new prompt"),
    "publish": "`promptkit release` tags a version",
}
_SHORT = len("--ab")


def cure_of(error: click.ClickException) -> str:
    """The cure of a mistake on the command line, where one is known."""
    if isinstance(error, click.exceptions.NoSuchCommand):
        return _COMMANDS.get(error.command_name, "")
    if not isinstance(error, click.NoSuchOption) or error.ctx is None:
        return ""
    taken = {name for each in error.ctx.command.params for name in each.opts}
    meant = _OPTIONS.get(error.option_name, "")
    if meant.split(" ")[0] in taken:
        return f"write `{meant}`"
    alike = nearest(error.option_name, taken) if len(error.option_name) > _SHORT else None
    is_input = "-p" in taken and error.option_name.startswith("--") and alike is None
    return f"an input is given with -p: `-p {error.option_name[2:].replace('-', '_')}=...`" if is_input else ""
