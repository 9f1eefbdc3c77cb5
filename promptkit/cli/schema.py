"""`promptkit schema`: what editors and type checkers need to know of prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promptkit.cli import common
from promptkit.cli.candidates import templates

if TYPE_CHECKING:
    from promptkit.spec import PromptSpec


@click.command("schema")
@click.argument("paths", nargs=-1, metavar="[TEMPLATE]...", shell_complete=templates)
@click.option("--inputs", is_flag=True, help="Print the JSON Schema of the inputs of one prompt.")
@click.option(
    "--stubs",
    type=click.Choice(["pyi", "typeddict", "pydantic"]),
    help="Print Python types of the inputs and answers of prompts.",
)
@common.output_option
def command(paths: tuple[str, ...], inputs: bool, stubs: str | None, output_file: str | None) -> None:
    """Print the JSON Schema of prompt files as they are authored, shorthands included.

    A first line `# yaml-language-server: $schema=promptkit.schema.json` lets editors use it.

    With `--inputs`, it is the schema of one prompt's inputs. With `--stubs`, it is Python code: types of the inputs and
    answers (`typeddict`, `pydantic`), or a stub (`pyi`) for a module that says `from promptkit import Prompt`, so that
    `Prompt.from_yaml("triage.yaml").run(...)` from that module is checked against the file.

    \b
    Examples:
      promptkit schema -o promptkit.schema.json
      promptkit schema --inputs triage/triage.yaml
      promptkit schema --stubs pyi triage/triage.yaml -o prompts.pyi
      promptkit schema --stubs pydantic triage/triage.yaml
    """
    from promptkit.cli.results import write_result

    write_result(_code(paths, stubs) if stubs else _schema(paths, inputs=inputs), output_file)


def _schema(paths: tuple[str, ...], *, inputs: bool) -> str:
    from promptkit.file_schema import authored_schema
    from promptkit.stubs import inputs_schema

    if not inputs and not paths:
        return common.to_json(authored_schema())
    if not inputs or len(paths) != 1:
        raise click.UsageError("--inputs takes one TEMPLATE, --stubs one or more; without them there is none")
    return common.to_json(inputs_schema(_spec(paths[0])))


def _code(paths: tuple[str, ...], form: str) -> str:
    from promptkit.stubs import stub_module

    if not paths:
        raise click.UsageError("--stubs takes one TEMPLATE or more")
    return stub_module({path: _spec(path) for path in paths}, form)


def _spec(path: str) -> PromptSpec:
    from promptkit.cli.templates import open_template
    from promptkit.loader import load_spec

    return load_spec(*open_template(path))
