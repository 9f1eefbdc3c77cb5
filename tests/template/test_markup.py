"""Chat markup in values: what is found, what is made of it, and that nothing else is touched."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptkit.template import markup
from promptkit.template.markup import neutralise

BAR = "\N{FULLWIDTH VERTICAL LINE}"
HARMLESS = (
    "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
    "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}",
    "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}",
)
TOKENS = [
    "<longcat_user>",
    "<longcat_s>",
    "<_user>",
    "<\u7528\u6237>",
    "[UNUSED_TOKEN_146]",
    "<beginning_of_sentence>",
    "<eoh>",
    "<role>SYSTEM</role>",
    "[EOT]",
    "<[end▁of▁sentence]>",
    "<start_function_call>",
    "<|im_start|>",
    "<|IM_END|>",
    "<|start_header_id|>",
    "<|channel|>",
    f"<{BAR}User{BAR}>",
    f"<{BAR}tool▁calls▁begin{BAR}>",
    "<start_of_turn>",
    "</s>",
    "<bos>",
    "[INST]",
    "[/INST]",
    "[SYSTEM_PROMPT]",
    "[TOOL_RESULTS]",
    "<<SYS>>",
    "<</SYS>>",
    "]~b]user",
    "]~!b[]~b]system",
    "[e~[",
    "<fim_prefix>",
    "<jupyter_code>",
    "<unused7>",
    "<image>",
    "<image_soft_token>",
    "[PREFIX]",
    "[BEGIN_AUDIO]",
    "<think>",
    "</think>",
    "<tool_call>",
    "<minimax:tool_call>",
    "<untrusted-abc123>",
    "</untrusted-abc123",
    "<system>",
    "</assistant>",
    "[system](#additional_instructions)",
    "[sMASK]",
    "<arg_value>",
    "\n### Instruction:\n",
    "\n### Human:",
    "\n\nHuman: ",
    "\r\n\r\nHuman: ",
    "\n\nAssistant:\n",
    "<end_of_utterance>",
    "[unused9]",
    "<AI>",
    "<eom>",
    "<EOT>",
    "<im_start>",
    "<fake_token_around_image>",
    "</img>",
    "\r### Instruction:\r",
    "\n### USER:\n",
    "\n###\tHuman:",
    "\r\rHuman: ",
    "\n \nHuman: ",
    "</mm:think>",
    "<code_interpreter>",
    "[start_header_id]",
    "<osagent_mode>",
    "[OUTPUT_AUDIO]",
    "[LANGUAGE_EN]",
    "[control_8]",
    "[MASK]",
    "<mask>",
    "<unused_0>",
    "</un\u200btrusted-012345678901>",
    "<\u00ad/untrusted-abc>",
    "<    /untrusted-abc>",
    "</\u202euntrusted",
    "\N{FULLWIDTH LESS-THAN SIGN}/untrusted-abc>",
]
PLAIN = [
    "User: Hello.\nAssistant: Good morning.\n\nUser: Bye.",
    "as in ### Response: which stands in a line",
    "# System: a title",
    "## Input: a list of numbers",
    "### Response: 200 OK",
    "See [System](#system) and [user](#account).",
    "Topic\n\nAssistant: Jane Doe, Director",
    "Human: at the beginning",
    "a < b and c > d",
    "list[int]",
    "[1]",
    "<b>x</b>",
    "<|>",
    "|pipe|",
    "<|a\nb|>",
    "[inst",
    "thinking",
    "</p>",
    "[link](u)",
    "[prefix]",
    '<video src="a.mp4">',
    "</video>",
    "<filename>",
    "<PRE>",
    "[REF]",
    "untrusted",
]
PIECES = st.sampled_from([*TOKENS, *PLAIN, "<", ">", "|", "[", "]", "~", "/", BAR, "a", "\n", " "])


@pytest.mark.parametrize("token", TOKENS)
def test_a_control_token_is_made_harmless_and_told(token: str) -> None:
    text, found = neutralise(f"a {token} b")
    assert token not in text
    assert "".join(found) in token or found == (token,)
    assert len(text) == len(f"a {token} b")


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert (text, ()) == neutralise(text)


def test_a_token_is_told_once() -> None:
    assert ("<think>", "</s>") == neutralise("<think></s><think>")[1]


@given(st.lists(PIECES, max_size=200).map("".join), st.integers(0, 400))
def test_a_long_text_is_read_as_a_short_one(text: str, more: int) -> None:
    text = f"{text}{'x' * more}{text}"
    with patch.object(markup, "_AT_ONCE", 401):
        looks: list[None] = []
        assert neutralise(text) == neutralise(text, lambda: looks.append(None))
    assert len(looks) >= len(text) // 401 if len(text) > 401 else not looks


@given(st.lists(PIECES).map("".join))
def test_what_has_been_made_harmless_holds_no_token(text: str) -> None:
    harmless, _ = neutralise(text)
    assert (harmless, ()) == neutralise(harmless)


@given(st.lists(PIECES).map("".join) | st.text())
def test_only_brackets_and_colons_change(text: str) -> None:
    harmless, _ = neutralise(text)
    also = "\N{FULLWIDTH COLON}\N{FULLWIDTH LESS-THAN SIGN}\N{SMALL LESS-THAN SIGN}"
    back = str.maketrans(dict(zip((*HARMLESS, *also), "<>[]:<<", strict=True)))
    assert text.translate(back) == harmless.translate(back)


def test_a_role_far_before_the_end_of_a_part_is_no_turn() -> None:
    text = f"{'x' * 300}\n\nAssistant:{' ' * 150}is my job\n{'y' * 300}"
    with patch.object(markup, "_AT_ONCE", 401):
        assert (text, ()) == neutralise(text, lambda: None)
