"""Where the prose of a prompt has drifted from its output's schema: keys, words of enums, numbers and formats.

What is told is told only where a sentence plainly speaks of the answer; words of everyday language, quoted orders of
others and data of other kinds are none of it. All of it are warnings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptkit.diagnostics import did_you_mean
from promptkit.loading.drift_examples import (
    DENIED,
    MOST_SHOWN,
    NOUNS,
    Answer,
    asks_for,
    drifted,
    listed_keys,
    listed_words,
    names_a_key,
    of_object,
    shown_objects,
    speaks_of_others,
    without,
)
from promptkit.loading.drift_numbers import of_numbers
from promptkit.loading.drift_values import of_values
from promptkit.loading.prose import sentences

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
    r"|(?:classify|categori[sz]e|label|tag|sort)\b[^.:,\n]{0,40}?\b(?:as|into|with)(?!\s+(?:one|any|either)\b))\b"
    rf"(?:\s+(?:the|these))?(?:\s+following)?(?:\s+[a-z]{{3,20}}s(?=\s*:))?\s*:?\s*({_LIST})",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    rf"^(?:[-*+]\s+)?(?:(?:allowed|possible|valid)\s+)?(?:{NOUNS})(?:\s+(?:are|for|of)(?:\s+(?:the\s+)?\w+)?)?\s*:\s*({_LIST})"
    rf"|\b(?:assign|choose|give|pick|select)\b[^.(]{{0,40}}\((?![^)]*\bor\b)(?P<inside>{_LIST})\)",
    re.IGNORECASE,
)
"""`Categories: billing, legal` and `assign a category (billing, legal)`."""
_GIVEN = re.compile(
    r"(?:^|[.,;:]\s*|\b(?:then|please|and)\s+)(?:answer|return|reply|output|say)(?:\s+with)?"
    r"\s+[`\"']([\w -]{1,60})[`\"']"
    r"(?!\s*(?:,|or\b|and\b|\w))",
    re.IGNORECASE,
)
"""One word that is to be the answer; of several others speak."""
_BESIDE_KEY = re.compile(
    rf"\b(?=[a-z])(?P<key>\w{{1,60}})\b[`\"']?\s*[:(=]\s*(?P<list>{_ITEM}(?:\s*[|/]\s*{_ITEM})+)", re.IGNORECASE
)
"""Words with bars between them behind a key: `priority: urgent | normal`."""
_QUOTED = r"(?:`[^`\n]{1,60}`|\"[^\"\n]{1,60}\")"
_QUOTED_LIST = re.compile(rf"({_QUOTED}(?:{_SEPARATOR}{_QUOTED})+)")
_FILLED = re.compile(
    r"(?:please\s+|always\s+)?(?:fill|set|include|provide|return|give|write|answer|output|explain|put|list|store|summari[sz]e)\b",
    re.IGNORECASE,
)
"""What begins a sentence about the fields of the answer."""
_INTO = re.compile(
    r"\b(?:in|into|under)\s+(?:the\s+|an?\s+)?[`\"'](\w{1,60})[`\"']\s+(?:field|key|property)\b", re.IGNORECASE
)
_ADDED = re.compile(
    r"\b(?:include|add|return|give|provide|output)\s+(?:an?|the)\s+[`\"']?(\w{1,60})[`\"']?\s+(?:field|key|property)\b",
    re.IGNORECASE,
)
_INTO_QUOTES = re.compile(r"\b(?:into|under)\s+(?:the\s+)?[`\"'](\w{1,60})[`\"']", re.IGNORECASE)
_OF_THE_INPUT = re.compile(
    r"\b(?:inputs?|sources?|given|from|of\s+the|tools?|calls?|in\s+your\s+\w+|logs?|mails?|letters?)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(_ITEM)
_JOINS = """
    a also an and any each either exactly finally following if in of one only optionally or plus the then these with
"""
_JOINING = frozenset(_JOINS.split())


def drift(prose: str, answer: Answer) -> Iterator[TemplateFault]:
    """Where a template's prose says other things of the answer than its schema."""
    shown = list(shown_objects(prose))
    for start, data in shown:
        yield from of_object(prose, start, data, answer)
    yield from listed_keys(prose, answer)
    yield from listed_words(prose, answer)
    for sentence in sentences(without(prose, shown)):
        if len(sentence.text) > _LONGEST_SENTENCE:
            continue
        yield from _keys(sentence, answer)
        yield from _enums(sentence, answer)
        yield from of_numbers(sentence, answer)
        yield from _format(sentence, answer)
        yield from of_values(sentence, answer)


def described(name: str, schema: dict[str, Any]) -> Iterator[TemplateFault]:
    """Where the description of a field says other things of its value than the keywords beside it."""
    text = schema.get("description")
    if not isinstance(text, str) or _SAID.isdisjoint(schema):
        return
    answer = Answer.of_field(name, schema)
    for sentence in sentences(text):
        if len(sentence.text) <= _LONGEST_SENTENCE:
            yield from _enums(sentence, answer)
            yield from of_numbers(sentence, answer)


_LONGEST_SENTENCE = 2_000
"""What is longer is no sentence, but a table or a text of data."""
_SAID = frozenset(("enum", "minimum", "maximum", "minItems", "maxItems", "maxLength"))
"""Keywords that a description may contradict."""


def _items(found: re.Match[str], group: int | str = 1) -> Iterator[tuple[str, tuple[int, int], bool]]:
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
    about_fields = answer.keys and answer.closed and _FILLED.match(sentence.text)
    for found in _places(sentence.text, answer) if about_fields else ():
        name = found[1]
        if name not in answer.keys and not _OF_THE_INPUT.search(sentence.text):
            label = (
                did_you_mean(name, sorted(answer.keys))
                or f"its fields are {', '.join(sorted(answer.keys)[:MOST_SHOWN])}"
            )
            yield drifted("PK217", sentence, found.span(1), f"the output has no field `{name}`", label)
    if not answer.keys or not _ANSWER.search(sentence.text):
        return
    for found in _KEYS.finditer(sentence.text):
        items = list(_items(found))
        if any(quoted for _, _, quoted in items):  # words between them say how they are meant
            left = answer.keys - {text for text, _, _ in items}
            items = [item for item in items if item[2] or did_you_mean(item[0], left)]
        known = [text for text, _, _ in items if text in answer.keys]
        near = [text for text, _, _ in items if text not in answer.keys and did_you_mean(text, answer.keys)]
        if not known and len(near) < len(items):
            continue
        for text, span, quoted in items:
            if text not in answer.keys and (quoted or len(items) > 1) and text.replace("-", "_").isidentifier():
                hint = did_you_mean(text, sorted(answer.keys - set(known)))
                label = hint or f"its fields are {', '.join(sorted(answer.keys)[:MOST_SHOWN])}"
                yield drifted("PK217", sentence, span, f"the output has no field `{text}`", label)


def _places(text: str, answer: Answer) -> Iterator[re.Match[str]]:
    """Where a sentence says into which fields something goes; by quotes alone, where one of them is a field."""
    yield from _INTO.finditer(text)
    yield from _ADDED.finditer(text)
    quoted = list(_INTO_QUOTES.finditer(text))
    yield from quoted if any(found[1] in answer.keys for found in quoted) else ()


def _enums(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    if not answer.enums or sentence.text.endswith("?"):
        return
    for found in _GIVEN.finditer(sentence.text) if answer.format == "choice" else ():
        if found[1].casefold() not in {word.casefold() for word in answer.enums[-1]}:
            label = f"not one of {', '.join(answer.enums[-1][:MOST_SHOWN])}"
            yield drifted("PK218", sentence, found.span(1), f"the output never says `{found[1]}`", label)
    told: set[tuple[int, int]] = set()
    labelled = (_LABELLED,) if ":" in sentence.text or "(" in sentence.text else ()
    for pattern in (_ONE_OF,) if answer.alone else (_ONE_OF, _QUOTED_LIST, _BESIDE_KEY, *labelled):
        for found in pattern.finditer(sentence.text):
            if DENIED.search(sentence.text[: found.start()]) or (answer.alone and not _is_all(sentence.text, found)):
                continue
            group = "list" if pattern is _BESIDE_KEY else 1 if found[1] else "inside"
            items = [item for item in _items(found, group) if item[1] not in told]
            enum = _meant(items, answer)
            if enum and (_is_of_another(found, enum, answer) or _is_told_elsewhere(sentence.text, found, enum)):
                continue
            begun = sentence.text[max(0, found.start(group) - _MOST_BEFORE) : found.start(group)]
            if enum and (pattern is _LABELLED or ":" in found[0]) and not _may_be_listed(begun, items, enum, answer):
                continue
            if enum and pattern is _LABELLED and not asks_for(begun, enum, answer):
                continue
            for text, span, _ in items if enum else ():
                if pattern is _LABELLED and not _ENDS_A_WORD.match(sentence.text, span[1]):
                    continue  # a part of what is said
                if text.casefold() not in {word.casefold() for word in enum}:
                    told.add(span)
                    hint = did_you_mean(text, enum)
                    listed = ", ".join(enum[:MOST_SHOWN])
                    label = f"not one of {listed}{f'; {hint}' if hint else ''}"
                    said = f"`{next(iter(answer.fields))}` is never" if answer.alone else "the output never says"
                    yield drifted("PK218", sentence, span, f"{said} `{text}`", label)


_ENDS_A_WORD = re.compile(r"[`\"'*]*\s*(?:[,|/.;)]|and\b|or\b|\n|\Z)")


def _may_be_listed(
    begun: str, items: list[tuple[str, tuple[int, int], bool]], enum: tuple[str, ...], answer: Answer
) -> bool:
    """Whether a list behind a colon can be of an enum's words: no input has them all, and no word has signs inside."""
    words = [text for text, _, _ in items]
    if any(re.search(r"[/(]", word) for word in enum) or any(text.lower() in _NO_WORDS for text in words):
        return False
    return not speaks_of_others(begun, enum, answer) and not answer.is_given(words)


_MOST_BEFORE = 150
_NO_WORDS = frozenset(("etc", "null", "none"))


def _is_all(text: str, found: re.Match[str]) -> bool:
    """Whether a description is a list of words, and nothing else: others map words of what comes in."""
    return found.start() == 0 and not text[found.end() :].strip(" .")


def _is_of_another(found: re.Match[str], enum: tuple[str, ...], answer: Answer) -> bool:
    """Whether the key before a list is that of something else than the field with these words."""
    key = found.groupdict().get("key")
    return key is not None and tuple(answer.fields.get(key, {}).get("enum", ())) != enum


def _is_told_elsewhere(text: str, found: re.Match[str], enum: tuple[str, ...]) -> bool:
    """Whether another list in the sentence has words of the enum alone: this one is of more than the answer then."""
    known = {word.casefold() for word in enum}
    others = (other for other in _QUOTED_LIST.finditer(text) if other.start() > found.end())
    return any({word.casefold() for word, _, _ in _items(other)} <= known for other in others)


def _meant(items: list[tuple[str, tuple[int, int], bool]], answer: Answer) -> tuple[str, ...]:
    """The enum that a list of words spells out: at least half of them stand in it, and no other has more of them."""
    words = [text.casefold() for text, _, _ in items]
    if len(words) < 2 or any(text in answer.keys for text, _, _ in items):
        return ()
    scored = [(sum(word in {each.casefold() for each in enum} for word in words), enum) for enum in answer.enums]
    most, enum = max(scored, default=(0, ()), key=lambda pair: pair[0])
    return enum if most * 2 >= len(words) and most < len(words) else ()


_VERB = r"(?:answer|respond|reply|return|output|format|give|provide|produce|present)"
_OBJECT = r"(?:\s+(?:me\s+)?(?:your|the|an?)\s+(?:final\s+|whole\s+)?(?:answer|response|output|result|reply))?"
_FORMATS = r"(JSON|XML|YAML|CSV|HTML|Markdown|plain text)"
_A_FORMAT = re.compile(_FORMATS, re.IGNORECASE)
_WANTED = re.compile(
    rf"(?:^(?:[-*+]\s+|\d{{1,3}}[.)]\s+)?|[.!?:;,\n]\s*|\b(?:please|always|must|should|then|and|only|you)\s+){_VERB}{_OBJECT}"
    rf"(?:\s+(?:in|as|with|using)(?:\s+(?:valid|pure|raw|strict|an?))*|\s+(?:only\s+|valid\s+)?)\s*\b{_FORMATS}\b",
    re.IGNORECASE,
)
_MUST_BE = re.compile(
    rf"\b(?:answer|response|output|reply|result)\s+(?:must|should|shall|has\s+to)\s+be\s+(?:(?:valid|pure|raw|strict|in|an?)\s+)*{_FORMATS}\b",
    re.IGNORECASE,
)
_IN_TAGS = re.compile(
    r"(?<=\bin\s)<(answer|final_answer|output|response|result)>(?:\s*</\1>)?(?=\s+tags?\b)", re.IGNORECASE
)
_FITTING = {
    "json": {"json"},
    "text": {"plain text", "xml", "yaml", "csv", "html", "markdown"},
    "markdown": {"markdown"},
    "choice": {"plain text"},
    "list": {"json"},
}


def _format(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    if not _A_FORMAT.search(sentence.text) and "tag" not in sentence.text:
        return
    if names_a_key(sentence.text, answer):
        return
    if (tags := _IN_TAGS.search(sentence.text)) is not None and answer.format in ("json", "list"):
        message = f"the prose asks for <{tags[1]}> tags, and the output is `format: {answer.format}`"
        yield drifted("PK232", sentence, tags.span(), message, f"the answer is read as {_READ_AS[answer.format]}")
    for found in (*_WANTED.finditer(sentence.text), *_MUST_BE.finditer(sentence.text)):
        wanted = " ".join(found[1].lower().split())
        before = sentence.text[: found.start(1)]
        if sentence.text.startswith("?", found.end()) and not found.start():
            continue  # what is asked about, and not for
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
