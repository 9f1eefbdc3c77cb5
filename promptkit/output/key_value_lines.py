"""Objects without their braces: a key and its value on each line, as in YAML, or members as in JSON."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.output.acceptance import Judged
from promptkit.output.code_fence import unfenced
from promptkit.output.markdown_lists import SCALARS, is_begun, unmarked
from promptkit.output.place import is_worded, plain_word
from promptkit.output.scalars import is_null
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.output.wrappers import is_wrapper
from promptkit.result import Step

if TYPE_CHECKING:
    from promptkit.output.acceptance import Judge

__all__ = ["keyed"]

_LINE = LatePattern(
    r"\s*(?:[-*•]\s+)?(?:\*\*|__|\*)?([^\W\d][\w .-]{0,60}?)(?:\*\*|__|\*)?"
    r"(?:[ \t]*[:\uff1a](?:\*\*|__|\*)?[ \t]*|[ \t]+=[ \t]+)(\S.*)?"
)
_MEMBER = LatePattern(r'"([^"\\\n]{1,200})"\s*:')
_NO_VALUE = LatePattern(r"^(?:$|[|>~\[{&*!]|\"\"\"|\x27\x27\x27|\"[^\"\n]*\"\s*[+])|[,;]$|\s#")
"""What is more, or less, than a text or a word on its line."""
_FENCES = ("", "yaml", "yml", "text", "json", "toml")
_ONE_NAME = LatePattern(r"(?!(?:actually|correction|note)\Z)[^\W\d][\w-]*", re.IGNORECASE)
"""What names a count; a line of prose has more words before its colon."""
_OF_COUNTS = frozenset(("integer", "number", "boolean"))
_LEAST_LINES = 2
_NULLS = ("null", "Null", "NULL", "None")


def keyed(text: str, judge: Judge) -> Judged | None:
    """An object of which only the members are there, and each of them is declared."""
    place = judge.place
    counts = not place.names and place.inside("").kinds and place.inside("").kinds <= _OF_COUNTS
    if judge.field or place.kinds != {"object"} or not (place.names or counts) or not judge.coerces:
        return None
    inner = unfenced(text, *_FENCES)
    body = _between_dashes(text if inner is None else inner)
    value, told = _members(body, judge), "braces put around"
    if value is None:
        value, told = (
            _lines(body, judge, sure=unfenced(text, *_FENCES[1:]) is not None),
            "lines read as keys and values",
        )
    judged = judge.judge(value, text) if value is not None else None
    if judged is None or judged.violations:
        return None
    detail = f"the answer was {len(judged.value)} members without braces"
    return Judged(judged.value, (Step(told, detail, repairs=True), *judged.steps))


def _between_dashes(text: str) -> str:
    """What stands in a document of YAML's, or in the front matter of one in Markdown."""
    lines = text.strip().split("\n")
    if lines[0].rstrip() == "---":
        lines = lines[1:-1] if len(lines) > 1 and lines[-1].rstrip() == "---" else lines[1:]
    return "\n".join(lines).strip()


def _members(text: str, judge: Judge) -> dict[str, Any] | None:
    """JSON without its braces, or without the first of them."""
    first = _MEMBER.match(text)
    if first is None or first[1] not in judge.place.names:
        return None
    for whole in (f"{{{text}", f"{{{text}}}"):
        with suppress(NotJson):
            found = parse_json(whole)
            return found if isinstance(found, dict) else None
    return None


def _lines(text: str, judge: Judge, *, sure: bool) -> dict[str, Any] | None:
    """The values of lines that each begin with a declared key; a value is what stands on the key's line.

    `sure` says that they are surely lines of keys, so that one that is a text is no sentence.
    """
    place = judge.place
    declared = {plain_word(name): name for name in place.names}
    lines = [_LINE.fullmatch(line) for line in text.split("\n") if line.strip()]
    only = place.inside(next(iter(declared.values()))) if len(declared) == 1 else None
    alone = only is not None and (not only.takes("string") or all(map(is_worded, only.forms)) or sure)
    if len(lines) < (1 if alone and declared else _LEAST_LINES) or len(declared) < len(place.names):
        return None
    found: dict[str, Any] = {}
    for line in lines:
        name = declared.get(plain_word(line[1])) if line is not None else None
        if line is not None and not declared and _ONE_NAME.fullmatch(line[1].strip()) and not is_wrapper(line[1]):
            name = line[1].strip()
        if line is None or name is None or name in found or not place.inside(name).kinds <= SCALARS:
            return None
        written = (line[2] or "").strip()
        if _NO_VALUE.search(written) or is_begun(written):
            return None
        absent = place.inside(name).takes("null") and is_null(written)
        if absent and written not in _NULLS:
            return None  # a text, or that there is none
        found[name] = None if absent else _value(written)
    return found


def _value(written: str) -> Any:
    """What is written behind a key: a text, without the quotes or marks around it."""
    with suppress(NotJson):
        return parse_json(written)
    return written[1:-1].replace("''", "'") if _SINGLE.fullmatch(written) else unmarked(written)


_SINGLE = LatePattern(r"'(?:[^']|'')*'")
"""A text in single quotes, in which two of them stand for one (YAML 1.2.2, section 7.3.2)."""
