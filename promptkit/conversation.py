"""A conversation: turns with a prompt, each of which sends again what the memory keeps of those before.

A conversation is a value. A turn gives the next one and leaves its own as it was, so going back, trying again and
going on in two ways at once need nothing of their own.

    chat = prompt.chat(product="Acme Cloud")
    turn = chat.send("Hi! My name is Peter.")
    turn = turn.conversation.send("What is my name?")
    turn.result.output
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from promptkit.chat_streams import AsyncChatStream, ChatStream
from promptkit.completion import Usage
from promptkit.errors import ConfigError, ContextExceeded
from promptkit.exchange import Exchange
from promptkit.history import History
from promptkit.layout import planned_messages
from promptkit.memory import MemoryPolicy, Pin, policy_of
from promptkit.pending_turn import PendingTurn, aready, ready
from promptkit.redact import leaves
from promptkit.transcript import Saved, head_of, read_transcript, saved_from, turn_data, write_transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.fit import Fit
    from promptkit.messages import Message
    from promptkit.prompt import Prompt
    from promptkit.redact import Redactor
    from promptkit.result import Result, Step
    from promptkit.tokens import TokenCounter

T_co = TypeVar("T_co", covariant=True)
_logger = logging.getLogger("promptkit")


@dataclass(frozen=True, slots=True)
class Turn(Generic[T_co]):
    """What a turn came to: its result, and the conversation that it leads to."""

    result: Result[T_co]
    conversation: Conversation[T_co] = field(repr=False)

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
        saying = ready(self._saying(text, inputs))
        try:
            return self.answered(saying, saying.prompt.run(saying.inputs))
        except ContextExceeded as error:
            saying = ready(saying.shorter(error))
        return self.answered(saying, saying.prompt.run(saying.inputs))

    async def asend(self, text: Any, /, **inputs: Any) -> Turn[T_co]:
        """The same under asyncio."""
        saying = await aready(self._saying(text, inputs))
        try:
            return self.answered(saying, await saying.prompt.arun(saying.inputs))
        except ContextExceeded as error:
            saying = await aready(saying.shorter(error))
        return self.answered(saying, await saying.prompt.arun(saying.inputs))

    def stream(self, text: Any, /, **inputs: Any) -> ChatStream[T_co]:
        """Say something, and read the answer as it arrives; then ask for `.turn()`."""
        return ChatStream(self, self._saying(text, inputs))

    def astream(self, text: Any, /, **inputs: Any) -> AsyncChatStream[T_co]:
        """The same under asyncio."""
        return AsyncChatStream(self, self._saying(text, inputs))

    def fit(self, text: Any = "...", /, **inputs: Any) -> Fit:
        """What the next turn fills of the window, with this text, and with the summary that there is already.

        Raises what `Prompt.fit` raises, and `ContextExceeded` when what must be kept does not fit.
        """
        saying = self._saying(text, inputs)
        names = [] if saying.summary is None else ["summary"]
        names += [f"turn {index + 1}" for index in saying.remembered[0]]
        fit = saying.prompt.fit(saying.inputs)
        named = {f"turn {place}": name for place, name in enumerate(names, 1)}
        return replace(fit, parts=tuple(replace(part, name=named.get(part.name, part.name)) for part in fit.parts))

    # Going elsewhere

    def rewind(self, turns: int = 1) -> Self:
        """The conversation as it was so many turns ago. Raises `ConfigError` when there were not so many."""
        if not isinstance(turns, int) or not 0 <= turns <= len(self.turns):
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
        used = replace(self, prompt=self.prompt.using(**use), memory=_with_task(self.prompt, policy))
        if used.counter == self.counter:
            return used
        return replace(used, turns=tuple(turn.counted(used.counter) for turn in self.turns))

    # Coming back

    def save(self, path: str | Path) -> None:
        """Write the conversation to a file of JSON lines; saved again there, only new turns are added.

        Another conversation in the file is replaced, anything else is not. Secrets are left out. Raises `ConfigError`.
        """
        head = head_of(self.prompt, self.input, self.inputs)
        write_transcript(Path(path), head, self.turns, self._redactor)

    @classmethod
    def load(cls, path: str | Path, prompt: Prompt[T_co], /, **inputs: Any) -> Conversation[T_co]:
        """A conversation that was saved, to be gone on with; see `changes`. Raises `ConfigError`."""
        return cls._resumed(prompt, read_transcript(Path(path), prompt), inputs)

    @classmethod
    def from_log(cls, record_id: str, prompt: Prompt[T_co], /, **inputs: Any) -> Conversation[T_co]:
        """A conversation as it was after one of its turns, from the log of the prompt's client.

        `record_id` is `Result.record_id` of that turn, or its beginning; every turn of every branch is there. Raises
        `ConfigError`.
        """
        log = prompt.client.log
        if log is None:
            raise ConfigError("the prompt's client keeps no log", where="from_log", help="`Client(log=True)`")
        head, turns, whole = log.conversation(record_id)
        saved = saved_from(head, ((turn, f"{log.path} {whole}") for turn in turns), prompt, f"{log.path} {whole}")
        return cls._resumed(prompt, saved, inputs)

    @classmethod
    def _resumed(cls, prompt: Prompt[T_co], saved: Saved, inputs: Mapping[str, Any]) -> Conversation[T_co]:
        return cls(prompt, saved.input, {**saved.inputs, **inputs}, saved.turns, memory_of(prompt), saved.changes)

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
        """The tokens of all turns, and of the summaries that were made for them."""
        made = (turn.summary.usage for turn in self.turns if turn.summary is not None)
        return sum(made, sum((turn.usage for turn in self.turns), Usage()))

    @property
    def cost(self) -> float | None:
        """USD for all turns and summaries; None when that of one is not known."""
        costs = [turn.cost for turn in self.turns]
        costs += [turn.summary.cost for turn in self.turns if turn.summary is not None]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    @property
    def counter(self) -> TokenCounter:
        """What counts the tokens of the turns: the client's, for the model in use."""
        return self.prompt.client.counter(self.prompt.facts)

    def _saying(self, text: Any, inputs: Mapping[str, Any]) -> PendingTurn[T_co]:
        """What is to be sent for a turn."""
        if self.input in inputs:
            raise ConfigError(f"`{self.input}` is the turn's text, and is given twice", where="send")
        return PendingTurn.of(self, text, {**self.inputs, **inputs, self.input: text})

    def answered(self, saying: PendingTurn[T_co], result: Result[T_co]) -> Turn[T_co]:
        """The turn that an answer has ended."""
        conversation = replace(self, turns=(*self.turns, saying.answered(result)))
        conversation._log()  # noqa: SLF001 (its own)
        return Turn(result, conversation)

    @property
    def _redactor(self) -> Redactor:
        """What removes keys, and the values of secret inputs wherever they were said."""
        given = self.prompt.spec.secret_inputs & self.inputs.keys()
        return self.prompt.client.redactor.knowing(*(text for name in given for text in leaves(self.inputs[name])))

    def _log(self) -> None:
        """Keep in the log what is new; an answer that is paid for is not lost for a log that fails."""
        log, record_id = self.prompt.client.log, self.turns[-1].record_id
        if log is None or not record_id:
            return
        try:
            before = (at for at in reversed(range(len(self.turns) - 1)) if log.has_turn(self.turns[at].record_id))
            last = next(before, -1)  # what this log does not hold is written with the turn
            parent = self.turns[last].record_id if last >= 0 else ""
            head = head_of(self.prompt, self.input, self.inputs)
            new = [self._redactor.data(turn_data(turn)) for turn in self.turns[last + 1 :]]
            log.append_turns(record_id, parent, head, new, len(self.turns))
        except Exception as failure:  # noqa: BLE001 (whatever it is)
            _logger.warning("the turn is not in the log: %s", failure)


def conversation(prompt: Prompt[T_co], inputs: Mapping[str, Any]) -> Conversation[T_co]:
    """The beginning of a conversation; the prompt's history becomes its first turns. Raises `ConfigError`."""
    _refuse_history_behind(prompt)
    counter = prompt.client.counter(prompt.facts) if prompt.history.messages else None
    turns = tuple(Exchange.of(turn, counter) for turn in prompt.history.turns()) if counter else ()
    return Conversation(prompt, _text_input(prompt, inputs), dict(inputs), turns, memory_of(prompt))


def memory_of(prompt: Prompt[Any]) -> MemoryPolicy:
    """The memory that a prompt's file asks for. Raises `ConfigError`."""
    from promptkit.prompt import Prompt

    named = prompt.spec.summariser
    return _with_task(prompt, policy_of(prompt.spec.memory, None if named is None else Prompt(named)))


def _with_task(prompt: Prompt[Any], policy: MemoryPolicy) -> MemoryPolicy:
    """The policy that keeps the first turn where only that says the task (`conversation: {task: first}`)."""
    first, spoken = Pin(turn=1), prompt.spec.conversation
    if spoken is None or spoken.task != "first" or policy.full or first in policy.pin:
        return policy
    return replace(policy, pin=(first, *policy.pin))


def _refuse_history_behind(prompt: Prompt[Any]) -> None:
    """Raise `ConfigError` for `messages:` in which a turn does not end with what the user says."""
    plan = [part for _, part in planned_messages(prompt.spec)]
    users = [at for at, part in enumerate(plan) if getattr(part, "role", "") == "user"]
    slots = [at for at, part in enumerate(plan) if getattr(part, "history", None)]
    if prompt.spec.messages is not None and (not users or any(at > users[-1] for at in slots)):
        what = "the earlier turns stand behind the last user message" if users else "there is no user message"
        cure = "a turn ends with `{role: user, ...}`, and `{history: true}` stands before it"
        raise ConfigError(f"no conversation can be held: {what}", where=prompt.spec.placed(prompt.spec.path), help=cure)


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
