"""`promptkit render`: the messages, without a key and without the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promptkit.cli import common

if TYPE_CHECKING:
    from promptkit.completion import Request


@click.command("render")
@common.template_argument
@common.input_options
@common.model_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "openai"]),
    default="text",
    help="text to look at, the messages as json, or the whole request as openai's body.",
)
@common.output_option
@click.option("-q", "--quiet", is_flag=True, help="Only the messages.")
def command(
    template: str,
    params: tuple[str, ...],
    inputs_file: str | None,
    model: str | None,
    form: str,
    output_file: str | None,
    quiet: bool,
) -> None:
    """Show the messages that TEMPLATE renders to. Needs no key and no network.

    TEMPLATE is a path that ends in .yaml, or `-` for stdin.

    \b
    Examples:
      promptkit render triage/triage.yaml -i triage/inputs.json
      promptkit render triage/triage.yaml -p ticket="My invoice is wrong" -m gpt-oss-120b
      promptkit render triage/triage.yaml -i triage/inputs.json --format openai -o body.json
      promptkit render - -p ticket=Hello < triage/triage.yaml
    """
    from promptkit.cli.inputs import read_inputs, refuse_two_readers
    from promptkit.cli.messages import fit
    from promptkit.cli.report import say
    from promptkit.cli.results import refuse_unwritable, write_result
    from promptkit.cli.templates import load_prompt
    from promptkit.cli.terminal import headed

    refuse_two_readers(template, inputs_file)
    refuse_unwritable(output_file)
    prompt = load_prompt(template, quiet=quiet)
    if model:
        prompt = prompt.using(model=model)
    inputs = read_inputs(prompt, params, inputs_file)
    request, notes = prompt.request(inputs), prompt.render(inputs).notes
    write_result(_FORMS[form](request), output_file, paint=headed if form == "text" else None)
    if form == "text":
        say("\n".join((fit(prompt, request), *(f"note: {note}" for note in notes))), quiet=quiet)


def _text(request: Request) -> str:
    from promptkit.cli.messages import blocks

    return blocks(request.messages)


def _json(request: Request) -> str:
    return common.to_json({"version": 1, "messages": [message.to_openai() for message in request.messages]})


def _openai(request: Request) -> str:
    return common.to_json(request.to_openai())


_FORMS = {"text": _text, "json": _json, "openai": _openai}
