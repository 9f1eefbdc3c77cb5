"""The ladder from a model's text to a value: split reasoning off, open the envelope, parse, validate.

Each stage that does something says so in a `Step`. Splitting reasoning and opening one enclosing fence keep an
answer native, quotes that nobody asked for do not; nothing is ever guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.errors import OutputError
from promptkit.headings import misplaced_headings
from promptkit.output.fence import unfenced
from promptkit.output.reasoning import Split, split_last_tag, split_prose, split_tags
from promptkit.output.strict_json import NotJson, is_text, parse_json
from promptkit.result import Output, Step, Violation
from promptkit.schema import Schema
from promptkit.thought import ANSWER_LINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from promptkit.spec import OutputFormat
    from promptkit.thought import Mode

SPLIT, LINE, FENCE, UNWRAPPED, QUOTES = (
    "reasoning split off",
    "answer line found",
    "fence removed",
    "unwrapped",
    "quotes removed",
)
_ASKED_FOR: Mapping[str, frozenset[str]] = {
    "field": frozenset({UNWRAPPED}),
    "prose": frozenset({LINE, FENCE}),
}
"""The steps that a way of reasoning calls for by itself."""
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer should be: its format, its schema, the mode of its reasoning, its headings and choices.

    `quoted` says that the server was told to make JSON of it, so that a choice stands in quotes.
    """

    format: OutputFormat = "json"
    schema: Schema | None = None
    mode: Mode = "off"
    choices: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    strict: bool = False
    quoted: bool = False


def parse_output(
    text: str, schema: Schema | Mapping[str, Any] | bool | None = None, *, expected: Expected | None = None
) -> Output[Any]:
    """The value in a model's answer, and how it was found.

    `schema` is a JSON Schema (or a `Schema`) that the value must fit; `expected` says more about the answer.
    Raises `OutputError` with the violations, or `ConfigError` for a schema that cannot be used.
    """
    if expected is None:
        expected = Expected(schema=schema if isinstance(schema, Schema) or schema is None else Schema(schema))
    ladder = _Ladder(text, expected)
    try:
        return ladder.output()
    except _Refused as refused:
        found = refused.violations
        details = [str(violation) for violation in found[:_MOST_TOLD]]
        raise OutputError("the answer does not fit", violations=found, text=text, details=details) from None


class _Refused(Exception):
    """The answer cannot be used."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        super().__init__()
        self.violations = tuple(violations)


def _refused(message: str, keyword: str) -> _Refused:
    return _Refused([Violation("$", message, keyword)])


class _Ladder:
    def __init__(self, text: str, expected: Expected) -> None:
        self.text = text
        self.expected = expected
        self.steps: list[Step] = []
        self.reasoning: list[str] = []

    def output(self) -> Output[Any]:
        read, check = _FORMATS[self.expected.format]
        value = self._unwrapped() if self.expected.mode == "field" else read(self)
        found = check(self.expected, value)
        if found:
            raise _Refused(found)
        self._refuse_help()
        return Output(value, "\n\n".join(filter(None, self.reasoning)), tuple(self.steps))

    def _refuse_help(self) -> None:
        asked_for = _ASKED_FOR.get(self.expected.mode, frozenset()) | ({QUOTES} if self.expected.quoted else set())
        helped = [step for step in self.steps if step.name not in asked_for]
        if self.expected.strict and helped:
            raise _refused(f"the answer needed something done to it: {helped[0]}", "strict")

    def plain(self) -> str:
        """The answer's text without reasoning."""
        split = split_tags(self.text)
        if split.unclosed:
            raise _refused("the reasoning never ends: no answer was given", "reasoning")
        self._take(SPLIT, split)
        answer = split.answer
        if self.expected.mode == "prose":
            answer = self._after_line(answer, split.reasoning)
        if not answer.strip():
            raise _refused("the answer is empty", "empty")
        if not is_text(answer):
            raise _refused("the answer holds half of a surrogate pair, which is no character", "text")
        return answer

    def _after_line(self, text: str, reasoning: str) -> str:
        """What stands below the line `Answer:`. Without one, a text could not be told from thoughts."""
        free = self.expected.format in ("text", "markdown")
        split = split_prose(text, last=not free)
        if split is None and free and not reasoning and text.strip():
            raise _refused(f"the line `{ANSWER_LINE}` before the answer is missing", "answer_line")
        if split is None:
            return text
        self._take(LINE, split)
        return split.answer

    def _take(self, name: str, split: Split) -> None:
        if split.reasoning:
            self.reasoning.append(split.reasoning)
            size = len(split.reasoning)
            self.steps.append(Step(name, f"{size:,} character{'s' * (size > 1)} of reasoning"))

    def json(self) -> Any:
        """The answer's JSON value. A text that is JSON, as it stands or in a fence, is never searched for tags."""
        try:
            return self._parsed(self.text)
        except NotJson:
            self.steps.clear()
        try:
            return self._parsed(self.plain())
        except NotJson as error:
            refused = _refused(f"the answer is not JSON: {error.message}", "json")
        except _Refused as error:
            refused = error
        return self._after_last_tag(refused)

    def _after_last_tag(self, refused: _Refused) -> Any:
        """The value behind the last closing tag, for reasoning that speaks of its own tags."""
        split = split_last_tag(self.text)
        if split is None:
            raise refused
        self.steps.clear()
        self.reasoning.clear()
        self._take(SPLIT, split)
        try:
            return self._parsed(split.answer)
        except NotJson:
            raise refused from None

    def _parsed(self, text: str) -> Any:
        return parse_json(self.opened(text).strip())

    def opened(self, text: str, *infos: str) -> str:
        """The text without the one fence that encloses it, if there is one."""
        inner = unfenced(text, *infos)
        if inner is None:
            return text
        self.steps.append(Step(FENCE, "the whole answer stood in one code fence"))
        return inner

    def _unwrapped(self) -> Any:
        """The answer inside `{"reasoning", "answer"}`."""
        value = self.json()
        if not isinstance(value, dict) or "answer" not in value:
            raise _refused('the answer is not an object with "reasoning" and "answer"', "field")
        self.reasoning.append(str(value.get("reasoning") or ""))
        self.steps.append(Step(UNWRAPPED, "the answer was taken from beside its reasoning"))
        return value["answer"]

    def choice(self) -> str:
        """One of the choices; some servers make models write it as a JSON text."""
        text = self.opened(self.plain()).strip()
        if text in self.expected.choices or not text.startswith('"'):
            return text
        try:
            value = parse_json(text)
        except NotJson:
            return text
        self.steps.append(Step(QUOTES, "the choice stood in quotes", repairs=not self.expected.quoted))
        return value if isinstance(value, str) else text


def _by_schema(expected: Expected, value: Any) -> tuple[Violation, ...]:
    return expected.schema.validate(value, parsed=True) if expected.schema is not None else ()


def _of_text(_: Expected, value: Any) -> tuple[Violation, ...]:
    return () if isinstance(value, str) else Schema({"type": "string"}).validate(value, parsed=True)


def _of_choices(expected: Expected, value: Any) -> tuple[Violation, ...]:
    return () if value in expected.choices else Schema({"enum": list(expected.choices)}).validate(value, parsed=True)


def _of_headings(expected: Expected, value: Any) -> tuple[Violation, ...]:
    """Headings that are missing, or stand before those that they should follow."""
    if not isinstance(value, str) or not expected.headings:
        return _of_text(expected, value)
    return tuple(Violation("$", message, "headings") for message in misplaced_headings(value, expected.headings))


_FORMATS: Mapping[OutputFormat, tuple[Callable[[_Ladder], Any], Callable[[Expected, Any], tuple[Violation, ...]]]] = {
    "json": (_Ladder.json, _by_schema),
    "list": (_Ladder.json, _by_schema),
    "choice": (_Ladder.choice, _of_choices),
    "text": (_Ladder.plain, _of_text),
    "markdown": (lambda ladder: ladder.opened(ladder.plain(), "markdown", "md"), _of_headings),
}
"""For each format: how its value is read from the text, and what is wrong with one."""
