"""Calls of tools, as models write them out where an answer was asked for: the arguments are then the answer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from promptkit.output.strict_json import NotJson, parse_json

_NAMES = ("name", "tool_name", "function", "action", "tool")
ARGUMENTS = ("arguments", "parameters", "args", "input", "action_input", "tool_input")
_AROUND = ("function", "tool_call", "function_call")
_BESIDE = ("type", "id", "index", "tool_call_id")
OF_A_CALL = frozenset((*_NAMES, *ARGUMENTS, *_AROUND, *_BESIDE))
"""The keys of a call: OpenAI's, and those of ReAct, Command and Claude, by their chat templates."""
MAY_HOLD = frozenset((*ARGUMENTS, *_AROUND))
"""The keys under which the arguments may stand."""


def arguments_of(value: Any) -> tuple[str, dict[str, Any]] | None:
    """The key and the arguments of a call, or of a list of one; None for what is no call."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict) or not value.keys() <= OF_A_CALL:
        return None
    around = [key for key in _AROUND if isinstance(value.get(key), dict)]
    if len(around) == 1 and value.keys() <= {around[0], *_BESIDE}:
        return arguments_of(value[around[0]])
    given = {key: _read(value[key]) for key in ARGUMENTS if key in value}
    listed = [(key, each) for key, each in given.items() if each is not None]
    named = [key for key in _NAMES if isinstance(value.get(key), str)]
    return listed[0] if named and len(listed) == len(given) == 1 else None


def _read(given: Any) -> dict[str, Any] | None:
    """Arguments, also as a text of JSON, which is OpenAI's own form; None for what is neither."""
    if isinstance(given, str):
        with suppress(NotJson):
            given = parse_json(given)
    return given if isinstance(given, dict) else None
