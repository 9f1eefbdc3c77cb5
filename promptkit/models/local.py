"""Local models: llama.cpp's server in a child process of ours, spoken to as to every other server.

The process is started by the first request and shared by all models of the same weights in this process.
"""

from __future__ import annotations

import threading
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from promptkit.completion import Assembler
from promptkit.errors import ConnectionLost, MissingExtra, ModelError, StreamInterrupted
from promptkit.models import background
from promptkit.models.catalog import LOCAL_OUTPUT
from promptkit.models.chat_api import ChatApi
from promptkit.models.endpoint import Endpoint, deadlines_of
from promptkit.models.local_process import DIED, PROCESSES, LocalProcess
from promptkit.models.weights import ENGINE, find_weights, has_engine
from promptkit.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from promptkit.completion import Delta, Request
    from promptkit.settings import Settings


def open_local(target: str, settings: Settings, *, redactor: Redactor | None = None) -> LocalModel:
    """The model that `local:TARGET` means; nothing is started yet.

    Raises `ConfigError` (PK513 when it was never set up) and `MissingExtra` without its engine.
    """
    path = find_weights(target, settings)
    if not has_engine():
        cure = f'promptkit local setup   or   python -m pip install "{ENGINE}"'
        raise MissingExtra("the engine of local models, xllamacpp, is not installed", help=cure)
    return LocalModel(path, settings, redactor=redactor)


class LocalModel:
    """A model of this machine. Safe to share between threads and loops; it answers one request after another."""

    def __init__(self, path: Path, settings: Settings, *, redactor: Redactor | None = None) -> None:
        self.path = path
        self.name = f"local:{path.stem}"
        self._deadlines = deadlines_of(settings)
        self._redactor = redactor or Redactor()
        self._lock = threading.Lock()
        self._apis: dict[LocalProcess, ChatApi] = {}

    def send(self, request: Request) -> Iterator[Delta]:
        """See `Model.send`. Raises `ModelError`: PK517 when the model's process ended."""
        return background.iterate(lambda: self.asend(request))

    async def asend(self, request: Request) -> AsyncGenerator[Delta, None]:
        """See `Model.asend`. Raises as `send` does."""
        import asyncio

        process = await asyncio.to_thread(PROCESSES.get, self.path, self.name, self, self._deadlines.attempt)
        reader = Assembler()
        try:
            async with aclosing(self._answer(process, _limited(request))) as deltas:
                async for delta in deltas:
                    reader.feed(delta)
                    yield delta
            reader.completion()  # a stream may also just end
        except (ConnectionLost, StreamInterrupted) as error:
            failure = error
        else:
            return
        death = await asyncio.to_thread(process.death)
        raise _told(death, failure) if death else failure

    def close(self) -> None:
        """Let go of the process, which ends with its last user. Using the model again starts one."""
        for api in self._released():
            api.close()
        PROCESSES.release(self.path, self)

    async def aclose(self) -> None:
        """The same under asyncio."""
        import asyncio

        for api in self._released():
            await api.aclose()
        await asyncio.to_thread(PROCESSES.release, self.path, self)

    def __repr__(self) -> str:
        return f"LocalModel({str(self.path)!r})"

    async def _answer(self, process: LocalProcess, request: Request) -> AsyncGenerator[Delta, None]:
        """The answer's pieces, in turn. The turn ends with the first piece: what a reader does then may be to ask."""
        turn = process.turn()
        await turn.acquire()
        waiting = True
        try:
            async with aclosing(self._api(process).asend(request)) as deltas:
                async for delta in deltas:
                    if waiting:
                        turn.release()
                        waiting = False
                    yield delta
        finally:
            if waiting:
                turn.release()

    def _api(self, process: LocalProcess) -> ChatApi:
        with self._lock:
            if process not in self._apis:
                self._apis[process] = ChatApi(self._endpoint(process), redactor=self._redactor)
            return self._apis[process]

    def _endpoint(self, process: LocalProcess) -> Endpoint:
        return Endpoint(
            base_url=f"{process.address}/v1",
            api_key=process.key,
            name=self.name,
            key_variable="",
            requires_key=False,
            max_temperature=None,
            ignored_options=frozenset(),
            deadlines=self._deadlines,
        )

    def _released(self) -> list[ChatApi]:
        """The connections to close; in a fork, those of the parent are not ours."""
        with self._lock:
            apis, self._apis = self._apis, {}
        return [api for process, api in apis.items() if process.ours]


def _limited(request: Request) -> Request:
    if {"max_tokens", "max_completion_tokens"} & request.options.keys():
        return request
    return replace(request, options={**request.options, "max_tokens": LOCAL_OUTPUT})


def _told(death: ModelError, failure: ModelError) -> ModelError:
    """The end of the process as the cause of a failure; what had arrived stays in it."""
    if not isinstance(failure, StreamInterrupted):
        return death
    told = {"code": DIED, "where": death.where, "details": death.details, "help": death.help}
    return StreamInterrupted(death.message, text=failure.text, **told)
