"""What `promptkit chat replay` shows: a row for each turn, a column for each memory, and a picture of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common

if TYPE_CHECKING:
    from promptkit.completion import ModelFacts
    from promptkit.prompt import Prompt
    from promptkit.simulation import Simulated, SimulatedTurn
    from promptkit.tokens import TokenCounter

USUAL = ("full", "last: 10", "tokens: 2000", "last: 10, summarise: true")


@click.command("replay", short_help="Show what each memory would send of a transcript, turn by turn.")
@click.argument("transcript", type=click.Path(readable=False))
@click.option(
    "--memory",
    "memories",
    metavar="POLICY",
    multiple=True,
    help="A memory: full, summarise, or such as `last: 20`. Repeatable; without any, several usual ones.",
)
@click.option(
    "--template", metavar="TEMPLATE", type=click.Path(readable=False), help="The prompt whose fixed part counts too."
)
@common.input_options
@common.model_option
@click.option("--window", type=click.IntRange(1), metavar="TOKENS", help="A window in the place of the model's.")
@click.option(
    "--svg", metavar="FILE", type=click.Path(readable=False), help="Draw a picture of the tokens of each turn."
)
@common.format_option
def replay(
    transcript: str,
    memories: tuple[str, ...],
    template: str | None,
    params: tuple[str, ...],
    inputs_file: str | None,
    model: str | None,
    window: int | None,
    svg: str | None,
    form: str,
) -> None:
    """Show offline what each memory would send of TRANSCRIPT at each turn, its tokens and its price.

    TRANSCRIPT is a saved conversation, or messages in OpenAI's form: a JSON list, or one in each line. A summary is
    counted as long as it may become, and its making is part of the price.

    \b
    Examples:
      promptkit chat replay chat.jsonl
      promptkit chat replay chat.jsonl --memory full --memory "last: 4" --svg chat.svg
      promptkit chat replay chat.jsonl --memory "tokens: 500" -m gpt-oss-120b --format json
    """
    from promptkit.cli.chat_memory import parsed_memory
    from promptkit.cli.chat_picture import picture
    from promptkit.cli.inputs import read_inputs
    from promptkit.cli.report import say
    from promptkit.cli.results import write_result
    from promptkit.cli.terminal import put
    from promptkit.client import Client
    from promptkit.memory import policy_of
    from promptkit.options import token_limit
    from promptkit.prompt import Prompt
    from promptkit.settings import load_settings
    from promptkit.simulation import read_turns, simulate
    from promptkit.tokens import count_messages, count_request

    read = read_turns(Path(transcript))
    policies = [policy_of(parsed_memory(text)) for text in memories or USUAL]
    settings = load_settings()
    with Client(settings=settings, log=settings.log) as client:
        prompt = (_loaded(template) or Prompt.from_text("task: '-'")).using(client=client, model=model)
        facts, counter = prompt.facts, client.counter(prompt.facts)
        inputs = read_inputs(prompt, params, inputs_file)
        chat = prompt.chat(inputs) if template else None
        request = prompt.request({**chat.inputs, chat.input: "..."} if chat else {})
        reserved = token_limit(request.options) or 0
        said = count_messages(request.messages[-1:], counter)[0]
        own = sum(count_messages(read.system, counter)) + counter.fixed
        fixed = count_request(request, counter) - said if template else own
    if window is not None:
        facts, reserved = replace(facts, context_length=window), min(reserved, window // 4)
    all_told = [simulate(read, policy, facts, counter, fixed=fixed, reserved=reserved) for policy in policies]
    if svg is not None:
        write_result(picture(all_told, facts.context_length), svg)
        say(f"drawn in {svg}")
    if form == "json":
        listed = [_data(each) for each in all_told]
        put(common.to_json({"version": 1, "model": facts.name, "window": facts.context_length, "memories": listed}))
        return
    put(_table(all_told, facts, fixed, counter))


def _loaded(template: str | None) -> Prompt[Any] | None:
    from promptkit.cli.templates import load_prompt

    return None if template is None else load_prompt(template)


def _data(simulated: Simulated) -> dict[str, Any]:
    from promptkit.simulation import turns_data

    turns = list(turns_data(simulated))
    return {"memory": str(simulated.memory), "tokens": simulated.tokens, "cost": simulated.cost, "turns": turns}


def _table(all_told: list[Simulated], facts: ModelFacts, fixed: int, counter: TokenCounter) -> str:
    """Tokens of each turn under each memory, with how many turns go along, and what it comes to."""
    about = f" (+-{counter.error * 100:.0f} %)" if counter.error else ""
    window = f"{facts.context_length:,} tokens" if facts.context_length else "not known"
    head = ["turn", *(str(each.memory) for each in all_told)]
    count = max(len(each.turns) for each in all_told)
    rows = [
        [str(n + 1), *(_cell(each.turns[n]) if n < len(each.turns) else "" for each in all_told)] for n in range(count)
    ]
    rows.append(["all", *(f"{each.tokens:,}" for each in all_told)])
    costs = ["" if each.cost is None else f"{each.cost:.6f}" for each in all_told]
    rows += [["USD", *costs]] if any(costs) else []
    made = [sum(bool(turn.folded[0]) for turn in each.turns) for each in all_told]
    if any(made):
        rows.append(["summaries", *(str(each) if each else "" for each in made)])
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    facts_line = f"{facts.name}: window {window}; {fixed:,} tokens stand before the turns"
    legend = f"tokens sent{about}, and in brackets how many earlier turns go along (s: with a summary)"
    refused = [
        f"{each.memory}: turn {len(each.turns)} is refused: {each.turns[-1].refused}"
        for each in all_told
        if _refused(each)
    ]
    return "\n".join((facts_line, legend, lines[0], *lines[1:], *refused))


def _cell(turn: SimulatedTurn) -> str:
    return "refused" if turn.refused else f"{turn.tokens:,} ({turn.sent}{'s' if turn.summary else ''})"


def _refused(simulated: Simulated) -> bool:
    return bool(simulated.turns and simulated.turns[-1].refused)
