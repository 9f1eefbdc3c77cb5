"""A picture of what memories send: a line for each, turn by turn, under the window. SVG, without anything to load."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from promptkit.simulation import Simulated

_WIDTH, _HEIGHT = 920, 420
_LEFT, _TOP, _BOTTOM, _LEGEND = 70, 30, 50, 310
_COLOURS = ("#1b6ac9", "#d1495b", "#2e933c", "#8a4fbf", "#d98324", "#0f8b8d", "#6c757d", "#b5179e")
"""Eight that are told apart; the lines differ in their dashes too, for who cannot tell the colours."""
_DASHES = ("", "7 3", "2 3", "9 3 2 3")
_FONT = 'font-family="system-ui, sans-serif" font-size="12"'
_FAR = 3  # a window so many times as high as all lines is told in words


def picture(all_told: Sequence[Simulated], window: int | None) -> str:
    """The picture of one conversation under several memories."""
    highest = max((turn.largest for each in all_told for turn in each.turns), default=1) or 1
    near = window is not None and window <= highest * _FAR
    top = _round_up(max(highest, window or 0) if near else highest)
    turns = max((len(each.turns) for each in all_told), default=1)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {_FONT} role="img">',
            "<title>Tokens of the largest request at each turn, by memory</title>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
            *_axes(top, turns),
            *(_window(window, top) if near and window else ()),
            *(part for number, each in enumerate(all_told) for part in _line(each, number, top, turns)),
            *_legend(all_told, window, near=near),
            "</svg>",
        )
    )


def _x(turn: int, turns: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - _LEGEND) * (turn - 1) / max(1, turns - 1)


def _y(tokens: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * tokens / top


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power: float = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value)


def _axes(top: float, turns: int) -> Iterator[str]:
    right = _WIDTH - _LEGEND
    for quarter in range(5):
        tokens = top * quarter / 4
        y = _y(tokens, top)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#444">{tokens:,.0f}</text>'
    step = max(1, math.ceil(turns / 10))
    for turn in sorted({1, *range(step, turns + 1, step)}):
        x = _x(turn, turns)
        yield f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle" fill="#444">{turn}</text>'
    yield f'<text x="{(_LEFT + right) / 2:.0f}" y="{_HEIGHT - 12}" text-anchor="middle">turn</text>'
    yield f'<text x="{_LEFT}" y="{_TOP - 12}" text-anchor="middle">tokens</text>'


def _window(window: int, top: float) -> Iterator[str]:
    y = _y(window, top)
    yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _LEGEND}" y2="{y:.1f}" stroke="#000" stroke-dasharray="4 4"/>'
    yield f'<text x="{_WIDTH - _LEGEND - 4}" y="{y - 5:.1f}" text-anchor="end">window {window:,}</text>'


def _line(simulated: Simulated, number: int, top: float, turns: int) -> Iterator[str]:
    sent = [(n, turn) for n, turn in enumerate(simulated.turns, 1) if not turn.refused]
    points = " ".join(f"{_x(n, turns):.1f},{_y(turn.largest, top):.1f}" for n, turn in sent)
    yield f'<polyline points="{points}" fill="none" {_stroke(number)} stroke-width="2"/>'
    for n, turn in sent:
        if turn.folded[0]:
            x, y = _x(n, turns), _y(turn.largest, top)
            told = f"a summary is made before turn {n}"
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_colour(number)}"><title>{told}</title></circle>'
    if len(sent) < len(simulated.turns):
        x = _x(len(simulated.turns), turns)
        y = _y(sent[-1][1].largest, top) if sent else _y(0, top)
        told = escape(simulated.turns[-1].refused)
        cross = f"M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10"
        yield f'<path d="{cross}" {_stroke(number)} stroke-width="2" fill="none"><title>{told}</title></path>'


def _legend(all_told: Sequence[Simulated], window: int | None, *, near: bool) -> Iterator[str]:
    x = _WIDTH - _LEGEND + 20
    for number, each in enumerate(all_told):
        y = _TOP + 44 * number
        refused = f", refused at turn {len(each.turns)}" if each.turns and each.turns[-1].refused else ""
        cost = "" if each.cost is None else f", ${each.cost:.4f}"
        yield f'<line x1="{x}" y1="{y}" x2="{x + 24}" y2="{y}" {_stroke(number)} stroke-width="3"/>'
        yield f'<text x="{x + 32}" y="{y + 4}">{escape(str(each.memory))}</text>'
        yield f'<text x="{x + 32}" y="{y + 20}" fill="#444">{each.tokens:,} tokens{cost}{refused}</text>'
    if not near:
        told = f"window: {window:,} tokens, far above" if window else "window: not known"
        yield f'<text x="{x}" y="{_HEIGHT - 12}" fill="#444">{told}</text>'


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _stroke(number: int) -> str:
    dashes = _DASHES[number % len(_DASHES)]
    return f'stroke="{_colour(number)}"' + (f' stroke-dasharray="{dashes}"' if dashes else "")
