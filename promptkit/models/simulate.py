"""`simulate:`, the model that is none: answers made from the output's JSON Schema, always labelled as simulated.

It costs nothing, needs no network, and gives the same answer to the same request; its values fit the schema
and mean nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptkit.completion import Delta, Usage
from promptkit.errors import ModelError, PromptkitError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from promptkit.completion import Request
    from promptkit.models.simulated_values import Maker
    from promptkit.result import Violation
    from promptkit.schema import Schema

    Path = tuple[str | int, ...]

LABEL = "simulate:"
"""The model's name in every answer."""

_THOUGHT = "This is simulated reasoning."
_ROUNDS = 128
_STARTS = 6
_PIECE = 16


def simulate_value(schema: Mapping[str, Any] | bool, seed: str = "") -> Any:
    """A value that fits a JSON Schema (drafts 4 to 2020-12), the same one for the same seed.

    Listed values, `examples` and `default` are preferred; else texts say that they are simulated. Recursive
    schemas end after a few levels. The value has been validated. Raises `ModelError` when no fitting value
    could be made, be it that there is none or that the schema asks for more than this can do.
    """
    try:
        return _fitting_value(dict(schema) if not isinstance(schema, bool) else schema, seed)
    except ModelError:
        raise
    except PromptkitError as error:
        raise _failed(f"the schema cannot be used: {error.message}") from None
    except (RecursionError, OverflowError, ArithmeticError) as error:
        raise _failed(f"the schema is beyond what can be made: {type(error).__name__}") from None
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise _failed(f"the schema cannot be used: {str(error).partition(chr(10))[0]}") from None


def _fitting_value(schema: Mapping[str, Any] | bool, seed: str) -> Any:
    """Try, see what does not fit, take another variant there, and in the end begin anew with another seed."""
    from promptkit.models.schema_forms import Forms
    from promptkit.models.simulated_values import Maker
    from promptkit.schema import Schema

    checked, forms = Schema(schema), Forms(schema)
    variants: dict[Path, int] = {}
    starts, why = 1, ""
    for _ in range(_ROUNDS):
        maker = Maker(forms, seed if starts == 1 else f"{seed}#{starts}", variants)
        value, faults, why = _tried(maker, schema, checked)
        if not faults:
            return value
        if not _vary(variants, maker.counts, faults):
            starts += 1
            variants.clear()
        if starts > _STARTS:
            break
    raise _failed(f"no value that fits the schema could be made: {why}")


def _tried(maker: Maker, schema: Mapping[str, Any] | bool, checked: Schema) -> tuple[Any, list[Path], str]:
    """One try: a value, the places where it does not fit, and why."""
    from promptkit.models.simulated_values import Impossible

    try:
        value = maker.value(schema)
    except Impossible as error:
        return None, [error.path], f"at {_json_path(error.path)}: {error.why}"
    violations = checked.validate(value)
    return value, [violation.location for violation in violations], _told(violations)


def _vary(variants: dict[Path, int], counts: Mapping[Path, int], faults: Sequence[Path]) -> bool:
    """Take the next variant at each faulty place; False when there is no other left.

    A place whose variants are used up begins anew, under its parent's next variant.
    """
    pending = {_nearest(path, counts) for path in faults}
    while pending:
        path = max(pending, key=len)
        pending.discard(path)
        for below in [known for known in variants if len(known) > len(path) and known[: len(path)] == path]:
            del variants[below]
        turn = variants.pop(path, 0) + 1
        if turn < counts.get(path, 1):
            variants[path] = turn
        elif path:
            pending.add(_nearest(path[:-1], counts))
        else:
            return False
    return True


def _nearest(path: Path, counts: Mapping[Path, int]) -> Path:
    """The place itself when a choice was made there, else the nearest above it."""
    while path and path not in counts:
        path = path[:-1]
    return path


def _told(violations: Sequence[Violation]) -> str:
    return "; ".join(str(violation)[:200] for violation in violations[:3])


def _json_path(path: Path) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


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
    from promptkit.thought import wrapped_value

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
