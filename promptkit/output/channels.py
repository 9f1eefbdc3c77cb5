"""Answers laid out in channels: reasoning and the final answer each under a heading of the model's own markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promptkit.late_pattern import LatePattern

_HARMONY = LatePattern(
    r"<\|channel\|>\s*(?P<name>\w{1,64}\b)(?P<bare>[^<]{0,2000})(?:<\|constrain\|>[^<]{0,50})?"
    r"(?:<\|message\|>(?P<text>.*?))?(?=<\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
_HEADLESS = LatePattern(r"\A(?!<\|)(?P<text>.{1,20000}?)<\|end\|><\|start\|>assistant<\|channel\|>", re.DOTALL)
_GRANITE = LatePattern(
    r"\A\s*Here(?: is|'s) my thought process:(?P<thought>.*?)(?:Here(?: is|'s) my response:(?P<answer>.*))?\Z",
    re.DOTALL,
)


_CUT_ANALYSIS = LatePattern(r"analysis(?:[A-Z][a-z]* |\s?[{\[])")
"""The first words of harmony's reasoning behind the name of its channel."""


@dataclass(frozen=True, slots=True)
class Channels:
    """What stands in channels: the final answer, empty where none was given, and the reasoning.

    `from_call` says that the answer was a message to a tool, `turns_behind` that others' turns followed it.
    """

    answer: str
    reasoning: str
    from_call: bool = False
    turns_behind: bool = False


def read_channels(text: str) -> Channels | None:
    """What a text says in channels; None for one without.

    Known are gpt-oss's harmony format (github.com/openai/harmony), also where a server has dropped its special tokens,
    and Granite's two sentences.
    """
    if "<|channel|>" in text:
        return _harmony(text)
    lost = _without_tokens(text)
    if lost is not None:
        return lost
    found = _GRANITE.match(text)
    return None if found is None else Channels((found["answer"] or "").strip(), found["thought"].strip())


def _without_tokens(text: str) -> Channels | None:
    """Harmony's channels, where a server has dropped the tokens between which their names stand."""
    text = text.removeprefix("assistant") if text.startswith("assistantanalysis") else text
    at = text.find("assistantfinal")
    spoken_of = at > 0 and text[at - 1] == " " and text[:at].rstrip()[-1:].isalnum()
    if not text.startswith("analysis") or spoken_of or (at < 0 and not _CUT_ANALYSIS.match(text)):
        return None
    if at < 0:
        return Channels("", text[len("analysis") :].strip())
    return Channels(text[at + len("assistantfinal") :].strip(), text[len("analysis") : at].strip())


def _harmony(text: str) -> Channels | None:
    others = _OTHERS_TURN.search(text)
    if others is not None and "<|channel|>final" in text[others.start() :]:
        return None  # more than one answer of one turn
    text = text if others is None else text[: others.start()]
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
    reasoning = "\n\n".join(filter(None, map(str.strip, thoughts)))
    return Channels("\n".join(answers), reasoning, from_call=bool(calls), turns_behind=others is not None)


_TOKENS = LatePattern(r"<\|(?:end|return|call|start|message)\|>(?:assistant)?")
_OTHERS_TURN = LatePattern(r"<\|(?:end|return|call)\|>\s{0,5}<\|start\|>(?!assistant)")
"""Where a model that was not stopped writes the next turn of somebody else."""
_TO_A_TOOL = LatePattern(r"\s*to=")
