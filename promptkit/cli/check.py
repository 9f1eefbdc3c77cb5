"""`promptkit check`: every mistake in prompts, each at its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promptkit.cli.candidates import templates
from promptkit.source import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.diagnostics import Diagnostic


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(allow_dash=True, readable=False), shell_complete=templates)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    help="text for people, json for programs, github for annotations, sarif for code scanning.",
)
@click.option("-q", "--quiet", is_flag=True, help="No summary.")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], form: str, quiet: bool) -> None:
    """Check prompts: files, or folders with all `.yaml` files below them (the working folder by default).

    Needs no key and no network. Exits with 1 when there are errors, with 0 when there are none (warnings or not),
    and with 9 when there is no file to check.

    \b
    Examples:
      promptkit check
      promptkit check triage/triage.yaml
      promptkit check triage/ --format github
      promptkit check - < triage/triage.yaml
    """
    from promptkit.cli.findings import FORMS
    from promptkit.cli.report import FINDINGS, NOTHING_SELECTED, say
    from promptkit.cli.terminal import painted, put
    from promptkit.diagnostics import by_place

    files = list(_files(paths or (".",)))
    if not files:
        say(f"error: there is no .yaml file in {', '.join(f'`{path}`' for path in paths) or 'this folder'}")
        ctx.exit(NOTHING_SELECTED)
    found = by_place(_once(diagnostic for file in files for diagnostic in _diagnostics(file)))
    text = FORMS[form](found)
    if text:
        put(text, paint=painted if form == "text" else None)
    say(_summary(len(files), found), quiet=quiet)
    ctx.exit(FINDINGS if any(diagnostic.severity == "error" for diagnostic in found) else 0)


def _diagnostics(file: str) -> tuple[Diagnostic, ...]:
    from promptkit.cli.templates import open_template
    from promptkit.loader import load

    return load(*open_template(file)).diagnostics


def _once(found: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
    """Each finding once, though every file that extends the one it is in has it too, with a note of its own."""
    from dataclasses import replace

    merged: dict[Diagnostic, list[str]] = {}
    for diagnostic in found:
        notes = merged.setdefault(replace(diagnostic, notes=()), [])
        notes += [note for note in diagnostic.notes if note not in notes]
    return (replace(diagnostic, notes=tuple(notes)) for diagnostic, notes in merged.items())


def _files(paths: Iterable[str]) -> Iterator[str]:
    """The files that are named or lie below what is named, each once. Raises `SpecError` for what is not there."""
    seen: set[str] = set()
    for path in paths:
        for file in _below(path):
            full = os.path.abspath(file)  # noqa: PTH100 (by name: a link is a prompt of its own)
            if file == "-" or full not in seen:
                seen.add(full)
                yield file


def _below(path: str) -> Iterable[str]:
    if path in ("", "-"):
        return [path]
    folder = Path(path)
    if not _is_folder(folder):
        return [path]
    found = [file for file in folder.rglob("*") if file.suffix in ENDINGS and file.is_file()]
    return [str(file) for file in sorted(found) if not _is_hidden(file.relative_to(folder))]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long is told of when it is opened
        return False


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _summary(count: int, found: Iterable[Diagnostic]) -> str:
    severities = [diagnostic.severity for diagnostic in found]
    errors, warnings = severities.count("error"), severities.count("warning")
    files = _counted(count, "file")
    if not errors and not warnings:
        return f"{files} checked, all good"
    return f"{files} checked: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
