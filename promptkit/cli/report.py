"""How errors leave the command line: their text on stderr and their exit code."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click

from promptkit import errors
from promptkit.cli.terminal import hide, tell
from promptkit.diagnostics import BUG_CURE, DEBUG_VARIABLE
from promptkit.setting_table import KEY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (errors.InputError, 3),
    (errors.DatasetError, 3),
    (errors.AuthError, 5),
    (errors.QuotaExhausted, 75),
    (errors.ContextExceeded, 7),
    (errors.BudgetExceeded, 7),
    (errors.ModelError, 4),
    (errors.OutputError, 6),
    (errors.RecordingMissing, 8),
    (errors.LockError, 8),
    (errors.PromptkitError, 2),
)
"""The first class that fits says the code; 70 is a bug of ours."""

FINDINGS, USAGE, EXCEEDED, DRIFT, NOTHING_SELECTED, BUG, INTERRUPTED = 1, 2, 7, 8, 9, 70, 130

_WORTH_A_LOOK = (
    errors.OutputError,
    errors.StreamInterrupted,
    errors.BadRequest,
    errors.BadResponse,
    errors.ContextExceeded,
)
"""The errors whose record shows more than they say: something was sent, or came back, that is to be looked at."""


def exit_code(error: BaseException) -> int:
    """The exit code of an error. What is not locked is so too where it is a fault of a file that needs it."""
    if isinstance(error, errors.SpecError) and any(each.code == "PK610" for each in error.diagnostics):
        return exit_code(errors.LockError(""))
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), BUG)


def report_exception(error: Exception) -> int:
    """Print an error, and say which code to exit with."""
    if isinstance(error, errors.PromptkitError):
        tell(_worded(error))
        return exit_code(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        tell(error_text("PK115", f"{where}{error.strerror}"))
        return USAGE
    if os.environ.get(DEBUG_VARIABLE):
        raise error
    hide(*_known_keys())
    tell(error_text("PK999", f"promptkit failed: {type(error).__name__}: {error}", help=BUG_CURE))
    return BUG


def _known_keys() -> Iterable[str]:
    """Every key that may stand in an error; when settings cannot be loaded, the one that needs none."""
    from promptkit.settings import load_settings

    try:
        return load_settings().secrets
    except Exception:  # noqa: BLE001 (whatever it is, the bug is still to be told)
        return (os.environ.get(KEY_VARIABLE, ""),)


def report_usage(error: click.ClickException) -> int:
    """Print what is wrong with the command line itself."""
    from promptkit.cli.usage import cure_of

    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        tell(error.message)
        return error.exit_code
    message = error.format_message()
    lines = [f"error: {message[:1].lower()}{message[1:]}".rstrip(".")]
    context = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoSuchCommand):
        lines = [_no_command(error)]
    if isinstance(error, click.MissingParameter) and context is not None:
        lines.append(f"  = usage: {' '.join((context.command_path, *context.command.collect_usage_pieces(context)))}")
    if cure := cure_of(error):
        lines[0] = re.split(r"[.;] \(?[Dd]id you mean", lines[0])[0]
        lines.append(f"  = help: {cure}")
    elif context is not None:
        lines.append(f"  = help: {context.command_path} --help")
    tell("\n".join(lines))
    return error.exit_code


def _no_command(error: click.exceptions.NoSuchCommand) -> str:
    from promptkit.diagnostics import did_you_mean

    group = error.ctx.command if error.ctx is not None else None
    known: Iterable[str] = group.list_commands(error.ctx) if isinstance(group, click.Group) and error.ctx else ()
    hint = did_you_mean(error.command_name, known)
    return "; ".join(filter(None, (f"error: there is no command `{error.command_name}`", hint)))


_HOW_TO_GIVE = "inputs are given with -p NAME=VALUE, or from a JSON or YAML file with -i FILE"


def _worded(error: errors.PromptkitError) -> str:
    diagnostics = getattr(error, "diagnostics", ())
    if diagnostics:
        how = [_HOW_TO_GIVE] if any(fault.code == "PK303" and not fault.line for fault in diagnostics) else []
        return "\n\n".join([*map(str, diagnostics), *how])
    record = error.record if isinstance(error, _WORTH_A_LOOK) else ""
    details = (*error.details, record) if record else error.details
    return error_text(error.code, error.message, error.where, details, _cure(error))


def _cure(error: errors.PromptkitError) -> str:
    """What helps, in the words of the command line."""
    if isinstance(error, errors.AuthError) and error.key_variable:
        from promptkit.model_names import keyless

        return keyless(error.key_variable, "-m {}")
    return error.help


def error_text(code: str, message: str, where: str = "", details: tuple[str, ...] = (), help: str = "") -> str:
    """An error in the form of a diagnostic."""
    lines = [f"error[{code}]: {message}"]
    lines += [f"  --> {where}"] if where else []
    lines += [f"  {detail}" for detail in details]
    lines += [f"  = help: {help}"] if help else []
    return "\n".join(lines)


def say(text: str, *, quiet: bool = False) -> None:
    """A word for the person at the terminal: never on stdout, nothing when it shall be quiet."""
    if not quiet:
        tell(text)
