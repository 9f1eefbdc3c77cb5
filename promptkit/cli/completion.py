"""`promptkit completion`: the script that teaches a shell our commands, options and prompts."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL, to be sourced by it.

    Commands, options, templates, models, and the inputs of the template that is named are completed.

    \b
    Examples:
      promptkit completion bash >> ~/.bashrc
      promptkit completion zsh >> ~/.zshrc
      promptkit completion fish > ~/.config/fish/completions/promptkit.fish
    """
    from promptkit.cli.main import command as group
    from promptkit.cli.shells import script
    from promptkit.cli.terminal import put

    put(script(group, shell).rstrip("\n"))
