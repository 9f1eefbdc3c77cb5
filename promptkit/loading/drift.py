"""Where the prose of a prompt has drifted from its output's schema: keys, words of enums, numbers and formats.

What is told is told only where a sentence plainly speaks of the answer; words of everyday language, quoted orders of
others and data of other kinds are none of it. All of it are warnings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.loading.drift_shown import (
    DENIED,
    MOST_SHOWN,
    Answer,
    drifted,
    listed_keys,
    of_object,
    shown_objects,
    without,
)
from promptkit.loading.drift_values import of_values
from promptkit.loading.prose import NUMBER, number_of, sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.prose import Sentence
    from promptkit.template.tree import TemplateFault

_ANSWER = re.compile(r"\b(?:answers?|respond|responses?|reply|replies|return|output|result)\b", re.IGNORECASE)
_ITEM = r"(?:`[^`\n]{1,60}`|\"[^\"\n]{1,60}\"|'[^'\n]{1,60}'|[A-Za-z][\w-]{0,60})"
_SEPARATOR = r"(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+|\s*/\s*|\s*\|\s*)"
_LIST = rf"{_ITEM}(?:{_SEPARATOR}{_ITEM})*"
_KEYS = re.compile(
    rf"\b(?:keys|fields|properties|attributes|key|field)\b(?:\s+(?:are|is|named|called))?\s*:?\s*({_LIST})",
    re.IGNORECASE,
)
_ONE_OF = re.compile(
    r"\b(?:one\s+of|either|any\s+of|(?:answer|reply|respond)(?:\s+(?:only|just|simply))?\s+with(?!\s+(?:one|any|either)\b)"
    r"|(?:classify|categori[sz]e|label|tag|sort)\b[^.:,\n]{0,40}?\b(?:as|into|with))\b"
    rf"(?:\s+the\s+following)?\s*:?\s*({_LIST})",
    re.IGNORECASE,
)
_QUOTED = r"(?:`[^`\n]{1,60}`|\"[^\"\n]{1,60}\")"
_QUOTED_LIST = re.compile(rf"({_QUOTED}(?:{_SEPARATOR}{_QUOTED})+)")
_FILLED = re.compile(
    r"(?:please\s+|always\s+)?(?:fill|set|include|provide|return|give|write|answer|output)\b", re.IGNORECASE
)
"""What begins a sentence about the fields of the answer."""
_WORDS = re.compile(_ITEM)
_JOINING = frozenset({"and", "or", "the", "a", "an", "of", "with", "in", "if", "each", "exactly", "these", "following"})


def drift(prose: str, answer: Answer) -> Iterator[TemplateFault]:
    """Where a template's prose says other things of the answer than its schema."""
    shown = list(shown_objects(prose))
    for start, data in shown:
        yield from of_object(prose, start, data, answer)
    yield from listed_keys(prose, answer)
    for sentence in sentences(without(prose, shown)):
        yield from _keys(sentence, answer)
        yield from _enums(sentence, answer)
        yield from _counts(sentence, answer)
        yield from _format(sentence, answer)
        yield from of_values(sentence, answer)


def described(name: str, schema: dict[str, Any]) -> Iterator[TemplateFault]:
    """Where the description of a field says other things of its value than the keywords beside it."""
    text = schema.get("description")
    if not isinstance(text, str) or _SAID.isdisjoint(schema):
        return
    answer = Answer.of_field(name, schema)
    for sentence in sentences(text):
        yield from _enums(sentence, answer)
        yield from _counts(sentence, answer)


_SAID = frozenset(("enum", "minimum", "maximum", "minItems", "maxItems", "maxLength"))
"""Keywords that a description may contradict."""


def _items(found: re.Match[str], group: int = 1) -> Iterator[tuple[str, tuple[int, int], bool]]:
    """The words of a list with their spans, and whether each stands in quotes."""
    last = False  # behind an `and` or an `or` stands the last word: what follows is the sentence
    for word in _WORDS.finditer(found[group]):
        quoted = word.group()[0] in "`\"'"
        text = word.group()[1:-1] if quoted else word.group()
        if quoted or text.lower() not in _JOINING:
            start = found.start(group) + word.start() + quoted
            yield text, (start, start + len(text)), quoted
            if last:
                return
        last = text.lower() in ("and", "or") and not quoted


def _keys(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    for found in _QUOTED_LIST.finditer(sentence.text) if answer.keys and _FILLED.match(sentence.text) else ():
        words = [(text, span) for text, span, _ in _items(found)]
        there = {text for text, _ in words if text in answer.keys}
        for text, span in words if there else ():
            if text not in there and (hint := did_you_mean(text, sorted(answer.keys - there))):
                yield drifted("PK217", sentence, span, f"the output has no field `{text}`", hint)
    if not answer.keys or not _ANSWER.search(sentence.text):
        return
    for found in _KEYS.finditer(sentence.text):
        items = list(_items(found))
        known = [text for text, _, _ in items if text in answer.keys]
        near = [text for text, _, _ in items if text not in answer.keys and did_you_mean(text, answer.keys)]
        if not known and len(near) < len(items):
            continue
        for text, span, quoted in items:
            if text not in answer.keys and (quoted or len(items) > 1) and text.replace("-", "_").isidentifier():
                hint = did_you_mean(text, sorted(answer.keys - set(known)))
                label = hint or f"its fields are {', '.join(sorted(answer.keys)[:MOST_SHOWN])}"
                yield drifted("PK217", sentence, span, f"the output has no field `{text}`", label)


def _enums(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    if not answer.enums or sentence.text.endswith("?"):
        return
    told: set[tuple[int, int]] = set()
    for pattern in (_ONE_OF, _QUOTED_LIST):
        for found in pattern.finditer(sentence.text):
            if DENIED.search(sentence.text[: found.start()]):
                continue
            items = [item for item in _items(found) if item[1] not in told]
            enum = _meant(items, answer)
            for text, span, _ in items if enum else ():
                if text.casefold() not in {word.casefold() for word in enum}:
                    told.add(span)
                    hint = did_you_mean(text, enum)
                    listed = ", ".join(enum[:MOST_SHOWN])
                    label = f"not one of {listed}{f'; {hint}' if hint else ''}"
                    said = f"`{next(iter(answer.fields))}` is never" if answer.alone else "the output never says"
                    yield drifted("PK218", sentence, span, f"{said} `{text}`", label)


def _meant(items: list[tuple[str, tuple[int, int], bool]], answer: Answer) -> tuple[str, ...]:
    """The enum that a list of words spells out: at least half of them stand in it, and no other has more of them."""
    words = [text.casefold() for text, _, _ in items]
    if len(words) < 2 or any(text in answer.keys for text, _, _ in items):
        return ()
    scored = [(sum(word in {each.casefold() for each in enum} for word in words), enum) for enum in answer.enums]
    most, enum = max(scored, default=(0, ()), key=lambda pair: pair[0])
    return enum if most * 2 >= len(words) and most < len(words) else ()


_COUNT = re.compile(
    rf"\b(?:(exactly|precisely|at most|no more than|up to|at least|no fewer than|a maximum of|a minimum of)\s+)?"
    rf"(?:{NUMBER}\s*(?:to|-|\N{{EN DASH}}|and)\s*)?{NUMBER}\s+`?(\w+)`?(?=\s+`?(\w+)`?|)",
    re.IGNORECASE,
)
_OTHER_UNITS = r"(?!\s+\w*(?:word|line|page|minute|day))"
_RANGE = re.compile(
    rf"\b(?:from|between|of)?\s*\b{NUMBER}\s*(?:to|and|-|\N{{EN DASH}}|\.\.)\s*{NUMBER}\b{_OTHER_UNITS}",
    re.IGNORECASE,
)
_CHARACTERS = re.compile(rf"(?:at most|no more than|up to|a maximum of)\s+{NUMBER}\s+characters", re.IGNORECASE)


def _counts(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    yield from _item_counts(sentence, answer)
    yield from _ranges(sentence, answer)
    for found in _CHARACTERS.finditer(sentence.text) if "characters" in sentence.text.lower() else ():
        for name, schema in _named(sentence.text, answer, "string"):
            most = schema.get("maxLength")
            if isinstance(most, int) and number_of(found[1]) > most:
                yield drifted(
                    "PK219", sentence, found.span(1), f"`{name}` has other bounds", f"at most {most} characters"
                )


def _item_counts(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    lists = {name: schema for name, schema in answer.fields.items() if _kinds(schema) == {"array"}}
    for found in _COUNT.finditer(sentence.text) if lists else ():
        words, low, high, *nouns = found.groups()
        named = {noun.lower() for noun in nouns if noun}
        name = next((name for name in lists if named & _forms(name)), None)
        if name is None:
            continue
        least, most = lists[name].get("minItems", 0), lists[name].get("maxItems")
        first, last = (number_of(low) if low else number_of(high)), number_of(high)
        if _contradicts((words or "").lower(), first, last, least, most):
            label = f"{least}..{'' if most is None else most} items"
            yield drifted("PK219", sentence, found.span(3), f"`{name}` has other bounds", label)


def _contradicts(words: str, first: int, last: int, least: int, most: int | None) -> bool:
    """Whether a number of items in words goes beyond the bounds of a list, or is exact where they are not."""
    if words in ("at least", "no fewer than", "a minimum of"):
        return most is not None and first > most
    beyond = most is not None and last > most
    if words in ("at most", "no more than", "up to", "a maximum of"):
        return beyond or last < least
    inexact = words != "" and first == last and most is not None and (least, most) != (last, last)
    return beyond or inexact or (first != last and first < least)


def _ranges(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """`from 1 to 10`, of a number that is named in the sentence; only one may be, or nobody knows which is meant."""
    named = list(_named(sentence.text, answer, "integer", "number"))
    for found in _RANGE.finditer(sentence.text) if len(named) == 1 else ():
        name, schema = named[0]
        least, most = schema.get("minimum"), schema.get("maximum")
        first, last = number_of(found[1]), number_of(found[2])
        if answer.alone and not _LED.match(sentence.text[: found.end(1)]):
            continue
        if (least is not None and first < least) or (most is not None and last > most):
            label = f"{'' if least is None else least}..{'' if most is None else most}"
            span = found.span(2) if most is not None and last > most else found.span(1)
            yield drifted("PK219", sentence, span, f"`{name}` has other bounds", label)


_LED = re.compile(rf"(?:.*\b(?:from|between|scale of|scale|range|score of))?\s*{NUMBER}\Z", re.IGNORECASE | re.DOTALL)
"""What stands before a range that tells of all values, and of no special ones."""


def _named(text: str, answer: Answer, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    lower = text.lower()
    for name, schema in answer.fields.items():
        named = answer.alone or (
            name.lower() in lower and re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) is not None
        )
        if named and _kinds(schema) & set(kinds):
            yield name, schema


def _kinds(schema: dict[str, Any]) -> set[str]:
    kind = schema.get("type", ())
    return {kind} if isinstance(kind, str) else set(kind) - {"null"} if isinstance(kind, list) else set()


def _forms(name: str) -> set[str]:
    """A field's name as prose has it, in the plural and in the singular."""
    plain = name.lower().replace("_", " ")
    return {plain, plain + "s", plain.removesuffix("s"), plain.removesuffix("es"), re.sub("ies$", "y", plain)}


_VERB = r"(?:answer|respond|reply|return|output|format|give|provide|produce)"
_OBJECT = r"(?:\s+(?:me\s+)?(?:your|the|an?)\s+(?:final\s+|whole\s+)?(?:answer|response|output|result|reply))?"
_FORMATS = r"(JSON|XML|YAML|CSV|HTML|Markdown|plain text)"
_A_FORMAT = re.compile(_FORMATS, re.IGNORECASE)
_WANTED = re.compile(
    rf"(?:^(?:[-*+]\s+|\d{{1,3}}[.)]\s+)?|[.!?:;,\n]\s*|\b(?:please|always|must|should|then|and|only|you)\s+){_VERB}{_OBJECT}"
    rf"(?:\s+(?:in|as|with|using)(?:\s+(?:valid|pure|raw|strict|an?))*|\s+(?:only\s+|valid\s+)?)\s*\b{_FORMATS}\b",
    re.IGNORECASE,
)
_FITTING = {
    "json": {"json"},
    "text": {"plain text", "xml", "yaml", "csv", "html", "markdown"},
    "markdown": {"markdown"},
    "choice": {"plain text"},
    "list": {"json"},
}


def _format(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    if not _A_FORMAT.search(sentence.text):
        return
    for found in _WANTED.finditer(sentence.text):
        wanted = " ".join(found[1].lower().split())
        before = sentence.text[: found.start(1)]
        if wanted in _FITTING[answer.format] or DENIED.search(before) or _in_quotes(sentence.text, found.start(1)):
            continue
        message = f"the prose asks for {found[1]}, and the output is `format: {answer.format}`"
        yield drifted("PK232", sentence, found.span(1), message, f"the answer is read as {_READ_AS[answer.format]}")


_READ_AS = {
    "json": "json",
    "text": "text as it stands",
    "markdown": "Markdown",
    "choice": "one choice",
    "list": "a JSON list",
}


def _in_quotes(text: str, at: int) -> bool:
    before = text[:at]
    return any(before.count(sign) % 2 for sign in '"`') or before.count(
        "\N{LEFT DOUBLE QUOTATION MARK}"
    ) > before.count("\N{RIGHT DOUBLE QUOTATION MARK}")
