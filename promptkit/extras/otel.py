"""Spans of OpenTelemetry for what models are asked: `Traced`, with the extra `otel`.

Names of spans and attributes: OpenTelemetry's semantic conventions for generative AI, page "Client inference"
(github.com/open-telemetry/semantic-conventions-genai, status: development, read November 2026). What they have no
name for is called `promptkit.*`.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promptkit._version import __version__
from promptkit.completion import Assembler
from promptkit.errors import MissingExtra, StreamInterrupted
from promptkit.models.wrapped import Wrapped, forwarded
from promptkit.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opentelemetry.trace import Span, TracerProvider
    from opentelemetry.util.types import AttributeValue

    from promptkit.completion import Completion, Delta, Model, Request
    from promptkit.messages import Message, ToolCall
    from promptkit.models.endpoint import Endpoint
    from promptkit.models.wrapped import Flow

CONTENT_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""What OpenTelemetry's own instrumentations of models read to know whether content is told."""

_TELLING = ("true", "1", "span_only", "span_and_event")
_PORTS = {"http": 80, "https": 443}
_ASKED = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "reasoning_effort": "reasoning.level",
}
"""Options of chat completions, by what the conventions call them below `gen_ai.request.`."""


class Traced(Wrapped):
    """A model each of whose requests is a span of kind client, a child of the span in which it is asked.

    The span has the prompt's name and version, what was asked for, and the tokens that were paid for; a request that
    is sent again is another span, as it is another bill. Give it to a client: `Client(wrap=Traced)`. Messages and
    answers, which may be personal, are told only with `content`, or where `CONTENT_VARIABLE` says so and `content` is
    None. The keys that the model's client knows, or those that `redactor` does, are masked in everything.

    `provider` is who answers (`gen_ai.provider.name`), where the endpoint's own name is not the one; `tracer_provider`
    is OpenTelemetry's, its global one by default. Raises `MissingExtra` without the package opentelemetry-api.
    """

    def __init__(
        self,
        inner: Model,
        *,
        content: bool | None = None,
        provider: str = "",
        tracer_provider: TracerProvider | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        super().__init__(inner)
        endpoint = getattr(self.innermost, "endpoint", None)
        self._answers = _answerer(self.innermost, endpoint, provider)
        self._content = os.environ.get(CONTENT_VARIABLE, "").lower() in _TELLING if content is None else content
        self._redactor = redactor or getattr(self.innermost, "redactor", None) or Redactor()
        self._trace = _api()
        self._tracer = self._trace.get_tracer("promptkit", __version__, tracer_provider)

    def flow(self, request: Request) -> Flow:
        """Pass the answer through, and tell of it."""
        asked = self._redactor.data({**self._answers, **_asked(request)})
        kind = self._trace.SpanKind.CLIENT
        span = self._tracer.start_span(f"chat {request.model}", kind=kind, attributes=asked)
        if span.is_recording():
            span.set_attribute("promptkit.request.key", request.key)
            if self._content:
                span.set_attributes(self._masked(_question(request)))
        answer = Assembler()
        began = time.monotonic()
        first: list[float] = []

        def see(delta: Delta) -> None:
            if not first and (delta.text or delta.reasoning or delta.tool_calls):
                first.append(time.monotonic() - began)
            answer.feed(delta)

        error: Exception | None = None
        try:
            yield from forwarded(request, see)
            error = _broken_off(answer)
        except Exception as failure:
            error = failure
            raise
        finally:
            if request.stream and first:
                span.set_attribute("gen_ai.response.time_to_first_chunk", first[0])
            self._end(span, answer, error)

    def _end(self, span: Span, answer: Assembler, error: Exception | None) -> None:
        """Tell of an answer, as far as it came, and of what ended it; a caller who left is no error."""
        completion = answer.so_far()
        with suppress(StreamInterrupted):
            completion = answer.completion()
        if error is None:
            span.set_attributes(self._redactor.data(_answered(completion)))
        else:
            span.set_attribute("error.type", type(error).__name__)
            if (status := getattr(error, "status", None)) is not None:
                span.set_attribute("http.response.status_code", status)
            told = getattr(error, "message", "") or str(error)  # which may quote the model or the request
            said = self._redactor.text(told) if self._content else getattr(error, "code", "")
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, said))
        if self._content and span.is_recording():
            span.set_attributes(self._masked({"gen_ai.output.messages": [_output(completion)]}))
        span.end()

    def _masked(self, content: Mapping[str, Any]) -> dict[str, str]:
        """Content as JSON, since attributes are flat, with each secret masked."""
        return {name: self._redactor.text(json.dumps(value, ensure_ascii=False)) for name, value in content.items()}


def _api() -> Any:
    """The package's module, kept: at the end of an interpreter nothing can be imported any more."""
    try:
        from opentelemetry import trace
    except ModuleNotFoundError:
        cure = 'pip install "mara-promptkit[otel]"'
        raise MissingExtra("opentelemetry-api, which spans are made with, is not installed", help=cure) from None
    return trace


def _broken_off(answer: Assembler) -> StreamInterrupted | None:
    """Why an answer that came to its end is not whole; whoever reads it finds that out too."""
    try:
        answer.completion()
    except StreamInterrupted as error:
        return error
    return None


def _answerer(model: Model, endpoint: Endpoint | None, provider: str) -> dict[str, AttributeValue]:
    """Who answers: a server by its endpoint, any other model by its kind."""
    if endpoint is None:
        return {"gen_ai.provider.name": provider or type(model).__name__.lower()}
    url = urlsplit(endpoint.base_url)
    return {
        "gen_ai.provider.name": provider or endpoint.name.lower().replace(" ", "_"),
        "server.address": url.hostname or "",
        "server.port": url.port or _PORTS.get(url.scheme, 443),
    }


def _asked(request: Request) -> dict[str, AttributeValue]:
    """What a request asks for, without its content. A list of stop words is told as one."""
    told: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": request.model,
        "gen_ai.output.type": "json" if request.schema is not None else "text",
    }
    if request.prompt_name:
        told["gen_ai.prompt.name"] = request.prompt_name
    if request.prompt_version:
        told["gen_ai.prompt.version"] = request.prompt_version
    if request.stream:
        told["gen_ai.request.stream"] = True
    told |= {f"gen_ai.request.{name}": request.options[key] for key, name in _ASKED.items() if key in request.options}
    if (stop := request.options.get("stop")) is not None:
        told["gen_ai.request.stop_sequences"] = [stop] if isinstance(stop, str) else list(stop)
    return told


def _answered(completion: Completion) -> dict[str, AttributeValue]:
    """What there is to tell of an answer, without its content; tokens only where somebody counted them."""
    told: dict[str, AttributeValue] = {"gen_ai.response.finish_reasons": [completion.finish_reason]}
    if completion.id:
        told["gen_ai.response.id"] = completion.id
    if completion.model:
        told["gen_ai.response.model"] = completion.model
    if completion.cached:
        told["promptkit.cached"] = completion.cached
    usage = completion.usage
    if not usage.unreported:
        told["gen_ai.usage.input_tokens"] = usage.prompt_tokens
        told["gen_ai.usage.output_tokens"] = usage.completion_tokens
        told["gen_ai.usage.cache_read.input_tokens"] = usage.cached_tokens
        told["gen_ai.usage.reasoning.output_tokens"] = usage.reasoning_tokens
    return told


def _question(request: Request) -> dict[str, Any]:
    """The messages and tools of a request, as the conventions lay them out."""
    told: dict[str, Any] = {"gen_ai.input.messages": [_input(message) for message in request.messages]}
    if request.tools:
        told["gen_ai.tool.definitions"] = [{"type": "function", **tool["function"]} for tool in request.tools]
    return told


def _input(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        parts = [{"type": "tool_call_response", "id": message.tool_call_id, "response": message.text}]
    else:
        parts = _parts(message.text, message.tool_calls, message.reasoning if message.reasoning_key else "")
    return {"role": message.role, "parts": parts}


def _output(completion: Completion) -> dict[str, Any]:
    parts = _parts(completion.text, completion.tool_calls, completion.reasoning)
    return {"role": "assistant", "parts": parts, "finish_reason": completion.finish_reason}


def _parts(text: str, calls: Iterable[ToolCall], reasoning: str) -> list[dict[str, Any]]:
    """Reasoning and a text, if there are any, and calls of tools, whose arguments are data where they are JSON."""
    said = (("reasoning", reasoning), ("text", text))
    parts: list[dict[str, Any]] = [{"type": kind, "content": content} for kind, content in said if content]
    for call in calls:
        try:
            arguments: Any = json.loads(call.arguments)
        except (ValueError, RecursionError):
            arguments = call.arguments
        parts.append({"type": "tool_call", "id": call.id, "name": call.name, "arguments": arguments})
    return parts
