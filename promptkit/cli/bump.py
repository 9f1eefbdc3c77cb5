"""`promptkit bump`: write the version that the changes of a prompt ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from promptkit.cli import common
from promptkit.cli.report import say

if TYPE_CHECKING:
    from promptkit.repos.changes import Level

_LEVELS: dict[str | None, Level] = {"major": "major", "minor": "minor", "patch": "patch"}


@click.command("bump")
@common.template_argument
@click.argument("to", metavar="[major|minor|patch|VERSION]", required=False)
@click.option("--dry-run", is_flag=True, help="Say which version it would be, and write nothing.")
def command(template: str, to: str | None, dry_run: bool) -> None:
    """Write the next version of the prompt in TEMPLATE into its file; all else in the file stays as it is.

    Without a level or a version, the changes since the last release (or commit) say which it is, as `promptkit diff`
    does.

    \b
    Examples:
      promptkit bump triage/triage.yaml minor --dry-run
      promptkit bump triage/triage.yaml 2.0.0
    """
    from promptkit.errors import SpecError
    from promptkit.fixes import rewrite
    from promptkit.prompt import Prompt
    from promptkit.repos.changes import next_version
    from promptkit.repos.releasing import version_after
    from promptkit.repos.version_line import with_version
    from promptkit.repos.workspace import Workspace
    from promptkit.template_paths import locate, path_fault

    if (fault := path_fault(template)) is not None:
        raise SpecError([fault])
    path = Path(template)
    before = Prompt.from_yaml(path).spec.version or ""
    why = ""
    if to in _LEVELS:
        version = next_version(before, _LEVELS[to])
    elif to is not None:
        version = to
    else:
        root, inside = locate(path)
        with Workspace.at(root) as workspace:
            version, found = version_after(workspace, inside)
        why = f" ({found.level} change since {found.before or 'the last commit'})" if found is not None else ""
    text = with_version(path.read_bytes().decode("utf-8"), version, template)
    if not dry_run:
        rewrite(path, text)
    would = "would be " if dry_run else ""
    say(f"{template}: {before or 'no version'} -> {would}{version}{why}")
