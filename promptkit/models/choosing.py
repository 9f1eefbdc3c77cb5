"""Choosing a model by what it is for: MARA's advice, over what is known of each model.

MARA docs, page Text generation: complex reasoning asks for a larger model, maximum accuracy for the largest that one
can afford, speed for a smaller and faster one, cost for a smaller one that meets the bar. Known facts come first: a
model of which nobody knows whether it has an ability stands behind those that are known to have it, and one whose
window nobody knows is out where a window is asked for.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptkit.errors import ConfigError
from promptkit.late_pattern import LatePattern
from promptkit.models.catalog import listed_models

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from promptkit.completion import ModelFacts
    from promptkit.settings import Settings
    from promptkit.spec import ModelChoice

_SIZE = LatePattern(r"(?<![\w.])(\d+(?:\.\d+)?)[bB](?![a-zA-Z0-9])")
_NO_CHAT = LatePattern(r"embed|rerank|whisper|moderation|(?<![a-z])(?:tts|e5|bge)(?![a-z0-9])", re.IGNORECASE)
"""Ids of models that a server lists beside those that chat."""

_BLEND = 3
"""Tokens of a prompt for one of its answer, as prices are compared."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that was looked at: how it ranks, or why it is out. `unsure` is what nobody knows of it."""

    facts: ModelFacts
    measure: str
    rejected: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidates, the best first, those that are out last; and the rule by which they were ranked."""

    rule: str
    candidates: tuple[Candidate, ...]

    @property
    def name(self) -> str:
        """The id of the best. Raises `ConfigError` when every model is out."""
        best = self.candidates[0] if self.candidates else None
        if best is None or best.rejected:
            reasons = [f"{each.facts.name}: {'; '.join(each.rejected)}" for each in self.candidates]
            cure = "ask for less under `model`, or name a model; `promptkit models list` shows what is known"
            raise ConfigError("no known model has what is asked for", code="PK523", details=reasons, help=cure)
        return best.facts.name


def choose(choice: ModelChoice, settings: Settings) -> Choice:
    """Rank the models of the configured server by what one is to be for. Offline, and always the same."""
    purpose = choice.purpose or "cost"
    rule, measured, words = _RULES[purpose]
    return Choice(rule, _ranked(listed_models(settings), choice, measured, words))


def _ranked(
    models: Sequence[ModelFacts],
    choice: ModelChoice,
    measured: Callable[[ModelFacts], tuple[float, ...]],
    words: Callable[[ModelFacts], str],
) -> tuple[Candidate, ...]:
    looked_at = [Candidate(facts, words(facts), *_judged(facts, choice)) for facts in models]
    ranks = {
        each.facts.name: (bool(each.rejected), len(each.unsure), *measured(each.facts), each.facts.name)
        for each in looked_at
    }
    return tuple(sorted(looked_at, key=lambda each: ranks[each.facts.name]))


def _judged(facts: ModelFacts, choice: ModelChoice) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Why a model is out, and what nobody knows of it."""
    needs = [
        *choice.needs,
        *(["reasoning"] if choice.purpose == "reasoning" and "reasoning" not in choice.needs else []),
    ]
    known = {need: getattr(facts, need) for need in needs}
    out = [f"no {need}" for need, has in known.items() if has is False]
    unsure = [need for need, has in known.items() if has is None]
    if _NO_CHAT.search(facts.name):
        out.append("by its name it does not chat")
    window = facts.context_length
    if choice.context and window is None:
        out.append("its window is not known")
    elif choice.context and window is not None and window < choice.context:
        out.append(f"a window of {window:,} tokens")
    return tuple(out), tuple(unsure)


def size_of(facts: ModelFacts) -> float | None:
    """How many parameters a model has: as is known, or else as its id says (`gemma-4-31B-it`)."""
    told = _SIZE.search(facts.name)
    return facts.parameters or (float(told[1]) * 1e9 if told else None)


def _largest(facts: ModelFacts) -> tuple[float, ...]:
    return (-(size_of(facts) or 0),)


def _fastest(facts: ModelFacts) -> tuple[float, ...]:
    """What was measured goes over what the size lets expect."""
    measured = facts.tokens_per_second
    return (0, -measured) if measured else (1, facts.active_parameters or size_of(facts) or math.inf)


def _cheapest(facts: ModelFacts) -> tuple[float, ...]:
    price = price_of(facts)
    return (0, price) if price is not None else (1, size_of(facts) or math.inf)


def price_of(facts: ModelFacts) -> float | None:
    """USD for a token, of three that are sent for one that comes back."""
    if facts.prompt_price is None or facts.completion_price is None:
        return None
    return (_BLEND * facts.prompt_price + facts.completion_price) / (_BLEND + 1)


def _size_words(facts: ModelFacts) -> str:
    size = size_of(facts)
    return f"{size / 1e9:g} billion parameters" if size else "size not known"


def _speed_words(facts: ModelFacts) -> str:
    if facts.tokens_per_second:
        return f"{facts.tokens_per_second:,.0f} tokens a second, measured"
    active = facts.active_parameters
    return f"{active / 1e9:g} billion parameters at work" if active else _size_words(facts)


def _price_words(facts: ModelFacts) -> str:
    price = price_of(facts)
    return f"${price * 1e6:.2f} for a million tokens" if price is not None else f"price not known, {_size_words(facts)}"


_Rule = tuple[str, "Callable[[ModelFacts], tuple[float, ...]]", "Callable[[ModelFacts], str]"]
_RULES: Mapping[str, _Rule] = {
    "reasoning": ("the largest that reasons and fits", _largest, _size_words),
    "accuracy": ("the largest that fits", _largest, _size_words),
    "speed": ("the fastest as measured, else the one with the fewest parameters at work", _fastest, _speed_words),
    "cost": ("the cheapest that has what is needed, else the smallest", _cheapest, _price_words),
}
