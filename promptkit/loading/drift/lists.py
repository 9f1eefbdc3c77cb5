"""Lists below a heading of the prose, against the output's schema: keys with a line each, words with a bullet each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.loading.drift.surroundings import NO_WORDS, NOUNS, asks_for, speaks_of_others
from promptkit.loading.drift.telling import never_said, no_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.drift.answer import Answer
    from promptkit.template.tree import TemplateFault

_HEADING = LatePattern(
    r"^(?=.*\b(?:answer|respond|response|reply|return|output|result|JSON|extract)\b)"
    r".*\b(?:keys|fields|properties|attributes|JSON|object)\b.*:[ \t]*$",
    re.IGNORECASE,
)
_KEY_LINE = LatePattern(
    r"[ \t]*(?:[-*+\N{BULLET}]|\d+[.)])[ \t]+(?:\*\*)?([`\"']?)([A-Za-z_][\w-]*)\1"
    r"(?=[ \t]*(?:[:(*\N{EN DASH}\N{EM DASH}-]|$))"
)


def _key_lists(prose: str) -> list[list[tuple[str, int]]]:
    """The words at which the items begin of each list below a heading that speaks of keys; each with its offset."""
    groups: list[list[tuple[str, int]]] = []
    at, is_open = 0, False
    for line in prose.splitlines(keepends=True):
        text = line.rstrip()
        if text.endswith(":") and _HEADING.match(text):
            groups.append([])
            is_open = True
        elif is_open and (item := _KEY_LINE.match(text)) is not None:
            groups[-1].append((item[2], at + item.start(2)))
        elif text and not text.startswith((" ", "\t")):
            is_open = False
        at += len(line)
    return groups


def of_listed_keys(prose: str, answer: Answer) -> Iterator[TemplateFault]:
    """Keys that stand below each other, of which at least half are declared: `with these keys:` and a line for each."""
    declared = answer.schema.get("properties") if isinstance(answer.schema, dict) else None
    if not isinstance(declared, dict) or not answer.closed:
        return
    for group in _key_lists(prose):
        if sum(name in declared for name, _ in group) * 2 < len(group):
            continue
        for name, start in group:
            if name not in answer.keys:
                yield no_field(name, start, declared, dict(group))


_WORDS_BELOW = LatePattern(rf"\b(?:one\s+of|{NOUNS})\b[^.:\n]{{0,60}}:[ \t]*$", re.IGNORECASE)
_WORD_LINE = LatePattern(
    r"(?P<indent>[ \t]*)(?:[-*+\N{BULLET}]|\d+[.)])[ \t]+(?:\*\*)?"
    r"(?P<mark>[`\"']?)(?P<word>[A-Za-z_]\w*(?:[ -]\w+){0,5})(?P=mark)"
    r"(?:\*\*)?[ \t]*(?P<rest>[:(\N{EN DASH}\N{EM DASH}]|- |$)"
)
_LONGEST_LINE = 300
_LEAST_KNOWN = 2
"""How many words of a list an enum has at least, before the others are called strange."""


def of_listed_words(prose: str, answer: Answer) -> Iterator[TemplateFault]:
    """Words that stand below each other, of which at least half are an enum's: `one of the following:` and bullets."""
    if not answer.enums or ":\n" not in prose:
        return
    group: list[tuple[str, int, bool]] | None = None
    heading, indent, at = "", "", 0
    for line in (*prose.splitlines(keepends=True), "end"):
        text = line.rstrip()
        item = _WORD_LINE.match(text) if group is not None and len(text) <= _LONGEST_LINE else None
        if group is not None and item is not None and (not group or item["indent"] == indent):
            indent = item["indent"]
            group.append((text, at + item.start("word"), bool(item["mark"]) or " " not in item["word"]))
        elif (text or group) and not (group and item is not None and len(item["indent"]) > len(indent)):
            yield from _strange(heading, group or [], answer)
            heading, group = (text, []) if _WORDS_BELOW.search(text) else ("", None)
        at += len(line)


def _strange(heading: str, group: list[tuple[str, int, bool]], answer: Answer) -> Iterator[TemplateFault]:
    """The words in a list of lines that an enum does not have, though it has most of them."""
    found = [(item["word"], text, start, alone) for text, start, alone in group if (item := _WORD_LINE.match(text))]
    named = {word.casefold() for word, *_ in found}
    known = [(len(named & {word.casefold() for word in enum}), enum) for enum in answer.enums]
    most, enum = max(known, default=(0, ()), key=lambda pair: pair[0])
    if most < _LEAST_KNOWN or most * 2 < len(found) or answer.is_given(named):
        return
    if speaks_of_others(heading, enum, answer) or not asks_for(heading, enum, answer):
        return
    plain = {word.casefold() for word in enum}
    for word, text, start, alone in found:
        said = {each.casefold() for each in re.findall(r"[\w-]+", text)}
        if alone and word.casefold() not in plain | NO_WORDS and said.isdisjoint(plain):
            yield never_said(word, start, enum)
