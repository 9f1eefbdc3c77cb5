"""Parse: answers to values, clean, messy, and while they arrive."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks import peers
from benchmarks.measure import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.measure import Side
    from benchmarks.setting import Setting

Parse = tuple[str, "Callable[[int], object]", float | None]
_PIECE = 8


def answer(many: int) -> str:
    """A JSON answer with so many items, about 90 characters each."""
    items = [
        {"id": number, "name": f"name {number}", "tags": ["a", 'b "q"'], "score": number / 3, "ok": True}
        for number in range(many)
    ]
    return json.dumps({"items": items})


def articles(many: int) -> str:
    """A JSON answer with so many articles, about 380 characters each: mostly text, as models write."""
    body = "A sentence of some words that goes on. " * 8
    items = [{"id": number, "title": f"Title {number}", "text": body, "tags": ["a", "b"]} for number in range(many)]
    return json.dumps({"items": items})


def item_type() -> Any:
    """The answer's pydantic model."""
    from pydantic import BaseModel

    class Item(BaseModel):
        id: int
        name: str
        tags: list[str]
        score: float
        ok: bool

    class Items(BaseModel):
        items: list[Item]

    return Items


@contextmanager
def clean_sides(setting: Setting) -> Iterator[list[Side]]:
    """100 KB of JSON to a validated value; the unit is pydantic's own."""
    from promptkit.output import parse_output
    from promptkit.schema import Schema

    model = item_type()
    text = answer(20 if setting.quick else 1_100)
    typed, plain = Schema.from_type(model), Schema(model.model_json_schema())
    parses: list[Parse] = [
        ("pydantic's model_validate_json", lambda _: model.model_validate_json(text), None),
        ("promptkit, plain data", lambda _: parse_output(text, plain).value, 1.1),
        ("promptkit, pydantic type", lambda _: typed.view(parse_output(text, typed).value), 2.0),
    ]
    yield [calls(name, parse, block=setting.block, goal=goal) for name, parse, goal in parses]


@contextmanager
def messy_sides(setting: Setting) -> Iterator[list[Side]]:
    """Twelve answers, each 1 KB: half of them wrapped only, half with slips of syntax."""
    from promptkit.output import parse_output
    from promptkit.schema import Schema

    schema = Schema(item_type().model_json_schema())
    texts = messy(answer(12))
    parses: list[Parse] = [("promptkit", lambda number: parse_output(texts[number % len(texts)], schema).value, None)]
    if peers.installed("json_repair"):
        import json_repair

        parses.insert(0, ("json_repair", lambda number: json_repair.loads(texts[number % len(texts)]), None))
        parses[1] = (*parses[1][:2], 0.5)
    parses.append(("json.loads of the clean one", lambda _: json.loads(answer(12)), None))
    yield [calls(name, parse, block=setting.block, goal=goal) for name, parse, goal in parses]


def messy(clean: str) -> list[str]:
    """The ways in which models spoil an answer."""
    middle = clean.index("}, {")
    return [
        clean,
        f"```json\n{clean}\n```",
        f"Here it is:\n\n{clean}\n\nAnything else?",
        f"<think>Twelve items.</think>\n{clean}",
        f"Sure!\n```json\n{clean}\n```\nDone.",
        f"{clean}\n\nNote: the scores are rounded.",
        f"{clean[:-2]},]}}",
        f"{clean[:middle]}}} {{{clean[middle + 4 :]}",
        clean.replace("true", "True", 1),
        clean.replace('"id"', "id", 1),
        clean.replace('"', "'").replace("\\'", "\\'"),
        f"{clean[:-1]} // all of them\n}}",
    ]


@contextmanager
def stream_sides(setting: Setting) -> Iterator[list[Side]]:
    """200 KB in pieces of 8 characters, with the value so far after each; the unit reads all of it each time."""
    import jiter

    from promptkit import PartialParser

    text = articles(10 if setting.quick else 530)
    ends = range(_PIECE, len(text) + _PIECE, _PIECE)

    def again(_: int) -> object:
        value: object = None
        for end in ends:
            value = jiter.from_json(text[:end].encode(), partial_mode="trailing-strings")
        return value

    def ours(_: int) -> object:
        parser = PartialParser()
        for end in ends:
            parser.feed(text[end - _PIECE : end])
            _ = parser.value
        return parser.value

    yield [
        calls("jiter, from the start each time", again, block=setting.block),
        calls("promptkit", ours, block=setting.block, goal=0.004),
    ]
