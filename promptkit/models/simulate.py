"""`simulate:`, the model that is none: answers made from the output's JSON Schema, always labelled as simulated.

It costs nothing, needs no network, and gives the same answer to the same request; its values fit the schema
and mean nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.completion import Delta, Usage
from promptkit.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from promptkit.completion import Request

LABEL = "simulate:"
"""The model's name in every answer."""

_THOUGHT = "This is simulated reasoning."
_PIECE = 16


def simulate_value(schema: Mapping[str, Any] | bool, seed: str = "") -> Any:
    """A value that fits a JSON Schema (drafts 4 to 2020-12), the same one for the same seed.

    Listed values, `examples` and `default` are preferred; else texts say that they are simulated. Recursive
    schemas end after a few levels. The value has been validated. Raises `ModelError` when no fitting value
    could be made, be it that there is none or that the schema asks for more than this can do.
    """
    from promptkit.schema.making.fitting import Fitting, UnmakeableError

    try:
        return Fitting(schema).value(seed)
    except UnmakeableError as error:
        raise _failed(str(error)) from None


def _failed(message: str) -> ModelError:
    return ModelError(
        message,
        where="the simulated model",
        help="give the schema `examples`, from which simulated answers are taken first; or use another model",
    )


class Simulated:
    """The model behind `simulate:`. It answers from `request.schema`; without one, with a text that says so.

    The answer is laid out as `request.form` says: JSON or a plain text, by itself or below a simulated reasoning.

    The seed is the request, so other inputs get other values. Tokens are estimated, four bytes each. Raises
    `ModelError` for a schema that no value could be made for.
    """

    def send(self, request: Request) -> Iterator[Delta]:
        """See `Model.send`."""
        yield from _deltas(request, simulated_text(request))

    async def asend(self, request: Request) -> AsyncIterator[Delta]:
        """See `Model.asend`."""
        for delta in _deltas(request, simulated_text(request)):
            yield delta


def simulated_text(request: Request) -> str:
    """The whole answer to a request."""
    from promptkit.chain_of_thought import wrapped_value

    form, plain = request.form, request.form.plain or request.schema is None
    value = _simulated_words(request) if request.schema is None else simulate_value(request.schema, request.key)
    return wrapped_value(value, _THOUGHT, "prose" if form.prose else "off", plain=plain, dump=_dump)


def _simulated_words(request: Request) -> str:
    words = simulated_words([message.text for message in request.messages if message.role == "user"])
    return "\n\n".join(f"## {heading}\n{words}" for heading in request.form.headings) or words


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def simulated_words(said: Sequence[str]) -> str:
    """A plain answer that says that it is simulated; `said` is what the user's messages say."""
    last = " ".join(said[-1].split()[:8])[:80] if said else ""
    about = f" The last message begins `{last}`." if last else ""
    return f"This is a simulated answer; no model has read the prompt.{about}"


def _deltas(request: Request, text: str) -> Iterator[Delta]:
    usage = Usage(
        prompt_tokens=sum(tokens(message.text) for message in request.messages),
        completion_tokens=tokens(text),
        requests=1,
    )
    end = Delta(finish_reason="stop", usage=usage, model=LABEL, id=f"simulated-{request.key[:16]}", done=True)
    if not request.stream:
        yield replace(end, text=text)
        return
    for start in range(0, len(text), _PIECE):
        yield Delta(text=text[start : start + _PIECE], model=LABEL)
    yield end


def tokens(text: str) -> int:
    """An estimate: four bytes a token, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)
