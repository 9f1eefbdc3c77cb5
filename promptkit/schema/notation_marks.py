"""The marks of the notation: JSON in a line, bounds, notes in parentheses, braces, joined alternatives."""

from __future__ import annotations

import json
import re
from typing import Any

from promptkit.late_pattern import LatePattern

_WIDEST = 120
_INSIDE = LatePattern(r'"(?:[^"\\]|\\.)*"|[\[({]|[\])}]| [|&] ', re.DOTALL)
_SAID_OF_ALL = LatePattern(r' \| (?:null|true|false|-?[\d.]+|"(?:[^"\\]|\\.)*")\Z')
"""The end of a union whose last alternative is a value; what is said of that alone stands in parentheses with it."""
_VALUE_WITH_NOTES = LatePattern(r'(?:null|true|false|-?[\d.]+|"(?:[^"\\]|\\.)*") \(')
_HEAD = LatePattern(r"(string|integer|boolean|null)\b|[\[{]")


def to_json(value: Any) -> str:
    """A value as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def limit(value: Any) -> str:
    """One end of `1..5`; nothing when it is open."""
    return "" if value is None else to_json(value)


def bare(title: Any) -> str:
    """A title without all that letter case and punctuation make of it."""
    return re.sub(r"[\W_]+", "", str(title)).lower()


def pattern(regex: str) -> str:
    """A pattern between slashes, or as JSON when it would not show."""
    return f"/{regex}/" if regex.isprintable() else f"pattern {to_json(regex)}"


def noted(body: str, notes: list[str]) -> str:
    """What is said of a part, in parentheses behind it: of a union in parentheses too, or it would be of its last."""
    if not notes:
        return body
    return f"{body if _SAID_OF_ALL.search(body) else closed(body)} ({'; '.join(notes)})"


def one_line(text: str) -> str:
    """Prose without line breaks."""
    return " ".join(text.split())


def closed(text: str) -> str:
    """A part that can stand beside others: in parentheses if it is itself joined of several."""
    return f"({text})" if _is_joined(text) else text


def joined(branches: list[str], join: str, *, exactly: bool) -> str:
    """Branches between a sign; `exactly` says that only one of them may hold, which is told unless it shows."""
    inner = list(map(closed, branches))
    if len(inner) > 1 and _VALUE_WITH_NOTES.match(inner[-1]):
        inner[-1] = f"({inner[-1]})"  # or what is said of it would be said of all
    if not exactly:
        return join.join(dict.fromkeys(inner))
    return join.join(inner) if len(inner) == 1 or _apart(branches) else f"one of ({join.join(inner)})"


def _is_joined(text: str) -> bool:
    """Whether a sign stands between its parts, outside of all brackets and quotes."""
    depth = 0
    for found in _INSIDE.finditer(text):
        sign = found.group()
        if sign[0] == " " and not depth:
            return True
        depth += {"[": 1, "(": 1, "{": 1, "]": -1, ")": -1, "}": -1}.get(sign, 0)
    return False


def _apart(branches: list[str]) -> bool:
    """Whether branches exclude each other by their kinds alone, or are different texts."""
    if all(re.fullmatch(r'"(?:[^"\\]|\\.)*"', each) for each in branches):
        return len(set(branches)) == len(branches)
    heads = [None if _is_joined(each) else _HEAD.match(each) for each in branches]
    return len({head.group() for head in heads if head}) == len(branches)


def braced(lines: list[str], said: str) -> str:
    """An object: on one line if that is short, else a field a line."""
    width = sum(map(len, lines)) + 2 * len(lines) + len(said)
    if width <= _WIDEST and not any("\n" in line for line in lines):
        return f"{{{said}{' ' if said and lines else ''}{', '.join(lines)}}}"
    open_ = lines[1:] and lines[-1] == "..."
    body = ",\n".join(lines[:-1] if open_ else lines).replace("\n", "\n ")
    return f"{{{said}\n {body}, ...}}" if open_ else f"{{{said}\n {body}\n}}"
