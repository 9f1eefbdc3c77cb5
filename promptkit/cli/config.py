"""`promptkit config`: every setting and where it comes from."""

from __future__ import annotations

import json
from typing import Any

import click

from promptkit.cli import common
from promptkit.cli.terminal import put


@click.command("config")
@common.format_option
def command(form: str) -> None:
    """Show every setting and limit, its value here and where it comes from. A key is only `set` or `not set`.

    \b
    Examples:
      promptkit config
      promptkit config --format json
    """
    from promptkit.limits import shown_limits
    from promptkit.settings import load_settings

    rows = load_settings().rows()
    limits = shown_limits()
    if form == "json":
        put(common.to_json({"version": 1, "settings": rows, "limits": limits}))
        return
    cells = [(row["name"], _text(row["value"]), row["origin"]) for row in (*rows, *limits)]
    name_width, value_width = (max(len(cell[column]) for cell in cells) for column in (0, 1))
    for name, value, origin in cells:
        put(f"{name:{name_width}}  {value:{value_width}}  {origin}".rstrip())


def _text(value: Any) -> str:
    """Texts as they are, everything else as JSON; nothing at all as a dash."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if value not in ([], {}) else "-"
