"""What makes an answer unfit beside its value: that it is not whole, or that a check does not hold. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.errors import OutputError, Truncated
from promptkit.result import Violation

if TYPE_CHECKING:
    from promptkit.completion import Completion
    from promptkit.errors import BadRequest
    from promptkit.result import Check

FINISHED = ("stop", "tool_calls")
"""The reasons for which a whole answer ends."""


def abandoned(completion: Completion, violations: tuple[Violation, ...]) -> OutputError:
    """What became of an answer that was stopped while it arrived."""
    size = len(completion.text)
    return OutputError(f"stopped after {size:,} characters", text=completion.text, violations=violations)


def refuse_unfinished(completion: Completion, refused: BadRequest | None) -> None:
    """Raise for an answer that is cut, that was stopped, or that a refusal does not tell."""
    text, reason = completion.text, completion.finish_reason
    if reason == "length":
        counted = completion.usage.completion_tokens
        raise Truncated(
            f"the answer was truncated at {counted:,} tokens" if counted else "the answer was truncated",
            text=text,
            violations=[Violation("$", "the answer was cut at the token limit", "length")],
            help="raise `max_tokens` under `options`, or ask for less",
        )
    if reason not in FINISHED:
        said = f"the model stopped for another reason: {reason}"
        raise OutputError(said, text=text, violations=[Violation("$", said, "finish_reason")])
    if refused is not None and not text.strip():
        raise OutputError(refused.message, violations=[Violation("$", refused.message, "json")])


def refuse_failed(checks: tuple[Check, ...], text: str) -> None:
    """Raise `OutputError` for checks that must hold and do not."""
    failed = [Violation("$", _refusal(check), "check") for check in checks if check.asserted and not check.passed]
    if failed:
        raise OutputError("a check that must hold does not", code="PK404", violations=failed, text=text)


def _refusal(check: Check) -> str:
    """What a failed check says of an answer, with the reason where it could not be computed."""
    return f"the check `{check.name}` does not hold" + (f": {check.message}" if check.message else "")
