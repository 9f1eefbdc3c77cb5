"""Chat markup inside values: the control tokens that a server would take for the frame of the chat.

Servers tokenise such text as control tokens wherever it stands (transformers #29279, vllm #31735), so a value
from a stranger could open a turn of its own. `neutralise` makes each visible and harmless.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promptkit.late_pattern import LatePattern

if TYPE_CHECKING:
    from collections.abc import Callable

_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What no reader sees: Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties)."""
_BLANK = rf"[\s{_UNSEEN}]{{0,20}}"
_LESS = r"<\N{SMALL LESS-THAN SIGN}\N{FULLWIDTH LESS-THAN SIGN}"
_UNTRUSTED = f"[{_UNSEEN}]{{0,9}}".join("untrusted")
_IN_ANGLES = (
    r"\|[^<>|\n]{1,64}\|",  # ChatML, Llama 3, gpt-oss (Harmony), Phi, Qwen
    r"/?\N{FULLWIDTH VERTICAL LINE}[^<>\n]{1,128}",  # DeepSeek, with its calls (DSML)
    r"\|[a-z_]{1,32}|[a-z_]{1,32}\|",  # Gemma 4
    r"/?(?:start_of_turn|end_of_turn|(?:start|end)_of_image|bos|eos|s|unk|pad)",  # Gemma, Llama 2, Mistral
    r"[se]op|/?arg_(?:key|value)",  # GLM
    r"(?:BOS|EOS|PAD|UNK|CLS|SEP|MASK|EOP)_TOKEN|(?-i:CLS)|mask",  # Command; Gemma
    r"(?:SPECIAL|extra_id|reserved)_\d{1,5}|unused_?\d{1,5}|/?seed:[a-z_]{2,24}",  # Nemotron, Baichuan, Gemma, Seed
    r"fim_(?:prefix|middle|suffix|pad)|(?:file_sep|repo_name|gh_stars|empty_output)",  # StarCoder, Granite
    r"(?:issue_(?:start|comment|closed)|commit_(?:before|msg|after)|jupyter_[a-z_]{2,24})",
    # pictures and sounds (LLaVA, InternVL, Gemma 3, MiniCPM): a server refuses more of them than it was given
    r"(?:image|video|audio|speech|/?img|(?:image|audio)_soft_token|img_context|image_id)",
    r"im_(?:start|end|patch)|fake_token_around_image|end_of_utterance",  # LLaVA, Idefics
    # LongCat, MiniMax-Text, InternLM, Reka, MOSS; Ling, Kimi; Seed, FunctionGemma
    r"/?longcat_[a-z_]{1,24}|/?(?:beginning|end)_of_sentence|eo[ahmu]|sep",
    r"(?-i:E[OD]T|EOD|AI|\u7528\u6237)",  # CodeLlama, Yuan, MiniCPM
    r"_(?:user|bot|system|start|end|pad)",  # TeleChat
    r"\[(?:begin|end)\u2581of\u2581sentence\]|/?(?:start|end)_function_(?:call|response|declaration)",
    r"/?mm:think|reponame|function_call|code_interpreter",  # MiniMax
    r"osagent_mode|(?-i:ENC|dBLOCK)|(?<=\u2581<)(?:PRE|SUF|MID)",  # Kimi, GLM, CodeLlama
    r"/?(?:system|assistant)",
)
"""What stands between `<` and `>`."""
_IN_BRACKETS = (
    r"/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|MODEL_SETTINGS|CALL_ID)",
    r"(?-i:/?(?:ARGS|THINK|IMG|IMG_BREAK|IMG_END|PREFIX|MIDDLE|SUFFIX|AUDIO|BEGIN_AUDIO|TRANSCRIBE))",  # Mistral
    r"(?-i:OUTPUT_AUDIO|(?:NEXT|REPEAT)_AUDIO_TEXT|STREAMING_(?:PAD|WORD)|LANGUAGE_[A-Z]{2})|control_\d{1,3}",
    r"(?:start|end)_header_id|(?-i:BOS|EOS|PAD|UNK|s?MASK|EOT)|gMASK|unused\d{1,3}",  # Kimi, GLM, Ling, openPangu
    r"\|[a-z]{2,24}\|",  # EXAONE
    r"(?-i:UNUSED_TOKEN_\d{1,3})",  # InternLM2
)
"""What stands between `[` and `]`."""
_HEADED = "(?:I(?i:nput|nstructions?)|R(?i:esponse)|S(?i:ystem)|U(?i:ser))"
_FAMILIES = (
    rf"(?=<[^<>\n]{{1,130}}>)<(?:{'|'.join(_IN_ANGLES)})>",
    rf"(?=\[[^\[\]\n]{{1,40}}\])\[(?:{'|'.join(_IN_BRACKETS)})\]",
    r"\[(?:system|user|assistant)\]\(#(?:additional_instructions|context|inner_monologue|message)\)",
    r"<</?SYS>>",  # Llama 2
    r"(?-i:</?role>(?:SYSTEM|HUMAN|ASSISTANT|OBSERVATION)(?:</role>)?)",
    r"\][~!][a-z!]{1,3}\[?\]?(?:system|user|ai|tool)?",  # MiniMax: ]~b]user, [e~[ and kin
    r"\[e~\[|\]<\][^<>\[\]\n]{1,40}\[>\[",
    r"</?(?:think|minimax:tool_call|tool_call|tool_response)>?",
    # what looks like a fence
    rf"[{_LESS}]{_BLANK}/?{_BLANK}{_UNTRUSTED}(?:-[\w{_UNSEEN}-]{{0,60}})?>?",
    # Alpaca, and Anthropic's form of 2023: lines that begin a turn. `User:` alone is left, as transcripts have it.
    rf"(?-i:(?<![^\r\n])###[ \t]?(?:(?:H(?i:uman)|A(?i:ssistant)):|{_HEADED}:(?=[ \t]{{0,100}}(?:[\r\n]|\Z))))",
    r"(?-i:(?:(?<=\n\n)|(?<=\n\r\n)|(?<=\r\r)|(?<=\n[ \t]\n))(?:Human: |Assistant:(?=\s{0,100}(?:[\r\n]|\Z))))",
)
_MAY_BEGIN = rf"(?=[\[\]{_LESS}]|(?<![^\r\n])(?:###|Human:|Assistant:))"
"""What any of them begins with: so that a text of thousands of brackets is looked at once."""
_MARKUP = LatePattern(f"{_MAY_BEGIN}(?:{'|'.join(_FAMILIES)})", re.IGNORECASE)
_HARMLESS = str.maketrans(
    {
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        "\N{SMALL LESS-THAN SIGN}": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        "\N{FULLWIDTH LESS-THAN SIGN}": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "[": "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}",
        "]": "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}",
    }
)
_WITHOUT_COLON = str.maketrans({":": "\N{FULLWIDTH COLON}"})


_AT_ONCE = 500_000
_LONGEST = 400
"""No control token is longer."""


def neutralise(text: str, look: Callable[[], None] | None = None) -> tuple[str, tuple[str, ...]]:
    """The text with each control token's brackets, or its colon, replaced by look-alikes; and what was found.

    In a long text, `look` is called now and then, to look at the clock.
    """
    found: list[str] = []

    def harmless(match: re.Match[str]) -> str:
        found.append(match[0])
        return match[0].translate(_WITHOUT_COLON if match[0][0] in "#HA" else _HARMLESS)

    if len(text) <= _AT_ONCE or look is None:
        return _MARKUP.sub(harmless, text), tuple(dict.fromkeys(found))
    kept: list[str] = []
    at = 0
    while at < len(text):
        look()
        end = min(at + _AT_ONCE, len(text))
        settled = end if end == len(text) else end - _LONGEST  # behind it a token may go on that begins there
        for token in _MARKUP.finditer(text, at, end):
            if token.start() >= settled:
                break
            kept += (text[at : token.start()], harmless(token))
            at = token.end()
        kept.append(text[at:settled])
        at = max(at, settled)
    return "".join(kept), tuple(dict.fromkeys(found))
