"""Answers laid out in channels: reasoning and the final answer each under a heading of the model's own markup."""

from __future__ import annotations

import re

_HARMONY = re.compile(
    r"<\|channel\|>\s*(?P<name>\w+)(?P<bare>[^<]{0,2000})(?:<\|constrain\|>[^<]{0,50})?"
    r"(?:<\|message\|>(?P<text>.*?))?(?=<\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
_HEADLESS = re.compile(r"\A(?!<\|)(?P<text>.{1,20000}?)<\|end\|><\|start\|>assistant<\|channel\|>", re.DOTALL)
_LOST = re.compile(
    r"\Aanalysis(?P<thought>[^a-z].*?)assistant(?:commentary.*?assistant)?final(?P<answer>.*)\Z", re.DOTALL
)
_GRANITE = re.compile(
    r"\A\s*Here(?: is|'s) my thought process:(?P<thought>.*?)(?:Here(?: is|'s) my response:(?P<answer>.*))?\Z",
    re.DOTALL,
)


def without_channels(text: str) -> tuple[str, str] | None:
    """The final answer, and the reasoning; None for a text without channels, an empty answer where none was given.

    Known are gpt-oss's harmony format (github.com/openai/harmony), also where a server has dropped its special tokens,
    and Granite's two sentences.
    """
    if "<|channel|>" in text:
        return _harmony(text)
    found = _LOST.match(text) or _GRANITE.match(text)
    return None if found is None else ((found["answer"] or "").strip(), found["thought"].strip())


def _harmony(text: str) -> tuple[str, str] | None:
    parts = list(_HARMONY.finditer(text))
    if not parts:
        return None
    headless = _HEADLESS.match(text)
    thoughts = [headless["text"]] if headless else []
    thoughts += [part["text"] or part["bare"] for part in parts if part["name"] != "final"]
    final = [part["text"] or "" for part in parts if part["name"] == "final"]
    # A turn of somebody else behind the answer means that the model went on by itself.
    return (final[-1].strip() if final else ""), "\n\n".join(filter(None, map(str.strip, thoughts)))
