"""The ladder from a model's text to a value: split reasoning off, open the envelope, parse, validate.

Each stage that does something says so in a `Step`. Splitting reasoning and opening one enclosing fence keep an
answer native; nothing is ever guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.errors import OutputError
from promptkit.output.reasoning import Split, split_prose, split_tags
from promptkit.output.strict_json import NotJson, parse_json
from promptkit.result import Output, Step, Violation
from promptkit.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from promptkit.spec import OutputFormat
    from promptkit.thought import Mode


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer should be: its format, its schema, the mode of its reasoning, its headings and choices."""

    format: OutputFormat = "json"
    schema: Schema | None = None
    mode: Mode = "off"
    choices: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    strict: bool = False


def parse_output(
    text: str, schema: Schema | Mapping[str, Any] | bool | None = None, *, expected: Expected | None = None
) -> Output[Any]:
    """The value in a model's answer, and how it was found.

    `schema` is a JSON Schema (or a `Schema`) that the value must fit; `expected` says more about the answer.
    Raises `OutputError` with the violations, and nothing else.
    """
    if expected is None:
        expected = Expected(schema=schema if isinstance(schema, Schema) or schema is None else Schema(schema))
    return _Ladder(text, expected).output()


class _Ladder:
    def __init__(self, text: str, expected: Expected) -> None:
        self.original = text
        self.expected = expected
        self.steps: list[Step] = []
        self.reasoning: list[str] = []

    def output(self) -> Output[Any]:
        value = _FORMATS[self.expected.format](self) if self.expected.mode != "field" else self._unwrapped()
        if self.expected.strict and any(step.name != "unwrapped" for step in self.steps):
            raise self._invalid([Violation("$", f"the answer needed something done to it: {self.steps[0]}", "strict")])
        return Output(value, "\n\n".join(filter(None, self.reasoning)), tuple(self.steps))

    def plain(self) -> str:
        """The answer's text without reasoning. Raises when there is nothing but reasoning."""
        split = self._split(split_tags(self.original), "reasoning split off")
        if split.unclosed:
            raise self._invalid([Violation("$", "the reasoning never ends: no answer was given", "reasoning")])
        if self.expected.mode == "prose":
            split = self._split(split_prose(split.answer), "answer line found")
        if not split.answer.strip():
            raise self._invalid([Violation("$", "the answer is empty", "empty")])
        return split.answer

    def _split(self, split: Split, name: str) -> Split:
        if split.reasoning:
            self.reasoning.append(split.reasoning)
            self.steps.append(Step(name, f"{len(split.reasoning):,} characters of reasoning"))
        return split

    def json(self) -> Any:
        """The answer's JSON value. A text that is JSON as it stands is never searched for tags or fences."""
        try:
            return parse_json(self.original)
        except NotJson:
            text = self.plain()
        inner = unfenced(text)
        if inner is not None:
            self.steps.append(Step("fence removed", "the whole answer stood in one code fence"))
            text = inner
        try:
            return parse_json(text.strip())
        except NotJson as error:
            raise self._invalid([Violation("$", f"the answer is not JSON: {error.message}", "json")]) from None

    def valid(self, value: Any) -> Any:
        """The value, if it fits the schema."""
        schema = self.expected.schema
        violations = schema.validate(value) if schema is not None else ()
        if violations:
            raise self._invalid(list(violations))
        return value

    def _unwrapped(self) -> Any:
        """The answer inside `{"reasoning", "answer"}`."""
        value = self.json()
        if not isinstance(value, dict) or "answer" not in value:
            raise self._invalid([Violation("$", 'the answer is not an object with "reasoning" and "answer"', "field")])
        self.reasoning.append(str(value.get("reasoning") or ""))
        self.steps.append(Step("unwrapped", "the answer was taken from beside its reasoning"))
        return self.valid(value["answer"])

    def _invalid(self, violations: list[Violation]) -> OutputError:
        return OutputError(
            "the answer does not fit",
            violations=violations,
            text=self.original,
            details=[str(v) for v in violations[:20]],
        )


_FENCE = re.compile(r"\A\s*(`{3,}|~{3,})[^\n`]*\n(.*?)\n?[ \t]*\1\s*\Z", re.DOTALL)


def unfenced(text: str) -> str | None:
    """What stands in the one code fence that encloses a text; None when there is no such fence."""
    match = _FENCE.match(text)
    return match[2] if match and match[1] not in match[2] else None


def _json_value(ladder: _Ladder) -> Any:
    return ladder.valid(ladder.json())


def _text(ladder: _Ladder) -> str:
    return ladder.plain()


def _choice(ladder: _Ladder) -> str:
    text = ladder.plain().strip()
    choices = ladder.expected.choices
    if text in choices:
        return text
    quoted = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    if quoted in choices:
        ladder.steps.append(Step("quotes removed", "the choice stood in quotes"))
        return quoted
    schema = Schema({"enum": list(choices)})
    raise ladder._invalid(list(schema.validate(quoted)))  # noqa: SLF001 (one ladder in several stages)


def _markdown(ladder: _Ladder) -> str:
    text = ladder.plain()
    missing = [heading for heading in ladder.expected.headings if not _has_heading(text, heading)]
    if missing:
        violations = [Violation("$", f"the heading `{heading}` is missing", "headings") for heading in missing]
        raise ladder._invalid(violations)  # noqa: SLF001 (as above)
    return text


def _has_heading(text: str, heading: str) -> bool:
    return re.search(rf"^#+[ \t]+{re.escape(heading)}[ \t]*#*[ \t]*$", text, re.MULTILINE) is not None


_FORMATS: dict[OutputFormat, Callable[[_Ladder], Any]] = {
    "json": _json_value,
    "list": _json_value,
    "choice": _choice,
    "text": _text,
    "markdown": _markdown,
}
