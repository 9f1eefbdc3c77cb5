"""What a memory would have sent of a conversation that was held already: turn by turn, without asking anybody.

It goes through the same steps as a real turn, but for a summary, which is taken to be as long as it may become.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from promptkit.errors import ConfigError, ContextExceeded
from promptkit.exchange import Exchange, Summary
from promptkit.history import History
from promptkit.pending_turn import PendingTurn
from promptkit.tokens import at_most, count_messages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from promptkit.completion import ModelFacts
    from promptkit.memory import MemoryPolicy
    from promptkit.messages import Message
    from promptkit.tokens import TokenCounter

_ASKING = 280  # tokens of promptkit's own prompt for summaries, without the turns
_BEGINNING = '{"promptkit_chat"'


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation that was held: what stands before its turns, and the turns."""

    system: tuple[Message, ...]
    turns: tuple[tuple[Message, ...], ...]


def read_turns(path: Path) -> Transcript:
    """The turns in a file: a conversation that was saved, or messages in OpenAI's form, a list or one in each line.

    Raises `ConfigError`, with the place, for what is no conversation.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"the transcript cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError("the transcript is not UTF-8", where=str(path)) from None
    if text.startswith(_BEGINNING):
        whole = text[: text.rfind("\n") + 1]  # a last line that was cut off is no turn
        lines = [line for line in _data(whole, str(path))[1:] if isinstance(line, dict)]
        data = [message for line in lines for message in _listed(line.get("messages", ()))]
    else:
        data = _data(text, str(path))
    try:
        messages = History.of(data).messages
        begins = next((at for at, message in enumerate(messages) if message.role != "system"), len(messages))
        return Transcript(messages[:begins], tuple(History(messages[begins:]).turns()))
    except ConfigError as error:
        error.where = f"{path} {error.where}"
        raise


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _data(text: str, where: str) -> list[Any]:
    try:
        whole = json.loads(text)
    except RecursionError:
        raise ConfigError("the transcript is nested too deeply", where=where) from None
    except ValueError:
        whole = [_line(line, f"{where}:{number}") for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    whole = whole.get("messages", [whole]) if isinstance(whole, dict) else whole
    if (
        isinstance(whole, list)
        and len(whole) > 1
        and all(isinstance(each, dict) and "messages" in each for each in whole)
    ):
        message = f"there are {len(whole)} conversations in the file, and one is replayed at a time"
        raise ConfigError(message, where=where, help="put one line into a file of its own")
    if not isinstance(whole, list) or not all(isinstance(each, dict) for each in whole) or not whole:
        raise ConfigError("this is no transcript", where=where, help="it is a list of messages, or one in each line")
    return whole


def _line(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        cure = "a transcript is a JSON list of messages, or one in each line"
        raise ConfigError("this line is no JSON", where=where, help=cure) from None


@dataclass(frozen=True, slots=True)
class SimulatedTurn:
    """What one turn would send: how many earlier turns, whether a summary, the tokens of all its requests, the USD.

    `largest` are the tokens of its largest request: that has to fit the window. `answer` are those that it gets.
    `refused` says why it would not be sent at all; `notes` tell what is left out. `folded` are the tokens in and out of
    a summary that would be made for it.
    """

    sent: int
    summary: bool
    tokens: int
    largest: int
    answer: int
    cost: float | None
    notes: tuple[str, ...] = ()
    folded: tuple[int, int] = (0, 0)
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a memory would have done to a conversation. After a turn that is refused there are no more."""

    memory: MemoryPolicy
    turns: tuple[SimulatedTurn, ...]

    @property
    def tokens(self) -> int:
        """The tokens of all requests, those for summaries too."""
        return sum(turn.tokens + turn.folded[0] for turn in self.turns)

    @property
    def cost(self) -> float | None:
        """USD for all of it; None where no price is known."""
        costs = [turn.cost for turn in self.turns]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


@dataclass(frozen=True)
class _Held:
    """As much of a conversation as a turn looks at."""

    turns: tuple[Exchange, ...]
    memory: MemoryPolicy
    counter: TokenCounter


def simulate(
    transcript: Transcript,
    memory: MemoryPolicy,
    facts: ModelFacts,
    counter: TokenCounter,
    *,
    fixed: int,
    reserved: int,
) -> Simulated:
    """What a memory would have sent. `fixed` tokens stand before the turns, `reserved` ones are for each answer."""
    turns = tuple(Exchange.of(turn, counter) for turn in transcript.turns)
    counted = [count_messages(turn, counter) for turn in transcript.turns]
    held, simulated = _Held(turns, memory, counter), []
    for number in range(len(turns)):
        said = counted[number][0]
        room = None
        if facts.context_length is not None:
            room = facts.context_length - at_most(fixed + said, counter.error) - reserved
        saying: PendingTurn[Any] = PendingTurn(replace(held, turns=held.turns[:number]), "", {}, room)  # type: ignore[arg-type]
        try:
            saying, folded = _ready(saying, counted)
            kept, steps = saying.remembered
        except ContextExceeded as error:
            simulated.append(
                SimulatedTurn(0, summary=False, tokens=0, largest=0, answer=0, cost=None, refused=error.message)
            )
            break
        if saying.made:
            made = replace(held.turns[number], summary=saying.made[-1])
            held = replace(held, turns=(*held.turns[:number], made, *held.turns[number + 1 :]))
        before = fixed + sum(sum(counted[index]) for index in kept) + _summary_tokens(saying.summary, counter)
        requests, answer = _requests(transcript.turns[number], counted[number], before)
        cost = _cost(facts, sum(requests) + folded[0], answer + folded[1])
        told = tuple(step.detail for step in steps)
        figures = sum(requests), max(requests), answer, cost
        simulated.append(SimulatedTurn(len(kept), saying.summary is not None, *figures, told, folded))
    return Simulated(memory, tuple(simulated))


def _ready(saying: PendingTurn[Any], counted: Sequence[Sequence[int]]) -> tuple[PendingTurn[Any], tuple[int, int]]:
    """A turn with the summaries that it needs, as long as they may become, and the tokens in and out of making them."""
    asked = answered = 0
    how = saying.conversation.memory.summarise
    while how is not None and (folded := saying.to_fold):
        before = _summary_tokens(saying.summary, saying.conversation.counter)
        asked += _ASKING + before + sum(sum(counted[index]) for index in folded)
        answered += how.tokens
        saying = saying.with_summary(Summary("", folded[-1] + 1, how.tokens), folded)
    return saying, (asked, answered)


def _summary_tokens(summary: Summary | None, counter: TokenCounter) -> int:
    """How many tokens a summary has, of which the most are known."""
    return 0 if summary is None else round(summary.tokens / (1 + counter.error))


def _requests(turn: Sequence[Message], counted: Sequence[int], before: int) -> tuple[list[int], int]:
    """The tokens of each request of a turn (one for each answer, calls of tools too), and those that it gets."""
    answers = [at for at, message in enumerate(turn) if message.role == "assistant"]
    return [before + sum(counted[:at]) for at in answers], sum(counted[at] for at in answers)


def _cost(facts: ModelFacts, asked: int, answered: int) -> float | None:
    if facts.prompt_price is None or facts.completion_price is None:
        return None
    return asked * facts.prompt_price + answered * facts.completion_price


def turns_data(simulated: Simulated) -> Iterator[dict[str, Any]]:
    """The turns as JSON data."""
    for number, turn in enumerate(simulated.turns, 1):
        data = {name: getattr(turn, name) for name in SimulatedTurn.__slots__}
        yield {"turn": number, **data, "notes": list(turn.notes), "folded": list(turn.folded)}
