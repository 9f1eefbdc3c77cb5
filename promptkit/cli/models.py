"""`promptkit models`: which models there are, what is known of them, and where that comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from promptkit.cli import common
from promptkit.cli.candidates import models
from promptkit.cli.probe import pick, probe
from promptkit.cli.report import say
from promptkit.cli.terminal import put
from promptkit.errors import AuthError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from promptkit.completion import ModelFacts
    from promptkit.models.evidence import Finding
    from promptkit.settings import Settings

_TITLES = ("id", "window", "max output", "USD per 1M in/out", "source")


@click.group("models")
def command() -> None:
    """What is known of models, and which one to take. Only `refresh` and `probe` use the network.

    \b
    Examples:
      promptkit models list
      promptkit models show MiniMax-M2.5
      promptkit models pick --for reasoning --explain
      promptkit models refresh
      promptkit models probe --dry-run
    """


command.add_command(probe)
command.add_command(pick)


@command.command("list", short_help="List the models.")
@common.format_option
def list_models(form: str) -> None:
    """List the models: as the server listed them last, or else as documentation names them.

    \b
    Examples:
      promptkit models list
      promptkit models list --format json
    """
    from promptkit.models.catalog import listed_models, load_catalog
    from promptkit.settings import load_settings

    settings = load_settings()
    models = listed_models(settings)
    if form == "json":
        put(common.to_json({"version": 1, "models": [_row(model) for model in models]}))
        return
    put("\n".join(_table([_TITLES, *map(_cells, models)])))
    if load_catalog(settings) is None:
        say("from documentation; `promptkit models refresh` asks the server itself")


@command.command("show")
@click.argument("model_id", metavar="ID", shell_complete=models)
@common.format_option
def show_model(model_id: str, form: str) -> None:
    """Show all that is known of one model.

    \b
    Examples:
      promptkit models show MiniMax-M2.5
      promptkit models show local: --format json
    """
    from promptkit.models.catalog import facts_for, near_model
    from promptkit.settings import load_settings

    settings = load_settings()
    facts = facts_for(model_id, settings)
    if not facts.source:
        cure = near_model(model_id, settings) or "`promptkit models list` shows those that are known"
        raise ConfigError(f"nothing is known of the model `{model_id}`", help=cure)
    if form == "json":
        put(common.to_json({"version": 1, "model": _row(facts)}))
    else:
        put("\n".join(f"{name:17} {_plain(value, name)}" for name, value in _row(facts).items()))
        for name, finding in _measured(facts.name, settings).items():
            say(f"measured {finding.date[:10]}: {name} {_plain(finding.value, '')}, {finding.detail}")


@command.command("refresh", short_help="Ask the server for its models. Needs a key.")
@common.format_option
def refresh(form: str) -> None:
    """Ask the server for its models and keep the answer, with its date, in the cache. Needs a key.

    \b
    Examples:
      promptkit models refresh
      promptkit models refresh --format json
    """
    from promptkit.models.catalog import fetch_models, save_catalog
    from promptkit.models.endpoint import configured_endpoint
    from promptkit.settings import load_settings

    settings = load_settings()
    endpoint = configured_endpoint(settings)
    try:
        catalog = fetch_models(endpoint)
    except AuthError as error:
        if not endpoint.api_key:
            error.help = f"export {endpoint.key_variable}=...   or name another server with MARA_BASE_URL"
        raise
    path = save_catalog(catalog, settings)
    if form == "json":
        rows = [_row(model) for model in catalog.models]
        put(common.to_json({"version": 1, "fetched": catalog.fetched, "models": rows}))
    else:
        put(f"{len(catalog.models)} models from {catalog.base_url}, kept in {path}")


def _measured(name: str, settings: Settings) -> Mapping[str, Finding]:
    from promptkit.model_names import parse_model_name, wire_name
    from promptkit.models.evidence import load_evidence

    return load_evidence(settings, parse_model_name(name).base_url).get(wire_name(name), {})


def _row(facts: ModelFacts) -> dict[str, Any]:
    return {
        "id": facts.name,
        "context_length": facts.context_length,
        "max_output": facts.max_output,
        "prompt_price": facts.prompt_price,
        "completion_price": facts.completion_price,
        "json_schema": facts.json_schema,
        "json_mode": facts.json_mode,
        "reasoning": facts.reasoning,
        "tools": facts.tools,
        "forced_tools": facts.forced_tools,
        "parameters": facts.parameters,
        "active_parameters": facts.active_parameters,
        "tokens_per_second": facts.tokens_per_second,
        "source": facts.source,
    }


def _cells(facts: ModelFacts) -> tuple[str, ...]:
    prices = (facts.prompt_price, facts.completion_price)
    price = "-" if prices == (None, None) else "/".join(_per_million(each) for each in prices)
    return (facts.name, _tokens(facts.context_length), _tokens(facts.max_output), price, facts.source or "-")


def _tokens(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _per_million(price: float | None) -> str:
    return "-" if price is None else f"{price * 1e6:.2f}"


def _plain(value: Any, name: str) -> str:
    if value is None or value == "":
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and not name.endswith("price"):
        return f"{value:,.0f}" if value >= 100 else f"{value:g}"
    if isinstance(value, float):
        return f"{value:.10f}".rstrip("0").rstrip(".") + " USD a token"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(rows: list[tuple[str, ...]]) -> Iterable[str]:
    """Aligned columns, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers, source in rows:
        aligned = (f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:-1], strict=True))
        yield "  ".join((f"{name:{widths[0]}}", *aligned, source)).rstrip()
