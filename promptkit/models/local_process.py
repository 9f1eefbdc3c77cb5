"""The processes of local models: one for each file of weights, shared by all who name it.

llama.cpp is native code, and an abort in it ends its process: so it has one of its own, and users keep theirs.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from promptkit.errors import ServerError
from promptkit.models.catalog import LOCAL_WINDOW

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

DIED = "PK517"

_SERVER = Path(__file__).with_name("local_server.py")
_LAST_LINES = 5
_LONGEST_LINE = 300
_DYING_SECONDS = 1.0
_ANEW = "the next request starts it anew; if it ends again, are its weights whole, and is there memory for them?"


class LocalProcess:
    """A running model: its `address` and its `key`. `owner` is the process whose child it is."""

    def __init__(self, path: Path, alias: str, seconds: float) -> None:
        """Start it and wait until it answers. Raises `ServerError` when it does not within so many seconds."""
        self.path = path
        self.key = secrets.token_urlsafe(24)
        self.owner = os.getpid()
        self._said: deque[str] = deque(maxlen=_LAST_LINES)
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._process = self._spawn()
        self._listener = threading.Thread(target=self._listen, name="promptkit-local", daemon=True)
        self._listener.start()
        try:
            self.address = self._first_word(alias, seconds)
        except BaseException:
            self.stop()
            raise

    @property
    def ours(self) -> bool:
        """Whether it is a child of this process, and not of the one that this is a fork of."""
        return self.owner == os.getpid()

    @property
    def alive(self) -> bool:
        """Whether it is ours and runs."""
        return self.ours and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def turn(self) -> asyncio.Lock:
        """The running loop's turn: a request that waits for another one here loses none of its own deadline."""
        import asyncio

        with self._lock:
            return self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())

    def death(self) -> ServerError | None:
        """How it ended, with its last words; None when it still runs. A dying one is given a moment."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_DYING_SECONDS)
            self._listener.join(_DYING_SECONDS)
            return self._failure(f"the local model's process ended ({_ending(self._process.returncode)})", _ANEW)
        return None

    def stop(self) -> None:
        """End it at once: it has nothing to lose."""
        if not self.ours:
            return
        self._process.kill()
        self._process.wait()
        self._listener.join(_DYING_SECONDS)
        for pipe in self._pipes():
            with suppress(OSError):
                pipe.close()

    def disown(self) -> None:
        """Know, in a fork of the owner, that this process is no child of ours to be waited for."""
        self._process.returncode = 0

    def _spawn(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C at the terminal is for the parent to hear.
        command = [sys.executable, "-P", str(_SERVER)]
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)  # noqa: S603
        except OSError as error:
            raise self._failure(f"the local model's process cannot be started: {error.strerror}", "") from None

    def _first_word(self, alias: str, seconds: float) -> str:
        """Give it its order and wait for its address."""
        late = threading.Event()
        timer = threading.Timer(seconds, self._give_up, [late])
        timer.daemon = True
        timer.start()
        try:
            answer = self._ask(alias)
        finally:
            timer.cancel()
        if late.is_set():
            cure = "PROMPTKIT_ATTEMPT_TIMEOUT gives it more, in seconds"
            raise self._failure(f"the local model was not there within {seconds:g} s", cure)
        if not answer:
            raise self.death() or self._failure("the local model's process gave no address", _ANEW)
        return str(json.loads(answer)["address"])

    def _ask(self, alias: str) -> bytes:
        stdin, stdout, _ = self._pipes()
        order = {"path": str(self.path), "alias": alias, "key": self.key, "context": LOCAL_WINDOW, "parent": self.owner}
        with suppress(BrokenPipeError):
            stdin.write(json.dumps(order).encode() + b"\n")
            stdin.flush()
        return stdout.readline()

    def _give_up(self, late: threading.Event) -> None:
        late.set()
        self._process.kill()

    def _listen(self) -> None:
        """Keep the last lines that it writes; a full pipe would stop it."""
        for line in self._pipes()[2]:
            text = line.decode("utf-8", "replace").strip()
            if text:
                self._said.append(text[:_LONGEST_LINE])

    def _failure(self, message: str, cure: str) -> ServerError:
        return ServerError(message, code=DIED, where=str(self.path), details=tuple(self._said), help=cure)

    def _pipes(self) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        return process.stdin, process.stdout, process.stderr


def _ending(returncode: int) -> str:
    """A signal's name, or the exit code."""
    with suppress(ValueError):
        return signal.Signals(-returncode).name
    return f"exit code {returncode}"


class _Weights:
    """One file of weights: its process, if there is one, and who holds it. The lock is held while it starts."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: LocalProcess | None = None
        self.holders: dict[int, ref[object]] = {}

    def stop(self) -> None:
        """End the process; call it under the lock."""
        process, self.process = self.process, None
        self.holders = {}
        if process is not None:
            process.stop()

    def stop_unless_held(self) -> None:
        """End the process when nobody holds it; call it under the lock."""
        if not any(holder() is not None for holder in self.holders.values()):
            self.stop()


class LocalProcesses:
    """The processes that run, by their weights. Each ends with its last holder, and all with this process.

    A holder may let go, or just be forgotten. Of the latter the garbage collector tells, at any moment and in any
    thread, so that nothing may be waited for there: it is noted, and a thread sees to it.
    """

    def __init__(self, start: Callable[[Path, str, float], LocalProcess] = LocalProcess) -> None:
        self._start = start
        self._of_others: list[LocalProcess] = []
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._weights: dict[Path, _Weights] = {}
        self._forgotten: SimpleQueue[Path] = SimpleQueue()  # its `put` may be called by the garbage collector
        self._sweeper: threading.Thread | None = None

    def get(self, path: Path, alias: str, holder: object, seconds: float) -> LocalProcess:
        """The process of some weights, started if there is none; `holder` keeps it. Raises `ServerError`."""
        weights = self._known(path)
        with weights.lock:
            process = weights.process
            if process is None or not process.alive:
                if process is not None:
                    process.stop()
                process = weights.process = self._start(path, alias, seconds)
            weights.holders[id(holder)] = ref(holder, lambda _: self._forgotten.put(path))
            return process

    def _known(self, path: Path) -> _Weights:
        with self._lock:
            if self._sweeper is None:
                self._sweeper = threading.Thread(target=self._sweep, name="promptkit-sweeper", daemon=True)
                self._sweeper.start()
            return self._weights.setdefault(path, _Weights())

    def _sweep(self) -> None:
        """End the processes whose holders were forgotten."""
        while True:
            weights = self._known(self._forgotten.get())
            with weights.lock:
                weights.stop_unless_held()

    def release(self, path: Path, holder: object) -> None:
        """Let go of a process; without a holder it ends."""
        weights = self._known(path)
        with weights.lock:
            weights.holders.pop(id(holder), None)
            weights.stop_unless_held()

    def pids(self) -> dict[Path, int]:
        """The ids of those that run."""
        with self._lock:
            running = {path: weights.process for path, weights in self._weights.items()}
        return {path: process.pid for path, process in running.items() if process is not None and process.alive}

    def stop(self) -> None:
        """End all."""
        with self._lock:
            known = list(self._weights.values())
        for weights in known:
            with weights.lock:
                weights.stop()

    def forget(self) -> None:
        """Begin anew in a forked child: the processes are the parent's, and the locks are as they stood."""
        self._of_others += [weights.process for weights in self._weights.values() if weights.process is not None]
        self._begin()
        for process in self._of_others:
            process.disown()


PROCESSES = LocalProcesses()
atexit.register(PROCESSES.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=PROCESSES.forget)
