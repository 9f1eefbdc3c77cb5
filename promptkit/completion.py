"""What goes to a model and what comes back: `Request`, `Delta`, `Completion`, and the `Model` protocol.

A whole answer is one `Delta` and a stream is many; an `Assembler` joins them without I/O, so that one flow
serves both.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from promptkit.errors import StreamInterrupted
from promptkit.messages import Message, ToolCall

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sized

FinishReason = str
"""`stop`, `length` and `tool_calls` are MARA's; any other is kept as the server said it, but for `ABANDONED`."""

ABANDONED: FinishReason = "abandoned"
"""Why an answer ended that was read no further, since it could not become valid any more."""


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Any) -> str:
    """One text for one JSON value: sorted keys, no spaces, non-ASCII kept. The input of every digest."""
    return _CANONICAL.encode(value)


def sha256(text: str) -> str:
    """The SHA-256 of a text in hexadecimal; lone surrogates count as their own bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model; None means that nobody knows. Each fact is dated data, never a promise.

    `context_length` and `max_output` count tokens; prices are USD for one token. `parameters` are all that the model
    has, `active_parameters` those that work on each token.
    """

    name: str
    context_length: int | None = None
    max_output: int | None = None
    json_schema: bool | None = None
    any_schema_root: bool | None = None
    json_mode: bool | None = None
    reasoning: bool | None = None
    tools: bool | None = None
    forced_tools: bool | None = None
    prompt_price: float | None = None
    completion_price: float | None = None
    parameters: float | None = None
    active_parameters: float | None = None
    tokens_per_second: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """How the messages ask for the answer to be laid out, for models that answer by themselves.

    `plain` is a text as it stands, else JSON; `prose` asks for reasoning, then the line `Answer:` and the answer
    below it; `headings` are those of a Markdown text.
    """

    plain: bool = False
    prose: bool = False
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transport:
    """How the form of an answer is asked for, and why so.

    `json_schema` and `json_object` are response formats, `tool` is a function that the model has to call with the
    answer, and `prompt` leaves it to the messages. `changes` are what the schema that is sent does not say.
    """

    form: Literal["json_schema", "json_object", "tool", "prompt"]
    reason: str
    changes: tuple[str, ...] = ()
    tool: str = ""

    def __str__(self) -> str:
        return "; ".join((f"{self.form}: {self.reason}", *self.changes))


@dataclass(frozen=True, slots=True)
class Request:
    """All that is sent to a model. `options` are chat-completions parameters such as `temperature`.

    `schema` is the JSON Schema of the answer's value when there is one, `form` how it is laid out: models that
    answer by themselves (simulated) use them; on the wire they stand in `response_format` and in the messages.
    `timeout` is what is left of the call's time in seconds: models that wait for somebody wait no longer. Neither it
    nor `transport`, which says why the answer's form is asked for as it is, is part of what is asked; nor are the
    name and the version of the prompt, which are for whoever tells of the request.
    """

    model: str
    messages: tuple[Message, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    response_format: Mapping[str, Any] | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    schema: Mapping[str, Any] | bool | None = None
    form: AnswerForm = AnswerForm()
    stream: bool = False
    timeout: float | None = field(default=None, compare=False, repr=False)
    tool_choice: str | Mapping[str, Any] | None = None
    transport: Transport | None = field(default=None, compare=False)
    prompt_name: str = field(default="", compare=False)
    prompt_version: str = field(default="", compare=False)

    def to_openai(self) -> dict[str, Any]:
        """The body of `POST /chat/completions`, without fields that are unset."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [message.to_openai() for message in self.messages],
            **self.options,
        }
        if self.response_format is not None:
            body["response_format"] = dict(self.response_format)
        if self.tools:
            body["tools"] = [dict(tool) for tool in self.tools]
        if self.tool_choice is not None:
            body["tool_choice"] = self.tool_choice
        if self.stream:
            body["stream"] = True
            body["stream_options"] = {"include_usage": True}
        return body

    @property
    def key(self) -> str:
        """The digest of the canonical request: what caches, replays and batches know it by.

        Whether the answer is streamed does not count, since it changes nothing in the answer.
        """
        body = self.to_openai()
        body.pop("stream", None)
        body.pop("stream_options", None)
        return sha256(canonical_json(body))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counted them; completion tokens include reasoning. `requests` counts answers."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    requests: int = 0
    unreported: int = 0
    """How many answers came without a count: when it is not 0, the sums are lower bounds."""

    @property
    def total_tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.cached_tokens + other.cached_tokens,
            self.requests + other.requests,
            self.unreported + other.unreported,
        )


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call; pieces with the same `index` belong together, and no index means a whole call."""

    index: int | None
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """What a server's headers say of its limits: requests of this minute and this day, resets as Unix time.

    MARA docs, page Rate limits; None where nothing is said.
    """

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    day_limit: int | None = None
    day_remaining: int | None = None
    day_reset: float | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer, or the whole of it. `done` says that the server declared the end (`[DONE]`).

    `rates` comes with the first piece, from servers that tell. `cached` is the date of an answer that was kept.
    `reasoning_key` is the server's own name for reasoning that stands beside the text.
    """

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCallDelta, ...] = ()
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    model: str = ""
    id: str = ""
    done: bool = False
    rates: Rates | None = None
    cached: str = ""
    reasoning_key: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's whole answer. `model` is the name that the server gave, `id` its own for the answer.

    `cached` is when the model gave it (ISO 8601, UTC), for one that a cache had kept; it costs nothing.
    `reasoning_key` is the server's name for the reasoning, if that stood beside the text.
    """

    text: str
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason = "stop"
    usage: Usage = field(default_factory=lambda: Usage(requests=1, unreported=1))
    model: str = ""
    id: str = ""
    cached: str = ""
    reasoning_key: str = ""


class Model(Protocol):
    """Anything that answers a request, in one piece or in many.

    Wrappers (pacing, caching, recording, tracing) are models that hold a model. Raises `ModelError`.
    """

    def send(self, request: Request) -> Iterator[Delta]:
        """The answer's pieces, as they arrive. Closing the iterator closes the connection."""

    def asend(self, request: Request) -> AsyncIterator[Delta]:
        """The same without blocking."""


def place_of(call: ToolCallDelta, known: Sized) -> int:
    """Where a piece of a call belongs among those that are known: one without an index is a call by itself."""
    return -1 - len(known) if call.index is None else call.index


class Assembler:
    """Joins deltas to a `Completion`; knows nothing of sockets or events."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, ToolCallDelta] = {}
        self._finish: FinishReason | None = None
        self._done = False
        self._usage: Usage | None = None
        self._model = ""
        self._id = ""
        self._cached = ""
        self._reasoning_key = ""

    def feed(self, delta: Delta) -> None:
        """Take the next piece."""
        if delta.text:
            self._text.append(delta.text)
        if delta.reasoning:
            self._reasoning.append(delta.reasoning)
        for call in delta.tool_calls:
            self._join(call)
        self._finish = delta.finish_reason or self._finish
        self._done = self._done or delta.done
        self._usage = delta.usage or self._usage
        self._model = self._model or delta.model
        self._id = self._id or delta.id
        self._cached = self._cached or delta.cached
        self._reasoning_key = self._reasoning_key or delta.reasoning_key

    def _join(self, call: ToolCallDelta) -> None:
        index = place_of(call, self._calls)
        known = self._calls.get(index, ToolCallDelta(index))
        self._calls[index] = ToolCallDelta(
            index, known.id or call.id, known.name or call.name, known.arguments + call.arguments
        )

    @property
    def text(self) -> str:
        """The answer's text so far."""
        return "".join(self._text)

    def so_far(self) -> Completion:
        """What there is of an answer that nobody waits for any more."""
        return replace(self._joined(), finish_reason=ABANDONED)

    def completion(self) -> Completion:
        """The whole answer.

        Raises `StreamInterrupted` when neither a finish reason nor the declared end has arrived.
        """
        if self._finish is None and not self._done:
            text = self.text
            raise StreamInterrupted(
                f"the answer broke off after {len(text):,} characters: no finish reason and no [DONE]",
                text=text,
                help="ask again; what had arrived is in the error's `text`",
            )
        return self._joined()

    def _joined(self) -> Completion:
        calls = (self._calls[index] for index in sorted(self._calls, key=lambda index: (index < 0, abs(index))))
        return Completion(
            text=self.text,
            reasoning="".join(self._reasoning),
            tool_calls=tuple(ToolCall(call.id, call.name, call.arguments) for call in calls),
            finish_reason=self._finish or "stop",
            usage=self._usage or Usage(requests=1, unreported=1),
            model=self._model,
            id=self._id,
            cached=self._cached,
            reasoning_key=self._reasoning_key,
        )
