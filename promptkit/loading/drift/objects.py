"""JSON objects that a prose shows of its answer, against the output's schema."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from promptkit.late_pattern import LatePattern
from promptkit.loading.drift.answer import enum_of
from promptkit.loading.drift.surroundings import NO_WORDS, is_of_the_past
from promptkit.loading.drift.telling import drift_at, never_said, no_field
from promptkit.loading.prose import GAP
from promptkit.loading.typed_values import schemas_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.drift.answer import Answer
    from promptkit.template.tree import TemplateFault

_DECODER = json.JSONDecoder()
_OPENING = LatePattern(r"\{\s{0,40}\"")
_NUMBER = LatePattern(r"[-+.\deE]+")
_WORDS = LatePattern(r"[\w .|-]+")
_BETWEEN = LatePattern(r"\s*\|\s*|\s+or\s+")
_PLACEHOLDERS = "a an code goes here label name of one the value word your"
_OF_PLACEHOLDERS = frozenset(_PLACEHOLDERS.split())
_DESCRIBES = LatePattern(r"(?:an?|the|your|one\s+of)\s", re.IGNORECASE)
_MOST_PARTS = 20
"""How many words with bars between them are looked at."""


class ShownObject(NamedTuple):
    """An object, and the offsets at which it begins and ends in the prose."""

    data: dict[str, Any]
    start: int
    end: int


def shown_objects(prose: str) -> Iterator[ShownObject]:
    """The JSON objects in a prose, in order."""
    at = prose.find("{")
    while at >= 0:
        end = at + 1
        if _OPENING.match(prose, at):
            try:
                data, end = _DECODER.raw_decode(prose, at)
            except (ValueError, RecursionError):
                data = None
            if isinstance(data, dict) and data:
                yield ShownObject(data, at, end)
        at = prose.find("{", end)


def without(prose: str, shown: list[ShownObject]) -> str:
    """A prose with its objects blanked out."""
    kept, at = [], 0
    for each in shown:
        kept += [prose[at : each.start], GAP * (each.end - each.start)]
        at = each.end
    return "".join((*kept, prose[at:]))


def of_object(prose: str, shown: ShownObject, answer: Answer) -> Iterator[TemplateFault]:
    """An object that is plainly the answer's: at least half of its keys are declared, side by side."""
    meant = _meant(shown.data, answer)
    if meant is None:
        return
    declared, closed = meant["properties"], meant.get("additionalProperties") is False
    before = prose[prose.rfind(".", 0, shown.start) + 1 : shown.start]
    if is_of_the_past(before) or (_IS_OF_OTHERS.search(before) and not _IS_ASKED_FOR.search(before)):
        return
    comes_in = _COMES_IN.search(before) is not None
    for key, value in shown.data.items():
        written = re.escape(json.dumps(key, ensure_ascii=False)[1:-1])
        found = re.compile(rf'"({written})"\s*:\s*"?').search(prose, shown.start, shown.end)
        if found is None:
            continue
        if key not in declared:
            if closed and key not in answer.keys:
                yield no_field(key, found.start(1), declared, shown.data)
        elif not comes_in and (wrong := _kind_shown(value, declared[key])):
            message = f"`{key}` is shown as {wrong}"
            yield drift_at("PK232", found.span(1), message, f"it is declared {_declared(declared[key])}")
        elif isinstance(value, str):
            yield from _of_word(key, value, found.end(), enum_of(declared[key]))
        elif value and isinstance(value, (int, float)) and not isinstance(value, bool):
            yield from _of_number(key, value, declared[key], prose, found.end())


_COMES_IN = LatePattern(
    r"\b(?:customers?|from|gets?|gives?|given|incoming|inputs?|receives?|records?|requests?|sends?|sent|sources?|users?)\b",
    re.IGNORECASE,
)
"""Words of a sentence that shows what comes in."""
_IS_OF_OTHERS = LatePattern(
    r"\b(?:looks?\s+(?:as|like)|such\s+as|exports?|answers\s+with|comes?\s+(?:as|in)|(?:is|are)\s+(?:sent|stored|kept)"
    r"|given|inputs?|incoming)\b",
    re.IGNORECASE,
)
"""Words of a sentence that shows what others send or keep."""
_IS_ASKED_FOR = LatePattern(
    r"\b(?:answer|fill|format|give|output|produce|provide|replies|reply|respond|response|results?|return|use|write)\b",
    re.IGNORECASE,
)
"""Words of a sentence that shows how the answer is to be."""
_KINDS: dict[type, tuple[str, str]] = {
    bool: ("boolean", "true or false"),
    int: ("number", "a number"),
    float: ("number", "a number"),
    list: ("array", "a list"),
    dict: ("object", "an object"),
}
_NUMBER_IN_QUOTES = LatePattern(r"-?\d+(?:\.\d+)?")
_TRUTHS = frozenset(("true", "false", "yes", "no"))


def _declared(schema: Any) -> str:
    """The one type that a schema declares; nothing for several, or none."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    return kind if isinstance(kind, str) and "enum" not in schema and "const" not in schema else ""


def _kind_shown(value: Any, schema: Any) -> str:
    """What a value plainly is, where the field is of another type; a word in its place may describe any value."""
    declared = {"integer": "number"}.get(_declared(schema), _declared(schema))
    if not declared or not value:
        return ""
    if isinstance(value, str):
        in_quotes = declared == "number" and _NUMBER_IN_QUOTES.fullmatch(value)
        return "a text" if in_quotes or (declared == "boolean" and value.lower() in _TRUTHS) else ""
    kind, said = _KINDS[type(value)]
    return said if kind != declared else ""


def _meant(data: dict[str, Any], answer: Answer) -> dict[str, Any] | None:
    """The object of the answer's that most of some keys are declared in: at least half of them, the whole first."""
    known = [each for each in schemas_inside(answer.schema) if isinstance(each.get("properties"), dict)]
    best = max(known, key=lambda each: sum(key in each["properties"] for key in data), default=None)
    return best if best is not None and sum(key in best["properties"] for key in data) * 2 >= len(data) else None


def _of_word(key: str, value: str, start: int, words: list[str]) -> Iterator[TemplateFault]:
    """A text for which an enum has words, or several of them; a description of what stands there is none."""
    if not words or value in words or not _WORDS.fullmatch(value):
        return
    name = key.replace("_", " ").casefold()
    if _DESCRIBES.match(value):
        return
    if name in value.casefold():  # which describes the value: `team name`; or names it: `legal team`
        at = value.casefold().index(name)
        rest = (value[:at] + value[at + len(name) :]).strip()
        if not rest or " " in rest or rest.casefold() in _OF_PLACEHOLDERS | {word.casefold() for word in words}:
            return
    ends = [*islice((each.span() for each in _BETWEEN.finditer(value)), _MOST_PARTS), (len(value), len(value))]
    begins = [0, *(end for _, end in ends)]
    parts = [(begin, value[begin:end]) for begin, (end, _) in zip(begins, ends, strict=False)]
    plain = {word.casefold() for word in words}
    if len(parts) > 1 and sum(part.casefold() in plain for _, part in parts) * 2 < len(parts):
        return
    for begin, part in parts:
        if part not in words and part.lower() not in NO_WORDS:
            yield never_said(part, start + begin, words)


def _of_number(key: str, value: float, schema: Any, prose: str, start: int) -> Iterator[TemplateFault]:
    """A number that the schema refuses; a 0 stands for any number."""
    bounds = [schema.get(name) if isinstance(schema, dict) else None for name in ("minimum", "maximum")]
    least, most = (bound if isinstance(bound, (int, float)) else None for bound in bounds)
    if (least is not None and value < least) or (most is not None and value > most):
        written = _NUMBER.match(prose, start)
        label = f"{'' if least is None else least}..{'' if most is None else most}"
        yield drift_at("PK219", (start, written.end() if written else start + 1), f"`{key}` has other bounds", label)
