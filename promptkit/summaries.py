"""A summary of older turns while it is made: the prompt that is asked for it, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError, PromptkitError
from promptkit.spec import SUMMARY_INPUTS
from promptkit.tokens import at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.conversation import Conversation
    from promptkit.exchange import Exchange, Summary
    from promptkit.memory import Summarise
    from promptkit.prompt import Prompt
    from promptkit.result import Result

_WORDS_PER_TOKEN = 0.6
_LEAST_WORDS = 20
_ROLES = {"user": "User", "assistant": "Assistant", "tool": "Result of a tool", "system": "System"}


@dataclass(frozen=True, slots=True)
class Fold:
    """A summary that is to be made: by which prompt, of which inputs, and of which turns by their index."""

    prompt: Prompt[Any]
    inputs: dict[str, Any]
    turns: tuple[int, ...]

    @property
    def upto(self) -> int:
        """The number of the last turn that is summarised."""
        return self.turns[-1] + 1

    def run(self) -> Result[Any]:
        """Ask for it. Raises what `Prompt.run` raises, and says that it was for the summary."""
        try:
            return self.prompt.run(self.inputs)
        except PromptkitError as error:
            self._explain(error)
            raise

    async def arun(self) -> Result[Any]:
        """The same under asyncio."""
        try:
            return await self.prompt.arun(self.inputs)
        except PromptkitError as error:
            self._explain(error)
            raise

    def _explain(self, error: PromptkitError) -> None:
        error.details += (f"asked for the summary of the turns up to {self.upto}; nothing of the turn was sent",)


def fold_of(conversation: Conversation[Any], how: Summarise, before: Summary | None, folded: Sequence[int]) -> Fold:
    """The next summary: of what there is already, and of these turns, or as many of them as its model takes at once.

    Raises `ConfigError` for a prompt that cannot be asked for one.
    """
    own = conversation.prompt
    prompt = how.prompt or shipped_prompt()
    authored = isinstance(prompt.spec.model, str)
    prompt = prompt.using(client=own.client, model=how.model or (None if authored else own.used_model))
    refuse_other_inputs(prompt)
    words = max(_LEAST_WORDS, round(how.tokens * _WORDS_PER_TOKEN))
    given = {"summary": before.text if before else "", "words": words}
    told, count, taken = "", 0, given
    for number, index in enumerate(folded, 1):
        more = f"{told}\n\n{_told(conversation.turns[index])}".strip()
        inputs = {name: value for name, value in (given | {"turns": more}).items() if name in prompt.spec.inputs}
        if told and not _fits(prompt, inputs):
            break
        told, count, taken = more, number, inputs
    return Fold(prompt, taken, tuple(folded[:count]))


def refuse_other_inputs(prompt: Prompt[Any]) -> None:
    """Raise `ConfigError` for a prompt that needs, or lacks, what a summary is made of."""
    if prompt.spec.summary_misfit:
        cure = f"a prompt for summaries has the input `turns`, and if it likes {' and '.join(SUMMARY_INPUTS[1:])}"
        message = f"{prompt.name} makes no summary: it {prompt.spec.summary_misfit}"
        raise ConfigError(message, where="memory.summarise", help=cure)


@cache
def shipped_prompt() -> Prompt[Any]:
    """The prompt that promptkit itself asks for summaries."""
    from promptkit.prompt import Prompt

    return Prompt.from_yaml(Path(__file__).parent / "shipped" / "summarise.yaml")


def _told(turn: Exchange) -> str:
    """A turn as it is told: each message under its role."""
    return "\n".join(f"{_ROLES[message.role]}: {message.shown}" for message in turn.messages)


def _fits(prompt: Prompt[Any], inputs: dict[str, Any]) -> bool:
    """Whether a request for a summary fits the window of its model, with its answer; so it does where nobody knows."""
    window = prompt.facts.context_length
    if window is None:
        return True
    counter = prompt.client.counter(prompt.facts)
    reserved = min(prompt.facts.max_output or window, window // 4)
    text = "".join(message.text for message in prompt.render(inputs).messages)
    return at_most(counter.count(text) + counter.fixed, counter.error) + reserved <= window
