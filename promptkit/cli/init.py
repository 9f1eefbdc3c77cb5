"""`promptkit init`: a prompt to begin with."""

from __future__ import annotations

import re
from pathlib import Path

import click

from promptkit.cli.report import say
from promptkit.cli.terminal import put
from promptkit.errors import ConfigError
from promptkit.settings import find_root

PROMPT = """\
# yaml-language-server: $schema=promptkit.schema.json
promptkit: 1
name: {name}
version: 0.1.0
description: Route a support ticket to a team.

inputs:
  ticket: string, the customer's message
  product: string = Acme Cloud

persona: You are a support lead at {{{{ product }}}} who answers in one line.
task: |
  Route this ticket to the right team.

  Ticket: {{{{ ticket }}}}

output:
  fields:
    team: billing | platform | security
    urgency: integer, 1..5, 5 means an outage
    summary: string, one sentence

examples:
  - inputs: {{ticket: I was charged twice.}}
    output: {{team: billing, urgency: 3, summary: Duplicate charge.}}
"""
INPUTS = '{\n  "ticket": "My invoice is wrong"\n}\n'
PROJECT = """\
# The root of these prompts: paths in them may not leave this folder.
# Settings of the project may stand here; `promptkit config` lists them all.
# model = "MiniMax-M2.5"
"""


@click.command("init")
@click.argument("name")
def command(name: str) -> None:
    """Write a first prompt: a folder NAME with the prompt, its inputs, a project file and the editors' schema.

    In a template repo (a git repository with a promptkit.toml), NAME is the prompt itself, and the repo stays its root.
    Files that are there already are never overwritten.

    \b
    Examples:
      promptkit init triage
      promptkit init prompts/greeting
    """
    from promptkit.cli.common import to_json
    from promptkit.file_schema import authored_schema

    folder = Path(name)
    stem = _stem(folder)
    root = find_root(folder.absolute().parent)
    if root is not None and (root / ".git").exists():  # a template repo: the prompt belongs to it
        files = _within(root, folder, stem)
    else:
        files = {
            folder / f"{stem}.yaml": PROMPT.format(name=stem),
            folder / "inputs.json": INPUTS,
            folder / "promptkit.toml": PROJECT,
            folder / "promptkit.schema.json": to_json(authored_schema()) + "\n",
        }
    taken = [f"`{path}`" for path in files if path.exists()]
    if taken:
        verb = "is" if len(taken) == 1 else "are"
        raise ConfigError(f"{', '.join(taken)} {verb} there already", code="PK115", help="choose another name")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    put("created " + "  ".join(map(str, files)))
    prompt, inputs = list(files)[:2]
    say(f"next: promptkit render {prompt} -i {inputs}      (no key needed)")


def _within(root: Path, folder: Path, stem: str) -> dict[Path, str]:
    """The files of a prompt in a project that is there: NAME is the prompt's, and no folder with a root of its own."""
    name = folder.absolute().relative_to(root).as_posix()
    text = PROMPT.partition("\n")[2].format(name=name)
    return {folder.with_name(f"{stem}.yaml"): text, folder.with_name(f"{stem}.inputs.json"): INPUTS}


def _stem(folder: Path) -> str:
    stem = folder.name
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", stem):
        return stem
    near = re.sub(r"[^a-z0-9_-]+", "-", stem.lower()).strip("-_")
    hint = f"did you mean `{folder.with_name(near)}`?" if near else "such as `triage`"
    raise ConfigError(f"`{stem}` cannot be a prompt's name: use a-z, 0-9, `-` and `_`", code="PK124", help=hint)
