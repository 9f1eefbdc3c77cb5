"""`promptkit check`: every mistake in prompts, each at its place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from promptkit.cli import common
from promptkit.cli.report import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from promptkit.diagnostics import Diagnostic


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(allow_dash=True))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="text for people, json for programs, github for annotations.",
)
@click.option("-q", "--quiet", is_flag=True, help="No summary.")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], form: str, quiet: bool) -> None:
    """Check prompts: files, or folders with all `.yaml` files below them (the working folder by default).

    Needs no key and no network. Exits with 1 when there are errors; warnings alone exit with 0.

    \b
    Examples:
      promptkit check triage.yaml
      promptkit check templates/ --format github
    """
    from promptkit.loader import load

    count, found = 0, []
    for path in _files(paths or (".",)):
        source, inside, text = common.open_template(path)
        diagnostics = load(source, inside, text).diagnostics
        count += 1
        new = [diagnostic for diagnostic in diagnostics if diagnostic not in found]
        found += new
        if form != "json":
            for diagnostic in new:
                click.echo(_FORMS[form](diagnostic))
    if form == "json":
        click.echo(common.to_json({"version": 1, "diagnostics": [diagnostic.to_dict() for diagnostic in found]}))
    say(_summary(count, found), quiet=quiet)
    ctx.exit(1 if any(diagnostic.severity == "error" for diagnostic in found) else 0)


def _files(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        if path != "-" and Path(path).is_dir():
            below = [file for pattern in ("*.yaml", "*.yml") for file in Path(path).rglob(pattern)]
            visible = [file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts)]
            if not visible:
                raise click.BadParameter(f"there is no .yaml file in `{path}`", param_hint="PATHS")
            yield from (f"./{file}" if not file.is_absolute() else str(file) for file in sorted(visible))
        else:
            yield path


def _summary(count: int, found: list[Diagnostic]) -> str:
    errors = sum(diagnostic.severity == "error" for diagnostic in found)
    warnings = sum(diagnostic.severity == "warning" for diagnostic in found)
    files = f"{count} file{'s' * (count != 1)}"
    if not errors and not warnings:
        return f"{files} checked, all good"
    return f"{files} checked: {errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"


def _text(diagnostic: Diagnostic) -> str:
    return f"{diagnostic}\n"


def _github(diagnostic: Diagnostic) -> str:
    """A workflow command, its line ends and percent signs escaped (GitHub docs, workflow commands)."""
    told = diagnostic.to_dict()
    kind = {"note": "notice"}.get(diagnostic.severity, diagnostic.severity)
    message = f"{told['message']} {told['help']}".strip()
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    place = f"file={told['path']},line={told['line'] or 1},col={told['column'] or 1}"
    return f"::{kind} {place},title={told['code']}::{escaped}"


_FORMS = {"text": _text, "github": _github}
