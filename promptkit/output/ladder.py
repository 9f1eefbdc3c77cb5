"""The ladder from a model's text to a value: split reasoning off, open the envelope, parse, repair, coerce, validate.

Each stage that does something says so in a `Step`. Splitting reasoning and opening one enclosing fence keep an
answer native; what else was done makes it repaired. Nothing is ever guessed: what has two readings is refused.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptkit.chain_of_thought import ANSWER_LINE
from promptkit.errors import OutputError
from promptkit.headings import misplaced_headings
from promptkit.late_pattern import LatePattern
from promptkit.output.acceptance import UNWRAPPED, Judge, Judged, Refused, refused
from promptkit.output.channels import Channels, read_channels
from promptkit.output.code_fence import unfenced
from promptkit.output.expected import Expected
from promptkit.output.free_text import marked_up
from promptkit.output.json_answer import searched
from promptkit.output.place import plain_word
from promptkit.output.reasoning import Split, end_of_turn, split_prose, split_tags, without_end
from promptkit.output.scalars import word_of
from promptkit.output.steps import SPLIT, answer_tags_off, out_of_call, reasoning_off, turn_ended
from promptkit.output.strict_json import NotJson, is_text, parse_json
from promptkit.result import Output, Step, Violation
from promptkit.schema import Schema
from promptkit.spec import JSON_FORMATS, TEXT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping


LINE, FENCE, QUOTES = "answer line found", "fence removed", "quotes removed"
_TURNS_BEHIND = "with the turns behind it"
_HEADER = LatePattern(r"^\[\[ ## \w{1,64} ## \]\]", re.MULTILINE)
"""DSPy's headings of fields, which models learn from its prompts (`dspy/adapters/chat_adapter.py`)."""
_ASKED_FOR: Mapping[str, frozenset[str]] = {
    "field": frozenset({UNWRAPPED}),
    "prose": frozenset({LINE, FENCE}),
}
"""The steps that a way of reasoning calls for by itself."""
_MOST_TOLD = 20


def parse_output(
    text: str,
    schema: Schema | Mapping[str, Any] | bool | None = None,
    *,
    expected: Expected | None = None,
    complete: bool = True,
) -> Output[Any]:
    """The value in a model's answer, and how it was found.

    `schema` is a JSON Schema (or a `Schema`) that the value must fit; `expected` says more about the answer. With
    `complete=False`, a JSON answer that was cut gives what there is of it, unvalidated, and says so in its steps.
    Raises `OutputError` with the violations, or `ConfigError` for a schema that cannot be used.
    """
    if expected is None:
        expected = Expected(schema=schema if isinstance(schema, Schema) or schema is None else Schema(schema))
    ladder = _Ladder(text, expected)
    try:
        return ladder.output()
    except Refused as error:
        found, partial = error.violations, error.partial
        if partial is not None and not complete:
            return Output(partial.value, "", (Step("incomplete", "the answer was cut; what had come", repairs=True),))
        raise OutputError(
            "the answer does not fit",
            violations=found,
            text=text,
            partial=partial.value if partial else None,
            whole=partial.whole if partial else (),
            details=[str(violation) for violation in found[:_MOST_TOLD]],
        ) from None


class _Ladder:
    def __init__(self, text: str, expected: Expected) -> None:
        self.text = text
        self.expected = expected
        self.steps: list[Step] = []
        self.reasoning: list[str] = []

    def output(self) -> Output[Any]:
        """The valid value. Raises `Refused`."""
        judged = self._judged()
        if judged.violations:
            raise Refused(judged.violations)
        self.steps += judged.steps
        self._refuse_help()
        thoughts = "\n\n".join(filter(None, (*self.reasoning, judged.reasoning)))
        return Output(judged.value, thoughts, tuple(self.steps))

    def _judged(self) -> Judged:
        expected = self.expected
        if expected.mode == "field" or expected.format in JSON_FORMATS:
            judged = self.json()
            wrong = judged.violations or expected.format != "markdown"
            return judged if wrong else replace(judged, violations=_of_headings(expected, judged.value))
        if expected.format == "choice":
            return Judged(self.choice())
        text = self.plain()
        if expected.format == "markdown":
            text = self.opened(text, "markdown", "md")
        return Judged(text, violations=_of_headings(expected, text))

    def _refuse_help(self) -> None:
        asked_for = _ASKED_FOR.get(self.expected.mode, frozenset()) | ({QUOTES} if self.expected.quoted else set())
        helped = [step for step in self.steps if step.name not in asked_for or step.repairs]
        if self.expected.strict and helped:
            raise refused(f"the answer needed something done to it: {helped[0]}", "strict")

    @cached_property
    def channels(self) -> Channels | None:
        """What the text says in channels, if it has any."""
        return read_channels(self.text)

    def plain(self) -> str:
        """The answer's text without reasoning."""
        channels, free = self.channels, self.expected.format in TEXT_FORMATS
        if channels is None:
            split = split_tags(self.text, free=free and self.expected.mode != "field")
        else:
            split = Split(channels.answer, channels.reasoning, unclosed=not channels.answer)
        if split.unclosed:
            raise refused("the reasoning never ends: no answer was given", "reasoning")
        self._take(SPLIT, split, repairs=free and split.doubtful)
        if channels is not None and channels.from_call:
            self.steps.append(out_of_call("the answer was a message to a tool"))
        if channels is not None and channels.turns_behind:
            self.steps.append(turn_ended(_TURNS_BEHIND))
        if split.tag:
            self.steps.append(answer_tags_off(split.tag))
        answer, ended = without_end(split.answer)
        if ended:
            self.steps.append(turn_ended(ended))
        if self.expected.mode == "prose":
            answer = self._after_line(answer, split.reasoning)
        if not answer.strip():
            raise refused("the answer is empty", "empty")
        if not is_text(answer):
            raise refused("the answer holds half of a surrogate pair, which is no character", "text")
        return answer

    def _after_line(self, text: str, reasoning: str) -> str:
        """What stands below the line `Answer:`. Without one, a text could not be told from thoughts."""
        free = self.expected.format in TEXT_FORMATS
        split = split_prose(text, last=not free)
        if split is None and free and not reasoning and text.strip():
            raise refused(f"the line `{ANSWER_LINE}` before the answer is missing", "answer_line")
        if split is None:
            return text
        self._take(LINE, split)
        return split.answer

    def _take(self, name: str, split: Split, *, repairs: bool = False) -> None:
        if split.reasoning:
            self.reasoning.append(split.reasoning)
            self.steps.append(replace(reasoning_off(name, len(split.reasoning)), repairs=repairs))

    # JSON

    def json(self) -> Judged:
        """The answer's JSON value. A text that is JSON, as it stands or in a fence, is never searched for tags."""
        expected = self.expected
        judge = Judge(self._schema(), expected.mode == "field", coerces=expected.coerce, renames=not expected.strict)
        try:
            return judge.judge(self._as_it_stands(), self.text)
        except NotJson as error:
            reason = error.message
        self.steps.clear()
        self.reasoning.clear()
        if not self.text.strip():
            raise refused("the answer is empty", "empty")
        return self._searched(judge, reason)

    def _schema(self) -> Schema | None:
        expected = self.expected
        if expected.schema is not None or expected.mode != "field" or expected.format in JSON_FORMATS:
            return expected.schema
        return Schema({"enum": list(expected.choices)} if expected.format == "choice" else {"type": "string"})

    def _as_it_stands(self) -> Any:
        """The value of a text that is JSON, of what stands in the one fence around it, or behind reasoning."""
        try:
            return self._parsed(self.text)
        except NotJson as error:
            self.steps.clear()
            no_json = error
        try:
            plain = self.plain()
        except Refused as error:
            raise NotJson(error.violations[0].message) from None
        if plain == self.text:
            raise no_json
        return self._parsed(plain)

    def _searched(self, judge: Judge, reason: str) -> Judged:
        """The value in a text that is more, or less, than JSON."""
        text = self.text
        if self.channels is not None or self.expected.mode == "prose":
            text = self.plain()
        if not is_text(text):
            raise refused("the answer holds half of a surrogate pair, which is no character", "text")
        repair = self.expected.repair
        if "[[ ## " in text:  # whose `##` would begin a comment in a list
            if repair and (told := marked_up(text, judge)) is not None:
                return told
            text = _HEADER.sub(lambda found: " " * len(found[0]), text)
        try:
            return searched(text, judge, repair=repair, reason=reason)
        except Refused:
            if (end := end_of_turn(text)) == len(text):
                raise
        self.steps.append(turn_ended(_TURNS_BEHIND))
        return searched(text[:end], judge, repair=repair, reason=reason)

    def _parsed(self, text: str) -> Any:
        return parse_json(self.opened(text).strip(" \t\r\n"))

    def opened(self, text: str, *infos: str) -> str:
        """The text without the one fence that encloses it, if there is one."""
        inner = unfenced(text, *infos)
        if inner is None:
            return text
        self.steps.append(Step(FENCE, "the whole answer stood in one code fence"))
        return inner

    # Choices

    def choice(self) -> str:
        """One of the choices; some servers make models write it as a JSON text."""
        expected = self.expected
        text = self.opened(self.plain()).strip()
        if text.startswith('"') and text not in expected.choices:
            text = self._without_quotes(text)
        if text not in expected.choices and expected.coerce:
            text = self._named(text)
        if text not in expected.choices:
            raise Refused(Schema({"enum": list(expected.choices)}).validate(text, parsed=True))
        return text

    def _without_quotes(self, text: str) -> str:
        try:
            value = parse_json(text)
        except NotJson:
            return text
        self.steps.append(Step(QUOTES, "the choice stood in quotes", repairs=not self.expected.quoted))
        return value if isinstance(value, str) else text

    def _named(self, text: str) -> str:
        """The one choice that a text names."""
        words: dict[str, dict[Any, str]] = {}
        for choice in self.expected.choices:
            words.setdefault(plain_word(choice), {})[choice] = choice
        meant = word_of(text, words)
        if meant is None:
            return text
        self.steps.append(Step("choice found", meant[1], repairs=True))
        return str(meant[0])


def _of_headings(expected: Expected, value: str) -> tuple[Violation, ...]:
    """Headings that are missing, or stand before those that they should follow."""
    return tuple(Violation("$", message, "headings") for message in misplaced_headings(value, expected.headings))
