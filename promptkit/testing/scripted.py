"""`ScriptedModel`: a model for tests that gives prepared answers in order and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.completion import Completion, Delta, Request, ToolCallDelta, Usage
from promptkit.errors import ModelError
from promptkit.models.simulate import tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

Answer = str | Mapping[str, Any] | Completion | Sequence[Any] | BaseException | Callable[[Request], Any]
"""What a script may hold: a text; a mapping or list, sent as JSON; a whole completion; a sequence of deltas,
given as it is; an exception, raised; or a function of the request that gives any of these."""

_PIECE = 7


class ScriptedModel:
    """A model that gives `answers` in order.

    `requests` are those that were asked, in order. A streaming request gets its answer in several pieces. The
    answers may come from any iterable, also an endless one; one too many is a `ModelError`. Several threads
    may ask at once.
    """

    def __init__(self, answers: Iterable[Answer] = (), *, name: str = "scripted") -> None:
        self.name = name
        self.requests: list[Request] = []
        self._answers = iter([answers] if isinstance(answers, str) else answers)
        self._lock = threading.Lock()

    def send(self, request: Request) -> Iterator[Delta]:
        """See `Model.send`. Raises what the script says, or `ModelError` when it has ended."""
        yield from self._deltas(self._next(request), request)

    async def asend(self, request: Request) -> AsyncIterator[Delta]:
        """See `Model.asend`. Raises as `send` does."""
        for delta in self._deltas(self._next(request), request):
            yield delta

    def _next(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            asked = len(self.requests)
            for answer in self._answers:
                return answer
        raise ModelError(
            f"the script has no answer to request {asked}",
            where=self.name,
            help=f"it held {asked - 1}; give it one for each request, re-asks included",
        )

    def _deltas(self, answer: Any, request: Request) -> Iterator[Delta]:
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            yield from self._deltas(answer(request), request)
        elif _is_deltas(answer):
            yield from answer
        else:
            yield from pieces(self._completion(answer, request), stream=request.stream)

    def _completion(self, answer: Any, request: Request) -> Completion:
        if isinstance(answer, Completion):
            return answer if answer.model else replace(answer, model=self.name)
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        asked = sum(tokens(message.text) for message in request.messages)
        return Completion(text, usage=Usage(asked, tokens(text), requests=1), model=self.name)

    def __repr__(self) -> str:
        return f"ScriptedModel({self.name!r}, {len(self.requests)} requests)"


def _is_deltas(answer: Any) -> bool:
    return isinstance(answer, Sequence) and bool(answer) and all(isinstance(piece, Delta) for piece in answer)


def pieces(completion: Completion, *, stream: bool) -> Iterator[Delta]:
    """A completion as one delta, or as a stream's many: reasoning, then text, then tool calls in fragments."""
    calls = list(enumerate(completion.tool_calls))
    end = Delta(
        finish_reason=completion.finish_reason,
        usage=completion.usage,
        model=completion.model,
        id=completion.id,
        done=True,
        reasoning_key=completion.reasoning_key,
    )
    if not stream:
        whole = tuple(ToolCallDelta(index, call.id, call.name, call.arguments) for index, call in calls)
        yield replace(end, text=completion.text, reasoning=completion.reasoning, tool_calls=whole)
        return
    head = Delta(model=completion.model, id=completion.id)
    yield from (replace(head, reasoning=piece) for piece in cut(completion.reasoning))
    yield from (replace(head, text=piece) for piece in cut(completion.text))
    for index, call in calls:
        yield replace(head, tool_calls=(ToolCallDelta(index, call.id, call.name),))
        for piece in cut(call.arguments):
            yield replace(head, tool_calls=(ToolCallDelta(index, arguments=piece),))
    yield end


def cut(text: str, size: int = _PIECE) -> list[str]:
    """A text in pieces of a few characters."""
    return [text[start : start + size] for start in range(0, len(text), size)]
