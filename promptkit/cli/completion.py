"""`promptkit completion`: the script that teaches a shell our commands and options."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL, to be sourced by it.

    \b
    Examples:
      promptkit completion bash >> ~/.bashrc
      promptkit completion zsh >> ~/.zshrc
      promptkit completion fish > ~/.config/fish/completions/promptkit.fish
    """
    from click.shell_completion import get_completion_class

    from promptkit.cli.main import command as group

    kind = get_completion_class(shell)
    if kind is None:
        raise click.BadParameter(f"there is no completion for {shell}")
    click.echo(kind(group, {}, "promptkit", "_PROMPTKIT_COMPLETE").source())
