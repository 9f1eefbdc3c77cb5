"""Messages as a person reads them: a rule with role and size over each, and what they fill of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.completion import Request
    from promptkit.messages import Message
    from promptkit.prompt import Prompt
    from promptkit.tokens import TokenCounter

WIDTH = 76


def blocks(messages: Sequence[Message], counter: TokenCounter) -> str:
    """The messages under their rules."""
    return "\n\n".join(f"{ruled(message.role, message.shown, counter)}\n{message.shown}" for message in messages)


def ruled(role: str, text: str, counter: TokenCounter) -> str:
    """The rule over one message."""
    from promptkit.tokens import MESSAGE_OVERHEAD

    return _rule(role, f"{counted(counter.count(text) + MESSAGE_OVERHEAD, counter)}{told_error(counter)}")


def counted(tokens: int, counter: TokenCounter) -> str:
    """`~1,234 tokens`, without the tilde from a counter that is exact."""
    return f"{'~' if counter.error else ''}{tokens:,} tokens"


def told_error(counter: TokenCounter) -> str:
    """How far off a counter may be, in a few characters: empty for one that is exact."""
    return f" +-{counter.error * 100:.0f} %" if counter.error else ""


def _rule(role: str, size: str) -> str:
    return f"{role} {'-' * max(3, WIDTH - len(role) - len(size) - 2)} {size}"


def fit(prompt: Prompt[Any], request: Request) -> str:
    """What the request fills of the window, and how its answer's form is asked for."""
    from promptkit.tokens import count_request

    counter, window = prompt.client.counter(prompt.facts), prompt.facts.context_length
    of = f"of {window:,} tokens" if window else "tokens (its window is not known)"
    total = count_request(request, counter)
    return f"{'-' * WIDTH}\n{named(prompt.model)} ~{total:,} {of}      output: {_form(prompt, request)}"


def _form(prompt: Prompt[Any], request: Request) -> str:
    form = request.transport.form if request.transport else "prompt"
    wanted = prompt.spec.output.format
    if form != "prompt":
        return form
    return wanted if wanted in ("text", "markdown") else f"{wanted}, asked for in the prompt alone"


def named(model: str) -> str:
    """A model's name as the head of a line."""
    return model if model.endswith(":") else f"{model}:"
