"""`promptkit repo init`: a template repo to begin with, ready for git, pre-commit and GitHub."""

from __future__ import annotations

from pathlib import Path

import click

from promptkit.cli.report import say
from promptkit.errors import ConfigError

PROJECT = """\
# The root of these templates: paths in them may not leave this folder.

# Where an alias leads: `promptkit alias set production support/triage@0.1.0` writes here.
# [aliases."support/triage"]
# production = "0.1.0"

# What nobody may take any more, and why.
# [yanked]
# "support/triage@0.1.0" = "answers in the wrong language"
"""
BASE = """\
# What all prompts here share. A file whose name begins with `_` is no prompt by itself.
persona: |
  {% include "/_partials/house_rules.md" %}
"""
RULES = "You work for Acme Cloud. Answer in the customer's language, in plain words.\n"
PROMPT = """\
promptkit: 1
name: support/triage
version: 0.1.0
description: Route a support ticket to a team.
extends: ../_base.yaml

inputs:
  ticket: {type: string, description: The customer's message, maxLength: 8000, trust: user}

task: |
  Route this ticket to the right team.

  {{ ticket }}

output:
  fields:
    team: billing | platform | security
    urgency: integer, 1..5, 5 means an outage

examples:
  - inputs: {ticket: I was charged twice.}
    output: {team: billing, urgency: 3}
"""
CHANGELOG = "# Changelog\n\n`promptkit release` writes an entry here for each version.\n"
WORKFLOW = """\
# Checks every prompt, and refuses a change that its version does not announce.
name: prompts
on:
  pull_request:
  push: {branches: [main]}
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0}
      - uses: actions/setup-python@v5
        with: {python-version: "3.12"}
      - run: pip install mara-promptkit
      - run: promptkit check . --format github
      # A pull request is compared with where it goes, a push with what was there before it.
      - run: promptkit repo check --against "$BEFORE" --format github
        env:
          BEFORE: ${{ github.base_ref && format('origin/{0}', github.base_ref) || github.event.before }}
"""
PRE_COMMIT = """\
# pre-commit install
repos:
  - repo: local
    hooks:
      - id: promptkit-check
        name: promptkit check
        entry: promptkit check
        language: system
        files: \\.ya?ml$
        exclude: ^\\.
      - id: promptkit-repo-check
        name: promptkit repo check
        entry: promptkit repo check --against HEAD
        language: system
        pass_filenames: false
"""

FILES = {
    "promptkit.toml": PROJECT,
    "_base.yaml": BASE,
    "_partials/house_rules.md": RULES,
    "support/triage.yaml": PROMPT,
    "support/triage.inputs.json": '{\n  "ticket": "My invoice is wrong"\n}\n',
    "CHANGELOG.md": CHANGELOG,
    ".github/workflows/prompts.yaml": WORKFLOW,
    ".pre-commit-config.yaml": PRE_COMMIT,
}


@click.command("init", short_help="Write a template repo to begin with.")
@click.argument("folder")
def init(folder: str) -> None:
    """Write a template repo into FOLDER: a first prompt, a shared base, and configurations for CI and pre-commit.

    Files that are there already are never overwritten.

    \b
    Examples:
      promptkit repo init templates
    """
    root = Path(folder)
    taken = [f"`{root / path}`" for path in FILES if (root / path).exists()]
    if taken:
        verb = "is" if len(taken) == 1 else "are"
        raise ConfigError(f"{', '.join(taken)} {verb} there already", code="PK115", help="choose another folder")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with (root / path).open("x", encoding="utf-8") as file:
            file.write(text)
    say(f"created {len(FILES)} files in {root}")
    say(f"next: cd {root} && git init -b main && git add . && git commit -m 'First prompt' && promptkit release")
