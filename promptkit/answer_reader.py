"""`AnswerReader`: the deltas of one answer as events, and in the end as a completion. Knows no I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from promptkit.completion import Assembler, place_of
from promptkit.events import Event, FieldComplete, PartialValue, ReasoningDelta, TextDelta
from promptkit.output.partial import NOTHING, PartialParser
from promptkit.output.reasoning_stream import ReasoningSplitter
from promptkit.output.transport import read_schema
from promptkit.schema.violations import placed
from promptkit.spec import JSON_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promptkit.completion import Completion, Delta, ToolCallDelta
    from promptkit.output.expected import Expected
    from promptkit.result import Violation


class AnswerReader:
    """One answer while it arrives.

    `seconds` is how long the model was waited for so far: whoever fetches the deltas keeps it, since the time
    that a reader of a stream takes does not count. `heard` says that events have been given out. With `abandons`,
    an answer that cannot become valid any more is read no further: then `dead` says why. The arguments of a call of
    `tool`, which the model was told to answer with, are the answer's text.
    """

    def __init__(self, expected: Expected, *, stream: bool, abandons: bool = False, tool: str = "") -> None:
        self.seconds = 0.0
        self.heard = False
        self.dead: tuple[Violation, ...] = ()
        self._stream = stream
        self._abandons = abandons
        self._assembler = Assembler()
        self._called = _Called(tool) if tool else None
        self._splitter = ReasoningSplitter()
        self._inside: tuple[str, ...] = ("answer",) if expected.mode == "field" else ()
        structured = bool(self._inside) or (expected.mode != "prose" and expected.format in JSON_FORMATS)
        self._parser = _parser(expected) if stream and structured else None

    @property
    def text(self) -> str:
        """The answer's text so far."""
        return self._assembler.text

    def feed(self, delta: Delta) -> list[Event]:
        """Take the next piece; what there is to tell about it."""
        text = delta.text
        if self._called is not None:
            text += self._called.feed(delta)
            delta = replace(delta, text=text)
        self._assembler.feed(delta)
        if not self._stream:
            return []
        events: list[Event] = [ReasoningDelta(delta.reasoning)] if delta.reasoning else []
        events += self._pieces(text, ended=delta.done or delta.finish_reason is not None)
        if text:
            events += self._fields(text)
            self._give_up()
        self.heard = self.heard or bool(events)
        return events

    def _pieces(self, text: str, *, ended: bool) -> Iterator[Event]:
        """The text as it is shown: reasoning in tags before the answer is told apart, as servers do that can."""
        for piece, is_reasoning in (*self._splitter.feed(text), *(self._splitter.close() if ended else ())):
            if piece:
                yield ReasoningDelta(piece) if is_reasoning else TextDelta(piece)

    def _fields(self, text: str) -> list[Event]:
        if self._parser is None or self._parser.broken:
            return []
        depth = len(self._inside)
        ended = self._parser.feed(text)
        events: list[Event] = [
            FieldComplete(done.location[depth:], done.value)
            for done in ended
            if done.location[:depth] == self._inside and len(done.location) > depth
        ]
        value = self._parser.value
        if self._inside:
            value = value.get("answer", NOTHING) if isinstance(value, dict) else NOTHING
        return [*events, PartialValue(value)] if value is not NOTHING else events

    def _give_up(self) -> None:
        if self._abandons and self._parser is not None and self._parser.dead:
            self.dead = tuple(_under(self._inside, each) for each in self._parser.dead)

    def completion(self) -> Completion:
        """The whole answer, or what was read of one that is dead. Raises `StreamInterrupted` when it is not whole."""
        whole = self._assembler.so_far() if self.dead else self._assembler.completion()
        text = self._answer(whole)
        return replace(whole, text=text[: self.dead_at] if self.dead else text)

    @property
    def dead_at(self) -> int:
        """After how many characters of the answer's text it was settled that it cannot become valid."""
        return (self._parser.dead_at or 0) if self._parser is not None else 0

    def _answer(self, whole: Completion) -> str:
        """The answer's text; where the tool is called more than once, all that it is called with."""
        return "\n".join((whole.text, *(self._called.others() if self._called is not None else ())))


class _Called:
    """What a tool is called with, as it arrives. The first call that names it is followed."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._followed: int | None = None
        self._names: dict[int, str] = {}
        self._arguments: dict[int, str] = {}

    def feed(self, delta: Delta) -> str:
        """The next piece of the call that is followed."""
        return "".join(map(self._piece, delta.tool_calls))

    def others(self) -> list[str]:
        """What the tool is called with in other calls."""
        named = (index for index, name in self._names.items() if name == self._tool and index != self._followed)
        return [self._arguments[index] for index in named]

    def _piece(self, call: ToolCallDelta) -> str:
        index = place_of(call, self._names)
        known = self._arguments.get(index, "")
        self._arguments[index] = known + call.arguments
        self._names[index] = self._names.get(index) or call.name
        if index == self._followed:
            return call.arguments
        if self._followed is None and self._names[index] == self._tool:
            self._followed = index
            return self._arguments[index]
        return ""


def _parser(expected: Expected) -> PartialParser:
    policies = {"repair": expected.repair, "coerce": expected.coerce, "strict": expected.strict}
    schema = True if expected.schema is None else expected.schema.json
    return PartialParser(read_schema(schema, field=expected.mode == "field"), **policies)


def _under(location: tuple[str, ...], violation: Violation) -> Violation:
    """A violation inside of the value at a location, as it is seen from there."""
    depth = len(location)
    if not depth or violation.location[:depth] != location:
        return violation
    return placed(violation, violation.location[depth:])
