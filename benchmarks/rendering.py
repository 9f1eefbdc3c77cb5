"""Render: inputs to messages, with a prompt that is loaded already."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.material import NOTES, inputs, prompt_data
from benchmarks.measure import calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from benchmarks.measure import Side
    from benchmarks.peers import Pairs, Render
    from benchmarks.setting import Setting


@contextmanager
def sides(setting: Setting) -> Iterator[list[Side]]:
    """promptkit and its peers; that all of them render the same texts is asserted first."""
    renders = _renders()
    expected = renders["promptkit"](inputs(0))
    for name, render in renders.items():
        assert render(inputs(0)) == expected, f"{name} renders something else"
    goals = {"promptkit": 0.3}
    yield [_side(name, render, setting, goals.get(name)) for name, render in renders.items()]


def _side(name: str, render: Render, setting: Setting, goal: float | None = None) -> Side:
    return calls(name, lambda number: render(inputs(number)), block=setting.block, goal=goal)


def _renders() -> dict[str, Render]:
    ours = _ours(3)
    system = peers.system_template(ours(inputs(0))[0][1], NOTES)
    found = {"raw jinja2": peers.raw_jinja(system), "promptkit": ours}
    if peers.installed("banks"):
        found["banks"] = peers.with_banks(peers.banks_text(system))
    if peers.installed("langchain_core"):
        found["langchain-core, f-strings"] = peers.with_langchain(peers.langchain_data(system))
    return found


def _ours(examples: int) -> Render:
    from promptkit import Prompt

    prompt = Prompt.from_dict(prompt_data(examples))

    def render(values: Mapping[str, Any]) -> Pairs:
        return [(message.role, message.text) for message in prompt.render(values).messages]

    return render


@contextmanager
def examples_sides(setting: Setting) -> Iterator[list[Side]]:
    """What examples cost that never change."""
    many = 30 if setting.quick else 1000
    yield [_messages("1 example", 1, setting), _messages(f"{many:,} examples", many, setting, 4)]


def _messages(name: str, examples: int, setting: Setting, goal: float | None = None) -> Side:
    from promptkit import Prompt

    prompt = Prompt.from_dict(prompt_data(examples))
    assert len(prompt.render(inputs(0)).messages) == 2 + 2 * examples
    return calls(name, lambda number: prompt.render(inputs(number)), block=setting.block, goal=goal)


@contextmanager
def large_sides(setting: Setting) -> Iterator[list[Side]]:
    """What a large input costs beyond the one copy that makes a message of it."""
    context, render = "A line of 32 characters, plainly.\n" * 32_000, _ours(3)
    opening = "You are a senior support engineer.\n\n## Context\n"
    yield [
        calls("one copy of the text", lambda number: f"{opening}{context}{number}", block=setting.block),
        calls("promptkit", lambda number: render({**inputs(number), "notes": context}), block=setting.block, goal=2),
    ]
