"""Recorded answers: `Recorded` writes them down, `Replayed` plays them, `replay:FILE` on the command line.

A cassette is a JSONL file fit for git: one answer a line, `{"key", "request", "completion"}` in a stable
order, added at the end. A request is known by all that is sent except the model's name, since a replay is
asked under a name of its own.
"""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptkit.cancellation import Abandoned
from promptkit.completion import ABANDONED, Assembler, Delta, ToolCallDelta, canonical_json, sha256
from promptkit.completion_data import completion_from_dict, completion_to_dict
from promptkit.errors import ConfigError, RecordingMissing
from promptkit.models.wrapped import Wrapped, forwarded
from promptkit.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from promptkit.completion import Completion, Model, Request
    from promptkit.models.wrapped import Flow

_NOT_MATCHED = ("model", "stream", "stream_options")
_UNSTABLE = ("id", "usage", "cached")  # differ from call to call though the answer is the same
_PIECE = 16
_DIFF_LINES = 24

_log = logging.getLogger("promptkit")


def replay_key(request: Request, redactor: Redactor | None = None) -> str:
    """The digest that a recording is found by: the canonical request without model, streaming and secrets."""
    body = request.to_openai()
    return _body_key(redactor.data(body) if redactor else body)


def _body_key(body: Mapping[str, Any]) -> str:
    return sha256(canonical_json({name: value for name, value in body.items() if name not in _NOT_MATCHED}))


@dataclass(frozen=True, slots=True)
class Recording:
    """One line of a cassette: the request's body and its answer."""

    request: Mapping[str, Any]
    completion: Completion

    @property
    def key(self) -> str:
        """See `replay_key`."""
        return _body_key(self.request)

    @property
    def identity(self) -> str:
        """The same for two recordings of one request that say the same, whatever they cost."""
        answer = completion_to_dict(self.completion)
        return canonical_json([self.request, {name: answer[name] for name in answer if name not in _UNSTABLE}])

    def line(self) -> bytes:
        """The recording as a line of a cassette."""
        request = json.loads(canonical_json(self.request))
        whole = {"key": self.key, "request": request, "completion": completion_to_dict(self.completion)}
        try:
            return json.dumps(whole, ensure_ascii=False).encode() + b"\n"
        except UnicodeEncodeError:  # a lone surrogate stays readable as an escape
            return json.dumps(whole).encode() + b"\n"


def load_cassette(path: Path) -> list[Recording]:
    """The recordings of a cassette, in order.

    Raises `ConfigError` for a file that cannot be read, and with the line's number for a broken line.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise _unusable(path, error) from None
    return [_recording(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def _recording(line: bytes, where: str) -> Recording:
    try:
        data = json.loads(line)
        recording = Recording(data["request"], completion_from_dict(data["completion"]))
        key = recording.key
        _readable(recording.request)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        cure = "delete the line and record it again"
        raise ConfigError(f"this line is not a recording: {what}", where=where, help=cure) from None
    if data.get("key", key) != key:
        cure = "if it was changed by hand on purpose, delete `key` from the line"
        raise ConfigError("the recorded request does not fit its key", where=where, help=cure)
    return recording


def _unusable(path: Path, error: OSError) -> ConfigError:
    if isinstance(error, FileNotFoundError):
        return ConfigError("there is no such file of recordings", where=str(path), help=_how_to_record(path))
    return ConfigError(f"the recordings cannot be used: {error.strerror or error}", where=str(path))


def _how_to_record(path: Path) -> str:
    return f'record it once: promptkit run ... --record "{path}", or Recorded(model, "{path}")'


class Recorded(Wrapped):
    """A model that writes down each answer of the model that it wraps.

    An answer that was given up, since it could not become valid, is recorded as far as that showed. What breaks off,
    fails or is left for another reason is not recorded, nor is the same answer to the same request a second time.
    Raises `ConfigError` when the file cannot be written or is not a cassette. A file that can no longer be
    written when an answer is there is only warned of: the answer is paid for. What `redactor` knows is masked in all
    that is written.
    """

    def __init__(self, inner: Model, path: str | Path, *, redactor: Redactor | None = None) -> None:
        super().__init__(inner)
        self.path = Path(path)
        self._redactor = redactor or Redactor()
        self._lock = threading.Lock()
        known = load_cassette(self.path) if _writable(self.path) else ()
        self._known = {recording.identity for recording in known}

    def flow(self, request: Request) -> Flow:
        """Pass the answer through and write it down when it is whole."""
        answer = Assembler()

        def see(delta: Delta) -> None:
            answer.feed(delta)
            if delta.done:  # now, since a caller may go without asking for more
                self._add(request, answer.completion())

        try:
            yield from forwarded(request, see)
        except Abandoned as left:
            so_far = answer.so_far()
            # With the character that showed it: a number ends where something else follows.
            self._add(request, replace(so_far, text=so_far.text[: left.characters + 1]))
            raise
        self._add(request, answer.completion())

    def _add(self, request: Request, completion: Completion) -> None:
        try:
            body = {name: value for name, value in request.to_openai().items() if name not in _NOT_MATCHED[1:]}
            answer = completion_from_dict(self._redactor.data(completion_to_dict(completion)))
            recording = Recording(self._redactor.data(body), answer)
            identity = recording.identity
            with self._lock:
                if identity not in self._known:
                    _append(self.path, recording.line())
                    self._known.add(identity)
        except Exception as failure:  # noqa: BLE001 (whatever it is, the answer must not get lost for it)
            _log.warning("the answer is not recorded in %s: %s", self.path, failure)


def _writable(path: Path) -> bool:
    """Whether the file is there already. Raises `ConfigError` when it could not be written, and leaves no file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.open("ab").close()
            return True
        from tempfile import TemporaryFile

        TemporaryFile(dir=path.parent).close()  # a try, under no name that anybody could take for recordings
    except OSError as error:
        raise _unwritable(path, error) from None
    return False


def _unwritable(path: Path, error: OSError) -> ConfigError:
    why = error.strerror or str(error)
    return ConfigError(
        f"the file of recordings cannot be written: {why[:1].lower()}{why[1:]}",
        where=str(path),
        help="name a file in a folder that you may write to",
    )


def _append(path: Path, line: bytes) -> None:
    """Add a line in one write, so that several processes may; an unfinished last line is ended first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:
        if file.seek(0, 2):
            file.seek(-1, 2)
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)


class Replayed:
    """A model that answers from a cassette.

    Several recordings of one request are played in order, then the last one again and again. When some of
    them are by the very model that is asked for, only those are, and abandoned ones only for streams and where there
    are no others. A request is looked for with what `redactor` knows masked, as it was written. Raises `ConfigError`
    for a file that is not a cassette, `RecordingMissing` for a request that is not in it.
    """

    def __init__(self, path: str | Path, *, redactor: Redactor | None = None) -> None:
        self._path = Path(path)
        self._redactor = redactor or Redactor()
        self._recordings = load_cassette(self._path)
        self._lock = threading.Lock()
        self._played: dict[tuple[str, str], int] = {}
        self._by_key: dict[tuple[str, str], list[Completion]] = {}
        whole = {each.key for each in self._recordings if each.completion.finish_reason != ABANDONED}
        for recording in self._recordings:
            if recording.completion.finish_reason == ABANDONED and recording.key in whole:
                continue
            for model in dict.fromkeys(("", str(recording.request.get("model", "")))):
                self._by_key.setdefault((recording.key, model), []).append(recording.completion)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that were recorded: the requests were made by what is known of them."""
        return tuple(dict.fromkeys(str(recording.request.get("model", "")) for recording in self._recordings))

    def send(self, request: Request) -> Iterator[Delta]:
        """See `Model.send`."""
        yield from self._deltas(request)

    async def asend(self, request: Request) -> AsyncIterator[Delta]:
        """See `Model.asend`."""
        for delta in self._deltas(request):
            yield delta

    def _deltas(self, request: Request) -> Iterator[Delta]:
        completion = self._completion(request)
        abandoned = completion.finish_reason == ABANDONED
        if not abandoned or request.stream:
            yield from played(completion, stream=request.stream)
        if abandoned:  # whoever gave it up then would have done so by now
            raise self._missing(request)

    def _completion(self, request: Request) -> Completion:
        key = replay_key(request, self._redactor)
        place = (key, request.model) if (key, request.model) in self._by_key else (key, "")
        found = self._by_key.get(place)
        if found is None:
            raise self._missing(request)
        with self._lock:
            turn = self._played.get(place, 0)
            self._played[place] = turn + 1
        return found[min(turn, len(found) - 1)]

    def _missing(self, request: Request) -> RecordingMissing:
        wanted = _readable(request.to_openai())
        recorded = [_readable(recording.request) for recording in self._recordings]
        return RecordingMissing(
            "there is no recorded answer to this request",
            where=str(self._path),
            details=_nearest_diff(wanted, recorded),
            help=_how_to_record(self._path),
        )


def played(completion: Completion, *, stream: bool) -> Iterator[Delta]:
    """A kept answer as a model gives it: as one piece, or in the pieces of a stream."""
    calls = enumerate(completion.tool_calls)
    last = Delta(
        text=completion.text,
        reasoning=completion.reasoning,
        tool_calls=tuple(ToolCallDelta(n, call.id, call.name, call.arguments) for n, call in calls),
        finish_reason=completion.finish_reason,
        usage=completion.usage,
        model=completion.model,
        id=completion.id,
        done=True,
        cached=completion.cached,
        reasoning_key=completion.reasoning_key,
    )
    if stream:
        yield from (Delta(reasoning=piece) for piece in _pieces(completion.reasoning))
        yield from (Delta(text=piece) for piece in _pieces(completion.text))
        last = replace(last, text="", reasoning="")
    if completion.finish_reason != ABANDONED:
        yield last
    elif completion.tool_calls:
        yield replace(last, text="", finish_reason=None, done=False)


def _pieces(text: str) -> list[str]:
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def _readable(body: Mapping[str, Any]) -> list[str]:
    """A request as lines to compare: its messages line by line, then everything else."""
    lines: list[str] = []
    for message in body["messages"]:
        said = message.get("content")
        rest = {name: value for name, value in message.items() if name not in ("role", "content")}
        lines.append(f"[{message.get('role')}]")
        lines += said.splitlines() if isinstance(said, str) else [canonical_json(said)]
        lines += [canonical_json(rest)] if rest else []
    others = sorted(name for name in body if name not in (*_NOT_MATCHED, "messages"))
    return lines + [f"{name}: {canonical_json(body[name])}" for name in others]


def _nearest_diff(wanted: list[str], recorded: Sequence[list[str]]) -> list[str]:
    from difflib import SequenceMatcher, unified_diff

    if not recorded:
        return ["the file holds no recordings"]
    text = SequenceMatcher(None, "", "\n".join(wanted), autojunk=False)

    def likeness(lines: list[str]) -> tuple[float, float]:
        text.set_seq1("\n".join(lines))
        return SequenceMatcher(None, lines, wanted, autojunk=False).ratio(), text.quick_ratio()

    nearest = max(recorded, key=likeness)
    diff = list(unified_diff(nearest, wanted, "the nearest recorded request", "this request", n=1, lineterm=""))
    left = len(diff) - _DIFF_LINES
    return diff[:_DIFF_LINES] + ([f"... and {left} more lines"] if left > 0 else [])
