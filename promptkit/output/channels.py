"""Answers laid out in channels: reasoning and the final answer each under a heading of the model's own markup."""

from __future__ import annotations

import re

_HARMONY = re.compile(
    r"<\|channel\|>\s*(?P<name>\w{1,64}\b)(?P<bare>[^<]{0,2000})(?:<\|constrain\|>[^<]{0,50})?"
    r"(?:<\|message\|>(?P<text>.*?))?(?=<\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
_HEADLESS = re.compile(r"\A(?!<\|)(?P<text>.{1,20000}?)<\|end\|><\|start\|>assistant<\|channel\|>", re.DOTALL)
_GRANITE = re.compile(
    r"\A\s*Here(?: is|'s) my thought process:(?P<thought>.*?)(?:Here(?: is|'s) my response:(?P<answer>.*))?\Z",
    re.DOTALL,
)


_CUT_ANALYSIS = re.compile(r"analysis[A-Z][a-z]* ")
"""The first words of harmony's reasoning behind the name of its channel."""


def without_channels(text: str) -> tuple[str, str] | None:
    """The final answer, and the reasoning; None for a text without channels, an empty answer where none was given.

    Known are gpt-oss's harmony format (github.com/openai/harmony), also where a server has dropped its special tokens,
    and Granite's two sentences.
    """
    if "<|channel|>" in text:
        return _harmony(text)
    lost = _without_tokens(text)
    if lost is not None:
        return lost
    found = _GRANITE.match(text)
    return None if found is None else ((found["answer"] or "").strip(), found["thought"].strip())


def _without_tokens(text: str) -> tuple[str, str] | None:
    """Harmony's channels, where a server has dropped the tokens between which their names stand."""
    at = text.find("assistantfinal")
    if not text.startswith("analysis") or (at < 0 and not _CUT_ANALYSIS.match(text)):
        return None
    if at < 0:
        return "", text[len("analysis") :].strip()
    return text[at + len("assistantfinal") :].strip(), text[len("analysis") : at].strip()


def _harmony(text: str) -> tuple[str, str] | None:
    found = _OTHERS_TURN.search(text)
    if found is not None and "<|channel|>final" in text[found.start() :]:
        return None  # more than one answer of one turn
    text = text if found is None else text[: found.start()]
    parts = list(_HARMONY.finditer(text))
    if not parts:
        return None
    headless = _HEADLESS.match(text)
    before = _TOKENS.sub("", text[: parts[0].start()]).strip()
    if before not in ("", "assistant") and headless is None:
        return None  # more than one answer of one turn
    thoughts = [headless["text"]] if headless else []
    thoughts += [part["text"] or part["bare"] for part in parts if part["name"] != "final"]
    final = [part["text"] or "" for part in parts if part["name"] == "final"]
    calls = [part["text"] or "" for part in parts if _TO_A_TOOL.match(part["bare"])] if not final else []
    if len(calls) == 1:
        final, thoughts = calls, [each for each in thoughts if each != calls[0]]
    behind = _TOKENS.sub("", text[parts[-1].end() :]).strip()
    answers = list(dict.fromkeys(filter(None, (*map(str.strip, final), behind))))  # which must not disagree
    return "\n".join(answers), "\n\n".join(filter(None, map(str.strip, thoughts)))


def is_call(text: str) -> bool:
    """Whether the only answer in channels is a message to a tool."""
    return "<|channel|>" in text and "<|channel|>final" not in text and _TO_A_TOOL_ANYWHERE.search(text) is not None


def has_others_turn(text: str) -> bool:
    """Whether the turn of somebody else follows in channels."""
    return "<|channel|>" in text and _OTHERS_TURN.search(text) is not None


_TO_A_TOOL_ANYWHERE = re.compile(r"<\|channel\|>\s*\w{1,64}\s+to=")
_TOKENS = re.compile(r"<\|(?:end|return|call|start|message)\|>(?:assistant)?")
_OTHERS_TURN = re.compile(r"<\|(?:end|return|call)\|>\s{0,5}<\|start\|>(?!assistant)")
"""Where a model that was not stopped writes the next turn of somebody else."""
_TO_A_TOOL = re.compile(r"\s*to=")
