"""`promptkit run`: ask the model, print the validated answer."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.errors import QuotaExhausted
    from promptkit.prompt import Prompt
    from promptkit.result import Result


@click.command("run")
@common.template_argument
@common.input_options
@common.model_option
@common.generation_options
@common.tool_options
@click.option("--tools-approve", is_flag=True, help="Run tools that are to be confirmed without asking.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="text: the answer alone; json: the answer with its receipt.",
)
@common.output_option
@click.option("--stream", is_flag=True, help="Show the answer while it arrives.")
@click.option("--dry-run", is_flag=True, help="Print the request and send nothing.")
@click.option(
    "--record",
    metavar="FILE",
    multiple=True,
    callback=common.once,
    type=click.Path(readable=False),
    help="Add the answers to a file for replay:FILE.",
)
@click.option("--cached", is_flag=True, help="Take the answer that the same request got before, if there is one.")
@click.option("--no-log", is_flag=True, help="Keep this run out of the log, and its answer out of the cache.")
@click.option("-q", "--quiet", is_flag=True, help="Only the answer, and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Tell what was sent and what was done to each answer.")
def command(
    template: str,
    params: tuple[str, ...],
    inputs_file: str | None,
    model: str | None,
    options: tuple[str, ...],
    tools: tuple[str, ...],
    tools_approve: bool,
    form: str,
    output_file: str | None,
    stream: bool,
    dry_run: bool,
    record: str | None,
    cached: bool,
    no_log: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run TEMPLATE: ask the model, validate the answer, print it.

    The answer goes to stdout and everything else to stderr. Exit codes: 2 usage, prompt file or setting, 3 inputs,
    4 provider or network, 5 key, 6 no valid answer, 7 too long, 8 no such recording, 70 a bug, 75 quota used up,
    130 interrupted.

    \b
    Examples:
      promptkit run triage/triage.yaml -i triage/inputs.json -m simulate:
      promptkit run triage/triage.yaml -p ticket="My invoice is wrong" --format json
      promptkit run triage/triage.yaml -i triage/inputs.json -m gpt-oss-120b --stream -v
      promptkit run triage/triage.yaml -i triage/inputs.json --record answers.jsonl -o answer.json
      promptkit run triage/triage.yaml -i triage/inputs.json -O temperature=0 -O max_tokens=500
      promptkit run triage/triage.yaml -i triage/inputs.json --cached
      promptkit run triage/triage.yaml -i triage/inputs.json --dry-run
      promptkit run triage/triage.yaml -i triage/inputs.json --tools tools.py:look_up --tools-approve
    """
    from promptkit.cli.generation import read_options
    from promptkit.cli.inputs import read_inputs, refuse_two_readers
    from promptkit.cli.results import refuse_unwritable, write_result
    from promptkit.cli.templates import load_prompt
    from promptkit.cli.terminal import hide
    from promptkit.cli.tools import confirming, named_tools
    from promptkit.client import Client
    from promptkit.errors import QuotaExhausted
    from promptkit.settings import load_settings

    refuse_two_readers(template, inputs_file)
    refuse_unwritable(output_file, template, inputs_file)
    prompt = load_prompt(template, quiet=quiet)
    settings = load_settings()
    hide(*settings.secrets)
    keeps = cached or (settings.log_content and not no_log)
    client = Client(settings=settings, log=settings.log and not no_log, record=record, cache=keeps, refresh=not cached)
    with client, _warnings_shown(quiet=quiet):
        confirm = confirming(approve=tools_approve)
        prompt = prompt.using(model=model, client=client, tools=named_tools(tools), confirm=confirm)
        prompt = prompt.using(options=read_options(options))
        inputs = read_inputs(prompt, params, inputs_file)
        if dry_run:
            write_result(common.to_json(prompt.request(inputs).to_openai()), output_file)
        else:
            told = {"stream": stream, "quiet": quiet, "verbose": verbose and not quiet}
            try:
                _run(prompt, inputs, form, output_file, **told)
            except QuotaExhausted as error:
                if not _takes_kept(prompt, inputs, error):
                    raise
                with Client(settings=settings, cache=True) as kept:
                    _run(prompt.using(client=kept), inputs, form, output_file, **told)


def _takes_kept(prompt: Prompt[Any], inputs: dict[str, Any], error: QuotaExhausted) -> bool:
    """Whether an answer that is kept shall do, since none can be had today: asked at a terminal, else told."""
    import sys

    if prompt.spec.tools or prompt.request(inputs).tools:
        return False  # tools that ran would run again
    kept = prompt.client.kept_answer(prompt.model, prompt.request(inputs))
    if kept is None:
        return False
    if sys.stdin is not None and sys.stdin.isatty():
        from promptkit.cli.report import say

        say(f"{error.message}")
        return click.confirm(f"take the answer of {kept.cached}?", default=True, err=True)
    error.help = "; ".join(filter(None, (error.help, f"--cached takes the answer of {kept.cached}")))
    return False


def _run(
    prompt: Prompt[Any],
    inputs: dict[str, Any],
    form: str,
    output_file: str | None,
    *,
    stream: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    from promptkit.cli.receipt import FORMS, tell_receipt
    from promptkit.cli.results import write_result

    if verbose:
        _tell_request(prompt, inputs)
    wanted = stream and form == "text" and output_file is None
    result, shown = _asked(prompt, inputs, stream=stream, to_stdout=wanted, quiet=quiet)
    if not shown:
        write_result(FORMS[form](prompt, result), output_file)
    if not quiet:
        tell_receipt(result, verbose=verbose)


def _asked(
    prompt: Prompt[Any], inputs: dict[str, Any], *, stream: bool, to_stdout: bool, quiet: bool
) -> tuple[Result[Any], bool]:
    """The result, and whether stdout has it already."""
    if not stream:
        from promptkit.cli.waiting import waiting

        with waiting(prompt.model, quiet=quiet or prompt.asks):  # the line would wipe the question away
            return prompt.run(inputs), False
    from promptkit.cli.live import shows_its_text, streamed

    live = to_stdout and shows_its_text(prompt)
    return streamed(prompt, inputs, to_stdout=live, quiet=quiet), live


def _tell_request(prompt: Prompt[Any], inputs: dict[str, Any]) -> None:
    from promptkit.cli.messages import blocks, fit
    from promptkit.cli.report import say

    request = prompt.request(inputs)
    options = ", ".join(f"{name} {value}" for name, value in request.options.items())
    shown = blocks(request.messages, prompt.client.counter(prompt.facts))
    say(f"{shown}\n{fit(prompt, request)}      options: {options}\n")


@contextmanager
def _warnings_shown(*, quiet: bool) -> Iterator[None]:
    """Let what the library warns of, such as an option without effect, be seen in our own form."""
    import logging

    from promptkit.cli.report import say

    class Shown(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(f"warning: {record.getMessage()}", quiet=quiet)

    log, shown = logging.getLogger("promptkit"), Shown(logging.WARNING)
    log.addHandler(shown)
    try:
        yield
    finally:
        log.removeHandler(shown)
