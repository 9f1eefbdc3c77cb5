"""What the loopback MARA answers: models with their quirks, and chat completions in MARA's own form.

Sources: MARA docs (text generation, OpenAI compatibility, error codes) and SambaNova's OpenAPI file 1.2.0;
quirks that differ by model are those that clients of MARA have seen in 2026. Contents are simulated.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from promptkit.completion import canonical_json, sha256
from promptkit.errors import ModelError
from promptkit.models.simulate import simulate_value, tokens
from promptkit.testing.requirements import first_fault, tool_names
from promptkit.testing.scripted import cut
from promptkit.testing.unstructured import unstructured
from promptkit.testing.wire import Reply, error_reply, json_reply, stream_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Reasoning = Literal["none", "field", "tags", "on_request"]
"""How a model's reasoning arrives: not at all; as `reasoning`; inside the content between `<think>` tags; or as
`reasoning` when `chat_template_kwargs` has `enable_thinking`."""

_PIECE = 24  # characters in a chunk: several tokens, as MARA's guide warns
_BYTES_PER_TOKEN = 4
_THOUGHT = "This is simulated reasoning: the form asked for is clear, so a value of that form follows."
_TRUNCATED = (
    "Model did not output valid JSON. The output was truncated before a complete JSON object could be generated. "
    "Raise max_tokens and try again."
)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model of the loopback server. Lengths in tokens; prices in USD a token, as the text that is listed.

    Its limits stand in the headers of each answer, and clients that heed them wait: tests want high ones.
    """

    id: str
    context_length: int = 131_072
    max_completion_tokens: int = 131_072
    prompt_price: str = "0.00000060"
    completion_price: str = "0.00000240"
    reasoning: Reasoning = "none"
    text_only: bool = False
    requests_per_minute: int = 60_000
    requests_per_day: int = 10_000_000

    def listed(self) -> dict[str, Any]:
        """The entry of `GET /v1/models`."""
        return {
            "id": self.id,
            "object": "model",
            "owned_by": "MARA",
            "context_length": self.context_length,
            "max_completion_tokens": self.max_completion_tokens,
            "pricing": {
                "prompt": self.prompt_price,
                "completion": self.completion_price,
                "duration_per_hour": "0.0",
            },
            "sn_metadata": {},
        }


DEFAULT_MODELS: tuple[ServedModel, ...] = (
    ServedModel("MiniMax-M2.5", 160_000, 131_072, "0.00000030", "0.00000120", reasoning="tags"),
    ServedModel("MiniMax-M2.7", 196_608, 131_072, "0.00000060", "0.00000240", reasoning="tags"),
    ServedModel("gpt-oss-120b", 131_072, 131_072, "0.00000022", "0.00000059", reasoning="field"),
    ServedModel("DeepSeek-V3.1", 131_072, 131_072, "0.00000300", "0.00000450", reasoning="on_request", text_only=True),
    ServedModel("gemma-4-31B-it", 131_072, 131_072, "0.00000020", "0.00000060"),
)
"""What the server lists. Quirks are as seen on MARA in 2026; the prices are made up."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the model says, before the server cuts it to the budget and puts it in its envelope."""

    content: str | None
    reasoning: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish_reason: str = "stop"
    note: str = ""

    @property
    def completion_tokens(self) -> int:
        """An estimate, four bytes a token; reasoning counts."""
        calls = "".join(str(call["function"]["arguments"]) for call in self.tool_calls)
        return tokens(self.reasoning) + tokens(self.content or "") + tokens(calls)


@dataclass(frozen=True, slots=True)
class Asked:
    """One chat request that is as it must be. `started` is Unix time in seconds."""

    body: Mapping[str, Any]
    model: ServedModel
    number: int
    started: float = field(default_factory=time.time)

    @property
    def seed(self) -> str:
        """What simulated values are made from: the same request gets the same content."""
        return sha256(canonical_json({"messages": self.body["messages"], "model": self.model.id}))

    @property
    def id(self) -> str:
        """A bare UUID, another for each answer."""
        h = sha256(f"{self.number} {self.seed}")
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:32]}"

    @property
    def prompt_tokens(self) -> int:
        """An estimate over all messages."""
        return tokens(canonical_json(self.body["messages"]))

    @property
    def budget(self) -> int | None:
        """The tokens that the answer may have; the smaller when both spellings are sent."""
        asked = (self.body.get("max_tokens"), self.body.get("max_completion_tokens"))
        return min((limit for limit in asked if limit is not None), default=None)

    @property
    def structured(self) -> bool:
        """Whether the server checks the answer for being JSON."""
        return self.body.get("response_format") is not None


def refusal(body: Any, models: Mapping[str, ServedModel]) -> Reply | None:
    """Why a chat request is refused: a bad body or an unknown model; ids are case-sensitive."""
    name = body.get("model")
    if not isinstance(name, str) or not name:
        return error_reply(400, "The request has no 'model'.", param="model")
    model = models.get(name)
    if model is None:
        message = f"The model `{name}` does not exist or you do not have access to it."
        return error_reply(404, message, code="model_not_found", param="model")
    return first_fault(body, text_only=model.text_only) or _too_long(Asked(body, model, 0))


def _too_long(asked: Asked) -> Reply | None:
    """Context counts input and output together (MARA docs, glossary)."""
    wanted = asked.prompt_tokens + (asked.budget or 0)
    if wanted <= asked.model.context_length:
        return None
    message = (
        f"The maximum context length of {asked.model.id} is {asked.model.context_length} tokens; the request asks "
        f"for {wanted} ({asked.prompt_tokens} in the messages, {asked.budget or 0} in the completion)."
    )
    return error_reply(400, message, code="context_length_exceeded", param="messages")


def chat_reply(
    asked: Asked, content: str | Mapping[str, Any] | None = None, change: Callable[[Said], Said] | None = None
) -> Reply:
    """The answer to a request: with a scripted content or scripted calls as they stand, else with a simulated one.

    `change` is what a fault makes of what the model says.
    """
    try:
        scripted = Said(content) if isinstance(content, str) else content and _scripted(asked, content)
        said = scripted or _said(asked)
    except ModelError as error:
        return error_reply(400, f"The loopback server cannot answer: {error.message}", code="not_simulated")
    whole = change(said) if change else _cut(said, asked.budget)
    if whole.finish_reason == "length" and asked.structured and not change:
        return json_reply({"error": _TRUNCATED, "error_model_output": whole.content or ""}, 400)
    documents = _chunks if asked.body.get("stream") else _document
    return replace(documents(asked, whole), note=said.note)


def whole_reply(asked: Asked, content: str) -> Reply:
    """An answer in one piece, whatever was asked for."""
    return _document(asked, Said(content))


def called(asked: Asked) -> list[dict[str, Any]]:
    """A simulated call of the first tool that is offered; none where none is."""
    tools = asked.body.get("tools") or ()
    return [_tool_call(tool["function"], asked) for tool in tools[:1]]


def _said(asked: Asked) -> Said:
    forced = _forced_tool(asked.body)
    if forced is not None:
        return Said(None, _reasoning(asked), (_tool_call(forced, asked),), "tool_calls")
    content, note = (_structured(asked), "") if asked.structured else unstructured(asked.body, asked.seed, _THOUGHT)
    return replace(_STYLES[asked.model.reasoning](asked, content), note=note)


def _structured(asked: Asked) -> str:
    declared = asked.body["response_format"].get("json_schema", {}).get("schema", True)
    return json.dumps(simulate_value(declared, asked.seed), ensure_ascii=False)


def _reasoning(asked: Asked) -> str:
    return _THOUGHT if asked.model.reasoning == "field" else ""


def _thinks(asked: Asked) -> bool:
    options = asked.body.get("chat_template_kwargs")
    return isinstance(options, dict) and options.get("enable_thinking") is True


_STYLES: dict[Reasoning, Callable[[Asked, str], Said]] = {
    "none": lambda _, content: Said(content),
    "field": lambda _, content: Said(content, _THOUGHT),
    "tags": lambda _, content: Said(f"<think>{_THOUGHT}</think>\n\n{content}"),
    "on_request": lambda asked, content: Said(content, _THOUGHT if _thinks(asked) else ""),
}


def _forced_tool(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The tool that the request insists on: the named one, or the first when any is required."""
    choice = body.get("tool_choice")
    wanted = choice["function"]["name"] if isinstance(choice, dict) else None
    names = tool_names(body) if wanted or choice == "required" else []
    if not names:
        return None
    tool: Mapping[str, Any] = body["tools"][names.index(wanted) if wanted else 0]["function"]
    return tool


def _tool_call(tool: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    parameters = tool.get("parameters") or {"type": "object"}
    arguments = json.dumps(simulate_value(parameters, asked.seed), ensure_ascii=False)
    function = {"name": tool["name"], "arguments": arguments}
    return {"id": f"call_{sha256(asked.id)[:18]}", "type": "function", "function": function}


def _scripted(asked: Asked, answer: Mapping[str, Any]) -> Said:
    """What a script says in `content` and `tool_calls`; arguments that are a text stand as they are."""
    calls = []
    for number, call in enumerate(answer["tool_calls"]):
        given = call.get("arguments", {})
        arguments = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        identity = call.get("id", f"call_{sha256(f'{asked.id}{number}')[:18]}")
        function = {"name": call["name"], "arguments": arguments}
        calls.append({"id": identity, "type": "function", "function": function})
    return Said(answer.get("content"), "", tuple(calls), "tool_calls")


def _cut(said: Said, budget: int | None) -> Said:
    """What fits into the budget; reasoning comes first and eats it up first."""
    if budget is None or said.completion_tokens <= budget or said.tool_calls:
        return said
    reasoning = _first_tokens(said.reasoning, budget)
    content = _first_tokens(said.content or "", budget - tokens(reasoning))
    return Said(content, reasoning, finish_reason="length")


def _first_tokens(text: str, budget: int) -> str:
    return text.encode("utf-8", "surrogatepass")[: max(0, budget) * _BYTES_PER_TOKEN].decode("utf-8", "ignore")


def _document(asked: Asked, said: Said) -> Reply:
    message: dict[str, Any] = {"role": "assistant", "content": said.content}
    if said.reasoning:
        message["reasoning"] = said.reasoning
    if said.tool_calls:
        message["tool_calls"] = list(said.tool_calls)
    choice = {"index": 0, "finish_reason": said.finish_reason, "logprobs": None, "message": message}
    return json_reply({**_head(asked, "chat.completion"), "choices": [choice], "usage": _usage(asked, said)})


def _chunks(asked: Asked, said: Said) -> Reply:
    """A stream as it was seen: the role in every chunk, many tokens in one, usage in a chunk without choices."""
    head = _head(asked, "chat.completion.chunk")
    deltas: Iterable[Mapping[str, Any]] = [
        {"content": ""},
        *({"reasoning": piece} for piece in cut(said.reasoning, _PIECE)),
        *({"content": piece} for piece in cut(said.content or "", _PIECE)),
        *(fragment for index, call in enumerate(said.tool_calls) for fragment in _fragments(index, call)),
    ]
    chunks = [{**head, "choices": [_part({"role": "assistant", **delta}, None)]} for delta in deltas]
    chunks.append({**head, "choices": [_part({"content": ""}, said.finish_reason)]})
    if (asked.body.get("stream_options") or {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": _usage(asked, said)})
    return stream_reply(chunks)


def _part(delta: Mapping[str, Any], finish_reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}


def _fragments(index: int, call: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """A tool call in pieces: who first, then the arguments bit by bit."""
    arguments = call["function"]["arguments"]
    if not isinstance(arguments, str):  # as old deployments gave them: whole
        return [{"tool_calls": [{"index": index, **call}]}]
    first = {"index": index, **call, "function": {"name": call["function"]["name"], "arguments": ""}}
    rest = [{"index": index, "function": {"arguments": piece}} for piece in cut(arguments, _PIECE)]
    return [{"tool_calls": [fragment]} for fragment in (first, *rest)]


def _head(asked: Asked, kind: str) -> dict[str, Any]:
    return {
        "id": asked.id,
        "object": kind,
        "created": asked.started,
        "model": asked.model.id,
        "system_fingerprint": "fastcoe",
    }


def _usage(asked: Asked, said: Said) -> dict[str, Any]:
    """Counts and times with the names that SambaNova's OpenAPI file gives them; times in seconds."""
    end = time.time()
    spent = max(end - asked.started, 1e-6)
    prompt, completion = asked.prompt_tokens, said.completion_tokens
    usage: dict[str, Any] = {
        "is_last_response": True,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "start_time": asked.started,
        "end_time": end,
        "time_to_first_token": spent,
        "total_latency": spent,
        "total_tokens_per_sec": (prompt + completion) / spent,
        "completion_tokens_per_sec": completion / spent,
        "completion_tokens_after_first_per_sec": completion / spent,
        "stop_reason": said.finish_reason,
    }
    if said.reasoning:
        usage["completion_tokens_details"] = {"reasoning_tokens": tokens(said.reasoning)}
    return usage
