"""JSON as RFC 8259 has it, within limits: what Python's reader lets through is refused here."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from promptkit.late_pattern import LatePattern
from promptkit.limits import current_limits, variable

MAX_DIGITS = 4_000


class NotJson(ValueError):
    """Why a text is not JSON, with the offset of the character where that shows."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def too_deep(most: int, offset: int = 0) -> NotJson:
    """The error of what has more levels than the limit."""
    return NotJson(f"nested deeper than {most} levels ({variable('answer_depth')})", offset)


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Duplicate keys, NaN and Infinity, halves of surrogate pairs, a byte order mark, and what is too deep, long or
    large are refused. Raises `NotJson`.
    """
    limits = current_limits()
    if len(text) > limits.answer_characters:
        most = limits.answer_characters
        named = variable("answer_characters")
        raise NotJson(f"the text has {len(text):,} characters; the limit is {most:,} ({named})")
    if text.startswith("\ufeff"):
        raise NotJson("it begins with a byte order mark (U+FEFF)")
    known = fast_json(text)
    if known is not None:
        return known[0]
    if text.lstrip()[:1] in ("[", "{"):
        _check_depth(text, limits.answer_depth)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        why = error.msg[:1].lower() + error.msg[1:].removesuffix(" at")
        raise NotJson(f"{why} at line {error.lineno}, column {error.colno}", error.pos) from None
    if _MAYBE_HALF.search(text) and not is_text(json.dumps(value, ensure_ascii=False)):
        raise NotJson("a text in it holds half of a surrogate pair, which is no character")
    return value


def fast_json(text: str) -> tuple[Any] | None:
    """The value of a JSON text, in a tuple; None for one that is no JSON, or that only a closer look can judge."""
    import jiter

    if any(power.search(text) for power in _LARGE_POWERS) or _has_many_digits(text):
        return None
    try:
        value = jiter.from_json(text.encode(), allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError:
        return None
    most = current_limits().answer_depth
    return None if text.count("[") + text.count("{") > most and _is_deeper(value, most) else (value,)


_LARGE_POWERS = tuple(map(re.compile, (r"e\d{3}", r"e\+\d{3}", r"E[+\d]\d{2}")))
"""Of numbers that may be infinite; three, since each is sought by its first letter, which is fast."""
_MANY = 300
_DIGITS = LatePattern(r"\d*")


def _has_many_digits(text: str) -> bool:
    """Whether so many digits may stand in a row that a number is infinite, or over the limit.

    A row of so many covers one of the characters that are looked at, or nearly half of it does.
    """
    half = _MANY // 2
    return any(
        len(_DIGITS.match(text, at)[0]) >= half  # type: ignore[index]
        or _DIGITS.fullmatch(text, max(0, at - half), at) is not None
        for at in range(0, len(text), _MANY)
        if text[at].isdigit()
    )


def _is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [
            inner
            for each in level
            for inner in (each.values() if each.__class__ is dict else each if each.__class__ is list else ())
            if inner.__class__ in _NESTING
        ]
        if not level:
            return False
    return True


_NESTING = (dict, list)


def read_at(text: str, start: int, above: int = 0) -> tuple[Any, int]:
    """The JSON value that begins at an offset, and where it ends; see `parse_json` for what is refused.

    `above` is how many levels are open around it.

    Raises `NotJson` and `json.JSONDecodeError`.
    """
    value, end = _DECODER.raw_decode(text, start)
    inside = text[start:end]
    _check_depth(inside, current_limits().answer_depth - above)
    if _MAYBE_HALF.search(inside) and not is_text(json.dumps(value, ensure_ascii=False)):
        raise NotJson("a text in it holds half of a surrogate pair, which is no character", start)
    return value, end


def is_text(text: str) -> bool:
    """Whether a text is made of characters: halves of surrogate pairs are none."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


_MAYBE_HALF = LatePattern(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")
# The end of the text ends a string too, and nothing is tried twice: hostile texts take linear time.
_STRUCTURE = LatePattern(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def _check_depth(text: str, most: int) -> None:
    if text.count("[") + text.count("{") <= most:
        return
    depth = 0
    for match in _STRUCTURE.finditer(text):
        sign = match[0][:1]
        depth += (sign in "[{") - (sign in "]}")
        if depth > most:
            raise too_deep(most, match.start())


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise NotJson(f"the key {json.dumps(twice[:60], ensure_ascii=False)} stands twice in one object")
    return found


def _refuse(constant: str) -> Any:
    raise NotJson(f"{constant} is not JSON")


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise NotJson(f"a number of {len(digits):,} digits; the limit is {MAX_DIGITS:,}")
    return int(digits)


def _real(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise NotJson(f"the number {text[:40]} is too large")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse, parse_int=_whole, parse_float=_real)
