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
@click.option("--answer", is_flag=True, help="Print the JSON Schema of the answer of one prompt.")
@click.option(
    "--stubs",
    type=click.Choice(["pyi", "typeddict", "pydantic"]),
    help="Print Python types of the inputs and answers of prompts.",
)
@common.output_option
def command(paths: tuple[str, ...], inputs: bool, answer: bool, stubs: str | None, output_file: str | None) -> None:
    """Print the JSON Schema of prompt files as they are authored, shorthands included.

    A first line `# yaml-language-server: $schema=promptkit.schema.json` lets editors use it.

    With `--inputs`, it is the schema of one prompt's inputs, with `--answer` that of its answer. With `--stubs`, it is
    Python code: types of the inputs and answers (`typeddict`, `pydantic`), or a stub (`pyi`) for a module that says
    `from promptkit import Prompt`, so that `Prompt.from_yaml("triage.yaml").run(...)` from that module is checked
    against the file.

    \b
    Examples:
      promptkit schema -o promptkit.schema.json
      promptkit schema --inputs triage/triage.yaml
      promptkit schema --answer triage/triage.yaml -o answer.schema.json
      promptkit schema --stubs pyi triage/triage.yaml -o prompts.pyi
      promptkit schema --stubs pydantic triage/triage.yaml
    """
    from promptkit.cli.results import refuse_unwritable, write_result

    if inputs + answer + bool(stubs) > 1:
        raise click.UsageError("take one of --inputs, --answer and --stubs")
    if output_file is not None and output_file.endswith((".yaml", ".yml")):
        raise click.UsageError(f"`{output_file}` is the name of a prompt; --output is the file that is written")
    refuse_unwritable(output_file, *paths)
    shown = _code(paths, stubs) if stubs else _schema(paths, "inputs" if inputs else "answer" if answer else "")
    write_result(shown, output_file)


def _schema(paths: tuple[str, ...], of: str) -> str:
    """The JSON Schema of prompt files, or `of` the inputs or the answer of one."""
    from promptkit.file_schema import authored_schema
    from promptkit.stubs import answer_schema, inputs_schema

    if not of and not paths:
        return common.to_json(authored_schema())
    if not of or len(paths) != 1:
        raise click.UsageError("--inputs and --answer take one TEMPLATE, --stubs one or more; else there is none")
    return common.to_json((inputs_schema if of == "inputs" else answer_schema)(_spec(paths[0])))


def _code(paths: tuple[str, ...], form: str) -> str:
    from promptkit.stubs import stub_module

    if not paths:
        raise click.UsageError("--stubs takes one TEMPLATE or more")
    return stub_module({path: _spec(path) for path in paths}, form)


def _spec(path: str) -> PromptSpec:
    from promptkit.cli.templates import open_template
    from promptkit.loader import load_spec

    return load_spec(*open_template(path))
