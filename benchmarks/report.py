"""What was measured, as a table or as JSON."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.measure import Figure

_HEAD = ("", "CPU", "wall", "ratio", "quartiles", "goal", "")
_WIDTHS = (28, 10, 10, 8, 16, 8, 5)


def table(name: str, title: str, figures: list[Figure]) -> str:
    """One subject's figures; ratios are of CPU time, to the first row."""
    rows = [_line(_HEAD), *(_line(_cells(figure)) for figure in figures)]
    return "\n".join([f"{name}: {title}", *rows, ""])


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        _time(figure.cpu),
        _time(figure.wall),
        _number(figure.ratio),
        f"{_number(figure.low)} - {_number(figure.high)}",
        f"<= {figure.goal:g}" if figure.goal is not None else "",
        figure.verdict,
    )


def _line(cells: tuple[str, ...]) -> str:
    first, *rest = cells
    others = (f"{cell:>{width}}" for cell, width in zip(rest, _WIDTHS[1:], strict=True))
    return f"  {first:<{_WIDTHS[0]}}{''.join(others)}".rstrip()


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} us"


def _number(ratio: float) -> str:
    return f"{ratio:.3g}" if ratio < 100 else f"{ratio:,.0f}"


def as_json(measured: Mapping[str, list[Figure]]) -> str:
    """All figures, times in seconds."""
    data = {
        "version": 1,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "subjects": {
            name: [asdict(figure) | {"verdict": figure.verdict} for figure in figures]
            for name, figures in measured.items()
        },
    }
    return json.dumps(data, indent=1)
