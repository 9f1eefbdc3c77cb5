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
    from collections.abc import Iterator

    from promptkit.repos.releases.comparing import Comparison


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

    A and B are files or their names, references, files in another state (FILE@HEAD~1), or states of this whole
    repository (a tag, a branch, a commit), of which what its lock moved is told, too. Without B, a file is compared
    with its last commit, and all else with the working tree; without A, that is the last commit. The verdict says
    which version the changes ask for.

    \b
    Examples:
      promptkit diff triage/triage.yaml
      promptkit diff triage/triage.yaml@HEAD triage/triage.yaml --show
      promptkit diff HEAD --format markdown
      promptkit diff triage/triage.yaml triage/triage.yaml --format json
    """
    from promptkit.repos.diff.text import to_markdown, to_text

    found, is_whole = _compared(before, after, model)
    shown = [*found.diffs, *found.moved]
    if form == "json":
        text = common.to_json({"version": 1, **found.to_dict()})
    elif form == "markdown":
        lines = [f"- {what}\n" for what in (*_lonely(found, code="`"), *_untold(found, code="`"))]
        text = "\n".join([*lines, *map(to_markdown, shown)]).rstrip() or "No prompt changed."
    else:
        texts = [f"{one_line(each.name)}\n" * is_whole + to_text(each, show=show) for each in shown]
        text = "\n\n".join(texts)
    if text or output_file is not None:
        write_result(text, output_file)
    for what in (*_lonely(found), *_untold(found)):
        say(what)
    if not found:
        say("no prompt changed")
    ctx.exit(FINDINGS if exit_code and found.is_breaking else 0)


def _lonely(found: Comparison, code: str = "") -> Iterator[str]:
    """What is said of the prompts that only one of two states has; `code` stands around their names."""

    def named(text: str) -> str:
        return f"{code}{one_line(text)}{code}"

    fail = "callers that load it will fail"
    for old, new in found.renamed.items():
        yield f"{named(old)}: renamed to {named(new)} (MAJOR: {fail})"
    for names, what in (
        (found.removed, f"removed (MAJOR: {fail})"),
        (found.added, "new"),
        (found.given_up, "in use no more"),
        (found.taken_up, "in use now"),
    ):
        yield from (f"{named(name)}: {what}" for name in names)


def _untold(found: Comparison, code: str = "") -> Iterator[str]:
    yield from (f"{code}{one_line(name)}{code}: {one_line(why)}" for name, why in found.untold.items())


def _compared(before: str, after: str | None, model: str | None) -> tuple[Comparison, bool]:
    """Two states of one prompt, or of all, compared; and whether it was all."""
    from promptkit.repos.releases.comparing import Comparison, compared, compared_states
    from promptkit.repos.releases.judging import policy_of
    from promptkit.repos.releases.states import at_rev, names_state, prompt_at, worktree
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
            return compared_states(workspace.folder, old, new, policy, model), True
        if before == "HEAD":
            at_rev(workspace, before)  # which says why there is none
        one, other = _pair(before, after)
        return Comparison([compared(prompt_at(one), prompt_at(other), policy, model)]), False


def _pair(before: str, after: str | None) -> tuple[str, str]:
    """Two states of one prompt; a single one is compared with the file in the working tree. Raises `SpecError`."""
    from dataclasses import replace
    from pathlib import Path

    from promptkit.errors import SpecError
    from promptkit.template_paths import is_reference, path_fault, prompt_path

    if after is not None:
        return before, after
    if not is_reference(before):
        before = prompt_path(before)
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
