"""Probes: small requests that find out what a model on a server really does. Each is a value that judges its answers.

A free tier's day has twenty requests (MARA docs, page Rate limits), so all probes together are eight. What the server
says of itself is not asked: only what came back counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptkit.completion import Completion, Request
from promptkit.errors import BadRequest, OutputError
from promptkit.late_pattern import LatePattern
from promptkit.messages import Message
from promptkit.models.evidence import Finding
from promptkit.output import parse_output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from promptkit.errors import ModelError

_TOKENS = 1024
_THINKS = LatePattern(r"<(think|thinking|reasoning)>", re.IGNORECASE)
_ENDS_THINKING = LatePattern(r"</(think|thinking|reasoning)>", re.IGNORECASE)
_SEEDED = 7
_HOTTEST = 1.5


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back to a request: the answer and how many seconds it took, or the refusal."""

    completion: Completion | None = None
    seconds: float = 0.0
    refusal: ModelError | None = None


Judged = dict[str, tuple[Any, str]]


@dataclass(frozen=True, slots=True)
class Probe:
    """What is asked, and what the answers say: values by the names of findings, each with how it shows."""

    meaning: str
    requests: Callable[[str], tuple[Request, ...]]
    judge: Callable[[Sequence[Answer]], Judged]

    @property
    def count(self) -> int:
        """How many requests it takes."""
        return len(self.requests("m"))

    def findings(self, answers: Sequence[Answer]) -> dict[str, Finding]:
        """What the answers say."""
        return {name: Finding.now(*found) for name, found in self.judge(answers).items()}


def _ask(text: str, **more: Any) -> Callable[[str], tuple[Request, ...]]:
    options = {"max_tokens": _TOKENS, **more.pop("options", {"temperature": 0})}

    def requests(model: str) -> tuple[Request, ...]:
        return (Request(model, (Message("user", text),), options, **more),)

    return requests


def _stream(answers: Sequence[Answer]) -> Judged:
    [answer] = answers
    completion = answer.completion
    if completion is None:
        return {"streaming_usage": (None, _refused(answer))}
    usage = completion.usage
    form = _reasoning_form(completion)
    reasons = form != "none" or usage.reasoning_tokens > 0
    found: Judged = {
        "streaming_usage": (not usage.unreported, "a count came" if not usage.unreported else "no count came"),
        # Reasoning that is neither shown nor counted may be there all the same.
        "reasoning": (reasons or (None if usage.unreported else False), f"reasoning came {_FORMS[form]}"),
        "reasoning_form": (form, f"reasoning came {_FORMS[form]}"),
    }
    if usage.completion_tokens and answer.seconds:
        speed = round(usage.completion_tokens / answer.seconds, 1)
        found["tokens_per_second"] = (speed, f"{usage.completion_tokens} tokens in {answer.seconds:.2f} s")
    return found


_FORMS: Mapping[str, str] = {
    "none": "in no form",
    "field": "in a field of its own",
    "tags": "between tags in the content",
    "lone_tag": "in the content, without its opening tag",
}


def _reasoning_form(completion: Completion) -> str:
    if completion.reasoning:
        return "field"
    if _THINKS.search(completion.text):
        return "tags"
    return "lone_tag" if _ENDS_THINKING.search(completion.text) else "none"


def _json_mode(answers: Sequence[Answer]) -> Judged:
    return {"json_mode": _is_json(answers[0], {"type": "object"}, exact=True)}


_KEY = "q7_colour"
_SCHEMA = {
    "type": "object",
    "properties": {_KEY: {"enum": ["v3_red", "v3_blue"]}},
    "required": [_KEY],
    "additionalProperties": False,
}


def _json_schema(answers: Sequence[Answer]) -> Judged:
    return {"json_schema": _is_json(answers[0], _SCHEMA, exact=False)}


def _is_json(answer: Answer, schema: Mapping[str, Any], *, exact: bool) -> tuple[Any, str]:
    if answer.completion is None:
        return False, _refused(answer)
    if answer.completion.finish_reason == "length":
        return None, "the answer was cut at the token limit"
    try:
        output = parse_output(answer.completion.text, schema)
    except OutputError as error:
        return False, f"it was ignored: {'; '.join(error.details[:1]) or error.message}"
    if exact and output.repaired:
        return False, f"it was ignored: {output.steps[-1]}"
    return True, "the answer has the form that was asked for"


_TOOL = {
    "type": "function",
    "function": {
        "name": "look_up_stock",
        "description": "How many pieces of a product are in stock.",
        "parameters": {"type": "object", "properties": {"product": {"type": "string"}}, "required": ["product"]},
    },
}


def _called(name: str) -> Callable[[Sequence[Answer]], Judged]:
    def judge(answers: Sequence[Answer]) -> Judged:
        [answer] = answers
        if answer.completion is None:
            return {name: (False, _refused(answer))}
        calls = [call for call in answer.completion.tool_calls if call.name == "look_up_stock"]
        if not calls:
            return {name: (False, "the tool was not called")}
        try:
            parse_output(calls[0].arguments, _TOOL["function"]["parameters"])  # type: ignore[index]
        except OutputError:
            return {name: (False, f"it was called with {calls[0].arguments[:80]}")}
        return {name: (True, "the tool was called with valid arguments")}

    return judge


def _seed_requests(model: str) -> tuple[Request, ...]:
    options = {"max_tokens": 64, "temperature": 1, "seed": _SEEDED}
    request = Request(model, (Message("user", "Write a line of nonsense words, as random as you can."),), options)
    return request, request


def _seed(answers: Sequence[Answer]) -> Judged:
    completions = [answer.completion for answer in answers]
    if None in completions:
        return {"seed": (False, next(_refused(answer) for answer in answers if answer.completion is None))}
    texts = {each.text + each.reasoning for each in completions if each is not None}
    same = len(texts) == 1
    return {"seed": (same, "two answers with one seed are equal" if same else "two answers with one seed differ")}


def _hot(answers: Sequence[Answer]) -> Judged:
    [answer] = answers
    if answer.completion is None:
        return {"max_temperature": (1.0 if isinstance(answer.refusal, BadRequest) else None, _refused(answer))}
    return {"max_temperature": (_HOTTEST, f"a temperature of {_HOTTEST} was taken")}


def _refused(answer: Answer) -> str:
    return f"refused: {answer.refusal.message}" if answer.refusal else "no answer"


PROBES: Mapping[str, Probe] = {
    "stream": Probe(
        "a stream: whether tokens are counted, how reasoning comes, how fast it is",
        _ask("Count from one to thirty in words, separated by commas.", stream=True),
        _stream,
    ),
    "json_mode": Probe(
        "whether JSON mode is honoured or ignored",
        _ask(
            "Say good morning to Ann in plain words. Only if your output format is restricted to JSON, put them in an "
            "object with the key `words`.",
            response_format={"type": "json_object"},
        ),
        _json_mode,
    ),
    "json_schema": Probe(
        "whether a JSON Schema is honoured or ignored",
        _ask(
            "What colour is the sky at noon?",
            response_format={"type": "json_schema", "json_schema": {"name": "colour", "schema": _SCHEMA}},
        ),
        _json_schema,
    ),
    "tools": Probe(
        "whether a tool is called where it is needed",
        _ask("How many red bicycles are in stock? Look it up.", tools=(_TOOL,)),
        _called("tools"),
    ),
    "forced_tools": Probe(
        "whether a tool is called because it has to be",
        _ask(
            "Good morning! How are you?",
            tools=(_TOOL,),
            tool_choice={"type": "function", "function": {"name": "look_up_stock"}},
        ),
        _called("forced_tools"),
    ),
    "seed": Probe("whether one seed gives one answer", _seed_requests, _seed),
    "temperature": Probe(
        f"whether a temperature of {_HOTTEST} is taken",
        _ask("Say hello.", options={"temperature": _HOTTEST, "max_tokens": 64}),
        _hot,
    ),
}
"""By name, in the order in which they are asked."""


def names_of(probe: str) -> tuple[str, ...]:
    """The findings that a probe makes."""
    return _FINDINGS.get(probe, (probe,))


_FINDINGS: Mapping[str, tuple[str, ...]] = {
    "stream": ("streaming_usage", "reasoning", "reasoning_form", "tokens_per_second"),
    "temperature": ("max_temperature",),
}


def left_of(known: Mapping[str, Finding], wanted: Sequence[str]) -> tuple[str, ...]:
    """The probes of which nothing has been found yet, or that stayed open."""
    found = {name for name, finding in known.items() if finding.value is not None}
    return tuple(name for name in wanted if not found.intersection(names_of(name)))
