"""The types of declarations: their names, unions and enums of them, and what people write instead."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, NoReturn

from promptkit.late_pattern import LatePattern
from promptkit.schema.shorthand_literals import ShorthandError, fail

TYPES: dict[str, dict[str, Any]] = {
    **{name: {"type": name} for name in ("string", "integer", "number", "boolean", "null", "object", "array")},
    "any": {},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "format": "time"},
    "email": {"type": "string", "format": "email"},
    "uri": {"type": "string", "format": "uri"},
    "uuid": {"type": "string", "format": "uuid"},
}
"""The type names and the JSON Schema that each stands for; formats as in JSON Schema 2020-12, section 7.3."""

_NAMES = list(TYPES)
_BRACKET = LatePattern(r"[\[<(]")
_PERHAPS_FOREIGN = LatePattern(r"[\[<(]|\b(?:str|int|float|bool|double|decimal|dict|tuple|char|guid)\b", re.IGNORECASE)
"""What a text of types of another language has."""


class Alternative(NamedTuple):
    """One alternative: a `schema` when it is a type or a list, else the text of a literal."""

    schema: dict[str, Any] | None
    text: str
    offset: int
    length: int
    bare: bool


_TYPOGRAPHIC = "“”„\u2018\u2019\u201a«»"


def schema_of(alternatives: list[Alternative], text: str) -> dict[str, Any]:
    """The schema of alternatives that stand in a text: a union of types or an enum of words.

    Raises `ShorthandError`.
    """
    _refuse_repetition(alternatives)
    nulls = [each for each in alternatives if each.bare and each.text == "null"]
    rest = [each for each in alternatives if not (each.bare and each.text == "null")]
    literals = [each for each in rest if each.schema is None]
    if literals and all(each.bare for each in literals) and _PERHAPS_FOREIGN.search(text, alternatives[0].offset):
        _refuse_foreign(alternatives, len(literals), text)
    if len(literals) == len(rest) == 1 and rest[0].bare:
        _fail_single_word(rest[0], text[rest[0].offset + rest[0].length :])
    for each in literals:
        if each.bare and each.text[:1] in _TYPOGRAPHIC and each.text[-1:] in _TYPOGRAPHIC:
            cure = f'write `"{each.text.strip(_TYPOGRAPHIC)}"`, or the word without quotes'
            fail("typographic quotes are a part of the word", each.offset, each.length, cure)
    if literals and len(literals) < len(rest):
        _fail_mixture(rest, literals)
    if literals:
        return {"enum": [each.text for each in literals] + [None] * len(nulls)}
    return _union([each.schema for each in alternatives if each.schema is not None])


def _union(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    rest = [each for each in schemas if each != TYPES["null"]]
    if len(schemas) == 1:
        return schemas[0]
    if {} in schemas:
        return {}
    if all(set(each) == {"type"} for each in schemas):
        return {"type": [each["type"] for each in schemas]}
    if len(rest) == 1:
        return rest[0] | {"type": [rest[0]["type"], "null"]}
    return {"anyOf": rest + [dict(TYPES["null"]) for _ in schemas[len(rest) :]]}


def _refuse_repetition(alternatives: list[Alternative]) -> None:
    if len(alternatives) < 2:
        return
    seen: set[tuple[str, str]] = set()
    for each in alternatives:
        what = ("", each.text) if each.schema is None else (json.dumps(each.schema), "")
        if what in seen:
            fail("this alternative is written twice", each.offset, each.length, "take one of them away")
        seen.add(what)


def _fail_single_word(alone: Alternative, behind: str) -> NoReturn:
    """Refuse one word that is no type, with what may have been meant by it and by what stands behind it."""
    from promptkit.schema.shorthand_slips import cure_of_word

    fail(f"unknown type `{alone.text}`", alone.offset, alone.length, cure_of_word(alone.text, behind, _NAMES))


def _fail_mixture(rest: list[Alternative], literals: list[Alternative]) -> NoReturn:
    near = [each for each in literals if each.bare and _near_type(each.text)]
    typed = [each for each in rest if each.schema is not None]
    wrong = near[0] if near else literals[0] if len(literals) <= len(typed) else typed[0]
    quote = "quote each type name that is meant as a word: `'integer'`"
    cure = f"did you mean `{_near_type(wrong.text)}`? Otherwise {quote}" if near else quote
    fail("types and words do not mix, except with `null`", wrong.offset, wrong.length, cure)


def _refuse_foreign(alternatives: list[Alternative], literals: int, text: str) -> None:
    """Refuse types of other languages, with ours for them; of a single word more can be told."""
    from promptkit.schema.shorthand_foreign import translated

    first = alternatives[0]
    found = translated(text[first.offset :], _NAMES)
    if found is None or not _is_read(found.text):
        return
    written = text[first.offset : first.offset + found.length]
    if _BRACKET.search(written):
        fail(f"unknown type `{written}`", first.offset, found.length, f"write `{found.text}`")
    if literals > 1:
        cure = f"write `{found.text}`; quote each one to mean the words: `'{first.text}'`"
        fail(f"unknown type `{written}`", first.offset, found.length, cure)


def _is_read(text: str) -> bool:
    """Whether a declaration can be read."""
    from promptkit.schema.shorthand import parse_declaration

    try:
        parse_declaration(text)
    except ShorthandError:
        return False
    return True


def _near_type(word: str) -> str:
    from promptkit.schema.shorthand_foreign import near_type

    return near_type(word, _NAMES)
