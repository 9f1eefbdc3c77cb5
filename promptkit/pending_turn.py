"""A turn of a conversation while it is made: what is sent of the turns before, and what comes of it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from promptkit.completion import Usage
from promptkit.errors import ContextExceeded, OutputError
from promptkit.exchange import Exchange, Summary
from promptkit.flow import cost
from promptkit.history import History
from promptkit.memory import STEP, numbered, recalled, to_summarise
from promptkit.messages import Message
from promptkit.options import token_limit
from promptkit.record import plain_data
from promptkit.result import Step, total_usage
from promptkit.summaries import Fold, fold_of
from promptkit.template.markup import neutralise
from promptkit.template.printing import to_json
from promptkit.tokens import MESSAGE_OVERHEAD, all_text, at_most, beside_messages, count_messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promptkit.completion import Request
    from promptkit.conversation import Conversation
    from promptkit.memory import MemoryPolicy
    from promptkit.prompt import Prompt
    from promptkit.result import Result
    from promptkit.tokens import TokenCounter

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


@dataclass(frozen=True)
class PendingTurn(Generic[T_co]):
    """A turn that is being made. `room` is for earlier turns, `refused` those steps that came of a refusal.

    `made` are the summaries that were made for it, the last of which is sent; `unmade` tells of one that could not be,
    and `spent` and `spent_cost` (USD) are what was asked for it in vain.
    """

    conversation: Conversation[T_co]
    text: str
    inputs: Mapping[str, Any]
    room: int | None
    refused: tuple[Step, ...] = ()
    made: tuple[Summary, ...] = ()
    unmade: tuple[Step, ...] = ()
    spent: Usage = field(default_factory=Usage)
    spent_cost: float | None = 0.0

    @classmethod
    def of(cls, conversation: Conversation[T_co], text: Any, inputs: Mapping[str, Any]) -> PendingTurn[T_co]:
        """What is said next. Raises what `Prompt.request` raises."""
        bare = conversation.prompt.using(history=())
        said = text if isinstance(text, str) else to_json(plain_data(text))
        return PendingTurn(conversation, said, inputs, _room(bare, bare.request(inputs)))

    @cached_property
    def summary(self) -> Summary | None:
        """What is sent in the place of the oldest turns; none where nothing may, has to or can be summarised."""
        if self.conversation.memory.summarise is None or self._all_fit or self._no_room:
            return None
        kept = (turn.summary for turn in reversed(self.conversation.turns) if turn.summary is not None)
        return self.made[-1] if self.made else next(kept, None)

    @cached_property
    def _all_fit(self) -> bool:
        """Whether nothing has to be left out. Raises `ContextExceeded`."""
        return not recalled(self.conversation.turns, self.conversation.memory, self.room)[1]

    @property
    def _no_room(self) -> bool:
        """Whether the window has no room for a summary beside the turn."""
        how = self.conversation.memory.summarise
        return how is not None and self.room is not None and self.room <= how.tokens

    @property
    def to_fold(self) -> Sequence[int]:
        """The turns that have to be summarised before this one is sent, by their index. Raises `ContextExceeded`."""
        policy, room = self._beside_summary
        if policy.summarise is None or self.unmade or self._all_fit or self._no_room:
            return ()
        return to_summarise(self.conversation.turns, policy, room, self._not_summarised)

    @property
    def _not_summarised(self) -> Sequence[int]:
        """The turns that are in no summary, by their index."""
        turns, summary = range(len(self.conversation.turns)), self.summary
        return turns if summary is None else [index for index in turns if not summary.holds(index)]

    @property
    def fold(self) -> Fold | None:
        """The summary that has to be made before the turn can be sent, if there is one. Raises `ContextExceeded`."""
        how, folded = self.conversation.memory.summarise, self.to_fold
        return fold_of(self.conversation, how, self.summary, folded) if how is not None and folded else None

    def folded(self, fold: Fold, result: Result[Any]) -> Self:
        """The same with a summary that was made for it."""
        told = {"model": result.model, "usage": result.usage, "cost": result.cost, "record_id": result.record_id}
        text, _ = neutralise(str(result.output).strip())  # a model's text, which goes back as a message
        return self.with_summary(Summary.of(text, fold.upto, self.conversation.counter, **told), fold.turns)

    def with_summary(self, summary: Summary, folded: Sequence[int]) -> Self:
        """The same with a summary of these turns beside those that were summarised before."""
        left = tuple(index for index in self._not_summarised if index < summary.upto and index not in folded)
        return replace(self, made=(*self.made, replace(summary, without=left)))

    def unfolded(self, fold: Fold, error: OutputError | ContextExceeded) -> Self:
        """The same without the summary, since there is no answer that could be used: the turns are left out."""
        told = f"the turns up to {fold.upto} could not be summarised ({error.message}), so they are left out for now"
        spent, spent_cost = total_usage(error.attempts), cost(error.attempts, fold.prompt.facts)
        return replace(self, unmade=(Step(STEP, told),), spent=spent, spent_cost=spent_cost)

    @cached_property
    def remembered(self) -> tuple[list[int], tuple[Step, ...]]:
        """The earlier turns that are sent, by their index, and what was left out or summarised."""
        turns = self.conversation.turns
        if self.summary is None:
            kept, steps = recalled(turns, self.conversation.memory, self.room)
            told = f"the window has no room for a summary: it leaves {self.room or 0:,} tokens for earlier turns"
            return kept, ((Step(STEP, told), *steps) if steps and self._no_room else steps)
        kept, steps = recalled(turns, *self._beside_summary, self._not_summarised)
        numbers = numbered([index for index in range(len(turns)) if self.summary.holds(index)])
        made = f"made now by {self.summary.model}" if self.made else "made before"
        step = Step(STEP, f"{numbers} of {len(turns)} are sent as a summary, ~{self.summary.tokens:,} tokens ({made})")
        return kept, (step, *steps)

    @property
    def _taken(self) -> int:
        """The tokens that a summary takes, or may take."""
        how = self.conversation.memory.summarise
        return 0 if how is None else max(self.summary.tokens if self.summary else 0, how.tokens)

    @property
    def _beside_summary(self) -> tuple[MemoryPolicy, int | None]:
        """What there is for turns beside a summary: as long as it is, or may become."""
        taken = self._taken
        return self.conversation.memory.beside(taken), None if self.room is None else self.room - taken

    @property
    def prompt(self) -> Prompt[T_co]:
        """The prompt with what is remembered. Raises `ContextExceeded`."""
        turns = self.conversation.turns
        kept, steps = self.remembered
        before = self.summary.messages if self.summary else ()
        messages = (*before, *(message for index in kept for message in turns[index].messages))
        return self.conversation.prompt.using(history=History(messages, (*self.unmade, *steps, *self.refused)))

    def shorter(self, error: ContextExceeded) -> Self:
        """The same with half of the earlier turns, for a window that is smaller than is known.

        Raises the error again where there was no request, where nothing may be left out, or nothing is left; and where
        the model has answered already: that is paid for, was shown, or has called tools, which run once.
        """
        turns = self.conversation.turns
        answered = any(attempt.completion for attempt in error.attempts)
        if self.conversation.memory.full or self.refused or error.status is None or answered:
            raise error
        sent = sum(turns[index].tokens for index in self.remembered[0])
        if not sent:
            raise error
        beside = self._taken if self.summary is not None else 0
        step = Step(STEP, "the server refused the request as too long, so half as much of the earlier turns is sent")
        return replace(self, room=beside + sent // 2, refused=(step,))

    def answered(self, result: Result[T_co]) -> Exchange:
        """The turn with its answer."""
        return Exchange.of(
            _said(result),
            self.conversation.counter,
            self.text,
            model=result.model,
            usage=result.usage + self.spent,
            cost=None if result.cost is None or self.spent_cost is None else result.cost + self.spent_cost,
            steps=tuple(step for step in result.steps if step.name == STEP),
            summary=self._told_summary(),
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            record_id=result.record_id,
        )

    def _told_summary(self) -> Summary | None:
        """The summary that was made for the turn, with what it took to make it and those on the way to it."""
        if not self.made:
            return None
        costs = [each.cost for each in self.made]
        usage, whole = self.made[0].usage, None
        for each in self.made[1:]:
            usage += each.usage
        if None not in costs:
            whole = sum(cost for cost in costs if cost is not None)
        return replace(self.made[-1], usage=usage, cost=whole)


def ready(saying: PendingTurn[T]) -> PendingTurn[T]:
    """A turn that can be sent: what has to be summarised for it is summarised.

    Raises what `Prompt.run` raises, but for an answer that cannot be used: then the turns are left out, which is told.
    """
    while (fold := saying.fold) is not None:
        try:
            saying = saying.folded(fold, fold.run())
        except (OutputError, ContextExceeded) as error:
            saying = saying.unfolded(fold, error)
    return saying


async def aready(saying: PendingTurn[T]) -> PendingTurn[T]:
    """The same under asyncio."""
    while (fold := saying.fold) is not None:
        try:
            saying = saying.folded(fold, await fold.arun())
        except (OutputError, ContextExceeded) as error:
            saying = saying.unfolded(fold, error)
    return saying


def _room(prompt: Prompt[Any], request: Request) -> int | None:
    """How many tokens there are for earlier turns beside a request; None where nobody knows the window."""
    window = prompt.facts.context_length
    if window is None:
        return None
    counter = prompt.client.counter(prompt.facts)
    reserved = token_limit(request.options) or 0
    *fixed, said = request.messages
    beside = sum(counter.count(text) for _, text in beside_messages(request)) + counter.fixed
    counted = _fixed_tokens(tuple(map(all_text, fixed)), counter) + sum(count_messages([said], counter)) + beside
    return window - at_most(counted, counter.error) - reserved


def _fixed_tokens(texts: tuple[str, ...], counter: TokenCounter) -> int:
    """The tokens of the messages before the last, which are mostly the same from turn to turn."""
    counted: int = _kept_count(texts, counter) if isinstance(counter, Hashable) else _count(texts, counter)
    return counted


def _count(texts: tuple[str, ...], counter: TokenCounter) -> int:
    return sum(counter.count(text) + MESSAGE_OVERHEAD for text in texts)


_kept_count = lru_cache(maxsize=32)(_count)


def _said(result: Result[Any]) -> tuple[Message, ...]:
    """What is sent again of a turn: the user's message, calls of tools with their results, the answer.

    Neither reasoning nor answers that were refused: the one is dropped once an answer is there (OpenAI Cookbook, page
    "How to handle the raw chain of thought in gpt-oss"), the others would be taken for good.
    """
    assert result.rendered is not None
    rendered, sent = result.rendered.messages, result.attempts[-1].request.messages
    last = max((index for index, message in enumerate(rendered) if message.role == "user"), default=len(rendered))
    called = (each for each in sent[len(rendered) :] if each.tool_calls or each.role == "tool")
    tools = (replace(each, reasoning="", reasoning_key="") for each in called)
    answer = result.output if isinstance(result.output, str) else to_json(plain_data(result.output))
    return (*rendered[last:], *tools, Message("assistant", neutralise(answer)[0]))  # strangers may have steered it
