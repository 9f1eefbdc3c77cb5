"""Splitting a model's reasoning from its answer.

Reasoning models write `<think>...</think>` before the answer; the opening tag may be missing (SGLang prepends
it for MiniMax, sgl-project/sglang #22637), and MARA's models do both (MARA Cloud, observed 2026). Tags inside an
answer are the answer's own: what is taken off stands before it, and nothing else is touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from promptkit.thought import ANSWER_LINE

TAGS = ("think", "thinking", "reasoning")
_ANY = "|".join(TAGS)
OPENING = re.compile(rf"<({_ANY})>", re.IGNORECASE)
CLOSING = re.compile(rf"(?<![`\"'])</(?:{_ANY})>", re.IGNORECASE)
"""A closing tag; one in quotes or backticks is spoken of."""
_LEADING = re.compile(rf"\s*<({_ANY})>", re.IGNORECASE)
_ANSWER = re.compile(rf"^[ \t]*(?:\*\*|__|#+ *)?{ANSWER_LINE}(?:\*\*|__)?[ \t]*", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Split:
    """An answer, the reasoning that stood before it, and whether the reasoning never ended."""

    answer: str
    reasoning: str = ""
    unclosed: bool = False


def split_tags(text: str) -> Split:
    """Take off the tagged reasoning that a text begins with; a lone closing tag ends reasoning without a beginning."""
    thoughts: list[str] = []
    at = 0
    while opening := _LEADING.match(text, at):
        closing = re.compile(rf"</{opening[1]}>", re.IGNORECASE).search(text, opening.end())
        if closing is None:
            return Split("", _joined([*thoughts, text[opening.end() :]]), unclosed=True)
        thoughts.append(text[opening.end() : closing.start()])
        at = closing.end()
    if at:
        return Split(text[at:].strip(), _joined(thoughts))
    lone = CLOSING.search(text)
    if lone is None or OPENING.search(text, 0, lone.start()):
        return Split(text)
    return Split(text[lone.end() :].strip(), text[: lone.start()].strip())


def split_last_tag(text: str) -> Split | None:
    """Take off all up to the last closing tag; for answers that show by themselves whether they are whole."""
    closings = list(CLOSING.finditer(text))
    if not closings:
        return None
    last = closings[-1]
    before = OPENING.sub("", CLOSING.sub("", text[: last.start()]))
    return Split(text[last.end() :].strip(), before.strip())


def _joined(thoughts: list[str]) -> str:
    return "\n\n".join(filter(None, (thought.strip() for thought in thoughts)))


def split_prose(text: str, *, last: bool) -> Split | None:
    """Take off what stands before the line `Answer:`; None when there is no such line.

    It may be followed by the answer on the same line, and then the last such line counts. One that stands by
    itself, as asked for, comes first: the first of them, unless it is the `last` that counts.
    """
    lines = list(_ANSWER.finditer(text))
    alone = [line for line in lines if text[line.end() : line.end() + 1] in ("", "\n", "\r")]
    if not lines:
        return None
    found = alone[0] if alone and not last else lines[-1]
    return Split(text[found.end() :].strip(), text[: found.start()].strip())
