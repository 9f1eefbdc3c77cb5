"""A conversation: turns with a prompt, each of which sends again what the memory keeps of those before.

A conversation is a value. A turn gives the next one and leaves its own as it was, so going back, trying again and
going on in two ways at once need nothing of their own.

    chat = prompt.chat(product="Acme Cloud")
    turn = chat.send("Hi! My name is Peter.")
    turn = turn.conversation.send("What is my name?")
    turn.result.output
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from promptkit.chat_streams import AsyncChatStream, ChatStream
from promptkit.completion import Usage
from promptkit.errors import ConfigError, ContextExceeded
from promptkit.exchange import COUNTER, Exchange
from promptkit.history import History
from promptkit.messages import Message
from promptkit.options import TOKEN_LIMITS
from promptkit.record import plain_data
from promptkit.remembering import STEP, MemoryPolicy, policy_of, recalled
from promptkit.result import Step
from promptkit.template.printing import to_json
from promptkit.tokens import most_tokens
from promptkit.transcript import head_of, read_transcript, write_transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.completion import ModelFacts
    from promptkit.prompt import Prompt
    from promptkit.result import Result

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Turn(Generic[T_co]):
    """What a turn came to: its result, and the conversation that it leads to."""

    result: Result[T_co]
    conversation: Conversation[T_co]

    @property
    def memory(self) -> tuple[Step, ...]:
        """What of the turns before was left out, and why."""
        return self.conversation.turns[-1].steps


@dataclass(frozen=True, slots=True)
class Conversation(Generic[T_co]):
    """Turns with a prompt. `input` is the one that a turn's text is; `inputs` are the same in every turn.

    `changes` tell what is different from when it was saved, of one that was loaded.
    """

    prompt: Prompt[T_co]
    input: str
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)  # one of them may be secret
    turns: tuple[Exchange, ...] = ()
    memory: MemoryPolicy = MemoryPolicy()  # noqa: RUF009 (a value that does not change)
    changes: tuple[str, ...] = ()

    # Going on

    def send(self, text: Any, /, **inputs: Any) -> Turn[T_co]:
        """Say something, and wait for the answer; `inputs` are for this turn alone.

        Raises what `Prompt.run` raises, and `ContextExceeded` before anything is sent when what must be kept does not
        fit.
        """
        saying = self._saying(text, inputs)
        try:
            return saying.answered(saying.prompt.run(saying.inputs))
        except ContextExceeded as error:
            saying = saying.shorter(error)
        return saying.answered(saying.prompt.run(saying.inputs))

    async def asend(self, text: Any, /, **inputs: Any) -> Turn[T_co]:
        """The same under asyncio."""
        saying = self._saying(text, inputs)
        try:
            return saying.answered(await saying.prompt.arun(saying.inputs))
        except ContextExceeded as error:
            saying = saying.shorter(error)
        return saying.answered(await saying.prompt.arun(saying.inputs))

    def stream(self, text: Any, /, **inputs: Any) -> ChatStream[T_co]:
        """Say something, and read the answer as it arrives; then ask for `.turn()`."""
        return ChatStream(self._saying(text, inputs))

    def astream(self, text: Any, /, **inputs: Any) -> AsyncChatStream[T_co]:
        """The same under asyncio."""
        return AsyncChatStream(self._saying(text, inputs))

    # Going elsewhere

    def rewind(self, turns: int = 1) -> Self:
        """The conversation as it was so many turns ago. Raises `ConfigError` when there were not so many."""
        if not 0 <= turns <= len(self.turns):
            raise ConfigError(f"there are {len(self.turns)} turns, and {turns} cannot be taken back", where="rewind")
        return replace(self, turns=self.turns[: len(self.turns) - turns])

    def fork(self) -> Self:
        """Another conversation with the same turns. This one never changes, so it may as well be gone on with twice."""
        return replace(self)

    def using(self, *, memory: MemoryPolicy | Mapping[str, Any] | str | None = None, **use: Any) -> Self:
        """The same turns with another memory, model, client or tools; see `Prompt.using`. Raises `ConfigError`."""
        if "history" in use:
            raise ConfigError("a conversation has its own history", where="using", help="begin another one with it")
        if not isinstance(memory, MemoryPolicy | Mapping | str | None):
            raise ConfigError(f"`{str(memory)[:60]}` is no memory", where="using", help="such as `{'last': 20}`")
        policy = self.memory if memory is None else memory if isinstance(memory, MemoryPolicy) else policy_of(memory)
        return replace(self, prompt=self.prompt.using(**use), memory=policy)

    # Coming back

    def save(self, path: str | Path) -> None:
        """Write the conversation to a file of JSON lines; saved again there, only new turns are added.

        Another conversation in the file is replaced, anything else is not. Secrets are left out. Raises `ConfigError`.
        """
        head = head_of(self.prompt, self.input, self.inputs)
        write_transcript(Path(path), head, self.turns, self.prompt.client.redactor)

    @classmethod
    def load(cls, path: str | Path, prompt: Prompt[T_co], /, **inputs: Any) -> Conversation[T_co]:
        """A conversation that was saved, to be gone on with; see `changes`. Raises `ConfigError`."""
        saved = read_transcript(Path(path), prompt)
        given = {**saved.inputs, **inputs}
        return cls(prompt, saved.input, given, saved.turns, policy_of(prompt.spec.memory), saved.changes)

    # What there is

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages of all turns, whatever the memory sends again of them."""
        return tuple(message for turn in self.turns for message in turn.messages)

    @property
    def history(self) -> History:
        """The turns as another prompt, or another client, takes them."""
        return History(self.messages)

    @property
    def usage(self) -> Usage:
        """The tokens of all turns."""
        return sum((turn.usage for turn in self.turns), Usage())

    @property
    def cost(self) -> float | None:
        """USD for all turns; None when that of one is not known."""
        costs = [turn.cost for turn in self.turns]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    def _saying(self, text: Any, inputs: Mapping[str, Any]) -> Saying[T_co]:
        """What is sent for a turn: as many of the turns before as the memory and the window allow."""
        if self.input in inputs:
            raise ConfigError(f"`{self.input}` is the turn's text, and is given twice", where="send")
        given = {**self.inputs, **inputs, self.input: text}
        bare = self.prompt.using(history=())
        request = bare.request(given)
        reserved = next((request.options[name] for name in TOKEN_LIMITS if request.options.get(name)), 0)
        return Saying(self, str(text), given, _room(self.prompt.facts, most_tokens(request, COUNTER) + reserved))


@dataclass(frozen=True, slots=True)
class Saying(Generic[T_co]):
    """A turn that is being made. `room` is for earlier turns, `refused` those steps that came of a refusal."""

    conversation: Conversation[T_co]
    text: str
    inputs: Mapping[str, Any]
    room: int | None
    refused: tuple[Step, ...] = ()

    @property
    def remembered(self) -> tuple[list[int], tuple[Step, ...]]:
        """The earlier turns that are sent, by their index, and what was left out."""
        return recalled(self.conversation.turns, self.conversation.memory, self.room)

    @property
    def prompt(self) -> Prompt[T_co]:
        """The prompt with what is remembered. Raises `ContextExceeded`."""
        turns = self.conversation.turns
        kept, steps = self.remembered
        messages = tuple(message for index in kept for message in turns[index].messages)
        return self.conversation.prompt.using(history=History(messages, (*steps, *self.refused)))

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
        step = Step(STEP, "the server refused the request as too long, so half as much of the earlier turns is sent")
        return replace(self, room=sent // 2, refused=(step,))

    def answered(self, result: Result[T_co]) -> Turn[T_co]:
        """The turn with its answer."""
        exchange = Exchange.of(
            _said(result),
            self.text,
            model=result.model,
            usage=result.usage,
            cost=result.cost,
            steps=tuple(step for step in result.steps if step.name == STEP),
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            record_id=result.record_id,
        )
        return Turn(result, replace(self.conversation, turns=(*self.conversation.turns, exchange)))


def _room(facts: ModelFacts, taken: int) -> int | None:
    """How many tokens there are for earlier turns; None where nobody knows the window."""
    return None if facts.context_length is None else facts.context_length - taken


def _said(result: Result[Any]) -> tuple[Message, ...]:
    """What is sent again of a turn: the user's message, calls of tools with their results, the answer.

    Neither reasoning nor answers that were refused: the one is dropped once an answer is there (OpenAI Cookbook, page
    "How to handle the raw chain of thought in gpt-oss"), the others would be taken for good.
    """
    assert result.rendered is not None
    rendered, sent = result.rendered.messages, result.attempts[-1].request.messages
    last = max(index for index, message in enumerate(rendered) if message.role == "user")
    called = (each for each in sent[len(rendered) :] if each.tool_calls or each.role == "tool")
    tools = (replace(each, reasoning="", reasoning_key="") for each in called)
    answer = result.output if isinstance(result.output, str) else to_json(plain_data(result.output))
    return (*rendered[last:], *tools, Message("assistant", answer))


def conversation(prompt: Prompt[T_co], inputs: Mapping[str, Any]) -> Conversation[T_co]:
    """The beginning of a conversation; the prompt's history becomes its first turns. Raises `ConfigError`."""
    turns = tuple(map(Exchange.of, prompt.history.turns()))
    return Conversation(prompt, _text_input(prompt, inputs), dict(inputs), turns, policy_of(prompt.spec.memory))


def _text_input(prompt: Prompt[Any], inputs: Mapping[str, Any]) -> str:
    """The input that a turn's text is: as the file says, else the only one that is left to give."""
    if prompt.spec.conversation is not None:
        return prompt.spec.conversation.input
    declared = prompt.spec.inputs
    left = [name for name, each in declared.items() if each.required and not each.secret and name not in inputs]
    if len(left) == 1:
        return left[0]
    raise ConfigError(
        f"it is not clear which input a turn's text is: {_listed(left)}",
        where=prompt.spec.placed(prompt.spec.path),
        help="say it in the file: `conversation: {input: ...}`",
    )


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names)} are not given yet" if names else "none is left to give"
