"""What documentation says of the models on MARA Cloud: dated data, never a promise.

MARA's own pages (rate limits, function calling, OpenAI compatibility; read 2026-11-22) name the models and
their request limits; they give no windows and no prices. Windows and output limits are SambaNova's, whose
software MARA runs. Sizes, in billions of parameters, are those of the makers' model cards (Hugging Face; read
2026-11-28). The roster turns over within months: what a server says of itself goes over all of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from promptkit.completion import ModelFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

READ_ON = "2026-11-22"

_MARA = f"MARA docs, {READ_ON}"
_SAMBANOVA = f"SambaNova docs, {READ_ON}"
_LIVE = f"seen live; SambaNova docs, {READ_ON}"


def _facts(
    name: str,
    source: str,
    *,
    window: int | None = None,
    output: int | None = None,
    reasoning: bool | None = None,
    tools: bool | None = True,
    size: tuple[float, float | None] | None = None,
) -> ModelFacts:
    # Structured output is a feature of MARA's API, not of one model; it is best effort there (MARA docs, page
    # Function calling and JSON mode), so the answer is validated here as well.
    return ModelFacts(
        name,
        context_length=window,
        max_output=output,
        json_schema=True,
        json_mode=True,
        reasoning=reasoning,
        tools=tools,
        parameters=size[0] * 1e9 if size else None,
        active_parameters=size[1] * 1e9 if size and size[1] else None,
        source=source,
    )


_M2 = (230, 10)
_GPT_OSS = (117, 5.1)
_V3 = (671, 37)

DOCUMENTED: Mapping[str, ModelFacts] = {
    facts.name: facts
    for facts in (
        _facts("MiniMax-M2.5", f"{_MARA}; window: {_SAMBANOVA}", window=160_000, reasoning=True, size=_M2),
        _facts("MiniMax-M2.7", _LIVE, window=196_608, output=131_072, reasoning=True, size=_M2),
        _facts("MiniMax-M3", _LIVE, window=1_000_000),
        _facts(
            "gpt-oss-120b",
            f"{_MARA}; window: {_SAMBANOVA}",
            window=131_072,
            output=131_072,
            reasoning=True,
            size=_GPT_OSS,
        ),
        _facts(
            "DeepSeek-V3.1", f"{_MARA}; window: {_SAMBANOVA}", window=131_072, output=131_072, reasoning=False, size=_V3
        ),
        _facts("DeepSeek-V3.1-Terminus", _MARA, reasoning=False, size=_V3),
        _facts("DeepSeek-V3.2", f"{_MARA}; window: {_SAMBANOVA}", window=32_768, output=32_768, size=_V3),
        _facts("gemma-4-31B-it", _LIVE, window=131_072, output=131_072),
    )
}
"""By id. MARA's pages spell `gpt-oss-120B`; the id that answers ends in a small b."""

HEEDS_REPETITION_PENALTY = ("MiniMax", "gpt-oss")
"""How the names of models begin that heed `repetition_penalty`; others ignore it (MARA's SDK, read 2026-11-22)."""
REASONS_WHEN_ASKED = frozenset({"DeepSeek-V3.1", "DeepSeek-V3.1-Terminus"})
"""Models that reason when `chat_template_kwargs: {enable_thinking: true}` asks for it, and else do not."""


class RateLimits(NamedTuple):
    """How much a tier may ask for: requests a minute, requests a day, tokens a day (None: not limited)."""

    requests_per_minute: int
    requests_per_day: int
    tokens_per_day: int | None = None


_FREE = RateLimits(20, 20, 200_000)

RATE_LIMITS: Mapping[str, Mapping[str, RateLimits]] = {
    "gpt-oss-120b": {"free": _FREE, "developer": RateLimits(150, 50_000)},
    "DeepSeek-V3.1": {"free": _FREE, "developer": RateLimits(60, 15_000)},
    "MiniMax-M2.5": {"free": _FREE, "developer": RateLimits(200, 50_000)},
}
"""By model and tier: MARA docs, page Rate limits."""
