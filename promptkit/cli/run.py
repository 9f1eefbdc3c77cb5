"""`promptkit run`: ask the model, print the validated answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common
from promptkit.cli.report import say, stderr_is_terminal

if TYPE_CHECKING:
    from promptkit.prompt import Prompt
    from promptkit.result import Attempt, Result


@click.command("run")
@common.template_argument
@common.input_options
@common.model_option
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
@click.option("--record", metavar="FILE", type=click.Path(), help="Add the answers to a file for replay:FILE.")
@click.option("--no-log", is_flag=True, help="Keep this run out of the log.")
@click.option("-q", "--quiet", is_flag=True, help="Only the answer.")
@click.option("-v", "--verbose", is_flag=True, help="Tell what was sent and what was done to each answer.")
def command(
    template: str,
    params: tuple[str, ...],
    inputs_file: str | None,
    model: str | None,
    form: str,
    output_file: str | None,
    stream: bool,
    dry_run: bool,
    record: str | None,
    no_log: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run TEMPLATE: ask the model, validate the answer, print it.

    The answer goes to stdout and everything else to stderr. Exit code 6 means that no valid answer came.

    \b
    Examples:
      promptkit run triage.yaml -p ticket="My invoice is wrong"
      promptkit run triage.yaml -i inputs.json -m local:
      promptkit run triage.yaml -i inputs.json -m simulate: --format json
    """
    from promptkit.client import Client

    prompt = common.load_prompt(template)
    with Client(log=not no_log and not dry_run, record=record) as client:
        prompt = prompt.using(model=model, client=client)
        inputs = common.read_inputs(prompt, params, inputs_file)
        if dry_run:
            common.write_result(common.to_json(prompt.request(inputs).to_openai()), output_file)
            return
        live = stream and output_file is None and form == "text" and _is_text(prompt)
        result = _streamed(prompt, inputs, live=live, quiet=quiet) if stream else prompt.run(inputs)
        if not live:
            common.write_result(_FORMS[form](prompt, result), output_file)
        _receipt(result, quiet=quiet, verbose=verbose)


def _is_text(prompt: Prompt[Any]) -> bool:
    """Whether the model's text is the answer as it stands, so that it can be shown on stdout while it arrives."""
    from promptkit.thought import thought_mode

    spec = prompt.spec
    return spec.output.format in ("text", "markdown") and thought_mode(spec, prompt.facts) in ("off", "native")


def _streamed(prompt: Prompt[Any], inputs: dict[str, Any], *, live: bool, quiet: bool) -> Result[Any]:
    """Show the text as it comes: on stdout where the text is the answer, else on stderr for whoever watches."""
    from promptkit.events import AttemptAbandoned, TextDelta

    shown = live or (stderr_is_terminal() and not quiet)
    started = False
    try:
        with prompt.stream(inputs) as stream:
            for event in stream:
                if isinstance(event, TextDelta) and shown:
                    click.echo(event.text, nl=False, err=not live)
                    started = True
                elif isinstance(event, AttemptAbandoned):
                    say(f"\nasked again: {event.reason}", quiet=quiet)
            return stream.result()
    finally:
        if started:
            click.echo(err=not live)


def _text(_: Prompt[Any], result: Result[Any]) -> str:
    return result.output if isinstance(result.output, str) else common.to_json(result.output)


def _json(prompt: Prompt[Any], result: Result[Any]) -> str:
    usage = result.usage
    return common.to_json(
        {
            "version": 1,
            "prompt": prompt.name,
            "model": result.model,
            "output": result.output,
            "reasoning": result.reasoning,
            "confidence": result.confidence,
            "checks": [{"name": check.name, "passed": check.passed} for check in result.checks],
            "usage": {
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": usage.completion_tokens,
                "reasoning_tokens": usage.reasoning_tokens,
                "requests": usage.requests,
            },
            "cost": result.cost,
            "steps": [str(step) for step in result.steps],
            "attempts": [_attempt(attempt) for attempt in result.attempts],
            "record": result.record_id,
        }
    )


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "text": attempt.completion.text if attempt.completion else "",
        "violations": [str(violation) for violation in attempt.violations],
        "seconds": round(attempt.seconds, 3),
    }


_FORMS = {"text": _text, "json": _json}


def _receipt(result: Result[Any], *, quiet: bool, verbose: bool) -> None:
    """What there is to know beside the answer: always when something had to be done, else on request."""
    for check in result.checks:
        if not check.passed:
            say(f"check failed: {check.name}" + (f" ({check.message})" if check.message else ""), quiet=quiet)
    if result.confidence != "native":
        say(
            f"{result.confidence}: {len(result.attempts)} attempts; promptkit log show {result.record_id}",
            quiet=quiet,
        )
    if verbose:
        usage = result.usage
        spent = f"{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens"
        say(f"model {result.model}, {spent}, record {result.record_id or '-'}")
        for step in result.steps:
            say(f"  {step}")
        if result.reasoning:
            say(f"reasoning: {result.reasoning}")
