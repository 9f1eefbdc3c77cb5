"""Options of a generation, as they stand on the command line: `-O temperature=0`."""

from __future__ import annotations

import json
from typing import Any

import click


def read_options(pairs: tuple[str, ...]) -> dict[str, Any]:
    """The options by name. A value is read as in a prompt's file: a number, true, false, null, else a text; or as JSON.

    Raises `click.UsageError`.
    """
    from promptkit.yaml_nodes import resolve

    found: dict[str, Any] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"`{pair}` is not NAME=VALUE", param_hint="-O")
        if name in found:
            raise click.BadParameter(f"`{name}` is given twice", param_hint="-O")
        found[name] = _json(text, name) if text[:1] in ("[", "{", '"') else resolve(text)
    return found


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"`{name}` is no JSON: {error}", param_hint="-O") from None
