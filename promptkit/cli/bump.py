"""`promptkit bump`: write the version that the changes of a prompt ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from promptkit.cli.candidates import templates
from promptkit.cli.report import say

if TYPE_CHECKING:
    from promptkit.repos.diff.changes import Level
    from promptkit.repos.releases.states import RepoState
    from promptkit.repos.workspace import Workspace

_LEVELS: dict[str, Level] = {"major": "major", "minor": "minor", "patch": "patch"}


@click.command("bump")
@click.argument("template", type=click.Path(allow_dash=True, readable=False), shell_complete=templates, required=False)
@click.argument("to", metavar="[major|minor|patch|VERSION]", required=False)
@click.option("--all", "every", is_flag=True, help="Every prompt that its version does not announce.")
@click.option("--dry-run", is_flag=True, help="Say which version it would be, and write nothing.")
def command(template: str | None, to: str | None, every: bool, dry_run: bool) -> None:
    """Write the next version of the prompt TEMPLATE, a file or its name, into it; all else there stays as it is.

    Without a level or a version, the changes since the last release (or commit) say which it is, as `promptkit diff`
    does. Below 1.0.0 a major change raises the second number, and all others the third.

    \b
    Examples:
      promptkit bump --all --dry-run
      promptkit bump triage/triage.yaml minor --dry-run
      promptkit bump triage/triage.yaml 2.0.0
    """
    from promptkit.diagnostics import did_you_mean
    from promptkit.errors import SpecError
    from promptkit.prompt import Prompt
    from promptkit.repos.diff.changes import next_version
    from promptkit.repos.workspace import Workspace
    from promptkit.template_paths import locate, path_fault, prompt_path

    if every == (template is not None):
        raise click.UsageError("name one template, or give --all")
    if template is None:
        _bump_all(dry_run=dry_run)
        return
    template = prompt_path(template)
    if (fault := path_fault(template)) is not None:
        raise SpecError([fault])
    path = Path(template)
    before = Prompt.from_yaml(path).spec.version or ""
    if to is None:
        root, inside = locate(path)
        with Workspace.at(root) as workspace:
            _bump_changed(workspace, inside, path, None, dry_run=dry_run)
    else:
        if to not in _LEVELS and (near := did_you_mean(to, _LEVELS)):
            raise click.UsageError(f"`{to}` is no level and no version; {near}")
        version = next_version(before, _LEVELS[to]) if to in _LEVELS else to
        _write(path, template, before, version, "", dry_run=dry_run)
        _warn_of_lower(before, version)
        _warn_of_too_small(path, version)


def _warn_of_lower(before: str, version: str) -> None:
    from promptkit.repos.versions import read_version

    old, new = read_version(before), read_version(version)
    if old is not None and new is not None and new < old:
        say(f"warning[PK604]: {version} goes back from {before}")


def _warn_of_too_small(path: Path, version: str) -> None:
    """Say so where the changes ask for a higher version; what cannot be compared is told by a release."""
    from promptkit.errors import PromptkitError
    from promptkit.repos.releases.judging import version_after
    from promptkit.repos.versions import read_version
    from promptkit.repos.workspace import Workspace
    from promptkit.template_paths import locate

    root, inside = locate(path)
    try:
        with Workspace.at(root) as workspace:
            _, needs, found = version_after(workspace, inside)
    except PromptkitError:
        return
    chosen, needed = read_version(version), read_version(needs)
    if found is not None and found.level is not None and chosen and needed and chosen < needed:
        say(f"warning[PK604]: the {found.level} change since {found.before or 'the last commit'} asks for {needs}")


def _bump_all(*, dry_run: bool) -> None:
    from promptkit.repos.releases.released import maybe_changed
    from promptkit.repos.releases.states import worktree
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        after = worktree(workspace)
        files = [after.prompts[name] for name in maybe_changed(workspace, after)]
        changed = [
            file for file in files if _bump_changed(workspace, file, workspace.folder / file, after, dry_run=dry_run)
        ]
    if not changed:
        say("every version announces its changes")


def _bump_changed(workspace: Workspace, file: str, path: Path, among: RepoState | None, *, dry_run: bool) -> bool:
    """Write the version that the changes of one prompt, whose path is as it was typed, ask for; whether it changed.

    Of one that is looked at among all others in the working tree, it is not told that nothing changed.
    """
    from promptkit.errors import RepoError
    from promptkit.repos.releases.judging import version_after

    before, version, found = version_after(workspace, file, among)
    quiet = among is not None
    shown = file if quiet else str(path)
    if found is not None and found.level is None and not quiet:
        cure = f"`promptkit bump {shown} patch` raises it all the same"
        raise RepoError(f"`{found.name}` did not change since {found.before or 'the last commit'}", help=cure)
    if before == version:
        what = f"{found.level} change since {found.before}" if found is not None else "there is no release of it yet"
        say(f"{shown}: {version} says so already ({what})", quiet=quiet)
        return False
    why = f" ({found.level} change since {found.before or 'the last commit'})" if found is not None else ""
    _write(path, shown, before, version, why, dry_run=dry_run)
    return True


def _write(path: Path, shown: str, before: str, version: str, why: str, *, dry_run: bool) -> None:
    from promptkit.fixes import rewrite
    from promptkit.repos.releases.version_line import with_version

    text = with_version(path.read_bytes().decode("utf-8"), version, shown)
    if not dry_run:
        rewrite(path, text)
    would = "would be " if dry_run else ""
    say(f"{shown}: {before or 'no version'} -> {would}{version}{why}")
