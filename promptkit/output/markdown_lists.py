"""What Markdown puts around an answer: the marks of emphasis and code, and lists of lines."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.output.code_fence import unfenced
from promptkit.output.denials import doubted
from promptkit.output.labels import names_value
from promptkit.output.scalars import is_nothing
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.result import Step

if TYPE_CHECKING:
    from promptkit.output.acceptance import Judge, Judged

__all__ = ["BULLET", "SCALARS", "is_begun", "listed", "unmarked"]

SCALARS = frozenset({"string", "number", "integer", "boolean", "null"})
BULLET = LatePattern(r"(\s*)(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(\S.*)")
"""A line of a list: how far it is indented, and what it says."""
_PAIRS = ("**", "__", "*", "_", "`")
_LEAD = LatePattern(
    r"(?:(?:absolutely|certainly|here you (?:are|go)|of course|okay|ok|sure(?: thing)?)[!.,]?[ \t]*\n[ \t]*\n)?"
    r"(?:[^\n:]{1,200}:\s*\n)?",
    re.IGNORECASE,
)
"""A word of courtesy, and a line that ends in a colon."""
_TAIL = LatePattern(r"\n[ \t]*\n(?=[^\s\-*+•\d])[^\n]{1,200}\Z")
"""One more line below a list, and apart from it."""
_COURTESY = LatePattern(r"\s*(?:feel free|(?:i )?hope|let me know|please let me know)\b", re.IGNORECASE)
_UNSAID = LatePattern(
    r"\.{3}|…|etc\.?|and (?:etc|more|others)\.?|and so (?:forth|on)\.?"
    r"|\(?(?:\.{3} ?)?(?:and )?more (?:to come|to follow)\)?\.?|tbd"
    r"|[<\[](?:entry|item|name|text|value|word)(?: \d{1,3})?[>\]]",
    re.IGNORECASE,
)
"""An item that stands for what is not said."""
_STRUCK = LatePattern(r"~~[^~\s](?:[^~]*[^~\s])?~~|[\u274c\u2717\u2718\u2612]")
"""What strikes an item out; where all of them have it, it is a mark of theirs."""
_BOX = LatePattern(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+\[([ xX])\]\s")
_NUMBERED = LatePattern(r"\s*(?P<number>\d{1,3})(?P<sign>[.)])\s+(?P<said>.*)")
_HOW_MANY = LatePattern(
    r"(?:\A|\b(?:are|found|have|here\s+are|listed)\s+(?:the\s+)?)(\d{1,3})\s+(?:entries|items|results|things|values)\b",
    re.IGNORECASE,
)


def is_begun(text: str) -> bool:
    """Whether a text in quotes has no end."""
    return text.startswith('"') and '"' not in text[1:]


def unmarked(text: str) -> str:
    """A text without Markdown's marks where one pair of them stands around all of it: emphasis, code."""
    for mark in _PAIRS:
        inner = text[len(mark) : -len(mark)]
        whole = len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark)
        if whole and mark[0] not in (inner[0], inner[-1]) and mark not in inner and inner.strip() == inner:
            return inner if mark != "__" or not inner.isidentifier() else text  # which may be a name
    return text


def listed(text: str, judge: Judge) -> Judged | None:
    """A Markdown list, by itself or below a line that ends in a colon, where the schema has a list of such."""
    if not judge.place.inside(0).kinds or not judge.place.inside(0).kinds <= SCALARS:
        return None
    inner = unfenced(text)
    text = (text if inner is None else inner).strip("\n").rstrip()
    found = _LEAD.match(text)
    lead = "" if found is None else found[0]
    tail = _TAIL.search(text)
    tail = tail if tail is not None and (lead or _COURTESY.match(tail[0])) else None
    items = _items(text[len(lead) : tail.start() if tail else len(text)])
    told = _HOW_MANY.findall(lead)
    if names_value(lead, len(lead), []):
        return None
    if not items or doubted(lead + (tail[0] if tail else "")) or any(int(each) != len(items) for each in told):
        return None
    behind = f" behind {lead.strip()!r}" if lead else ""
    step = Step("read as a list", f"{len(items)} lines of a Markdown list{behind}", repairs=True)
    return judge.accepted(items, text, step)


def _items(text: str) -> list[str]:
    """What the lines of a list say; nothing for what is no list of one level.

    A line that is indented further than its bullet goes on with the one before.
    """
    items: list[list[str]] = []
    indent = ""
    boxes = {found[1].lower() for line in text.split("\n") if (found := _BOX.match(line))}
    struck = [_STRUCK.search(line) is not None for line in text.split("\n") if line.strip()]
    if len(boxes) > 1 or any(struck) is not all(struck):
        return []  # some are chosen, or struck out, and others are not
    for line in filter(str.strip, text.split("\n")):
        bullet = BULLET.fullmatch(line)
        if bullet is None:
            if not items or not line.startswith(f"{indent}  "):
                return []
            items[-1].append(line.strip())
            continue
        indent = indent if items else bullet[1]
        if bullet[1] != indent or _UNSAID.fullmatch(bullet[2].strip()):
            return []
        items.append([bullet[2].strip()])
    said = [" ".join(each) for each in items]
    if any(map(is_begun, said)) or _hold_more(text.split("\n")):
        return []
    if len(said) == 1 and (is_nothing(said[0]) or _is_bracketed(said[0])):
        return []
    return _without_marks(said)


def _hold_more(lines: list[str]) -> bool:
    """Whether a line holds more than one item, so that nobody says where each ends: `1. red 2. blue`."""
    counts = {line.count(" • ") for line in lines if line.strip()}
    if counts != {0} and (len(counts) > 1 or len(lines) == 1) and lines[0].lstrip().startswith("•"):
        return True
    for line, below in zip(lines, (*lines[1:], ""), strict=True):
        found, following = _NUMBERED.match(line), _NUMBERED.match(below)
        more = f" {int(found['number']) + 1}{found['sign']} " if found else ""
        if found and more in found["said"] and (following is None or f" {following[0].split()[0]} " != more):
            return True
    return False


def _is_bracketed(item: str) -> bool:
    """Whether an item looks like a list, or an object, itself."""
    return (item[0], item[-1]) in (("[", "]"), ("{", "}")) and ('"' in item or "'" in item)


def _without_marks(items: list[str]) -> list[str]:
    """Items without the quotes, or the marks, that stand around each of them, and the commas between them."""
    if len(items) > 1 and all(each.endswith(",") for each in items[:-1]):
        items = [each.removesuffix(",").rstrip() for each in items]
    if all(len(each) > 1 and each[0] == each[-1] == '"' for each in items):
        with suppress(NotJson):
            return [str(parse_json(each)) for each in items]
    if all(len(each) > 2 and each[0] == each[-1] == "'" and "'" not in each[1:-1] for each in items):
        return [each[1:-1] for each in items]
    bare = [unmarked(each) for each in items]
    return bare if all(len(one) < len(each) for one, each in zip(bare, items, strict=True)) else items
