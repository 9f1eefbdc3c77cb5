"""The `promptkit` command: a group that loads a command's module when that command is called."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.shell_completion import CompletionItem

COMMANDS = {
    "init": "Write a new prompt, its inputs and a project file.",
    "render": "Show the messages that a prompt renders to.",
    "run": "Ask the model and print the validated answer.",
    "chat": "Hold a conversation, or preview what a memory policy would send.",
    "check": "Find every mistake in prompts, each at its place.",
    "explain": "Tell more about a diagnostic's code.",
    "list": "List the prompts of the project and of its repos.",
    "search": "Find prompts by words.",
    "repo": "Declare, fetch and verify template repos; make one.",
    "lock": "Pin every prompt in use by commit and content.",
    "diff": "Compare two states of a prompt in meaning, with a verdict.",
    "bump": "Write the version that the changes of a prompt ask for.",
    "release": "Check, write the changelog and tag new versions.",
    "alias": "Let names such as `production` lead to versions.",
    "yank": "Withdraw a released version.",
    "graph": "Show which files prompts are made of and share.",
    "affected": "Name the prompts that a change can touch.",
    "models": "List and show models; refresh what is known of them.",
    "log": "Show past runs.",
    "config": "Show every setting and where its value comes from.",
    "schema": "Print the JSON Schema of prompt files, for editors.",
    "mock": "Serve a loopback MARA that answers from the schema.",
    "local": "Set up the small model that runs on this machine.",
    "completion": "Print the completion script of a shell.",
}
COMPLETE_VARIABLE = "_PROMPTKIT_COMPLETE"
"""Set by a shell's completion script: the command line completes instead of running."""


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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names and options that begin so, without importing any command."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=told) for name, told in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from promptkit import __version__
        from promptkit.cli.terminal import put

        put(f"promptkit {__version__}")
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
    gc.set_threshold(100_000, 50, 100)  # importing makes objects that stay: looking for garbage among them is in vain
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    with _sigterm_as_interrupt():
        code = _guarded(argv)
    _flush()
    sys.exit(code)


def _guarded(argv: list[str] | None) -> int:
    try:
        if COMPLETE_VARIABLE in os.environ:
            from promptkit.cli.shells import complete

            return complete(command, os.environ[COMPLETE_VARIABLE])
        code = command.main(argv, prog_name="promptkit", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        return _interrupted()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        from promptkit.cli.report import report_usage

        return report_usage(error)
    except (BrokenPipeError, SystemExit):  # click, too, leaves when the reader of its help has gone
        return 0
    except Exception as error:  # noqa: BLE001 (the last line of defence: a bug must not look like a crash)
        if _is_interrupted(error):
            return _interrupted()
        from promptkit.cli.report import report_exception

        return report_exception(error)
    return code if isinstance(code, int) else 0


def _is_interrupted(error: BaseException | None) -> bool:
    """Whether an error comes of Ctrl-C: a compiled module that is interrupted while it is imported says otherwise."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))  # what was raised again while it was handled is its own cause
        error = error.__cause__ or error.__context__
    return False


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let a polite request to end go the way of Ctrl-C: the run is logged, connections and children are closed."""
    import signal

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before: Any = None
    with contextlib.suppress(ValueError):  # not in the main thread: somebody else's process, and not ours to steer
        before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _interrupted() -> int:
    from promptkit.cli.report import INTERRUPTED
    from promptkit.cli.terminal import tell

    tell("interrupted")
    return INTERRUPTED


def _flush() -> None:
    """Write what is left, so that the interpreter's own last flush has nothing to complain about."""
    from promptkit.cli.terminal import silence

    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            silence(stream)
