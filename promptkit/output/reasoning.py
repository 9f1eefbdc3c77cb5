"""Splitting a model's reasoning from its answer.

Reasoning models write `<think>...</think>` into the content; the opening tag may be missing (SGLang prepends
it for MiniMax, sgl-project/sglang #22637), and MARA's models do both (MARA Cloud, observed 2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from promptkit.thought import ANSWER_LINE

_BLOCK = re.compile(r"<(think|thinking|reasoning)>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_CLOSING = re.compile(r"</(think|thinking|reasoning)>", re.IGNORECASE)
_OPENING = re.compile(r"\s*<(think|thinking|reasoning)>", re.IGNORECASE)
_ANSWER = re.compile(rf"^[ \t]*(?:\*\*|__|#+ *)?{ANSWER_LINE}(?:\*\*|__)?[ \t]*", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Split:
    """An answer, the reasoning that stood before it, and whether the reasoning never ended."""

    answer: str
    reasoning: str = ""
    unclosed: bool = False


def split_tags(text: str) -> Split:
    """Take reasoning in tags off; a lone closing tag ends reasoning that began with the text."""
    thoughts: list[str] = []

    def kept(match: re.Match[str]) -> str:
        thoughts.append(match[2].strip())
        return ""

    rest = _BLOCK.sub(kept, text)
    lone = list(_CLOSING.finditer(rest))
    if lone:
        thoughts.append(rest[: lone[-1].start()].strip())
        rest = rest[lone[-1].end() :]
    if _OPENING.match(rest):
        return Split("", "\n\n".join([*thoughts, _OPENING.sub("", rest, count=1).strip()]), unclosed=True)
    return Split(rest.strip() if thoughts else text, "\n\n".join(filter(None, thoughts)))


def split_prose(text: str) -> Split:
    """Take off what stands before the last line that begins with `Answer:`; no such line, no reasoning."""
    lines = list(_ANSWER.finditer(text))
    if not lines:
        return Split(text)
    last = lines[-1]
    return Split(text[last.end() :].strip(), text[: last.start()].strip())
