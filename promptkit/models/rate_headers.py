"""Headers that say when to come again: `retry-after` and MARA's `x-ratelimit-*` (MARA docs, page Rate limits).

Pure. No header is ever required, and one that cannot be read counts as missing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from promptkit.completion import Rates
from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Mapping

_SMALLEST_EPOCH = 1e8  # 1973: a smaller number can only be a duration
_LARGEST_EPOCH = 1e11  # the year 5138: a larger number can only be milliseconds
_PART = LatePattern(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_LONGEST = 64
"""Characters: what is longer is no number that somebody means."""
_LONGEST_WAIT = 1e8
"""Seconds, three years: whatever is longer is never waited for."""
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, as far as the headers say: `retry-after-ms`, `retry-after`, or the minute's reset.

    The reset counts only when the minute is used up: a 429 for a full queue carries it too.
    """
    milliseconds = read_number(headers.get("retry-after-ms"))
    if milliseconds is not None and milliseconds >= 0:
        return min(milliseconds / 1000, _LONGEST_WAIT)
    told = headers.get("retry-after", "")
    seconds = read_number(told)
    seconds = _until_date(told, now) if seconds is None else seconds
    if seconds is not None and seconds >= 0:
        return min(seconds, _LONGEST_WAIT)
    if read_number(headers.get("x-ratelimit-remaining-requests")) not in (0, None):
        return None
    reset = reset_time(headers.get("x-ratelimit-reset-requests"), now)
    return min(reset - now, _LONGEST_WAIT) if reset is not None and reset > now else None


def read_rates(headers: Mapping[str, str], now: float) -> Rates | None:
    """What the headers say of the server's limits; None when they say nothing."""
    if not any(name.startswith("x-ratelimit-") for name in headers):
        return None
    minute, day = "x-ratelimit-{}-requests", "x-ratelimit-{}-requests-day"
    return Rates(
        limit=_count(headers.get(minute.format("limit"))),
        remaining=_count(headers.get(minute.format("remaining"))),
        reset=reset_time(headers.get(minute.format("reset")), now),
        day_limit=_count(headers.get(day.format("limit"))),
        day_remaining=_count(headers.get(day.format("remaining"))),
        day_reset=reset_time(headers.get(day.format("reset")), now),
    )


def _count(text: str | None) -> int | None:
    number = read_number(text)
    return None if number is None or number < 0 else int(number)


def reset_time(text: str | None, now: float) -> float | None:
    """The Unix time that a reset header means; None when it means none.

    MARA's is an epoch time (MARA docs, page Rate limits), in seconds or milliseconds; other servers give a
    duration such as `12`, `1m30s` or `450ms`.
    """
    number = read_number(text)
    if number is None:
        duration = _duration(text or "")
        return None if duration is None else now + duration
    if number < 0:
        return None
    if number < _SMALLEST_EPOCH:
        return now + number
    return number / 1000 if number > _LARGEST_EPOCH else number


def _duration(text: str) -> float | None:
    text = text.strip().lower()
    if len(text) > _LONGEST:
        return None
    parts = _PART.findall(text)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != text:
        return None
    return min(sum(float(number) * _UNITS[unit] for number, unit in parts), _LONGEST_WAIT)


def _until_date(text: str, now: float) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def read_number(text: str | None) -> float | None:
    """A finite number out of a header; None for a missing header and for anything else."""
    try:
        number = float(text) if text and len(text) <= _LONGEST else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
