"""`promptkit diff`: what changed between two states of a prompt, in meaning, and which version says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promptkit.cli import common
from promptkit.cli.report import FINDINGS, say
from promptkit.cli.results import write_result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promptkit.repos.diff import Diff


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="[B]", required=False)
@common.model_option
@common.output_option
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="How to print.")
@click.option("--show", is_flag=True, help="Show the rendered messages that differ, word by word.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when the version does not announce the changes.")
@click.pass_context
def command(
    ctx: click.Context,
    before: str,
    after: str | None,
    model: str | None,
    output_file: str | None,
    form: str,
    show: bool,
    exit_code: bool,
) -> None:
    """Compare two states of a prompt: contract, words, examples, options, and the messages over saved inputs.

    A and B are files, references, files in another state (FILE@HEAD~1), or states of this whole repository (a tag, a
    branch, a commit). Without B, a file is compared with its last commit, and a state with the working tree.
    The verdict says which version the changes ask for.

    \b
    Examples:
      promptkit diff triage/triage.yaml
      promptkit diff triage/triage.yaml@HEAD triage/triage.yaml --show
      promptkit diff HEAD --format markdown
      promptkit diff triage/triage.yaml triage/triage.yaml --format json
    """
    from promptkit.phrases import one_line
    from promptkit.repos.diff_text import to_markdown, to_text

    found = _diffs(before, after, model)
    if form == "json":
        text = common.to_json({"version": 1, "diffs": [each.to_dict() for each in found]})
    elif form == "markdown":
        text = "\n".join(to_markdown(each) for each in found).rstrip()
    else:
        heads = len(found) > 1
        texts = [to_text(each, show=show) for each in found]
        text = "\n\n".join(
            f"{one_line(each.name)}\n{told}" if heads else told for each, told in zip(found, texts, strict=True)
        )
    if text or form == "json":
        write_result(text, output_file)
    if not found:
        say("no prompt changed")
    ctx.exit(FINDINGS if exit_code and not all(each.enough for each in found) else 0)


def _diffs(before: str, after: str | None, model: str | None) -> list[Diff]:
    from dataclasses import replace

    from promptkit.errors import SpecError
    from promptkit.repos.releasing import policy_of
    from promptkit.repos.states import at_rev, compared, compared_states, names_state, prompt_at, worktree
    from promptkit.repos.workspace import Workspace
    from promptkit.template_paths import path_fault

    with Workspace.at() as workspace:
        policy = policy_of(workspace.settings)
        if names_state(workspace, before):
            state = at_rev(workspace, after) if after is not None else worktree(workspace)
            _tell_others(at_rev(workspace, before).prompts.keys(), state.prompts.keys())
            return list(compared_states(at_rev(workspace, before), state, policy, model))
        if after is None and "@" not in before and (fault := path_fault(before)) is not None:
            cure = fault.help or "a file, a reference such as acme/support/triage@1.2.0, a tag, a branch or a commit"
            raise SpecError([replace(fault, help=cure)])
        old, new = (f"{before}@HEAD", before) if after is None else (before, after)
        return [compared(prompt_at(old), prompt_at(new), policy, model)]


def _tell_others(before: Iterable[str], after: Iterable[str]) -> None:
    """Say which prompts are in one of two states alone: there is nothing to compare them with."""
    one, other = set(before), set(after)
    for name in sorted(one - other):
        say(f"{name}: removed (MAJOR: callers that load it will fail)")
    for name in sorted(other - one):
        say(f"{name}: new")
