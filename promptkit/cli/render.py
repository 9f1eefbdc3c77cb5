"""`promptkit render`: the messages, without a key and without the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common
from promptkit.cli.report import say

if TYPE_CHECKING:
    from promptkit.completion import Request
    from promptkit.prompt import Prompt

WIDTH = 76


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

    \b
    Examples:
      promptkit render triage.yaml -p ticket="My invoice is wrong"
      promptkit render triage.yaml -i inputs.json --format openai
      promptkit render - -p name=Ada < hello.yaml
    """
    prompt = common.load_prompt(template)
    if model:
        prompt = prompt.using(model=model)
    request = prompt.request(common.read_inputs(prompt, params, inputs_file))
    common.write_result(_FORMS[form](prompt, request), output_file)
    if form == "text":
        say(_fit(prompt, request), quiet=quiet)


def _text(_: Prompt[Any], request: Request) -> str:
    from promptkit.tokens import BytesEstimate, count_messages

    counter = BytesEstimate()
    counts = count_messages(request.messages, counter)
    blocks = []
    for message, count in zip(request.messages, counts, strict=True):
        size = f" ~{count:,} tokens +-{counter.error:.0%}"
        rule = "-" * max(3, WIDTH - len(message.role) - len(size) - 1)
        blocks.append(f"{message.role} {rule}{size}\n{message.text}")
    return "\n\n".join(blocks)


def _fit(prompt: Prompt[Any], request: Request) -> str:
    """What the request fills of the window, and how its answer's form is asked for."""
    from promptkit.tokens import BytesEstimate, count_messages

    total = sum(count_messages(request.messages, BytesEstimate()))
    window = prompt.facts.context_length
    of = f"of {window:,} tokens" if window else "tokens; its window is not known"
    form = (request.response_format or {}).get("type", "asked for in the prompt alone")
    return f"{'-' * WIDTH}\n{prompt.model}: ~{total:,} {of}      output: {form}"


def _json(_: Prompt[Any], request: Request) -> str:
    return common.to_json({"version": 1, "messages": [message.to_openai() for message in request.messages]})


def _openai(_: Prompt[Any], request: Request) -> str:
    return common.to_json(request.to_openai())


_FORMS = {"text": _text, "json": _json, "openai": _openai}
