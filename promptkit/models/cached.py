"""Answers from a cache: the same request is asked once, and what it was answered is labelled with its date.

What is kept was found to be good by whoever asked (`confirm`): never an error, a cut or an invalid answer.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from promptkit.completion import ABANDONED, Assembler, Usage, sha256
from promptkit.completion_data import completion_from_dict, completion_to_dict
from promptkit.errors import ConfigError
from promptkit.models.cache_file import CacheFile
from promptkit.models.replay import played
from promptkit.models.wrapped import Sleep, Wrapped, forwarded
from promptkit.redact import Redactor

if TYPE_CHECKING:
    from promptkit.completion import Completion, Model, Request
    from promptkit.models.wrapped import Flow

_LOOK_SECONDS = 0.02
_PATIENCE = 60.0
"""Seconds that somebody else's request is waited for."""

_log = logging.getLogger("promptkit")


@dataclass(slots=True)
class _UnderWay:
    """A request that somebody asks just now: its answer, once it is there; None again when it failed."""

    answer: Completion | None = None
    ended: bool = False


class Cached(Wrapped):
    """A model whose good answers are kept in a file. `place` names what is asked: its server, say.

    With `reads`, a request that was answered before is answered from the file, and one that is under way is not made
    twice: whoever comes second gets the same answer. Such answers cost nothing; `Completion.cached` is their date. A
    file that cannot be used is only warned of: the answer is paid for.
    """

    def __init__(
        self, inner: Model, path: str | Path, *, place: str = "", reads: bool = True, redactor: Redactor | None = None
    ) -> None:
        super().__init__(inner)
        self._file = CacheFile(Path(path))
        self._place = place
        self._reads = reads
        self._redactor = redactor or Redactor()
        self._lock = threading.Lock()
        self._asked: dict[str, _UnderWay] = {}
        self._waiting: Counter[str] = Counter()

    def flow(self, request: Request) -> Flow:
        """Answer from the cache, wait for who asks the same, or ask."""
        if not self._reads:
            yield from forwarded(request)
            return
        key = self._key(request)
        waits = False
        try:
            while (mine := self._begun(key)) is None:
                kept = self.find(request)
                if kept is not None:
                    yield from played(kept, stream=request.stream)
                    return
                waits = waits or self._wait(key)
                other = self._asked.get(key)
                patience = _PATIENCE if request.timeout is None else min(_PATIENCE, request.timeout / 2)
                while other is not None and not other.ended and patience > 0:
                    yield Sleep(_LOOK_SECONDS)
                    patience -= _LOOK_SECONDS
                if other is not None and not other.ended:  # a reader who takes his time must not hold up others
                    yield from forwarded(request)
                    return
                if other is not None and other.answer is not None:
                    yield from played(_labelled(other.answer, _now()), stream=request.stream)
                    return
        finally:
            if waits:
                self._wait(key, -1)
        answer = Assembler()
        try:
            yield from forwarded(request, answer.feed)
            mine.answer = answer.completion()
        finally:
            mine.ended = True
            self._forget(key)

    def _wait(self, key: str, more: int = 1) -> bool:
        """Count who waits for an answer that somebody else gets: for them it is there a moment longer."""
        with self._lock:
            self._waiting[key] += more
        self._forget(key)
        return True

    def _forget(self, key: str) -> None:
        """Forget an answer that nobody waits for, and a request that failed."""
        with self._lock:
            asked = self._asked.get(key)
            if asked is not None and asked.ended and (asked.answer is None or self._waiting[key] <= 0):
                del self._asked[key]
            if self._waiting[key] <= 0:
                del self._waiting[key]

    def find(self, request: Request) -> Completion | None:
        """The kept answer to a request, labelled with its date; None when there is none."""
        try:
            found = self._file.get(self._key(request))
            return None if found is None else _labelled(completion_from_dict(found[1]), found[0])
        except (ConfigError, ValueError) as error:
            _log.warning("%s", error)
            return None

    def confirm(self, request: Request, completion: Completion) -> None:
        """An answer was found to be good, and is kept."""
        if completion.cached or completion.finish_reason in ("length", ABANDONED):
            return
        try:
            text = self._redactor.text(json.dumps(completion_to_dict(completion)))
            self._file.put(self._key(request), _now(), text)
        except (ConfigError, ValueError) as error:
            _log.warning("%s", error)
        super().confirm(request, completion)

    def _key(self, request: Request) -> str:
        return sha256(f"{self._place} {request.key}")

    def _begun(self, key: str) -> _UnderWay | None:
        """What is begun here; None when the answer may be had otherwise: it is kept, or somebody asks already."""
        with self._lock:
            if key in self._asked or self._is_kept(key):
                return None
            self._asked[key] = _UnderWay()
            return self._asked[key]

    def _is_kept(self, key: str) -> bool:
        try:
            return self._file.get(key) is not None
        except ConfigError:
            return False


def _labelled(completion: Completion, date: str) -> Completion:
    return replace(completion, usage=Usage(), cached=completion.cached or date)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
