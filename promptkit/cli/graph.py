"""`promptkit graph`: which prompts extend, include and share what."""

from __future__ import annotations

import click

from promptkit.cli import common
from promptkit.cli.report import NOTHING_SELECTED, say
from promptkit.cli.results import write_result


@click.command("graph")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--format", "form", type=click.Choice(["text", "dot", "json"]), default="text", help="How to print it.")
@common.output_option
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], form: str, output_file: str | None) -> None:
    """Show which files each prompt is made of, and which files several prompts share.

    Those of this project are shown, and those of repos that are locked; NAME is one of either.

    `--format dot` is for Graphviz: promptkit graph --format dot | dot -Tsvg > graph.svg

    \b
    Examples:
      promptkit graph
      promptkit graph --format dot -o graph.dot
    """
    from promptkit.diagnostics import did_you_mean
    from promptkit.repos.graph import edges, locked_edges, to_dot, to_tree
    from promptkit.repos.locking import project_lock
    from promptkit.repos.releases.states import worktree
    from promptkit.repos.workspace import Workspace

    with Workspace.at() as workspace:
        state = worktree(workspace)
        locked = list(locked_edges(project_lock(workspace))) if workspace.root is not None else []
        known = {*state.prompts, *(each.prompt for each in locked)}
        for name in names:
            if name not in known:
                hint = did_you_mean(name, known) or "`promptkit list` shows all"
                raise click.UsageError(f"there is no prompt `{name}` here; {hint}")
        own = [name for name in names if name in state.prompts]
        found = list(edges(state, own if names else sorted(state.prompts)))
        found += [each for each in locked if not names or each.prompt in names]
    if not found:
        say("there is no prompt here")
        ctx.exit(NOTHING_SELECTED)
    if form == "json":
        rows = [{"prompt": each.prompt, "kind": each.kind, "path": each.shown, "sha256": each.sha256} for each in found]
        text = common.to_json({"version": 1, "edges": rows})
    else:
        text = to_dot(found) if form == "dot" else to_tree(found)
    write_result(text, output_file)
