"""How errors leave the command line: their text on stderr and their exit code."""

from __future__ import annotations

import os
import sys

import click

from promptkit import errors

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

BUG = 70


def exit_code(error: BaseException) -> int:
    """The exit code of an error."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), BUG)


def report_exception(error: Exception) -> int:
    """Print an error, and say which code to exit with."""
    if isinstance(error, OSError) and error.filename:
        click.echo(error_text("PK115", f"{error.filename}: {error.strerror}"), err=True)
        return 2
    if isinstance(error, errors.PromptkitError):
        click.echo(_worded(error), err=True)
        return exit_code(error)
    if os.environ.get("PROMPTKIT_DEBUG"):
        raise error
    click.echo(
        error_text(
            "PK999",
            f"promptkit failed: {type(error).__name__}: {error}",
            help="this is a bug of promptkit; set PROMPTKIT_DEBUG=1 to see where, and report it",
        ),
        err=True,
    )
    return BUG


def _worded(error: errors.PromptkitError) -> str:
    diagnostics = getattr(error, "diagnostics", ())
    if diagnostics:
        return "\n\n".join(map(str, diagnostics))
    return error_text(error.code, error.message, error.where, error.details, error.help)


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
        click.echo(text, err=True)


def stderr_is_terminal() -> bool:
    """Whether somebody watches: colour, spinners and growing text are for terminals only."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")
