"""One event loop in a thread of its own, for callers who have none.

A connection can be given up at an exact moment only by a loop: a blocking read waits for each piece anew, and
a server that trickles its headers keeps it waiting for ever. So calls without asyncio are the same coroutines,
run here, and there is one way to the servers, not two.
"""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator

T = TypeVar("T")

_CLOSING_SECONDS = 5.0


class _Loop:
    """The process's one background loop; started on first need, again after a fork, stopped at exit."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew. A forked child has the loop but not its thread, and the lock as it stood."""
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def get(self) -> asyncio.AbstractEventLoop:
        """The running loop."""
        with self._lock:
            if self._loop is None:
                import asyncio

                self._loop = asyncio.new_event_loop()
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

    A loop that has stopped closed them itself, or will when it is closed.
    """
    import asyncio

    if not loop.is_running():
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
