"""A line for whoever waits at a terminal: which model is asked, and for how long by now."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from promptkit.cli.terminal import redraw, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECOND = 1.0


@contextmanager
def waiting(model: str, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show the line while the block runs, or until what it gives is called; nothing in the first second."""
    if quiet or not watched():
        yield lambda: None
        return
    ended = threading.Event()
    ticker = threading.Thread(target=_tick, args=(model, ended), daemon=True)
    ticker.start()

    def end() -> None:
        ended.set()
        ticker.join()

    try:
        yield end
    finally:
        end()


def _tick(model: str, ended: threading.Event) -> None:
    began = time.monotonic()
    shown = False
    while not ended.wait(_SECOND):
        redraw(f"asking {model}, {time.monotonic() - began:.0f} s (Ctrl-C stops)")
        shown = True
    if shown:
        redraw("")
