"""The progress of long work on stderr: bars for whoever watches, else a line when a step begins."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from promptkit.cli.terminal import tell, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from rich.progress import TaskID

    Progress = Callable[[str, int, int], None]


def shown_progress(*, quiet: bool = False) -> AbstractContextManager[Progress]:
    """What to call with a step in words, how many bytes of it are done, and how many there are (0: not known)."""
    if quiet:
        return _nothing()
    return _bars() if watched() else _lines()


@contextmanager
def _nothing() -> Iterator[Progress]:
    yield lambda *_: None


@contextmanager
def _lines() -> Iterator[Progress]:
    begun: set[str] = set()

    def show(step: str, _: int, total: int) -> None:
        if step not in begun:
            begun.add(step)
            tell(f"{step} ({total / 1e6:.0f} MB)" if total else step)

    yield show


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total or None)
            bars.update(tasks[step], completed=done)

        yield show
