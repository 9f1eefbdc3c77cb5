"""A plan of faults: which of them is played for which request. The same plan and requests give the same faults.

    seed: 7
    faults:
      - {fault: rate_limited, requests: [1, 3], retry_after: 2}
      - {fault: stream_stall, share: 0.1, after: 5}
      - {fault: bad_gateway, first: 2, model: gpt-oss-120b}

A row plays for the requests that it names: by their `requests` (numbers from 1), the `first` so many, `every` so
many, a `share` of all (drawn by the seed), and of these those for a `model`, with or without `stream`, `containing` a
text. The first row that is about a request plays for it; all other keys are the fault's own options.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from promptkit.completion import canonical_json
from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError
from promptkit.testing.faults import FAULTS
from promptkit.testing.faults.refusals import CHOICES

if TYPE_CHECKING:
    from promptkit.testing.answers import Asked
    from promptkit.testing.faults.kinds import Fault


@dataclass(frozen=True, slots=True)
class _Selector:
    """A key that says for which requests a row plays: what its value is, in words and as a test."""

    words: str
    fits: Callable[[Any], bool]


def _is_count(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


_SELECTORS: Mapping[str, _Selector] = {
    "requests": _Selector(
        "a list of numbers, the first request is 1",
        lambda value: isinstance(value, list) and all(_is_count(number, 1) for number in value),
    ),
    "first": _Selector("a whole number of requests", lambda value: _is_count(value, 0)),
    "every": _Selector("a whole number from 1", lambda value: _is_count(value, 1)),
    "share": _Selector("a number from 0 to 1", _is_share),
    "model": _Selector("a text", lambda value: isinstance(value, str)),
    "stream": _Selector("true or false", lambda value: isinstance(value, bool)),
    "containing": _Selector("a text", lambda value: isinstance(value, str)),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A fault, when it is played, and with what options."""

    name: str
    fault: Fault
    chosen: Mapping[str, Any]
    options: Mapping[str, Any]

    def is_about(self, asked: Asked, drawn: float) -> bool:
        """Whether it plays for a request; `drawn` is a number from 0 to 1 that belongs to row and request."""
        chosen, stream = self.chosen, bool(asked.body.get("stream"))
        if self.fault.stream is not None and self.fault.stream != stream:
            return False
        tests = (
            ("requests", lambda numbers: asked.number in numbers),
            ("first", lambda most: asked.number <= most),
            ("every", lambda step: asked.number % step == 0),
            ("share", lambda share: drawn < share),
            ("model", lambda model: model == asked.model.id),
            ("stream", lambda wanted: wanted == stream),
            ("containing", lambda text: text in canonical_json(asked.body["messages"])),
        )
        return all(test(chosen[name]) for name, test in tests if name in chosen)


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows, in the order in which they are looked at, and the seed of what is drawn."""

    rows: tuple[Row, ...] = ()
    seed: int = 0

    def row(self, asked: Asked) -> Row | None:
        """The row that plays for a request; None when it is to be answered as it should be."""
        drawn = (
            (row, Random(f"{self.seed} {index} {asked.number}").random())  # noqa: S311 (a draw, no secret)
            for index, row in enumerate(self.rows)
        )
        return next((row for row, number in drawn if row.is_about(asked, number)), None)


def read_plan(data: Any, where: str = "faults") -> Plan:
    """The plan that YAML or JSON data describe: a mapping with `faults` and `seed`, or the list of rows alone.

    Raises `ConfigError` for whatever cannot be meant.
    """
    if isinstance(data, Sequence) and not isinstance(data, str):
        data = {"faults": data}
    if not isinstance(data, Mapping) or not isinstance(data.get("faults"), list | tuple):
        raise ConfigError("a plan has `faults`, a list of mappings with the key `fault`", where=where)
    for key in data:
        if key not in ("faults", "seed"):
            raise _unknown(key, ("faults", "seed"), "key", where)
    rows = (_row(row, f"{where}: fault {number}") for number, row in enumerate(data["faults"], 1))
    seed = data.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ConfigError(f"`seed` cannot be {seed!r}", where=where, help="it is a whole number")
    return Plan(tuple(rows), seed)


def _row(row: Any, where: str) -> Row:
    told = {"fault": row} if isinstance(row, str) else row
    if not isinstance(told, Mapping) or "fault" not in told:
        raise ConfigError("a row is a mapping with the key `fault`", where=where)
    name = told["fault"]
    if not isinstance(name, str):
        raise ConfigError(f"`fault` cannot be {name!r}", where=where, help="it is the name of a fault")
    if name not in FAULTS:
        raise _unknown(name, FAULTS, "fault", where)
    options = dict(FAULTS[name].options)
    given = {key: value for key, value in told.items() if key != "fault"}
    for key, value in given.items():
        if key not in _SELECTORS and key not in options:
            raise _unknown(key, (*_SELECTORS, *options), "key", where)
        if key in _SELECTORS and not _SELECTORS[key].fits(value):
            raise ConfigError(f"`{key}` cannot be {value!r}", where=where, help=f"it is {_SELECTORS[key].words}")
    for key in given.keys() & options.keys():
        _check_option(key, given[key], options[key], where)
    chosen = {key: value for key, value in given.items() if key in _SELECTORS}
    options |= {key: value for key, value in given.items() if key not in chosen}
    return Row(name, FAULTS[name], chosen, options)


def _check_option(name: str, value: Any, default: Any, where: str) -> None:
    """An option is of its default's kind, and one of the words that it may be."""
    words = CHOICES.get(name)
    if words is not None and value not in words:
        raise _unknown(value, words, f"`{name}`", where)
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    if isinstance(default, int | float) and not number:
        raise ConfigError(f"`{name}` cannot be {value!r}", where=where, help="it is a number from 0")
    if name in ("message", "text") and not isinstance(value, str):
        raise ConfigError(f"`{name}` cannot be {value!r}", where=where, help="it is a text")
    if name == "status" and value not in range(100, 600):
        raise ConfigError(f"`{name}` cannot be {value!r}", where=where, help="it is an HTTP status")
    if name == "retry_after" and not (number or (isinstance(value, str) and value.isprintable())):
        raise ConfigError(f"`{name}` cannot be {value!r}", where=where, help="it is a number of seconds, or a date")


def _unknown(name: object, known: Any, what: str, where: str) -> ConfigError:
    hint = did_you_mean(str(name), known)
    return ConfigError(f"there is no {what} `{name}`", where=where, help=hint or f"there is {', '.join(known)}")
