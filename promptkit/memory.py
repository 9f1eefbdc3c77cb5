"""Which earlier turns of a conversation are sent again. Pure; nothing is left out without being told.

A turn is kept or left out whole, so a result is never parted from its call. Kept are the turns that are pinned, and of
the others the newest, without a gap: as many as the policy and the window allow. Where what is left out is to be
summarised, half as many are kept as there might be, so that it is a while until the next turn has to be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

from promptkit.diagnostics import did_you_mean
from promptkit.errors import ConfigError, ContextExceeded
from promptkit.result import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from promptkit.messages import Message
    from promptkit.prompt import Prompt

STEP = "memory"
"""The name of the steps that tell of turns that were left out."""

_SUMMARISE = "memory.summarise"
_LEAST_BESIDE = 1  # tokens of a summary that is counted already
SUMMARY_TOKENS = 400
"""About how long a summary is, where nobody says."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Turns that are always kept.

    The one with a number (from 1, or from the end: -1), those that hold a `text` in any case, those with a message of a
    `role`, those that call the tool of a `name`; of several that are given, all have to hold.
    """

    turn: int | None = None
    text: str | None = None
    role: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Summarise:
    """How turns that are left out are summarised: about how long, by which model (None: the conversation's own).

    `prompt` is what is asked for the summary, in the place of promptkit's own: one with the input `turns`, and if it
    likes `summary` (what there is already) and `words` (how long it may be).
    """

    tokens: int = SUMMARY_TOKENS
    model: str | None = None
    prompt: Prompt[Any] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.tokens, int) or isinstance(self.tokens, bool) or self.tokens < 1:
            raise ConfigError(f"`tokens` cannot be {self.tokens!r}: it is a whole number from 1", where=_SUMMARISE)


@dataclass(frozen=True, slots=True)
class MemoryPolicy:
    """How much of a conversation is sent again.

    The `last` turns, as many of the newest as fit into `tokens`, those that are pinned; several hold together. Without
    `last` and `tokens` it is all of them that the window holds. With `summarise`, what is left out is sent as a summary
    in its place. Where nothing of this allows to leave anything out, a conversation that no longer fits the model's
    window is refused. Raises `ConfigError` for what cannot be meant.
    """

    last: int | None = None
    tokens: int | None = None
    pin: tuple[Pin, ...] = ()
    summarise: Summarise | None = None

    def __post_init__(self) -> None:
        for name, value in (("last", self.last), ("tokens", self.tokens)):
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise ConfigError(f"`{name}` cannot be {value!r}: it is a whole number from 1", where="memory")
        if not isinstance(self.pin, tuple) or not all(isinstance(pin, Pin) for pin in self.pin):
            raise ConfigError("`pin` is a tuple of `Pin`", where="memory")
        if not isinstance(self.summarise, Summarise | None):
            raise ConfigError("`summarise` is a `Summarise`", where="memory")
        if self.summarise is not None and self.tokens is not None and self.tokens <= self.summarise.tokens:
            message = f"a summary of {self.summarise.tokens:,} tokens leaves no turn in `tokens: {self.tokens}`"
            raise ConfigError(message, where="memory", help="allow more, or `summarise: {tokens: ...}` less")

    @property
    def full(self) -> bool:
        """Whether nothing may be left out."""
        return self.last is None and self.tokens is None and self.summarise is None

    @property
    def halved(self) -> Self:
        """The same for half as much, without a summary."""
        last, tokens = (most and max(1, most // 2) for most in (self.last, self.tokens))
        return replace(self, last=last, tokens=tokens, summarise=None)

    def beside(self, taken: int) -> Self:
        """What it allows beside a summary that takes so many tokens: something may be left out, as it is summarised."""
        tokens = None if self.tokens is None else max(_LEAST_BESIDE + 1, self.tokens - taken)
        return replace(self, tokens=tokens, summarise=self.summarise and replace(self.summarise, tokens=_LEAST_BESIDE))

    def __str__(self) -> str:
        told = [f"{name}: {value}" for name, value in (("last", self.last), ("tokens", self.tokens)) if value]
        told += [f"pin: {len(self.pin)}"] if self.pin else []
        return ", ".join((*told, *(["summarise"] if self.summarise else []))) or "full"


class Remembered(Protocol):
    """A turn, as far as it matters here: what it says, and how many tokens it has at most."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages, in order."""

    @property
    def tokens(self) -> int:
        """The most tokens that they may have."""


def policy_of(memory: Mapping[str, Any] | str | None, summariser: Prompt[Any] | None = None) -> MemoryPolicy:
    """The policy that the key `memory` of a file asks for; it may name a `summariser`. Raises `ConfigError`."""
    if not isinstance(memory, Mapping | str | None):
        raise ConfigError(f"`{str(memory)[:60]}` is no memory", where="memory", help="such as `{last: 20}`")
    told: dict[str, Any] = {memory: True} if isinstance(memory, str) else dict(memory or {})
    for key in told:
        if key not in _POLICIES:
            cure = did_you_mean(str(key), _POLICIES) or f"there is {', '.join(_POLICIES)}"
            raise ConfigError(f"there is no memory `{key}`", where="memory", help=cure)
    pins = told.get("pin") or ()
    if not isinstance(pins, list | tuple):
        raise ConfigError("`pin` is a list, such as `[1, my name is]`", where="memory")
    summarise = _summarise(told.get("summarise"), summariser)
    return MemoryPolicy(told.get("last"), told.get("tokens"), tuple(map(pin_of, pins)), summarise)


def _summarise(told: Any, summariser: Prompt[Any] | None) -> Summarise | None:
    """How to summarise, as a file says it: `true`, or a mapping."""
    if told is None or told is False:
        return None
    if told is True:
        return Summarise()
    kinds = {"tokens": int, "model": str, "prompt": str}
    if not isinstance(told, dict) or not all(isinstance(told[key], kinds.get(key, ())) for key in told):
        cure = "`true`, or a mapping with `tokens`, `model` and `prompt`"
        raise ConfigError(f"`{str(told)[:60]}` does not say how to summarise", where="memory.summarise", help=cure)
    if "prompt" in told and summariser is None:
        cure = "in code, `Summarise(prompt=Prompt.from_yaml(...))` names it"
        raise ConfigError("a prompt of a memory is read from a file's `memory`", where="memory.summarise", help=cure)
    return Summarise(told.get("tokens", SUMMARY_TOKENS), told.get("model"), summariser)


_POLICIES = ("full", "last", "tokens", "pin", "summarise")


def pin_of(pin: Mapping[str, Any] | int | str) -> Pin:
    """A pin as a file writes it: a number of a turn, a text, or a mapping. Raises `ConfigError`."""
    if isinstance(pin, int) and not isinstance(pin, bool) and pin != 0:
        return Pin(turn=pin)
    if isinstance(pin, str) and pin:
        return Pin(text=pin)
    kinds = {"turn": int, "text": str, "role": str, "name": str}
    if isinstance(pin, dict) and pin and all(isinstance(pin[key], kinds.get(key, ())) for key in pin):
        return Pin(**pin)
    cure = f"a number of a turn, a text, or a mapping with {', '.join(each.name for each in fields(Pin))}"
    raise ConfigError(f"`{str(pin)[:60]}` pins nothing", where="memory.pin", help=cure)


def recalled(
    turns: Sequence[Remembered], policy: MemoryPolicy, room: int | None = None, among: Sequence[int] | None = None
) -> tuple[list[int], tuple[Step, ...]]:
    """Which turns are sent again, by their index, and what was left out and why.

    `room` is how many tokens there are for them in the window (None: nobody knows). Of the turns that are not `among`
    these only those that are pinned are sent: the others are summarised. Raises `ContextExceeded` when what has to be
    kept does not fit.
    """
    pinned = pinned_in(turns, policy)
    left = list(reversed(range(len(turns)) if among is None else among))  # the newest first
    kept, steps = set(pinned), []
    for limit, words in ((policy.last, "last"), (policy.tokens, "tokens"), (room, "window")):
        if limit is None or (words == "window" and policy.full):
            continue
        count = _newest_turns if words == "last" else _newest_tokens
        fits = count(turns, left, limit, pinned)
        out = [index for index in left if index not in fits and index not in pinned]
        left = [index for index in left if index in fits]
        if out:
            steps.append(_left_out(turns, out, f"{words}: {limit:,}" if words != "window" else _window(limit)))
    kept |= set(left)
    needed = sum(turns[index].tokens for index in kept)
    if room is not None and needed > max(room, 0):
        raise _too_long(turns, kept, needed, room, policy)
    return sorted(kept), tuple(steps)


def pinned_in(turns: Sequence[Remembered], policy: MemoryPolicy) -> set[int]:
    """The turns that are pinned, by their index."""
    return {index for index, turn in enumerate(turns) if any(_is_meant(pin, index, turns) for pin in policy.pin)}


def to_summarise(
    turns: Sequence[Remembered], policy: MemoryPolicy, room: int | None, among: Sequence[int]
) -> Sequence[int]:
    """Which of these turns are to be summarised, by their index: none while all of them fit.

    `policy` and `room` are what there is beside the summary.
    """
    if not recalled(turns, policy, room, among)[1]:
        return ()
    half = policy.halved
    tokens = [most for most in (half.tokens, None if room is None else max(1, room // 2)) if most is not None]
    halved = replace(half, tokens=min(tokens, default=None))
    kept, _ = recalled(turns, halved, room, among)
    pinned = pinned_in(turns, policy)
    newest = min(set(among) & set(kept) - pinned, default=len(turns))
    return [index for index in among if index < newest and index not in pinned]


def _newest_turns(_: Sequence[Remembered], newest: Sequence[int], most: int, __: set[int]) -> set[int]:
    return set(newest[:most])


def _newest_tokens(turns: Sequence[Remembered], newest: Sequence[int], most: int, pinned: set[int]) -> set[int]:
    """The newest turns that fit beside those that are pinned, without a gap."""
    used, fits = sum(turns[index].tokens for index in pinned), set()
    for index in newest:
        used += 0 if index in pinned else turns[index].tokens
        if used > most:
            break
        fits.add(index)
    return fits


def _is_meant(pin: Pin, index: int, turns: Sequence[Remembered]) -> bool:
    messages = turns[index].messages
    tests: Iterable[tuple[Any, Callable[[], bool]]] = (
        (pin.turn, lambda: pin.turn in (index + 1, index - len(turns))),
        (pin.text, lambda: any(str(pin.text).casefold() in message.text.casefold() for message in messages)),
        (pin.role, lambda: any(message.role == pin.role for message in messages)),
        (pin.name, lambda: any(call.name == pin.name for message in messages for call in message.tool_calls)),
    )
    return all(test() for asked, test in tests if asked is not None)


def _left_out(turns: Sequence[Remembered], out: Iterable[int], why: str) -> Step:
    indices = sorted(out)
    tokens = sum(turns[index].tokens for index in indices)
    return Step(STEP, f"{numbered(indices)} of {len(turns)} left out, ~{tokens:,} tokens ({why})")


def numbered(indices: Sequence[int]) -> str:
    """`turn 3`, or `turns 1-4, 7`."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    listed = ", ".join(f"{run[0] + 1}-{run[-1] + 1}" if len(run) > 1 else f"{run[0] + 1}" for run in runs)
    return f"turn{'s' if len(indices) > 1 else ''} {listed}"


def _window(room: int) -> str:
    return f"the window has {room:,} tokens for earlier turns"


def _too_long(
    turns: Sequence[Remembered], kept: set[int], needed: int, room: int, policy: MemoryPolicy
) -> ContextExceeded:
    what = "the conversation" if policy.full else "what is pinned of the conversation"
    over, oldest = needed - room, []
    for index in sorted(kept):
        if over > 0:
            oldest.append(index)
            over -= turns[index].tokens
    cure = "pin less" if not policy.full else "say what may be left out: `memory: {last: 20}` or `{tokens: 8000}`"
    if over <= 0 and oldest:
        cure = f"{cure}; it would fit without {numbered(oldest)}"
    return ContextExceeded(
        f"{what} no longer fits: its {len(kept)} turns have up to {needed:,} tokens, and {_window(max(room, 0))}",
        help=cure,
    )
