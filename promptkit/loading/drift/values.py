"""What a sentence says of an answer's values, and the schema says otherwise: nulls, absences, dates, lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.late_pattern import LatePattern
from promptkit.loading.drift.rows import ROW, words_of
from promptkit.loading.drift.surroundings import is_denied, names_a_key
from promptkit.loading.drift.telling import drift_in, never_said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.drift.answer import Answer
    from promptkit.loading.drift.rows import Word
    from promptkit.loading.prose import Sentence
    from promptkit.template.tree import TemplateFault

_NAME = r"[`\"']?([A-Za-z_]\w{0,60})[`\"']?"
_NULL = LatePattern(
    rf"\b(?:set|leave|put|make)\s+(?:the\s+)?(?:key\s+|field\s+)?{_NAME}\s+(?:to|as|=)\s+[`\"]?null\b(?!-)"
    rf"|\b(?:use|give|return|write)\s+[`\"]?null[`\"]?\s+for\s+(?:the\s+)?(?:key\s+|field\s+)?{_NAME}",
    re.IGNORECASE,
)
_THEN = r"(?=\s*(?:if|when|where|unless|[.,;!]|\Z))"
_LEFT_OUT = LatePattern(
    rf"\b(?:omit|leave\s+out|skip|drop)\s+(?:the\s+)?(?:(?:key|field)\s+{_NAME}|{_NAME}\s+(?:key|field)\b|`(\w{{1,60}})`){_THEN}"
    rf"|\bleave\s+(?:the\s+)?{_NAME}(?:\s+(?:key|field))?\s+out{_THEN}",
    re.IGNORECASE,
)
_DATE = LatePattern(r"\b(?:D{1,2}|M{1,3}|Y{2,4})([/.-])(?:D{1,2}|M{1,3})\1(?:D{1,2}|Y{2,4})\b")
_ISO = "YYYY-MM-DD"
_AS_IT_COMES = LatePattern(r"\s+(?:that|which)\s+(?:appears?|is|stands?)\b", re.IGNORECASE)
_ASKED = LatePattern(
    r"(?:^|[.!:;]\s)\s*(?:please\s+|always\s+)?(?:write|give|return|output|answer|format)\b", re.IGNORECASE
)
_OF_INPUTS = LatePattern(
    rf"\b(?:inputs?|sources?|given|documents?|texts?|users?|from|tickets?|mails?|iso|{_ISO})\b",
    re.IGNORECASE,
)
"""Words of a sentence that speaks of what comes in, or of both forms."""
_WHOLE = LatePattern(
    r"(?:^|[.!:;]\s)\s*(?:please\s+|always\s+)?(?:answer\s+with|respond\s+with|reply\s+with|return|output|give|provide|produce)"
    r"\s+(?:only\s+|just\s+|exactly\s+)?(?:an?\s+|one\s+)?(?:valid\s+|single\s+)?json\s+(array|list|object)\b"
    r"(?!\s+(?:in|inside|per|for|under|each))(?![^.]*\barray\b)"
    r"(?!\s+of\s+\w+\s+(?:inside|under|within)\b)",
    re.IGNORECASE,
)
_KINDS = {"array": "array", "list": "array", "object": "object"}


def of_values(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """Where a sentence asks for a null, an absence, a form of dates or a kind of value that the schema refuses."""
    text = sentence.text
    for found in _NULL.finditer(text):
        name = next(filter(None, found.groups()))
        denied = is_denied(text[: found.start()].rpartition(",")[2]) or _FORBIDS.match(text)
        if name in answer.needed and not denied and not _takes_null(answer.fields[name]):
            yield drift_in("PK218", sentence, found.span(), f"`{name}` is never null", "it is declared without `null`")
    for found in _LEFT_OUT.finditer(text):
        name = next(filter(None, found.groups()))
        if name in answer.needed and not is_denied(text[: found.start()]):
            label = f"it is required; an optional one is written `{name}?`"
            yield drift_in("PK217", sentence, found.span(), f"`{name}` is never left out", label)
    dates = [name for name, schema in answer.fields.items() if schema.get("format") == "date"]
    named = [name for name in dates if re.search(rf"\b{re.escape(name)}\b", text)] or dates
    for found in (
        _DATE.finditer(text)
        if len(named) == 1 and (_ASKED.search(text) or named[0] in text) and not _OF_INPUTS.search(text)
        else ()
    ):
        if _AS_IT_COMES.match(text, found.end()):
            continue
        if found[0] != _ISO and not is_denied(text[: found.start()]):
            message = f"the prose asks for {found[0]}, and `{named[0]}` is a date"
            yield drift_in("PK232", sentence, found.span(), message, f"a date is written {_ISO}")
    yield from _set_to(sentence, answer)
    yield from _choices(sentence, answer)
    yield from _must_be(sentence, answer)
    for found in _WHOLE.finditer(text):
        wanted = _KINDS[found[1].lower()]
        if names_a_key(text, answer):
            return
        if answer.kind in ("array", "object") and wanted != answer.kind and not is_denied(text[: found.end()]):
            message = f"the prose asks for {_named(wanted)}, and the output is {_named(answer.kind)}"
            yield drift_in("PK232", sentence, found.span(1), message, "")


_SET = LatePattern(
    rf"\b(?:set|put|mark)\s+(?:the\s+)?(?:key\s+|field\s+)?{_NAME}(?:\s+field)?\s+(?:to|as|=)\s+(?=[`\"'])",
    re.IGNORECASE,
)
_WORD = LatePattern(r"(?:\s*(?:,|\bor\b|\bto\b|\bfor\s+\w+|\band\b))*\s*[`\"'](\w[\w -]{0,60})[`\"']")
_TRUTHS = frozenset(("true", "false"))
_IN_QUOTES = LatePattern(r"([`\"'])[^`\"']{1,60}\1")


_FORBIDS = LatePattern(r"\W*(?:please,?\s+)?(?:do\s+not|don['’]t|never)\b", re.IGNORECASE)
_BARE = r"[A-Za-z][\w-]{0,40}"
_CHOICE = LatePattern(
    rf"(?:\b(?:set|put|mark)\s+(?:the\s+)?(?:key\s+|field\s+)?{_NAME}(?:\s+field)?\s+(?:to|as|=)\s+"
    rf"|\b(?:choose|pick|select)\s+(?:the\s+|a\s+)?(?:key\s+|field\s+)?{_NAME}(?:\s+field)?\s+(?:from|among|out\s+of|between)\s+"
    rf"|\b([A-Za-z_]\w{{0,60}})\s*\()"
    rf"(?:either\s+)?({_BARE}(?:\s*,\s*{_BARE}){{0,12}}\s*,?\s+(?:or|and)\s+{_BARE})(?=\s*(?:[.;,)]|\Z))",
    re.IGNORECASE,
)
_LEAST_KNOWN = 2
_GIVES = LatePattern(r"\b(?:choose|give|output|pick|return|set)\b", re.IGNORECASE)
_NOT = "or and null none both any either neither all other others else it them something similar"
_NO_CHOICES = frozenset(_NOT.split())


def _choices(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """`Set team to billing, platform or legal`, where two are declared and one is not."""
    for found in _CHOICE.finditer(sentence.text):
        name = found[1] or found[2] or found[3]
        known = {each for each in answer.fields.get(name, {}).get("enum", ()) if isinstance(each, str)}
        if found[3] and not _GIVES.search(sentence.text[: found.start()]):
            continue
        words = [each for each in re.finditer(_BARE, found[4]) if each[0].lower() not in _NO_CHOICES]
        plain = {each.casefold() for each in known}
        strange = [each for each in words if each[0].casefold() not in plain]
        if len(words) - len(strange) < _LEAST_KNOWN or is_denied(sentence.text[: found.start()]):
            continue
        for each in strange:
            start = sentence.start + found.start(4) + each.start()
            yield never_said(each[0], start, sorted(known), f"`{name}` is never")


_MUST_BE = LatePattern(
    rf"(?<![\w.]){_NAME}(?:\s+(?:field|key|value))?\s+"
    r"(?:(?:must|should|shall|has\s+to|needs\s+to)\s+(?:only\s+|always\s+)?be|is)\s+"
    r"(?:exactly\s+)?(one\s+of\s*:?\s*|either\s+|)",
    re.IGNORECASE,
)
_USED_FOR = LatePattern(
    rf"\b(?:use|write)\s+(?P<row>[`\"'][^.\n]{{1,200}}?[`\"'])\s+(?:for|as)\s+(?:the\s+)?{_NAME}", re.IGNORECASE
)
_ROW = LatePattern(rf"({ROW})(?=\s*(?:[.;)]|\Z))")
_FEWEST_CHOICES = 2


def _must_be(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """`priority must be one of: high, low`, `use "high" or "low" for priority`, where other words are declared."""
    for name, row, is_one_of in _rows_of_fields(sentence.text):
        words = answer.fields.get(name, {}).get("enum")
        if not words or not all(isinstance(word, str) for word in words) or name in answer.inputs:
            continue
        plain = {word.casefold() for word in words}
        strange = [word for word in row if word.text.casefold() not in plain]
        certain = is_one_of or all(word.quoted for word in row)
        if (certain or len(strange) < len(row) - 1) and not is_denied(sentence.text):
            for word in strange:
                yield never_said(word.text, sentence.start + word.span[0], sorted(words), f"`{name}` is never")


def _rows_of_fields(text: str) -> Iterator[tuple[str, list[Word], bool]]:
    """The names of fields, the words that each is said to be, and whether it is one of them in so many words."""
    for found in _MUST_BE.finditer(text):
        yield found[1], _row(text, found.end(), len(text)), "one" in found[2].lower()
    for found in _USED_FOR.finditer(text):
        yield found[2], _row(text, *found.span("row")), False


def _row(text: str, at: int, end: int) -> list[Word]:
    """The words from a place to the end of a clause, if they are several."""
    found = _ROW.match(text, at, end)
    words = list(words_of(found)) if found is not None else []
    if len(words) < _FEWEST_CHOICES:
        return []
    return [word for word in words if word.quoted or word.text.lower() not in _NO_CHOICES]


def _set_to(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """`Set priority to "urgent"`, where the field is never that."""
    for found in _SET.finditer(sentence.text):
        if is_denied(_IN_QUOTES.sub("", sentence.text)):
            return
        schema = answer.fields.get(found[1], {})
        words = {each for each in schema.get("enum", ()) if isinstance(each, str)}
        known = (
            words if words and len(words) == len(schema["enum"]) else _TRUTHS if schema.get("type") == "boolean" else ()
        )
        at = found.end()
        while known and (word := _WORD.match(sentence.text, at)) is not None:
            at = word.end()
            if word[1].casefold() not in {each.casefold() for each in known} and word[1].lower() != "null":
                yield never_said(word[1], sentence.start + word.start(1), sorted(known), f"`{found[1]}` is never")


def _takes_null(schema: dict[str, Any]) -> bool:
    """Whether a null may stand where a schema is, as far as that is plain."""
    if isinstance(schema.get("enum"), list):
        return None in schema["enum"]
    kinds = schema.get("type")
    listed = [kinds] if isinstance(kinds, str) else kinds
    return not isinstance(listed, list) or "null" in listed


def _named(kind: str) -> str:
    return "an array" if kind == "array" else "an object"
