"""What `render --tokens` shows: each part of a request with its tokens and its share, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptkit.cli.messages import WIDTH
from promptkit.phrases import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptkit.completion import ModelFacts
    from promptkit.fit import Fit, FitPart

_BAR = 28
_LONGEST_NAME = 32
_EIGHTHS = " ▏▎▍▌▋▊▉"
_MOST_OF_A_KIND = 8


def fit_text(fit: Fit, others: Sequence[ModelFacts] = ()) -> str:
    """The parts as bars, what they come to, and what could be cut where it does not fit."""
    about = "~" if fit.error else ""
    parts = _gathered(fit.parts)
    width = min(_LONGEST_NAME, max((len(part.name) for part in parts), default=0))
    whole = fit.tokens or 1
    rows = [
        f"{_short(part.name, width):{width}}  {f'{about}{part.tokens:,}':>10}  {part.tokens * 100 / whole:3.0f} %  "
        f"{bar(part.tokens / whole)}".rstrip()
        for part in parts
    ]
    error = f" +-{fit.error * 100:.0f} %" if fit.error else ""
    head = f"{'-' * WIDTH}\n{'request':{width}}  {f'{about}{fit.tokens:,}':>10}{error}{_money(fit.cost, ' to ask')}"
    answer = f"{'answer':{width}}  {f'<= {fit.reserved:,}':>10}{_money(fit.most_cost, ' with it, at most')}"
    same = f"the first ~{fit.cacheable:,} tokens are the same for every call, so a server can keep them"
    cuts = [f"  {number}. {cut}" for number, cut in enumerate(fit.cuts(others=others), 1)]
    advice = ["what would make it fit, the smallest loss first:", *cuts] if cuts else []
    return "\n".join((*rows, head, answer, _window(fit, width), same, *advice))


def bar(share: float, most: int = _BAR) -> str:
    """A bar for a share from 0 to 1, in eighths of a character."""
    whole, eighths = divmod(round(min(share, 1) * most * 8), 8)
    return ("█" * whole + _EIGHTHS[eighths]).rstrip() or ("▏" if share else "")


def _window(fit: Fit, width: int) -> str:
    if fit.window is None:
        return f"{'window':{width}}  {'not known':>10}"
    share = (fit.tokens + fit.reserved) / fit.window
    says = {True: "it fits", False: "it does not fit", None: "it may not fit"}[fit.fits]
    return f"{'window':{width}}  {fit.window:>10,}  {share * 100:3.0f} %  {bar(share)}  {says}"


def _gathered(parts: Sequence[FitPart]) -> list[FitPart]:
    """The parts, of many of a kind only the first and all others together."""
    shown: list[FitPart] = []
    for kind in ("section", "input", "example", "turn", "call", "tool", "format", "frame"):
        of_kind = [part for part in parts if part.kind == kind and part.tokens]
        if len(of_kind) > _MOST_OF_A_KIND:
            first, others = of_kind[: _MOST_OF_A_KIND - 1], of_kind[_MOST_OF_A_KIND - 1 :]
            name = f"{len(others)} more {kind}s"
            of_kind = [*first, type(others[0])(others[0].kind, name, sum(part.tokens for part in others))]
        shown += of_kind
    return shown


def _short(name: str, width: int) -> str:
    return shortened(name, width)


def _money(cost: float | None, what: str) -> str:
    return "" if cost is None else f"  ${cost:.6f}{what}"
