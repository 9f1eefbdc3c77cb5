"""`promptkit models probe` and `promptkit models pick`: what a model really does, and which one to take."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, get_args

import click

from promptkit.cli import common
from promptkit.cli.candidates import models
from promptkit.cli.report import say
from promptkit.cli.terminal import put
from promptkit.phrases import counted, steady

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptkit.models.choosing import Choice
    from promptkit.models.evidence import Finding
    from promptkit.probe_runner import Probing
    from promptkit.settings import Settings

_NAMES = ("stream", "json_mode", "json_schema", "tools", "forced_tools", "seed", "temperature")


@click.command("probe", short_help="Measure what a model really does. Needs a key.")
@click.argument("model_id", metavar="[ID]", required=False, shell_complete=models)
@click.option("--only", type=click.Choice(_NAMES), multiple=True, help="One ability; may be given several times.")
@click.option("--again", is_flag=True, help="Ask also what was found out before.")
@click.option("--dry-run", is_flag=True, help="Show the plan and send nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before requests are sent.")
@common.format_option
def probe(model_id: str | None, only: tuple[str, ...], again: bool, dry_run: bool, yes: bool, form: str) -> None:
    """Find out with at most eight small requests what a model on its server really does. Needs a key.

    The plan comes first. What was found is kept with its date, and everything else goes by it: how the form of an
    answer is asked for, what `models show` tells, which model is picked. When it is stopped, by a limit say, the same
    command goes on.

    \b
    Examples:
      promptkit models probe --dry-run
      promptkit models probe gpt-oss-120b --only json_schema --yes
      promptkit models probe MiniMax-M2.5 --yes --format json
    """
    from promptkit.cli.terminal import hide
    from promptkit.probe_runner import plan_probing
    from promptkit.settings import load_settings

    settings = load_settings()
    hide(*settings.secrets)
    probing = plan_probing(model_id or settings.model, settings, only, again=again)
    _tell_plan(probing)
    if dry_run or not (probing.left and _agreed(probing, yes=yes)):
        if form == "json" and not dry_run:
            put(_as_json(probing, settings))
        return
    try:
        for _, findings in probing.run(settings):
            if form == "text":
                put("\n".join(_line(name, finding) for name, finding in findings.items()))
    finally:  # also of a probing that a limit ends
        if form == "json":
            put(_as_json(probing, settings))


def _as_json(probing: Probing, settings: Settings) -> str:
    """All that is known of the model from probes, with how and when it showed."""
    found = known_of(probing, settings)
    rows = {name: {"value": each.value, "detail": each.detail, "date": each.date} for name, each in found.items()}
    return common.to_json({"version": 1, "model": probing.model, "findings": rows})


def known_of(probing: Probing, settings: Settings) -> Mapping[str, Finding]:
    """The findings that are kept of a model."""
    from promptkit.model_names import wire_name
    from promptkit.models.evidence import load_evidence

    return load_evidence(settings, probing.endpoint.base_url).get(wire_name(probing.model), {})


def _tell_plan(probing: Probing) -> None:
    from promptkit.probes import PROBES

    for name in probing.left:
        count = PROBES[name].count
        say(f"{name:13} {count} request{'s' if count > 1 else ' '}  {PROBES[name].meaning}")
    if probing.known:
        say(f"known already: {', '.join(probing.known)} (--again asks again)")
    total = counted(probing.requests, "request")
    say(f"{total} to {probing.endpoint.name} for {probing.model}")


def _agreed(probing: Probing, *, yes: bool) -> bool:
    if yes:
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked: --yes sends the requests")
    return click.confirm(f"send {probing.requests} requests?", default=True, err=True)


def _line(name: str, finding: Finding) -> str:
    found = finding.value
    value = "open" if found is None else found if not isinstance(found, bool) else "yes" if found else "no"
    return steady(f"{name:18} {value!s:8} {finding.detail}")


@click.command("pick", short_help="Pick a model by what it is for.")
@click.argument("template", metavar="[TEMPLATE]", required=False)
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["reasoning", "speed", "cost", "accuracy"]),
    help="What it is for; without TEMPLATE, cost.",
)
@click.option("--needs", metavar="ABILITY,...", help="json_schema, json_mode, tools, reasoning.")
@click.option("--context", type=click.IntRange(1), metavar="TOKENS", help="The window that it has to have.")
@click.option("--explain", is_flag=True, help="Every model that was looked at, and why it is not the one.")
@common.format_option
def pick(
    template: str | None, purpose: str | None, needs: str | None, context: int | None, explain: bool, form: str
) -> None:
    """Pick a model by what it is for, as `model: {for: ...}` in a prompt's file does. Needs no key and no network.

    Complex reasoning and accuracy take the largest model that fits, speed the fastest, cost the cheapest that has what
    is needed: MARA's own advice, over what the server listed, what was measured, documentation and your settings.

    \b
    Examples:
      promptkit models pick --for reasoning
      promptkit models pick --for cost --needs json_schema,tools --context 100000 --explain
    """
    from promptkit.models.choosing import choose
    from promptkit.settings import load_settings

    wanted = _wanted(template, purpose, needs, context)
    choice = choose(wanted, load_settings())
    if form == "json":
        put(common.to_json(_as_data(choice)))
    elif explain:
        put("\n".join(_explained(choice)))
    else:
        put(choice.name)
    if explain or form == "json":
        _ = choice.name  # raises where there is none


def _wanted(template: str | None, purpose: str | None, needs: str | None, context: int | None) -> Any:
    from promptkit.spec import Ability, ModelChoice

    abilities = tuple(name.strip() for name in (needs or "").split(",") if name.strip())
    known = get_args(Ability)
    unknown = [name for name in abilities if name not in known]
    if unknown:
        raise click.UsageError(f"--needs: there is no ability `{unknown[0]}`; there is {', '.join(known)}")
    given = {"purpose": purpose, "needs": abilities or None, "context": context}
    told: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if template is None:
        return ModelChoice(**told)
    from promptkit.cli.templates import load_prompt

    authored = load_prompt(template, quiet=True).spec.model
    if not isinstance(authored, ModelChoice):
        raise click.UsageError(f"{template} names its model: {authored or 'none'}; write `model: {{for: ...}}`")
    return authored.with_(**told) if told else authored


def _explained(choice: Choice) -> list[str]:
    lines = [f"rule: {choice.rule}"]
    width = max((len(each.facts.name) for each in choice.candidates), default=0)
    for number, each in enumerate(choice.candidates):
        mark = "->" if number == 0 and not each.rejected else "  "
        why = f"out: {'; '.join(each.rejected)}" if each.rejected else each.measure
        unsure = f"; nobody knows of: {', '.join(each.unsure)}" if each.unsure and not each.rejected else ""
        lines.append(f"{mark} {each.facts.name:{width}}  {why}{unsure}")
    return lines


def _as_data(choice: Choice) -> dict[str, Any]:
    best = choice.candidates[0] if choice.candidates else None
    return {
        "version": 1,
        "model": best.facts.name if best and not best.rejected else None,
        "rule": choice.rule,
        "candidates": [
            {
                "id": each.facts.name,
                "measure": each.measure,
                "rejected": list(each.rejected),
                "unsure": list(each.unsure),
                "source": each.facts.source,
            }
            for each in choice.candidates
        ],
    }
