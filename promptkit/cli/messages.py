"""Messages as a person reads them: a rule with role and size over each, and what they fill of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.completion import Request
    from promptkit.messages import Message
    from promptkit.prompt import Prompt

WIDTH = 76


def blocks(messages: Sequence[Message]) -> str:
    """The messages under their rules."""
    return "\n\n".join(f"{ruled(message.role, message.shown)}\n{message.shown}" for message in messages)


def ruled(role: str, text: str) -> str:
    """The rule over one message."""
    from promptkit.tokens import MESSAGE_OVERHEAD, BytesEstimate

    counter = BytesEstimate()
    return _rule(role, f"~{counter.count(text) + MESSAGE_OVERHEAD:,} tokens +-{counter.error * 100:.0f} %")


def _rule(role: str, size: str) -> str:
    return f"{role} {'-' * max(3, WIDTH - len(role) - len(size) - 2)} {size}"


def fit(prompt: Prompt[Any], request: Request) -> str:
    """What the request fills of the window, and how its answer's form is asked for."""
    from promptkit.tokens import BytesEstimate, count_messages

    total = sum(count_messages(request.messages, BytesEstimate()))
    window = prompt.facts.context_length
    of = f"of {window:,} tokens" if window else "tokens (its window is not known)"
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
