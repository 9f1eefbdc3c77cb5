"""`promptkit yank`: a version that nobody should take any more, as data in the template repo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from promptkit.cli.repo_edits import commit_option, edited
from promptkit.cli.report import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.repos.declared import Declarations
    from promptkit.repos.git_repo import GitRepo


@click.command("yank")
@click.argument("version", metavar="[PROMPT@]VERSION")
@click.option("--reason", metavar="TEXT", help="Why: whoever asks for that version is told.")
@click.option("--undo", is_flag=True, help="Let it be had again.")
@commit_option
def command(version: str, reason: str | None, undo: bool, commit: bool) -> None:
    """Withdraw a released version of a prompt of this repo: support/triage@1.1.0, or 1.1.0 of the whole repo.

    Ranges pass over it, and who asks for it gets an error with the reason. What is locked at it can still be loaded,
    with a warning from `lock` and `lock verify`. Its tag stays: versions are for ever.

    \b
    Examples:
      promptkit yank support/triage@1.0.0 --reason "answers in the wrong language"
      promptkit yank support/triage@0.9.0 --undo
    """
    from promptkit.repos.workspace import Workspace
    from promptkit.repos.yanks import Yank

    if undo == bool(reason):
        raise click.UsageError("say why with --reason, or --undo")
    yank = Yank.of(version)
    with Workspace.at() as workspace:
        root, declared = workspace.folder, workspace.declared
        if not undo:
            yank.require(workspace.own())
        known = next((key for key in yank.spellings if key in declared.yanked), "")
        facts = replace(declared, yanked={**declared.yanked, str(yank): reason or ""})
        aliases = [] if undo else list(_leading_to_yanked(workspace.own(), facts))
    if undo and not known:
        raise click.UsageError(f"`{version}` is not yanked")
    message = f"{yank} can be had again" if undo else f"{yank} was yanked: {reason}"
    with edited(root, message, commit=commit) as draft:
        if undo:
            draft.drop(("yanked",), draft.spelled(("yanked",), known))
        else:
            draft.set(("yanked",), draft.spelled(("yanked",), known or str(yank)), reason or "")
    for name, alias in aliases:
        told = f"the alias `{alias}` of `{name}` leads to what was yanked"
        say(f"warning[PK613]: {told}: promptkit alias set {alias} {name}@VERSION")


def _leading_to_yanked(repo: GitRepo, facts: Declarations) -> Iterator[tuple[str, str]]:
    """The aliases that lead to what is yanked: of which prompt, and which."""
    for name, aliases in facts.aliases.items():
        for alias, target in aliases.items():
            if repo.why_yanked(name, target, facts):
                yield name, alias
