"""Splitting a model's reasoning from its answer.

Reasoning models write `<think>...</think>` before the answer; the opening tag may be missing (SGLang prepends
it for MiniMax, sgl-project/sglang #22637), and MARA's models do both (MARA Cloud, observed 2026). Tags inside an
answer are the answer's own: what is taken off stands before it, and nothing else is touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from promptkit.chain_of_thought import ANSWER_LINE
from promptkit.late_pattern import LatePattern

TAGS = (
    *("think", "thinking", "thought", "reasoning", "seed:think", "mm:think", r"ifm\|think(?:_fast)?"),
    *("thoughts", "scratchpad", "reflection", "analysis", "antthinking", "inner_monologue", "internal_monologue"),
    *("longcat_think", "reasoning_scratchpad", "inner_thoughts", "thinking_process", "chain_of_thought", "cot"),
)
"""Names of tags around reasoning: of models' templates (LongCat, Hermes, Letta), and those that prompts ask for."""
_ANY = "|".join(TAGS)
MARKUP = (
    (rf"<(?P<tag>{_ANY})(?:\s[^<>]{{0,200}})?>", rf"</(?:{_ANY})\s{{0,5}}>"),  # DeepSeek, Qwen, Seed and many more
    (r"\[THINK\]", r"\[/THINK\]"),  # Mistral
    ("◁think▷", "◁/think▷"),  # Kimi
    (r"<\|channel>(?:thought\n)?", r"<channel\|>"),  # Gemma
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Command
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),  # Sky-T1
    (r"<\|open\|>think<\|sep\|>", r"<\|close\|>think<\|sep\|>"),  # Kimi K3
    (r"<\|think:start\|>", r"<\|think:end\|>"),  # Solar
    (r"<\|thought_start\|>", r"<\|thought_end\|>"),
    (r"<\|think\|>", r"<\|/think\|>"),
    (r"<\|plamo:begin_think:plamo\|>", r"<\|plamo:end_think:plamo\|>"),  # PLaMo
    (r"<unused94>(?:thought)?", r"<unused95>"),  # MedGemma
    (r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),  # Apertus
    ("<\uff5cbegin\u2581of\u2581thinking\uff5c>", "<\uff5cend\u2581of\u2581thinking\uff5c>"),
    ("&lt;think&gt;", "&lt;/think&gt;"),
)
"""What opens reasoning and what closes it, for models as vLLM's parsers and their own chat templates have it."""
_OPENINGS, _CLOSINGS = zip(*MARKUP, strict=True)


def _unquoted(*tags: str) -> re.Pattern[str]:
    """Any of some tags; one between quotes or backticks is spoken of."""
    return re.compile(
        f"(?:(?<=[`\"'])(?P<quoted>)|(?<![`\"']))(?:{'|'.join(tags)})(?(quoted)(?![`\"']))", re.IGNORECASE
    )


OPENING = LatePattern("|".join(_OPENINGS), re.IGNORECASE)
CLOSING = _unquoted(*_CLOSINGS)
CLOSINGS = "|".join(_CLOSINGS)
TAG = _unquoted(*_OPENINGS, *_CLOSINGS)


def has_tags(text: str) -> bool:
    """Whether there is a tag in a text; fast where there is none."""
    lowered = text.lower()
    return any(word in lowered for word in _IN_EVERY_TAG) and TAG.search(text) is not None


_IN_EVERY_TAG = (
    "think",
    "thought",
    "reasoning",
    "channel",
    "scratchpad",
    "reflection",
    "analysis",
    "inner_",
    "monologue",
    "unused9",
    "cot>",
)


def closing_of(opening: re.Match[str]) -> re.Pattern[str]:
    """What ends the reasoning that a tag opens."""
    if opening["tag"]:
        return re.compile(rf"</{re.escape(opening['tag'])}\s{{0,5}}>", re.IGNORECASE)
    number = next(index for index, each in enumerate(_OPENINGS) if re.fullmatch(each, opening[0], re.IGNORECASE))
    return re.compile(_CLOSINGS[number], re.IGNORECASE)


_SPEAKING = "`'\""


def is_spoken_of(text: str, start: int, end: int) -> bool:
    """Whether a tag stands between quotes or backticks, and so is spoken of."""
    return start > 0 and text[start - 1] in _SPEAKING and text.startswith(text[start - 1], end)


def opening_like(opening: re.Match[str]) -> re.Pattern[str]:
    """What opens reasoning in the same markup, inside of it."""
    again = rf"<{re.escape(opening['tag'])}(?:\s[^<>]{{0,200}})?>" if opening["tag"] else re.escape(opening[0])
    return re.compile(again, re.IGNORECASE)


_MAYBE = LatePattern(r"</|\[/|◁|<c|<\||<u|<\uff5c|&lt;/")
_LEADING = LatePattern(r"\s*")
_ANSWER = LatePattern(rf"^[ \t]*(?:\*\*|__|#+ *)?{ANSWER_LINE}(?:\*\*|__)?[ \t]*", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Split:
    """An answer, the reasoning before it, whether that never ended, and the tag that stood around the answer.

    `doubtful` says that the tags may have been the answer's own: `<analysis>` names a field as well.
    """

    answer: str
    reasoning: str = ""
    unclosed: bool = False
    tag: str = ""
    doubtful: bool = False


_THOUGHT = LatePattern(
    r"<(?:think|thinking|thought|reasoning|[a-z]+[:|]think\w*|antthinking|longcat_think|reasoning_scratchpad|inner_thoughts"
    r"|thinking_process|chain_of_thought|cot)\b|[^<]|<[|\uff5cu]",
    re.IGNORECASE,
)
"""How tags begin that stand for reasoning, and for nothing that a prompt asks for."""


def is_thought(opening: str) -> bool:
    """Whether an opening tag stands for reasoning whatever was asked for."""
    return _THOUGHT.match(opening) is not None


def split_tags(text: str, *, free: bool = False) -> Split:
    """Take off the tagged reasoning that a text begins with; a lone closing tag ends reasoning without a beginning.

    In a `free` text, a tag in the middle of a line is the text's own, unless it begins the text.
    """
    thoughts: list[str] = []
    doubtful = False
    at = 0
    while opening := OPENING.match(text, _LEADING.match(text, at).end()):  # type: ignore[union-attr]
        closing = closing_of(opening).search(text, opening.end())
        if closing is None:
            return Split("", _joined([*thoughts, text[opening.end() :]]), unclosed=True)
        thoughts.append(text[opening.end() : closing.start()])
        doubtful = doubtful or _THOUGHT.match(opening[0]) is None
        at = closing.end()
    answer, behind = _without_last(text, at)
    if behind and free and _goes_on(answer):
        answer, behind = text[at:], ""
    if at or behind:
        inner, tag = without_tag(answer) if at else (answer, "")
        return Split(inner.strip(), _joined([*thoughts, behind]), tag=tag, doubtful=doubtful)
    lone = CLOSING.search(text) if _MAYBE.search(text) else None
    if lone is None or OPENING.search(text, 0, lone.start()) or (free and _in_a_line(text, lone)):
        return Split(text)
    inner, tag = without_tag(text[lone.end() :])
    return Split(inner.strip(), text[: lone.start()].strip(), tag=tag)


def _in_a_line(text: str, tag: re.Match[str]) -> bool:
    """Whether a tag is spoken of: it stands in a line like a word, with spaces and words on both sides."""
    before, behind = text[text.rfind("\n", 0, tag.start()) + 1 : tag.start()], text[tag.end() :].partition("\n")[0]
    return before.endswith(" ") and behind.startswith(" ") and bool(behind.strip()) and _goes_on(before)


def _goes_on(text: str) -> bool:
    """Whether a text ends in the middle of a sentence."""
    end = text.rstrip(" ")[-1:]
    return end.isalnum() or end in (",", ";", "-")


def _without_last(text: str, at: int) -> tuple[str, str]:
    """The text from an offset on without the reasoning in tags that ends it, and that reasoning."""
    last = text.rfind("<", at)
    ends = CLOSING.match(text, last) if last >= 0 else None
    if ends is None or text[ends.end() :].strip():
        return text[at:], ""
    before: dict[str, int] = {}
    for opening in OPENING.finditer(text, at):
        closing = closing_of(opening)
        if closing.match(text, last) is None:
            continue
        if closing.pattern not in before:  # where the reasoning ends that stands before
            before[closing.pattern] = max((each.end() for each in closing.finditer(text, at, last)), default=at)
        if opening.start() >= before[closing.pattern] and text[at : opening.start()].strip():
            return text[at : opening.start()], text[opening.end() : last]
    return text[at:], ""


_ANSWER_TAG = LatePattern(
    r"\s*(?:<(?P<tag>answer|response|final_answer)>(?P<text>.*?)(?:</(?P=tag)>\s*)?"
    r"|<\|START_(?P<cohere>RESPONSE)\|>(?P<said>.*?)(?:<\|END_RESPONSE\|>\s*)?"
    r"|<\|(?:open\|>(?P<kimi>response)<\|sep|begin_of_(?P<sky>solution))\|>(?P<solved>.*?)"
    r"(?:<\|(?:close\|>response<\|sep|end_of_solution)\|>\s*)?)\Z",
    re.DOTALL | re.IGNORECASE,
)
"""The tags that some models write around an answer: `<answer>`, ERNIE's `<response>`, Command's, Kimi's, Sky-T1's."""


def without_tag(answer: str) -> tuple[str, str]:
    """An answer without the tag that stands around all of it, and the tag's name."""
    found = _ANSWER_TAG.match(answer) if answer.lstrip()[:1] == "<" else None
    if found is None:
        return answer, ""
    name = found["tag"] or found["cohere"] or found["kimi"] or found["sky"]
    return found["text"] or found["said"] or found["solved"] or "", name.lower()


END_OF_TURN = (
    r"<\|(?:im_end|eot_id|eom_id|eot|eom|endoftext|end_of_text|end|return|call|END_OF_TURN_TOKEN|END_RESPONSE)\|>|</s>"
    r"|<end_of_turn>|<eos>|<turn\|>|\[EOS\]|<\|(?:user|observation)\|>|<\uff5cend\u2581of\u2581sentence\uff5c>"
)
"""What ends a turn in the templates of ChatML, Llama, GPT, Command, Mistral, Gemma, GLM and DeepSeek."""
_ENDED = LatePattern(rf"(?<![ \t`\"'])((?:(?:{END_OF_TURN})\s*)+)\Z")
_NEXT_TURN = LatePattern(
    rf"(?<![ \t`\"'])(?:{END_OF_TURN})\s{{0,9}}"
    r"(?:<\|im_start\|>(?:user|system|tool)\n|<\|start_header_id\|>(?:user|system|ipython)<|<start_of_turn>user\n"
    r"|<\|turn>user\n|(?:<s>)?\s{0,3}\[INST\]\s)|(?<=\S)<\|(?:user|observation)\|>\n"
)
"""Where a model that was not stopped writes somebody else's turn."""
_BEGUN = LatePattern(
    r"\s*(?:(?:<\|begin_of_text\|>|<bos>)(?!\s))?(?:<\|im_start\|>assistant\n|<\|start_header_id\|>assistant<\|end_header_id\|>"
    r"|<start_of_turn>model\n|<\|turn>model\n|<\|assistant\|>\n?)?\s*"
)


def without_end(answer: str) -> tuple[str, str]:
    """An answer without the tokens that begin and end a turn, which some servers leave in, and those tokens.

    What a model that was not stopped says in further turns is left out with them.
    """
    begun = _BEGUN.match(answer)
    start = begun.end() if begun is not None and begun[0].strip() else 0
    end = end_of_turn(answer)
    ended = _ENDED.search(answer, max(start, len(answer) - _LONGEST_END)) if end == len(answer) else None
    if ended is not None and not (ended[1].strip() == "</s>" and "<s>" in answer):  # which is HTML
        end = len(answer[: ended.start()].rstrip())
    told = answer[:start].strip(), answer[end:].strip()[:_MOST_SHOWN]
    return (answer[start:end], " and ".join(filter(None, told))) if any(told) else (answer, "")


def end_of_turn(text: str) -> int:
    """Where the turn ends behind which a model that was not stopped has written another one; else the text's end."""
    found = _NEXT_TURN.search(text) if "<|channel|>" not in text else None  # whose turns are read by their channels
    if found is None or text.count("```", 0, found.start()) % 2:
        return len(text)
    return len(text[: found.start()].rstrip())


_LONGEST_END = 100
_MOST_SHOWN = 40


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
