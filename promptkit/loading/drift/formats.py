"""The format that a sentence of the prose asks for, against the output's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern
from promptkit.loading.drift.surroundings import is_denied, names_a_key
from promptkit.loading.drift.telling import drift_in
from promptkit.spec import JSON_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.loading.drift.answer import Answer
    from promptkit.loading.prose import Sentence
    from promptkit.template.tree import TemplateFault

_VERB = r"(?:answer|respond|reply|return|output|format|give|provide|produce|present)"
_OBJECT = r"(?:\s+(?:me\s+)?(?:your|the|an?)\s+(?:final\s+|whole\s+)?(?:answer|response|output|result|reply))?"
_FORMATS = r"(?P<format>JSON|XML|YAML|CSV|HTML|Markdown|plain text)"
_A_FORMAT = LatePattern(_FORMATS, re.IGNORECASE)
_WANTED = LatePattern(
    rf"(?:^(?:[-*+]\s+|\d{{1,3}}[.)]\s+)?|[.!?:;,\n]\s*|\b(?:please|always|must|should|then|and|only|you)\s+){_VERB}{_OBJECT}"
    rf"(?:\s+(?:in|as|with|using)(?:\s+(?:valid|pure|raw|strict|an?))*|\s+(?:only\s+|valid\s+)?)\s*\b{_FORMATS}\b",
    re.IGNORECASE,
)
_MUST_BE = LatePattern(
    rf"\b(?P<of>answer|response|output|reply|result)\s+(?:must|should|shall|has\s+to)\s+be\s+(?:(?:valid|pure|raw|strict|in|an?)\s+)*{_FORMATS}\b",
    re.IGNORECASE,
)
_OF_ANOTHER = LatePattern(
    r"\b(?:whose|its|their|whether|judge|judges|evaluate|evaluates|assess|grade|(?:says?|states?|requires?|asks?)\s+(?:that|for))\b",
    re.IGNORECASE,
)
"""Words of a sentence that speaks of an answer that is judged, and not of the one that is asked for."""
_IN_TAGS = LatePattern(
    r"(?<=\bin\s)<(answer|final_answer|output|response|result)>(?:\s*</\1>)?(?=\s+tags?\b)", re.IGNORECASE
)
_FITTING = {
    "json": {"json"},
    "text": {"plain text", "xml", "yaml", "csv", "html", "markdown"},
    "markdown": {"markdown"},
    "choice": {"plain text"},
    "list": {"json"},
}
_READ_AS = {
    "json": "json",
    "text": "text as it stands",
    "markdown": "Markdown",
    "choice": "one choice",
    "list": "a JSON list",
}


def of_formats(sentence: Sentence, answer: Answer) -> Iterator[TemplateFault]:
    """Where a sentence asks for another format than the output's."""
    if not _A_FORMAT.search(sentence.text) and "tag" not in sentence.text:
        return
    if names_a_key(sentence.text, answer):
        return
    if (tags := _IN_TAGS.search(sentence.text)) is not None and answer.format in JSON_FORMATS:
        message = f"the prose asks for <{tags[1]}> tags, and the output is `format: {answer.format}`"
        yield drift_in("PK232", sentence, tags.span(), message, f"the answer is read as {_READ_AS[answer.format]}")
    for found in (*_WANTED.finditer(sentence.text), *_demands(sentence.text, answer)):
        wanted, start = found["format"], found.start("format")
        if sentence.text.startswith("?", found.end()) and not found.start():
            continue  # what is asked about, and not for
        fits = " ".join(wanted.lower().split()) in _FITTING[answer.format]
        if fits or is_denied(sentence.text[:start]) or _in_quotes(sentence.text, start):
            continue
        message = f"the prose asks for {wanted}, and the output is `format: {answer.format}`"
        span = found.span("format")
        yield drift_in("PK232", sentence, span, message, f"the answer is read as {_READ_AS[answer.format]}")


def _demands(text: str, answer: Answer) -> Iterator[re.Match[str]]:
    """`The answer must be JSON`, where that is not said of an answer that comes in."""
    for found in _MUST_BE.finditer(text):
        clause = re.split("[;:,]", text[: found.start()])[-1]
        of_another = _OF_ANOTHER.search(clause) is not None and not clause.rstrip().lower().endswith("your")
        if found["of"].lower() not in answer.inputs and not of_another:
            yield found


def _in_quotes(text: str, at: int) -> bool:
    before = text[:at]
    return any(before.count(sign) % 2 for sign in '"`') or before.count(
        "\N{LEFT DOUBLE QUOTATION MARK}"
    ) > before.count("\N{RIGHT DOUBLE QUOTATION MARK}")
