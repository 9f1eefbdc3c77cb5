"""`promptkit diff`: what changed between two states of a prompt, in meaning, and which version says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promptkit.cli import common
from promptkit.cli.report import FINDINGS, say
from promptkit.cli.results import write_result
from promptkit.phrases import one_line
from promptkit.source import ENDINGS

if TYPE_CHECKING:
    from promptkit.repos.diff.diff import Diff


@click.command("diff")
@click.argument("before", metavar="[A]", default="HEAD")
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
    branch, a commit). Without B, a file is compared with its last commit, and all else with the working tree; without
    A, that is the last commit. The verdict says which version the changes ask for.

    \b
    Examples:
      promptkit diff triage/triage.yaml
      promptkit diff triage/triage.yaml@HEAD triage/triage.yaml --show
      promptkit diff HEAD --format markdown
      promptkit diff triage/triage.yaml triage/triage.yaml --format json
    """
    from promptkit.repos.diff.text import to_markdown, to_text

    found, renamed, removed, added = _diffs(before, after, model)
    if form == "json":
        names = {"renamed": renamed, "removed": removed, "added": added}
        text = common.to_json({"version": 1, "diffs": [each.to_dict() for each in found], **names})
    elif form == "markdown":
        lines = [f"- `{one_line(old)}` was renamed to `{one_line(new)}`\n" for old, new in renamed.items()]
        lines += [f"- `{one_line(name)}` was removed\n" for name in removed]
        lines += [f"- `{one_line(name)}` was added\n" for name in added]
        text = "\n".join([*lines, *(to_markdown(each) for each in found)]).rstrip() or "No prompt changed."
    else:
        heads = after is None and not before.endswith(ENDINGS) and "@" not in before
        texts = [f"{one_line(each.name)}\n" * (heads or len(found) > 1) + to_text(each, show=show) for each in found]
        text = "\n\n".join(texts)
    if text or output_file is not None:
        write_result(text, output_file)
    for old, new in renamed.items():
        say(f"{old}: renamed to {new} (MAJOR: callers that load it will fail)")
    for name in removed:
        say(f"{name}: removed (MAJOR: callers that load it will fail)")
    for name in added:
        say(f"{name}: new")
    if not (found or renamed or removed or added):
        say("no prompt changed")
    breaks = renamed or removed or not all(each.enough for each in found)
    ctx.exit(FINDINGS if exit_code and breaks else 0)


def _say_broken(name: str) -> None:
    say(f"{name}: it had faults before, and so there is nothing to compare it with")


def _diffs(
    before: str, after: str | None, model: str | None
) -> tuple[list[Diff], dict[str, str], list[str], list[str]]:
    """The diffs, and of two states of the whole repository the prompts that are in one alone: see `states.lonely`."""
    from promptkit.repos.releases.releasing import policy_of
    from promptkit.repos.releases.states import (
        at_rev,
        compared,
        compared_states,
        lonely,
        names_state,
        prompt_at,
        worktree,
    )
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        policy = policy_of(workspace.settings)
        given = [each for each in (before, after) if each is not None]
        states = [each for each in given if names_state(workspace, each)]
        if states and len(states) < len(given):
            (other,) = (each for each in given if each not in states)
            message = f"`{states[0]}` is a state of the whole repository, and `{other}` is none"
            raise click.UsageError(f"{message}; two states are compared, or two prompts such as FILE@{states[0]}")
        if states:
            old = at_rev(workspace, before)
            new = at_rev(workspace, after) if after is not None else worktree(workspace)
            return list(compared_states(old, new, policy, model, _say_broken)), *lonely(old, new)
        one, other = _pair(before, after)
        return [compared(prompt_at(one), prompt_at(other), policy, model)], {}, [], []


def _pair(before: str, after: str | None) -> tuple[str, str]:
    """Two states of one prompt; a single one is compared with the file in the working tree. Raises `SpecError`."""
    from dataclasses import replace
    from pathlib import Path

    from promptkit.errors import SpecError
    from promptkit.template_paths import is_reference, path_fault

    if after is not None:
        return before, after
    if "@" in before:
        body = before.rpartition("@")[0]
        files = [body + ending for ending in ("", *ENDINGS) if Path(body + ending).is_file()]
        if not files:
            message = f"there is no file `{body}` here to compare `{before}` with; name both: promptkit diff A B"
            raise click.UsageError(message)
        return before, files[0]
    if is_reference(before) and not Path(before).exists():
        cure = f"name two states: promptkit diff {before}@1.0.0 {before}"
        raise click.UsageError(f"`{before}` alone has nothing to be compared with; {cure}")
    if (fault := path_fault(before)) is not None:
        cure = fault.help or "a file, a reference such as acme/support/triage@1.2.0, a tag, a branch or a commit"
        raise SpecError([replace(fault, help=cure)])
    if not before.endswith(ENDINGS):
        raise click.UsageError(f"`{before}` is no prompt; `promptkit affected` names those that use it")
    return f"{before}@HEAD", before
