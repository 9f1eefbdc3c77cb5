"""Chat markup inside values: the control tokens that a server would take for the frame of the chat.

Servers tokenise such text as control tokens wherever it stands (transformers #29279, vllm #31735), so a value
from a stranger could open a turn of its own. `neutralise` makes each visible and harmless.
"""

from __future__ import annotations

import re

_FAMILIES = (
    r"<\|[^<>|\n]{1,64}\|>",  # ChatML, Llama 3, gpt-oss (Harmony), Phi, Qwen
    r"<\N{FULLWIDTH VERTICAL LINE}[^<>\n]{1,64}\N{FULLWIDTH VERTICAL LINE}>",  # DeepSeek
    r"<\|[a-z_]{1,32}>|<[a-z_]{1,32}\|>",  # Gemma 4
    r"</?(?:start_of_turn|end_of_turn|bos|eos|s|unk|pad)>",  # Gemma, Llama 2, Mistral
    r"\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]",  # Mistral, Llama 2
    r"<</?SYS>>",  # Llama 2
    r"\][~!][a-z!]{1,3}\[?\]?(?:system|user|ai|tool)?",  # MiniMax: ]~b]user, [e~[ and kin
    r"\[e~\[",
    r"</?(?:think|minimax:tool_call|tool_call|tool_response|untrusted-[0-9a-f]*)>?",
)
_MARKUP = re.compile("|".join(_FAMILIES), re.IGNORECASE)
_HARMLESS = str.maketrans(
    {
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "[": "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}",
        "]": "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}",
    }
)


def neutralise(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with each control token's brackets replaced by look-alikes, and the tokens that were found."""
    found: list[str] = []

    def harmless(match: re.Match[str]) -> str:
        found.append(match[0])
        return match[0].translate(_HARMLESS)

    return _MARKUP.sub(harmless, text), tuple(dict.fromkeys(found))
