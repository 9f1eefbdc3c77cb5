"""Words in a sentence of the prose that an enum of the output does not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.diagnostics import did_you_mean
from promptkit.late_pattern import LatePattern
from promptkit.loading.drift.rows import ITEM, QUOTED_ROW, ROW, is_in_json, words_of
from promptkit.loading.drift.surroundings import NO_WORDS, NOUNS, asks_for, is_denied, speaks_of_others
from promptkit.loading.drift.telling import never_said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.drift.answer import Answer
    from promptkit.loading.drift.rows import Word
    from promptkit.loading.prose import Sentence
    from promptkit.template.tree import TemplateFault

_ONE_OF = LatePattern(
    r"\b(?:one\s+of|either|any\s+of|(?:answer|reply|respond)(?:\s+(?:only|just|simply))?\s+with(?!\s+(?:one|any|either)\b)"
    r"|(?:classify|categori[sz]e|label|tag|sort)\b[^.:,\n]{0,40}?\b(?:as|into|with)(?!\s+(?:one|any|either)\b))\b"
    rf"(?:\s+(?:the|these))?(?:\s+following)?(?:\s+[a-z]{{3,20}}s(?=\s*:))?\s*:?\s*({ROW})",
    re.IGNORECASE,
)
_ALL_CHOICES = LatePattern(
    r"^\W*(?:please\s+)?(?:answer|reply|respond|return|say)\s+(?:only\s+|just\s+|either\s+)?"
    r"(\w[\w-]{0,40}(?:\s*,\s*\w[\w-]{0,40}){0,12}\s*,?\s+or\s+\w[\w-]{0,40})\s*[.!]?\s*\Z",
    re.IGNORECASE,
)
"""A sentence that is nothing but the choices: `Answer yes, no or maybe.`"""
_LABELLED = LatePattern(
    rf"^(?:[-*+]\s+)?(?:(?:allowed|possible|valid)\s+)?(?:{NOUNS})(?:\s+(?:are|for|of)(?:\s+(?:the\s+)?\w+)?)?\s*:\s*({ROW})"
    rf"|\b(?:assign|choose|give|pick|select)\b[^.(]{{0,40}}\((?![^)]*\bor\b)(?P<inside>{ROW})\)",
    re.IGNORECASE,
)
"""`Categories: billing, legal` and `assign a category (billing, legal)`."""
_GIVEN = LatePattern(
    r"(?:^|[.,;:]\s*|\b(?:then|please|and)\s+)(?:answer|return|reply|output|say)(?:\s+with)?"
    r"\s+[`\"']([\w -]{1,60})[`\"']"
    r"(?!\s*(?:,|or\b|and\b|\w))",
    re.IGNORECASE,
)
"""One word that is to be the answer; of several others speak."""
_BESIDE_KEY = LatePattern(
    rf"\b(?=[a-z])(?P<key>\w{{1,60}})\b[`\"']?\s*[:(=]\s*(?P<list>{ITEM}(?:\s*[|/]\s*{ITEM})+)", re.IGNORECASE
)
"""Words with bars between them behind a key: `priority: urgent | normal`."""

_ENDS_A_WORD = LatePattern(r"[`\"'*]*\s*(?:[,|/.;)]|and\b|or\b|\n|\Z)")
_MAPS = LatePattern(r"\s+(?:to|as|for|means?|into)\s+[\"'`](?P<word>[^\"'`]{1,60})|\s*(?:->|\N{RIGHTWARDS ARROW})")
"""What stands behind a word that is mapped to another one."""
_OF_PEOPLE = LatePattern(
    r"\b(?:customers?|people|readers?|they|users?)\s+(?:\w+\s+){0,2}(?:their|his|her|it)\b"
    r"(?!.*(?::|\b(?:answer|choose|pick|return|say|set|use)\b))",
    re.IGNORECASE | re.DOTALL,
)
_MOST_BEFORE = 150
"""How many characters before a row are looked at."""


def of_words(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """Where a sentence gives a field a word that its enum does not have."""
    if not answer.enums or sentence.text.endswith("?"):
        return
    yield from _given(sentence, answer) if answer.format == "choice" else ()
    said = f"`{next(iter(answer.fields))}` is never" if answer.alone else "the output never says"
    told: set[tuple[int, int]] = set()
    labelled = (_LABELLED,) if ":" in sentence.text or "(" in sentence.text else ()
    whole = (_ALL_CHOICES,) if answer.format == "choice" else ()
    for pattern in (_ONE_OF,) if answer.alone else (_ONE_OF, QUOTED_ROW, _BESIDE_KEY, *labelled, *whole):
        for found in pattern.finditer(sentence.text):
            group = "list" if pattern is _BESIDE_KEY else 1 if found[1] else "inside"
            words = [word for word in words_of(found, group) if word.span not in told]
            enum = _enum_of(words, answer)
            if not enum or not _is_of(enum, words, found, group, answer):
                continue
            plain = {word.casefold() for word in enum}
            for word in words:
                if pattern is _LABELLED and not _ENDS_A_WORD.match(sentence.text, word.span[1]):
                    continue  # a part of what is said
                if word.runs_on and not did_you_mean(word.text, enum):
                    continue
                if word.text.casefold() not in plain:
                    told.add(word.span)
                    yield never_said(word.text, sentence.start + word.span[0], enum, said)


def _given(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """`answer "unknown"`, where that is no choice."""
    choices = answer.enums[-1]
    plain = {word.casefold() for word in choices}
    for found in _GIVEN.finditer(sentence.text):
        if found[1].casefold() not in plain:
            yield never_said(found[1], sentence.start + found.start(1), choices)


def _is_of(enum: tuple[str, ...], words: list[Word], found: re.Match[str], group: int | str, answer: Answer) -> bool:
    """Whether a row that has most of an enum's words is meant to be of it, by all that stands around it."""
    text = found.string
    mapped = _MAPS.match(text, found.end())
    is_quoted = found.re is QUOTED_ROW.compiled
    if is_quoted and (is_in_json(found) or (mapped is not None and mapped["word"] not in answer.keys)):
        return False
    if is_quoted and _OF_PEOPLE.search(text, 0, found.start()):
        return False
    if is_denied(text[: found.start()]) or (answer.alone and not _is_all(text, found)):
        return False
    if _is_of_another(found, enum, answer) or _is_told_elsewhere(text, found, enum):
        return False
    before = text[max(0, found.start(group) - _MOST_BEFORE) : found.start(group)]
    is_labelled = found.re is _LABELLED.compiled
    if (is_labelled or ":" in found[0]) and not _may_be_listed(before, words, enum, answer):
        return False
    return not is_labelled or asks_for(before, enum, answer)


def _may_be_listed(before: str, words: list[Word], enum: tuple[str, ...], answer: Answer) -> bool:
    """Whether a list behind a colon can be of an enum's words: no input has them all, and no word has signs inside."""
    texts = [word.text for word in words]
    if any(re.search(r"[/(]", word) for word in enum) or any(text.lower() in NO_WORDS for text in texts):
        return False
    return not speaks_of_others(before, enum, answer) and not answer.is_given(texts)


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
    others = QUOTED_ROW.finditer(text, found.end() + 1)
    return any({word.text.casefold() for word in words_of(other)} <= known for other in others)


def _enum_of(words: list[Word], answer: Answer) -> tuple[str, ...]:
    """The enum that a list of words spells out: at least half of them stand in it, and no other has more of them."""
    texts = [word.text.casefold() for word in words]
    if len(words) < 2 or any(word.text in answer.keys for word in words):
        return ()
    scored = [(sum(text in {each.casefold() for each in enum} for text in texts), enum) for enum in answer.enums]
    most, enum = max(scored, default=(0, ()), key=lambda pair: pair[0])
    return enum if most * 2 >= len(texts) and most < len(texts) else ()
