"""`promptkit render`: the messages, without a key and without the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.completion import Request
    from promptkit.prompt import Prompt
    from promptkit.result import Rendered


@click.command("render")
@common.template_argument
@common.input_options
@common.model_option
@common.generation_options
@common.tool_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "openai", "curl", "python", "yaml", "html"]),
    default="text",
    help="text to look at, the messages as json, the whole request as openai's body, as a curl command, as a python "
    "program or as yaml, or the explained messages as an html page.",
)
@click.option("--explain", is_flag=True, help="Where each piece is written, and which input it comes from.")
@click.option("--tokens", is_flag=True, help="What each part fills of the model's window, at what price.")
@click.option("--snapshot", is_flag=True, help="Compare with what is kept beside TEMPLATE; at first, keep it.")
@click.option("--name", "snapshot_name", metavar="NAME", help="With --snapshot: one of several.")
@click.option("--update", is_flag=True, help="With --snapshot: keep what has changed.")
@click.option("--untrusted", is_flag=True, help="Only the text of untrusted inputs, and from whom it comes.")
@common.output_option
@click.option("-q", "--quiet", is_flag=True, help="Only the messages.")
def command(
    template: str,
    params: tuple[str, ...],
    inputs_file: str | None,
    model: str | None,
    options: tuple[str, ...],
    tools: tuple[str, ...],
    form: str,
    explain: bool,
    untrusted: bool,
    tokens: bool,
    snapshot: bool,
    snapshot_name: str | None,
    update: bool,
    output_file: str | None,
    quiet: bool,
) -> None:
    """Show the messages that TEMPLATE renders to. Needs no key and no network.

    TEMPLATE is a path that ends in .yaml, or `-` for stdin.

    \b
    Examples:
      promptkit render triage/triage.yaml -i triage/inputs.json
      promptkit render triage/triage.yaml -p ticket="My invoice is wrong" -m gpt-oss-120b
      promptkit render triage/triage.yaml -i triage/inputs.json --explain
      promptkit render triage/triage.yaml -i triage/inputs.json --tokens
      promptkit render triage/triage.yaml -i triage/inputs.json --format html -o triage.html
      promptkit render triage/triage.yaml -i triage/inputs.json --snapshot
      promptkit render triage/triage.yaml -i triage/inputs.json --format openai -o body.json
      promptkit render - -p ticket=Hello < triage/triage.yaml
    """
    from promptkit.cli.inputs import read_inputs, refuse_two_readers
    from promptkit.cli.messages import fit
    from promptkit.cli.report import say
    from promptkit.cli.results import refuse_unwritable, write_result
    from promptkit.cli.templates import load_prompt
    from promptkit.cli.terminal import headed

    if (update or snapshot_name is not None) and not snapshot:
        raise click.UsageError("--name and --update go with --snapshot")
    if snapshot and (output_file is not None or form != "text" or explain or untrusted or tokens):
        raise click.UsageError("--snapshot goes without --output, --format, --tokens, --explain and --untrusted")
    if tokens and (explain or untrusted or form not in ("text", "json")):
        raise click.UsageError("--tokens goes without --explain and --untrusted, and is written as text or json")
    if snapshot and template == "-":
        raise click.UsageError("a template from stdin has no place for a snapshot")
    refuse_two_readers(template, inputs_file)
    refuse_unwritable(output_file, template, inputs_file)
    prompt = _used(load_prompt(template, quiet=quiet), model, options, tools)
    inputs = read_inputs(prompt, params, inputs_file)
    if snapshot:
        _compare(prompt.render(inputs), template, snapshot_name, update=update, quiet=quiet)
        return
    if explain or untrusted or form == "html":
        shown = _explained(prompt, inputs, form, only_untrusted=untrusted)
        write_result(shown, output_file, paint=headed if form == "text" else None)
        return
    if tokens:
        _tell_fit(prompt, inputs, form, output_file)
        return
    prompt, bound_later = _without_unknown_tools(prompt) if form in ("text", "json") else (prompt, ())
    request, notes = prompt.request(inputs), (*prompt.render(inputs).notes, *bound_later)
    write_result(_FORMS[form](prompt, request), output_file, paint=headed if form == "text" else None)
    if form == "text":
        say("\n".join((fit(prompt, request), *(f"note: {note}" for note in notes))), quiet=quiet)


def _used(prompt: Prompt[Any], model: str | None, options: tuple[str, ...], tools: tuple[str, ...]) -> Prompt[Any]:
    """The prompt as the command line says that it is to be used."""
    if model:
        prompt = prompt.using(model=model)
    if options:
        from promptkit.cli.generation import read_options

        prompt = prompt.using(options=read_options(options))
    if tools:
        from promptkit.cli.tools import named_tools

        prompt = prompt.using(tools=named_tools(tools))
    return prompt


def _tell_fit(prompt: Prompt[Any], inputs: dict[str, Any], form: str, output_file: str | None) -> None:
    """Show what the request fills of the window. Ends with code 7 when it does not fit.

    The log of past runs teaches how the model's server counts.
    """
    from promptkit.cli.report import EXCEEDED
    from promptkit.cli.results import write_result
    from promptkit.cli.token_bars import fit_text
    from promptkit.client import Client
    from promptkit.models.catalog import listed_models
    from promptkit.settings import load_settings

    settings = load_settings()
    with Client(settings=settings, log=settings.log) as client:
        fit = prompt.using(client=client).fit(inputs)
        others = listed_models(settings)
    told = fit.to_dict() | {"cuts": [cut.what for cut in fit.cuts(others=others)]}
    write_result(fit_text(fit, others) if form == "text" else common.to_json(told), output_file)
    if fit.fits is False:
        click.get_current_context().exit(EXCEEDED)
    prompt.request(inputs)  # what is over the prompt's own budget is told in an error


def _without_unknown_tools(prompt: Prompt[Any]) -> tuple[Prompt[Any], tuple[str, ...]]:
    """The prompt without the tools that only code can tell about, which change no message, and a word on them."""
    unknown = prompt.unknown_tools
    if not unknown:
        return prompt, ()
    shown = prompt.without_unknown_tools()
    return shown, (f"the request offers tools that are bound in code ({', '.join(unknown)}); `--tools` shows them",)


def _compare(rendered: Rendered, template: str, name: str | None, *, update: bool, quiet: bool) -> None:
    """Say whether the messages are those that were kept. Ends with code 8 when they are not."""
    from promptkit.cli.report import DRIFT, say
    from promptkit.cli.terminal import put
    from promptkit.snapshots import compare, snapshot_path

    path = snapshot_path(template, name)
    first = not path.exists()
    state, diff = compare(rendered, path, write=update or first)
    if state != "same" and not first:
        put(diff)
    said = {"same": f"as kept in {path}", "written": f"kept in {path}", "changed": f"not as kept in {path}"}
    cure = "\n`--update` keeps what is rendered now" if state == "changed" else ""
    say(f"{said[state]}{cure}", quiet=quiet)
    if state == "changed":
        click.get_current_context().exit(DRIFT)


def _explained(prompt: Prompt[Any], inputs: dict[str, Any], form: str, *, only_untrusted: bool) -> str:
    if form not in ("text", "json", "html"):
        raise click.UsageError(f"--explain and --untrusted are written as text, json or html, not as {form}")
    explained = prompt.explain(inputs)
    if only_untrusted and form != "html":
        from promptkit.cli.explain_output import untrusted_text

        listed = [{"message": index, **piece.to_dict()} for index, piece in explained.untrusted()]
        return untrusted_text(explained) if form == "text" else common.to_json({"version": 1, "untrusted": listed})
    if form == "html":
        from promptkit.explanation_html import page

        return page(explained, prompt.name).rstrip("\n")
    from promptkit.cli.explain_output import explained_text

    return (
        explained_text(explained, prompt.client.counter(prompt.facts))
        if form == "text"
        else common.to_json(explained.to_dict())
    )


def _text(prompt: Prompt[Any], request: Request) -> str:
    from promptkit.cli.messages import blocks

    return blocks(request.messages, prompt.client.counter(prompt.facts))


def _json(_: Prompt[Any], request: Request) -> str:
    return common.to_json({"version": 1, "messages": [message.to_openai() for message in request.messages]})


def _openai(_: Prompt[Any], request: Request) -> str:
    return common.to_json(request.to_openai())


def _other(name: str) -> Callable[[Prompt[Any], Request], str]:
    def write(prompt: Prompt[Any], request: Request) -> str:
        from promptkit.cli import requests

        written: str = getattr(requests, name)(prompt, request)
        return written

    return write


_FORMS: dict[str, Callable[[Prompt[Any], Request], str]] = {
    "text": _text,
    "json": _json,
    "openai": _openai,
    **{name: _other(name) for name in ("curl", "python", "yaml")},
}
