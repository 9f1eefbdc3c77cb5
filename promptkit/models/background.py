"""One event loop in a thread of its own, for callers who have none.

A connection can be given up at an exact moment only by a loop: a blocking read waits for each piece anew, and
a server that trickles its headers keeps it waiting for ever. So calls without asyncio are the same coroutines,
run here, and there is one way to the servers, not two.
"""

from __future__ import annotations

import atexit
import os
import select
import selectors
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator

T = TypeVar("T")

_CLOSING_SECONDS = 5.0


class _Loop:
    """The process's one background loop; started on first need, again after a fork, stopped at exit."""

    def __init__(self) -> None:
        self.of_others: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        self._selector: selectors.BaseSelector | None = None
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def forget(self) -> None:
        """Begin anew in a forked child, which has the loop but not its thread, and the lock as it stood."""
        if self._loop is not None:
            self.of_others.add(self._loop)
            # The parent's connections are not closed here, and need not be: nothing to complain about.
            self._loop.set_exception_handler(lambda *_: None)
        if self._selector is not None and hasattr(select, "epoll"):
            _part_from_parent(self._selector)
        self._begin()

    def get(self) -> asyncio.AbstractEventLoop:
        """The running loop."""
        with self._lock:
            if self._loop is None:
                import asyncio

                self._selector = selectors.DefaultSelector()
                self._loop = asyncio.SelectorEventLoop(self._selector)
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name="promptkit", daemon=True)
                self._thread.start()
            return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_forever()
        # Clients live in asynchronous generators: this closes their connections.
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    def stop(self) -> None:
        """End the loop and the connections in it."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_CLOSING_SECONDS)


def _part_from_parent(selector: Any) -> None:
    """Put a set of its own under a forked child's number for the parent's epoll set.

    The kernel shares the set over a fork (epoll(7)): what the child's clean-up takes out of it, the parent
    would never hear of again.
    """
    with select.epoll() as own:
        os.dup2(own.fileno(), selector.fileno(), inheritable=False)


_LOOP = _Loop()
atexit.register(_LOOP.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_LOOP.forget)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives, waited for."""
    import asyncio

    future = asyncio.run_coroutine_threadsafe(coroutine, _LOOP.get())
    try:
        return future.result()
    finally:
        future.cancel()


def iterate(start: Callable[[], AsyncGenerator[T, None]]) -> Iterator[T]:
    """The items of an asynchronous generator, as they come.

    Closing the iterator, or an interrupt, cancels the generator and waits until it has let go of what it holds.
    """
    loop = _LOOP.get()
    pieces: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
    tasks: list[asyncio.Task[None]] = []

    async def pump() -> None:
        items = start()
        try:
            async for item in items:
                pieces.put((True, item))
        finally:
            await items.aclose()

    def begin() -> None:
        tasks.append(loop.create_task(pump()))
        tasks[0].add_done_callback(end)

    def end(task: asyncio.Task[None]) -> None:
        pieces.put((False, None if task.cancelled() else task.exception()))

    loop.call_soon_threadsafe(begin)
    more = True
    try:
        while True:
            more, item = pieces.get()
            if not more:
                break
            yield item
    finally:
        if more:
            loop.call_soon_threadsafe(_cancel, tasks)
            _drain(pieces)
    if item is not None:
        raise item


def _drain(pieces: SimpleQueue[tuple[bool, Any]]) -> None:
    """Wait for the end behind what nobody wants any more; a loop that is stuck is not waited for."""
    try:
        while pieces.get(timeout=_CLOSING_SECONDS)[0]:
            pass
    except Empty:
        return


def finish(loop: asyncio.AbstractEventLoop, closing: Coroutine[Any, Any, None]) -> None:
    """Let a loop run what closes its connections, and wait where that is possible.

    A loop that has stopped closed them itself, or will when it is closed; a parent's loop is not ours to run.
    """
    import asyncio

    if not loop.is_running() or loop in _LOOP.of_others:
        closing.close()
        return
    future = asyncio.run_coroutine_threadsafe(closing, loop)
    if loop is not _running():
        with suppress(TimeoutError):
            future.result(_CLOSING_SECONDS)


def _running() -> asyncio.AbstractEventLoop | None:
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
