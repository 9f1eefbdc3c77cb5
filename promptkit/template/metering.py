"""What a template may use up: time, passes through loops and calls, the size of what it builds."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptkit.errors import RenderError
from promptkit.limits import Limits, current_limits, raised_by
from promptkit.template.rendering import Budget

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_EMPTY: dict[str, Any] = {}
_ITEMS = type(_EMPTY.items())
VIEWS = (type(_EMPTY.keys()), type(_EMPTY.values()), _ITEMS)
"""What the methods of an object give."""
HOLDING = (list, tuple, dict, *VIEWS)
"""What holds other values."""
MAX_WIDTH = 1_000
"""The largest number, and the longest text, that a filter takes as an argument."""
MAX_MARKED = 200_000
"""The longest text that tags are stripped from: that takes time by the square of the length."""
MAX_PARTS = 500_000
"""Texts, numbers, lists and the like that one value may hold or print, each as often as it stands in it."""
MAX_ARGUMENTS = 10_000
"""How many values one call may be given."""
_STEPS_A_LOOK = 256
_PIECES_A_LOOK = 256
_LOOK_UPS_A_STEP = 10
_PARTS_A_STEP = 500
_MOST_REMEMBERED = 200_000
_LONG = 1_000
_DEEPEST = 200
_MOST_PRINTED = 5
"""How many times the longest message may be printed in all, into macros and blocks that are kept."""
_CHARACTERS_A_PART = 100
_LARGE_TEXT = 10_000
_COUNTED_TEXT = 500
"""So long is a text that counts among those that are built; of shorter ones, a rendering has no steps to make many."""
CHARACTERS_AN_ITEM = 16
"""What an item of a list takes beside its own characters, in memory and in what may be built."""
_MOST_BUILT = 10
"""How many times the longest message may be built in texts that are counted, kept or not."""


@dataclass(slots=True)
class Meter:
    """What one rendering has used up."""

    deadline: float
    limits: Limits = field(default_factory=current_limits)
    steps: int = 0
    next_look: int = _STEPS_A_LOOK
    sizes: dict[int, tuple[Any, int, int]] = field(default_factory=dict)
    """The sizes of lists and objects that are long or hold others, by identity: templates cannot change them."""
    remembered: int = 0
    printed: int = 0
    built: int = 0

    def build(self, size: int) -> None:
        """Count the characters of a text that an expression makes, and look at the clock if it is large."""
        if size <= _COUNTED_TEXT:
            return
        self.built += size
        most = _MOST_BUILT * self.limits.render_characters
        if self.built > most:
            message = f"the texts that a template builds have more than {most:,} characters in all"
            raise RenderError(message, code="PK220", help=raised_by("render_characters"))
        if size > _LARGE_TEXT:
            self.check_time()

    def step(self, many: int = 1) -> None:
        """Count passes through a loop, calls, includes, or as much work. Raises `RenderError` at a limit."""
        self.steps += many
        most = self.limits.render_steps
        if self.steps > most:
            message = f"the loops and calls of a template ran more than {most:,} times"
            raise RenderError(message, code="PK221", help=raised_by("render_steps"))
        if self.steps >= self.next_look:
            self.next_look = self.steps + _STEPS_A_LOOK
            self.check_time()

    def size(self, value: Any) -> int:
        """How many parts a value has, shared ones as often as they stand in it."""
        if isinstance(value, HOLDING) and len(value) > MAX_PARTS:
            return len(value)  # too many to be looked at
        size = self._measured(value)[0]
        if size > _LONG:
            self.check_time()
        return size

    def _measured(self, value: Any) -> tuple[int, int]:
        """The size of a value, and how deep it is. Raises `RenderError` for one that is too deep."""
        if isinstance(value, str):
            return 1 + len(value) // _CHARACTERS_A_PART, 0
        if not isinstance(value, HOLDING):
            return 1, 0
        known = self.sizes.get(id(value))
        if known is not None:
            return known[1:]
        size, depth = 1, 0
        for each in _members(value):
            inside, deep = self._measured(each)
            size += inside
            depth = max(depth, deep)
        if depth >= _DEEPEST:
            raise RenderError(f"a list or an object is nested deeper than {_DEEPEST} levels", code="PK220")
        if size > len(value) + 1 or size > _LONG:
            self._remember(value, size, depth + 1)
        return size, depth + 1

    def _remember(self, value: Any, size: int, depth: int) -> None:
        """Keep a size, and with it the value, lest another one gets its identity; not too many at a time."""
        self.remembered += size
        if self.remembered > _MOST_REMEMBERED:
            self.sizes.clear()
            self.remembered = size
        self.sizes[id(value)] = value, size, depth

    def print(self, size: int) -> None:
        """Count characters that are printed, be it into a macro or a block that is kept."""
        self.printed += size
        most = _MOST_PRINTED * self.limits.render_characters
        if self.printed > most:
            message = f"what a template prints has more than {most:,} characters in all"
            raise RenderError(message, code="PK220", help=raised_by("render_characters"))

    def check_time(self) -> None:
        """Raise `RenderError` when the time is up."""
        if time.monotonic() > self.deadline:
            message = f"rendering took longer than {self.limits.render_seconds:g} s"
            raise RenderError(message, code="PK222", help=raised_by("render_seconds"))


def _members(value: Any) -> Iterable[Any]:
    """What a list, an object or a view of one holds, but for an object's keys."""
    if isinstance(value, dict):
        return value.values()
    return (item for _, item in value) if isinstance(value, _ITEMS) else value


_meter: ContextVar[Meter] = ContextVar("promptkit_render_meter")


@contextmanager
def metered(budget: Budget | None = None) -> Iterator[Meter]:
    """What runs inside counts on a new meter; its time is that of the whole rendering, whose budget it uses up."""
    limits, budget, began = current_limits(), budget or Budget(), time.monotonic()
    meter = Meter(began + limits.render_seconds - budget.seconds, limits)
    token = _meter.set(meter)
    try:
        yield meter
    finally:
        _meter.reset(token)
        budget.seconds += time.monotonic() - began


def step(many: int = 1) -> None:
    """Count steps on the meter of the rendering that runs; outside of one, nothing is counted."""
    meter = _meter.get(None)
    if meter is not None:
        meter.step(many)


def count_printed(size: int) -> None:
    """Count characters that are printed. Raises `RenderError` when they get too many."""
    meter = _meter.get(None)
    if meter is not None:
        meter.print(size)


def check_clock() -> None:
    """Raise `RenderError` when the time of the rendering that runs is up."""
    meter = _meter.get(None)
    if meter is not None:
        meter.check_time()


def count_built(size: int) -> None:
    """Count the characters of texts that an expression makes. Raises `RenderError` when they get too many."""
    meter = _meter.get(None)
    if meter is not None:
        meter.build(size)


def made_list(values: list[str], text: str) -> list[str]:
    """A list that a text is taken apart into. Raises `RenderError` as `built` does, and for too many such lists."""
    count_built(len(text) + CHARACTERS_AN_ITEM * len(values))
    built(values)
    return values


def built(value: Any) -> Any:
    """A list, an object or a text that a template has made. Raises `RenderError` when it has grown out of bounds.

    What is shared in it counts each time: nothing that looks at all of it may take for ever.
    """
    meter = _meter.get(None)
    if meter is not None and isinstance(value, str):
        meter.build(len(value))
    elif meter is not None and meter.size(value) > MAX_PARTS:
        raise RenderError(f"a list or an object has more than {MAX_PARTS:,} parts", code="PK220")
    return value


def weighed(*values: Any) -> None:
    """Count the work of looking at all of some values."""
    meter = _meter.get(None)
    if meter is not None:
        meter.step(sum(map(meter.size, values)) // _PARTS_A_STEP + 1)


def counted(values: Iterable[Any]) -> Iterator[Any]:
    """The same values, each a step."""
    for value in values:
        step()
        yield value


def looked_up(values: Iterable[Any], many: int) -> Iterator[Any]:
    """The same values, in each of which so many attributes are looked up: work that counts as steps."""
    meter, left = _meter.get(None), 0
    for value in values:
        if meter is not None and (left := left + many) >= _LOOK_UPS_A_STEP:
            meter.step(left // _LOOK_UPS_A_STEP)
            left %= _LOOK_UPS_A_STEP
        yield value


def bounded(pieces: Iterable[str], meter: Meter) -> Iterator[str]:
    """The same pieces. Raises `RenderError` when they get too many or too slow."""
    size, most = 0, meter.limits.render_characters
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise too_long(most)
        meter.check_time()
        yield piece


def measured(pieces: Iterable[str], between: int = 0) -> Iterator[str]:
    """The same pieces of one text, with so many characters between them, measured while they are made."""
    size = 0
    for number, piece in enumerate(pieces):
        size += len(piece) + between
        check_size(size)
        if number % _PIECES_A_LOOK == 0:
            check_clock()
        yield piece


def check_size(size: int) -> None:
    """Raise `RenderError` for a text that is too long."""
    meter = _meter.get(None)
    most = (current_limits() if meter is None else meter.limits).render_characters
    if size > most:
        raise too_long(most)


def too_long(most: int) -> RenderError:
    """The error of a text that is too long."""
    message = f"a text grows beyond {most:,} characters"
    return RenderError(message, code="PK220", help=raised_by("render_characters"))


def bounded_range(*bounds: int) -> range:
    """`range`, as long as a loop may be."""
    made = range(*bounds)
    most = current_limits().render_steps
    if len(made) > most:
        message = f"`range` makes more than {most:,} numbers"
        raise RenderError(message, code="PK221", help=raised_by("render_steps"))
    return made


def check_parts(*values: Any, times: int = 1) -> None:
    """Raise `RenderError` for values with too many parts in all, so many times."""
    meter = _meter.get(None)
    if meter is not None and sum(map(meter.size, values)) * times > MAX_PARTS:
        raise RenderError(f"a list or an object has more than {MAX_PARTS:,} parts", code="PK220")
