"""Asking again: what the next request says when an answer was no good. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from promptkit.completion import ABANDONED
from promptkit.messages import Message
from promptkit.options import TOKEN_LIMITS, token_limit
from promptkit.template.markup import neutralise

if TYPE_CHECKING:
    from promptkit.completion import Completion, ModelFacts, Request
    from promptkit.result import Violation

MOST_SAID = 10
"""How many violations a re-ask names."""

MOST_SHOWN = 8_000
"""How many characters of its last answer the model is shown again: about 2,000 tokens."""

_LEAST_SHOWN = 200
_FOR_FAULTS = 500
"""Tokens that are left for the faults of an answer."""
_CHARACTERS_A_TOKEN = 2
"""Few, to be on the safe side: JSON has short tokens."""


def asked_again(
    first: Request, completion: Completion, violations: tuple[Violation, ...], facts: ModelFacts | None = None
) -> Request:
    """The first request with the last answer and what is wrong with it: only ever one answer, so it does not grow.

    Of a long answer the beginning and the end are enough, and less of it where the window is small: each violation
    names its place, and what stands there.
    Strangers' text may have steered the answer: chat markup in it is made harmless, as it is in inputs.
    """
    listed = "\n".join(f"- {violation}" for violation in violations[:MOST_SAID])
    more = f"\n- and {len(violations) - MOST_SAID} more" if len(violations) > MOST_SAID else ""
    asked = "Give the whole answer again, in the form asked for, with these faults mended."
    stopped = "was stopped, since it " if completion.finish_reason == ABANDONED else ""
    said = f"That answer {stopped}cannot be used:\n{listed}{more}\n{asked}"
    answer = _shortened(completion.text, _most_shown(first, completion, facts))
    answered = [Message("assistant", neutralise(answer)[0])] if answer.strip() else []
    return replace(first, messages=(*first.messages, *answered, Message("user", neutralise(said)[0])))


def _most_shown(first: Request, completion: Completion, facts: ModelFacts | None) -> int:
    """How many characters of the answer leave room in the window for the messages, the faults and another answer."""
    if facts is None or not facts.context_length:
        return MOST_SHOWN
    said = sum(len(message.text) for message in first.messages) // _CHARACTERS_A_TOKEN
    budget = token_limit(first.options)
    budget = budget or completion.usage.completion_tokens or len(completion.text) // _CHARACTERS_A_TOKEN
    left = facts.context_length - (completion.usage.prompt_tokens or said) - budget - _FOR_FAULTS
    return max(_LEAST_SHOWN, min(MOST_SHOWN, _CHARACTERS_A_TOKEN * left))


def _shortened(text: str, most: int) -> str:
    """A text without its middle, if it is longer than that."""
    left_out = len(text) - most
    if left_out <= 0:
        return text
    half = most // 2
    return f"{text[:half]}\n[... {left_out:,} characters left out ...]\n{text[-half:]}"


def with_more_tokens(request: Request, completion: Completion, facts: ModelFacts) -> Request | None:
    """The same request with twice the budget, as far as the model is known to go; None when there is no more.

    Repeating with more tokens is what helped on MARA where an answer was cut (observed June 2026); asking for
    less structure made it worse.
    """
    name = next((name for name in TOKEN_LIMITS if request.options.get(name)), None)
    if name is None:
        return None
    window = facts.context_length - completion.usage.prompt_tokens if facts.context_length else None
    budget = min(filter(None, (2 * request.options[name], facts.max_output, window)))
    if budget <= request.options[name]:
        return None
    return replace(request, options={**request.options, name: budget})
