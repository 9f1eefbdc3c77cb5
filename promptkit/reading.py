"""`Reading`: the deltas of one answer as events, and in the end as a completion. Knows no I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from promptkit.completion import Assembler, Completion
from promptkit.events import Event, FieldComplete, PartialValue, ReasoningDelta, TextDelta
from promptkit.output.partial import NOTHING, PartialParser
from promptkit.output.transport import wire_schema
from promptkit.schema.violations import json_path

if TYPE_CHECKING:
    from promptkit.completion import Delta
    from promptkit.output.ladder import Expected
    from promptkit.result import Violation

_STRUCTURED = ("json", "list")


class Reading:
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
        self._tool = tool
        self._calls: list[int | None] = []
        self._pieces: list[str] = []
        self._assembler = Assembler()
        self._inside: tuple[str, ...] = ("answer",) if expected.mode == "field" else ()
        structured = bool(self._inside) or (expected.mode != "prose" and expected.format in _STRUCTURED)
        self._parser = _parser(expected) if stream and structured else None

    @property
    def text(self) -> str:
        """The answer's text so far."""
        return self._assembler.text

    def feed(self, delta: Delta) -> list[Event]:
        """Take the next piece; what there is to tell about it."""
        self._assembler.feed(delta)
        text = delta.text
        if self._tool:
            text += self._arguments(delta)
            self._pieces.append(text)
        if not self._stream:
            return []
        events: list[Event] = [ReasoningDelta(delta.reasoning)] if delta.reasoning else []
        if text:
            events += [TextDelta(text), *self._fields(text)]
            self._give_up()
        self.heard = self.heard or bool(events)
        return events

    def _arguments(self, delta: Delta) -> str:
        """The piece of what the tool is called with first; the first piece of a call names the tool."""
        self._calls += [call.index for call in delta.tool_calls if call.name == self._tool]
        return "".join(call.arguments for call in delta.tool_calls if self._calls[:1] == [call.index])

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
        whole = self._assembler.abandoned() if self.dead else self._assembler.completion()
        text = self._answer(whole)
        return replace(whole, text=text[: self._parser.dead_at] if self.dead and self._parser else text)

    def _answer(self, whole: Completion) -> str:
        """The answer's text; where it is called with twice, both."""
        if not self._tool:
            return whole.text
        others = [call.arguments for call in whole.tool_calls if call.name == self._tool][1:]
        return "\n".join(("".join(self._pieces), *others))


def _parser(expected: Expected) -> PartialParser:
    policies = {"repair": expected.repair, "coerce": expected.coerce, "strict": expected.strict}
    return PartialParser(wire_schema(expected), **policies)


def _under(location: tuple[str, ...], violation: Violation) -> Violation:
    """A violation inside of the value at a location, as it is seen from there."""
    depth = len(location)
    if not depth or violation.location[:depth] != location:
        return violation
    below = violation.location[depth:]
    return replace(violation, path=json_path(below), location=below)
