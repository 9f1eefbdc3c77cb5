"""Texts that say that they are simulated and yet fit a length, a format or a pattern."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from promptkit.schema.making.patterns import first_texts, matching_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptkit.schema.making.merge import Keywords

LONGEST = 100_000
"""No longer text is made, whatever `minLength` asks for."""

_DAY = dt.datetime(2026, 1, 1, 9, 30, tzinfo=dt.UTC)


def texts(form: Keywords, name: str, ordinal: int) -> list[str]:
    """Candidates for a text, likely ones first. `name` is what the text is about, `ordinal` tells siblings apart."""
    least, most = form.get("minLength", 0), form.get("maxLength", LONGEST)
    if least > LONGEST or least > most:
        return []
    if "pattern" in form:
        return _patterned(tuple(form["pattern"]), int(least), int(most), ordinal)
    written = [_FORMATS[kind] for kind in form.get("format", ()) if kind in _FORMATS]
    if written:
        made = [write(ordinal + more, size) for write in written for size in (0, int(least)) for more in (0, 1)]
        return [text for text in dict.fromkeys(made) if least <= len(text) <= most]
    made = [_named(f"simulated {name}", ordinal + 16 * more, int(least), int(most)) for more in range(2)]
    return [*made, _named("an example", ordinal, int(least), int(most))]


def _named(text: str, ordinal: int, least: int, most: int) -> str:
    """`simulated summary`, then `simulated summary 2`; made as long as it must be, cut where it must end."""
    number = f" {ordinal + 1}" if ordinal else ""
    missing = least - len(text) - len(number)
    text += (f" {text}" * (missing // len(text) + 1))[: max(0, missing)]
    if text.endswith(" "):
        text = f"{text[:-1]}."
    room = most - len(number)
    if room < 0:
        return number.strip()[-most:] if most else ""
    return (text[:room].rstrip(" ") if room >= least else text[:room]) + number


@lru_cache(maxsize=4096)
def _patterned(patterns: tuple[str, ...], least: int, most: int, ordinal: int) -> list[str]:
    def fits(text: str) -> bool:
        return least <= len(text) <= most and all(matches(pattern, text) for pattern in patterns)

    longest = sorted(patterns, key=len, reverse=True)
    made = [text for pattern in longest for text in first_texts(pattern, fits, least=least, ordinal=ordinal)]
    return made or [text for text in _side_by_side(longest, ordinal) if fits(text)]


def _side_by_side(patterns: list[str], ordinal: int) -> list[str]:
    """For several patterns, what begins as one asks and ends as another does."""
    parts = [next(matching_texts(pattern, ordinal=ordinal), "") for pattern in patterns]
    return [one + other for one in parts for other in parts]


def names_matching(pattern: str, ordinal: int) -> list[str]:
    """Names for properties that match a pattern; different ordinals give different names where it is open."""
    numbered = [f"{text}simulated_{ordinal + 1}" for text in _patterned((pattern,), 0, LONGEST, 0)]
    open_ended = [name for name in numbered if matches(pattern, name)]
    return open_ended or _patterned((pattern,), 0, LONGEST, ordinal)


def matches(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern, by the validator's own engine."""
    return not _pattern_schema(pattern).validate(text)


@lru_cache(maxsize=1024)
def _pattern_schema(pattern: str) -> Any:
    from promptkit.schema import Schema

    return Schema({"pattern": pattern})


def _moment(ordinal: int) -> dt.datetime:
    return _DAY + dt.timedelta(days=ordinal)


def _digest(ordinal: int) -> str:
    return hashlib.sha256(f"simulated {ordinal}".encode()).hexdigest()


def _uuid(ordinal: int, _: int) -> str:
    h = _digest(ordinal)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:32]}"


def _grown(before: str, after: str) -> Callable[[int, int], str]:
    """A format whose texts may be of any length: letters are added in the middle."""

    def write(ordinal: int, least: int) -> str:
        middle = f"simulated{ordinal + 1}" if ordinal else "simulated"
        return before + middle + "x" * (least - len(before) - len(middle) - len(after)) + after

    return write


_FORMATS: dict[str, Callable[[int, int], str]] = {
    "date": lambda n, _: _moment(n).date().isoformat(),
    "date-time": lambda n, _: _moment(n).isoformat().replace("+00:00", "Z"),
    "time": lambda n, _: f"{n % 24:02}:30:00Z",
    "duration": lambda n, _: f"P{n + 1}D",
    "email": _grown("", "@example.com"),
    "idn-email": _grown("", "@example.com"),
    "hostname": _grown("", ".example.com"),
    "idn-hostname": _grown("", ".example.com"),
    "uri": _grown("https://example.com/", ""),
    "url": _grown("https://example.com/", ""),
    "iri": _grown("https://example.com/", ""),
    "uri-reference": _grown("/", ""),
    "iri-reference": _grown("/", ""),
    "uri-template": _grown("/", "/{id}"),
    "json-pointer": _grown("/", ""),
    "relative-json-pointer": lambda n, _: f"{n}/simulated",
    "regex": _grown("^", "$"),
    "uuid": _uuid,
    "ipv4": lambda n, _: f"192.0.2.{n % 254 + 1}",
    "ipv6": lambda n, _: f"2001:db8::{n + 1:x}",
}
"""Formats by name; addresses and hosts are those reserved for documentation (RFC 2606, 3849 and 5737)."""
