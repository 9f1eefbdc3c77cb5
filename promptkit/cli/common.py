"""What several commands share: the template's argument, the options for inputs, model and output, and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from promptkit.cli.candidates import inputs_of, models, options_of_models, templates

F = TypeVar("F", bound=Callable[..., Any])

template_argument = click.argument(
    "template", type=click.Path(allow_dash=True, readable=False), shell_complete=templates
)


def once(context: click.Context, option: click.Parameter, values: tuple[Any, ...]) -> Any:
    """The value of an option that takes one; the callback of an option that is `multiple` so that none gets lost."""
    if len(values) > 1:
        raise click.UsageError(f"{option.opts[0]} is given {len(values)} times, and takes one value", context)
    return values[0] if values else None


def input_options(function: F) -> F:
    """`-p k=v` and `-i FILE`."""
    function = click.option(
        "-i",
        "--inputs",
        "inputs_file",
        metavar="FILE",
        multiple=True,
        callback=once,
        type=click.Path(allow_dash=True, readable=False),
        help="Inputs from a JSON or YAML file; `-` is stdin.",
    )(function)
    return click.option(
        "-p",
        "--param",
        "params",
        metavar="NAME=VALUE",
        multiple=True,
        shell_complete=inputs_of,
        help="One input, read by its declared type; @FILE reads a text from a file (@@ for a text that begins with @).",
    )(function)


def model_option(function: F) -> F:
    """`-m MODEL`."""
    return click.option(
        "-m",
        "--model",
        metavar="MODEL",
        multiple=True,
        callback=once,
        shell_complete=models,
        help="An id on MARA Cloud, or local:, simulate:, replay:FILE, openai+https://HOST/v1#NAME.",
    )(function)


def generation_options(function: F) -> F:
    """`-O NAME=VALUE`."""
    return click.option(
        "-O",
        "--option",
        "options",
        metavar="NAME=VALUE",
        multiple=True,
        shell_complete=options_of_models,
        help="One option of the generation, such as temperature=0, over those of the file; null leaves one out.",
    )(function)


def output_option(function: F) -> F:
    """`-o FILE`."""
    return click.option(
        "-o",
        "--output",
        "output_file",
        metavar="FILE",
        multiple=True,
        callback=once,
        type=click.Path(readable=False),
        help="Write the result to a file.",
    )(function)


format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print it."
)
"""`--format text|json`, for commands that have no other forms."""

findings_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    help="text for people, json for programs, github for annotations, sarif for code scanning.",
)
"""`--format`, for commands that tell findings (`cli.findings.FORMS`)."""


def tool_options(function: F) -> F:
    """`--tools MODULE:FUNCTION`."""
    return click.option(
        "--tools",
        metavar="MODULE:FUNCTION,...",
        multiple=True,
        help="Functions that the model may call: MODULE:FUNCTION, FILE.py:FUNCTION, or all tools of a MODULE.",
    )(function)


def to_line(value: Any) -> str:
    """JSON in one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def to_json(value: Any) -> str:
    """A document for machines."""
    return json.dumps(value, ensure_ascii=False, indent=2)
