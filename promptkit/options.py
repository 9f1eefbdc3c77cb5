"""What is known of chat-completions options: their types, MARA's ranges, and which of them MARA ignores.

Pure data and checks, so that a template's options are judged when it is loaded and a request's before it is
sent. Sources: MARA docs, pages OpenAI compatibility and Error codes; where MARA is silent, SambaNova's OpenAPI
file 1.2.0, since MARA runs that software (all read 2026-11-22).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, NamedTuple

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError
from promptkit.phrases import shortened

TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
"""The two names of the most tokens that an answer may have; only ever one of them is sent."""

MOST_STOPS = 4
MOST_TOOLS = 128
EFFORTS = ("low", "medium", "high")


def token_limit(options: Mapping[str, Any]) -> int | None:
    """How many tokens an answer may have; None where nothing is said."""
    return next((options[name] for name in TOKEN_LIMITS if options.get(name)), None)


class OptionFault(NamedTuple):
    """What is wrong with an option. An error would be refused by the server, a warning has no effect there."""

    severity: Literal["error", "warning"]
    message: str
    help: str = ""


class Option(NamedTuple):
    """One option: the values it takes, in words, and whether a value is one of them."""

    words: str
    fits: Callable[[Any], bool]


def _number(low: float, high: float = math.inf) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and math.isfinite(value) and low <= value <= high

    return fits


def _integer(low: float, high: float = math.inf) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    return fits


def _is(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


def _is_stop(value: Any) -> bool:
    stops = [value] if isinstance(value, str) else value
    if not isinstance(stops, list | tuple) or not 1 <= len(stops) <= MOST_STOPS:
        return False
    return all(isinstance(stop, str) and stop for stop in stops)


def _is_tool_choice(value: Any) -> bool:
    if isinstance(value, str):
        return value in ("none", "auto", "required")
    function = value.get("function") if isinstance(value, Mapping) and value.get("type") == "function" else None
    return isinstance(function, Mapping) and isinstance(function.get("name"), str)


KNOWN_OPTIONS: Mapping[str, Option] = {
    "temperature": Option("a number from 0", _number(0)),
    "top_p": Option("a number from 0 to 1", _number(0, 1)),
    "top_k": Option("a whole number from 1 to 100", _integer(1, 100)),
    "max_tokens": Option("a whole number from 1", _integer(1)),
    "max_completion_tokens": Option("a whole number from 1", _integer(1)),
    "stop": Option(f"a text, or a list of at most {MOST_STOPS} texts", _is_stop),
    "reasoning_effort": Option(f"one of {', '.join(EFFORTS)}", _is(str)),
    "chat_template_kwargs": Option("a mapping", _is(Mapping)),
    "do_sample": Option("true or false", _is(bool)),
    "repetition_penalty": Option("a number from 0; 1 is none", _number(0)),
    "tool_choice": Option("none, auto, required, or a mapping that names a function", _is_tool_choice),
    "parallel_tool_calls": Option("true or false", _is(bool)),
    "n": Option("a whole number from 1", _integer(1)),
    "seed": Option("a whole number", _integer(-math.inf)),
    "logprobs": Option("true or false", _is(bool)),
    "top_logprobs": Option("a whole number from 0 to 20", _integer(0, 20)),
    "logit_bias": Option("a mapping", _is(Mapping)),
    "presence_penalty": Option("a number from -2 to 2", _number(-2, 2)),
    "frequency_penalty": Option("a number from -2 to 2", _number(-2, 2)),
}
"""Every option with a meaning in the documentation."""

IGNORED_BY_MARA = frozenset(
    ("n", "seed", "logprobs", "top_logprobs", "logit_bias", "presence_penalty", "frequency_penalty")
)
"""MARA docs, page OpenAI compatibility: accepted, and without any effect."""

_OWN: Mapping[str, str] = {
    "model": "name it under `model`, or with -m",
    "messages": "write persona, context and task, or `messages` beside `options`",
    "stream": "ask for a stream when you run the prompt",
    "stream_options": "promptkit asks for the usage of a stream by itself",
    "response_format": "declare the form under `output`",
    "tools": "name them under `tools` beside `options`",
}


_OF_A_TEMPLATE = "options hold no templates; a call may set another value, as `promptkit run -O temperature=0.2` does"


def check_option(
    name: str,
    value: Any,
    *,
    max_temperature: float | None = 1.0,
    ignored: Collection[str] = IGNORED_BY_MARA,
) -> OptionFault | None:
    """What is wrong with one option, if anything; a null unsets an option and is always right.

    `max_temperature` is MARA's documented 1 unless the endpoint allows more (None: no limit is known).
    """
    if name in _OWN:
        return OptionFault("error", f"`{name}` is not an option: promptkit fills it in", _OWN[name])
    if value is None:
        return None
    if name not in KNOWN_OPTIONS:
        return OptionFault("warning", f"`{name}` is not a known option; it is sent as it is", "")
    if not KNOWN_OPTIONS[name].fits(value):
        cure = _OF_A_TEMPLATE if isinstance(value, str) and "{{" in value else ""
        return OptionFault("error", f"`{name}` must be {_words(name, max_temperature)}, not {_shown(value)}", cure)
    if name in ignored:
        return OptionFault("warning", f"MARA ignores `{name}`: it has no effect there", "remove it")
    return _QUIRKS[name](value, max_temperature) if name in _QUIRKS else None


def check_together(options: Mapping[str, Any]) -> OptionFault | None:
    """What is wrong with options that are right one by one."""
    if set(TOKEN_LIMITS) <= {name for name, value in options.items() if value is not None}:
        message = "`max_tokens` and `max_completion_tokens` exclude each other"
        return OptionFault("error", message, "keep `max_tokens`")
    return None


def check_tools(count: int) -> OptionFault | None:
    """What is wrong with so many tools."""
    if count > MOST_TOOLS:
        return OptionFault("error", f"{count} tools are more than the {MOST_TOOLS} that a request may have")
    return None


def _temperature(value: float, highest: float | None) -> OptionFault | None:
    if highest is None or value <= highest:
        return None
    cure = "lower it; PROMPTKIT_MAX_TEMPERATURE raises the limit for a server that allows more"
    return OptionFault("error", f"`temperature` must be {_words('temperature', highest)}, not {value}", cure)


def _effort(value: str, _: float | None) -> OptionFault | None:
    if value in EFFORTS:
        return None
    message = f"`reasoning_effort` is documented as {', '.join(EFFORTS)}, not {value}"
    return OptionFault("warning", message, did_you_mean(value, EFFORTS))


_QUIRKS: Mapping[str, Callable[[Any, float | None], OptionFault | None]] = {
    "temperature": _temperature,
    "reasoning_effort": _effort,
}


def _words(name: str, highest: float | None) -> str:
    words = KNOWN_OPTIONS[name].words
    return f"{words} to {highest:g}" if name == "temperature" and highest is not None else words


def _shown(value: Any) -> str:
    text = repr(value)
    return shortened(text, 60)


def checked_options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Options of a call. A file may hold an option that only some server knows; in a call it is a typing error.

    Raises `ConfigError`.
    """
    for name, value in (options or {}).items():
        fault = check_option(name, value, max_temperature=None)
        if fault is not None and fault.severity == "error":
            raise ConfigError(fault.message, where="options", help=fault.help)
        if name not in KNOWN_OPTIONS:
            known = did_you_mean(name, KNOWN_OPTIONS)
            cure = known or "one that only your server knows goes under the file's `options`"
            raise ConfigError(f"there is no option `{name}`", where="options", help=cure)
    return dict(options or {})
