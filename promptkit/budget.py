"""What a call may cost, held before each of its requests is sent. Pure.

Tokens are estimated from above (see `promptkit.tokens`), so that a budget is kept within the estimate's stated error.
Money is counted for the whole call, with every attempt; what is left of it bounds the tokens of the next answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from promptkit.errors import BudgetExceeded, ConfigError
from promptkit.options import TOKEN_LIMITS, token_limit
from promptkit.tokens import PieceEstimate, TokenCounter, at_most, most_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.completion import ModelFacts, Request
    from promptkit.result import Attempt
    from promptkit.spec import Budget

_LEAST_ANSWER = 16
"""Tokens: for less of an answer no request is sent."""


@dataclass(frozen=True, slots=True)
class Purse:
    """What one call may spend on a model of which these facts are known."""

    budget: Budget
    facts: ModelFacts
    counter: TokenCounter = field(default_factory=PieceEstimate)

    def within(self, request: Request, attempts: Sequence[Attempt] = ()) -> Request:
        """The request with no more tokens for its answer than the budget has left after these attempts.

        Raises `BudgetExceeded` when that is too little, and `ConfigError` when money bounds a call whose price nobody
        knows.
        """
        tokens = self._tokens(request)
        if self.budget.input_tokens is not None and tokens > self.budget.input_tokens:
            raise BudgetExceeded(
                f"the request has up to {tokens:,} tokens, and the budget allows {self.budget.input_tokens:,}",
                help="shorten the inputs or the prompt, or raise `input_tokens` under `budget`",
            )
        most = min(self.budget.output_tokens or math.inf, self._affordable(tokens, attempts))
        if most == math.inf:
            return request
        name = next((name for name in TOKEN_LIMITS if request.options.get(name)), TOKEN_LIMITS[0])
        wanted = request.options.get(name) or math.inf
        return replace(request, options={**request.options, name: int(most)}) if most < wanted else request

    def _affordable(self, tokens: int, attempts: Sequence[Attempt]) -> float:
        """How many tokens the answer to a request of so many may have for the money that is left."""
        if self.budget.usd is None:
            return math.inf
        prompt_price, completion_price = self._prices()
        spent = sum(self._spent(attempt, prompt_price, completion_price) for attempt in attempts)
        left = self.budget.usd - spent - tokens * prompt_price
        most = math.floor(left / completion_price) if completion_price else math.inf if left >= 0 else 0
        if most < _LEAST_ANSWER:
            before = f" after ${spent:.6f} for what was asked before" if spent else ""
            raise BudgetExceeded(
                f"the budget of ${self.budget.usd:g} is too small for this request: "
                f"${tokens * prompt_price:.6f} to ask{before}, and no answer yet",
                help="raise `usd` under `budget`, shorten the prompt, or take a cheaper model",
            )
        return most

    def _prices(self) -> tuple[float, float]:
        prompt, completion = self.facts.prompt_price, self.facts.completion_price
        if prompt is None or completion is None:
            raise ConfigError(
                f"`budget` bounds the money, and no price of {self.facts.name} is known",
                help=f"run `promptkit models refresh`, or set prompt_price and completion_price under "
                f'[models."{self.facts.name}"] in promptkit.toml',
            )
        return prompt, completion

    def _spent(self, attempt: Attempt, prompt_price: float, completion_price: float) -> float:
        """USD for an attempt: by the server's count, or else by an estimate of what was sent and what came.

        What was refused costs nothing; an answer that was lost on its way may have been generated whole.
        """
        completion = attempt.completion
        if completion is None:
            return self._lost(attempt.request, prompt_price, completion_price) if attempt.lost else 0.0
        if not completion.usage.unreported:
            sent, came = completion.usage.prompt_tokens, completion.usage.completion_tokens
        else:
            calls = "".join(call.arguments for call in completion.tool_calls)
            sent, came = self._tokens(attempt.request), self._at_most(completion.text + completion.reasoning + calls)
        return sent * prompt_price + came * completion_price

    def _tokens(self, request: Request) -> int:
        return most_tokens(request, self.counter)

    def _lost(self, request: Request, prompt_price: float, completion_price: float) -> float:
        most = token_limit(request.options) or 0
        return float(self._tokens(request) * prompt_price + most * completion_price)

    def _at_most(self, text: str) -> int:
        return at_most(self.counter.count(text), self.counter.error)
