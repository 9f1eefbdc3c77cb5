"""The `promptkit` command: a group that loads a command's module when that command is called."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

COMMANDS = {
    "init": "Write a new prompt, its inputs and a project file.",
    "render": "Show the messages that a prompt renders to.",
    "run": "Ask the model and print the validated answer.",
    "check": "Find every mistake in prompts, each at its place.",
    "explain": "Tell more about a diagnostic's code.",
    "models": "List and show models; refresh what is known of them.",
    "log": "Show past runs.",
    "config": "Show every setting and where its value comes from.",
    "schema": "Print the JSON Schema of prompt files, for editors.",
    "mock": "Serve a loopback MARA that answers from the schema.",
    "local": "Set up the small model that runs on this machine.",
    "completion": "Print the completion script of a shell.",
}


class LazyGroup(click.Group):
    """Knows its commands by name and imports one when it is used, so that `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """The names, in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"promptkit.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list for `--help`, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from promptkit import __version__

        click.echo(f"promptkit {__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version and exit.",
)
def command() -> None:
    """Prompts as engineered artefacts: checked YAML in, validated JSON out.

    \b
    Examples:
      promptkit init triage
      promptkit render triage/triage.yaml -i triage/inputs.json
      promptkit run triage/triage.yaml -i triage/inputs.json -m simulate:
      promptkit check triage/
    """


def entry(argv: list[str] | None = None) -> None:
    """Run the command line and exit with its code; nothing leaves here as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    sys.exit(_guarded(argv))


def _guarded(argv: list[str] | None) -> int:
    try:
        code = command.main(argv, prog_name="promptkit", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        return 0
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:  # noqa: BLE001 (the last line of defence: a bug must not look like a crash)
        from promptkit.cli.report import report_exception

        return report_exception(error)
    return code if isinstance(code, int) else 0


def _silence_stdout() -> None:
    """The reader has gone: let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
