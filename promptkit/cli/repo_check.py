"""`promptkit repo check`: what must not be merged."""

from __future__ import annotations

import click

from promptkit.cli import common
from promptkit.cli.report import FINDINGS, say
from promptkit.cli.terminal import painted, put
from promptkit.phrases import counted


@click.command("check", short_help="Refuse a change that its version does not announce.")
@click.option("--against", "rev", metavar="REF", required=True, help="The state that it is to be merged over.")
@common.findings_option
@click.option("-q", "--quiet", is_flag=True, help="No summary.")
@click.pass_context
def check(ctx: click.Context, rev: str, form: str, quiet: bool) -> None:
    """Check the working tree against REF, for CI and pre-commit.

    Told are a changed prompt under an unchanged version, a version that is too small for its change, an alias that
    leads to no version, repos that follow a branch, and files over the limits. Exits with 1 on errors.

    \b
    Examples:
      promptkit repo check --against HEAD
      promptkit repo check --against HEAD --format github
    """
    from promptkit.cli.findings import FORMS
    from promptkit.repos.releases.merging import check_against
    from promptkit.repos.releases.states import at_rev
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        found = list(check_against(workspace, rev))
        pin = at_rev(workspace, rev).pin if rev != "HEAD" else None
        is_last = pin is not None and pin.commit == workspace.own().state.head
    if found or form in ("json", "sarif"):
        put(FORMS[form](found), paint=painted if form == "text" else None)
    errors = sum(each.severity == "error" for each in found)
    warnings = len(found) - errors
    told = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    if is_last:
        say(f"note: {rev} is the last commit: what is committed was compared with nothing", quiet=quiet)
    say(f"checked against {rev}: {told if found else 'all good'}", quiet=quiet)
    ctx.exit(FINDINGS if errors else 0)
