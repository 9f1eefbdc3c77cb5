"""What can be measured, by name. A subject builds its sides; the first of them is the unit of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import counting, loading, parsing, rendering, repositories, sending, starting, talking

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from benchmarks.measure import Side
    from benchmarks.setting import Setting


@dataclass(frozen=True, slots=True)
class Subject:
    """One comparison: what is measured, and the sides of it."""

    title: str
    sides: Callable[[Setting], AbstractContextManager[list[Side]]]


SUBJECTS = {
    "start-up": Subject("a whole process", starting.sides),
    "render": Subject("8 messages, 2 KB of context, 3 examples, warm", rendering.sides),
    "render-examples": Subject("the same with 1,000 examples", rendering.examples_sides),
    "render-large": Subject("the same with 1 MB of context", rendering.large_sides),
    "load": Subject("a prompt file of 2 KB, checked and ready to render", loading.sides),
    "check": Subject("a whole process that checks 1,000 prompt files on one core", starting.check_sides),
    "parse": Subject("100 KB of clean JSON to a validated value", parsing.clean_sides),
    "parse-messy": Subject("answers of 1 KB, wrapped and with slips of syntax", parsing.messy_sides),
    "stream": Subject("200 KB in pieces of 8 characters, a value after each", parsing.stream_sides),
    "tokens": Subject("500 KB of prose and code, counted exactly and estimated", counting.sides),
    "tokens-cold": Subject("a whole process that counts a sentence", counting.cold_sides),
    "conversation": Subject("a turn, by how many there were before", talking.sides),
    "locked": Subject("a prompt of a repo with 1,000 tags, loaded by its lock", repositories.locked_sides),
    "list": Subject("a whole process that lists a repo of 10,000 prompts and 1,000 tags", repositories.list_sides),
    "diff": Subject("two states of a prompt over three saved inputs", repositories.diff_sides),
    "send": Subject("one request after the other, client side", sending.one_by_one),
    "send-32": Subject("requests with 32 in flight, client side", sending.many_at_once),
    "send-examples": Subject("the same with 100 examples in each request", sending.many_messages),
}
