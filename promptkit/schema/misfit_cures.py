"""How values are written that do not fit by their form: dates, times, addresses, numbers with signs between digits."""

from __future__ import annotations

from datetime import date
from typing import Any

from promptkit.late_pattern import LatePattern

__all__ = ["cure_of", "plain_number"]

_FORMAT = LatePattern(r"is not a valid ([a-z-]+)\Z")
_NUMBER = LatePattern(r"is not an? (integer|number)\Z")
_GROUPED = LatePattern(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\Z|[+-]?[0-9]+(?:_[0-9]+)+(?:\.[0-9]+)?\Z")
_DECIMAL_COMMA = LatePattern(r"[+-]?[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})\Z")
_PLAIN_NUMBER = LatePattern(r"-?[0-9]+(?:\.[0-9]+)?\Z")
_YEAR_FIRST = LatePattern(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\Z")
_YEAR_LAST = LatePattern(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\Z")
_SCHEMELESS = LatePattern(r"(?:www\.)?[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*)?\Z")
_FORMS = {
    "date": "a date is written year first: `2026-01-31`",
    "date-time": "a date with its time is written `2026-01-31T09:00:00Z`, with a `T` and the time zone",
    "time": "a time is written with seconds and the time zone: `09:00:00Z`, `09:00:00+01:00`",
    "email": "an email address has a name, an `@` and a domain: `ann@example.com`",
    "uri": "a URI begins with its scheme: `https://example.com/path`",
    "uuid": "a UUID has five groups of hexadecimal digits: `123e4567-e89b-12d3-a456-426614174000`",
}
"""How the formats are written that have a name in the shorthand (RFC 3339, 3986, 4122 and 5321)."""


def cure_of(message: str, value: Any) -> str:
    """What to write in place of a value, by the message that says how it does not fit; nothing where nobody knows."""
    if not isinstance(value, str):
        return ""
    text = value.strip()
    if number := _NUMBER.search(message):
        written = plain_number(text)
        if not written or (number[1] == "integer" and "." in written):
            return ""
        return f"write it without quotes: {text}" if written == text else f"write `{written}`"
    found = _FORMAT.search(message)
    form = found[1] if found is not None else ""
    if form == "date":
        return _date_cure(text) or _FORMS[form]
    if form == "uri" and _SCHEMELESS.match(text):
        return f"{_FORMS[form]}; this may be `https://{text}`"
    return _FORMS.get(form, "")


def plain_number(text: str) -> str:
    """A number as JSON writes it, of one with signs between its digits or a decimal comma; nothing of other texts."""
    if _DECIMAL_COMMA.match(text):
        text = text.replace(",", ".")
    elif _GROUPED.match(text):
        text = text.replace(",", "").replace("_", "")
    text = text.removeprefix("+")
    return text if _PLAIN_NUMBER.match(text) else ""


def _date_cure(text: str) -> str:
    """The date that a text means, if there is one: of two numbers up to 12, nobody knows which is the month."""
    first, last = _YEAR_FIRST.match(text), _YEAR_LAST.match(text)
    if first is not None:
        meant = _day(first[1], first[2], first[3])
        return f"write `{meant}`" if meant else "there is no such day"
    if last is not None:
        days = {_day(last[3], last[2], last[1]), _day(last[3], last[1], last[2])} - {""}
        return f"write {' or '.join(f'`{each}`' for each in sorted(days))}" if days else "there is no such day"
    return ""


def _day(year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""
